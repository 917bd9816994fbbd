"""Other people's rules: cdk-nag's AwsSolutions and cfn-lint."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk.app import make_app
from tests.cdk.templates import NO_ASSETS

if TYPE_CHECKING:
    from pathlib import Path

    from aws_cdk import PolicyViolation

    from tests.cdk.templates import Template

_ACKNOWLEDGED = "aws:cdk:acknowledged-rules"

# A dependency that a reference implies already: CDK writes it for every function with a role, and it does no harm.
_NOISE = ["W3005"]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_cdk_nag_finds_nothing_that_is_not_answered(environment: str, tmp_path: Path) -> None:
    app = make_app({"env": environment, **NO_ASSETS}, str(tmp_path))
    report = AwsSolutionsChecks(app).validate_scope(app)
    assert report.success, [_described(violation) for violation in report.violations]


def test_every_answer_to_cdk_nag_gives_a_reason(tmp_path: Path) -> None:
    app = make_app({"env": "prod", **NO_ASSETS}, str(tmp_path))
    answers = [
        (construct.node.path, finding, reason)
        for construct in app.node.find_all()
        for entry in construct.node.metadata
        if entry.type == _ACKNOWLEDGED
        for finding, reason in entry.data.items()
    ]
    assert len(answers) >= 10
    assert not [answer for answer in answers if len(answer[-1].split()) < 6]


@pytest.mark.nightly
def test_cfn_lint_finds_nothing(template: Template) -> None:
    found = lint(json.dumps(template.raw), config=ManualArgs(regions=["eu-west-1"], ignore_checks=_NOISE))
    assert [str(match) for match in found] == []


# What CloudFormation refuses, and moto's deploys (docs/decisions/0072): a property of each resource of a type.
_REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("AWS::Lambda::Function", {"MemorySize": 5}),
    ("AWS::SQS::Queue", {"VisibilityTimeout": 99_999_999}),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 8}),
    ("AWS::DynamoDB::Table", {"Nonsense": 1}),
]


@pytest.mark.nightly
def test_cfn_lint_names_wrong_numbers_unknown_properties_and_unknown_types(dev: Template) -> None:
    broken = copy.deepcopy(dev.raw)
    broken["Resources"]["Unknown"] = {"Type": "AWS::Lambda::Nonsense"}
    expected = {"Resources.Unknown.Type"}
    for type_, wrong in _REFUSED:
        id_ = next(id_ for id_, row in broken["Resources"].items() if row["Type"] == type_)
        broken["Resources"][id_]["Properties"] |= wrong
        expected |= {f"Resources.{id_}.Properties.{name}" for name in wrong}
    found = lint(json.dumps(broken), config=ManualArgs(regions=["eu-west-1"], ignore_checks=_NOISE))
    assert {".".join(map(str, match.path)) for match in found} >= expected


def _described(violation: PolicyViolation) -> str:
    where = [resource.construct_path for resource in violation.violating_resources]
    return f"{violation.rule_name} at {where}: {violation.description}"
