"""Backfills on the state machine of the strict local cloud: stopped, capped, resumed, with functions killed meanwhile.

`LIGHTPRESS_BACKFILL=20000` takes as many originals. Of so many, all but every fortieth have their manifest before: a
run has to look at them, and this machine need not draw them.
"""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lightpress.aws.images import S3Images
from lightpress.backfill.plan import plan
from lightpress.backfill.run import FINISHED, MAX_OBJECTS, STOPPED, Job
from lightpress.cli.distributed import Caps, Distributed
from lightpress.cli.failures import FailureStore, Filters
from lightpress.cli.plan import manifest_paths, read_manifests
from lightpress.cli.project import RECIPES
from lightpress.cli.tasks import found_of, plan_of, planned_of, retry_of, sweep_of
from lightpress.local.emulator import WORKER_PREFIX
from lightpress.local.home import Home
from lightpress.local.processes import commands
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.paths import MANIFESTS, VARIANTS, variants_folder
from lightpress.pipeline.recipe_file import load_recipes
from tests.e2e.test_pipeline import eventually, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from lightpress.backfill.results import Report
    from lightpress.backfill.run import Run
    from lightpress.backfill.sweep import Found
    from lightpress.cli.distributed import Progress
    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs

ORIGINALS = int(os.environ.get("LIGHTPRESS_BACKFILL", "12"))
SHARD = max(2, ORIGINALS // 20)
PREFIX = "backfill/"
KEYS = [f"{PREFIX}{number:06}.png" for number in range(ORIGINALS)]
LOST = KEYS if ORIGINALS <= 100 else KEYS[::40]
CAP = len(LOST) * 2 // 3
LONGEST_STEP = 1_000
AT_ONCE = 8
PATIENCE = 120.0 + ORIGINALS / 10

ONE_SIZE = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
sizes = { w8 = { width = 8 } }
"""

pytestmark = pytest.mark.emulator("functions are killed, and uploads are not announced")


@pytest.fixture
def unheard(s3: S3Client, cloud: Outputs) -> Iterator[None]:
    """Originals of which S3 tells nobody: every event is lost. Those that are not `LOST` have their manifest."""
    recipes, images = load_recipes(RECIPES), S3Images(s3, cloud.images_bucket)
    lost, data = set(LOST), picture(7, (16, 16))

    def put(key: str) -> None:
        identity = s3.put_object(Bucket=cloud.uploads_bucket, Key=key, Body=data)["VersionId"]
        recipe = recipes.recipe_for(key)
        if key not in lost and recipe is not None:
            source = PublishedSource(identity, len(data))
            images.publish(Manifest(key, Status.READY, 1, source=source, digest=recipe.digest), None)

    announced = s3.get_bucket_notification_configuration(Bucket=cloud.uploads_bucket)
    s3.put_bucket_notification_configuration(Bucket=cloud.uploads_bucket, NotificationConfiguration={})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(put, KEYS))
    s3.put_bucket_notification_configuration(
        Bucket=cloud.uploads_bucket,
        NotificationConfiguration={"QueueConfigurations": announced["QueueConfigurations"]},
    )
    yield
    if len(LOST) < ORIGINALS:
        return  # a cloud of so many is not used again
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda key: s3.delete_object(Bucket=cloud.uploads_bucket, Key=key), KEYS))


@dataclass
class Killer:
    """Kills whoever works for the state machine while shards are looked at, so many times."""

    home: Path
    times: int
    killed: int = 0

    def watch(self, now: Progress) -> None:
        """See how far a run is; kill whoever works on it."""
        if now.over or not now.shards or now.done == now.shards:
            return
        mine = f"{Home(self.home.resolve()).scratch}/{WORKER_PREFIX}"
        for pid, command in commands():
            if self.killed < self.times and mine in command and "-Backfill" in command:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1


def another_operator(deployment: Deployment) -> Distributed:
    """Who has nothing but the deployment and the name of the run."""
    return Distributed(deployment, time.time, time.sleep)


def published(deployment: Deployment) -> int:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(manifest is not None for manifest in pool.map(deployment.manifest, LOST))


@pytest.mark.usefixtures("unheard")
def test_a_run_that_is_stopped_capped_resumed_and_killed_publishes_every_original_and_keeps_its_cap_to_the_object(
    deployment: Deployment, cloud: Outputs, home: Path
) -> None:
    name = f"run-{ORIGINALS}"
    job = Job((Selection(cloud.uploads_bucket, PREFIX),), nanos_sent=95_000, nanos_read=400, originals_of_a_shard=SHARD)

    first = another_operator(deployment)
    # Each child sends a chunk, and then all wait for seconds: time to stop them.
    first.start(name, job, Caps(rate=0.5))
    eventually(lambda: first.progress(name).run.sent, PATIENCE)
    another_operator(deployment).stop(name)
    report = first.follow(name, _silently, 0.2)
    assert report.ended == STOPPED
    stopped_at = first.progress(name).run.sent
    assert stopped_at < CAP

    second = another_operator(deployment)
    second.start(name, job, Caps(rate=1_000, max_objects=CAP))
    report = second.follow(name, _silently, 0.2)
    assert report.ended == MAX_OBJECTS
    run = second.progress(name).run
    assert (run.sent, run.objects_left) == (CAP, 0)
    assert published(deployment) <= CAP
    assert report.unfinished

    killer = Killer(home, times=2)
    third = another_operator(deployment)
    # At this rate, children are at work for some ten seconds: time to kill two of them, on a busy machine, too.
    third.start(name, job, Caps(rate=max(1, len(LOST) // 10)))
    report = third.follow(name, killer.watch, 0.05)
    run = third.progress(name).run
    assert killer.killed == 2
    assert report.ended == FINISHED
    assert (report.left, report.unfinished) == ((), ())
    assert published(deployment) == len(LOST)
    assert len(LOST) <= run.sent <= len(LOST) + killer.killed * min(LONGEST_STEP, SHARD)
    assert report.passes[0].looked == ORIGINALS
    assert report.passes[-1].sent == 0
    assert run.attempts == 3


def _silently(_: Progress) -> None:
    """Show nothing."""


def swept(deployment: Deployment, *, remove: bool) -> Found:
    """What a sweep on the state machine finds."""
    task = sweep_of(deployment, remove=remove)
    task.machine.start(task.name, task.job, Caps())
    report = task.machine.follow(task.name, _silently, 0.2)
    assert report.ended == FINISHED
    return found_of(report)


def test_a_sweep_on_the_state_machine_removes_what_nobody_names_and_leaves_what_is_published(
    deployment: Deployment, s3: S3Client, cloud: Outputs
) -> None:
    key = "swept.png"
    s3.put_object(Bucket=cloud.uploads_bucket, Key=key, Body=picture(9, (16, 16)))
    eventually(lambda: deployment.manifest(key), 60)
    before = set(S3Images(s3, cloud.images_bucket).paths(VARIANTS))
    dead = f"{variants_folder(key)}0-dead/w.webp"
    s3.put_object(Bucket=cloud.images_bucket, Key=dead, Body=b"dead")
    assert swept(deployment, remove=False).files["dead"] >= 1
    assert dead in set(S3Images(s3, cloud.images_bucket).paths(VARIANTS))
    found = swept(deployment, remove=True)
    assert found.removed >= 1
    assert found.manifests >= 1
    after = set(S3Images(s3, cloud.images_bucket).paths(VARIANTS))
    assert dead not in after
    manifest = deployment.manifest(key)
    assert manifest is not None
    assert {variant.path for variant in manifest.variants} <= before & after


def test_a_plan_on_the_state_machine_says_of_every_manifest_what_other_recipes_would_make_of_it(
    deployment: Deployment, s3: S3Client, cloud: Outputs, tmp_path: Path
) -> None:
    s3.put_object(Bucket=cloud.uploads_bucket, Key="planned.png", Body=picture(9, (16, 16)))
    eventually(lambda: deployment.manifest("planned.png"), 60)
    recipes = tmp_path / "recipes.toml"
    recipes.write_text(ONE_SIZE, encoding="utf-8")
    task = plan_of(deployment, recipes, load_recipes(recipes))
    task.write_files()
    task.machine.start(task.name, task.job, Caps())
    found = planned_of(task.machine.follow(task.name, _silently, 0.2))
    everything = list(read_manifests(deployment, manifest_paths(deployment)))
    assert found.tables() == plan(everything, load_recipes(recipes)).tables()
    assert found.pictures["stale"] >= 1


def test_failures_are_sent_again_by_the_state_machine_and_those_that_fail_again_are_named(
    deployment: Deployment, s3: S3Client, cloud: Outputs
) -> None:
    bad = [f"retried/{number}.png" for number in range(3)]
    for key in bad:
        s3.put_object(Bucket=cloud.uploads_bucket, Key=key, Body=b"no picture")
    store = FailureStore.of(deployment)
    eventually(lambda: len(store.failures(Filters(prefix="retried/"))) == len(bad), 120)
    first = max(row.last_at for row in store.failures(Filters(prefix="retried/")))
    eventually(lambda: time.time() > first + 1, 10)
    task = retry_of(deployment, store.table, Filters(prefix="retried/"), time.time())
    task.machine.start(task.name, task.job, Caps())
    report = task.machine.follow(task.name, _silently, 0.2)
    assert report.ended == FINISHED
    assert report.passes[0].stale == {"failed": len(bad)}
    assert report.passes[-1].endings == {"failed again": len(bad)}
    assert sorted(key for _, key, _ in report.left) == bad


def scheduled(deployment: Deployment, schedule: str) -> tuple[Run, Report]:
    """A run that is started as its schedule starts it, once it has ended."""
    states, name = deployment.states(), f"{schedule}-{time.time_ns()}"
    arn = states.start_execution(
        stateMachineArn=deployment.backfill_machine, name=name, input=json.dumps({schedule: True})
    )["executionArn"]
    eventually(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", 120)
    assert states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
    operator = another_operator(deployment)
    run = operator.find(name)
    assert run is not None
    return run, operator.report(run)


def test_a_night_looks_at_what_it_may_and_leaves_alone_what_was_uploaded_within_the_hour(
    deployment: Deployment, s3: S3Client, cloud: Outputs
) -> None:
    """Started as the schedule starts it. That it finds what is lost is tested where time can pass (tests/handlers)."""
    s3.put_object(Bucket=cloud.uploads_bucket, Key="fresh.png", Body=picture(8, (16, 16)))
    run, report = scheduled(deployment, "nightly")
    assert (report.ended, run.sent, report.passes[0].looked) == (FINISHED, 0, 0)


def test_a_week_removes_what_is_left_over_of_one_picture_and_leaves_what_was_replaced_just_now(
    deployment: Deployment, s3: S3Client, cloud: Outputs
) -> None:
    """Started as the schedule starts it. That it takes what was replaced long ago is tested where time can pass."""
    key, once = "weekly.png", "once.png"
    s3.put_object(Bucket=cloud.uploads_bucket, Key=once, Body=picture(8, (16, 16)))
    eventually(lambda: deployment.manifest(once), 60)
    s3.put_object(Bucket=cloud.uploads_bucket, Key=key, Body=picture(9, (16, 16)))
    first = eventually(lambda: deployment.manifest(key), 60)
    s3.put_object(Bucket=cloud.uploads_bucket, Key=key, Body=picture(10, (16, 16)))
    eventually(lambda: deployment.manifest(key) != first, 60)
    dead = f"{variants_folder(key)}0-dead/w.webp"
    s3.put_object(Bucket=cloud.images_bucket, Key=dead, Body=b"dead")
    before, images = deployment.manifest(key), S3Images(s3, cloud.images_bucket)
    assert before is not None
    assert before.previous
    kept = set(images.paths(variants_folder(key))) - {dead}
    _, report = scheduled(deployment, "weekly")
    assert report.ended == FINISHED
    assert set(images.paths(variants_folder(key))) == kept
    assert deployment.manifest(key) == before
    assert report.passes[0].looked < len(list(images.paths(MANIFESTS))), "it reads few manifests"
