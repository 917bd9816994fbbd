"""The web ACL before the CDN: what it lets through, and where it may be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import assertions as cdk_assertions

from lightpress.cdk.config import load_config
from lightpress.cdk.options.delivery import DeliveryOptions
from lightpress.cdk.web_acl import WebAclStack, referer_pattern, web_acl
from lightpress.toml_reader import ConfigError
from tests.cdk.templates import synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.cdk.config import Config
    from tests.cdk.templates import Template

ARN = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/rates/1234abcd-12ab-34cd"


def config(tmp_path: Path, *lines: str) -> Config:
    (tmp_path / "dev.toml").write_text("\n".join(lines), encoding="utf-8")
    return load_config(tmp_path / "dev.toml")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("guarded")
    chosen = config(folder, "web_acl_rate_limit = 2000", 'web_acl_referers = ["example.com", "shop.example.org"]')
    return synthesize_with(chosen, folder / "out")


def rules(template: Template) -> list[dict[str, Any]]:
    (acl,) = template.resources("AWS::WAFv2::WebACL")
    found: list[dict[str, Any]] = acl.properties["Rules"]
    return found


def test_2000_requests_in_five_minutes_pass_of_each_address_and_more_get_429(guarded: Template) -> None:
    (acl,) = guarded.resources("AWS::WAFv2::WebACL")
    assert (acl.properties["Scope"], acl.properties["DefaultAction"]) == ("CLOUDFRONT", {"Allow": {}})
    (cdn,) = guarded.resources("AWS::CloudFront::Distribution")
    assert cdn.properties["DistributionConfig"]["WebACLId"] == {"Fn::GetAtt": [acl.id, "Arn"]}
    _, rate = rules(guarded)
    assert rate["Statement"] == {
        "RateBasedStatement": {"AggregateKeyType": "IP", "EvaluationWindowSec": 300, "Limit": 2000}
    }
    assert rate["Action"] == {"Block": {"CustomResponse": {"ResponseCode": 429}}}


def _blocks(statement: dict[str, Any], referer: str) -> bool:
    """What AWS WAF makes of a statement, for those that are used here."""
    (kind, said), = statement.items()  # fmt: skip
    if kind == "AndStatement":
        return all(_blocks(one, referer) for one in said["Statements"])
    if kind == "NotStatement":
        return not _blocks(said["Statement"], referer)
    assert said["FieldToMatch"] == {"SingleHeader": {"Name": "referer"}}
    if kind == "SizeConstraintStatement":
        assert (said["ComparisonOperator"], said["Size"]) == ("GT", 0)
        return len(referer) > 0
    assert kind == "RegexMatchStatement"
    assert [one["Type"] for one in said["TextTransformations"]] == ["LOWERCASE"]
    return re.search(said["RegexString"], referer.lower()) is not None


@pytest.mark.parametrize(
    ("referer", "blocked"),
    [
        ("", False),
        ("https://example.com/", False),
        ("https://example.com", False),
        ("http://www.Example.com:8080/page?x=1", False),
        ("https://shop.example.org/a", False),
        ("https://example.org/a", True),
        ("https://badexample.com/", True),
        ("https://example.com.evil.net/", True),
        ("https://evil.net/?https://example.com/", True),
        ("https://exampleXcom/", True),
        ("null", True),
    ],
)
def test_pages_of_others_get_403_and_who_names_no_page_passes(guarded: Template, referer: str, blocked: bool) -> None:
    of_others, _ = rules(guarded)
    assert _blocks(of_others["Statement"], referer) is blocked
    assert of_others["Action"] == {"Block": {"CustomResponse": {"ResponseCode": 403}}}


def test_ten_domains_of_the_longest_names_fit_into_what_waf_takes() -> None:
    assert len(referer_pattern(f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 50}.com")) <= 512


def test_where_the_region_is_not_known_cloudformation_refuses_any_but_us_east_1(guarded: Template) -> None:
    (rule,) = (rule for name, rule in guarded.raw["Rules"].items() if name.startswith("WebAcl"))
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    assert "-c web_acl=true" in assertion["AssertDescription"]


def test_a_stack_that_is_known_to_be_elsewhere_is_told_how(tmp_path: Path) -> None:
    stack = Stack(App(), "Elsewhere", env={"region": "eu-west-1"})
    with pytest.raises(ConfigError, match=r"this stack is in eu-west-1\. Deploy the ACL there .* set web_acl_arn"):
        web_acl(stack, config(tmp_path, "web_acl_rate_limit = 2000"))


def test_the_acl_of_another_region_is_a_stack_of_its_own_in_us_east_1_with_its_arn(tmp_path: Path) -> None:
    stack = WebAclStack(App(), "Lightpress-dev-WebAcl", config=config(tmp_path, "web_acl_rate_limit = 2000"))
    template = cdk_assertions.Template.from_stack(stack).to_json()
    assert stack.region == "us-east-1"
    assert [one["Type"] for one in template["Resources"].values()] == ["AWS::WAFv2::WebACL"]
    assert template["Outputs"]["WebAclArn"]["Value"] == {"Fn::GetAtt": ["WebAcl", "Arn"]}
    with pytest.raises(ConfigError, match="a web ACL without rules protects nothing"):
        WebAclStack(App(), "Lightpress-dev-WebAcl", config=config(tmp_path, ""))


def test_a_given_acl_is_used_and_none_is_made(tmp_path: Path) -> None:
    from lightpress.cdk.web_acl import makes_web_acl

    given = config(tmp_path, "web_acl_rate_limit = 2000", f'web_acl_arn = "{ARN}"')
    assert not makes_web_acl(given)
    assert makes_web_acl(replace(given, delivery=DeliveryOptions(web_acl_rate_limit=10)))
    assert not makes_web_acl(config(tmp_path, ""))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("web_acl_rate_limit = 9", "web_acl_rate_limit: 9 is not allowed; allowed: 0, or at least 10"),
        ('web_acl_referers = ["https://example.com"]', "web_acl_referers: 'https://example.com' is not allowed"),
        (
            f"web_acl_referers = {[f'a{number}.example.com' for number in range(11)]}",
            "web_acl_referers: there are too many; allowed: up to 10 domains",
        ),
    ],
)
def test_what_waf_would_not_take_is_refused_at_synth(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        config(tmp_path, line)
