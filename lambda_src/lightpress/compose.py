"""The one place that chooses: puts the story and its AWS world together, once per container."""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path

import boto3
from botocore.config import Config

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.isolation import Bounds, render_isolated
from lightpress.process import Process
from lightpress.recipe import load_recipes
from lightpress.reconcile import World, reconcile
from lightpress.settings import Settings
from lightpress.telemetry import PowertoolsObserver

RECIPES = Path(__file__).parent.parent / "recipes.toml"

# What the parent process needs of the function's memory beside the child that renders.
_PARENT_MB = 300
_SMALLEST_CHILD_MB = 256


@cache
def process_uploads() -> Process:
    """What the `process_upload` function does with a message."""
    settings = Settings.from_environment(os.environ)
    s3 = boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 4}))
    bounds = Bounds(memory_mb=max(_SMALLEST_CHILD_MB, settings.memory_mb - _PARENT_MB))
    world = World(
        originals=S3Originals(s3),
        images=S3Images(s3, settings.images_bucket),
        recipes=load_recipes(RECIPES),
        render=partial(render_isolated, bounds=bounds),
    )
    sqs = boto3.client("sqs")
    return Process(
        uploads_bucket=settings.uploads_bucket,
        reconcile=partial(reconcile, world=world),
        dead_letters=SqsDeadLetters(sqs, settings.dead_letter_queue_url),
        queue=SqsQueue(sqs, settings.queue_url),
        observer=PowertoolsObserver(),
    )
