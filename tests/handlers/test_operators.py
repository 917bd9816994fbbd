"""The operators' API over moto: requests as API Gateway hands them over, answers as it wants them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import boto3
import jsonschema_rs
import pytest
from moto import mock_aws

from lightpress.aws.images import S3Images
from lightpress.aws.reviews import S3Reviews
from lightpress.aws.runs_table import DynamoRuns
from lightpress.backfill.run import NANOS, SWEEP, Job, Run
from lightpress.cdk.operators import OPERATOR_ROUTES, PREVIEW_ROUTE
from lightpress.composition.operators import operator_service
from lightpress.handlers.operators import handler
from lightpress.image.errors import PictureRejected, Reason
from lightpress.pipeline.buckets import Attached, Publishing, Selection
from lightpress.pipeline.failures import Failure, subject_of_message
from lightpress.pipeline.gate import PERSON, Review
from lightpress.pipeline.manifest import DroppedOriginal, Publication
from lightpress.pipeline.recipe import RecipeBook, Rule
from lightpress.pipeline.review_messages import read_review
from lightpress.uploads.requests import Refused
from tests.handlers.conftest import (
    CDN,
    FAILURES,
    IMAGES,
    QUARANTINE,
    QUEUE,
    REGION,
    RUNS,
    UPLOADS,
    URLS,
    Context,
    Deployed,
    notification,
)
from tests.handlers.gateway import event_of
from tests.handlers.recorder import Call, recorded
from tools.documents.operators import PAGE, document, openapi_page
from tools.drawing import file_of, four_corners

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lightpress.operators.service import OperatorService

SCOPE = "lightpress/operate"
DOCUMENT = document()
READ_MANIFEST, READ_ENTRY, READ_REVIEW = (
    Call("s3", "GetObject", IMAGES, folder) for folder in ("m/", "held/", "reviews/")
)
LIST_HELD = Call("s3", "ListObjectsV2", IMAGES, "held/")
ROWS, ROWS_OF_ONE, FORGET = (Call("dynamodb", name, FAILURES) for name in ("Scan", "Query", "DeleteItem"))
REMOVE_COPY, LIST_RUNS = Call("s3", "DeleteObject", QUARANTINE, "*"), Call("dynamodb", "Scan", RUNS)
RETRY, RETRY_URL = Call("sqs", "SendMessage", QUEUE), Call("sqs", "SendMessage", URLS)
COUNT = Call("cloudwatch", "GetMetricData", "all metrics")
LOOK = Call("s3", "ListObjectVersions", UPLOADS, "*")
OPERATORS = {READ_MANIFEST, READ_ENTRY, READ_REVIEW, LIST_HELD, LOOK, ROWS, ROWS_OF_ONE, FORGET, REMOVE_COPY, LIST_RUNS}
OPERATORS |= {RETRY, RETRY_URL, COUNT}
REVIEW = Call("sqs", "SendMessage", "reviews")
METRICS = {
    "namespace": "Lightpress",
    "service": "lightpress-dev",
    "file": 0.25,
    "list": 0.125,
    "picture": 0.5,
    "invocation": 0.125,
    "functions": {"process": 0.001, "resolve": 0.002},
}


@pytest.fixture(autouse=True)
def _operators(monkeypatch: pytest.MonkeyPatch, settings: None) -> None:
    assert settings is None
    monkeypatch.setenv("OPERATORS_SCOPE", SCOPE)
    monkeypatch.setenv("METRICS", json.dumps(METRICS))


def ask(method: str, path: str, body: Any = None, *, scope: str | None = SCOPE, **query: str) -> tuple[int, Any]:  # noqa: ANN401
    """What the API answers to the token of somebody with a scope: status and body."""
    event = event_of(method=method, path=path, key=None, body=body if body is None else json.dumps(body), owner="ada")
    event["queryStringParameters"] = query
    if scope is not None:
        event["requestContext"]["authorizer"]["jwt"]["claims"]["scope"] = scope
    answer = handler(event, cast("LambdaContext", Context()))
    said = json.loads(answer["body"])
    assert is_documented(method, path, answer["statusCode"], said)
    return answer["statusCode"], said


def is_documented(method: str, path: str, status: int, said: object) -> bool:
    """Whether the document has this answer to this request."""
    answers = DOCUMENT["paths"][path][method.lower()]["responses"]
    ((kind, content),) = answers[str(status)]["content"].items()
    assert kind == ("application/json" if status < 400 else "application/problem+json")
    return jsonschema_rs.is_valid(content["schema"] | {"components": DOCUMENT["components"]}, said)


def test_the_document_in_the_repository_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == openapi_page(), "it is stale: make docs"


def test_the_document_has_the_routes_of_the_stack_and_no_others() -> None:
    documented = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    routes = {(method.name, path) for method, path in OPERATOR_ROUTES}
    assert documented == routes | {(PREVIEW_ROUTE[0].name, PREVIEW_ROUTE[1])}
    assert routes == set(ORDERS)


def test_an_answer_that_the_document_does_not_have_is_noticed() -> None:
    assert not is_documented("GET", "/operators/failures", 200, {"failures": [{"subject": "x"}], "more": False})
    with pytest.raises(KeyError):
        is_documented("GET", "/operators/days", 409, {})


@pytest.fixture
def calls(deployed: Deployed) -> Iterator[set[Call]]:
    assert deployed
    with recorded() as heard:
        yield heard


def publish(deployed: Deployed, key: str, data: bytes | None = None) -> None:
    deployed.upload(key, data or file_of(four_corners((60, 40))))
    deployed.invoke(notification(key))


def fail(deployed: Deployed, key: str) -> dict[str, Any]:
    """A picture that failed: its row as it is listed."""
    publish(deployed, key, b"no picture")
    deployed.record()
    (row,) = (one for one in ask("GET", "/operators/failures")[1]["failures"] if one["key"] == key)
    return cast("dict[str, Any]", row)


ORDERS = [
    ("GET", "/operators/pictures"),
    ("GET", "/operators/failures"),
    ("POST", "/operators/failures/retry"),
    ("POST", "/operators/failures/discard"),
    ("GET", "/operators/held"),
    ("POST", "/operators/held/approve"),
    ("POST", "/operators/held/reject"),
    ("GET", "/operators/backfills"),
    ("GET", "/operators/days"),
]


@pytest.mark.parametrize(("method", "path"), ORDERS)
@pytest.mark.parametrize("scope", [None, "openid", "lightpress/operated", "[openid lightpress/upload]"])
def test_the_token_of_an_uploader_gets_403_and_nothing_is_asked(
    calls: set[Call], method: str, path: str, scope: str | None
) -> None:
    status, said = ask(method, path, {"subject": "x", "identity": "y"}, scope=scope)
    assert (status, said["code"]) == (403, "not_an_operator")
    assert "'lightpress/operate'" in said["detail"]
    assert calls == set()


@pytest.mark.parametrize("scope", [f"openid {SCOPE}", f"[openid {SCOPE}]", SCOPE])
def test_a_scope_is_one_of_several_however_the_gateway_writes_a_list(deployed: Deployed, scope: str) -> None:
    assert deployed
    assert ask("GET", "/operators/failures", scope=scope) == (200, {"failures": [], "more": False})


def test_an_authorizer_of_ones_own_names_the_scope_in_its_context(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deployed
    monkeypatch.setenv("UPLOAD_AUTH", "authorizer")
    event = event_of(method="GET", path="/operators/backfills", key=None, body=None, owner="ada")
    for context, status in (({"owner": "ada"}, 403), ({"owner": "ada", "scope": SCOPE}, 200)):
        event["requestContext"]["authorizer"] = {"lambda": context}
        assert handler(event, cast("LambdaContext", Context()))["statusCode"] == status


def test_a_picture_by_its_key_has_status_variants_notes_and_every_version(deployed: Deployed, calls: set[Call]) -> None:
    key = "trips/50% off+more.jpg"
    publish(deployed, key)
    publish(deployed, key, file_of(four_corners((90, 60))))
    calls.clear()
    status, said = ask("GET", "/operators/pictures", key=key)
    assert (status, said["status"], said["width"], said["revision"], said["recipe"]) == (200, "ready", 90, 2, "web")
    assert said["permalink"] == f"{CDN}/trips/50%25%20off%2Bmore.jpg"
    assert {one["format"] for one in said["variants"]} <= {"avif", "webp", "jpeg", "png"}
    assert all(one["url"].startswith(f"{CDN}/i/") for one in said["variants"])
    assert [one["deleted"] for one in said["versions"]] == [False, False]
    assert calls == {READ_MANIFEST, LOOK, ROWS_OF_ONE}


def test_what_was_uploaded_since_is_processing_and_what_was_deleted_says_so(deployed: Deployed) -> None:
    publish(deployed, "a.jpg")
    deployed.upload("a.jpg", file_of(four_corners((90, 60))))
    assert ask("GET", "/operators/pictures", key="a.jpg")[1]["status"] == "processing"
    deployed.s3.delete_object(Bucket=UPLOADS, Key="a.jpg")
    deployed.invoke(notification("a.jpg", name="ObjectRemoved:DeleteMarkerCreated"))
    said = ask("GET", "/operators/pictures", key="a.jpg")[1]
    assert said["status"] == "deleted"
    assert [one["deleted"] for one in said["versions"]] == [True, False, False]
    deployed.upload("new.jpg", b"x")
    assert ask("GET", "/operators/pictures", key="new.jpg")[1]["status"] == "processing"


def test_a_picture_that_is_held_for_review_says_for_whom(deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"not looked at")
    version = deployed.s3.head_object(Bucket=UPLOADS, Key="a.jpg")["VersionId"]
    held = Publication("a.jpg", 1, version, 13, "community", "digest").held(("malware", "person"))
    S3Images(deployed.s3, IMAGES).publish(held, None)
    said = ask("GET", "/operators/pictures", key="a.jpg")[1]
    assert (said["status"], said["held_for"], said["variants"]) == ("held", ["malware", "person"], [])


def hold(
    deployed: Deployed, key: str, data: bytes = b"not looked at", gate: tuple[str, ...] = ("malware", "person")
) -> str:
    """A picture that waits for reviewers: its version."""
    deployed.upload(key, data)
    version = deployed.s3.head_object(Bucket=UPLOADS, Key=key)["VersionId"]
    held = Publication(key, 1, version, 13, "community", "digest").held(gate)
    S3Images(deployed.s3, IMAGES).publish(held, None)
    S3Reviews(deployed.s3, IMAGES).list_as_held(held)
    return version


def test_what_waits_for_reviewers_is_listed_with_those_who_have_not_answered(
    deployed: Deployed, calls: set[Call]
) -> None:
    version = hold(deployed, "trips/a.jpg")
    S3Reviews(deployed.s3, IMAGES).keep("trips/a.jpg", version, Review("malware", approved=True))
    left = hold(deployed, "b.jpg")
    S3Images(deployed.s3, IMAGES).publish(
        Publication("b.jpg", 2, left, 13, "community", "digest").failed(PictureRejected(Reason.REJECTED_BY_GATE, "")),
        S3Images(deployed.s3, IMAGES).published("b.jpg"),
    )
    publication = Publication("trips/a.jpg", 2, version, 13, "community", "digest")
    again = publication.held(("malware", "person"), 1_700_000_000, 1_700_090_000)
    S3Images(deployed.s3, IMAGES).publish(again, S3Images(deployed.s3, IMAGES).published("trips/a.jpg"))
    S3Reviews(deployed.s3, IMAGES).list_as_held(again)
    calls.clear()
    status, said = ask("GET", "/operators/held")
    assert (status, said["more"]) == (200, False)
    ((one),) = said["held"]
    assert one.pop("since") > 1_700_000_000
    about = {"key": "trips/a.jpg", "version": version, "bytes": 13, "held_for": ["person"], "answerable": ["person"]}
    assert one == about | {"until": 1_700_090_000}
    assert calls == {READ_MANIFEST, READ_ENTRY, READ_REVIEW, LIST_HELD}


@pytest.mark.parametrize(
    ("gate", "answerable"),
    [
        (("malware",), []),
        (("legal", "scan"), []),
        (("moderation",), ["moderation"]),
        (("malware", "moderation", "person"), ["person", "moderation"]),
    ],
)
def test_what_waits_is_listed_with_those_in_whose_name_operators_may_answer(
    deployed: Deployed, gate: tuple[str, ...], answerable: list[str]
) -> None:
    hold(deployed, "a.jpg", gate=gate)
    (one,) = ask("GET", "/operators/held")[1]["held"]
    assert (one["held_for"], one["answerable"]) == (list(gate), answerable)


def review_queue(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> str:
    url = deployed.sqs.create_queue(QueueName="reviews")["QueueUrl"]
    monkeypatch.setenv("REVIEW_QUEUE_URL", url)
    _again()
    return url


@pytest.mark.parametrize(("verb", "approved"), [("approve", True), ("reject", False)])
def test_a_person_approves_and_rejects_the_version_that_was_listed(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, calls: set[Call], verb: str, approved: bool
) -> None:
    url = review_queue(deployed, monkeypatch)
    version = hold(deployed, "trips/a.jpg")
    calls.clear()
    asked = {"key": "trips/a.jpg", "version": version, "detail": "It shows a license plate."}
    status, said = ask("POST", f"/operators/held/{verb}", asked)
    assert (status, said) == (202, {"key": "trips/a.jpg", "version": version, "status": "sent"})
    assert calls == ({READ_MANIFEST, READ_REVIEW, REVIEW} if approved else {READ_MANIFEST, REVIEW})
    (message,) = deployed.sqs.receive_message(QueueUrl=url)["Messages"]
    given = read_review(message["Body"], Publishing(UPLOADS).find_source)
    assert (given.source.name, given.identity) == ("trips/a.jpg", version)
    assert given.review == Review(PERSON, approved, "It shows a license plate.")


def test_a_person_answers_in_the_name_of_the_program_that_is_not_sure(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = review_queue(deployed, monkeypatch)
    asked = {"key": "a.jpg", "version": hold(deployed, "a.jpg", gate=("moderation",)), "reviewer": "moderation"}
    assert ask("POST", "/operators/held/approve", asked)[0] == 202
    (message,) = deployed.sqs.receive_message(QueueUrl=url)["Messages"]
    assert read_review(message["Body"], Publishing(UPLOADS).find_source).review == Review("moderation", approved=True)


def test_a_review_of_another_version_or_without_a_gate_or_by_others_is_refused(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = hold(deployed, "a.jpg")
    asked = {"key": "a.jpg", "version": version}
    status, said = ask("POST", "/operators/held/approve", asked)
    assert (status, said["code"]) == (409, "no_gate")
    review_queue(deployed, monkeypatch)
    status, said = ask("POST", "/operators/held/approve", asked | {"version": "before"})
    assert (status, said["code"]) == (409, "changed")
    assert ask("POST", "/operators/held/reject", asked | {"detail": "x" * 501})[0] == 422
    assert ask("POST", "/operators/held/approve", asked | {"reviewer": "malware"})[0] == 422
    assert ask("POST", "/operators/held/approve", asked, scope="openid")[0] == 403
    assert ask("POST", "/operators/held/approve", asked)[0] == 202


@pytest.mark.parametrize(
    ("gate", "reviewer", "words"),
    [
        (("malware",), PERSON, "The gate of this picture names malware, and not person."),
        (("malware",), PERSON, "`lightpress gate VERB KEY --reviewer malware` does."),
        (("malware",), "moderation", "The gate of this picture names malware, and not moderation."),
        (("legal", "scan"), PERSON, "names legal and scan, and not person. Operators do not answer for legal or scan"),
        (("moderation",), PERSON, "Operators may answer in the name of moderation."),
        (("malware", "person"), "moderation", "Operators may answer in the name of person."),
    ],
)
def test_an_answer_for_somebody_whom_the_gate_does_not_name_is_refused_with_who_may_and_nothing_is_sent(
    deployed: Deployed, calls: set[Call], gate: tuple[str, ...], reviewer: str, words: str
) -> None:
    about = {"key": "a.jpg", "version": hold(deployed, "a.jpg", gate=gate)}
    calls.clear()
    named = [about | {"reviewer": reviewer}, *([about] if reviewer == PERSON else [])]
    for verb, asked in ((verb, asked) for verb in ("approve", "reject") for asked in named):
        status, said = ask("POST", f"/operators/held/{verb}", asked)
        assert (status, said["code"]) == (409, "not_asked")
        assert words.replace("VERB", verb) in said["detail"]
    assert calls == {READ_MANIFEST}


def test_what_a_program_has_rejected_is_approved_in_nobodys_name_and_a_person_may_think_again(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    review_queue(deployed, monkeypatch)
    version = hold(deployed, "a.jpg", gate=("moderation", "person"))
    asked = {"key": "a.jpg", "version": version}
    S3Reviews(deployed.s3, IMAGES).keep("a.jpg", version, Review(PERSON, approved=False))
    assert ask("POST", "/operators/held/approve", asked)[0] == 202
    S3Reviews(deployed.s3, IMAGES).keep("a.jpg", version, Review("moderation", approved=False))
    for name in (PERSON, "moderation"):
        status, said = ask("POST", "/operators/held/approve", asked | {"reviewer": name})
        assert (status, said["code"]) == (409, "stays_rejected")
        assert "moderation has rejected this version" in said["detail"]
        assert ask("POST", "/operators/held/reject", asked | {"reviewer": name})[0] == 202


def test_what_is_published_is_taken_away_by_those_whom_its_recipe_asks_now_and_by_nobody_else(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    review_queue(deployed, monkeypatch)
    publish(deployed, "a.jpg")
    asked = {"key": "a.jpg", "version": deployed.s3.head_object(Bucket=UPLOADS, Key="a.jpg")["VersionId"]}
    status, said = ask("POST", "/operators/held/reject", asked)
    assert (status, said["code"]) == (409, "no_gate"), "its recipe has none"
    assert asking(PERSON).review(asked, approved=False)["status"] == "sent"
    with pytest.raises(Refused, match="names malware, and not person"):
        asking("malware").review(asked, approved=False)


def asking(*gate: str) -> OperatorService:
    """The service where all recipes have this gate."""
    service = operator_service()
    recipe = replace(service.recipes.recipes["web"], gate=gate)
    return replace(service, recipes=RecipeBook((Rule("**", recipe),), {"web": recipe}))


def test_a_key_that_begins_like_another_has_only_its_own_versions(deployed: Deployed) -> None:
    publish(deployed, "a.jpg.jpg")
    status, said = ask("GET", "/operators/pictures", key="a.jpg")
    assert (status, said["code"]) == (404, "not_found")


def test_a_failed_picture_has_its_reason_in_words_and_its_failures(deployed: Deployed) -> None:
    fail(deployed, "broken.jpg")
    said = ask("GET", "/operators/pictures", key="broken.jpg")[1]
    assert (said["status"], said["reason"], said["variants"]) == ("failed", "not_a_picture", [])
    assert said["title"].startswith("The file's contents are no kind of picture")
    assert [one["in_quarantine"] for one in said["failures"]] == [True]


def test_failures_are_listed_by_reason_and_prefix_the_newest_first_while_they_are_true(
    deployed: Deployed, calls: set[Call]
) -> None:
    for key in ("trips/a.jpg", "trips/b.jpg", "c.jpg"):
        fail(deployed, key)
    publish(deployed, "trips/b.jpg")  # mended since
    calls.clear()
    assert {one["key"] for one in ask("GET", "/operators/failures")[1]["failures"]} == {"trips/a.jpg", "c.jpg"}
    assert calls == {ROWS, READ_MANIFEST}
    assert [one["key"] for one in ask("GET", "/operators/failures", prefix="trips/")[1]["failures"]] == ["trips/a.jpg"]
    assert ask("GET", "/operators/failures", reason="corrupt")[1] == {"failures": [], "more": False}


def test_a_retry_goes_through_the_queue_and_is_gone_from_the_list_once_it_is_published(
    deployed: Deployed, calls: set[Call]
) -> None:
    row = fail(deployed, "a.jpg")
    deployed.sqs.purge_queue(QueueUrl=f"https://sqs.{REGION}.amazonaws.com/123456789012/{QUEUE}")
    calls.clear()
    named = {name: row[name] for name in ("subject", "identity")}
    assert ask("POST", "/operators/failures/retry", named) == (202, named | {"status": "sent"})
    assert calls == {ROWS_OF_ONE, RETRY}
    (message,) = deployed._received(QUEUE)  # noqa: SLF001
    deployed.upload("a.jpg", file_of(four_corners((60, 40))))
    assert deployed.invoke(message["Body"]) == []
    assert ask("GET", "/operators/failures")[1]["failures"] == []


def test_a_message_that_made_no_sense_is_not_sent_again_as_a_look_at_no_original(deployed: Deployed) -> None:
    failure = _failure(None)
    _rows(deployed).record(failure)
    named = {"subject": failure.subject, "identity": failure.identity}
    status, said = ask("POST", "/operators/failures/retry", named)
    assert (status, said["code"]) == (409, "no_original")
    assert deployed._received(QUEUE) == []  # noqa: SLF001
    assert ask("POST", "/operators/failures/discard", named)[0] == 202


def test_a_url_is_fetched_again_by_its_own_queue_or_refused_where_there_is_none(
    deployed: Deployed, calls: set[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = _rows(deployed)
    failure = _failure("uploads/x.jpg", url="https://example.com/x.jpg")
    rows.record(failure)
    named = {"subject": failure.subject, "identity": failure.identity}
    assert ask("GET", "/operators/failures")[1]["failures"][0]["url"] == failure.url
    calls.clear()
    assert ask("POST", "/operators/failures/retry", named)[0] == 202
    assert calls == {ROWS_OF_ONE, RETRY_URL}
    (message,) = deployed._received(URLS)  # noqa: SLF001
    assert json.loads(message["Body"])["url"] == failure.url
    deployed.upload("uploads/x.jpg", b"it came")
    assert ask("GET", "/operators/failures")[1]["failures"] == []

    monkeypatch.delenv("URL_QUEUE_URL")
    _again()
    status, said = ask("POST", "/operators/failures/retry", named)
    assert (status, said["code"]) == (409, "not_fetched")


def test_a_url_is_no_failure_once_what_came_of_it_is_published_and_has_left(deployed: Deployed) -> None:
    key = "uploads/x.jpg"
    _rows(deployed).record(_failure(key, url="https://example.com/x.jpg"))
    publish(deployed, key)
    deployed.s3.delete_object(Bucket=UPLOADS, Key=key, VersionId=only_version(deployed, key))
    assert [one["key"] for one in ask("GET", "/operators/failures")[1]["failures"]] == [key]
    images = S3Images(deployed.s3, IMAGES)
    published = images.published(key)
    assert published is not None
    images.publish(replace(published.manifest, original_dropped=DroppedOriginal(None, 1)), published)
    assert ask("GET", "/operators/failures")[1]["failures"] == []


def only_version(deployed: Deployed, key: str) -> str:
    (version,) = deployed.s3.list_object_versions(Bucket=UPLOADS, Prefix=key)["Versions"]
    return str(version["VersionId"])


def test_discarding_removes_the_row_and_the_copy_once(deployed: Deployed, calls: set[Call]) -> None:
    row = fail(deployed, "a.jpg")
    assert deployed.s3.list_objects_v2(Bucket=QUARANTINE)["KeyCount"] == 1
    calls.clear()
    named = {name: row[name] for name in ("subject", "identity")}
    assert ask("POST", "/operators/failures/discard", named)[0] == 202
    assert calls == {ROWS_OF_ONE, FORGET, REMOVE_COPY}
    assert (deployed.failures(), deployed.s3.list_objects_v2(Bucket=QUARANTINE)["KeyCount"]) == ([], 0)
    assert ask("POST", "/operators/failures/discard", named)[0] == 404


@pytest.mark.parametrize("body", [{}, {"subject": "x"}, {"subject": "x", "identity": 3}, [], "text"])
def test_an_order_without_its_fields_is_refused_by_name(deployed: Deployed, body: object) -> None:
    assert deployed
    status, said = ask("POST", "/operators/failures/discard", body)
    assert status in {400, 422}
    assert said["errors"] or said["code"] == "not_an_object"


def test_backfills_show_progress_and_what_their_caps_leave(deployed: Deployed, calls: set[Call]) -> None:
    runs = DynamoRuns(deployed.dynamodb, RUNS)
    job = Job((Selection("shop"),))
    swept = Job((Selection("images"),), task=SWEEP)
    runs.begin(Run("old", swept, paced=1_000.0, sent=7, spent=3 * NANOS // 2, ended="finished"))
    runs.begin(Run("new", job, paced=2_000.0, objects_left=93, nanos_left=NANOS // 2, stopped="stopped"))
    calls.clear()
    new, old = ask("GET", "/operators/backfills")[1]["backfills"]
    assert calls == {LIST_RUNS}
    assert (new["name"], new["buckets"], new["objects_left"], new["dollars_left"]) == ("new", ["shop"], 93, 0.5)
    assert (new["stopped"], new["ended"]) == ("stopped", None)
    assert (new["task"], old["task"]) == ("look", "sweep")
    assert (old["sent"], old["dollars_spent"], old["objects_left"], old["dollars_left"]) == (7, 1.5, None, None)


def test_the_last_days_add_up_what_was_counted_and_what_it_costs(deployed: Deployed, calls: set[Call]) -> None:
    assert deployed
    with mock_aws():
        cloudwatch = boto3.client("cloudwatch", region_name=REGION)
        now = datetime.now(UTC)
        for name, namespace, dimension, value in (
            ("PicturesPublished", "Lightpress", ("service", "lightpress-dev"), 4.0),
            ("PicturesPublished", "Lightpress", ("service", "lightpress-prod"), 1_000.0),
            ("OriginalBytes", "Lightpress", ("service", "lightpress-dev"), 9_000.0),
            ("Files", "Lightpress", ("service", "lightpress-dev"), 8.0),
            ("Lists", "Lightpress", ("service", "lightpress-dev"), 2.0),
            ("Duration", "AWS/Lambda", ("FunctionName", "process"), 2_500.0),
            ("Invocations", "AWS/Lambda", ("FunctionName", "resolve"), 4.0),
            ("Duration", "AWS/Lambda", ("FunctionName", "of-somebody-else"), 1_000.0),
        ):
            cloudwatch.put_metric_data(
                Namespace=namespace,
                MetricData=[
                    {
                        "MetricName": name,
                        "Dimensions": [{"Name": dimension[0], "Value": dimension[1]}],
                        "Timestamp": now - timedelta(seconds=1),
                        "Value": value,
                    }
                ],
            )
        calls.clear()
        days = ask("GET", "/operators/days")[1]["days"]
    assert calls == {COUNT}
    busy = [day for day in days if day["published"]]
    assert [(day["published"], day["original_bytes"], day["dollars"]) for day in busy] == [
        (4, 9_000, {"Lambda": 2.5 + 0.5, "S3 requests": 8 * 0.25 + 2 * 0.125 + 4 * 0.5})
    ]
    assert busy[0]["day"] == (now - timedelta(seconds=1)).date().isoformat()


def test_a_picture_of_an_attached_bucket_is_known_by_what_is_published_of_it(
    deployed: Deployed, calls: set[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deployed
    monkeypatch.setenv("ATTACHED", json.dumps([Attached("shop", under="shop/").__dict__]))
    _again()
    assert ask("GET", "/operators/pictures", key="shop/cat.jpg")[0] == 404
    assert calls == {READ_MANIFEST, ROWS_OF_ONE}, "its bucket is not looked at"


def test_a_message_that_made_no_sense_stays_listed_until_it_is_discarded(deployed: Deployed) -> None:
    rows = _rows(deployed)
    failure = _failure(None)
    rows.record(failure)
    assert [one["subject"] for one in ask("GET", "/operators/failures")[1]["failures"]] == [failure.subject]


def _again() -> None:
    operator_service.cache_clear()


def _rows(deployed: Deployed) -> Any:  # noqa: ANN401
    from lightpress.aws.failures_table import DynamoFailures

    return DynamoFailures(deployed.dynamodb, FAILURES, lambda: 0, 0)


def _failure(key: str | None, url: str | None = None) -> Failure:
    return Failure(
        subject=f"{UPLOADS}/{key}" if key else subject_of_message("id-1"),
        identity="url" if url else "part",
        reason="server_error" if url else "not_json",
        detail="It was so.",
        attempts=1,
        first_at=1_000,
        last_at=2_000,
        expires_at=4_000_000_000,
        bucket=UPLOADS if key else None,
        key=key,
        url=url,
    )
