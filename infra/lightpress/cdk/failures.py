"""Failures: dead letters are tried once more; what fails again is kept for an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from lightpress.aws.failures_table import EXPIRY, IDENTITY, SUBJECT
from lightpress.cdk.account_limits import dead_letters_at_once, failure_memory_mb
from lightpress.cdk.buckets import PrivateBucket
from lightpress.cdk.component import Component
from lightpress.cdk.existing import read_attached
from lightpress.cdk.functions import Layers, PythonFunction
from lightpress.cdk.processing import RECORD_FAILURE_TIMEOUT_SECONDS, publish, read_originals
from lightpress.cdk.tables import Table

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import FunctionCode
    from lightpress.cdk.processing import Processing

_A_DAY = 24 * 60 * 60

BACKUP_DAYS = 35
"""How far back DynamoDB restores the table, as long as nobody asks it for less."""


class Failures(Component):
    """Consumes the dead-letter queue: tries each dead letter once more, and records what fails again.

    Attributes:
        quarantine: The bucket with copies of failed originals.
        table: The failures table.
        function: The function `record_failure`.
    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        processing: Processing,
        uploads: s3.IBucket,
        images: PrivateBucket,
        code: FunctionCode,
        config: Config,
    ) -> None:
        super().__init__(scope, id_)
        self.quarantine = _quarantine(self, config)
        self.table = Table(
            self, "Table", logical_id="FailuresTable", key=(SUBJECT, IDENTITY), expiry=EXPIRY, config=config
        )
        self.function = self._function(processing, code, config)
        read_originals(self.function, uploads)
        read_attached(self.function, config.existing.attach)
        publish(self.function, images)
        # One dead letter at a time: each is tried in isolation.
        self.function.consume(processing.dead_letters, batch_size=1, max_concurrency=dead_letters_at_once(config))
        self.functions = (self.function,)
        self.outputs = {
            "RecordFailureFunctionName": self.function.function_name,
            "QuarantineBucketName": self.quarantine.bucket_name,
            "FailuresTableName": self.table.table_name,
        }

    def _function(self, processing: Processing, code: FunctionCode, config: Config) -> PythonFunction:
        function = PythonFunction(
            self,
            "RecordFailure",
            handler="record_failure",
            description="Tries dead letters once more, and records what fails again with its reason",
            code=code,
            config=config,
            layers=Layers.RENDERING,
            memory_mb=failure_memory_mb(config),
            timeout_seconds=RECORD_FAILURE_TIMEOUT_SECONDS,
            environment={
                "QUEUE_URL": processing.dead_letters.queue_url,
                "QUARANTINE_BUCKET": self.quarantine.bucket_name,
                "FAILURES_TABLE": self.table.table_name,
                "FAILURE_RETENTION_SECONDS": str(config.processing.failure_retention_days * _A_DAY),
            },
        )
        function.allow("s3:PutObject", "s3:DeleteObject", on=self.quarantine.arn_for_objects("*"))
        function.accept_any_key(self.quarantine, "*")
        function.allow("dynamodb:GetItem", "dynamodb:UpdateItem", on=self.table.table_arn)
        return function


def _quarantine(scope: Construct, config: Config) -> PrivateBucket:
    """The bucket of failed originals. Not versioned: names are never reused, and what has expired must be gone."""
    return PrivateBucket(
        scope,
        "Quarantine",
        holds="quarantine",
        config=config,
        lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(config.processing.failure_retention_days))],
    )
