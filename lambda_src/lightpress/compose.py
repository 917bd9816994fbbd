"""The one place that chooses: puts the story and its AWS world together, once per container."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.purges import CloudFrontCache, SqsPurges
from lightpress.isolation import Bounds, render_isolated
from lightpress.process import Process
from lightpress.recipe import load_recipes
from lightpress.reconcile import World, reconcile
from lightpress.settings import FailureSettings, Settings, dead_letter_queue_url, distribution_id
from lightpress.telemetry import PowertoolsObserver

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.record_failure import RecordFailure

RECIPES = Path(__file__).parent.parent / "recipes.toml"

# What the parent process needs of the function's memory beside the child that renders.
_PARENT_MB = 300
_SMALLEST_CHILD_MB = 256

# Alone, with nobody waiting behind it, a picture gets more time; CPU is its own fault however slow the machine is.
_WALL_SECONDS_ALONE = 60.0


@cache
def process_uploads() -> Process:
    """What the `process_upload` function does with a message."""
    settings = Settings.from_environment(os.environ)
    sqs = boto3.client("sqs")
    return Process(
        uploads_bucket=settings.uploads_bucket,
        reconcile=partial(reconcile, world=_world(settings, _s3(), sqs, _bounds(settings))),
        dead_letters=SqsDeadLetters(sqs, dead_letter_queue_url(os.environ)),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=PowertoolsObserver(),
    )


@cache
def record_failures() -> RecordFailure:
    """What the `record_failure` function does with a letter."""
    # Here, because no other function needs them, and each would pay for loading them.
    from lightpress.aws.failures import DynamoFailures  # noqa: PLC0415
    from lightpress.aws.quarantine import S3Quarantine  # noqa: PLC0415
    from lightpress.record_failure import RecordFailure, Registry  # noqa: PLC0415

    settings, kept = Settings.from_environment(os.environ), FailureSettings.from_environment(os.environ)
    s3, sqs, observer = _s3(), boto3.client("sqs"), PowertoolsObserver()
    bounds = replace(_bounds(settings), wall_seconds=_WALL_SECONDS_ALONE)
    table = DynamoFailures(boto3.client("dynamodb"), kept.failures_table, _now, kept.retention_seconds)
    return RecordFailure(
        uploads_bucket=settings.uploads_bucket,
        reconcile=partial(reconcile, world=_world(settings, s3, sqs, bounds)),
        registry=Registry(S3Quarantine(s3, kept.quarantine_bucket), table, observer, _now, kept.retention_seconds),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=observer,
    )


@cache
def cdn() -> CloudFrontCache:
    """What the `purge_deleted` function speaks to."""
    return CloudFrontCache(boto3.client("cloudfront"), distribution_id(os.environ))


def _world(settings: Settings, s3: S3Client, sqs: SQSClient, bounds: Bounds) -> World:
    return World(
        originals=S3Originals(s3),
        images=S3Images(s3, settings.images_bucket),
        recipes=load_recipes(RECIPES),
        render=partial(render_isolated, bounds=bounds),
        purges=SqsPurges(sqs, settings.purge_queue_url, settings.purge_delay_seconds)
        if settings.purge_queue_url
        else None,
    )


def _bounds(settings: Settings) -> Bounds:
    return Bounds(memory_mb=max(_SMALLEST_CHILD_MB, settings.memory_mb - _PARENT_MB))


def _s3() -> S3Client:
    return boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 4}))


def _now() -> int:
    return int(time.time())
