"""Formats with a layer of their own: named by a recipe and an option, and deployed where pictures are opened."""

from __future__ import annotations

import json
import subprocess
import sys
from math import dist
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.code import compiled
from lightpress.cdk.config import load_config
from lightpress.cdk.functions import check_extra_inputs, check_face_focus
from lightpress.cdk.layer_build import build, on_this_host, provide
from lightpress.cdk.native import EXTRA_LOCKS, FACES, LOCK, TARGET, look_into
from lightpress.cdk.readiness import LAMBDA_SRC, PROJECT
from lightpress.image.faces import is_installed
from lightpress.image.inputs import EXTRA_INPUTS
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.toml_reader import ConfigError
from tools.arm64 import guest
from tools.arm64.jobs import FACE_AT, jobs, person
from tools.arm64.jobs import FACES as FACE_JOB
from tools.drawing import file_of
from tools.template_lint import Environment, template_of

if TYPE_CHECKING:
    from pathlib import Path

RENDERING = {"process_upload", "record_failure", "render_lazy"}
MOST_LAYERS = 5
LIMIT_MB = 250
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: code and layers together, unzipped."""


CUT_AROUND_FACES = ', face = { width = 96, height = 96, fit = "cover", focus = "faces" }'


def recipes(folder: Path, line: str, more: str = "") -> Path:
    path = folder / "recipes.toml"
    path.write_text(
        f'[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\n{line}\nlazy = ["w640"]\n'
        f"sizes = {{ w320 = {{ width = 320 }}, w640 = {{ width = 640 }}{more} }}\n"
    )
    return path


def template(folder: Path, option: str, line: str, more: str = "") -> dict[str, Any]:
    (folder / "dev.toml").write_text(option)
    return template_of(Environment(folder / "dev.toml", recipes(folder, line, more)), folder / "out")


WRONG = {
    "a recipe that accepts what no layer reads": (
        (), 'accept = ["jpeg", "svg"]', r"recipes\.web\.accept: 'svg' needs a layer that the option extra_inputs adds"
    ),
    "another layer than the one that is needed": (
        ("pdf",), 'accept = ["pdf", "jxl"]', r"recipes\.web\.accept: 'jxl' .* extra_inputs adds; it is \['pdf'\]"
    ),
    "a layer that no recipe uses": (
        ("svg", "pdf"), 'accept = ["jpeg", "svg"]', r"extra_inputs: 'pdf' is in no recipe: name it in the accept of one"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("chosen", "line", "words"), WRONG.values(), ids=WRONG)
def test_a_recipe_and_the_option_that_disagree_stop_the_synth_with_both_their_names(
    chosen: tuple[str, ...], line: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        check_extra_inputs(load_recipes(recipes(tmp_path, line)), chosen, "recipes.toml")
    with pytest.raises(ConfigError, match=words):
        template(tmp_path, f"extra_inputs = {json.dumps(chosen)}", line)


def test_raw_files_need_no_layer(tmp_path: Path) -> None:
    check_extra_inputs(load_recipes(recipes(tmp_path, 'accept = ["raw"]')), (), "recipes.toml")


def test_faces_and_the_option_that_disagree_stop_the_synth_with_both_their_names(tmp_path: Path) -> None:
    needs = r'recipes\.web\.sizes\.face\.focus: "faces" needs the layer that the option face_focus adds'
    with pytest.raises(ConfigError, match=needs):
        template(tmp_path, "", "", CUT_AROUND_FACES)
    with pytest.raises(ConfigError, match=r'face_focus: no recipe has focus = "faces"'):
        template(tmp_path, "face_focus = true", "")
    check_face_focus(load_recipes(recipes(tmp_path, "", CUT_AROUND_FACES)), "recipes.toml", chosen=True)


def test_all_layers_at_once_are_as_many_as_a_function_may_have(tmp_path: Path) -> None:
    options = 'extra_inputs = ["svg", "pdf", "jxl"]\nface_focus = true'
    raw = template(tmp_path, options, 'accept = ["jpeg", "svg", "pdf", "jxl"]', CUT_AROUND_FACES)
    functions = [one["Properties"] for one in raw["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    counts = {one["Handler"].split(".")[-2]: len(one.get("Layers", ())) for one in functions}
    assert {counts[name] for name in RENDERING} == {MOST_LAYERS}


def test_the_model_is_deployed_only_where_a_recipe_looks_for_faces(tmp_path: Path) -> None:
    for faces in (False, True):
        book = recipes(tmp_path, "", CUT_AROUND_FACES if faces else "")
        code = compiled(LAMBDA_SRC, TARGET, book, faces=faces)
        assert (code / "lightpress" / "image" / "faces.tflite").exists() == faces


def test_only_functions_that_open_pictures_have_the_layers_and_only_those_that_are_asked_for(tmp_path: Path) -> None:
    raw = template(tmp_path, 'extra_inputs = ["svg", "jxl"]\nurl_ingest = true', 'accept = ["svg", "jxl"]')
    functions = [one["Properties"] for one in raw["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    counts = {one["Handler"].split(".")[-2]: len(one.get("Layers", ())) for one in functions}
    assert {name for name, count in counts.items() if count == 3} == RENDERING
    assert {count for name, count in counts.items() if name not in RENDERING} <= {0, 1}
    layers = [one["Properties"] for one in raw["Resources"].values() if one["Type"] == "AWS::Lambda::LayerVersion"]
    assert sorted(one["Description"].split(",")[0] for one in layers) == [
        "Pillow and Powertools for aarch64-3.13",
        "What reads JXL",
        "What reads SVG",
    ]


def test_without_the_option_there_is_one_layer(tmp_path: Path) -> None:
    raw = template(tmp_path, "", "")
    layers = [one for one in raw["Resources"].values() if one["Type"] == "AWS::Lambda::LayerVersion"]
    assert len(layers) == 1


@pytest.fixture(scope="module")
def extra_layers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each of the layers for arm64, really built."""
    built = {}
    for name, lock in EXTRA_LOCKS.items():
        built[name] = tmp_path_factory.mktemp(name) / "layer"
        build(lock, TARGET, built[name])
    return built


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1_000_000


