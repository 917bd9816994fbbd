"""`lightpress init` and `lightpress template`: what somebody has who clones nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import typer.main
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]
from typer.testing import CliRunner

import lightpress.cdk  # noqa: F401  before aws_cdk

# isort: split
from lightpress.cdk.config import ENVIRONMENTS, load_config
from lightpress.cdk.plain import Written, write_template
from lightpress.cdk.readiness import PROJECT, RECIPES
from lightpress.cli.main import app
from lightpress.costs.estimate import Assumptions
from lightpress.costs.keeping import STAYS, Moved, kept
from lightpress.costs.prices import prices_of
from tests.cdk.templates import NO_ASSETS, Template, synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def init(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["init", *arguments], env={"COLUMNS": "500"})
    return ended.exit_code, ended.output


def synth_of(project: Path, out: Path, context: Mapping[str, object]) -> subprocess.CompletedProcess[str]:
    """What its app.py says, with the context that CDK's command line would hand over."""
    paths = os.pathsep.join(str(PROJECT / part) for part in ("lambda_src", "infra", "cli"))
    told = {"PYTHONPATH": paths, "CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(context)}
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=project,
        env={**os.environ, **told, "CDK_VALIDATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_project_synthesizes_the_stack_that_this_repository_would(tmp_path: Path) -> None:
    code, _ = init(str(tmp_path / "mine"), "--env", "shop")
    assert code == 0
    ended = synth_of(tmp_path / "mine", tmp_path / "out", NO_ASSETS)
    assert (ended.returncode, ended.stderr) == (0, "")
    raw = json.loads((tmp_path / "out" / "Lightpress-shop.template.json").read_text(encoding="utf-8"))
    found = Template(raw, termination_protection=False)
    ours = synthesize("prod", tmp_path / "ours")
    kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::CloudFront::Distribution")
    assert {row.id for row in found.resources(*kinds)} == {row.id for row in ours.resources(*kinds)}
    assert found.resource("UploadsBucket").properties["BucketNamePrefix"] == "lightpress-shop-uploads"


def test_a_new_project_has_the_web_acl_that_a_stack_elsewhere_is_told_to_deploy(tmp_path: Path) -> None:
    init(str(tmp_path / "mine"), "--env", "shop")
    (tmp_path / "mine" / "environments" / "shop.toml").write_text("web_acl_rate_limit = 2000\n", encoding="utf-8")
    ended = synth_of(tmp_path / "mine", tmp_path / "out", {"env": "shop", "web_acl": "true"})
    assert (ended.returncode, ended.stderr) == (0, "")
    (found,) = (tmp_path / "out").glob("*.template.json")
    assert found.name == "Lightpress-shop-WebAcl.template.json"
    kinds = {row["Type"] for row in json.loads(found.read_text(encoding="utf-8"))["Resources"].values()}
    assert kinds == {"AWS::WAFv2::WebACL"}


def test_every_file_of_a_new_project_speaks_of_its_environment(tmp_path: Path) -> None:
    init(str(tmp_path), "--env", "shop")
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        *("README.md", "app.py", "recipes.toml", "environments/shop.toml", "requirements.txt", "cdk.json"),
        *("recipes.schema.json", "environment.schema.json", ".gitignore", ".github/workflows/deploy.yml"),
    }
    for name in ("README.md", "app.py", ".github/workflows/deploy.yml"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "shop" in text
        assert "dev" not in text.replace("/dev/", ""), name
    load_config(tmp_path / "environments" / "shop.toml")


@pytest.mark.parametrize("source", ["this repository", "a new project"])
def test_prod_keeps_what_it_stores_and_moves_originals_that_nobody_reads_for_less_than_half_the_price(
    tmp_path: Path, source: str
) -> None:
    init(str(tmp_path), "--env", "prod")
    file = (tmp_path / "environments" if source == "a new project" else ENVIRONMENTS) / "prod.toml"
    storage = load_config(file).storage
    assert (storage.removal, storage.termination_protection) == ("retain", True)
    assert (storage.originals_storage, storage.originals_storage_days) == ("intelligent-tiering", 30)
    photo, prices = Assumptions().original_bytes, prices_of("us-east-1")
    rule = Moved(storage.originals_storage, storage.originals_storage_days)
    moved, stays = (round(kept(1_000_000, photo, 12, one, prices)) for one in (rule, STAYS))
    told = " ".join(file.read_text(encoding="utf-8").replace("\n# ", " ").split())
    assert f"${moved} a year instead of ${stays} for a million photos of {photo / 1e6:g} MB" in told
    assert not rule.takes(128 * 1024 - 1), "S3 moves none of these, as the file says"
    assert "S3 leaves objects below 128 KB where they are" in told


@pytest.mark.parametrize("environment", ["shop", "prod"])
def test_editors_find_the_schema_that_each_file_of_a_new_project_names_and_it_takes_the_file(
    tmp_path: Path, environment: str
) -> None:
    init(str(tmp_path), "--env", environment)
    for name in ("recipes.toml", f"environments/{environment}.toml"):
        path = tmp_path / name
        text = path.read_text(encoding="utf-8")
        first, rest = text.split("\n", 1)
        assert "#:schema" not in rest
        schema = json.loads((path.parent / first.removeprefix("#:schema ")).read_text(encoding="utf-8"))
        takes = jsonschema_rs.validator_for(schema).is_valid
        assert takes(tomllib.loads(text)), name
        assert not takes({"nothing": 1}), name


def test_after_an_upgrade_the_schemas_of_a_project_are_written_anew_and_nothing_else(tmp_path: Path) -> None:
    init(str(tmp_path), "--env", "shop")
    files = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()}
    for path in files:
        path.write_text("{}" if path.name.endswith(".schema.json") else "the owner's own\n", encoding="utf-8")
    init(str(tmp_path), "--schemas")
    for path, text in files.items():
        expected = text if path.name.endswith(".schema.json") else "the owner's own\n"
        assert path.read_text(encoding="utf-8") == expected, path


def test_schemas_are_written_into_a_project_alone(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["init", str(tmp_path), "--schemas"])
    assert refused.exit_code != 0
    assert "has no recipes.toml" in " ".join(refused.output.split())
    assert not any(tmp_path.iterdir())


def test_in_a_project_a_template_has_its_recipes_and_its_options_of_prod(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(str(tmp_path), "--env", "prod")
    monkeypatch.chdir(tmp_path)
    command: Any = typer.main.get_command(app)
    found = command.commands["template"].make_context("template", ["--out", "out"]).params
    assert (str(found["recipes"]), str(found["options"])) == ("recipes.toml", "environments/prod.toml")
    named = ["--out", "out", "--recipes", str(RECIPES)]
    assert command.commands["template"].make_context("template", named).params["recipes"] == RECIPES


def test_nothing_is_overwritten_and_a_name_that_no_bucket_could_have_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    code, said = init(str(tmp_path))
    assert (code, "README.md exists: choose an empty folder" in said) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    code, said = init(str(tmp_path / "other"), "--env", "Much too long")
    assert (code, "at most 12 small letters" in said) == (2, True)
    code, said = init(str(tmp_path / "other"), "--env", "local")
    assert (code, "'local' is the local cloud of this machine" in said) == (2, True), "--env local would never reach it"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "shop.toml").write_text(
        'upload_auth = "jwt"\nupload_page = true\nupload_jwt_issuer = "https://login.example.com"\n'
        'upload_jwt_audiences = ["shop"]\n',
        encoding="utf-8",
    )
    return write_template(load_config(folder / "shop.toml"), RECIPES, folder / "out", NO_ASSETS)


def test_a_plain_template_needs_a_bucket_and_nothing_of_cdk(written: Written) -> None:
    text = written.template.read_text(encoding="utf-8")
    assert not [word for word in ("cdk-hnb659fds", "BootstrapVersion", "aws:cdk:", "AWS::CDK") if word in text]
    assert set(json.loads(text)["Parameters"]) == {"AssetsBucket", "BucketNamespace"}
    assert len(text) < 1_000_000, "CloudFormation takes no larger one from S3"


@pytest.mark.nightly
def test_cloudformation_takes_a_plain_template(written: Written) -> None:
    text = written.template.read_text(encoding="utf-8")
    found = lint(text, config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W"]))
    assert [str(match) for match in found] == []


def test_every_file_that_a_plain_template_names_is_beside_it(written: Written) -> None:
    template = json.loads(written.template.read_text(encoding="utf-8"))
    keys = {one["S3Key"] for one in places_in(template) if one["S3Bucket"] == {"Fn::Sub": "${AssetsBucket}"}}
    assert keys == {path.name for path in written.assets}
    assert len(keys) == 3, "functions, layer and page"
    contents = [set(zipfile.ZipFile(path).namelist()) for path in written.assets]
    assert any({"recipes.toml", "lightpress/handlers/process_upload.py"} <= names for names in contents)
    assert any({"serve.py", "index.html"} <= names for names in contents)
    dates = {entry.date_time for path in written.assets for entry in zipfile.ZipFile(path).infolist()}
    assert len(dates) == 1, "the same files make the same archive"


def places_in(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  a template's
    """Each place in S3 that something in a template refers to."""
    if isinstance(value, dict):
        if "S3Key" in value:
            yield value
        for inner in value.values():
            yield from places_in(inner)
    if isinstance(value, list):
        for inner in value:
            yield from places_in(inner)
