"""Access logs: refused where CloudFront would write none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from aws_cdk import App, Stack

from lightpress.cdk.access_logs import REGIONS_WITHOUT, access_logs
from lightpress.cdk.config import Config
from lightpress.cdk.options.delivery import DeliveryOptions
from lightpress.toml_reader import ConfigError
from tests.cdk.templates import synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
IN_EVERY_ACCOUNT = {
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    *("ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
}
LOGGED = Config("dev", delivery=DeliveryOptions(access_log_days=30))


def test_where_the_region_is_not_known_cloudformation_refuses_those_without(tmp_path: Path) -> None:
    (rule,) = (one for name, one in synthesize_with(LOGGED, tmp_path).raw["Rules"].items() if "AccessLogs" in name)
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Contains": [[*REGIONS_WITHOUT], {"Ref": "AWS::Region"}]}]}
    assert assertion["AssertDescription"].startswith("access_log_days: CloudFront writes no access logs")


def test_a_stack_that_is_known_to_be_there_is_refused_and_others_are_not() -> None:
    for region, refused in (("eu-south-1", True), ("eu-west-1", False)):
        stack = Stack(App(), "Logged", env={"region": region})
        if refused:
            with pytest.raises(ConfigError, match=r"access_log_days: .* in eu-south-1; allowed there: 0"):
                access_logs(stack, LOGGED)
        else:
            assert access_logs(stack, LOGGED) is not None


def test_those_without_are_all_that_botocore_knows_and_an_account_has_to_opt_in_to() -> None:
    known = set(boto3.Session().get_available_regions("s3"))
    assert known - IN_EVERY_ACCOUNT <= {*REGIONS_WITHOUT}
    assert IN_EVERY_ACCOUNT.isdisjoint(REGIONS_WITHOUT)


def test_without_the_option_any_region_will_do() -> None:
    assert access_logs(Stack(App(), "Quiet", env={"region": "eu-south-1"}), Config("dev")) is None
