"""The upload API over moto: requests as API Gateway hands them over, answers as it wants them."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from lightpress.aws.dead_letters import SqsDeadLetters
from lightpress.aws.images import S3Images
from lightpress.handlers.upload_api import STEPS, handler
from lightpress.ingest.orders import body_of, order_for, order_in
from lightpress.ingest.urls import parse_url
from lightpress.pipeline.buckets import Attached
from lightpress.pipeline.events import read
from lightpress.pipeline.facts import Fact
from lightpress.pipeline.failures import DeadLetter
from lightpress.pipeline.manifest import DroppedOriginal
from lightpress.uploads.bodies import MAX_BODY_BYTES
from lightpress.uploads.requests import owner_of, size_in
from tests.handlers.conftest import (
    CDN,
    COUNTERS,
    DEAD_LETTERS,
    FAILURES,
    IMAGES,
    QUEUE,
    UPLOADS,
    URLS,
    Context,
    Deployed,
    Told,
    notification,
    url_of,
)
from tests.handlers.gateway import event_of
from tests.handlers.recorder import Call, recorded
from tests.uploads.test_bodies import UNREADABLE
from tools.drawing import file_of, speckled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from tests.handlers.conftest import Told

FILE = {"filename": "Mein Bild.jpg", "size": 1_000, "type": "image/jpeg"}
CHECKSUM = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
ALICE, BOB = "alice", "bob"

# Signed only, and done by S3 in the function's name.
SIGN_FORM, SIGN_PART = Call("s3", "CreateBucket", UPLOADS), Call("s3", "UploadPart", UPLOADS, "*")
READ_MANIFEST = Call("s3", "GetObject", IMAGES, "m/")
CORRECT = {READ_MANIFEST, Call("s3", "PutObject", IMAGES, "m/"), Call("sqs", "SendMessage", QUEUE)}
DELETE = Call("s3", "DeleteObject", UPLOADS, "*")
IN_PARTS = {
    Call("s3", operation, UPLOADS, "*")
    for operation in ("CreateMultipartUpload", "ListParts", "CompleteMultipartUpload", "AbortMultipartUpload")
}
LOOK_FOR_FILE = Call("s3", "ListObjectsV2", UPLOADS, "*")
ORDER = Call("sqs", "SendMessageBatch", URLS)
READ_FAILURES, ORDER_AGAIN = Call("dynamodb", "Query", FAILURES), Call("dynamodb", "UpdateItem", FAILURES)
COUNT = Call("dynamodb", "UpdateItem", COUNTERS)
UPLOAD_API = IN_PARTS | CORRECT | {SIGN_FORM, SIGN_PART, LOOK_FOR_FILE, READ_MANIFEST, DELETE}
UPLOAD_API |= {ORDER, ORDER_AGAIN, READ_FAILURES}


def ask(method: str, path: str, body: Any = None, *, owner: str = ALICE) -> tuple[int, dict[str, Any]]:  # noqa: ANN401
    """What the API answers: status and body."""
    answer = answer_to(method, path, body, owner=owner)
    return answer["statusCode"], json.loads(answer["body"])


def answer_to(method: str, path: str, body: Any = None, *, owner: str = ALICE) -> dict[str, Any]:  # noqa: ANN401
    """The answer as API Gateway gets it; `path` as it is in the address."""
    event = event_of(
        method=method,
        path=path,
        key=path.removeprefix("/images/") if path.startswith("/images/") else None,
        body=body if isinstance(body, str) or body is None else json.dumps(body),
        owner=owner,
    )
    return handler(event, cast("LambdaContext", Context()))


def test_what_no_recipe_accepts_is_refused_at_the_door(deployed: Deployed) -> None:
    assert deployed
    assert ask("POST", "/uploads", FILE | {"type": "image/heic"})[0] == 201
    status, said = ask("POST", "/uploads", FILE | {"type": "image/jp2"})
    assert (status, said["errors"][0]["field"]) == (422, "type")
    assert "'image/jp2' is not accepted. Accepted: image/jpeg, image/png," in said["errors"][0]["detail"]


@pytest.fixture
def calls(deployed: Deployed) -> Iterator[set[Call]]:
    assert deployed
    with recorded() as heard:
        yield heard


def test_a_file_gets_a_key_and_a_form_for_itself_and_nothing_else(calls: set[Call]) -> None:
    status, said = ask("POST", "/uploads", FILE | {"checksum": CHECKSUM, "focus": "0.4,0.2"})
    assert status == 201
    collection, owner, number, name = said["key"].split("/")
    assert (collection, owner, name) == ("uploads", owner_of(ALICE), "Mein-Bild.jpg")
    assert len(number) == 12
    fields = said["upload"]["fields"]
    assert fields["key"] == said["key"]
    assert urlsplit(said["upload"]["url"]).hostname == f"{UPLOADS}.s3.eu-west-1.amazonaws.com"
    policy = json.loads(base64.b64decode(fields["policy"]))
    for condition in (
        {"key": said["key"]},
        {"bucket": UPLOADS},
        {"Content-Type": "image/jpeg"},
        {"x-amz-checksum-sha256": CHECKSUM},
        {"x-amz-meta-focus": "0.4,0.2"},
        ["content-length-range", 1_000, 1_000],
    ):
        assert condition in policy["conditions"]
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert calls == {SIGN_FORM}, "signing asks nobody"


def test_the_log_joins_the_request_and_the_key_that_it_was_given(deployed: Deployed, told: Told) -> None:
    assert deployed
    _, said = ask("POST", "/uploads", FILE)
    (line,) = told.lines()
    assert (line["message"], line["key"], line["correlation_id"]) == ("upload begun", said["key"], "r")


def test_two_files_of_one_name_never_meet(deployed: Deployed) -> None:
    assert deployed
    assert len({ask("POST", "/uploads", FILE)[1]["key"] for _ in range(20)}) == 20


def test_the_owner_of_a_picture_can_read_its_status(deployed: Deployed, calls: set[Call]) -> None:
    _, begun = ask("POST", "/uploads", FILE)
    path = f"/images/{begun['key']}"
    addresses = {name: begun[name] for name in ("key", "permalink", "status_url")}
    assert addresses == {
        "key": begun["key"],
        "permalink": f"{CDN}/{begun['key']}",
        "status_url": f"images/{begun['key']}",
    }
    assert ask("GET", path) == (200, addresses | {"status": "processing"})
    deployed.upload(begun["key"], file_of(speckled((800, 600)), "JPEG"))
    deployed.invoke(notification(begun["key"]))
    calls.clear()

    status, told = ask("GET", path)
    assert (status, told["status"], told["width"], told["height"]) == (200, "ready", 800, 600)
    assert told["permalink"] == begun["permalink"]
    assert told["picture"].startswith("<picture>")
    assert told["srcset"]["avif"].count(CDN) == 3
    assert {variant["format"] for variant in told["variants"]} == {"avif", "jpeg"}
    assert all(variant["url"].startswith(f"{CDN}/i/") for variant in told["variants"])
    assert calls == {READ_MANIFEST}
    assert ask("GET", path, owner=BOB)[0] == 404


def test_of_pictures_that_look_alike_an_owner_is_told_of_their_own_alone(deployed: Deployed) -> None:
    own = ask("POST", "/uploads", FILE)[1]["key"]
    others = (ask("POST", "/uploads", FILE, owner=BOB)[1]["key"], "shop/cat.jpg")
    key = ask("POST", "/uploads", FILE)[1]["key"]
    deployed.upload(key, file_of(speckled((80, 60)), "JPEG"))
    deployed.invoke(notification(key))
    images = S3Images(deployed.s3, IMAGES)
    there = images.published(key)
    assert there is not None
    alike = Fact("duplicates", looks_like=(others[0], own, others[1]))
    told = replace(there.manifest, enrichers=("duplicates",), facts=(alike, Fact("own", alt="A cat.")))
    images.publish(told, there)
    facts = ask("GET", f"/images/{key}")[1]["facts"]
    assert (facts["looks_like"], facts["alt"]) == ([own], "A cat.")


def test_a_picture_that_failed_says_why_in_plain_words(deployed: Deployed) -> None:
    _, begun = ask("POST", "/uploads", FILE)
    deployed.upload(begun["key"], b"no picture")
    deployed.invoke(notification(begun["key"]))
    deployed.record()
    _, told = ask("GET", f"/images/{begun['key']}")
    assert (told["status"], told["reason"]) == ("failed", "not_a_picture")
    assert told["title"].startswith("The file's contents are no kind of picture")
    assert told["detail"]


def test_a_key_that_is_encoded_in_its_address_is_the_same_key(deployed: Deployed) -> None:
    assert deployed
    _, begun = ask("POST", "/uploads", FILE | {"filename": "naïve.jpg"})
    assert ask("GET", f"/images/{quote(begun['key'])}")[1]["key"] == begun["key"]


def test_deleting_removes_the_original_and_only_its_owner_may(deployed: Deployed, calls: set[Call]) -> None:
    _, begun = ask("POST", "/uploads", FILE)
    deployed.upload(begun["key"], b"x")
    assert ask("DELETE", f"/images/{begun['key']}", owner=BOB)[0] == 404
    assert calls == {SIGN_FORM}
    assert ask("DELETE", f"/images/{begun['key']}") == (202, {"key": begun["key"], "status": "deleting"})
    assert calls == {SIGN_FORM, DELETE, READ_MANIFEST}
    deployed.invoke(notification(begun["key"], name="ObjectRemoved:DeleteMarkerCreated"))
    assert ask("GET", f"/images/{begun['key']}")[1]["status"] == "deleted"


def test_of_an_original_that_has_left_a_deletion_is_told_to_the_queue_and_its_focus_stays(
    deployed: Deployed, calls: set[Call]
) -> None:
    _, begun = ask("POST", "/uploads", FILE)
    path = f"/images/{begun['key']}"
    deployed.upload(begun["key"], file_of(speckled((800, 600)), "JPEG"))
    deployed.invoke(notification(begun["key"]))
    images: Any = S3Images(deployed.s3, IMAGES)
    published = images.published(begun["key"])
    images.publish(replace(published.manifest, original_dropped=DroppedOriginal(None, 1)), published)
    deployed.s3.delete_object(Bucket=UPLOADS, Key=begun["key"], VersionId=published.manifest.source.identity)
    status, said = ask("PATCH", path, {"focus": "0.4,0.2"})
    assert (status, said["code"]) == (409, "original_dropped")
    calls.clear()
    assert ask("DELETE", path)[0] == 202
    assert calls == {DELETE, READ_MANIFEST, Call("sqs", "SendMessage", QUEUE)}
    (body,) = (message["Body"] for message in deployed.sqs.receive_message(QueueUrl=url_of(QUEUE))["Messages"])
    assert [one.key for one in read(body).sources] == [begun["key"]]


def test_the_owner_of_a_picture_corrects_its_focus_and_nobody_else(deployed: Deployed, calls: set[Call]) -> None:
    _, begun = ask("POST", "/uploads", FILE)
    path = f"/images/{begun['key']}"
    early, told = ask("PATCH", path, {"focus": "0.4,0.2"})
    assert (early, told["code"]) == (409, "not_published")
    deployed.upload(begun["key"], file_of(speckled((800, 600)), "JPEG"))
    deployed.invoke(notification(begun["key"]))
    assert ask("GET", path)[1]["focus_pending"] is False
    calls.clear()

    assert ask("PATCH", path, {"focus": "0.4,0.2"}, owner=BOB)[0] == 404
    assert calls == set()
    status, said = ask("PATCH", path, {"focus": "0.4,0.2"})
    assert (status, said["key"], said["focus"], said["focus_pending"]) == (202, begun["key"], [0.4, 0.2], True)
    assert calls == CORRECT
    told = ask("GET", path)[1]
    assert (told["status"], told["focus"], told["focus_pending"]) == ("ready", [0.4, 0.2], True)
    deployed.invoke(notification(begun["key"]))
    told = ask("GET", path)[1]
    assert (told["focus"], told["focus_pending"]) == ([0.4, 0.2], False)

    assert ask("PATCH", path, {"focus": "none"})[1]["focus"] is None
    deployed.invoke(notification(begun["key"]))
    assert ask("GET", path)[1]["focus"] is None


def test_the_owner_of_a_picture_says_what_is_in_it(deployed: Deployed) -> None:
    _, begun = ask("POST", "/uploads", FILE)
    path = f"/images/{begun['key']}"
    deployed.upload(begun["key"], file_of(speckled((80, 60)), "JPEG"))
    deployed.invoke(notification(begun["key"]))
    for body, alt, labels in (
        ({"alt": "A cat"}, "A cat", []),
        ({"labels": "cat, sofa"}, "A cat", ["cat", "sofa"]),
        ({"alt": "none", "focus": "0.4,0.2"}, None, ["cat", "sofa"]),
        ({"labels": "none"}, None, []),
    ):
        status, said = ask("PATCH", path, body)
        assert (status, said["alt"], said["labels"]) == (202, alt, labels)
    assert (said["focus"], said["focus_pending"]) == ([0.4, 0.2], True)


@pytest.mark.parametrize("body", [{}, {"focus": None}, {"focus": "left"}, {"focus": [0.4, 0.2]}, {"focus": "0.4,1.2"}])
def test_what_is_no_point_is_no_focus(deployed: Deployed, body: dict[str, Any]) -> None:
    assert deployed
    _, begun = ask("POST", "/uploads", FILE)
    status, said = ask("PATCH", f"/images/{begun['key']}", body)
    assert (status, [error["field"] for error in said["errors"]]) == (422, ["focus"])


def test_a_large_file_is_uploaded_in_parts(deployed: Deployed, calls: set[Call]) -> None:
    part = bytes(5 << 20)
    status, begun = ask("POST", "/multipart", FILE | {"size": len(part) + 3, "focus": "0.4,0.2"})
    assert status == 201
    assert begun["part_size"] == 8 << 20
    assert size_in(begun["key"]) == len(part) + 3
    upload = {"key": begun["key"], "upload_id": begun["upload_id"]}

    _, signed = ask("POST", "/multipart/sign", upload | {"part_number": 1, "size": len(part)})
    query = parse_qs(urlsplit(signed["url"]).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert (query["partNumber"], query["X-Amz-Expires"]) == (["1"], ["900"])

    for number, data in ((1, part), (2, b"end")):
        deployed.s3.upload_part(
            Bucket=UPLOADS, Key=begun["key"], UploadId=begun["upload_id"], PartNumber=number, Body=data
        )
    _, listed = ask("POST", "/multipart/list", upload)
    assert [(one["part_number"], one["size"]) for one in listed["parts"]] == [(1, len(part)), (2, 3)]
    assert listed["completed"] is False
    for _ in range(2):
        status, completed = ask("POST", "/multipart/complete", upload | {"parts": listed["parts"]})
        assert (status, completed["key"], completed["permalink"]) == (200, begun["key"], f"{CDN}/{begun['key']}")
    assert ask("POST", "/multipart/list", upload) == (200, {"parts": [], "completed": True})
    assert deployed.s3.head_object(Bucket=UPLOADS, Key=begun["key"])["ContentLength"] == len(part) + 3

    assert deployed.s3.head_object(Bucket=UPLOADS, Key=begun["key"])["Metadata"] == {"focus": "0.4,0.2"}
    _, other = ask("POST", "/multipart", FILE)
    assert ask("POST", "/multipart/abort", {"key": other["key"], "upload_id": other["upload_id"]})[0] == 200
    assert calls == IN_PARTS | {SIGN_PART, LOOK_FOR_FILE}


@pytest.mark.parametrize(
    ("begun_with", "number", "most"),
    [
        *((1, 1, 1), (1, 2, 0), (5 << 20, 2, 0)),
        *((9 << 20, 1, 8 << 20), (9 << 20, 2, 4 << 20), (9 << 20, 3, 0), (13 << 20, 2, 8 << 20)),
    ],
)
def test_a_part_can_hold_no_more_than_the_size_that_the_upload_began_with_leaves(
    deployed: Deployed, begun_with: int, number: int, most: int
) -> None:
    assert deployed
    _, begun = ask("POST", "/multipart", FILE | {"size": begun_with})
    part = {"key": begun["key"], "upload_id": begun["upload_id"], "part_number": number}
    if most:
        assert ask("POST", "/multipart/sign", part | {"size": most})[0] == 200
    if most < begun["part_size"]:
        status, said = ask("POST", "/multipart/sign", part | {"size": most + 1})
        assert (status, said["code"]) == (409, "part_too_large")
        assert f"began with {begun_with} bytes" in said["detail"]
        assert f"can have {f'at most {most}' if most else 'none of them'}." in said["detail"]


@pytest.mark.parametrize("step", ["sign", "list", "complete", "abort"])
def test_an_upload_cannot_be_continued_by_another_owner(deployed: Deployed, step: str) -> None:
    assert deployed
    _, begun = ask("POST", "/multipart", FILE)
    upload = {"key": begun["key"], "upload_id": begun["upload_id"]}
    more = {"part_number": 1, "size": 5, "parts": [{"part_number": 1, "etag": "0" * 32}]}
    assert ask("POST", f"/multipart/{step}", upload | more, owner=BOB)[0] == 404


def test_parts_that_are_not_there_make_no_file(deployed: Deployed) -> None:
    _, begun = ask("POST", "/multipart", FILE)
    upload = {"key": begun["key"], "upload_id": begun["upload_id"]}
    deployed.s3.upload_part(Bucket=UPLOADS, Key=begun["key"], UploadId=begun["upload_id"], PartNumber=1, Body=b"x")
    status, said = ask("POST", "/multipart/complete", upload | {"parts": [{"part_number": 2, "etag": "0" * 32}]})
    assert (status, said["code"]) == (409, "parts_do_not_match")
    gone = {"key": begun["key"], "upload_id": "none"}
    assert ask("POST", "/multipart/list", gone)[1]["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/uploads", "{", 400, "not_json"),
        ("POST", "/uploads", None, 400, "not_an_object"),
        ("POST", "/uploads", [1], 400, "not_an_object"),
        ("POST", "/uploads", {}, 422, "invalid"),
        ("POST", "/multipart/explode", {}, 404, "not_found"),
        ("GET", "/nothing", None, 404, "not_found"),
        ("GET", "/images/uploads/x", None, 404, "not_found"),
        ("PUT", "/uploads", None, 404, "not_found"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_a_code(  # noqa: PLR0913, PLR0917  one for each column
    deployed: Deployed, method: str, path: str, body: object, status: int, code: str
) -> None:
    assert deployed
    found, said = ask(method, path, body)
    assert (found, said["status"], said["code"]) == (status, status, code)
    assert said["detail"].endswith(".")


_READS_A_BODY = ["/uploads", "/multipart", "/ingest", *(f"/multipart/{step}" for step in STEPS)]


@pytest.mark.sampled(21)
@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("path", _READS_A_BODY)
def test_no_route_reads_a_body_that_programs_read_differently(
    deployed: Deployed, calls: set[Call], path: str, name: str
) -> None:
    assert deployed
    status, said = ask("POST", path, UNREADABLE[name][0])
    assert (status, said["status"], said["code"]) == (400, 400, "not_json")
    assert not calls


@pytest.mark.parametrize("path", _READS_A_BODY)
def test_no_route_reads_a_body_of_more_than_a_mebibyte(deployed: Deployed, path: str) -> None:
    assert deployed
    assert ask("POST", path, " " * (MAX_BODY_BYTES + 1))[0] == 413


@pytest.fixture
def quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three files and 100,000 bytes a day."""
    monkeypatch.setenv("UPLOAD_COUNTERS_TABLE", COUNTERS)
    monkeypatch.setenv("MAX_UPLOADS_PER_DAY", "3")
    monkeypatch.setenv("MAX_BYTES_PER_DAY", "100000")


