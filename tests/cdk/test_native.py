"""What is compiled into the wheels of the layer is known by name and version, or it is said what is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.functions import RUNTIME
from lightpress.cdk.layer import target_of
from lightpress.cdk.native import LIBRARIES, TARGET, Found, NativeError, look_into, with_native
from lightpress.cdk.options.processing import ProcessingOptions

if TYPE_CHECKING:
    from pathlib import Path

OPENJPEG = "pillow.libs/libopenjp2-4495a901.so.2.5.4"


@pytest.fixture(scope="session")
def found(for_arm: Path) -> dict[str, Found]:
    """What is in the layer as it is deployed, by name."""
    return {one.name: one for one in look_into(for_arm / "python")}


def test_the_layer_that_is_deployed_by_default_is_looked_into() -> None:
    from aws_cdk.aws_lambda import Architecture

    assert ProcessingOptions.architecture == "arm64"
    assert target_of(RUNTIME, Architecture.ARM_64, for_host=False) == TARGET


def test_every_library_of_the_table_is_in_the_layer_and_has_a_version(found: dict[str, Found]) -> None:
    """A row for what is no longer there would be a promise about nothing."""
    assert {row.name for row in LIBRARIES} <= set(found)
    untold = {name for name, one in found.items() if one.version is None}
    assert untold == {"libffi", "libyuv"}


def test_versions_are_those_that_the_wheels_were_built_with(found: dict[str, Found]) -> None:
    versions = {name: found[name].version for name in ("OpenJPEG", "libheif", "libde265", "libpng", "oxipng")}
    assert versions == {
        "OpenJPEG": "2.5.4",
        "libheif": "1.23.6",
        "libde265": "1.1.3",
        "libpng": "1.6.58",
        "oxipng": "9.1.5",
    }


def test_osv_is_asked_by_repository_and_as_oss_fuzz_by_crate_and_by_rpm(found: dict[str, Found]) -> None:
    assert found["OpenJPEG"].queries == (
        {"package": {"ecosystem": "GIT", "name": "https://github.com/uclouvain/openjpeg.git"}, "version": "v2.5.4"},
        {"package": {"ecosystem": "OSS-Fuzz", "name": "openjpeg"}, "version": "v2.5.4"},
    )
    assert found["FreeType"].queries[0]["version"].startswith("VER-2-")
    assert found["oxipng"].queries == ({"package": {"ecosystem": "crates.io", "name": "oxipng"}, "version": "9.1.5"},)
    assert found["libXau"].queries[0]["package"] == {"ecosystem": "AlmaLinux:8", "name": "libXau"}
    assert {name for name, one in found.items() if not one.queries} == {"libffi", "libyuv"}


def layer_of(folder: Path, files: dict[str, bytes], listed: dict[str, str] | None = None) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if listed is not None:
        components = [{"name": name, "version": version} for name, version in listed.items()]
        path = folder / "pillow-13.0.0.dist-info" / "sboms" / "pillow.cdx.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"components": components}))
    return folder


def test_a_file_that_no_row_accounts_for_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = layer_of(tmp_path, {"pillow.libs/libjxl-12345678.so.0.11.1": b""})
    with pytest.raises(NativeError, match=r"pillow\.libs/libjxl-12345678\.so\.0\.11\.1: nobody knows what this is"):
        look_into(folder)


def test_a_file_that_tells_another_version_than_its_list_is_an_error(tmp_path: Path) -> None:
    """As in a wheel whose list was not brought up to date."""
    folder = layer_of(tmp_path, {OPENJPEG: b"\x7fELF\0" + b"2.5.4\0"}, {"OpenJPEG": "2.5.3"})
    with pytest.raises(
        NativeError, match=r"OpenJPEG: its file says 2\.5\.4, and the list that pillow brings says 2\.5\.3"
    ):
        look_into(folder)


@pytest.mark.parametrize(
    ("data", "says"), [(b"\x7fELF", "nothing"), (b"\0" + b"2.5.4\0" + b"\0" + b"2.5.5\0", r"2\.5\.4, 2\.5\.5")]
)
def test_a_file_that_does_not_tell_one_version_is_an_error(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(NativeError, match=f"OpenJPEG: .* should tell one version and tells {says}"):
        look_into(layer_of(tmp_path, {OPENJPEG: data}))


def test_a_library_whose_version_nobody_tells_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NativeError, match=r"libwebp: neither .* nor a list that pillow brings tells its version"):
        look_into(layer_of(tmp_path, {"pillow.libs/libwebp-bac0fc6b.so.7.2.0": b""}, {"OpenJPEG": "2.5.4"}))


def test_what_a_list_names_and_the_wheel_does_not_hold_is_not_taken_over(tmp_path: Path) -> None:
    folder = layer_of(tmp_path, {OPENJPEG: b"\0" + b"2.5.4\0"}, {"OpenJPEG": "2.5.4", "libimagequant": "4.4.1"})
    assert [str(one) for one in look_into(folder)] == ["OpenJPEG 2.5.4 (pillow)"]


SBOM: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [{"type": "library", "name": "pillow", "bom-ref": "requirements-L7", "version": "13.0.0"}],
    "dependencies": [{"ref": "requirements-L7"}],
}


def test_an_sbom_gets_what_a_wheel_holds_as_what_it_depends_on(tmp_path: Path) -> None:
    found = look_into(layer_of(tmp_path, {OPENJPEG: b"\0" + b"2.5.4\0"}))
    sbom = with_native(SBOM, found)
    (component,) = [one for one in sbom["components"] if one["name"] == "OpenJPEG"]
    assert component["purl"] == "pkg:github/uclouvain/openjpeg@v2.5.4"
    assert component["version"] == "2.5.4"
    ((_, digest),) = found[0].files
    assert component["components"][0] == {
        "type": "file",
        "bom-ref": f"native-pillow-openjpeg/{OPENJPEG}",
        "name": OPENJPEG,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    assert {one["ref"]: one.get("dependsOn") for one in sbom["dependencies"]} == {
        "requirements-L7": ["native-pillow-openjpeg"],
        "native-pillow-openjpeg": None,
    }
    assert SBOM["dependencies"] == [{"ref": "requirements-L7"}], "what is handed in stays as it is"


def test_every_component_of_the_layer_has_a_name_of_its_own(found: dict[str, Found]) -> None:
    wheels = {one.wheel for one in found.values()}
    named = {"components": [{"name": wheel, "bom-ref": wheel} for wheel in wheels]}
    components = with_native(named, found.values())["components"]
    refs = [one["bom-ref"] for component in components for one in (component, *component.get("components", ()))]
    assert len(set(refs)) == len(refs)
    assert len(components) == len(wheels) + len(found)


def test_an_sbom_without_the_wheel_is_an_error(tmp_path: Path) -> None:
    found = look_into(layer_of(tmp_path, {OPENJPEG: b"\0" + b"2.5.4\0"}))
    with pytest.raises(NativeError, match="the SBOM has no component named pillow"):
        with_native({"components": []}, found)
