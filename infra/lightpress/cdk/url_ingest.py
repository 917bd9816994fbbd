"""URL ingest: a queue of URLs, and the function that fetches them into the uploads bucket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lightpress.cdk.account_limits import URLS_AT_ONCE, fetch_memory_mb
from lightpress.cdk.component import Component
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.queues import WorkQueue
from lightpress.units import MB

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core

# Turns at one slow host, after one another, that fit into an invocation.
_TURNS = 3
_TIME_TO_TELL_SECONDS = 15
# What ends the function itself, or finds it throttled, is not the URL's fault: those tries come on top, and with the
# first of them the URL is fetched alone (`lightpress.ingest.batch`).
_MORE_RECEIVES = 10


class UrlIngest(Component):
    """Fetches the URLs of its queue. What cannot be fetched becomes a dead letter, like every other failure.

    The function is in no network of yours (no VPC), and may do nothing but look at and write originals.

    Attributes:
        queue: The URL queue.
        function: The function `fetch_url`.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core) -> None:
        super().__init__(scope, id_)
        config = core.config
        self.queue = WorkQueue(
            self,
            "Queue",
            logical_id="UrlQueue",
            retention_days=config.processing.queue_retention_days,
            timeout_seconds=_timeout_seconds(config),
            dead_letters=core.processing.dead_letters,
            max_receive_count=config.ingest.fetch_tries + _MORE_RECEIVES,
        )
        self.function = self._function(core)
        self.function.consume(self.queue, batch_size=URLS_AT_ONCE, max_concurrency=config.ingest.fetch_max_concurrency)
        self.functions = (self.function,)
        self.work_queues = (self.queue,)
        self.outputs = {"UrlQueueUrl": self.queue.queue_url}

    def _function(self, core: Core) -> PythonFunction:
        uploads, dead_letters, config = core.originals, core.processing.dead_letters, core.config
        function = PythonFunction(
            self,
            "FetchUrl",
            handler="fetch_url",
            description="Fetches originals by URL into the uploads bucket",
            code=core.code,
            config=config,
            memory_mb=fetch_memory_mb(config),
            timeout_seconds=_timeout_seconds(config),
            environment={
                "UPLOADS_BUCKET": uploads.bucket_name,
                "QUEUE_URL": self.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": dead_letters.queue_url,
                "FETCH": json.dumps(_settings(config)),
            },
        )
        function.allow("sqs:SendMessage", on=dead_letters.queue_arn)
        function.allow("s3:GetObject", "s3:PutObject", on=uploads.arn_for_objects("*"))
        # Without this, S3 would answer 403 for a key that does not exist yet.
        function.allow("s3:ListBucket", on=uploads.bucket_arn)
        function.accept_any_key(uploads, "*")
        return function


def _timeout_seconds(config: Config) -> int:
    return _TURNS * config.ingest.fetch_timeout_seconds + _TIME_TO_TELL_SECONDS


def _settings(config: Config) -> dict[str, object]:
    """The options as `composition.fetch_url` reads them."""
    return {
        "threads": URLS_AT_ONCE,
        "max_bytes": config.ingest.fetch_max_mb * MB,
        "timeout_seconds": config.ingest.fetch_timeout_seconds,
        "tries": config.ingest.fetch_tries,
        "first_pause_seconds": config.ingest.fetch_first_pause_seconds,
        "per_host": config.ingest.fetch_per_host,
        "per_host_rate": config.ingest.fetch_per_host_rate,
        "ports": list(config.ingest.fetch_ports),
        "plain_http": config.ingest.fetch_plain_http,
        "allowed_networks": list(config.ingest.fetch_allowed_networks),
    }
