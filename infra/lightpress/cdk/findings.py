"""Answers to what cdk-nag's AwsSolutions rules and checkov find; each stands beside the resource that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, Validations
from aws_cdk.aws_dynamodb import CfnTable

from lightpress.cdk.naming import resource

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from constructs import IConstruct


def acknowledge(construct: IConstruct, *findings: str, because: str) -> None:
    """Accept findings of one construct and its children, with the reason."""
    Validations.of(construct).acknowledge(*(Acknowledgment(id=finding, reason=because) for finding in findings))


def leave_without_backup(table: dynamodb.Table, *, because: str) -> None:
    """Accept that a table is never restored, with the reason."""
    acknowledge(table, "AwsSolutions-DDB3", because=because)
    resource(table, CfnTable).add_metadata("checkov", {"skip": [{"id": "CKV_AWS_28", "comment": because}]})
