"""What the function `backfill` works with: the tasks of the state machine over AWS."""

from __future__ import annotations

import os
import time
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.aws.failures_table import DynamoFailures
from lightpress.aws.hints import SqsHints
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.run_files import S3Files, S3Lister
from lightpress.aws.runs_table import DynamoRuns
from lightpress.aws.session import client, s3_client, sqs_client
from lightpress.backfill.at_once import THREADS, on_threads
from lightpress.backfill.child import Child
from lightpress.backfill.look import Looking
from lightpress.backfill.machine import Machine
from lightpress.backfill.nightly import nightly_run
from lightpress.backfill.planning import OtherRecipesError, Planning
from lightpress.backfill.run import PLAN, RETRY, SWEEP
from lightpress.backfill.spending import Purse
from lightpress.backfill.sweep import Sweeper
from lightpress.backfill.sweeping import Sweeping
from lightpress.backfill.weekly import weekly_run
from lightpress.composition.publishing import RECIPES, facts_in, reviews_in
from lightpress.failures.retrying import Retrying
from lightpress.pipeline.buckets import Publishing, attached_from
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.settings.backfill import BackfillSettings
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.backfill.child import Work
    from lightpress.backfill.run import Job, Run
    from lightpress.pipeline.recipe import RecipeBook


@cache
def machine() -> Machine:
    """Build the tasks; once per container."""
    return machine_at(time.time)


def machine_at(clock: Callable[[], float]) -> Machine:
    """Build the tasks. clock: seconds since 1970."""
    settings = BackfillSettings.from_environment(os.environ)
    s3 = s3_client(max_connections=THREADS)
    publishing = Publishing(settings.uploads_bucket, tuple(map(attached_from, settings.attached)))
    hints, lister = SqsHints(sqs_client(), settings.hints_queue_url, settings.dead_letters_url), S3Lister(s3)
    runs = DynamoRuns(client("dynamodb"), settings.runs_table)
    recipes = load_recipes(RECIPES)
    images, originals = S3Images(s3, settings.images_bucket), S3Originals(s3)
    reviews, facts = reviews_in(settings.images_bucket, s3, recipes), facts_in(settings.images_bucket, s3, recipes)
    looking = Looking(images, originals, recipes, reviews, facts)
    at_once = on_threads()
    sweeper = Sweeper(images, originals, publishing.named, None, clock, settings.previous_days, at_once)
    purse, files = Purse(runs, clock), S3Files(s3, settings.images_bucket)
    rows = DynamoFailures(client("dynamodb"), settings.failures_table, lambda: int(clock()), 0)
    book_of = partial(_book_of, files)
    others: dict[str, Work] = {
        SWEEP: Sweeping(lister, settings.images_bucket, sweeper, hints, purse),
        RETRY: Retrying(rows, images.published, publishing.find_source, hints, purse, at_once),
        PLAN: Planning(lister, settings.images_bucket, images.published_at, book_of, purse, at_once),
    }
    child = Child(lister, looking, publishing.find_source, hints, runs, clock, others, at_once)

    scheduled: dict[str, Callable[[str], Run]] = {
        "nightly": lambda name: nightly_run(
            name, publishing, clock(), settings.retention_days, at_any_age=reviews is not None or facts is not None
        ),
        "weekly": lambda name: weekly_run(name, settings.images_bucket, clock(), settings.previous_days),
    }

    def check(run: Run) -> None:
        if run.job.task == PLAN:
            book_of(run.job)

    return Machine(runs, files, lister, hints, child, scheduled, check)


@lru_cache(1)
def _book_of(files: S3Files, job: Job) -> RecipeBook:
    """The recipes of a plan, from the files of its run; the files that they name are those of this release.

    Raises OtherRecipesError where these are not those of the operator.
    """
    from tempfile import NamedTemporaryFile  # noqa: PLC0415  few runs are plans

    text = files.get(job.recipes)
    with NamedTemporaryFile(prefix="recipes-", suffix=".toml") as file:
        file.write(text or b"")
        file.flush()
        try:
            book = load_recipes(Path(file.name), RECIPES.parent)
        except ConfigError as error:
            raise OtherRecipesError(
                f"The recipes of this plan cannot be read by the deployed release: {error}"
            ) from error
    if book.digest != job.digest:
        raise OtherRecipesError(
            "The recipes of this plan name files, or steps, that the deployed release has not, or has otherwise: "
            "plan with --engine loop."
        )
    return book
