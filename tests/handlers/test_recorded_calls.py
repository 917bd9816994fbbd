"""What the handler asks of AWS, in every kind of story: nothing else needs to be granted to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.drawing import file_of, four_corners
from tests.handlers.conftest import DEAD_LETTERS, IMAGES, UPLOADS, Deployed, notification
from tests.handlers.recorder import IAM_ACTIONS, Call, Need, needs, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURE = file_of(four_corners())

READ_MANIFEST = Call("s3", "GetObject", IMAGES, "m/")
LOOK = Call("s3", "HeadObject", UPLOADS, "*")
IS_THE_BUCKET_THERE = Call("s3", "HeadBucket", UPLOADS)
READ = Call("s3", "GetObject", UPLOADS, "*")
WRITE = Call("s3", "PutObject", IMAGES, "i/")
PUBLISH = Call("s3", "PutObject", IMAGES, "m/")
LIST = Call("s3", "ListObjectsV2", IMAGES, "i/")
REMOVE = Call("s3", "DeleteObjects", IMAGES, "i/")
KEEP = Call("sqs", "SendMessage", DEAD_LETTERS)

EVERYTHING = {READ_MANIFEST, LOOK, IS_THE_BUCKET_THERE, READ, WRITE, PUBLISH, LIST, REMOVE, KEEP}


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
    assert calls == {READ_MANIFEST, LOOK, READ, WRITE, PUBLISH}


def test_a_duplicate(calls: set[Call], ready: Deployed) -> None:
    ready.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK}


def test_a_bad_picture(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK, READ, PUBLISH, LIST}


def test_a_folder(calls: set[Call], deployed: Deployed) -> None:
    deployed.upload("a/", b"")
    deployed.invoke(notification("a/"))
    assert calls == {READ_MANIFEST, LOOK, PUBLISH, LIST}


def test_overwritten_twice(calls: set[Call], ready: Deployed) -> None:
    for _ in range(2):
        ready.upload("a.jpg", PICTURE)
        calls.clear()
        ready.invoke(notification("a.jpg"))
    assert calls == {READ_MANIFEST, LOOK, READ, WRITE, PUBLISH, LIST, REMOVE}


def test_a_deletion(calls: set[Call], ready: Deployed) -> None:
    ready.s3.delete_object(Bucket=UPLOADS, Key="a.jpg")
    ready.invoke(notification("a.jpg", name="ObjectRemoved:Delete"))
    assert calls == {READ_MANIFEST, LOOK, IS_THE_BUCKET_THERE, PUBLISH, LIST, REMOVE}


@pytest.mark.parametrize("body", ["hello", "{}", notification(""), notification("a", bucket="somebody-elses")])
def test_what_makes_no_sense(calls: set[Call], ready: Deployed, body: str) -> None:
    ready.invoke(body)
    assert calls == {KEEP}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_the_test_event(calls: set[Call], ready: Deployed) -> None:
    ready.invoke(json.dumps({"Event": "s3:TestEvent"}))
    assert calls == set()


def test_what_must_be_granted_is_this_and_no_more() -> None:
    assert needs(EVERYTHING) == {
        Need("s3:GetObject", "uploads/*"),
        Need("s3:ListBucket", "uploads"),
        Need("s3:GetObject", "images/m/*"),
        Need("s3:PutObject", "images/i/*"),
        Need("s3:PutObject", "images/m/*"),
        Need("s3:DeleteObject", "images/i/*"),
        Need("s3:ListBucket", "images"),
        Need("sqs:SendMessage", "dead-letters"),
    }


def test_originals_are_never_written_nor_removed() -> None:
    assert {need.action for need in needs(EVERYTHING) if need.resource.startswith("uploads")} == {
        "s3:GetObject",
        "s3:ListBucket",
    }


def test_every_operation_that_is_made_has_its_actions() -> None:
    assert {(call.service, call.operation) for call in EVERYTHING} == set(IAM_ACTIONS)
