"""The rules of other linters hold for the template of each option alone, except those that are only a number."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.config import load_config, option_groups
from lightpress.cdk.readiness import PROJECT
from tools.template_lint import ALONE, identity_policies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template

# Their values are in tests/cdk/test_options.py, where all options are chosen at once, or change a number or text only.
_NOT_ALONE = {
    "domain_names", "certificate_arn", "web_acl_arn", "web_acl_referers", "signing_keys", "countries_allowed",
    "countries_denied",
    "origin_shield_region", "price_class", "upload_page", "upload_page_client_id", "upload_jwt_issuer",
    "upload_jwt_audiences", "upload_authorizer_arn", "allowed_origins", "price_region", "log_level", "fetch_plain_http",
    "fetch_allowed_networks", "fetch_ports", "operators_scope", "webhook_allowed_networks",
}  # fmt: skip


def test_every_option_is_judged_alone_or_only_changes_a_value() -> None:
    options = {option.name: option.default for group in option_groups().values() for option in fields(group)}
    switches = {name for name, default in options.items() if not isinstance(default, int) or isinstance(default, bool)}
    assert switches - set(ALONE) - _NOT_ALONE == set()
    assert set(ALONE) <= set(options)


@pytest.mark.parametrize("option", sorted(ALONE))
def test_each_of_them_can_be_chosen_alone(option: str, tmp_path: Path) -> None:
    (tmp_path / "alone.toml").write_text(ALONE[option], encoding="utf-8")
    assert load_config(tmp_path / "alone.toml")


def test_the_policies_of_roles_are_written_without_references(dev: Template) -> None:
    policies = identity_policies(dev.raw)
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    written = [policy for policy in dev.resources(*kinds) if policy.id in policies]
    roles = {role.id for role in dev.resources("AWS::IAM::Role")}
    assert {role["Ref"] for policy in written for role in policy.properties["Roles"]} == roles
    assert "Fn::" not in str(policies)
    assert "{'Ref'" not in str(policies)


def test_each_finding_of_checkov_that_is_accepted_has_its_reason_above_it() -> None:
    lines = (PROJECT / "scripts" / "checkov.yaml").read_text(encoding="utf-8").splitlines()
    accepted = [number for number, line in enumerate(lines) if line.startswith("  - CKV")]
    assert accepted
    for number in accepted:
        assert lines[number - 1].startswith(("  # ", "  - CKV")), lines[number]