@pytest.mark.nightly
def test_everything_together_is_far_below_what_lambda_allows(for_arm: Path, extra_layers: dict[str, Path]) -> None:
    sizes = {name: megabytes(folder) for name, folder in extra_layers.items()}
    most = {"jxl": 8, "svg": 4, "pdf": 11, FACES: 68}
    assert {name: size < most[name] for name, size in sizes.items()} == dict.fromkeys(most, True)
    together = sum(sizes.values()) + megabytes(for_arm) + megabytes(LAMBDA_SRC)
    assert together - sizes[FACES] < LIMIT_MB / 2
    assert together < LIMIT_MB * 0.7
    assert len(extra_layers) + 1 <= MOST_LAYERS


@pytest.mark.nightly
def test_what_is_compiled_into_them_is_known_by_name_and_version(extra_layers: dict[str, Path]) -> None:
    found = {one.name: one for folder in extra_layers.values() for one in look_into(folder / "python")}
    assert (found["libjxl"].version, found["PDFium"].version) == ("0.12.0", "8149")
    assert {"resvg", "usvg", "roxmltree", "tiny-skia", "pyo3", "jpegxl-rs"} <= found.keys()
    assert (found["LiteRT"].version, found["OpenBLAS"].version) == ("2.3.0", "0.3.31")
    assert {name for name, one in found.items() if not one.queries} == {"libgfortran"}
    assert found["PDFium"].queries[0]["version"] == "chromium/8149"


@pytest.mark.nightly
@pytest.mark.skipif(not is_installed(), reason="ai-edge-litert has no wheel for this machine")
@pytest.mark.parametrize("missing", ["", "numpy/_core/_multiarray_umath.*", "ai_edge_litert/_pywrap_litert_inter*"])
def test_what_is_left_of_the_layer_of_faces_finds_one_and_no_other_package_helps(missing: str, tmp_path: Path) -> None:
    """As built for this machine; `make arm64` tries what is built for Lambda. Without what it needs, none is found."""
    pillow, faces = tmp_path / "pillow", tmp_path / "faces"
    for lock, out in ((LOCK, pillow), (EXTRA_LOCKS[FACES], faces)):
        provide(lock, on_this_host(), out=out, cache=PROJECT / ".local" / "layer-cache")
    assert not (faces / "python" / "numpy" / "random").exists()
    for path in (faces / "python").glob(missing) if missing else ():
        path.unlink()
    code = compiled(LAMBDA_SRC, on_this_host(), recipes(tmp_path, "", CUT_AROUND_FACES), faces=True)
    (job,) = [job for job in jobs()[0] if job["name"] == FACE_JOB]
    (tmp_path / "originals").mkdir()
    (tmp_path / "originals" / job["file"]).write_bytes(file_of(person()))
    (tmp_path / "jobs.json").write_text(json.dumps([job]))
    subprocess.run(
        [sys.executable, "-S", "-P", guest.__file__, "pictures", str(tmp_path)],
        env={"PYTHONPATH": f"{pillow / 'python'}:{faces / 'python'}:{code}"},
        stderr=subprocess.DEVNULL,
        check=not missing,
    )
    _, *results = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text("utf-8").splitlines()]
    assert [dist(one["focus"], FACE_AT) < 0.04 for one in results] == ([] if missing else [True])


@pytest.mark.nightly
def test_no_layer_brings_what_another_has(for_arm: Path, extra_layers: dict[str, Path]) -> None:
    """Two of one package would shadow each other, by the order of the layers."""
    seen = {path.name for path in (for_arm / "python").iterdir()}
    for name, folder in extra_layers.items():
        own = {path.name for path in (folder / "python").iterdir()}
        assert own, name
        assert not own & seen, name
        seen |= own


def test_the_option_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text('extra_inputs = ["svg"]')
    assert load_config(tmp_path / "dev.toml").processing.extra_inputs == ("svg",)
    assert EXTRA_INPUTS == ("jxl", "svg", "pdf")
