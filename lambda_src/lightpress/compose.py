"""The one place that chooses: puts the story and its AWS world together, once per container."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from lightpress.aws.dead_letters import SqsDeadLetters
from lightpress.aws.existing import S3Existing
from lightpress.aws.images import S3Images
from lightpress.aws.ledger import S3Ledger
from lightpress.aws.originals import S3Originals
from lightpress.buckets import Compressing, Publishing, attached_from, in_place_from
from lightpress.compress import Compression, CompressWorld, compress
from lightpress.isolation import Bounds, render_isolated, squeeze_isolated
from lightpress.process import Process
from lightpress.recipe import load_recipes
from lightpress.reconcile import Outcome, World, reconcile
from lightpress.settings import InPlaceSettings, Settings
from lightpress.telemetry import CompressionObserver, PowertoolsObserver

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

RECIPES = Path(__file__).parent.parent / "recipes.toml"

# What the parent process needs of the function's memory beside the child that renders.
_PARENT_MB = 300
_SMALLEST_CHILD_MB = 256


@cache
def process_uploads() -> Process[Outcome]:
    """What the `process_upload` function does with a message."""
    settings = Settings.from_environment(os.environ)
    s3 = _s3()
    world = World(
        originals=S3Originals(s3),
        images=S3Images(s3, settings.images_bucket),
        recipes=load_recipes(RECIPES),
        render=partial(render_isolated, bounds=_bounds(settings.memory_mb)),
    )
    return Process(
        buckets=Publishing(settings.uploads_bucket, tuple(map(attached_from, settings.attached))),
        story=partial(reconcile, world=world),
        dead_letters=SqsDeadLetters(boto3.client("sqs"), settings.dead_letter_queue_url),
        observer=PowertoolsObserver(),
    )


@cache
def compress_in_place() -> Process[Compression]:
    """What the `compress_in_place` function does with a message."""
    settings = InPlaceSettings.from_environment(os.environ)
    s3 = _s3()
    tables = Compressing(tuple(map(in_place_from, settings.tables)))
    world = CompressWorld(
        existing=S3Existing(s3, frozenset(table.bucket for table in tables.tables if table.acls)),
        ledger=S3Ledger(s3, settings.images_bucket),
        tables=tables,
        squeeze=partial(squeeze_isolated, bounds=_bounds(settings.memory_mb)),
    )
    return Process(
        buckets=tables,
        story=partial(compress, world=world),
        dead_letters=SqsDeadLetters(boto3.client("sqs"), settings.dead_letter_queue_url),
        observer=CompressionObserver(),
    )


def _s3() -> S3Client:
    return boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 4}))


def _bounds(memory_mb: int) -> Bounds:
    return Bounds(memory_mb=max(_SMALLEST_CHILD_MB, memory_mb - _PARENT_MB))
