"""What `pip install lightpress` gives, outside of any checkout."""

from __future__ import annotations

import json
import os
import tomllib
import venv
import zipfile
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.cdk.readiness import PROJECT
from lightpress.image.inputs import EXTRA_INPUTS
from tests.cdk.templates import NO_ASSETS, synthesize
from tests.package.wheel import Environment, build, installed

if TYPE_CHECKING:
    from pathlib import Path

# A stranger's app, in a folder of their own.
APP = """
from lightpress.cdk import Lightpress

from aws_cdk import App, Stack

app = App(context={context}, outdir="cdk.out")
Lightpress(Stack(app, "Shop"), "Images", recipes="recipes.toml", url_ingest=True, upload_auth="jwt", upload_page=True,
           upload_jwt_issuer="https://login.example.com", upload_jwt_audiences=["shop"])
app.synth()
"""
RECIPES = """
[[rules]]
path = "**"
recipe = "shop"

[recipes.shop]
formats = ["webp", "jpeg"]
sizes.tiny = { width = 48 }
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return installed(wheel, (), tmp_path_factory.mktemp("bare") / "venv")


def test_the_wheel_has_one_package_and_all_that_a_stack_is_made_of(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        shared = archive.read("lightpress/packaged/web/parts.js")
    assert shared == (PROJECT / "clients" / "js" / "parts.js").read_bytes(), "which the page has by a symbolic link"
    assert {name.split("/")[0] for name in names} == {"lightpress", wheel.name.rsplit("-", 3)[0] + ".dist-info"}
    assert not [name for name in names if name.endswith((".pyc", ".lock")) or "__pycache__" in name]
    libraries = {f"lightpress/image/libpixels-{machine}.so" for machine in ("x86_64", "aarch64")}
    pages = {f"lightpress/packaged/web/{path.name}" for path in (PROJECT / "web").iterdir() if path.is_file()}
    environments = {f"lightpress/packaged/infra/environments/{name}.toml" for name in ("dev", "local", "prod")}
    layers = {f"lightpress/packaged/layers/{name}/requirements.txt" for name in ("pillow", *EXTRA_INPUTS)}
    faces = {
        "lightpress/image/faces.tflite",
        *(f"lightpress/packaged/layers/faces/{name}" for name in ("requirements.txt", "omit.txt")),
    }
    schemas = {f"lightpress/packaged/docs/{name}.schema.json" for name in ("recipes", "environment")}
    others = {"lightpress/packaged/lambda_src/recipes.toml", *layers, *faces, *schemas}
    edge = {"lightpress/cdk/edge/viewer_request.js", "lightpress/packaged/app.py", "lightpress/packaged/cdk.json"}
    assert libraries | pages | environments | others | edge <= names
    assert wheel.stat().st_size < 3_000_000


def test_what_leads_to_a_checkout_holds_nothing_that_the_checkout_has(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path, "wheel:editable")) as archive:
        assert {name.split("/")[0] for name in archive.namelist() if ".dist-info" not in name} == {"_lightpress.pth"}


def test_without_extras_it_renders_and_has_nothing_of_aws(bare: Environment, tmp_path: Path) -> None:
    assert not [path.name for path in bare.site.iterdir() if path.name.startswith(("boto", "aws_cdk", "jsii"))]
    Image.linear_gradient("L").resize((900, 450)).convert("RGB").save(tmp_path / "sky.png")
    version = bare.run("lightpress", "--version", cwd=tmp_path)
    assert (version.returncode, version.stdout) == (0, f"lightpress {declared_version()}\n")
    rendered = bare.run("lightpress", "render", "sky.png", "--out", "out", "--json", cwd=tmp_path)
    assert rendered.returncode == 0, rendered.stderr
    variants = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.suffix != ".json"]
    assert len(variants) >= 4
    for path in variants:
        with Image.open(path) as picture:
            assert picture.size[0] == 2 * picture.size[1]


def test_a_command_that_needs_more_says_which_extra_to_install(bare: Environment, tmp_path: Path) -> None:
    for command in (("status", "cat.jpg", "--env", "prod"), ("doctor", "prod"), ("ingest", "https://a.example/b.jpg")):
        ended = bare.run("lightpress", *command, cwd=tmp_path)
        assert ended.returncode == 1, command
        assert "pip install 'lightpress[cli]'" in ended.stderr.replace("\n", " "), command
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", [("local", "up"), ("local", "status"), ("demo",)], ids=" ".join)
def test_what_needs_the_local_cloud_says_at_once_what_has_all_of_it(
    bare: Environment, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ended = bare.run("lightpress", *command, cwd=tmp_path)
    assert ended.returncode == 1
    assert "pip install 'lightpress[local]'" in ended.stderr.replace("\n", " ")


def test_with_cli_every_command_imports_what_it_needs(wheel: Path, tmp_path: Path) -> None:
    environment = installed(wheel, ("cli",), tmp_path / "venv")
    program = (
        "import pkgutil, importlib, lightpress.cli, lightpress.client, lightpress.costs\n"
        "for package in (lightpress.cli, lightpress.client, lightpress.costs):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if '.demo' not in module.name: importlib.import_module(module.name)\n"
        "print('all')"
    )
    ended = environment.run("python", "-c", program, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "all\n"), ended.stderr


@pytest.mark.nightly
def test_with_cdk_a_strangers_app_synthesizes_the_code_that_a_checkout_does(wheel: Path, tmp_path: Path) -> None:
    environment = installed(wheel, ("cdk",), tmp_path / "venv")
    assert not list(environment.site.glob("boto*"))
    (tmp_path / "app.py").write_text(APP.format(context=NO_ASSETS), encoding="utf-8")
    (tmp_path / "recipes.toml").write_text(RECIPES, encoding="utf-8")
    ended = environment.run("python", "app.py", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    resources = json.loads((tmp_path / "cdk.out" / "Shop.template.json").read_text(encoding="utf-8"))["Resources"]
    assert "ImagesUploadsBucket" in resources
    (edge,) = [
        row["Properties"]["FunctionCode"] for row in resources.values() if row["Type"] == "AWS::CloudFront::Function"
    ]
    assert 'NAMES = ["tiny"]' in edge
    codes = {path.name: files_of(path) for path in (tmp_path / "cdk.out").glob("asset.*") if path.is_dir()}
    assert {"serve.py", "app.js"} <= set().union(*codes.values()), "the upload page"
    ours = tmp_path / "ours"
    synthesize("dev", ours)
    (expected,) = [files_of(path) for path in ours.glob("asset.*") if (path / "recipes.toml").exists()]
    (found,) = [files for files in codes.values() if "recipes.toml" in files]
    assert found.pop("recipes.toml").decode() == RECIPES
    del expected["recipes.toml"]
    assert found == expected


@pytest.mark.skipif(not os.environ.get("LIGHTPRESS_PACKAGE"), reason="make package: it downloads 200 MB")
def test_pip_installs_all_of_it_from_the_index_and_the_demo_runs(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    environment = Environment(tmp_path / "venv")
    asked = environment.run("python", "-m", "pip", "install", "--quiet", f"{wheel}[local]", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    written = environment.run("lightpress", "template", "--out", "plain", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert len(list((tmp_path / "plain" / "assets").iterdir())) == 2
    demo = environment.run("lightpress", "demo", cwd=tmp_path)
    environment.run("lightpress", "local", "down", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr[-2000:]


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def declared_version() -> str:
    version: str = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version
