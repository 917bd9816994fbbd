"""Notifications: functions tell EventBridge what became of each picture (docs/events.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from lightpress.delivery.notify import SOURCE

if TYPE_CHECKING:
    from lightpress.cdk.functions import PythonFunction


def announce_on(bus: str, *functions: PythonFunction, base_url: str) -> None:
    """Let these functions put events on `bus`, in no other name than ours. base_url: what addresses begin with."""
    for function in functions:
        function.tell("EVENT_BUS", bus)
        function.tell("CDN_BASE_URL", base_url)
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["events:PutEvents"],
                resources=[f"arn:{Aws.PARTITION}:events:{Aws.REGION}:{Aws.ACCOUNT_ID}:event-bus/{bus}"],
                # No event is without a source. "IfExists" is for the local cloud, whose IAM does not know the key.
                conditions={"StringEqualsIfExists": {"events:source": SOURCE}},
            )
        )
