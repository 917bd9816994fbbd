"""The tasks of the state machine over moto, in the order in which it asks for them: what each does, by which calls.

Its definition is interpreted by the local cloud, in tests/e2e.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.run_files import S3Files
from lightpress.aws.runs_table import PROGRESS, DynamoRuns
from lightpress.backfill.plan import plan, plan_in
from lightpress.backfill.results import Folder, Pass, Report
from lightpress.backfill.run import FINISHED, MAX_OBJECTS, PLAN, RETRY, STOPPED, SWEEP, Job, Run
from lightpress.backfill.shards import shards_in
from lightpress.composition.backfill import machine_at
from lightpress.handlers.backfill import handler
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.events import read, reconcile_message
from lightpress.pipeline.paths import manifest_path, variants_folder
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.source import Source
from tests.handlers.conftest import (
    DEAD_LETTERS,
    FAILURES,
    HINTS,
    IMAGES,
    RUNS,
    UPLOADS,
    Context,
    Deployed,
    notification,
)
from tests.handlers.recorder import Call, recorded
from tests.handlers.test_recorded_calls import (
    IS_THE_BUCKET_THERE,
    LOOK,
    PICTURE,
    READ,
    READ_MANIFEST,
    WHICH_VERSION,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIND, TAKE = Call("dynamodb", "GetItem", RUNS), Call("dynamodb", "UpdateItem", RUNS)
READ_FILE, WRITE_FILE = Call("s3", "GetObject", IMAGES, "b/"), Call("s3", "PutObject", IMAGES, "b/")
LIST_ORIGINALS = Call("s3", "ListObjectsV2", UPLOADS, "*")
SCAN = Call("dynamodb", "Scan", FAILURES)
HINT, COUNT = Call("sqs", "SendMessageBatch", HINTS), Call("sqs", "GetQueueAttributes", HINTS)
COUNT_REJECTED = Call("sqs", "GetQueueAttributes", DEAD_LETTERS)
SWEPT = {
    *(Call("s3", "ListObjectsV2", IMAGES, prefix) for prefix in ("m/", "i/")),
    *(Call("s3", "PutObject", IMAGES, "m/"), Call("s3", "DeleteObjects", IMAGES, "i/")),
}
BACKFILL = {
    *(FIND, TAKE, READ_FILE, WRITE_FILE, LIST_ORIGINALS, WHICH_VERSION, HINT, COUNT, COUNT_REJECTED),
    # A look at an original is that of `process_upload`.
    *(READ_MANIFEST, LOOK, IS_THE_BUCKET_THERE, READ),
    *SWEPT,
    SCAN,
}
OTHER_RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
sizes = { w640 = { width = 640 } }
"""
JOB = Job((Selection(UPLOADS),), originals_of_a_shard=2)


@pytest.fixture
def calls(deployed: Deployed) -> Iterator[set[Call]]:  # noqa: ARG001  its clients are made before, and are not heard
    with recorded() as heard:
        yield heard


@pytest.fixture
def runs(deployed: Deployed) -> DynamoRuns:
    return DynamoRuns(deployed.dynamodb, RUNS)


def task(name: str, state: dict[str, Any], execution: str = "e") -> dict[str, Any]:
    context: Any = Context()
    return handler({"task": name, "state": state, "execution": execution}, context)