def test_a_quota_counts_files_parts_and_urls_together_and_says_when_to_come_back(
    deployed: Deployed, calls: set[Call], quota: None
) -> None:
    assert quota is None
    assert ask("POST", "/uploads", FILE)[1]["quota"]["uploads_left"] == 2
    assert calls == {SIGN_FORM, COUNT}
    _, begun = ask("POST", "/multipart", FILE)
    assert (begun["quota"]["uploads_left"], begun["quota"]["bytes_left"]) == (1, 98_000)
    urls = ["https://example.com/cat.jpg", "https://example.com/dog.jpg"]
    assert ask("POST", "/ingest", {"urls": urls})[0] == 429
    status, said = ask("POST", "/ingest", {"urls": [*urls[:1], "no URL"]})
    assert (status, said["quota"]["uploads_left"], said["quota"]["bytes_left"]) == (202, 0, 98_000)

    answer = answer_to("POST", "/uploads", FILE)
    said = json.loads(answer["body"])
    assert (answer["statusCode"], said["code"]) == (429, "quota_exceeded")
    assert 0 < int(answer["headers"]["Retry-After"]) <= 86_401
    assert ask("POST", "/uploads", FILE, owner=BOB)[0] == 201
    rows = deployed.dynamodb.scan(TableName=COUNTERS)["Items"]
    assert sorted((row["files"]["N"], row["bytes"]["N"]) for row in rows) == [("1", "1000"), ("3", "2000")]


