"""The rules of other linters hold for the template of every option, alone and together with all others."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.config import load_config, option_groups
from lightpress.cdk.readiness import PROJECT
from tests.cdk.grants import as_list
from tests.cdk.templates import synthesize_with
from tools.template_lint import (
    ALONE,
    RECIPES,
    TOGETHER,
    VALUES_ALONE,
    environments_in,
    identity_policies,
    policies,
    statements,
    template_of,
    template_of_web_acl,
)

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.cdk.config import Config
    from tests.cdk.templates import Template

OPTIONS = {option.name: option.default for group in option_groups().values() for option in fields(group)}
_ARN = re.compile(r"\*|arn:aws:[a-z0-9-]+:[a-z0-9*-]*:[0-9]*:.+", re.DOTALL)


def chosen_in(config: Config) -> set[str]:
    """The options with another value than their default."""
    groups = [getattr(config, group) for group in option_groups()]
    return {one.name for group in groups for one in fields(group) if getattr(group, one.name) != OPTIONS[one.name]}


def test_every_option_is_judged_alone_or_only_changes_a_value() -> None:
    assert set(ALONE) | set(VALUES_ALONE) == set(OPTIONS)
    assert not set(ALONE) & set(VALUES_ALONE)


def test_every_option_is_judged_together_with_others(tmp_path: Path) -> None:
    environments = environments_in(tmp_path)
    chosen = set.union(*(chosen_in(load_config(environments[name].options)) for name in TOGETHER))
    assert set(OPTIONS) - chosen == set()


@pytest.mark.sampled(12)
@pytest.mark.parametrize("option", sorted(ALONE))
def test_each_of_them_can_be_chosen_alone(option: str, tmp_path: Path) -> None:
    chosen = chosen_in(load_config(environments_in(tmp_path)[option].options))
    assert option in chosen
    assert chosen <= {option, *re.findall(r"^([a-z_]+) =", ALONE[option], re.MULTILINE)}


# What these change is nothing without another option.
_NEED_ANOTHER = {
    "provisioned_pollers_max",
    "certificate_arn",
    "upload_jwt_audiences",
    "upload_page_client_id",
    "sign_in_origins",
    "moderation_doubt",
}


def test_options_that_only_change_values_add_and_remove_no_resource_and_no_grant(tmp_path: Path) -> None:
    values = {
        key: value for lines in TOGETHER.values() for key, value in tomllib.loads(lines).items() if key in VALUES_ALONE
    }
    assert set(values) == set(VALUES_ALONE)
    del values["countries_denied"]  # excludes countries_allowed
    base = 'url_ingest = true\nupload_auth = "iam"\nreplica_bucket = "my-originals-elsewhere"\n'
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if key not in _NEED_ANOTHER]
    templates = []
    for name, text in (("without", base), ("with", base + "\n".join(lines))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dev.toml").write_text(text, encoding="utf-8")
        templates.append(synthesize_with(load_config(tmp_path / name / "dev.toml"), tmp_path / name / "out").raw)
    counts = [Counter(one["Type"] for one in template["Resources"].values()) for template in templates]
    assert counts[0] == counts[1]
    grants = [sorted(json.dumps(one) for one in statements(policies(template))) for template in templates]
    assert grants[0] == grants[1]


@pytest.mark.nightly
def test_recipes_that_change_the_stack_are_judged(tmp_path: Path) -> None:
    environments = environments_in(tmp_path)
    handlers = {}
    for name in ("dev", *RECIPES):
        template = template_of(environments[name], tmp_path / name)
        functions = [one for one in template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
        handlers[name] = {one["Properties"]["Handler"].split(".")[-2] for one in functions}
    lazy_or_reviewed = {"take_review", "render_lazy"}
    assert {name: found & lazy_or_reviewed for name, found in handlers.items()} == {
        "dev": set(),
        "copies": set(),
        "gate": {"take_review"},
        "lazy": {"render_lazy"},
        "dropping": set(),
        "infrequent": set(),
        "gate-and-lazy": lazy_or_reviewed,
    }


@pytest.mark.nightly
def test_a_web_acl_is_judged_in_the_stack_and_alone(tmp_path: Path) -> None:
    environments = environments_in(tmp_path)
    alone = template_of_web_acl(environments["together-jwt"].options, tmp_path / "alone")
    inside = template_of(environments["together-jwt"], tmp_path / "inside")
    for template in (alone, inside):
        assert [one for one in template["Resources"].values() if one["Type"] == "AWS::WAFv2::WebACL"]


# The longest that a reference can be, by its type; any other is an ARN or an id of at most 100.
_LONGEST = {
    "AWS::SQS::Queue": len("https://sqs.ap-southeast-1.amazonaws.com/123456789012/") + 80,
    "AWS::S3::Bucket": 63,
    "AWS::Lambda::Function": 64,
}


@pytest.mark.nightly
def test_the_largest_stack_stays_within_what_aws_takes(tmp_path: Path) -> None:
    """CDK itself refuses more than 500 resources."""
    resources = template_of(environments_in(tmp_path)["most"], tmp_path / "out")["Resources"]
    assert len(resources) > 450
    of_type: dict[str, list[Any]] = {}
    for one in resources.values():
        of_type.setdefault(one["Type"], []).append(one["Properties"])
    for alarm in of_type["AWS::CloudWatch::Alarm"]:
        assert len([one for one in alarm.get("Metrics", []) if "MetricStat" in one]) <= 10, alarm["AlarmName"]
    for function in of_type["AWS::Lambda::Function"]:
        variables = function["Environment"]["Variables"]
        assert len(json.dumps({key: _longest(value, resources) for key, value in variables.items()})) <= 4 * 1024
        assert len(function.get("Layers", [])) <= 5
    for policy in of_type["AWS::SQS::QueuePolicy"]:
        assert len(policy["PolicyDocument"]["Statement"]) <= 20


def _longest(value: Any, resources: dict[str, Any]) -> str:  # noqa: ANN401  of a template
    """A text as long as what stands there can become."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(_longest(part, resources) for part in value["Fn::Join"][1])
    referred = value.get("Ref", "")
    return "x" * _LONGEST.get(resources.get(referred, {}).get("Type", ""), 100)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", sorted(TOGETHER))
