"""What the function `deliver_webhook` does with a message of a webhook's queue."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING

from lightpress.aws.dead_letters import SqsQueue
from lightpress.aws.secrets import CachedSecrets
from lightpress.aws.session import client, sqs_client
from lightpress.ingest.addresses import AddressPolicy, networks
from lightpress.ingest.connection import Connector
from lightpress.settings.webhooks import WebhookSettings
from lightpress.webhooks.deliver import Deliver, Webhook
from lightpress.webhooks.post import Post

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def deliver() -> Deliver:
    """Build what delivers; once per container."""
    told = settings()
    ports = frozenset(webhook.url.port for webhook in webhooks().values())
    policy = AddressPolicy(networks(told.allowed_networks), ports)
    secrets = CachedSecrets(client("secretsmanager"), time.monotonic)
    return Deliver(Post(Connector(policy), told.timeout_seconds), secrets, time.time)


@cache
def webhooks() -> Mapping[str, Webhook]:
    """The webhooks by the names of their queues; once per container."""
    rows = map(Webhook.from_settings, settings().rows)
    return {webhook.queue_url.rpartition("/")[2]: webhook for webhook in rows}


def hold_back(webhook: Webhook, receipt: str, seconds: int) -> None:
    """Have a message come back after so many seconds."""
    SqsQueue(queues(), webhook.queue_url).hold_back(receipt, seconds)


def set_aside(webhook: Webhook, event: str) -> None:
    """Keep an event whose receiver is gone, until it is replayed."""
    queues().send_message(QueueUrl=webhook.dead_letters_url, MessageBody=event)


queues = cache(sqs_client)
"""The client of SQS; once per container."""


@cache
def settings() -> WebhookSettings:
    """Read the settings; once per container."""
    return WebhookSettings.from_environment(os.environ)
