"""Access logs of the CDN, in a bucket of their own where they are kept at all.

Of CloudFront's older kind, which needs a bucket with access lists: the newer is set up in us-east-1 only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnRule, CfnRuleAssertion, Duration, Fn, Stack, Token
from aws_cdk import aws_s3 as s3

from lightpress.cdk.buckets import PrivateBucket
from lightpress.cdk.naming import pin
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config

# To buckets there, CloudFront writes none: they are those that an account has to opt in to.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
REGIONS_WITHOUT = (
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-west-1",
)


def access_logs(scope: Construct, config: Config) -> PrivateBucket | None:
    """The bucket, if there is one; raises ConfigError in a stack that is known to be in one of `REGIONS_WITHOUT`.

    Where the region is not known before the deploy, CloudFormation refuses it there.
    """
    days = config.delivery.access_log_days
    if not days:
        return None
    region = Stack.of(scope).region
    if Token.is_unresolved(region):
        _guard_region(scope)
    elif region in REGIONS_WITHOUT:
        raise ConfigError(_refused(region))
    return PrivateBucket(
        scope,
        "AccessLogs",
        holds="accesslogs",
        config=config,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(days))],
        ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
    )


def _refused(region: str) -> str:
    return (
        f"access_log_days: CloudFront writes no access logs to buckets in {region}; allowed there: 0, and logs that "
        "you set up at the distribution yourself (CloudFront, standard logging v2)"
    )


def _guard_region(scope: Construct) -> None:
    guard = CfnRule(
        scope,
        "AccessLogsAreWrittenHere",
        assertions=[
            CfnRuleAssertion(
                assert_=Fn.condition_not(Fn.condition_contains([*REGIONS_WITHOUT], Aws.REGION)),
                assert_description=_refused("this region"),
            )
        ],
    )
    pin(guard, "AccessLogsAreWrittenHere")
