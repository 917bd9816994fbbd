"""Encryption: one key of the deployer's for everything that is kept, where they want one.

What needs the key finds it by `key_of`; which services may use it stands here, and which functions beside their grants
(`lightpress.cdk.functions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lightpress.cdk.naming import pin, removal_policy, root_of
from lightpress.cdk.options.storage import CREATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import IConstruct

    from lightpress.cdk.config import Config

_ID = "Encryption"
_WRITE = ("kms:Decrypt", "kms:GenerateDataKey")


class Encryption(Construct):
    """Holds `key`: a new one, one of the deployer's, or None, where AWS's own keys do.

    It is made before everything else. The policy of a key that is there already is left alone; what it must say is in
    docs/encryption.md, which a test compares with what is said here. by_rules: whether EventBridge tells of uploads or
    of reviews.
    """

    def __init__(self, scope: Construct, *, config: Config, by_rules: bool = False) -> None:
        super().__init__(scope, _ID)
        self.key: kms.IKey | None = None
        if config.storage.encryption_key == CREATE:
            self.key = _created(self, config, by_rules=by_rules)
        elif config.storage.encryption_key:
            self.key = kms.Key.from_key_arn(self, "Key", config.storage.encryption_key)


def key_of(construct: IConstruct) -> kms.IKey | None:
    """The key of the Lightpress that a construct is part of."""
    encryption = root_of(construct).node.try_find_child(_ID)
    return encryption.key if isinstance(encryption, Encryption) else None


def _created(scope: Construct, config: Config, *, by_rules: bool) -> kms.Key:
    key = kms.Key(
        scope,
        "Key",
        description=f"Lightpress {config.environment}: everything that is kept",
        enable_key_rotation=True,
        removal_policy=removal_policy(config),
    )
    pin(key, "EncryptionKey")
    for statement in _for_services(config, by_rules=by_rules):
        key.add_to_resource_policy(statement)
    return key


def _for_services(config: Config, *, by_rules: bool) -> list[iam.PolicyStatement]:
    """What AWS's services do with the key, for this account's resources alone. No name waits for a resource."""
    statements = [
        # tells the queue of uploads
        _for(["s3.amazonaws.com"], _WRITE),
        # publishes to the topic of alarms
        _for(["cloudwatch.amazonaws.com"], _WRITE),
        _for_cloudfront(),
        _for_logs(),
    ]
    if config.monitoring.monthly_budget_dollars:
        # publishes to the topic of alarms
        statements.append(_for(["budgets.amazonaws.com"], _WRITE))
    if by_rules or config.existing.attach or config.existing.in_place or config.webhooks.by_rules:
        statements.append(_for_events())
    if config.delivery.access_log_days:
        statements.append(_for_access_logs())
    return statements


def _for_cloudfront() -> iam.PolicyStatement:
    """CloudFront reads images. Any distribution of the account: its own waits for the bucket, and that for the key.

    CloudFront sends the distribution's ARN, and no aws:SourceAccount that a statement could rely on.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    distributions = f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/*"
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
        actions=["kms:Decrypt"],
        resources=["*"],  # in the policy of a key, it is the key
        conditions={"ArnLike": {"aws:SourceArn": distributions}},
    )


def _for_events() -> iam.PolicyStatement:
    """EventBridge sends what rules match to queues and a topic. Without a condition, as AWS documents it.

    With aws:SourceAccount, which EventBridge need not send to KMS, every event would be lost. What may be sent to which
    queue is restricted by the queues' policies, to the ARNs of the rules.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
    """
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("events.amazonaws.com")], actions=list(_WRITE), resources=["*"]
    )


def _for(services: list[str], actions: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(service) for service in services],
        actions=list(actions),
        resources=["*"],
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )


def _for_access_logs() -> iam.PolicyStatement:
    """CloudFront's older kind of log is written for no account by name. It decrypts the bucket's key, for one is used.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
    """
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
        actions=["kms:Decrypt", "kms:GenerateDataKey*"],
        resources=["*"],
    )


def _for_logs() -> iam.PolicyStatement:
    """CloudWatch Logs names no account; the log group that it works for is in what it encrypts with."""
    groups = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:*"
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}")],
        actions=[
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:DescribeKey",
        ],
        resources=["*"],
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )
