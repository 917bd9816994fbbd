"""The gate: which reviews count, and what becomes of pictures whose recipe gets one, loses it, or changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.composition.publishing import RECIPES
from lightpress.image.render import render
from lightpress.pipeline.gate import (
    PERSON,
    Review,
    end_of_entry,
    held_folder,
    held_path,
    revision_of_entry,
    standing_of,
)
from lightpress.pipeline.manifest import Status, manifest_from_json
from lightpress.pipeline.outcomes import Action, Outcome
from lightpress.pipeline.paths import variants_folder
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule, Unanswered
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.pipeline.keys import NASTY_KEYS
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "cat.jpg"
NOON, HOUR = 1_800_000_000, 3600
SPEC = load_recipes(RECIPES).recipes["web"].spec


def test_everybody_must_approve_and_anybody_may_reject() -> None:
    yes, no = Review("scan", approved=True), Review(PERSON, approved=False, detail="Too dark.")
    assert standing_of(("scan", PERSON), [yes]).missing == (PERSON,)
    assert standing_of(("scan", PERSON), [yes]).is_open
    assert standing_of(("scan", PERSON), [yes, no]).rejection == no
    assert not standing_of(("scan", PERSON), [no]).is_open
    assert standing_of(("scan",), [yes, no]).rejection is None


@dataclass
class Published:
    """A bucket with one picture, and whoever looks at it with recipes of any kind."""

    s3: Any
    now: float = NOON
    said_at: int = 0

    def look(
        self,
        *gate: str,
        retry: bool = False,
        redelivered: bool = False,
        quality: int = 80,
        unanswered: Unanswered = Unanswered.HOLD,
        hours: float = 2,
    ) -> Outcome:
        hours = 0 if unanswered is Unanswered.HOLD else hours
        recipe = Recipe("web", replace(SPEC, quality={"jpeg": quality}), gate, unanswered, hours)
        needs = Dependencies(
            S3Originals(self.s3),
            S3Images(self.s3, "images"),
            RecipeBook((Rule("**", recipe),), {"web": recipe}),
            render,
            reviews=S3Reviews(self.s3, "images"),
            now=lambda: self.now,
        )
        return reconcile(Source("uploads", KEY), needs, recorder=_NobodyAsks(), retry=retry, redelivered=redelivered)

    def say(self, *, approved: bool, at: int | None = None) -> None:
        """Without a time, later than all before."""
        self.said_at = self.said_at + 1 if at is None else at
        head = self.s3.head_object(Bucket="uploads", Key=KEY)
        review = Review(PERSON, approved, said_at=self.said_at)
        S3Reviews(self.s3, "images").keep(KEY, head["VersionId"], review)

    def waiting(self) -> int:
        return len(self.listed())

    def listed(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket="images", Prefix="held/")
        return [one["Key"] for one in found.get("Contents", [])]

    def fetchable(self) -> int:
        return int(self.s3.list_objects_v2(Bucket="images", Prefix="i/")["KeyCount"])


class _NobodyAsks:
    """A recorder that records nothing."""

    def before_reading(self, *_: object) -> None: ...

    def denied(self, *_: object) -> None: ...

    def record(self, *_: object, **__: object) -> None: ...


@pytest.fixture
def published() -> Iterator[Published]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("uploads", "images"):
            s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="uploads", Key=KEY, Body=file_of(ramp((90, 60)), "JPEG"))
        yield Published(s3)


def test_what_was_published_without_a_gate_stays_published_with_one_under_every_recipe(published: Published) -> None:
    assert published.look().action is Action.PUBLISHED
    assert published.look(PERSON).action is Action.NOTHING
    assert published.look(PERSON, quality=70).action is Action.PUBLISHED
    assert published.waiting() == 0


def test_a_held_picture_is_published_once_its_recipe_has_no_gate_any_more(published: Published) -> None:
    assert published.look(PERSON).action is Action.HELD
    assert (published.waiting(), published.fetchable()) == (1, 0)
    assert published.look().action is Action.PUBLISHED
    assert published.waiting() == 0


def test_a_held_picture_is_held_for_those_whom_its_recipe_asks_now(published: Published) -> None:
    published.look(PERSON)
    outcome = published.look(PERSON, "scan")
    assert outcome.action is Action.HELD
    assert outcome.manifest is not None
    assert outcome.manifest.gate == (PERSON, "scan")
    assert published.waiting() == 1


def test_a_held_picture_that_is_published_anew_over_what_a_dead_worker_left_can_still_be_found(
    published: Published,
) -> None:
    """The worker had recipes without a gate, and would have published the next revision."""
    published.look(PERSON)
    published.s3.put_object(Bucket="images", Key=f"{variants_folder(KEY)}2-aaaaaaaaaaaaaaaa/small.jpg", Body=b"dead")
    outcome = published.look(PERSON, redelivered=True)
    assert outcome.manifest is not None
    assert (outcome.manifest.status, outcome.manifest.revision) == (Status.HELD, 2)
    assert (published.listed(), published.fetchable()) == ([held_path(KEY, 2)], 0)


def test_what_was_rejected_stays_so_without_a_gate_until_an_operator_retries_it(published: Published) -> None:
    published.look()
    published.say(approved=False)
    outcome = published.look(PERSON)
    assert outcome.action is Action.FAILED
    assert outcome.manifest is not None
    assert outcome.manifest.previous is None
    assert published.fetchable() == 0
    assert published.look().action is Action.NOTHING
    assert published.look(quality=70).action is Action.NOTHING
    assert published.look(retry=True).action is Action.PUBLISHED


def test_who_thinks_again_publishes_what_was_rejected(published: Published) -> None:
    published.say(approved=False)
    assert published.look(PERSON).action is Action.FAILED
    published.say(approved=True)
    assert published.look(PERSON).action is Action.PUBLISHED


@pytest.mark.parametrize("first", [1, 2], ids=["a millisecond earlier", "at the same time"])
def test_an_approval_that_is_heard_of_after_a_rejection_publishes_nothing_unless_it_was_said_later(
    published: Published, first: int
) -> None:
    published.say(approved=False, at=2)
    published.say(approved=True, at=first)
    assert published.look(PERSON).action is Action.FAILED
    published.say(approved=True, at=3)
    assert published.look(PERSON).action is Action.PUBLISHED


def test_an_original_that_is_gone_is_in_no_list(published: Published) -> None:
    published.look(PERSON)
    published.s3.delete_object(Bucket="uploads", Key=KEY)
    assert published.look(PERSON).action is Action.REMOVED
    assert published.waiting() == 0


def test_a_manifest_says_for_whom_a_picture_is_held(published: Published) -> None:
    manifest = published.look(PERSON).manifest
    assert manifest is not None
    assert manifest_from_json(manifest.to_json()) == manifest
    assert (manifest.status, manifest.gate) == (Status.HELD, (PERSON,))


@pytest.mark.parametrize(
    ("unanswered", "action"), [(Unanswered.PUBLISH, Action.PUBLISHED), (Unanswered.REJECT, Action.FAILED)]
)
def test_reviewers_have_their_hours_from_when_they_were_asked_and_then_the_recipe_decides(
    published: Published, unanswered: Unanswered, action: Action
) -> None:
    outcome = published.look(PERSON, unanswered=unanswered)
    assert outcome.manifest is not None
    assert (outcome.action, outcome.manifest.held_at) == (Action.HELD, NOON)
    published.now = NOON + 2 * HOUR - 1
    assert published.look(PERSON, unanswered=unanswered).action is Action.NOTHING
    published.now = NOON + 2 * HOUR
    late = published.look(PERSON, unanswered=unanswered)
    assert late.action is action
    assert late.manifest is not None
    if unanswered is Unanswered.REJECT:
        assert (late.manifest.reason, late.manifest.detail) == ("not_reviewed", "person: no answer within 2 hours.")
    assert (published.waiting(), published.fetchable() > 0) == (0, unanswered is Unanswered.PUBLISH)
    assert published.look(PERSON, unanswered=unanswered).action is Action.NOTHING, "and that is its end"


def test_what_waits_for_ever_waits_whatever_the_hour(published: Published) -> None:
    published.look(PERSON)
    published.now = NOON + 10_000 * HOUR
    assert published.look(PERSON).action is Action.NOTHING
    assert published.waiting() == 1


def test_another_reviewer_has_hours_of_their_own(published: Published) -> None:
    published.look(PERSON, unanswered=Unanswered.PUBLISH)
    published.now = NOON + 3 * HOUR
    outcome = published.look("scan", unanswered=Unanswered.PUBLISH)
    assert outcome.manifest is not None
    assert (outcome.action, outcome.manifest.held_at) == (Action.HELD, NOON + 3 * HOUR)


def test_other_hours_of_the_same_reviewers_count_from_when_they_were_asked_first(published: Published) -> None:
    published.look(PERSON, unanswered=Unanswered.PUBLISH)
    published.now = NOON + HOUR
    outcome = published.look(PERSON, unanswered=Unanswered.PUBLISH, hours=5)
    assert outcome.manifest is not None
    assert outcome.action is Action.HELD
    assert (outcome.manifest.held_at, outcome.manifest.held_until) == (NOON, NOON + 5 * HOUR)


def test_an_approval_after_the_hours_publishes_what_was_rejected_for_want_of_it(published: Published) -> None:
    published.look(PERSON, unanswered=Unanswered.REJECT)
    published.now = NOON + 2 * HOUR
    assert published.look(PERSON, unanswered=Unanswered.REJECT).action is Action.FAILED
    published.say(approved=True)
    assert published.look(PERSON, unanswered=Unanswered.REJECT).action is Action.PUBLISHED


def test_the_list_of_what_waits_is_read_by_its_names_alone() -> None:
    for key in NASTY_KEYS:
        for revision, until in ((1, None), (70, 1_800_000_000)):
            path = held_path(key, revision, until)
            assert path.startswith(held_folder(key))
            assert (revision_of_entry(path), end_of_entry(path)) == (revision, until)
