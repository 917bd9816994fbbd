"""The layer, really built: from locked wheels, by pip, for processors that this machine may not have."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.layer_build import LayerError, Target, build, digest, on_lambda, on_this_host, provide
from lightpress.cdk.readiness import LAMBDA_SRC, PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK = PROJECT / "layers" / "pillow" / "requirements.txt"
_LARGEST_ZIP = 20 * 1024 * 1024
_GLIBC_OF_LAMBDA = (2, 34)
_ARM = on_lambda("aarch64", "3.13")
_HOST = on_this_host()

# How an ELF file says which processor it is for, at its byte 18.
_ELF, _MACHINE_AT, _AARCH64 = b"\x7fELF", 18, b"\xb7\x00"


@pytest.fixture(scope="module")
def for_host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer for this machine."""
    return _built(_HOST, tmp_path_factory.mktemp("host"))


@pytest.mark.nightly
def test_every_library_is_for_the_processor(for_arm: Path) -> None:
    libraries = list(_libraries(for_arm))
    assert len(libraries) > 10
    for library in libraries:
        assert library.read_bytes()[_MACHINE_AT : _MACHINE_AT + 2] == _AARCH64, library


def test_no_library_needs_a_newer_glibc_than_the_2_34_of_lambda(for_arm: Path) -> None:
    assert {library.name: needed for library in _libraries(for_arm) if (needed := _too_new(library))} == {}


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_the_pixel_library_needs_no_newer_glibc_either(machine: str) -> None:
    library = LAMBDA_SRC / "lightpress" / "image" / f"libpixels-{machine}.so"
    assert library.read_bytes()[: len(_ELF)] == _ELF
    assert _too_new(library) == []


def test_a_library_that_needs_glibc_2_38_is_noticed(for_arm: Path, tmp_path: Path) -> None:
    library = next(library for library in _libraries(for_arm) if b"\0GLIBC_2.17\0" in library.read_bytes())
    made_up = tmp_path / library.name
    made_up.write_bytes(library.read_bytes().replace(b"\0GLIBC_2.17\0", b"\0GLIBC_2.38\0"))
    assert _too_new(made_up) == [(2, 38)]


def test_the_layer_is_small(for_arm: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(for_arm):
            archive.write(path, path.relative_to(for_arm))
    assert packed.tell() < _LARGEST_ZIP


@pytest.mark.nightly
def test_building_it_again_gives_the_same_bytes(for_arm: Path, tmp_path: Path) -> None:
    assert _fingerprint(_built(_ARM, tmp_path)) == _fingerprint(for_arm)


def test_a_function_can_import_all_of_it(for_host: Path) -> None:
    said = _import_from(for_host, "PIL.Image", "PIL._avif", "PIL._webp", "aws_lambda_powertools")
    assert said.splitlines()[0].startswith(str(for_host))


def test_python_does_not_compile_it_at_every_cold_start(for_host: Path, tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    shutil.copytree(for_host, layer)
    # Byte code that was checked against its source, or was not there, would give way to this.
    (layer / "python" / "PIL" / "Image.py").write_text("raise SystemExit('compiled')", encoding="utf-8")
    assert _import_from(layer, "PIL.Image")


def test_it_holds_nothing_that_a_function_never_reads(for_host: Path) -> None:
    names = {path.name for path in _files(for_host)}
    assert not names & {"RECORD", "INSTALLER", "REQUESTED", "py.typed"}
    assert not (for_host / "python" / "bin").exists()
    assert "METADATA" in names, "licences and versions stay"


def test_nothing_in_it_depends_on_the_python_that_builds_it() -> None:
    """pip decides about such lines by the running Python, not by the one it is told to install for."""
    pinned = re.findall(r"^[a-z][^\n]*", _LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert pinned
    assert not [line for line in pinned if ";" in line]


def test_what_was_built_once_is_copied_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = _lock_without_packages(tmp_path)
    provide(lock, _HOST, out=tmp_path / "first", cache=tmp_path / "cache")
    monkeypatch.setattr(sys, "executable", "/there/is/no/python/to/build/with")
    provide(lock, _HOST, out=tmp_path / "second", cache=tmp_path / "cache")
    assert _fingerprint(tmp_path / "second") == _fingerprint(tmp_path / "first")


@pytest.mark.parametrize(
    "other",
    [on_lambda("x86_64", "3.13"), on_lambda("aarch64", "3.14"), _HOST],
    ids=["another processor", "another Python", "this host"],
)
def test_layers_for_different_targets_are_never_taken_for_each_other(other: Target) -> None:
    assert digest(_LOCK, other) != digest(_LOCK, _ARM)


def test_another_lock_is_another_layer(tmp_path: Path) -> None:
    assert digest(_lock_without_packages(tmp_path), _ARM) != digest(_LOCK, _ARM)


def test_when_pip_fails_its_own_words_are_handed_on_and_nothing_is_kept(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(LayerError, match=r"(?s)for aarch64-3\.13\. It said:.*no-such-package==1\.0"):
        provide(lock, _ARM, out=tmp_path / "out", cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_a_file_that_was_tampered_with_is_not_installed(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"jmespath==1.1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(LayerError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        build(lock, _HOST, tmp_path / "layer")


def test_what_nobody_vouched_for_is_not_installed(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("jmespath==1.1.0\n", encoding="utf-8")
    with pytest.raises(LayerError, match="Hashes are required"):
        build(lock, _HOST, tmp_path / "layer")


def _built(target: Target, folder: Path) -> Path:
    build(_LOCK, target, folder / "layer")
    return folder / "layer"


def _lock_without_packages(folder: Path) -> Path:
    lock = folder / "requirements.txt"
    lock.write_text("", encoding="utf-8")
    return lock


def _import_from(layer: Path, *modules: str) -> str:
    """Import the modules as a function would: from the layer, and from nowhere else."""
    program = f"import sys; sys.path.insert(0, {str(layer / 'python')!r}); import {', '.join(modules)}"
    report = f"; print(sys.modules[{modules[0]!r}].__spec__.origin)"
    finished = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program + report], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _too_new(library: Path) -> list[tuple[int, int]]:
    """The versions of glibc that it names and Lambda has not; the loader wants each that a library names."""
    named = {(int(major), int(minor)) for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", library.read_bytes())}
    return sorted(version for version in named if version > _GLIBC_OF_LAMBDA)


def _libraries(layer: Path) -> Iterator[Path]:
    return (path for path in _files(layer) if path.read_bytes()[:4] == _ELF)


def _fingerprint(layer: Path) -> str:
    """A digest of every path, its bytes, its rights and its time."""
    whole = hashlib.sha256()
    for path in sorted(layer.rglob("*")):
        status = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        whole.update(f"{path.relative_to(layer)} {status.st_mode:o} {status.st_mtime} {content}\n".encode())
    return whole.hexdigest()
