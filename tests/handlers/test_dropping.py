"""Originals that leave, over moto: the calls of it, what is left then, and how a deletion is still one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.aws.session import s3_client
from lightpress.backfill.look import Looking, Stale
from lightpress.image.render import render
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.dropping import Dropping, MayNotRemove
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.facts import Fact, Label
from lightpress.pipeline.gate import Review
from lightpress.pipeline.manifest import DroppedOriginal, Manifest, Status
from lightpress.pipeline.messages import Message, MessageProcessor
from lightpress.pipeline.outcomes import Action, Outcome
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import DROP, KEEP, Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Lying, Source
from tests.handlers.conftest import IMAGES, UPLOADS, Deployed
from tests.handlers.recorder import Call, recorded
from tests.handlers.test_recorded_calls import (
    IS_THE_BUCKET_THERE,
    LIST,
    LOOK,
    PUBLISH,
    READ,
    READ_MANIFEST,
    WHICH_VERSION,
    WRITE,
)
from tests.pipeline.fakes import book as book_of
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.pipeline.ports import Published

KEY = "trips/cat.jpg"
DROPPED = Call("s3", "DeleteObjectVersion", UPLOADS, "*")


def book(originals: str, *sizes: int) -> RecipeBook:
    made = book_of(*sizes).recipes["web"]
    recipe = Recipe("web", made.spec, originals=originals)
    return RecipeBook((Rule("**", recipe),), {"web": recipe})


@dataclass
class Worker:
    """`process_upload`, with recipes of a test, and what it has announced: status and revision."""

    deployed: Deployed
    recipes: RecipeBook
    announced: list[tuple[str, int]] = field(default_factory=list)
    silent: bool = False

    def look(self, bucket: str = UPLOADS) -> None:
        s3: Any = s3_client()
        needs = Dependencies(S3Originals(s3), S3Images(s3, IMAGES), self.recipes, render, reviews=self.reviews)
        process = MessageProcessor(
            Publishing(bucket).find_source,
            partial(reconcile, dependencies=needs),
            _Nothing(),
            _Nothing(),
            _Nothing(),
            self._announce,
            Dropping(needs.originals, needs.images, self.recipes),
        )
        process(Message("m", reconcile_message(Source(bucket, KEY))))

    def _announce(self, outcome: Any) -> None:  # noqa: ANN401  of a workflow
        if self.silent:
            raise ConnectionError
        if outcome.manifest is not None:
            self.announced.append((outcome.manifest.status, outcome.manifest.revision))

    def delete(self) -> None:
        """As a DELETE of the key: moto leaves no marker where nothing lies, and AWS does (tests/stores/cases.py)."""
        self.deployed.upload(KEY, b"")
        of_nothing = self.lying[0].version
        self.deployed.s3.delete_object(Bucket=UPLOADS, Key=KEY)
        self.deployed.s3.delete_object(Bucket=UPLOADS, Key=KEY, VersionId=of_nothing)

    @property
    def reviews(self) -> S3Reviews:
        return S3Reviews(self.deployed.s3, IMAGES)

    @property
    def manifest(self) -> Manifest:
        manifest = self.deployed.manifest(KEY)
        assert manifest is not None
        return manifest

    @property
    def lying(self) -> tuple[Lying, ...]:
        return S3Originals(self.deployed.s3).newest(Source(UPLOADS, KEY))


class _Nothing:
    """Ports that nobody needs here."""

    def send(self, *_: object) -> None: ...
    def hold_back(self, *_: object) -> None: ...
    def on_done(self, *_: object) -> None: ...
    def on_error(self, *_: object) -> None: ...
    def on_discarded(self, *_: object) -> None: ...


@pytest.fixture
def worker(deployed: Deployed) -> Worker:
    deployed.upload(KEY, file_of(ramp()))
    return Worker(deployed, book(DROP))


@pytest.fixture
def calls(worker: Worker) -> Iterator[set[Call]]:  # noqa: ARG001  what it does is heard, and not what is done for it
    with recorded() as heard:
        yield heard


def test_it_leaves_after_it_is_announced_and_its_variants_and_manifest_stay(worker: Worker, calls: set[Call]) -> None:
    worker.look()
    assert (worker.lying, worker.announced) == ((), [("ready", 1)])
    assert calls == {READ_MANIFEST, LOOK, READ, WRITE, PUBLISH, WHICH_VERSION, DROPPED}
    assert worker.manifest.status is Status.READY
    assert worker.deployed.variants() == {one.path for one in worker.manifest.variants}


def test_what_is_no_longer_as_its_outcome_says_does_not_leave(worker: Worker) -> None:
    """Of another version, of another manifest, of one that is gone, and of what was deleted meanwhile."""
    s3, source = worker.deployed.s3, Source(UPLOADS, KEY)
    drop = Dropping(S3Originals(s3), S3Images(s3, IMAGES), worker.recipes)
    worker.recipes = book(KEEP)
    worker.look()
    first = S3Originals(s3).head(source)
    outcome = Outcome(source, Action.PUBLISHED, worker.manifest, original=first)
    assert first is not None
    drop(replace(outcome, original=None))
    drop(replace(outcome, manifest=None))
    drop(replace(outcome, manifest=replace(worker.manifest, revision=7)))
    assert [one.version for one in worker.lying] == [first.identity]
    worker.deployed.upload(KEY, b"newer")
    s3.delete_object(Bucket=UPLOADS, Key=KEY, VersionId=first.identity)
    newer = S3Originals(s3).head(source)
    assert newer is not None
    drop(replace(outcome, original=newer))
    assert [one.version for one in worker.lying] == [newer.identity]
    s3.delete_object(Bucket=UPLOADS, Key=KEY, VersionId=newer.identity)
    drop(outcome)
    assert worker.manifest.original_dropped is None
    s3.delete_object(Bucket=IMAGES, Key=manifest_path(KEY))
    drop(outcome)
    assert worker.deployed.manifest(KEY) is None


def test_the_event_of_its_own_removal_changes_nothing(worker: Worker, calls: set[Call]) -> None:
    worker.look()
    before = worker.manifest
    calls.clear()
    worker.look()
    assert worker.manifest == before
    assert calls == {READ_MANIFEST, LOOK, IS_THE_BUCKET_THERE, WHICH_VERSION}


def test_a_deletion_afterwards_is_one(worker: Worker) -> None:
    worker.look()
    worker.delete()
    worker.look()
    assert (worker.manifest.status, worker.deployed.variants()) == (Status.DELETED, set())


def test_what_is_uploaded_again_after_a_deletion_leaves_again_and_its_marker_is_no_other_deletion(
    worker: Worker,
) -> None:
    for _ in range(3):
        worker.look()
        worker.delete()
        worker.look()
        worker.deployed.upload(KEY, file_of(ramp()))
    worker.look()
    worker.look()
    assert worker.manifest.status is Status.READY
    assert [one.is_marker for one in worker.lying] == [True, True]


def test_as_long_as_it_is_not_announced_it_stays(worker: Worker) -> None:
    worker.silent = True
    with pytest.raises(ExceptionGroup):
        worker.look()
    assert len(worker.lying) == 1
    assert worker.manifest.original_dropped is None
    worker.silent = False
    worker.look()
    assert not worker.lying


def test_it_stays_above_an_older_version_until_that_has_expired(worker: Worker) -> None:
    worker.deployed.upload(KEY, file_of(ramp()))
    before = worker.lying
    older = before[1]
    worker.look()
    assert worker.lying == before
    worker.deployed.s3.delete_object(Bucket=UPLOADS, Key=KEY, VersionId=older.version)
    worker.look()
    assert not worker.lying
    assert worker.manifest.status is Status.READY


def test_what_failed_stays(deployed: Deployed) -> None:
    deployed.upload(KEY, b"no picture")
    worker = Worker(deployed, book(DROP))
    worker.look()
    assert len(worker.lying) == 1


def test_another_recipe_leaves_what_has_no_original_as_it_is(worker: Worker) -> None:
    worker.look()
    before = worker.manifest
    for recipes in (book(KEEP, 5), book(DROP, 5), RecipeBook((Rule("**", None),), {})):
        worker.recipes = recipes
        worker.look()
        assert worker.manifest == before


@dataclass
class Says:
    """What enrichers have said of every picture."""

    facts: tuple[Fact, ...]

    def of(self, *_: object) -> tuple[Fact, ...]:
        return self.facts


def test_what_enrichers_say_once_it_has_left_is_told_at_once_also_by_a_second_attempt(worker: Worker) -> None:
    worker.look()
    images = S3Images(worker.deployed.s3, IMAGES)
    before, said = images.published(KEY), (Fact("labels", labels=(Label("Cat", 98.0),)),)
    assert before is not None
    images.publish(replace(before.manifest, enrichers=("labels",)), before)
    needs = Dependencies(S3Originals(worker.deployed.s3), images, worker.recipes, render, facts=Says(said))
    outcome = reconcile(Source(UPLOADS, KEY), needs, redelivered=True)
    assert (outcome.action, worker.manifest.facts) == (Action.RETOLD, said)
    assert worker.deployed.variants() == {one.path for one in worker.manifest.variants}


def test_what_has_left_is_taken_away_where_a_reviewer_of_a_later_recipe_rejects_it(worker: Worker) -> None:
    worker.look()
    source = worker.manifest.source
    assert source is not None
    gated = book(KEEP)
    recipe = replace(gated.recipes["web"], gate=("person",))
    worker.recipes = RecipeBook((Rule("**", recipe),), {"web": recipe})
    worker.look()
    looking = Looking(
        S3Images(worker.deployed.s3, IMAGES), S3Originals(worker.deployed.s3), worker.recipes, worker.reviews
    )
    assert looking(Source(UPLOADS, KEY)).ending == "ready"
    worker.reviews.keep(KEY, source.identity, Review("person", approved=False))
    assert looking(Source(UPLOADS, KEY)).stale is Stale.REVIEWED
    worker.look()
    assert (worker.manifest.status, worker.deployed.variants()) == (Status.DELETED, set())
    worker.look()
    assert worker.manifest.status is Status.DELETED


def test_an_upload_of_the_same_file_is_made_under_the_new_recipe(worker: Worker) -> None:
    worker.look()
    worker.recipes = book(DROP, 5)
    worker.deployed.upload(KEY, file_of(ramp()))
    worker.look()
    assert [one.width for one in worker.manifest.variants] == [5]
    assert not worker.lying


def test_without_versions_nothing_leaves(deployed: Deployed) -> None:
    deployed.s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    deployed.s3.put_object(Bucket="plain", Key=KEY, Body=file_of(ramp()))
    worker = Worker(deployed, book(DROP))
    worker.look("plain")
    assert deployed.s3.head_object(Bucket="plain", Key=KEY)["ContentLength"]
    assert worker.manifest.original_dropped is None


def test_where_a_policy_denies_it_the_message_comes_back(worker: Worker) -> None:
    class Denied(S3Originals):
        """As S3 answers where a bucket policy denies it."""

        def remove(self, source: Source, version: str) -> bool:  # noqa: ARG002  it is denied whatever it is
            return False

    needs = Denied(worker.deployed.s3)
    images = S3Images(worker.deployed.s3, IMAGES)
    outcome = reconcile(Source(UPLOADS, KEY), Dependencies(needs, images, worker.recipes, render))
    with pytest.raises(MayNotRemove, match="s3:DeleteObjectVersion is denied"):
        Dropping(needs, images, worker.recipes)(outcome)


def test_where_the_recipe_keeps_originals_it_stays(worker: Worker) -> None:
    worker.recipes = book(KEEP)
    worker.look()
    assert (len(worker.lying), worker.manifest.original_dropped) == (1, None)


def test_what_the_manifest_says_to_have_left_leaves_whatever_its_recipe_says_by_then(worker: Worker) -> None:
    images, originals = S3Images(worker.deployed.s3, IMAGES), S3Originals(worker.deployed.s3)
    needs = Dependencies(originals, images, book(KEEP), render)
    outcome = reconcile(Source(UPLOADS, KEY), needs)
    said = replace(worker.manifest, original_dropped=DroppedOriginal(None, 1))
    images.publish(said, images.published(KEY))
    Dropping(originals, images, book(KEEP))(replace(outcome, manifest=said))
    assert not worker.lying


def test_it_stays_where_another_manifest_is_published_while_its_own_is_to_say_that_it_leaves(worker: Worker) -> None:
    class Overtaken(S3Images):
        """Somebody else publishes right before each write of this one."""

        def publish(self, manifest: Manifest, replacing: Published | None) -> None:
            super().publish(replace(worker.manifest, revision=9), self.published(KEY))
            super().publish(manifest, replacing)

    originals, images = S3Originals(worker.deployed.s3), Overtaken(worker.deployed.s3, IMAGES)
    needs = Dependencies(originals, S3Images(worker.deployed.s3, IMAGES), worker.recipes, render)
    outcome = reconcile(Source(UPLOADS, KEY), needs)
    Dropping(originals, images, worker.recipes)(outcome)
    assert (len(worker.lying), worker.manifest.revision, worker.manifest.original_dropped) == (1, 9, None)


def test_it_leaves_though_a_sweep_takes_the_generation_before_while_its_manifest_is_to_say_so(worker: Worker) -> None:
    class Swept(S3Images):
        """A sweep writes the manifest right before the first write of this one."""

        def publish(self, manifest: Manifest, replacing: Published | None) -> None:
            if worker.manifest.previous:
                super().publish(replace(worker.manifest, previous=None), self.published(KEY))
            super().publish(manifest, replacing)

    worker.recipes = book(KEEP)
    worker.look()
    worker.recipes = book(DROP, 20)
    originals, images = S3Originals(worker.deployed.s3), Swept(worker.deployed.s3, IMAGES)
    needs = Dependencies(originals, S3Images(worker.deployed.s3, IMAGES), worker.recipes, render)
    outcome = reconcile(Source(UPLOADS, KEY), needs)
    assert outcome.manifest == worker.manifest
    assert outcome.manifest.previous
    Dropping(originals, images, worker.recipes)(outcome)
    assert not worker.lying
    assert worker.manifest.previous is None
    assert worker.manifest.original_dropped == DroppedOriginal(None, announced=2)


def test_it_leaves_where_the_answer_to_its_own_write_was_lost(worker: Worker) -> None:
    class Lost(S3Images):
        """The request is sent again, as botocore does, and finds what it has written."""

        def publish(self, manifest: Manifest, replacing: Published | None) -> None:
            super().publish(manifest, replacing)
            super().publish(manifest, replacing)

    originals, images = S3Originals(worker.deployed.s3), Lost(worker.deployed.s3, IMAGES)
    needs = Dependencies(originals, S3Images(worker.deployed.s3, IMAGES), worker.recipes, render)
    Dropping(originals, images, worker.recipes)(reconcile(Source(UPLOADS, KEY), needs))
    assert not worker.lying


def test_what_somebody_has_failed_to_drop_is_taken_away_where_a_reviewer_rejects_it(worker: Worker) -> None:
    worker.look()
    source = worker.manifest.source
    assert source is not None
    worker.deployed.upload(KEY, file_of(ramp()))
    left = replace(worker.manifest, source=replace(source, identity=worker.lying[0].version))
    worker.deployed.s3.put_object(Bucket=IMAGES, Key=manifest_path(KEY), Body=left.to_json())
    recipe = replace(worker.recipes.recipes["web"], gate=("person",))
    worker.recipes = RecipeBook((Rule("**", recipe),), {"web": recipe})
    worker.reviews.keep(KEY, worker.lying[0].version, Review("person", approved=False))
    worker.look()
    assert (worker.manifest.status, worker.deployed.variants(), worker.lying) == (Status.DELETED, set(), ())


def test_what_has_left_is_not_removed_again_by_attempts_over_an_upload_that_cannot_be_read(
    worker: Worker, calls: set[Call]
) -> None:
    """S3 may tell of the removal of what is gone, too: each attempt would make another message."""
    worker.look()
    worker.deployed.s3.put_object(Bucket=UPLOADS, Key=KEY, Body=file_of(ramp()), StorageClass="GLACIER")
    calls.clear()
    worker.look()
    assert WHICH_VERSION in calls
    assert DROPPED not in calls


def test_what_is_about_to_leave_is_removed_below_whatever_was_uploaded_since(worker: Worker) -> None:
    source = Source(UPLOADS, KEY)
    leaves = worker.lying[0].version
    worker.recipes = book(KEEP)
    worker.look()
    left = replace(worker.manifest, original_dropped=DroppedOriginal(None, announced=1))
    worker.deployed.s3.put_object(Bucket=IMAGES, Key=manifest_path(KEY), Body=left.to_json())
    for _ in range(2):
        worker.deployed.upload(KEY, file_of(ramp()))
    originals = S3Originals(worker.deployed.s3)
    assert originals.holds(source, leaves)
    worker.look()
    assert not originals.holds(source, leaves)
    assert all(originals.holds(source, one.version) for one in worker.lying)


DROPPING = {READ_MANIFEST, LOOK, READ, WRITE, PUBLISH, WHICH_VERSION, IS_THE_BUCKET_THERE, LIST, DROPPED}
"""What a function that drops originals calls, besides what it calls otherwise."""
