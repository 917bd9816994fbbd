"""The apps in examples/, each synthesized in a process of its own, as it stands there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk.readiness import PROJECT, RECIPES
from tests.cdk.grants import as_list
from tests.cdk.templates import NO_ASSETS
from tests.pages import blocks

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = sorted(path.parent for path in (PROJECT / "examples").glob("*/app.py"))


def synthesized(example: Path, out: Path) -> dict[str, Any]:
    """The template of an example's one stack."""
    paths = os.pathsep.join(str(PROJECT / part) for part in ("lambda_src", "infra", "cli"))
    told = {"PYTHONPATH": paths, "CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(NO_ASSETS)}
    ended = subprocess.run(
        [sys.executable, "app.py"],
        cwd=example,
        env={**os.environ, **told, "CDK_VALIDATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    (path,) = out.glob("*.template.json")
    template: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return template


@pytest.mark.nightly
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_each_example_synthesizes_to_a_template_that_cloudformation_takes(example: Path, tmp_path: Path) -> None:
    template = synthesized(example, tmp_path)
    found = lint(json.dumps(template), config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W"]))
    assert [str(match) for match in found] == []
    types = [row["Type"] for row in template["Resources"].values()]
    assert types.count("AWS::CloudFront::Distribution") == 1
    expected = {
        "own_stack": {"ImagesUploadsBucket", "ImagesUploadApi"},
        "existing": {"ImagesImagesBucket"},
        "enricher": {"ImagesFactQueue"},
        "private": {"PicturesUploadCountersTable", "PicturesUploadPageLogs"},
    }
    assert expected[example.name] <= set(template["Resources"])


@pytest.mark.nightly
def test_the_enricher_may_read_versions_and_send_facts_and_its_code_is_that_one_file(tmp_path: Path) -> None:
    template = synthesized(PROJECT / "examples" / "enricher", tmp_path)
    found = {
        action
        for name, row in template["Resources"].items()
        if row["Type"] == "AWS::IAM::Policy" and name.startswith("Embedded")
        for statement in row["Properties"]["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
    }
    assert found == {"s3:GetObjectVersion", "sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"}
    (code,) = (path.parent for path in tmp_path.glob("asset.*/embedded.py"))
    assert [path.name for path in code.iterdir()] == ["embedded.py"]


@pytest.mark.nightly
def test_the_first_app_of_the_page_synthesizes_as_it_stands_there(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(blocks("construct.md", "python")[0], encoding="utf-8")
    (tmp_path / "recipes.toml").write_text(RECIPES.read_text(encoding="utf-8"), encoding="utf-8")
    template = synthesized(tmp_path, tmp_path / "out")
    cors = template["Resources"]["ImagesUploadsBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
    assert [rule["AllowedOrigins"] for rule in cors] == [["https://www.example.com"]]


# A stack with what the lines of two pages take as given.
AROUND = """
from lightpress.cdk import Lightpress
from aws_cdk import App, Stack, aws_events_targets as targets
from aws_cdk.aws_cloudfront import BehaviorOptions, Distribution
from aws_cdk.aws_cloudfront_origins import HttpOrigin
from aws_cdk.aws_lambda import Code, Function, Runtime
from aws_cdk.aws_s3 import Bucket

class Shop(Stack):
    def __init__(self, *given):
        super().__init__(*given)
        code = Code.from_inline("def handler(event, context): pass")
        index = Function(self, "Index", runtime=Runtime.PYTHON_3_13, handler="index.handler", code=code)
        bucket = Bucket(self, "Bucket")
        cdn = Distribution(self, "Own", default_behavior=BehaviorOptions(origin=HttpOrigin("www.example.com")))
        LINES

app = App()
Shop(app, "Shop")
app.synth()
"""


def synthesized_around(lines: str, folder: Path) -> dict[str, Any]:
    (folder / "recipes.toml").write_text(RECIPES.read_text(encoding="utf-8"), encoding="utf-8")
    indented = lines.replace("\n", "\n        ")
    (folder / "app.py").write_text(AROUND.replace("LINES", indented), encoding="utf-8")
    return synthesized(folder, folder / "out")


def test_the_lines_of_the_readme_synthesize(tmp_path: Path) -> None:
    (lines,) = blocks("README.md", "python")
    resources = synthesized_around(lines, tmp_path)["Resources"].values()
    assert [row["Type"] for row in resources].count("AWS::CloudFront::Distribution") == 1, "the one that was there"
    rules = [row["Properties"]["EventPattern"] for row in resources if row["Type"] == "AWS::Events::Rule"]
    assert ["ImageReady"] in [rule.get("detail-type") for rule in rules]


@pytest.mark.nightly
def test_the_lines_about_a_distribution_of_others_synthesize(tmp_path: Path) -> None:
    template = synthesized_around(blocks("construct.md", "python")[1], tmp_path)
    distributions = [row for row in template["Resources"].values() if row["Type"] == "AWS::CloudFront::Distribution"]
    assert len(distributions) == 1, "ours is not made"


def test_there_are_four_and_the_page_names_each() -> None:
    page = (PROJECT / "examples" / "README.md").read_text(encoding="utf-8")
    assert len(EXAMPLES) == 4
    assert all(f"({example.name}/app.py)" in page for example in EXAMPLES)
