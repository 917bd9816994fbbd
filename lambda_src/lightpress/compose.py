"""The one place that chooses: puts the story and its AWS world together, once per container."""

from __future__ import annotations

import gc
import os
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.images import S3Images
from lightpress.aws.notifications import EventBridgeNotifications
from lightpress.aws.originals import S3Originals, is_there
from lightpress.aws.purges import CloudFrontCache, SqsPurges
from lightpress.delivery.notify import Notifier
from lightpress.in_place.buckets import Compressing, in_place_from
from lightpress.in_place.timing import TimedObjects
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.messages import MessageProcessor, no_notification
from lightpress.pipeline.recipe import load_recipes
from lightpress.pipeline.reconcile import Dependencies, Outcome, reconcile
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from lightpress.pipeline.timing import TimedImages, TimedOriginals, Timings
from lightpress.settings import (
    EventSettings,
    FailureSettings,
    FetchSettings,
    InPlaceSettings,
    OrderSettings,
    Settings,
    UploadSettings,
    dead_letter_queue_url,
    distribution_id,
    images_bucket,
    placeholders_for,
)
from lightpress.telemetry import CompressionTelemetry, FetchObserver, ReconcileTelemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.failures.record import RecordFailure
    from lightpress.in_place.compress import CompressionOutcome
    from lightpress.ingest.api import UrlIngestApi
    from lightpress.ingest.batch import FetchBatch
    from lightpress.pipeline.manifest import Manifest
    from lightpress.uploads.api import UploadService

RECIPES = Path(__file__).parent.parent / "recipes.toml"

SERVICES = ("cloudfront", "dynamodb", "events", "s3", "sqs")

# What the parent process needs of the function's memory beside the child that renders.
_PARENT_MB = 300
_SMALLEST_CHILD_MB = 256

# Alone, with nobody waiting behind it, a picture gets more time; CPU is its own fault however slow the machine is.
_WALL_SECONDS_ALONE = 60.0


@cache
def process_uploads() -> MessageProcessor[Outcome]:
    """What the `process_upload` function does with a message."""
    settings = Settings.from_environment(os.environ)
    sqs, stages = _sqs(), Timings()
    return MessageProcessor(
        known=_publishing(settings).known,
        story=partial(reconcile, world=_dependencies(settings, _s3(), sqs, _bounds(settings.memory_mb), stages)),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=ReconcileTelemetry(stages),
        announce=_announce(),
    )


@cache
def record_failures() -> RecordFailure:
    """What the `record_failure` function does with a letter."""
    # Here, because no other function needs them, and each would pay for loading them.
    from lightpress.aws.failures_table import DynamoFailures  # noqa: PLC0415
    from lightpress.aws.quarantine import S3Quarantine  # noqa: PLC0415
    from lightpress.failures.record import FailureRecords, RecordFailure  # noqa: PLC0415

    settings, kept = Settings.from_environment(os.environ), FailureSettings.from_environment(os.environ)
    s3, sqs, stages = _s3(), _sqs(), Timings()
    observer = ReconcileTelemetry(stages)
    bounds = replace(_bounds(settings.memory_mb), wall_seconds=_WALL_SECONDS_ALONE)
    table = DynamoFailures(_client("dynamodb"), kept.failures_table, _now, kept.retention_seconds)
    return RecordFailure(
        known=_publishing(settings).known,
        reconcile=partial(reconcile, world=_dependencies(settings, s3, sqs, bounds, stages)),
        registry=FailureRecords(
            S3Quarantine(s3, kept.quarantine_bucket), table, observer, _now, kept.retention_seconds
        ),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=observer,
        announce=_announce(),
        uploads=settings.uploads_bucket,
    )


