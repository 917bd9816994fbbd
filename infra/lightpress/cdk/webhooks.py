"""Webhooks: for each receiver a rule on the event bus, a queue, and a dead-letter queue; one function sends for all."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from aws_cdk import aws_events as events

from lightpress.cdk.account_limits import DELIVERIES_AT_ONCE
from lightpress.cdk.component import Component
from lightpress.cdk.existing import send
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.naming import resource
from lightpress.cdk.queues import WorkQueue
from lightpress.delivery.notify import SOURCE
from lightpress.webhooks.deliver import MOST_ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import FunctionCode
    from lightpress.cdk.options.webhooks import WebhookRow

_MEMORY_MB = 256
_BATCH = 10
_TIME_TO_TELL_SECONDS = 20
_RETENTION_DAYS = 14
"""Of both queues: attempts take two days, and SQS counts from the first sending."""


class Webhooks(Component):
    """Sends events to receivers. A receiver that is slow or broken has only its own queue wait.

    Attributes:
        function: The function `deliver_webhook`.
        queues: Of each receiver, in the order of the option.
        dead_letters: Of each receiver, what it did not take.
    """

    def __init__(self, scope: Construct, id_: str, *, code: FunctionCode, config: Config) -> None:
        super().__init__(scope, id_)
        rows = config.webhooks.webhooks
        timeout_seconds = _BATCH * config.webhooks.webhook_timeout_seconds + _TIME_TO_TELL_SECONDS
        names = [_name(row) for row in rows]
        self.dead_letters = [self._dead_letters(name) for name in names]
        self.queues = [
            WorkQueue(
                self,
                f"{name}Queue",
                logical_id=f"{name}Queue",
                retention_days=_RETENTION_DAYS,
                timeout_seconds=timeout_seconds,
                dead_letters=dead_letters,
                max_receive_count=MOST_ATTEMPTS,
            )
            for name, dead_letters in zip(names, self.dead_letters, strict=True)
        ]
        told = [
            {
                "url": row.url,
                "secret_arn": row.secret_arn,
                "queue_url": queue.queue_url,
                "dead_letters_url": dead_letters.queue_url,
            }
            for row, queue, dead_letters in zip(rows, self.queues, self.dead_letters, strict=True)
        ]
        self.function = self._function(told, timeout_seconds, code, config)
        for row, queue, dead_letters in zip(rows, self.queues, self.dead_letters, strict=True):
            self._connect(row, queue, dead_letters, config)
        self.functions = (self.function,)
        self.outputs = {
            "WebhookReceivers": json.dumps([{k: v for k, v in one.items() if k != "secret_arn"} for one in told])
        }

    def _function(
        self, told: Sequence[Mapping[str, str]], timeout_seconds: int, code: FunctionCode, config: Config
    ) -> PythonFunction:
        """The function that delivers. told: of each receiver, what it has to know."""
        settings = {
            "webhooks": told,
            "allowed_networks": list(config.webhooks.webhook_allowed_networks),
            "timeout_seconds": config.webhooks.webhook_timeout_seconds,
        }
        return PythonFunction(
            self,
            "DeliverWebhook",
            handler="deliver_webhook",
            description="Sends what becomes of pictures to webhooks",
            code=code,
            config=config,
            memory_mb=_MEMORY_MB,
            timeout_seconds=timeout_seconds,
            environment={"WEBHOOKS": json.dumps(settings, separators=(",", ":"))},
        )

    def _dead_letters(self, name: str) -> WorkQueue:
        return WorkQueue(
            self,
            f"{name}DeadLetters",
            logical_id=f"{name}DeadLetterQueue",
            retention_days=_RETENTION_DAYS,
            timeout_seconds=5,  # only `lightpress webhooks replay` takes messages from there
        )

    def _connect(self, row: WebhookRow, queue: WorkQueue, dead_letters: WorkQueue, config: Config) -> None:
        """Have a receiver's events come to its queue, and the function take and sign them."""
        rule = rule_of(self, f"{_name(row)}Rule", row.events, config, f"Events for {row.url.partition('?')[0]}"[:512])
        send(rule, to=queue, otherwise=dead_letters)
        self.function.consume(queue, batch_size=_BATCH, max_concurrency=DELIVERIES_AT_ONCE)
        self.function.allow("secretsmanager:GetSecretValue", on=row.secret_arn)
        self.function.allow("sqs:SendMessage", on=dead_letters.queue_arn)
        if row.kms_key:
            self.function.allow("kms:Decrypt", on=row.kms_key)


def rule_of(scope: Construct, id_: str, kinds: Sequence[str], config: Config, description: str) -> events.Rule:
    """A rule without a target for this deployment's events of these kinds."""
    rule = events.Rule(
        scope,
        id_,
        description=description,
        event_bus=events.EventBus.from_event_bus_name(scope, f"{id_}Bus", config.processing.event_bus),
        event_pattern=events.EventPattern(
            source=[SOURCE], detail_type=list(kinds), detail={"deployment": [config.prefix]}
        ),
    )
    # The name of the bus, and not its ARN, as everywhere else.
    resource(rule, events.CfnRule).event_bus_name = config.processing.event_bus
    return rule


def _name(row: WebhookRow) -> str:
    """What the logical IDs of a receiver's resources begin with: another one for another URL, wherever its table is."""
    return f"Webhook{hashlib.sha256(row.url.encode()).hexdigest()[:8]}"
