"""The same environment can be deployed to several regions of an account: what is global is named after its region."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.config import load_config
from tests.cdk.templates import synthesize_with
from tests.cdk.test_options import EVERYTHING

if TYPE_CHECKING:
    from tests.cdk.templates import Template

# Of the types that an account has once for all regions: where their name is. IAM is global, too, and is named by
# CloudFormation, with a random suffix, as long as nobody sets a name.
_NAMES = {
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig", "Name"),
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig", "Name"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig", "Name"),
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::PublicKey": ("PublicKeyConfig", "Name"),
    "AWS::CloudFront::KeyGroup": ("KeyGroupConfig", "Name"),
    "AWS::CloudWatch::Dashboard": ("DashboardName",),
    "AWS::Budgets::Budget": ("Budget", "BudgetName"),
}
_NAMED_BY_CLOUDFORMATION = {"AWS::IAM::Role": "RoleName", "AWS::IAM::ManagedPolicy": "ManagedPolicyName"}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("everything")
    (folder / "staging.toml").write_text(EVERYTHING, encoding="utf-8")
    return synthesize_with(load_config(folder / "staging.toml"), folder / "out")


def test_two_regions_share_no_name_of_anything_that_an_account_has_once(everything: Template) -> None:
    named = [(resource, _at(resource.properties, _NAMES[resource.type])) for resource in everything.resources(*_NAMES)]
    assert {resource.type for resource, _ in named} == set(_NAMES)
    for resource, name in named:
        assert '{"Ref": "AWS::Region"}' in json.dumps(name), f"{resource.id} would be taken in a second region"


def test_cloudformation_names_what_iam_has_once_for_all_regions(everything: Template) -> None:
    for resource in everything.resources(*_NAMED_BY_CLOUDFORMATION):
        assert _NAMED_BY_CLOUDFORMATION[resource.type] not in resource.properties, resource.id


def _at(properties: dict[str, Any], path: tuple[str, ...]) -> object:
    value: Any = properties
    for name in path:
        value = value[name]
    return value