@cache
def compress_in_place() -> MessageProcessor[CompressionOutcome]:
    """What the `compress_in_place` function does with a message."""
    # Here, because no other function needs them, and each would pay for loading them.
    from lightpress.aws.ledger import S3Ledger  # noqa: PLC0415
    from lightpress.aws.objects import S3Objects  # noqa: PLC0415
    from lightpress.in_place.compress import CompressDependencies, compress  # noqa: PLC0415
    from lightpress.pipeline.sandbox import compress_in_sandbox  # noqa: PLC0415

    settings = InPlaceSettings.from_environment(os.environ)
    s3, sqs, stages = _s3(), _sqs(), Timings()
    tables = Compressing(tuple(map(in_place_from, settings.tables)))
    world = CompressDependencies(
        existing=TimedObjects(
            S3Objects(s3, acls=frozenset(table.bucket for table in tables.tables if table.acls)), stages
        ),
        ledger=S3Ledger(s3, settings.images_bucket),
        tables=tables,
        compress=stages.timed(partial(compress_in_sandbox, bounds=_bounds(settings.memory_mb), heard=stages.hear)),
    )
    return MessageProcessor(
        known=tables.known,
        story=partial(compress, world=world),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=CompressionTelemetry(stages),
    )


@cache
def fetch_urls() -> FetchBatch:
    """What the `fetch_url` function does with a batch."""
    # Here, because no other function needs them, and each would pay for loading them.
    from lightpress.aws.upload_store import S3UploadStore  # noqa: PLC0415
    from lightpress.ingest.addresses import AddressPolicy, networks  # noqa: PLC0415
    from lightpress.ingest.batch import FetchBatch  # noqa: PLC0415
    from lightpress.ingest.connection import Connector  # noqa: PLC0415
    from lightpress.ingest.download import Download  # noqa: PLC0415
    from lightpress.ingest.fetch import Fetcher  # noqa: PLC0415
    from lightpress.ingest.hosts import Hosts  # noqa: PLC0415

    settings = FetchSettings.from_environment(os.environ)
    options = settings.options
    policy = AddressPolicy(
        networks(tuple(options["allowed_networks"])), frozenset(options["ports"]), plain_http=options["plain_http"]
    )
    download = Download(
        Connector(policy),
        Hosts(options["per_host"], options["per_host_rate"]),
        max_bytes=options["max_bytes"],
        seconds=options["timeout_seconds"],
    )
    sqs = _client("sqs", config=Config(max_pool_connections=options["threads"]))
    return FetchBatch(
        Fetcher(download, S3UploadStore(_s3(at_once=options["threads"]), settings.uploads_bucket)),
        queue=SqsQueue(sqs, settings.queue_url),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        observer=FetchObserver(),
        threads=options["threads"],
        tries=options["tries"],
        first_pause=options["first_pause_seconds"],
        seconds=options["timeout_seconds"],
    )


@cache
def url_ingest_api() -> UrlIngestApi | None:
    """What the `upload_api` function does with URLs; None where none are fetched."""
    from lightpress.aws.failures_table import DynamoFailures  # noqa: PLC0415
    from lightpress.aws.orders import SqsOrders  # noqa: PLC0415
    from lightpress.ingest.api import UrlIngestApi  # noqa: PLC0415

    settings = OrderSettings.from_environment(os.environ)
    if settings is None:
        return None
    return UrlIngestApi(
        SqsOrders(_client("sqs"), settings.url_queue_url),
        DynamoFailures(_client("dynamodb"), settings.failures_table, _now, retention_seconds=0),  # it only reads
        settings.uploads_bucket,
        upload_service().addresses,
    )


@cache
def cdn() -> CloudFrontCache:
    """What the `purge_deleted` function speaks to."""
    return CloudFrontCache(_client("cloudfront"), distribution_id(os.environ))


@cache
def upload_service() -> UploadService:
    """What the `upload_api` function answers with."""
    # Here, because no other function needs them, and each would pay for loading them.
    import secrets  # noqa: PLC0415

    from lightpress.aws.uploads import S3Uploads  # noqa: PLC0415
    from lightpress.uploads.api import UploadService  # noqa: PLC0415
    from lightpress.uploads.requests import ACCEPTED_TYPES, UploadLimits  # noqa: PLC0415

    settings = UploadSettings.from_environment(os.environ)
    # The bucket's own region and today's signatures: what is signed for S3 at large is redirected, and a form is not.
    s3 = _client(
        "s3",
        config=Config(
            signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
        ),
    )
    recipes = load_recipes(RECIPES).recipes.values()
    return UploadService(
        terms=UploadLimits(max(recipe.spec.limits.max_bytes for recipe in recipes), ACCEPTED_TYPES),
        uploads=S3Uploads(s3, settings.uploads_bucket),
        images=S3Images(s3, settings.images_bucket),
        cdn_base_url=settings.cdn_base_url,
        number=partial(secrets.token_urlsafe, 9),
    )


