"""The in-place function over moto: what it does with the messages of a batch, and which calls to AWS it makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.session import session
from lightpress.handlers import compress_in_place
from tests.handlers.conftest import IMAGES, REGION, Context, Deployed, Told, batch, notification
from tests.handlers.in_place import (
    CMS,
    COMPRESS_IN_PLACE,
    GIVE_UP,
    HOLD_BACK,
    IN_PLACE,
    IS_THE_BUCKET_THERE,
    LOOK,
    OWNERSHIP,
    READ,
    READ_ACL,
    READ_LEDGER,
    READ_TAGS,
    REPLACE,
    WRITE_ACL,
    WRITE_LEDGER,
    WRITE_TAGS,
)
from tests.handlers.recorder import Call, Need, needs, recorded
from tests.stores.refused import EXPIRED_TOKEN, KEY_DISABLED, NOT_ALLOWED, Refusal, refusing
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURE = file_of(ramp((200, 150)), "JPEG", quality=95)


def event(key: str) -> str:
    """As EventBridge says it: the key is not encoded.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    detail = {"bucket": {"name": CMS}, "object": {"key": key}}
    return json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})


@pytest.fixture
def cms(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setenv("IN_PLACE", IN_PLACE)
    deployed.s3.create_bucket(Bucket=CMS, CreateBucketConfiguration={"LocationConstraint": REGION})
    return deployed


@pytest.fixture
def calls(cms: Deployed) -> Iterator[set[Call]]:  # noqa: ARG001  its clients are made before, and are not heard
    with recorded() as heard:
        yield heard


def put(deployed: Deployed, key: str, data: bytes = PICTURE, **stored: Any) -> None:  # noqa: ANN401  as boto3 takes it
    deployed.s3.put_object(Bucket=CMS, Key=key, Body=data, **stored)


def invoke(*bodies: str, context: Context | None = None) -> list[str]:
    answer = compress_in_place.handler(batch(*bodies), context or Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_picture_is_replaced_and_its_saving_is_logged(calls: set[Call], cms: Deployed, told: Told) -> None:
    put(cms, "a b+ü.jpg", ContentType="image/jpeg")
    assert invoke(event("a b+ü.jpg")) == []
    head = cms.s3.head_object(Bucket=CMS, Key="a b+ü.jpg")
    assert head["ContentLength"] < len(PICTURE)
    assert head["ContentType"] == "image/jpeg"
    metrics = next(line for line in told.lines() if "SavedBytes" in line)
    assert metrics["SavedBytes"] == [len(PICTURE) - head["ContentLength"]]
    assert metrics["ObjectsReplaced"] == [1.0]
    assert calls == {LOOK, OWNERSHIP, READ_LEDGER, READ, READ_ACL, REPLACE, WRITE_ACL, WRITE_LEDGER}


def test_its_own_event_costs_one_look(calls: set[Call], cms: Deployed) -> None:
    put(cms, "a.jpg")
    invoke(event("a.jpg"))
    calls.clear()
    assert invoke(event("a.jpg"), notification("a.jpg", bucket=CMS)) == []
    assert calls == {LOOK}


def test_what_has_nothing_smaller_costs_two_reads_from_then_on(calls: set[Call], cms: Deployed) -> None:
    put(cms, "a.jpg", b"no picture")
    invoke(event("a.jpg"))
    calls.clear()
    invoke(event("a.jpg"))
    assert calls == {LOOK, READ_LEDGER}


def test_tags_are_read_only_where_there_are_any(calls: set[Call], cms: Deployed) -> None:
    put(cms, "a.jpg", Tagging="a=b")
    invoke(event("a.jpg"))
    assert {READ_TAGS, WRITE_TAGS} <= calls


def test_what_is_gone_is_gone(calls: set[Call], cms: Deployed) -> None:  # noqa: ARG001  the bucket must be there
    assert invoke(event("gone.jpg")) == []
    assert calls == {LOOK, IS_THE_BUCKET_THERE}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.parametrize("refusal", [EXPIRED_TOKEN, KEY_DISABLED, NOT_ALLOWED], ids=lambda refusal: refusal.code)
def test_an_object_the_function_may_not_read_is_retried_and_not_left_alone(
    calls: set[Call], cms: Deployed, told: Told, refusal: Refusal
) -> None:
    put(cms, "a.jpg")
    with refusing(session(), refusal, lambda what: "a.jpg" in what) as refused:
        assert invoke(event("a.jpg")) == ["id-0"]
    # After a 400, botocore itself looks whether the bucket is in another region.
    assert calls == {LOOK, READ, HOLD_BACK} | ({IS_THE_BUCKET_THERE} if refusal.status == 400 else set())
    assert {what.partition(" ")[0] for what in refused} == {"HEAD", "GET"}
    lines = told.lines()
    assert not [line for line in lines if "ObjectsLeftAlone" in line]
    assert any(refusal.code in line.get("exception", "") for line in lines), "the log says what was refused"


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_an_object_that_no_table_selects_is_ignored(calls: set[Call], cms: Deployed) -> None:
    put(cms, "notes.txt")
    assert invoke(event("notes.txt")) == []
    assert calls == set()


def test_what_makes_no_sense_is_set_aside(calls: set[Call], cms: Deployed) -> None:
    assert invoke("hello", notification("a.jpg", bucket="somebody-elses")) == []
    assert calls == {GIVE_UP}
    reasons = {message["MessageAttributes"]["reason"]["StringValue"] for message in cms.dead_letters()}
    assert reasons == {"not_json", "unknown_bucket"}


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_messages_without_time_left_are_retried(calls: set[Call], cms: Deployed) -> None:
    put(cms, "a.jpg")
    assert invoke(event("a.jpg"), context=Context(remaining_ms=[1_000])) == ["id-0"]
    assert calls == {HOLD_BACK}


def test_what_must_be_granted_is_this_and_no_more() -> None:
    on_objects = ("GetObject", "PutObject", "GetObjectTagging", "PutObjectTagging", "GetObjectAcl", "PutObjectAcl")
    assert needs(COMPRESS_IN_PLACE) == {
        *(Need(f"s3:{action}", f"{CMS}/*") for action in on_objects),
        Need("s3:ListBucket", CMS),
        Need("s3:GetBucketOwnershipControls", CMS),
        Need("s3:GetObject", f"{IMAGES}/c/*"),
        Need("s3:PutObject", f"{IMAGES}/c/*"),
        Need("s3:ListBucket", IMAGES),
        Need("sqs:SendMessage", "dead-letters"),
        Need("sqs:ChangeMessageVisibility", "queue"),
    }
