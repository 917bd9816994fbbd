"""A distribution that is there already: what it needs to serve pictures behind a path of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, Fn, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from lightpress.cdk.functions import PythonFunction

_PATH = r"(/[a-z0-9][a-z0-9-]{0,39}){1,3}"
_LIKE_A_VARIANT = re.compile(r"/[ir](/|\Z)")


@dataclass(frozen=True)
class Mount:
    """Where in somebody else's distribution pictures are.

    Attributes:
        distribution: The distribution.
        path: What the path of each variant and permalink begins with, such as "/pictures".
    """

    distribution: cloudfront.IDistribution
    path: str

    @property
    def extended(self) -> cloudfront.Distribution | None:
        """The distribution, where it is of the same app, so that behaviors can be added to it."""
        return self.distribution if isinstance(self.distribution, cloudfront.Distribution) else None

    def check(self, near: Construct, who: str) -> None:
        """Refuse what CloudFormation or the edge function could not do; raises ConfigError."""
        if not re.fullmatch(_PATH, self.path) or _LIKE_A_VARIANT.match(self.path):
            raise ConfigError(
                f'{who}: path: {self.path!r} is not allowed; allowed: such as "/pictures", in small letters, and '
                'neither "/i" nor "/r"'
            )
        if self.extended is not None and Stack.of(self.extended) is not Stack.of(near):
            raise ConfigError(
                f"{who}: distribution: it is in the stack {Stack.of(self.extended).stack_name}, and each of the two "
                "stacks would wait for the other. Create Lightpress in that stack, or give the distribution as "
                "Distribution.from_distribution_attributes and add the behaviors there (docs/construct.md)"
            )


def permit(distribution: cloudfront.IDistribution, resolver: PythonFunction) -> None:
    """Let a distribution that is not of this app call the function URL, as CDK does for one that is."""
    arn = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/{distribution.distribution_id}"
    caller = iam.ServicePrincipal("cloudfront.amazonaws.com")
    resolver.live.add_permission(
        "CdnUrl",
        principal=caller,
        action="lambda:InvokeFunctionUrl",
        source_arn=arn,
        function_url_auth_type=lambda_.FunctionUrlAuthType.AWS_IAM,
    )
    resolver.live.add_permission(
        "Cdn", principal=caller, action="lambda:InvokeFunction", source_arn=arn, invoked_via_function_url=True
    )


def host_of(url: lambda_.FunctionUrl) -> str:
    """The host of a function URL, which is the domain of an origin."""
    return Fn.select(2, Fn.split("/", url.url))


def described(shared: Mapping[str, Any], key_group: cloudfront.KeyGroup | None) -> dict[str, str]:
    """What both behaviors consist of, by the names of stack outputs."""
    (edge,) = shared["function_associations"]
    keys = {"CdnKeyGroupId": key_group.key_group_id} if key_group else {}
    return {
        "CdnEdgeFunctionArn": edge.function.function_arn,
        "CdnCachePolicyId": shared["cache_policy"].cache_policy_id,
        "CdnResponseHeadersPolicyId": shared["response_headers_policy"].response_headers_policy_id,
        **keys,
    }
