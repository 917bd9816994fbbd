"""`take_review` over moto: what reviewers say, by every sender, and a picture from its upload to its publication."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.hints import SqsLooks
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.aws.session import s3_client
from lightpress.aws.waiting import S3Waiting
from lightpress.backfill.at_once import THREADS
from lightpress.backfill.look import Looking
from lightpress.composition import take_review as composed
from lightpress.composition.publishing import RECIPES
from lightpress.handlers.take_review import handler
from lightpress.image.render import render
from lightpress.local.emulated.guardduty import detail_of
from lightpress.pipeline.buckets import Attached
from lightpress.pipeline.gate import MALWARE, PERSON, Review
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.outcomes import Action, Outcome
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule, Unanswered
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.review_messages import SCANNED, review_message
from lightpress.pipeline.reviewing import MEASURE
from lightpress.pipeline.source import Source
from tests.handlers.conftest import DEAD_LETTERS, IMAGES, QUEUE, UPLOADS, Context, Deployed, Told, batch, url_of
from tests.handlers.recorder import Call, recorded
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "trips/cat.jpg"
TAKE_REVIEW = {
    Call("s3", "PutObject", IMAGES, "reviews/"),
    Call("s3", "GetObject", IMAGES, "reviews/"),
    Call("sqs", "SendMessage", QUEUE),
    Call("s3", "HeadObject", UPLOADS, "*"),
    Call("s3", "ListObjectVersions", UPLOADS, "*"),
}
SET_ASIDE = Call("sqs", "SendMessage", DEAD_LETTERS)
ASK_REVIEWERS = Call("s3", "GetObject", IMAGES, "reviews/")
LIST_AS_HELD = Call("s3", "PutObject", IMAGES, "held/")
UNLIST = Call("s3", "DeleteObject", IMAGES, "held/")
NOTE_RECORDED = Call("s3", "PutObject", IMAGES, "reviews/")
"""Of whoever records failures."""


def gated(*reviewers: str) -> RecipeBook:
    """The recipes that are shipped, behind a gate."""
    made = Recipe("web", load_recipes(RECIPES).recipes["web"].spec, reviewers)
    return RecipeBook((Rule("**", made),), {"web": made})


def look(deployed: Deployed, *reviewers: str) -> Outcome:
    """As `process_upload` looks at the key."""
    return look_with(deployed, gated(*reviewers))


def look_with(deployed: Deployed, book: RecipeBook, now: float | None = None) -> Outcome:
    """The same with recipes, at a time."""
    s3: Any = deployed.s3
    clock = time.time if now is None else lambda: now
    needs = Dependencies(S3Originals(s3), S3Images(s3, IMAGES), book, render, reviews=S3Reviews(s3, IMAGES), now=clock)
    return reconcile(Source(UPLOADS, KEY), needs)


def manifest_of(deployed: Deployed) -> Manifest:
    manifest = deployed.manifest(KEY)
    assert manifest is not None
    return manifest


def version_of(deployed: Deployed) -> str:
    return deployed.s3.head_object(Bucket=UPLOADS, Key=KEY)["VersionId"]


def said(deployed: Deployed, reviewer: str = PERSON, *, approved: bool = True, **other: object) -> str:
    message = json.loads(review_message(Source(UPLOADS, KEY), version_of(deployed), Review(reviewer, approved)))
    return json.dumps({"review": message["review"] | other})


def scanned(version: str | None, status: str, **scanned_object: object) -> str:
    """As AWS documents the event, and as the local cloud sends it."""
    detail = detail_of(UPLOADS, KEY, "ASIAI44QH8DHBEXAMPLE", version, status)
    detail["s3ObjectDetails"] |= scanned_object
    return json.dumps(
        {
            "version": "0",
            "id": "72c7d362-737a-6dce-fc78-9e27a0171419",
            "detail-type": SCANNED,
            "source": "aws.guardduty",
            "account": "111122223333",
            "region": "eu-west-1",
            "detail": detail,
        }
    )


def take(*bodies: str, received: int = 1) -> list[str]:
    context: Any = Context()
    failed: Mapping[str, Any] = handler(batch(*bodies, received=received), context)
    return [one["itemIdentifier"] for one in failed["batchItemFailures"]]


def looks(deployed: Deployed) -> list[str]:
    found = deployed.sqs.receive_message(QueueUrl=url_of(QUEUE), MaxNumberOfMessages=10)
    return [message["Body"] for message in found.get("Messages", [])]


@pytest.fixture
def held(deployed: Deployed) -> Deployed:
    """A picture waits for its reviewers."""
    deployed.upload(KEY, file_of(ramp((400, 300)), "JPEG"))
    look(deployed, PERSON, MALWARE)
    return deployed


def test_a_picture_behind_a_gate_has_no_file_that_the_cdn_could_read_until_everybody_has_approved_it(
    held: Deployed,
) -> None:
    assert (manifest_of(held).status, manifest_of(held).gate) == (Status.HELD, (PERSON, MALWARE))
    assert held.variants() == set()
    assert take(scanned(version_of(held), "NO_THREATS_FOUND")) == []
    assert look(held, PERSON, MALWARE).action is Action.NOTHING
    assert held.variants() == set()
    assert take(said(held)) == []
    assert look(held, PERSON, MALWARE).action is Action.PUBLISHED
    assert held.variants() == {variant.path for variant in manifest_of(held).variants}
    assert len(looks(held)) == 2


def test_its_calls_are_those_that_it_is_granted(held: Deployed) -> None:
    with recorded() as calls:
        take(
            said(held), said(held, MALWARE), said(held, MALWARE), said(held, approved=False), said(held, version="old")
        )
    assert calls == TAKE_REVIEW


def test_holding_and_publishing_take_the_list_and_the_reviews_besides(held: Deployed) -> None:
    take(said(held), said(held, MALWARE))
    with recorded() as calls:
        reviews = S3Reviews(s3_client(), IMAGES)
        manifest = manifest_of(held)
        reviews.standing(KEY, version_of(held), (PERSON,))
        reviews.list_as_held(manifest)
        reviews.unlist(manifest)
        assert not reviews.is_recorded(KEY, version_of(held))
        reviews.note_recorded(KEY, version_of(held))
        assert reviews.is_recorded(KEY, version_of(held))
    assert calls >= {ASK_REVIEWERS, LIST_AS_HELD, UNLIST, NOTE_RECORDED}


def test_what_is_published_is_taken_away_once_somebody_rejects_it(held: Deployed) -> None:
    take(said(held), said(held, MALWARE))
    look(held, PERSON, MALWARE)
    assert held.variants()
    take(said(held, approved=False, detail="It shows a license plate."))
    outcome = look(held, PERSON, MALWARE)
    assert outcome.action is Action.REJECTED
    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.detail) == ("rejected_by_gate", "It shows a license plate.")


@pytest.mark.parametrize("status", ["UNSUPPORTED", "ACCESS_DENIED", "FAILED"])
def test_a_scan_without_an_answer_leaves_the_picture_held_and_is_not_tried_again(held: Deployed, status: str) -> None:
    assert take(scanned(version_of(held), status)) == []
    assert looks(held) == []
    assert look(held, MALWARE).manifest == manifest_of(held)
    assert manifest_of(held).status is Status.HELD


def test_a_scan_that_finds_something_is_not_undone_by_one_that_does_not(held: Deployed) -> None:
    version = version_of(held)
    take(scanned(version, "THREATS_FOUND"), scanned(version, "NO_THREATS_FOUND"))
    assert look(held, MALWARE).action is Action.REJECTED


def test_a_review_of_a_version_that_is_gone_says_nothing_of_the_next(held: Deployed) -> None:
    before = said(held)
    held.upload(KEY, file_of(ramp((300, 200)), "JPEG"))
    take(before)
    assert look(held, PERSON).action is Action.HELD


def reviews_of(deployed: Deployed) -> int:
    return deployed.s3.list_objects_v2(Bucket=IMAGES, Prefix="reviews/")["KeyCount"]


def test_a_review_of_what_was_erased_is_not_kept_and_of_what_is_below_a_delete_marker_is(
    held: Deployed, told: Told
) -> None:
    body, version = said(held), version_of(held)
    marker = held.s3.delete_object(Bucket=UPLOADS, Key=KEY)["VersionId"]
    assert take(body) == []
    assert reviews_of(held) == 1
    held.s3.delete_object(Bucket=UPLOADS, Key=KEY, VersionId=marker)
    held.s3.delete_object(Bucket=UPLOADS, Key=KEY, VersionId=version)
    held.upload(f"{KEY}.copy", b"another key that begins so")
    S3Images(held.s3, IMAGES).remove(S3Images(held.s3, IMAGES).paths("reviews/"))
    looks(held)
    assert [line["message"] for line in told.lines() if "_aws" not in line] == ["reviewed"]
    assert take(body) == []
    assert (reviews_of(held), looks(held)) == (0, [])
    (line,) = (line for line in told.lines() if "_aws" not in line)
    assert (line["message"], line["key"]) == ("reviewed a version that is gone", KEY)


def test_in_a_bucket_without_versions_a_scan_is_of_what_has_its_etag(deployed: Deployed) -> None:
    deployed.s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Suspended"})
    deployed.upload(KEY, file_of(ramp((400, 300)), "JPEG"))
    assert look(deployed, MALWARE).action is Action.HELD
    take(scanned(None, "NO_THREATS_FOUND", eTag=deployed.s3.head_object(Bucket=UPLOADS, Key=KEY)["ETag"].strip('"')))
    assert look(deployed, MALWARE).action is Action.PUBLISHED


@pytest.mark.parametrize(("status", "action"), [("NO_THREATS_FOUND", "published"), ("THREATS_FOUND", "rejected")])
def test_in_a_bucket_without_versions_a_scan_counts_for_an_upload_with_a_focus_though_guardduty_knows_none(
    deployed: Deployed, status: str, action: str
) -> None:
    deployed.s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Suspended"})
    picture = file_of(ramp((400, 300)), "JPEG")
    etag = deployed.s3.put_object(Bucket=UPLOADS, Key=KEY, Body=picture, Metadata={"focus": "0.4,0.2"})["ETag"]
    assert look(deployed, MALWARE).action is Action.HELD
    assert take(scanned(None, status, eTag=etag.strip('"'))) == []
    assert look(deployed, MALWARE).action == action


@pytest.mark.parametrize(
    "broken",
    [
        "nonsense",
        "[]",
        '{"review": {}}',
        json.dumps({"review": {"bucket": UPLOADS, "key": KEY, "version": "v", "reviewer": PERSON, "approved": "yes"}}),
        json.dumps({"review": {"bucket": "other", "key": KEY, "version": "v", "reviewer": PERSON, "approved": True}}),
        json.dumps({"detail-type": SCANNED, "detail": {}}),
    ],
)
def test_what_is_no_review_comes_back_until_it_is_a_dead_letter_and_others_of_its_batch_are_taken(
    held: Deployed, broken: str
) -> None:
    with recorded() as calls:
        assert take(broken, said(held), received=7) == ["id-0"]
        assert take(broken, said(held), received=8) == []
    assert len(looks(held)) == 2
    assert SET_ASIDE in calls
    held.record()
    (failure,) = held.failures()
    assert failure.key is None
    assert held.quarantined(failure).decode() == broken


def test_a_review_that_makes_sense_is_never_given_up_however_often_it_could_not_be_kept(held: Deployed) -> None:
    body, url = said(held), url_of(QUEUE)
    held.sqs.delete_queue(QueueUrl=url)
    assert take(body, received=500) == ["id-0"]
    held.sqs.create_queue(QueueName=QUEUE)
    assert take(body, received=501) == []
    assert len(looks(held)) == 1
    assert "Messages" not in held.sqs.receive_message(QueueUrl=url_of(DEAD_LETTERS))


@pytest.mark.parametrize(
    ("bucket", "key"), [("shop", "invoices/1.pdf"), ("shop", "photos/list.txt"), (UPLOADS, "shop/photos/cat.jpg")]
)
def test_a_scan_of_what_is_not_published_here_is_done_with_whatever_it_found(
    deployed: Deployed, told: Told, monkeypatch: pytest.MonkeyPatch, bucket: str, key: str
) -> None:
    """A plan scans a bucket whole, or by prefixes, and knows no suffixes."""
    monkeypatch.setenv("ATTACHED", json.dumps([asdict(Attached("shop", "photos/", (".jpg",), "shop/"))]))
    results = ("NO_THREATS_FOUND", "THREATS_FOUND", "UNSUPPORTED")
    assert take(*(scanned("v1", result, bucketName=bucket, objectKey=key) for result in results)) == []
    assert (reviews_of(deployed), looks(deployed)) == (0, [])
    counted = {name: line[name] for line in told.lines() for name in line if name.startswith("Reviews")}
    assert counted == {"ReviewsNotOurs": [1.0, 1.0, 1.0]}


MEASURING = {
    Call("s3", "ListObjectsV2", IMAGES, "held/"),
    Call("s3", "GetObject", IMAGES, "m/"),
}
REMOVING_DEAD = {Call("s3", "DeleteObjects", IMAGES, "held/")}


def measured(told: Told) -> tuple[float, float]:
    """How many wait, and for how many seconds at most."""
    take(MEASURE)
    (line,) = (line for line in told.lines() if "LongestWait" in line)
    return line["PicturesWaiting"][0], line["LongestWait"][0]


def test_every_hour_it_counts_how_long_the_oldest_has_waited_and_asks_for_no_look(held: Deployed, told: Told) -> None:
    take(said(held))
    looks(held)
    held.upload("trips/dog.jpg", file_of(ramp((40, 30)), "JPEG"))
    with recorded() as calls:
        count, longest = measured(told)
    assert (count, 0 <= longest < 60) == (1, True)
    assert calls == MEASURING
    assert looks(held) == []


def limited(unanswered: Unanswered, *reviewers: str) -> RecipeBook:
    """The recipes that are shipped, whose reviewers have an hour."""
    recipe = replace(gated(*reviewers).recipes["web"], unanswered=unanswered, gate_hours=1)
    return RecipeBook((Rule("**", recipe),), {"web": recipe})


def test_what_nobody_reviews_in_time_is_looked_at_in_the_next_hour_and_published_or_rejected(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE_TIME_LIMITS", "true")
    deployed.upload(KEY, file_of(ramp((400, 300)), "JPEG"))
    book = limited(Unanswered.PUBLISH, PERSON)
    look_with(deployed, book, now=time.time() - 3_000)
    with recorded() as calls:
        take(MEASURE)
        assert looks(deployed) == []
        assert look_with(deployed, book).action is Action.NOTHING
        deployed.s3.delete_object(Bucket=IMAGES, Key=manifest_path(KEY))
        look_with(deployed, book, now=time.time() - 3_700)
        take(MEASURE)
    assert calls == MEASURING | REMOVING_DEAD | {Call("sqs", "SendMessage", QUEUE)}
    assert [KEY in body for body in looks(deployed)] == [True]
    rejecting = look_with(deployed, limited(Unanswered.REJECT, PERSON))
    assert rejecting.verdict is not None
    assert (rejecting.verdict.reason, rejecting.verdict.detail) == (
        "not_reviewed",
        "person: no answer within an hour.",
    )
    assert look_with(deployed, book).action is Action.PUBLISHED
    take(MEASURE)
    assert looks(deployed) == []


@pytest.mark.usefixtures("deployed")
def test_as_many_connections_are_kept_as_are_used_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_TIME_LIMITS", "true")
    look = composed.look_at_overdue()
    assert look is not None
    looks, waiting = look.looks, look.waiting
    assert isinstance(looks, SqsLooks)
    assert isinstance(waiting, S3Waiting)
    for client in (looks.sqs, waiting.s3):
        config: Any = client.meta.config
        assert config.max_pool_connections == THREADS == 16


def test_at_night_what_is_overdue_is_seen_and_what_has_time_is_not(deployed: Deployed) -> None:
    deployed.upload(KEY, file_of(ramp((400, 300)), "JPEG"))
    book = limited(Unanswered.REJECT, PERSON)
    look_with(deployed, book)
    s3: Any = deployed.s3
    at_night = Looking(S3Images(s3, IMAGES), S3Originals(s3), book, reviews=S3Reviews(s3, IMAGES))
    assert at_night(Source(UPLOADS, KEY)).stale is None
    later = replace(at_night, now=lambda: time.time() + 3_601)
    assert later(Source(UPLOADS, KEY)).stale == "reviewed"


def test_an_entry_that_somebody_left_behind_who_died_is_not_waiting_and_is_removed(held: Deployed, told: Told) -> None:
    (entry,) = held.s3.list_objects_v2(Bucket=IMAGES, Prefix="held/")["Contents"]
    body = held.s3.get_object(Bucket=IMAGES, Key=entry["Key"])["Body"].read()
    take(said(held), said(held, MALWARE))
    look(held, PERSON, MALWARE)
    held.s3.put_object(Bucket=IMAGES, Key=entry["Key"], Body=body)
    with recorded() as calls:
        composed.waiting.cache_clear()  # its client is heard from when it is made
        assert measured(told) == (0, 0)
    assert calls == MEASURING | REMOVING_DEAD
    assert held.s3.list_objects_v2(Bucket=IMAGES, Prefix="held/")["KeyCount"] == 0


def test_the_wait_is_that_of_the_oldest(held: Deployed) -> None:
    now = datetime.now(UTC)
    waits = S3Waiting(held.s3, IMAGES, map).measure()
    assert waits.seconds(now + timedelta(hours=25)) >= 25 * 3600 - 60
    assert S3Waiting(held.s3, UPLOADS, map).measure().seconds(now) == 0
    assert waits.seconds(now - timedelta(hours=1)) == 0, "by a clock that is behind that of S3"


def test_looks_go_to_the_queue_of_uploads(held: Deployed) -> None:
    SqsLooks(held.sqs, url_of(QUEUE)).request_look(Source(UPLOADS, KEY))
    assert KEY in looks(held)[0]