def test_a_file_that_is_larger_than_the_quota_of_a_day_is_refused_without_asking_dynamodb(
    deployed: Deployed, calls: set[Call], quota: None
) -> None:
    assert deployed
    assert quota is None
    assert ask("POST", "/uploads", FILE | {"size": 100_001})[0] == 429
    assert not calls


def test_without_a_quota_nothing_is_counted(calls: set[Call]) -> None:
    assert ask("POST", "/uploads", FILE)[1]["quota"] is None
    assert COUNT not in calls


def test_who_is_not_named_by_the_authorizer_gets_nothing(deployed: Deployed) -> None:
    assert deployed
    status, answer = ask("POST", "/uploads", FILE, owner="")
    assert (status, answer["code"]) == (403, "no_owner")


@pytest.mark.parametrize("path", ["/uploads", "/multipart", "/ingest"])
def test_a_collection_that_an_attached_bucket_publishes_under_is_refused_as_the_pipeline_would(
    deployed: Deployed, calls: set[Call], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("ATTACHED", json.dumps([asdict(Attached("my-shop", under="shop/"))]))
    body = FILE | {"collection": "shop", "urls": ["https://example.com/cat.jpg"]}
    status, said = ask("POST", path, body)
    assert (status, said["code"]) == (400, "reserved_prefix")
    assert said["detail"] == "Keys that begin with 'shop/' are those of another bucket. Choose another collection."
    assert not calls
    assert ask("POST", path, body | {"collection": "shopping"})[0] in {201, 202}

    key = f"shop/{owner_of(ALICE)}/n/cat.jpg"
    deployed.upload(key, b"x")
    deployed.invoke(notification(key))
    assert [letter["MessageAttributes"]["reason"]["StringValue"] for letter in deployed.dead_letters()] == [
        "reserved_prefix"
    ]


def test_urls_are_ordered_each_under_a_key_of_its_caller_and_what_is_none_is_named(
    deployed: Deployed, calls: set[Call]
) -> None:
    urls = ["https://example.com/cat.jpg", "cat.jpg", "http://2130706433/", " https://example.com/dog "]
    status, said = ask("POST", "/ingest", {"urls": urls, "prefix": "trips/", "collection": "avatars"})
    assert status == 202
    assert [one["index"] for one in said["accepted"]] == [0, 3]
    assert all(one["key"].startswith(f"avatars/{owner_of(ALICE)}/trips/") for one in said["accepted"])
    assert all(one["permalink"] == f"{CDN}/{one['key']}" for one in said["accepted"])
    assert all(one["status_url"] == f"images/{one['key']}" for one in said["accepted"])
    assert [(one["index"], one["reason"]) for one in said["refused"]] == [(1, "invalid_url"), (2, "blocked_address")]
    messages = deployed.sqs.receive_message(QueueUrl=url_of(URLS), MaxNumberOfMessages=10)["Messages"]
    orders = [order_in(message["Body"]) for message in messages]
    assert {order.key for order in orders if order} == {one["key"] for one in said["accepted"]}
    assert calls == {ORDER, ORDER_AGAIN}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"urls": []},
        {"urls": "https://example.com/"},
        {"urls": [1]},
        {"urls": ["https://example.com/"] * 101},
        {"urls": ["https://example.com/"], "prefix": "../"},
        {"urls": ["https://example.com/"], "prefix": "trips"},
        {"urls": ["https://example.com/"], "prefix": f"{'a' * 200}/"},
    ],
)
def test_a_list_that_is_none_is_refused_as_a_whole(deployed: Deployed, body: object) -> None:
    status, said = ask("POST", "/ingest", body)
    assert (status, said["code"]) == (422, "invalid")
    assert "Messages" not in deployed.sqs.receive_message(QueueUrl=url_of(URLS))