def rows(deployed: Deployed, planned: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a part as the state machine's reader has them."""
    data = deployed.s3.get_object(Bucket=IMAGES, Key=planned["csv"])["Body"].read().decode()
    header, *lines = data.splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def looked_at(deployed: Deployed, name: str) -> None:
    """One pass as the machine would do it, one child after another."""
    state = task("begin", {"run": name})
    while not (state := task("plan", state))["last"]:
        pass
    for row in rows(deployed, state):
        answer = {"waits": 0}
        while not (answer := task("step", {"run": name, "row": row, "waits": answer["waits"]}))["done"]:
            pass


def week(deployed: Deployed, name: str, days: int) -> None:
    """A scheduled sweep so many days from now."""
    later = machine_at(lambda: time.time() + days * 24 * 60 * 60)
    begun = later.begin({"weekly": True}, name)
    for row in rows(deployed, later.plan(begun, lambda: True)):
        assert later.step({"run": name, "row": row, "waits": 0})["done"]


def night(deployed: Deployed, name: str) -> dict[str, Any]:
    """A scheduled look two hours from now, when what was uploaded just now is an hour old; returns how it began."""
    later = machine_at(lambda: time.time() + 7_200)
    begun = later.begin({"nightly": True}, name)
    for row in rows(deployed, later.plan(begun, lambda: True)):
        assert later.step({"run": name, "row": row, "waits": 0})["done"]
    return begun


def hinted(deployed: Deployed, *, retry: bool = False) -> list[str]:
    """The keys that are hinted at. retry: whether those that failed are to be tried again."""
    found: list[str] = []
    while bodies := deployed.hints():
        readings = [read(body) for body in bodies]
        assert all(one.retries == (set(one.sources) if retry else set()) for one in readings)
        found += [source.key for one in readings for source in one.sources]
    return sorted(found)


def report_of(deployed: Deployed, run: Run) -> Report:
    return Folder(S3Files(deployed.s3, IMAGES), run).report()


def test_a_run_from_its_plan_to_its_end(calls: set[Call], deployed: Deployed, runs: DynamoRuns) -> None:
    keys = ["a,b.jpg", "c d.jpg", "e\n.jpg", "\u00fc.jpg", "z.jpg"]
    for key in keys:
        deployed.upload(key, PICTURE)
    runs.begin(Run("r", JOB, paced=time.time()))
    calls.clear()

    state = task("begin", {"run": "r"})
    assert (state, calls) == ({"run": "r", "part": 0}, {FIND})
    calls.clear()
    state = task("plan", state)
    assert (state["shards"], state["last"], state["part"]) == (3, True, 1)
    assert calls == {FIND, READ_FILE, LIST_ORIGINALS, WRITE_FILE}
    assert task("plan", {"run": "r", "part": 0}) == state, "a part is cut once"
    calls.clear()
    for row in rows(deployed, state):
        assert task("step", {"run": "r", "row": row, "waits": 0}) == {"done": True, "wait": 0, "waits": 0}
    assert calls == {FIND, READ_FILE, COUNT, LIST_ORIGINALS, TAKE, READ_MANIFEST, HINT, WRITE_FILE}
    assert hinted(deployed) == sorted(keys)
    calls.clear()
    settled = task("settle", state)
    assert (settled["ended"], settled["pass"]) == ("", 1)
    assert calls == {FIND, READ_FILE, WRITE_FILE}
    calls.clear()
    waiting = task("drain", settled)
    assert (waiting["wait"], calls) == (60, {FIND}), "SQS counts late"
    state = task("drain", waiting)
    assert (state["wait"], calls) == (0, {FIND, COUNT, COUNT_REJECTED, TAKE})
    assert task("drain", waiting) == state, "and again if its answer is lost"

    deployed.invoke(*(notification(key) for key in keys))
    looked_at(deployed, "r")
    assert task("settle", {"run": "r"})["ended"] == FINISHED
    run = runs.find("r")
    assert run is not None
    assert (run.number, run.sent, run.ended) == (2, 5, FINISHED)
    assert report_of(deployed, run) == Report(
        "r",
        ended=FINISHED,
        passes=(
            Pass(1, shards=3, looked=5, sent=5, reads=5, stale={"missing": 5}),
            Pass(2, shards=3, looked=5, reads=10, endings={"ready": 5}),
        ),
    )


def test_the_nightly_look_finds_what_was_uploaded_changed_or_deleted_and_leaves_the_rest_alone(
    calls: set[Call], deployed: Deployed, runs: DynamoRuns
) -> None:
    for key in ("fine.jpg", "lost.jpg", "changed.jpg", "deleted.jpg"):
        deployed.upload(key, PICTURE)
    deployed.invoke(*(notification(key) for key in ("fine.jpg", "changed.jpg", "deleted.jpg")))
    deployed.upload("changed.jpg", PICTURE)
    deployed.s3.delete_object(Bucket=UPLOADS, Key="deleted.jpg")
    calls.clear()
    state = night(deployed, "night-1")
    assert state["run"] == "night-1"
    assert WHICH_VERSION in calls
    assert LIST_ORIGINALS not in calls
    assert calls <= BACKFILL
    assert hinted(deployed) == ["changed.jpg", "deleted.jpg", "lost.jpg"]
    found = runs.find("night-1")
    assert found is not None
    assert task("settle", {"run": "night-1"})["ended"] == ""
    assert report_of(deployed, found).left == (
        (UPLOADS, "changed.jpg", "changed"),
        (UPLOADS, "deleted.jpg", "removed"),
        (UPLOADS, "lost.jpg", "missing"),
    )
    assert task("begin", {"nightly": True}, execution="night-1") == state, "asked again, it is the same run"


def test_the_nightly_look_leaves_alone_what_is_on_its_way_or_only_of_another_recipe(
    calls: set[Call], deployed: Deployed
) -> None:
    deployed.upload("new.jpg", PICTURE)
    calls.clear()
    task("begin", {"nightly": True}, execution="night-1")
    assert calls == {TAKE}
    looked_at(deployed, "night-1")
    assert hinted(deployed) == [], "it was uploaded within the hour"
    deployed.invoke(notification("new.jpg"))
    path = manifest_path("new.jpg")
    manifest = deployed.s3.get_object(Bucket=IMAGES, Key=path)["Body"].read().decode()
    digest = deployed.manifest("new.jpg")
    assert digest is not None
    assert digest.digest
    deployed.s3.put_object(Bucket=IMAGES, Key=path, Body=manifest.replace(digest.digest, "0" * len(digest.digest)))
    night(deployed, "night-2")
    assert hinted(deployed) == []


def test_the_weekly_sweep_removes_what_was_replaced_a_month_ago_and_reads_no_other_manifest(
    calls: set[Call], deployed: Deployed
) -> None:
    for key in ("once.jpg", "twice.jpg"):
        deployed.upload(key, PICTURE)
    deployed.invoke(notification("once.jpg"), notification("twice.jpg"))
    deployed.upload("twice.jpg", PICTURE)
    deployed.invoke(notification("twice.jpg"))
    published, stored = deployed.manifest("twice.jpg"), deployed.variants()
    assert published is not None
    assert published.previous
    calls.clear()
    week(deployed, "week-1", days=29)
    assert deployed.manifest("twice.jpg") == published
    assert calls <= BACKFILL
    week(deployed, "week-2", days=31)
    assert calls <= BACKFILL
    assert deployed.manifest("twice.jpg") == replace(published, previous=None)
    gone = {path for path in stored if f"/{published.previous}/" in path}
    assert gone
    assert deployed.variants() == stored - gone


@pytest.mark.usefixtures("customer_key")
def test_an_original_that_only_its_owners_key_opens_is_looked_at_like_by_the_function_that_publishes(
    calls: set[Call], deployed: Deployed, runs: DynamoRuns
) -> None:
    deployed.upload("a.jpg", PICTURE)
    deployed.invoke(notification("a.jpg"))
    deployed.record()
    calls.clear()
    runs.begin(Run("r", JOB, paced=time.time()))
    looked_at(deployed, "r")
    assert {LOOK, READ, WHICH_VERSION} <= calls <= BACKFILL
    assert hinted(deployed) == []


def test_a_missing_original_is_looked_for_in_a_bucket_that_is_there(
    calls: set[Call], deployed: Deployed, runs: DynamoRuns
) -> None:
    """What is deleted between the listing and the look."""
    deployed.upload("a.jpg", PICTURE)
    deployed.invoke(notification("a.jpg"))
    deployed.s3.delete_object(Bucket=UPLOADS, Key="a.jpg")
    runs.begin(Run("r", Job((Selection(UPLOADS),), deletions_in=(UPLOADS,)), paced=time.time()))
    looked_at(deployed, "r")
    assert IS_THE_BUCKET_THERE in calls
    assert hinted(deployed) == ["a.jpg"]


def test_a_cap_is_kept_to_the_object_and_a_resumed_run_sends_the_rest_once(
    deployed: Deployed, runs: DynamoRuns
) -> None:
    keys = [f"{number}.jpg" for number in range(7)]
    for key in keys:
        deployed.upload(key, PICTURE)
    runs.begin(Run("r", JOB, objects_left=3, paced=time.time()))
    looked_at(deployed, "r")
    assert task("settle", {"run": "r"})["ended"] == MAX_OBJECTS
    assert hinted(deployed) == keys[:3]
    run = runs.find("r")
    assert run is not None
    assert (run.sent, run.objects_left, run.number) == (3, 0, 1)
    assert report_of(deployed, run).unfinished == (
        (UPLOADS, "2.jpg", "3.jpg"),
        (UPLOADS, "3.jpg", "5.jpg"),
        (UPLOADS, "5.jpg", ""),
    )

    resumed = runs.resume(Run("r", JOB, sent=3, objects_left=100, attempts=1, paced=time.time()), keep=PROGRESS)
    assert resumed is not None
    assert runs.resume(Run("r", JOB, attempts=1), keep=PROGRESS) is None, "another operator was quicker"
    looked_at(deployed, "r")
    assert hinted(deployed) == keys[3:]


def test_a_sweep_removes_what_nobody_names_and_hands_over_what_lost_its_original(
    calls: set[Call], deployed: Deployed, runs: DynamoRuns
) -> None:
    for key in ("fine.jpg", "gone.jpg", "stranded.jpg"):
        deployed.upload(key, PICTURE)
    deployed.invoke(*(notification(key) for key in ("fine.jpg", "gone.jpg", "stranded.jpg")))
    deployed.s3.delete_object(Bucket=UPLOADS, Key="gone.jpg")
    left = {
        f"{variants_folder('fine.jpg')}0-dead/w.webp",
        f"{variants_folder('stranded.jpg')}7-x/w.webp",
        f"{variants_folder('nobody.jpg')}1-x/w.webp",
    }
    before = _stored(deployed)
    for path in left:
        deployed.s3.put_object(Bucket=IMAGES, Key=path, Body=b"four")
    manifests = Selection(IMAGES, "m/")
    runs.begin(Run("seen", Job((manifests,), task=SWEEP, originals_of_a_shard=2), paced=time.time()))
    looked_at(deployed, "seen")
    assert _stored(deployed) - {path for path in _stored(deployed) if path.startswith("b/")} == before | left
    assert hinted(deployed) == []
    calls.clear()
    job = Job((manifests,), task=SWEEP, remove=True, originals_of_a_shard=2)
    runs.begin(Run("done", job, paced=time.time()))
    in_two_days = machine_at(lambda: time.time() + 2 * 86_400)
    planned = in_two_days.plan(in_two_days.begin({"run": "done"}, "e"), lambda: True)
    assert planned["shards"] == 2
    for row in rows(deployed, planned):
        assert in_two_days.step({"run": "done", "row": row, "waits": 0})["done"]
    assert in_two_days.settle({"run": "done"})["ended"] == FINISHED
    assert SWEPT <= calls <= BACKFILL
    after = _stored(deployed)
    assert not left & after
    assert before <= after, "what is published stays, and what lost its original is for the workflow to judge"
    assert hinted(deployed) == ["gone.jpg"]
    run = runs.find("done")
    assert run is not None
    (found,) = report_of(deployed, run).passes
    assert found.tables == {
        "files": {"dead": 1, "stranded": 1, "ownerless": 1},
        "bytes": {"dead": 4, "stranded": 4, "ownerless": 4},
        "keys": {"sourceless": 1},
        "swept": {"manifests": 3, "removed": 3},
    }
    assert report_of(deployed, run).left == ((IMAGES, "gone.jpg", "sourceless"),)


def test_a_plan_reads_every_manifest_once_and_says_what_the_loop_says(
    calls: set[Call], deployed: Deployed, runs: DynamoRuns, tmp_path: Path
) -> None:
    keys = [f"{number}.jpg" for number in range(5)]
    for key in keys:
        deployed.upload(key, PICTURE)
    deployed.invoke(*(notification(key) for key in keys))
    deployed.s3.delete_object(Bucket=UPLOADS, Key=keys[0])
    deployed.invoke(notification(keys[0], name="ObjectRemoved:Delete"))
    recipes = tmp_path / "recipes.toml"
    recipes.write_text(OTHER_RECIPES, encoding="utf-8")
    book = load_recipes(recipes)
    job = Job(
        (Selection(IMAGES, "m/"),), task=PLAN, originals_of_a_shard=2, recipes="b/p/recipes.toml", digest=book.digest
    )
    deployed.s3.put_object(Bucket=IMAGES, Key=job.recipes, Body=recipes.read_bytes())
    runs.begin(Run("p", job, paced=time.time()))
    calls.clear()
    looked_at(deployed, "p")
    assert task("settle", {"run": "p"})["ended"] == FINISHED
    assert calls == {FIND, TAKE, READ_FILE, WRITE_FILE, READ_MANIFEST, Call("s3", "ListObjectsV2", IMAGES, "m/")}
    run = runs.find("p")
    assert run is not None
    (found,) = report_of(deployed, run).passes
    by_loop = plan((manifest for key in keys if (manifest := deployed.manifest(key))), book)
    by_machine = plan_in(found.tables, report_of(deployed, run).left)
    assert (found.shards, by_loop.pictures) == (3, {"deleted": 1, "stale": 4})
    assert by_machine.tables() == by_loop.tables()
    assert {state: sorted(keys) for state, keys in by_machine.examples.items()} == by_loop.examples

    runs.begin(Run("q", replace(job, digest="0"), paced=time.time()))
    with pytest.raises(Exception, match="plan with --engine loop") as error:
        task("begin", {"run": "q"})
    assert type(error.value).__name__ == "OtherRecipesError"


def test_failures_are_sent_again_until_each_is_published_or_has_failed_again(
    calls: set[Call], deployed: Deployed, runs: DynamoRuns
) -> None:
    """moto knows no segments of a table: that they are, is tested on the local cloud (tests/e2e)."""
    for key in ("bad.jpg", "lost.jpg", "mended.jpg", "other/bad.jpg"):
        deployed.upload(key, b"hello")
        deployed.invoke(notification(key))
        deployed.record()
    before = int(time.time()) + 1
    job = Job((), before=before, task=RETRY, segments=1, reason="not_a_picture")
    runs.begin(Run("r", replace(job, reason="corrupt"), paced=time.time()))
    looked_at(deployed, "r")
    assert hinted(deployed) == [], "another reason"
    runs.begin(Run("s", replace(job, under="other/"), objects_left=0, paced=time.time()))
    looked_at(deployed, "s")
    assert task("settle", {"run": "s"})["ended"] == MAX_OBJECTS
    calls.clear()
    runs.begin(Run("t", job, paced=time.time()))
    looked_at(deployed, "t")
    assert calls == {FIND, TAKE, READ_FILE, WRITE_FILE, COUNT, SCAN, READ_MANIFEST, HINT}
    assert hinted(deployed, retry=True) == ["bad.jpg", "lost.jpg", "mended.jpg", "other/bad.jpg"]
    assert task("settle", {"run": "t"})["ended"] == ""

    time.sleep(max(0.0, before + 0.01 - time.time()))
    for key in ("bad.jpg", "other/bad.jpg"):
        deployed.invoke(reconcile_message(Source(UPLOADS, key), retry=True))
        deployed.record()
    deployed.upload("mended.jpg", PICTURE)
    deployed.invoke(notification("mended.jpg"))
    runs.advance(Run("t", job, paced=0), 2)
    looked_at(deployed, "t")
    assert hinted(deployed, retry=True) == ["lost.jpg"], "its message was lost"
    assert task("settle", {"run": "t"})["ended"] == ""
    deployed.invoke(reconcile_message(Source(UPLOADS, "lost.jpg"), retry=True))
    deployed.record()
    runs.advance(Run("t", job, paced=0), 3)
    looked_at(deployed, "t")
    assert hinted(deployed) == []
    assert task("settle", {"run": "t"})["ended"] == FINISHED
    run = runs.find("t")
    assert run is not None
    report = report_of(deployed, run)
    assert [(one.sent, one.stale, one.endings) for one in report.passes] == [
        (4, {"failed": 4}, {}),
        (1, {"failed": 1}, {"failed again": 2, "no failure any more": 1}),
        (0, {}, {"failed again": 3, "no failure any more": 1}),
    ]
    assert [key for _, key, _ in report.left] == ["bad.jpg", "lost.jpg", "other/bad.jpg"]


def _stored(deployed: Deployed) -> set[str]:
    return {one["Key"] for one in deployed.s3.list_objects_v2(Bucket=IMAGES)["Contents"]}


def test_a_stopped_run_looks_no_further(deployed: Deployed, runs: DynamoRuns) -> None:
    deployed.upload("a.jpg", PICTURE)
    runs.begin(Run("r", JOB, paced=time.time()))
    state = task("plan", task("begin", {"run": "r"}))
    runs.stop("r", STOPPED)
    runs.stop("r", MAX_OBJECTS)
    (row,) = rows(deployed, state)
    assert task("step", {"run": "r", "row": row, "waits": 0})["done"]
    assert hinted(deployed) == []
    assert task("settle", {"run": "r"})["ended"] == STOPPED


def test_a_run_without_a_row_is_an_error_that_is_not_tried_again(deployed: Deployed) -> None:  # noqa: ARG001
    with pytest.raises(Exception, match="There is no run 'r'") as error:
        task("begin", {"run": "r"})
    assert type(error.value).__name__ == "UnknownRunError"


def test_the_rows_of_a_part_are_read_back_as_they_were_cut(deployed: Deployed, runs: DynamoRuns) -> None:
    for key in ("a,b.jpg", 'c"d.jpg', "e\nf.jpg", "\u00fc %25.jpg"):
        deployed.upload(key, PICTURE)
    runs.begin(Run("r", Job((Selection(UPLOADS),), originals_of_a_shard=1), paced=time.time()))
    planned = task("plan", task("begin", {"run": "r"}))
    data = deployed.s3.get_object(Bucket=IMAGES, Key=planned["csv"])["Body"].read()
    assert [shard.until for shard in shards_in(data)] == ["a,b.jpg", 'c"d.jpg', "e\nf.jpg", "\u00fc %25.jpg"]
