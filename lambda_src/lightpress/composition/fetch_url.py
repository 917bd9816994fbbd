"""What the function `fetch_url` does with a batch of orders."""

from __future__ import annotations

import os
from functools import cache

from botocore.config import Config

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.session import WAITING, client, s3_client
from lightpress.aws.upload_store import S3UploadStore
from lightpress.composition.quota import daily_quota
from lightpress.ingest.alone import DownloadAlone
from lightpress.ingest.batch import FetchBatch
from lightpress.ingest.counted import CountedBytes
from lightpress.ingest.download import Download
from lightpress.ingest.fetch import Fetcher
from lightpress.settings.environment import dead_letter_queue_url
from lightpress.settings.fetching import FetchSettings
from lightpress.telemetry import FetchObserver


@cache
def batch() -> FetchBatch:
    """Build the batch that fetches its URLs at the same time; once per container."""
    settings = FetchSettings.from_environment(os.environ)
    options = settings.options
    sqs = client("sqs", config=Config(max_pool_connections=options["threads"]))
    store = S3UploadStore(s3_client(max_connections=options["threads"]), settings.uploads_bucket)
    download = Download.by(options)
    return FetchBatch(
        _fetcher(download, store),
        fetch_alone=_fetcher(DownloadAlone(options, download.hosts), store),
        queue=SqsQueue(sqs, settings.queue_url),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        observer=FetchObserver(),
        threads=options["threads"],
        tries=options["tries"],
        first_pause=options["first_pause_seconds"],
        seconds=options["timeout_seconds"],
    )


def _fetcher(download: Download | DownloadAlone, store: S3UploadStore) -> Fetcher:
    quota = daily_quota(WAITING)
    return Fetcher(download, store, CountedBytes(quota)) if quota else Fetcher(download, store)