def test_the_policies_of_everything_together_name_resources_as_aws_does(name: str, tmp_path: Path) -> None:
    found = policies(template_of(environments_in(tmp_path)[name], tmp_path / "out"))
    resources = [
        resource
        for _, policy in statements(found)
        for statement in policy["Statement"]
        for resource in as_list(statement["Resource"])
    ]
    assert len(resources) > 40
    assert [one for one in resources if not _ARN.fullmatch(one)] == []


def test_the_policies_of_roles_are_written_without_references(dev: Template) -> None:
    policies_of_roles = identity_policies(dev.raw)
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    written = [policy for policy in dev.resources(*kinds) if policy.id in policies_of_roles]
    roles = {role.id for role in dev.resources("AWS::IAM::Role")}
    assert {role["Ref"] for policy in written for role in policy.properties["Roles"]} == roles
    assert "Fn::" not in str(policies_of_roles)
    assert "{'Ref'" not in str(policies_of_roles)


def test_the_policies_of_buckets_queues_topics_and_keys_are_written_too(dev: Template) -> None:
    written = policies(dev.raw)
    of_resources: tuple[str, ...] = ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy", "KMS::Key")
    for kind in of_resources:
        found = [one.id for one in dev.resources(f"AWS::{kind}")]
        assert found
        assert set(found) <= set(written)


def test_each_finding_of_checkov_that_is_accepted_has_its_reason_above_it() -> None:
    lines = (PROJECT / "scripts" / "checkov.yaml").read_text(encoding="utf-8").splitlines()
    accepted = [number for number, line in enumerate(lines) if line.startswith("  - CKV")]
    assert accepted
    for number in accepted:
        assert lines[number - 1].startswith(("  # ", "  - CKV")), lines[number]


def test_no_statement_has_an_id_that_another_could_repeat(dev: Template) -> None:
    """They are judged one by one, where parliament sees no second one."""
    documents: dict[str, dict[str, Any]] = policies(dev.raw)
    for document in documents.values():
        ids = [one["Sid"] for one in document["Statement"] if "Sid" in one]
        assert len(ids) == len(set(ids))
