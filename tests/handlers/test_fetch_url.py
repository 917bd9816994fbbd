"""The function that fetches, over moto and a server that misbehaves: what it stores, what fails, its calls to AWS."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from lightpress.aws.session import session
from lightpress.aws.upload_counters import OWNER_DAY
from lightpress.composition import fetch_url
from lightpress.handlers.fetch_url import handler
from lightpress.ingest.orders import Order, body_of, order_for
from lightpress.ingest.urls import parse_url
from tests.handlers.conftest import COUNTERS, DEAD_LETTERS, QUEUE, UPLOADS, Context, Deployed, Told, batch
from tests.handlers.recorder import Call, recorded
from tests.ingest.server import Misbehaving, misbehaving, picture
from tests.stores.refused import EXPIRED_TOKEN, NOT_ALLOWED, Refusal, refusing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext

LOOK = Call("s3", "HeadObject", UPLOADS, "*")
ASK_AGAIN = Call("s3", "GetObject", UPLOADS, "*")
WRITE = Call("s3", "PutObject", UPLOADS, "*")
GIVE_UP = Call("sqs", "SendMessage", DEAD_LETTERS)
HOLD_BACK = Call("sqs", "ChangeMessageVisibility", QUEUE)
FIND_REGION = Call("s3", "HeadBucket", UPLOADS)  # by botocore itself, after a 400
COUNT = Call("dynamodb", "UpdateItem", COUNTERS)
FETCH_URL = {LOOK, ASK_AGAIN, FIND_REGION, WRITE, GIVE_UP, HOLD_BACK}

OPTIONS: dict[str, Any] = {
    "threads": 4,
    "max_bytes": 1 << 20,
    "timeout_seconds": 2,
    "tries": 3,
    "first_pause_seconds": 1,
    "per_host": 4,
    "per_host_rate": 1000,
    "ports": [80, 443],
    "plain_http": True,
    "allowed_networks": ["127.0.0.0/8"],
}


@pytest.fixture(autouse=True)
def _options(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FETCH", json.dumps(OPTIONS))
    fetch_url.batch.cache_clear()
    yield
    fetch_url.batch.cache_clear()


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as world:
        yield world


@pytest.fixture
def calls(deployed: Deployed) -> Iterator[set[Call]]:
    assert deployed
    with recorded() as heard:
        yield heard


def order(url: str, prefix: str = "") -> Order:
    return order_for(parse_url(url), prefix)


def invoke(*orders: Order) -> list[str]:
    answer = handler(batch(*map(body_of, orders)), cast("LambdaContext", Context()))
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_a_picture_lands_under_its_key_with_where_it_came_from(
    deployed: Deployed, server: Misbehaving, calls: set[Call]
) -> None:
    ordered = order(f"{server.url('ok', 1)}?token=secret", "trips/")
    assert invoke(ordered) == []
    found = deployed.s3.get_object(Bucket=UPLOADS, Key=ordered.key)
    assert (found["Body"].read(), found["ContentType"]) == (picture(1), "image/jpeg")
    assert found["Metadata"]["source-url"] == server.url("ok", 1)
    assert "secret" not in json.dumps(found["Metadata"])
    assert calls == {LOOK, WRITE}


def test_the_same_once_more_is_asked_for_by_its_validator_and_not_written(
    deployed: Deployed, server: Misbehaving, calls: set[Call]
) -> None:
    ordered = order(server.url("ok", 2))
    invoke(ordered)
    version = deployed.s3.head_object(Bucket=UPLOADS, Key=ordered.key)["VersionId"]
    calls.clear()
    invoke(ordered)
    assert calls == {LOOK}
    assert "if-none-match" in server.heads["/ok/2.jpg"]
    assert deployed.s3.head_object(Bucket=UPLOADS, Key=ordered.key)["VersionId"] == version


def test_what_comes_counts_among_the_bytes_of_whoever_asked_for_it(
    deployed: Deployed, server: Misbehaving, calls: set[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPLOAD_COUNTERS_TABLE", COUNTERS)
    monkeypatch.setenv("MAX_UPLOADS_PER_DAY", "3")
    monkeypatch.setenv("MAX_BYTES_PER_DAY", "100")
    fetch_url.batch.cache_clear()
    asked = [replace(order(server.url("ok", number)), owner="alice") for number in (31, 32)]
    others = [order(server.url("ok", 33)), replace(order(server.url("missing", 1)), owner="bob")]
    # Two of a batch are counted at the same time, of which moto, unlike DynamoDB, may lose one.
    assert [invoke(asked[0], *others), invoke(asked[1])] == [[], []]
    (row,) = deployed.dynamodb.scan(TableName=COUNTERS)["Items"]
    assert row[OWNER_DAY]["S"].startswith("alice 20")
    assert (row["files"]["N"], int(row["bytes"]["N"])) == ("0", len(picture(31)) + len(picture(32)))
    assert calls == {LOOK, WRITE, GIVE_UP, COUNT}


def test_a_changed_picture_replaces_the_one_before(deployed: Deployed, server: Misbehaving) -> None:
    ordered = order(server.url("plain", 3))
    invoke(ordered)
    server.body = picture(99)
    invoke(ordered)
    server.body = None
    assert deployed.s3.get_object(Bucket=UPLOADS, Key=ordered.key)["Body"].read() == picture(99)


def test_what_fails_for_good_is_recorded_like_any_failure_and_its_neighbours_land(
    deployed: Deployed, server: Misbehaving, calls: set[Call]
) -> None:
    bad, good = order(server.url("missing", 4), "a/"), order(server.url("ok", 5), "a/")
    assert invoke(bad, good) == []
    assert calls == {LOOK, WRITE, GIVE_UP}
    assert deployed.record() == []
    (failure,) = deployed.failures()
    assert (failure.subject, failure.reason, failure.url, failure.key) == (
        f"{UPLOADS}/{bad.key}",
        "not_found",
        bad.url,
        bad.key,
    )
    assert (failure.quarantine, failure.digest) == (None, None)
    assert "404" in failure.detail


def test_an_order_that_sqs_gave_up_on_is_recorded_as_unfinished(deployed: Deployed) -> None:
    lost = order("https://example.com/cat.jpg")
    url = deployed.sqs.get_queue_url(QueueName=DEAD_LETTERS)["QueueUrl"]
    deployed.sqs.send_message(QueueUrl=url, MessageBody=body_of(lost))
    assert deployed.record() == []
    (failure,) = deployed.failures()
    assert (failure.reason, failure.url) == ("unfinished", lost.url)


def test_what_was_received_too_often_lands_through_a_process_of_its_own(
    deployed: Deployed, server: Misbehaving, calls: set[Call]
) -> None:
    good, bad, new = (order(server.url(kind, 9)) for kind in ("ok", "missing", "plain"))
    event = batch(*map(body_of, (good, bad, new)))
    for record in event["Records"][:2]:
        record["attributes"]["ApproximateReceiveCount"] = str(OPTIONS["tries"] + 1)
    answer = handler(event, cast("LambdaContext", Context()))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-2"}]}
    assert deployed.s3.get_object(Bucket=UPLOADS, Key=good.key)["Body"].read() == picture(9)
    assert calls == {LOOK, WRITE, GIVE_UP, HOLD_BACK}
    assert not server.asked["/plain/9.jpg"]


def test_a_busy_server_is_retried_later(server: Misbehaving, calls: set[Call]) -> None:
    assert invoke(order(server.url("first-429", 6))) == ["id-0"]
    assert calls == {LOOK, HOLD_BACK}


@pytest.mark.parametrize("refusal", [EXPIRED_TOKEN, NOT_ALLOWED], ids=lambda refusal: refusal.code)
def test_a_key_that_cannot_be_read_is_not_written_and_is_retried(
    deployed: Deployed, server: Misbehaving, calls: set[Call], refusal: Refusal
) -> None:
    ordered = order(server.url("ok", 9))
    with refusing(session(), refusal, lambda what: ordered.key in what):
        assert invoke(ordered) == ["id-0"]
    assert calls == {LOOK, ASK_AGAIN, HOLD_BACK} | ({FIND_REGION} if refusal.status == 400 else set())
    assert "Contents" not in deployed.s3.list_objects_v2(Bucket=UPLOADS)


def test_nothing_private_is_fetched_unless_the_stack_says_so(
    deployed: Deployed, server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FETCH", json.dumps(OPTIONS | {"allowed_networks": []}))
    fetch_url.batch.cache_clear()
    asked = server.asked.total()
    invoke(order(server.url("ok", 7)))
    deployed.record()
    assert [failure.reason for failure in deployed.failures()] == ["blocked_address"]
    assert server.asked.total() == asked


def test_no_query_gets_into_the_log(deployed: Deployed, server: Misbehaving, told: Told) -> None:
    assert deployed
    for kind in ("ok", "missing", "first-429", "private"):
        invoke(order(f"{server.url(kind, 8)}?token=secret"))
    lines = told.lines()
    assert {line.get("message") for line in lines} >= {"fetched", "failed", "will be retried"}
    assert "secret" not in json.dumps(lines)
