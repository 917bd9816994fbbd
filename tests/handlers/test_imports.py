"""A cold start pays for what the function needs, and for nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lightpress.aws import session
from lightpress.image.codecs import load_codecs
from lightpress.image.inputs import INPUTS
from lightpress.image.outputs import OUTPUTS

PACKAGE = Path(__file__).parents[2] / "lambda_src"
NOT_NEEDED = (
    "aws_cdk",
    "jsii",
    "infra",
    "cli",
    "typer",
    "rich",
    "pydantic",
    "aws_xray_sdk",
    # Clients are botocore's, and the loop over a batch is ours: docs/performance.md, "Cold start".
    "asyncio",
    "boto3",
    "s3transfer",
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes",
    "difflib",
    "secrets",
    "lightpress.uploads.requests",
    "lightpress.uploads.fields",
    "lightpress.failures.record",
    "lightpress.aws.failures_table",
    "lightpress.aws.quarantine",
    "moto",
    "tests",
    "hypothesis",
)
ONLY_FOR_SOME_PICTURES = ("PIL.ImageCms", "PIL._imagingcms")


HANDLERS = sorted(path.stem for path in (PACKAGE / "lightpress" / "handlers").glob("*.py") if path.stem != "__init__")
RENDER = {"compress_in_place", "moderate", "preview", "process_upload", "record_failure", "render_lazy"}
"""The functions that open pictures. The others deliver, tell, count or take answers."""
RENDERING = {"lightpress.image.render", "lightpress.image.codecs", "lightpress.pipeline.sandbox"}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def loaded(elsewhere: Path) -> set[str]:
    return loaded_by("process_upload", elsewhere)


def loaded_by(handler: str, folder: Path) -> set[str]:
    """Every module that is loaded once the handler is, in an interpreter of its own. handler: empty for none."""
    return dict(loaded_one_by_one([handler], folder))[handler]


def loaded_one_by_one(handlers: list[str], folder: Path) -> list[tuple[str, set[str]]]:
    """What an interpreter of their own has loaded after each of the handlers."""
    program = (
        "import importlib, json, sys\n"
        "loaded = []\n"
        "for handler in sys.argv[1:]:\n"
        "    if handler: importlib.import_module(f'lightpress.handlers.{handler}')\n"
        "    loaded.append((handler, list(sys.modules)))\n"
        "print(json.dumps(loaded))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, *handlers],
        env={"PYTHONPATH": str(PACKAGE), "AWS_DEFAULT_REGION": "eu-west-1"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return [(handler, set(names)) for handler, names in json.loads(ran.stdout)]


def test_functions_that_open_no_picture_load_neither_pillow_nor_what_renders(elsewhere: Path) -> None:
    """One after the other in one interpreter, so that each is named for what none before it has loaded."""
    before: set[str] = set()
    loads: dict[str, set[str]] = {}
    for handler, loaded in loaded_one_by_one([one for one in HANDLERS if one not in RENDER], elsewhere):
        new = loaded - before
        before |= loaded
        loads[handler] = {name for name in new if name in RENDERING or name.partition(".")[0] == "PIL"}
    assert len(loads) == len(HANDLERS) - len(RENDER)
    assert {handler: names for handler, names in loads.items() if names} == {}


def test_the_resolver_whom_viewers_wait_for_loads_of_the_picture_core_its_tables_alone(elsewhere: Path) -> None:
    loaded = loaded_by("resolve", elsewhere)
    of_the_core = {name for name in loaded if name.startswith("lightpress.image.")}
    assert of_the_core == {f"lightpress.image.{name}" for name in ("capture", "errors", "outputs")}


def test_the_resolver_has_no_layer_and_loads_nothing_that_lambda_s_runtime_does_not_bring(elsewhere: Path) -> None:
    tops = {name.partition(".")[0] for name in loaded_by("resolve", elsewhere)}
    brought = {"botocore", "dateutil", "jmespath", "six", "urllib3"}
    used_if_there = {"backports", "certifi"}  # by urllib3 and botocore
    bare = {name.partition(".")[0] for name in loaded_by("", elsewhere)}  # what a virtual environment begins with
    assert tops - bare - used_if_there - sys.stdlib_module_names - brought == {"lightpress"}


def test_the_handler_loads_without_any_setting(loaded: set[str]) -> None:
    assert "lightpress.handlers.process_upload" in loaded


@pytest.mark.parametrize("package", NOT_NEEDED)
def test_what_the_function_does_not_need_is_not_loaded(loaded: set[str], package: str) -> None:
    assert not {name for name in loaded if name == package or name.startswith(f"{package}.")}


@pytest.mark.parametrize("module", ONLY_FOR_SOME_PICTURES)
def test_what_only_some_pictures_need_is_not_loaded(loaded: set[str], module: str) -> None:
    assert module not in loaded


def test_no_decoder_is_loaded_that_is_never_tried(loaded: set[str]) -> None:
    Image.init()
    load_codecs(row.name for row in INPUTS)
    of_ours = {*(row.pillow for row in INPUTS if row.pillow), *(output.pillow for output in OUTPUTS.values())}
    wanted = {Image.OPEN[name][0].__module__ for name in of_ours}
    # Pillow brings a few along by itself: MPO with JPEG, PPM among its first five.
    found = {name for name in loaded if name.startswith("PIL.") and name.endswith("Plugin")}
    assert found <= wanted | {"PIL.MpoImagePlugin", "PIL.PpmImagePlugin"}


@pytest.mark.parametrize("in_lambda", [True, False], ids=["in Lambda", "elsewhere"])
def test_no_cycles_are_looked_for_among_what_a_cold_start_makes_but_after_it(*, in_lambda: bool) -> None:
    program = (
        "import gc, lightpress.handlers.process_upload; before = gc.isenabled();"
        "from lightpress.aws.session import s3_client; s3_client();"
        "print(before, gc.isenabled(), gc.get_freeze_count() > 50_000)"
    )
    settings = {"PYTHONPATH": str(PACKAGE), "AWS_DEFAULT_REGION": "eu-west-1"}
    settings |= {"AWS_LAMBDA_FUNCTION_NAME": "process-upload"} if in_lambda else {}
    ran = subprocess.run([sys.executable, "-c", program], env=settings, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str(not in_lambda), "True", str(in_lambda)]


def test_every_service_that_a_client_is_made_for_is_known() -> None:
    modules = [Path(session.__file__), *(PACKAGE / "lightpress" / "composition").glob("*.py")]
    made = re.compile(r'(?:client\(|_LazyClient\(|partial\(client,|seeing\()\s*"([\w-]+)"')
    wanted = {service for module in modules for service in made.findall(module.read_text("utf-8"))}
    assert wanted == set(session.SERVICES)
    for service in wanted:
        session.session().create_client(service, region_name="eu-west-1")
