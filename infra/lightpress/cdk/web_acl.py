"""A web ACL before the CDN: so many requests from each address of the network, and pictures for some pages only.

CloudFront takes web ACLs of us-east-1 alone. In a stack there, it is part of it; elsewhere, a stack of its own makes
it, and its ARN is the option `web_acl_arn`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnOutput, CfnRule, CfnRuleAssertion, Fn, Stack, Token
from aws_cdk import aws_wafv2 as wafv2

from lightpress.cdk.naming import global_name, pin
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config

REGION = "us-east-1"
WINDOW_SECONDS = 300
_RATE, _REFERERS = "RequestsOfAnAddress", "PagesOfOthers"
_TOO_MANY_REQUESTS = 429


def makes_web_acl(config: Config) -> bool:
    """Whether the stack has a web ACL of its own: a rule is asked for, and none that exists is given."""
    return _has_rules(config) and not config.delivery.web_acl_arn


def web_acl(scope: Construct, config: Config) -> wafv2.CfnWebACL:
    """Make the web ACL; raises ConfigError in a stack that is known to be in another region than us-east-1.

    Where the region is not known before the deploy, CloudFormation refuses it there.
    """
    region = Stack.of(scope).region
    if not Token.is_unresolved(region) and region != REGION:
        raise ConfigError(_elsewhere(config, region))
    if Token.is_unresolved(region):
        _guard_region(scope, config)
    acl = wafv2.CfnWebACL(
        scope,
        "WebAcl",
        name=global_name(config, "acl"),
        description=f"Limits what requests of the CDN of {config.prefix} can cost",
        scope="CLOUDFRONT",
        default_action=wafv2.CfnWebACL.DefaultActionProperty(allow=wafv2.CfnWebACL.AllowActionProperty()),
        rules=_rules(config),
        visibility_config=_visible(f"{config.prefix}-acl"),
    )
    pin(acl, "WebAcl")
    return acl


class WebAclStack(Stack):
    """The web ACL alone, for a deployment in another region: `-c web_acl=true`. Its output is for `web_acl_arn`."""

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_, description=f"Web ACL of {config.prefix}", env={"region": REGION})
        if not _has_rules(config):
            raise ConfigError(
                f"web_acl_rate_limit: a web ACL without rules protects nothing; set it or web_acl_referers in "
                f"{config.environment}.toml"
            )
        acl = web_acl(self, config)
        CfnOutput(self, "WebAclArn", value=acl.attr_arn)


def _has_rules(config: Config) -> bool:
    return bool(config.delivery.web_acl_rate_limit or config.delivery.web_acl_referers)


def _elsewhere(config: Config, region: str) -> str:
    return (
        f"web_acl_rate_limit, web_acl_referers: CloudFront takes web ACLs of {REGION} alone, and this stack is in "
        f"{region}. Deploy the ACL there (cdk deploy -c env={config.environment} -c web_acl=true; in an app of yours, "
        "lightpress.cdk.web_acl.WebAclStack), and set web_acl_arn to its output WebAclArn"
    )


def _guard_region(scope: Construct, config: Config) -> None:
    guard = CfnRule(
        scope,
        "WebAclIsWhereCloudFrontTakesIt",
        assertions=[
            CfnRuleAssertion(
                assert_=Fn.condition_equals(Aws.REGION, REGION),
                assert_description=_elsewhere(config, "another region"),
            )
        ],
    )
    pin(guard, "WebAclIsWhereCloudFrontTakesIt")


def _rules(config: Config) -> list[wafv2.CfnWebACL.RuleProperty]:
    """Referers first: what they refuse is not counted as a request of an address."""
    rules: list[wafv2.CfnWebACL.RuleProperty] = []
    if config.delivery.web_acl_referers:
        rules.append(_rule(_REFERERS, len(rules), _from_other_pages(config.delivery.web_acl_referers), config))
    if config.delivery.web_acl_rate_limit:
        rules.append(
            _rule(_RATE, len(rules), _too_many(config.delivery.web_acl_rate_limit), config, _TOO_MANY_REQUESTS)
        )
    return rules


def _rule(
    name: str, priority: int, statement: wafv2.CfnWebACL.StatementProperty, config: Config, status: int = 403
) -> wafv2.CfnWebACL.RuleProperty:
    response = wafv2.CfnWebACL.CustomResponseProperty(response_code=status)
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        statement=statement,
        action=wafv2.CfnWebACL.RuleActionProperty(block=wafv2.CfnWebACL.BlockActionProperty(custom_response=response)),
        visibility_config=_visible(f"{config.prefix}-{name}"),
    )


def _too_many(limit: int) -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(
        rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
            aggregate_key_type="IP", limit=limit, evaluation_window_sec=WINDOW_SECONDS
        )
    )


def _from_other_pages(domains: tuple[str, ...]) -> wafv2.CfnWebACL.StatementProperty:
    """A request that names a page, and that page is on none of the domains. Browsers may name none: that passes."""
    return _all_of(
        wafv2.CfnWebACL.StatementProperty(
            size_constraint_statement=wafv2.CfnWebACL.SizeConstraintStatementProperty(
                field_to_match=_referer(), comparison_operator="GT", size=0, text_transformations=_as_it_is("NONE")
            )
        ),
        *(_not(_on_domain(domain)) for domain in domains),
    )


def referer_pattern(domain: str) -> str:
    """The regular expression of the pages on a domain and on those below it."""
    return rf"^https?://([a-z0-9-]+\.)*{re.escape(domain)}(:[0-9]+)?(/|$)"


def _on_domain(domain: str) -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(
        regex_match_statement=wafv2.CfnWebACL.RegexMatchStatementProperty(
            field_to_match=_referer(),
            regex_string=referer_pattern(domain),
            text_transformations=_as_it_is("LOWERCASE"),
        )
    )


def _all_of(*statements: wafv2.CfnWebACL.StatementProperty) -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(
        and_statement=wafv2.CfnWebACL.AndStatementProperty(statements=list(statements))
    )


def _not(statement: wafv2.CfnWebACL.StatementProperty) -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(not_statement=wafv2.CfnWebACL.NotStatementProperty(statement=statement))


def _referer() -> wafv2.CfnWebACL.FieldToMatchProperty:
    return wafv2.CfnWebACL.FieldToMatchProperty(single_header={"Name": "referer"})


def _as_it_is(kind: str) -> list[wafv2.CfnWebACL.TextTransformationProperty]:
    return [wafv2.CfnWebACL.TextTransformationProperty(priority=0, type=kind)]


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, sampled_requests_enabled=True, metric_name=name
    )
