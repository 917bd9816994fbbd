"""Purging: the CDN forgets what it shows of deleted and overwritten pictures, many in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws

from lightpress.cdk.account_limits import PURGES_AT_ONCE
from lightpress.cdk.component import Component
from lightpress.cdk.delivery import RESOLVER_TIMEOUT_SECONDS
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.queues import WorkQueue

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.core import Core
    from lightpress.cdk.delivery import Delivery

_MEMORY_MB = 256
# While CloudFront is busy, the function waits: 199 deletions take 13 minutes one after the other.
_TIMEOUT_SECONDS = 900
# As many as come within the window: only who sees that they are many can invalidate everything at once.
_MESSAGES_AT_ONCE = 1000
_A_DAY = 86_400
_WINDOW_SECONDS = 20
# From when a manifest is about to be replaced until it is: one request to S3 takes at most 27 seconds
# (`lightpress.aws.session.WAITING`). A resolver that reads the old one at their end has its timeout besides.
_REPLACED_WITHIN_SECONDS = 30
_MOST_DELAY_SECONDS = 900  # of SQS


class Purging(Component):
    """Invalidates folders of deleted variants, and of overwritten permalinks, in the CDN; takes them from a queue.

    After 1,000 receives, which outlast CloudFront's busiest day, a failure is recorded and raises an alarm.

    Attributes:
        queue: The purge queue.
        function: The function `purge_deleted`.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core) -> None:
        super().__init__(scope, id_)
        self.queue = WorkQueue(
            self,
            "Queue",
            logical_id="PurgeQueue",
            retention_days=core.config.processing.queue_retention_days,
            timeout_seconds=_TIMEOUT_SECONDS,
            window_seconds=_WINDOW_SECONDS,
            dead_letters=core.processing.dead_letters,
        )
        self.function = self._function(core)
        self.function.consume(
            self.queue,
            batch_size=_MESSAGES_AT_ONCE,
            max_concurrency=PURGES_AT_ONCE,
            window_seconds=_WINDOW_SECONDS,
        )
        for sender in core.publishers:
            self._accept_from(sender, core.delivery, overwrites=core.config.delivery.invalidates_overwritten)
        self.outputs = {"PurgeQueueUrl": self.queue.queue_url}
        self.functions = (self.function,)
        self.work_queues = (self.queue,)

    def _function(self, core: Core) -> PythonFunction:
        distribution = core.delivery.distribution.distribution_id
        function = PythonFunction(
            self,
            "PurgeDeleted",
            handler="purge_deleted",
            description="Invalidates deleted and overwritten pictures in the CDN",
            code=core.code,
            config=core.config,
            memory_mb=_MEMORY_MB,
            timeout_seconds=_TIMEOUT_SECONDS,
            environment={
                "DISTRIBUTION_ID": distribution,
                "PURGE_QUEUE_URL": self.queue.queue_url,
                "INVALIDATE_ALL_FROM": str(core.config.delivery.invalidate_all_from),
                "PURGES_OVERDUE_SECONDS": str(_A_DAY * core.config.processing.queue_retention_days // 2),
            },
        )
        function.allow(
            "cloudfront:CreateInvalidation",
            on=f"arn:{Aws.PARTITION}:cloudfront::{Aws.ACCOUNT_ID}:distribution/{distribution}",
        )
        return function

    def _accept_from(self, sender: PythonFunction, delivery: Delivery, *, overwrites: bool) -> None:
        """Let `sender` request purges, delayed until it has ended: by then, it has removed the files.

        And until whoever renders a lazy variant that is deleted by then has answered.

        overwrites: also of what it is about to overwrite, which takes it one request.
        """
        ended = min(sender.timeout_seconds + delivery.longest_answer_seconds, _MOST_DELAY_SECONDS)
        sender.tell("PURGE_QUEUE_URL", self.queue.queue_url)
        sender.tell("PURGE_DELAY_SECONDS", str(ended))
        if overwrites:
            replaced = _REPLACED_WITHIN_SECONDS + RESOLVER_TIMEOUT_SECONDS
            sender.tell("REFRESH_DELAY_SECONDS", str(replaced))
        sender.allow("sqs:SendMessage", on=self.queue.queue_arn)
