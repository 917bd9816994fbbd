"""The calls to AWS of each handler, in every kind of workflow: nothing else needs to be granted to it."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber

from lightpress.composition.purge_deleted import cdn
from lightpress.delivery.resolve import PLACEHOLDER
from lightpress.handlers import purge_deleted, resolve
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.source import Source
from tests.delivery.paths import resolver_path
from tests.handlers.conftest import (
    BUS,
    DEAD_LETTERS,
    DISTRIBUTION,
    FAILURES,
    IMAGES,
    PURGES,
    QUARANTINE,
    QUEUE,
    UPLOADS,
    Context,
    Deployed,
    batch,
    notification,
    url_of,
)
from tests.handlers.recorder import Call, Need, needs, recorded
from tools.drawing import file_of, four_corners

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURE = file_of(four_corners())

READ_MANIFEST = Call("s3", "GetObject", IMAGES, "m/")
LOOK = Call("s3", "HeadObject", UPLOADS, "*")
IS_THE_BUCKET_THERE = Call("s3", "HeadBucket", UPLOADS)
READ = Call("s3", "GetObject", UPLOADS, "*")
WHICH_VERSION = Call("s3", "ListObjectVersions", UPLOADS, "*")
WRITE = Call("s3", "PutObject", IMAGES, "i/")
PUBLISH = Call("s3", "PutObject", IMAGES, "m/")
LIST = Call("s3", "ListObjectsV2", IMAGES, "i/")
REMOVE = Call("s3", "DeleteObjects", IMAGES, "i/")
GIVE_UP = Call("sqs", "SendMessage", DEAD_LETTERS)
PURGE = Call("sqs", "SendMessage", PURGES)
HOLD_BACK = Call("sqs", "ChangeMessageVisibility", QUEUE)
HOLD_LETTER_BACK = Call("sqs", "ChangeMessageVisibility", DEAD_LETTERS)
COPY = Call("s3", "CopyObject", QUARANTINE, "*")
REMOVE_COPY = Call("s3", "DeleteObject", QUARANTINE, "*")
KEEP_MESSAGE = Call("s3", "PutObject", QUARANTINE, "*")
WRITE_DOWN = Call("dynamodb", "UpdateItem", FAILURES)
ANNOUNCE = Call("events", "PutEvents", BUS)

STORY = {READ_MANIFEST, LOOK, IS_THE_BUCKET_THERE, WHICH_VERSION, READ, WRITE, PUBLISH, LIST, REMOVE, PURGE, ANNOUNCE}
PROCESS_UPLOAD = STORY | {GIVE_UP, HOLD_BACK}
IS_IT_REJECTED = Call("dynamodb", "GetItem", FAILURES)
RECORD_FAILURE = STORY | {COPY, REMOVE_COPY, KEEP_MESSAGE, WRITE_DOWN, IS_IT_REJECTED, HOLD_LETTER_BACK}
RESOLVE = {READ_MANIFEST, Call("s3", "GetObject", IMAGES, "i/")}
LOOK_FOR_ORIGINAL = Call("s3", "ListObjectsV2", UPLOADS, "*")
RESOLVE_OR_WAIT = RESOLVE | {LOOK_FOR_ORIGINAL}  # with `placeholder_while_processing`
INVALIDATE = Call("cloudfront", "CreateInvalidation", DISTRIBUTION)
PURGE_DELETED = {INVALIDATE, Call("sqs", "GetQueueAttributes", PURGES)}


@pytest.fixture
def calls(deployed: Deployed) -> Iterator[set[Call]]:  # noqa: ARG001  its clients are made before, and are not heard
    with recorded() as heard:
        yield heard


@pytest.fixture
def ready(calls: set[Call], deployed: Deployed) -> Deployed:
    """With one picture published; from here on it is heard."""
    deployed.upload("a.jpg", PICTURE)
    deployed.invoke(notification("a.jpg"))
    calls.clear()
    return deployed


def test_a_good_picture(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", PICTURE)
    deployed.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK, READ, WRITE, PUBLISH, ANNOUNCE}


def test_a_duplicate(calls: set[Call], ready: Deployed) -> None:
    ready.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK, ANNOUNCE}  # whoever published it may have died over telling


def test_a_bad_picture(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK, READ, GIVE_UP}


def test_a_bad_picture_that_is_recorded(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.invoke(notification("a.jpg"))
    calls.clear()
    deployed.record()
    assert calls == {READ_MANIFEST, LOOK, READ, COPY, WRITE_DOWN, PUBLISH, LIST, ANNOUNCE}


def test_a_bad_picture_that_is_recorded_once_more(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"hello")
    for _ in range(2):
        calls.clear()
        deployed.invoke(reconcile_message(Source(UPLOADS, "a.jpg"), retry=True))
        deployed.record()
    assert calls == {READ_MANIFEST, LOOK, READ, GIVE_UP, COPY, WRITE_DOWN, REMOVE_COPY, PUBLISH, LIST, ANNOUNCE}
    (failure,) = deployed.failures()
    assert deployed.quarantined(failure) == b"hello"


def test_a_picture_in_an_archive_and_how_it_is_recorded(calls: set[Call], deployed: Deployed) -> None:
    deployed.s3.put_object(Bucket=UPLOADS, Key="a.jpg", Body=PICTURE, StorageClass="GLACIER")
    deployed.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK, GIVE_UP}
    calls.clear()
    deployed.record()
    assert calls == {READ_MANIFEST, LOOK, WRITE_DOWN, PUBLISH, LIST, ANNOUNCE}


@pytest.mark.usefixtures("customer_key")
def test_a_picture_that_only_its_owners_key_opens_and_how_it_is_recorded(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", PICTURE)
    deployed.invoke(notification("a.jpg"))
    look = {LOOK, IS_THE_BUCKET_THERE, WHICH_VERSION, READ}  # the client library asks for the bucket's region, too
    assert calls == look | {READ_MANIFEST, GIVE_UP}
    calls.clear()
    deployed.record()
    assert calls == look | {READ_MANIFEST, WRITE_DOWN, PUBLISH, LIST, ANNOUNCE}


def test_a_picture_that_is_tried_once_more(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", PICTURE)
    deployed.sqs.send_message(QueueUrl=url_of(DEAD_LETTERS), MessageBody=notification("a.jpg"))
    deployed.record()
    assert calls == {READ_MANIFEST, LOOK, WRITE_DOWN, IS_IT_REJECTED, READ, WRITE, PUBLISH, LIST, ANNOUNCE}


def test_a_picture_with_a_transient_error(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", PICTURE)
    deployed.s3.delete_bucket(Bucket=IMAGES)
    deployed.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, HOLD_BACK}
    calls.clear()
    deployed.sqs.send_message(QueueUrl=url_of(DEAD_LETTERS), MessageBody=notification("a.jpg"))
    deployed.record()
    assert calls == {READ_MANIFEST, HOLD_LETTER_BACK}


def test_a_message_that_makes_no_sense_and_is_recorded(calls: set[Call], deployed: Deployed) -> None:
    deployed.invoke("hello")
    deployed.record()
    assert calls == {GIVE_UP, KEEP_MESSAGE, WRITE_DOWN}


def test_a_purge(calls: set[Call]) -> None:
    with Stubber(cdn().cloudfront) as cloudfront:
        cloudfront.add_response("create_invalidation", {})
        purge_deleted.handler(batch("i/x/", sent_at=time.time()), Context())
    assert calls == {INVALIDATE}


def test_many_purges(calls: set[Call]) -> None:
    with Stubber(cdn().cloudfront) as cloudfront:
        cloudfront.add_response("create_invalidation", {})
        answer = purge_deleted.handler(
            batch(*(f"i/{number}/" for number in range(200)), sent_at=time.time()), Context()
        )
    assert (answer, calls) == ({"batchItemFailures": []}, PURGE_DELETED)


A_PERMALINK = {"rawPath": resolver_path("a.jpg", accepted="avif.webp"), "headers": {"accept": "image/avif"}}


def test_a_permalink(calls: set[Call], ready: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERMALINK_SECONDS", "604800")
    answer = resolve.handler(A_PERMALINK, Context())
    assert (answer["statusCode"], answer["isBase64Encoded"], calls) == (200, True, RESOLVE)
    held = [ready.s3.get_object(Bucket=IMAGES, Key=path)["Body"].read() for path in ready.variants()]
    assert base64.b64decode(answer["body"]) in held
    calls.clear()
    known = A_PERMALINK | {"headers": {"if-none-match": answer["headers"]["etag"]}}
    answer = resolve.handler(known, Context())
    assert (answer["statusCode"], "body" in answer, calls) == (304, False, {READ_MANIFEST})


def test_a_permalink_that_redirects(calls: set[Call], ready: Deployed) -> None:
    answer = resolve.handler(A_PERMALINK, Context())
    assert (answer["statusCode"], calls) == (302, {READ_MANIFEST})
    assert answer["headers"]["location"].removeprefix("/") in ready.variants()


def test_a_permalink_of_a_picture_that_is_processed(
    calls: set[Call], deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACEHOLDERS_BUCKET", UPLOADS)
    deployed.upload("new.jpg", PICTURE)
    deployed.upload("old.jpg.bak", b"begins alike")
    calls.clear()
    waits = {READ_MANIFEST, LOOK_FOR_ORIGINAL}
    answer = resolve.handler({"rawPath": resolver_path("new.jpg")}, Context())
    assert (answer["statusCode"], base64.b64decode(answer["body"]), calls) == (200, PLACEHOLDER, waits)
    assert answer["isBase64Encoded"]
    for nothing in ("old.jpg", "ne", "never.jpg"):
        assert resolve.handler({"rawPath": resolver_path(nothing)}, Context())["statusCode"] == 404
    assert calls == waits


def test_a_folder(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a/", b"")
    deployed.invoke(notification("a/"))
    assert calls == {READ_MANIFEST, LOOK, GIVE_UP}


def test_overwritten_twice(calls: set[Call], ready: Deployed) -> None:
    for _ in range(2):
        ready.upload("a.jpg", PICTURE)
        calls.clear()
        ready.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK, READ, WRITE, PURGE, PUBLISH, LIST, REMOVE, ANNOUNCE}


def test_a_deletion(calls: set[Call], ready: Deployed) -> None:
    ready.s3.delete_object(Bucket=UPLOADS, Key="a.jpg")
    ready.invoke(notification("a.jpg", name="ObjectRemoved:Delete"))
    assert calls == {READ_MANIFEST, LOOK, IS_THE_BUCKET_THERE, PUBLISH, LIST, REMOVE, PURGE, ANNOUNCE}


@pytest.mark.parametrize("body", ["hello", "{}", notification(""), notification("a", bucket="somebody-elses")])
def test_what_makes_no_sense(calls: set[Call], ready: Deployed, body: str) -> None:
    ready.invoke(body)
    assert calls == {GIVE_UP}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_the_test_event(calls: set[Call], ready: Deployed) -> None:
    ready.invoke(json.dumps({"Event": "s3:TestEvent"}))
    assert calls == set()


GRANTS_OF_THE_STORY = {
    Need("s3:GetObject", "uploads/*"),
    Need("s3:ListBucket", "uploads"),
    Need("s3:ListBucketVersions", "uploads"),
    Need("s3:GetObject", "images/m/*"),
    Need("s3:PutObject", "images/i/*"),
    Need("s3:PutObject", "images/m/*"),
    Need("s3:DeleteObject", "images/i/*"),
    Need("s3:ListBucket", "images"),
    Need("sqs:SendMessage", "purges"),
    Need("events:PutEvents", "default"),
}


def test_what_must_be_granted_is_this_and_no_more() -> None:
    assert needs(PROCESS_UPLOAD) - GRANTS_OF_THE_STORY == {
        Need("sqs:SendMessage", "dead-letters"),
        Need("sqs:ChangeMessageVisibility", "queue"),
    }
    assert needs(RECORD_FAILURE) - GRANTS_OF_THE_STORY == {
        Need("s3:PutObject", "quarantine/*"),
        Need("s3:DeleteObject", "quarantine/*"),
        Need("dynamodb:GetItem", "failures"),
        Need("dynamodb:UpdateItem", "failures"),
        Need("sqs:ChangeMessageVisibility", "dead-letters"),
    }
    assert needs(PROCESS_UPLOAD) & needs(RECORD_FAILURE) == GRANTS_OF_THE_STORY
    assert needs(PURGE_DELETED) == {
        Need("cloudfront:CreateInvalidation", "E1"),
        Need("sqs:GetQueueAttributes", "purges"),
    }


def test_originals_are_never_written_nor_removed() -> None:
    everything = needs(PROCESS_UPLOAD | RECORD_FAILURE | PURGE_DELETED)
    assert {need.action for need in everything if need.resource.startswith("uploads")} == {
        "s3:GetObject",
        "s3:ListBucket",
        "s3:ListBucketVersions",
    }