def test_a_url_that_failed_says_why_to_its_owner(deployed: Deployed, calls: set[Call]) -> None:
    _, said = ask("POST", "/ingest", {"urls": ["https://example.com/cat.jpg"]})
    key = said["accepted"][0]["key"]
    assert ask("GET", f"/images/{key}")[1]["status"] == "processing"
    order = order_for(parse_url("https://example.com/cat.jpg"), key.rpartition("/")[0] + "/")
    SqsDeadLetters(deployed.sqs, url_of(DEAD_LETTERS)).send(DeadLetter(body_of(order), "m", "not_found", "Status 404."))
    deployed.record()
    calls.clear()
    told = ask("GET", f"/images/{key}")[1]
    assert (told["status"], told["reason"], told["detail"]) == ("failed", "not_found", "Status 404.")
    assert told["title"] == "The server has nothing at this address."
    assert calls == {READ_MANIFEST, READ_FAILURES}
    assert ask("GET", f"/images/{key}", owner=BOB)[0] == 404


def test_a_url_that_is_ordered_again_is_processed_until_it_fails_again(deployed: Deployed, calls: set[Call]) -> None:
    url = "https://example.com/cat.jpg"
    key = ask("POST", "/ingest", {"urls": [url]})[1]["accepted"][0]["key"]
    assert deployed.failures() == [], "what never failed has no row after an order"
    order = order_for(parse_url(url), key.rpartition("/")[0] + "/")
    for reason in ("server_error", "timeout"):
        letter = DeadLetter(body_of(order), "m", reason, "Status 503.")
        SqsDeadLetters(deployed.sqs, url_of(DEAD_LETTERS)).send(letter)
        deployed.record()
        told = ask("GET", f"/images/{key}")[1]
        assert (told["status"], told["reason"]) == ("failed", reason)
        calls.clear()
        assert ask("POST", "/ingest", {"urls": [url, "https://example.com/dog.jpg"]})[0] == 202
        assert calls == {ORDER, ORDER_AGAIN}
        assert ask("GET", f"/images/{key}")[1]["status"] == "processing"
        assert [(one.reason, one.url) for one in deployed.failures()] == [(reason, url)], "operators have it still"


def test_where_no_urls_are_fetched_there_is_no_such_address(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deployed
    monkeypatch.delenv("URL_QUEUE_URL")
    assert ask("POST", "/ingest", {"urls": ["https://example.com/"]})[0] == 404