def published_manifest(key: str) -> Manifest | None:
    """What the `resolve` function reads of a key."""
    published = published_images().published(key)
    return published.manifest if published else None


def is_uploaded(key: str) -> bool:
    """Whether the `resolve` function shows a placeholder of a key of which nothing is published yet."""
    bucket = placeholders_for(os.environ)
    if bucket is None or load_recipes(RECIPES).recipe_for(key) is None:
        return False
    return is_there(published_images().s3, bucket, key)


@cache
def published_images() -> S3Images:
    """Where the `resolve` function reads."""
    return S3Images(_s3(), images_bucket(os.environ))


def caller(event: Mapping[str, Any]) -> str:
    """Who makes a request of the upload API, as the authorizer that the stack chose says. Raises Refused if nobody."""
    from lightpress.uploads.requests import caller_of  # noqa: PLC0415

    return caller_of(event, UploadSettings.from_environment(os.environ).auth)


def _dependencies(
    settings: Settings, s3: S3Client, sqs: SQSClient, bounds: SandboxLimits, stages: Timings
) -> Dependencies:
    return Dependencies(
        originals=TimedOriginals(S3Originals(s3), stages),
        images=TimedImages(S3Images(s3, settings.images_bucket), stages),
        recipes=load_recipes(RECIPES),
        render=stages.timed(partial(render_in_sandbox, bounds=bounds, heard=stages.hear)),
        purges=SqsPurges(sqs, settings.purge_queue_url, settings.purge_delay_seconds)
        if settings.purge_queue_url
        else None,
    )


def _announce() -> Callable[..., None]:
    settings = EventSettings.from_environment(os.environ)
    if settings is None:
        return no_notification
    client = cache(partial(_client, "events"))  # once there is something to tell
    return Notifier(EventBridgeNotifications(client, settings.bus, settings.deployment, settings.cdn_base_url))


def _publishing(settings: Settings) -> Publishing:
    return Publishing(settings.uploads_bucket, tuple(map(attached_from, settings.attached)))


def _bounds(memory_mb: int) -> SandboxLimits:
    return SandboxLimits(memory_mb=max(_SMALLEST_CHILD_MB, memory_mb - _PARENT_MB))


@cache
def session() -> Session:
    """What boto3 makes its clients with: its own layers above would be a tenth of a cold start."""
    made = Session()
    made.register_component("data_loader", _Models())
    return made


class _Models(Loader):
    """Knows which services there are. To find S3, botocore looks into the folders of all four hundred."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002  all have models of every type
        return list(SERVICES)


def _client(service: str, config: Config | None = None) -> Any:  # noqa: ANN401  its type is where it is used
    try:
        return session().create_client(service, config=config)
    finally:
        _end_cold_start()


def _end_cold_start() -> None:
    """Have cycles looked for again, which `handlers` had switched off, and only among what comes from now on.

    What is there by now stays for good: to look through all of it once took a tenth of the cold start.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def _s3(*, at_once: int = 10) -> S3Client:
    retries: Any = {"mode": "standard", "max_attempts": 4}
    client: S3Client = _client("s3", config=Config(retries=retries, max_pool_connections=at_once))
    return client


def _sqs() -> SQSClient:
    client: SQSClient = _WhenNeeded("sqs")  # type: ignore[assignment]
    return client


class _WhenNeeded:
    """A client that is made by its first call. Most pictures need none of SQS, and each cold start would pay for it."""

    def __init__(self, service: str) -> None:
        self._made = cache(partial(_client, service))

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401  whatever the client has
        return getattr(self._made(), operation)


def _now() -> int:
    return int(time.time())
