"""The one way a table is made here: paid by request, encrypted as everything else, with rows that expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_dynamodb as dynamodb

from lightpress.cdk.encryption import key_of
from lightpress.cdk.findings import leave_without_backup
from lightpress.cdk.naming import pin, removal_policy

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config


class Table(dynamodb.Table):
    """Rows by texts, kept or destroyed with the stack as the option `removal` says. Most days, little is written.

    Args:
        logical_id: In the template.
        key: The attribute, or two, by which rows are found.
        expiry: The attribute that says when a row expires.
        config: Of the environment.
        without_backup: Why it is never restored; "" for one of which DynamoDB keeps 35 days.
    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        logical_id: str,
        key: tuple[str] | tuple[str, str],
        expiry: str,
        config: Config,
        without_backup: str = "",
    ) -> None:
        encryption_key = key_of(scope)
        partition, *sort = (dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING) for name in key)
        super().__init__(
            scope,
            id_,
            partition_key=partition,
            sort_key=sort[0] if sort else None,
            time_to_live_attribute=expiry,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED
            if encryption_key
            else dynamodb.TableEncryption.DEFAULT,
            encryption_key=encryption_key,
            point_in_time_recovery_specification=None
            if without_backup
            else dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            removal_policy=removal_policy(config),
        )
        pin(self, logical_id)
        if without_backup:
            leave_without_backup(self, because=without_backup)
