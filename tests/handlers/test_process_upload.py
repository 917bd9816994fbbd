"""A batch of messages as Lambda hands it over: what is published, retried, recorded and logged."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.composition.process_upload import processor
from lightpress.composition.publishing import RECIPES
from lightpress.handlers.process_upload import handler
from lightpress.image.outputs import FALLBACKS
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.events import read
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.settings.environment import SettingMissingError
from tests.handlers.conftest import (
    DEAD_LETTERS,
    IMAGES,
    QUEUE,
    UPLOADS,
    Context,
    Deployed,
    Told,
    batch,
    notification,
    url_of,
)
from tests.pipeline.fakes import FakeQueue
from tools.drawing import file_of, four_corners, plain, ramp

if TYPE_CHECKING:
    from collections.abc import Iterable

PHOTO = file_of(ramp((400, 300)), "JPEG", quality=80)
SMALL = file_of(four_corners((60, 40)))

# A batch of nothing but test events counts nothing, and Powertools finds that worth a warning.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def assert_published(deployed: Deployed, key: str) -> None:
    manifest = deployed.manifest(key)
    assert manifest is not None
    assert manifest.status is Status.READY
    recipe = load_recipes(RECIPES).recipe_for(key)
    assert recipe is not None
    wanted = {(size.name, form) for size in recipe.spec.sizes for form in {one.format for one in manifest.variants}}
    assert {(variant.name, variant.format) for variant in manifest.variants} == wanted
    assert {form for _, form in wanted} & set(FALLBACKS)
    assert {variant.path for variant in manifest.variants} <= deployed.variants()


def test_all_ten_messages_of_a_batch_are_worked_off(deployed: Deployed) -> None:
    keys = [f"holiday {number}/ä+%.jpg" for number in range(10)]
    for number, key in enumerate(keys):
        deployed.upload(key, file_of(plain((number * 20, 90, 90), size=(64, 48)), "JPEG"))
    assert deployed.invoke(*(notification(key) for key in keys)) == []
    for key in keys:
        assert_published(deployed, key)
    assert deployed.dead_letters() == []


def test_many_records_of_one_message_are_worked_off(deployed: Deployed) -> None:
    deployed.upload("a.jpg", SMALL)
    deployed.upload("avatars/b.png", SMALL)
    assert deployed.invoke(notification("a.jpg", "avatars/b.png")) == []
    assert_published(deployed, "a.jpg")
    assert_published(deployed, "avatars/b.png")


def test_what_makes_no_sense_is_kept_and_its_neighbours_are_published(deployed: Deployed) -> None:
    for key in ("first.jpg", "last.jpg"):
        deployed.upload(key, SMALL)
    broken = {
        "not_json": '{"Records": [',
        "record_without_key": json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": {}}]}),
        "unknown_event": notification("a.jpg", name="ObjectTagging:Put"),
        "unknown_message": '{"hello": "world"}',
        "unknown_bucket": notification("a.jpg", bucket="somebody-elses"),
    }
    assert deployed.invoke(notification("first.jpg"), *broken.values(), notification("last.jpg")) == []
    assert_published(deployed, "first.jpg")
    assert_published(deployed, "last.jpg")
    kept = {message["MessageAttributes"]["reason"]["StringValue"]: message for message in deployed.dead_letters()}
    assert {
        reason: read(message["Body"]).about(Publishing(UPLOADS).find_source).problems
        for reason, message in kept.items()
    } == {reason: read(body).about(Publishing(UPLOADS).find_source).problems for reason, body in broken.items()}
    for number, reason in enumerate(broken, start=1):
        assert kept[reason]["MessageAttributes"]["message_id"]["StringValue"] == f"id-{number}"
        assert kept[reason]["MessageAttributes"]["detail"]["StringValue"]


def test_a_bad_picture_becomes_a_dead_letter_at_once_and_is_not_retried(deployed: Deployed) -> None:
    bad = {
        "a.svg": (b"<svg/>", "format_not_accepted"),
        "b.jpg": (b"hello", "not_a_picture"),
        "c.jpg": (PHOTO[:100], "corrupt"),
        "d.jpg": (b"", "empty"),
        "e/": (b"", "folder"),
    }
    for key, (data, _) in bad.items():
        deployed.upload(key, data)
    assert deployed.invoke(*(notification(key) for key in bad)) == []
    assert {deployed.manifest(key) for key in bad} == {None}
    assert deployed.variants() == set()
    told = {
        read(dead_letter["Body"]).sources[0].key: dead_letter["MessageAttributes"]["reason"]["StringValue"]
        for dead_letter in deployed.dead_letters()
    }
    assert told == {key: reason for key, (_, reason) in bad.items()}


def test_jpeg_2000_is_refused_whatever_it_is_called_with_what_it_is_and_what_is_accepted(deployed: Deployed) -> None:
    data = file_of(ramp((40, 30)), "JPEG2000")
    deployed.s3.put_object(Bucket=UPLOADS, Key="cat.jpg", Body=data, ContentType="image/jpeg")
    assert deployed.invoke(notification("cat.jpg")) == []
    assert deployed.record() == []
    manifest = deployed.manifest("cat.jpg")
    assert manifest is not None
    assert (manifest.status, manifest.reason) == (Status.FAILED, "format_not_accepted")
    (failure,) = deployed.failures()
    assert (
        failure.detail
        == manifest.detail
        == (
            "The file is JPEG 2000, which is not accepted. Accepted: JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF, "
            "Photoshop (PSD), ICO, BMP."
        )
    )


def test_a_batch_whose_every_record_has_a_transient_error_is_retried_whole(deployed: Deployed) -> None:
    deployed.upload("a.jpg", SMALL)
    deployed.s3.delete_bucket(Bucket=IMAGES)
    test_event = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": UPLOADS})
    assert deployed.invoke(notification("a.jpg"), test_event, notification("a.jpg")) == ["id-0", "id-2"]
    assert deployed.dead_letters() == []


def test_only_the_message_that_failed_is_retried(deployed: Deployed) -> None:
    for key in ("a.jpg", "b.jpg", "c.jpg"):
        deployed.upload(key, SMALL)
    deployed.s3.put_object(Bucket=IMAGES, Key=manifest_path("b.jpg"), Body=b"overwritten by somebody")
    assert deployed.invoke(*map(notification, ("a.jpg", "b.jpg", "c.jpg"))) == ["id-1"]
    assert_published(deployed, "a.jpg")
    assert_published(deployed, "c.jpg")


def test_a_message_that_cannot_become_a_dead_letter_is_retried_and_the_reason_is_logged(
    deployed: Deployed, told: Told
) -> None:
    deployed.sqs.delete_queue(QueueUrl=url_of(DEAD_LETTERS))
    assert deployed.invoke("hello") == ["id-0"]
    (line,) = [line for line in told.lines() if line.get("exception_name")]
    assert line["message_id"] == "id-0"
    assert "queue" in line["exception"].lower()


def test_a_message_without_time_left_is_retried_untouched(deployed: Deployed) -> None:
    for key in ("a.jpg", "b.jpg", "c.jpg"):
        deployed.upload(key, SMALL)
    context = Context(remaining_ms=[100_000, 29_999])
    assert deployed.invoke(*map(notification, ("a.jpg", "b.jpg", "c.jpg")), context=context) == ["id-1", "id-2"]
    assert_published(deployed, "a.jpg")
    assert deployed.manifest("b.jpg") is None


def test_a_message_with_many_records_is_retried_if_time_ran_out_for_some(deployed: Deployed) -> None:
    for key in ("a.jpg", "b.jpg"):
        deployed.upload(key, SMALL)
    assert deployed.invoke(notification("a.jpg", "b.jpg"), context=Context(remaining_ms=[30_000, 29_999])) == ["id-0"]
    assert_published(deployed, "a.jpg")
    assert deployed.manifest("b.jpg") is None


def test_a_message_that_is_retried_stays_hidden_for_a_while(deployed: Deployed) -> None:
    deployed.upload("a.jpg", SMALL)
    deployed.s3.delete_bucket(Bucket=IMAGES)
    deployed.sqs.send_message(QueueUrl=url_of(QUEUE), MessageBody=notification("a.jpg"))
    (message,) = deployed.sqs.receive_message(QueueUrl=url_of(QUEUE), VisibilityTimeout=0)["Messages"]
    event = batch(notification("a.jpg"))
    event["Records"][0]["receiptHandle"] = message["ReceiptHandle"]
    handler(event, Context())
    assert "Messages" not in deployed.sqs.receive_message(QueueUrl=url_of(QUEUE))


def test_the_panic_of_an_extension_takes_no_neighbour_along(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    for key in ("a.jpg", "b.jpg"):
        deployed.upload(key, SMALL)

    class Panic(BaseException):
        """As Rust's reach Python."""

    class Panicking(FakeQueue):
        def hold_back(self, receipt: str, seconds: int) -> None:
            raise Panic(f"{receipt} {seconds}")

    real = processor()
    monkeypatch.setattr("lightpress.handlers.process_upload.processor_of", lambda _: replace(real, queue=Panicking()))
    deployed.s3.put_object(Bucket=IMAGES, Key=manifest_path("a.jpg"), Body=b"overwritten by somebody")
    assert deployed.invoke(notification("a.jpg"), notification("b.jpg")) == ["id-0"]
    assert_published(deployed, "b.jpg")
    assert any("Panic" in line.get("exception", "") for line in told.lines())


def test_the_test_event_of_s3_is_accepted(deployed: Deployed) -> None:
    test_event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": UPLOADS, "RequestId": "r", "HostId": "h"}
    assert deployed.invoke(json.dumps(test_event)) == []
    assert deployed.dead_letters() == []


def test_a_deletion_takes_everything_back(deployed: Deployed) -> None:
    deployed.upload("a.jpg", SMALL)
    deployed.invoke(notification("a.jpg"))
    deployed.s3.delete_object(Bucket=UPLOADS, Key="a.jpg")
    assert deployed.invoke(notification("a.jpg", name="ObjectRemoved:DeleteMarkerCreated")) == []
    manifest = deployed.manifest("a.jpg")
    assert manifest is not None
    assert manifest.status is Status.DELETED
    assert deployed.variants() == set()


def test_the_same_message_twice_changes_nothing(deployed: Deployed) -> None:
    deployed.upload("a.jpg", SMALL)
    deployed.invoke(notification("a.jpg"))
    before = deployed.manifest("a.jpg"), deployed.variants()
    assert deployed.invoke(notification("a.jpg"), notification("a.jpg", "a.jpg")) == []
    assert (deployed.manifest("a.jpg"), deployed.variants()) == before


def test_a_container_reads_its_settings_once(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    first = processor()
    monkeypatch.setenv("IMAGES_BUCKET", "another")
    assert processor() is first
    deployed.upload("a.jpg", SMALL)
    deployed.invoke(notification("a.jpg"))
    assert_published(deployed, "a.jpg")


@pytest.mark.parametrize("name", ["UPLOADS_BUCKET", "IMAGES_BUCKET", "QUEUE_URL", "DEAD_LETTER_QUEUE_URL"])
def test_a_setting_that_is_missing_is_named(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingMissingError, match=name):
        deployed.invoke(notification("a.jpg"))


def measured(lines: Iterable[dict[str, Any]]) -> dict[str, list[float]]:
    """The metrics among the lines, by name."""
    values: dict[str, list[float]] = {}
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                value = line[metric["Name"]]
                values.setdefault(metric["Name"], []).extend(value if isinstance(value, list) else [value])
    return values


def test_each_outcome_is_logged_in_one_line(deployed: Deployed, told: Told) -> None:
    deployed.upload("good\n.jpg", SMALL)
    deployed.upload("bad.jpg", b"hello")
    deployed.invoke(notification("good\n.jpg"), notification("bad.jpg"), notification("gone.jpg"), "not json")
    lines = [line for line in told.lines() if "_aws" not in line]
    assert [(line["level"], line["message"], line.get("key")) for line in lines] == [
        ("INFO", "published", "good\n.jpg"),
        ("INFO", "rejected", "bad.jpg"),
        ("INFO", "removed", "gone.jpg"),
        ("ERROR", "discarded", None),
    ]
    assert lines[0]["generation"].startswith("1-")
    assert lines[1]["reason"] == "not_a_picture"
    assert (lines[3]["message_id"], lines[3]["reason"]) == ("id-3", "not_json")
    assert all(line["function_request_id"] == "request-1" for line in lines)
    assert all(line["service"] == "lightpress" for line in lines)


def test_a_transient_error_is_logged_with_its_cause(deployed: Deployed, told: Told) -> None:
    deployed.upload("a.jpg", SMALL)
    deployed.s3.delete_bucket(Bucket=IMAGES)
    deployed.invoke(notification("a.jpg"))
    (line,) = [line for line in told.lines() if "_aws" not in line]
    assert (line["level"], line["message"], line["key"]) == ("WARNING", "will be retried", "a.jpg")
    assert "NoSuchBucket" in line["exception"]


def test_what_happens_is_counted_under_names_that_stay_few(deployed: Deployed, told: Told) -> None:
    for number in range(3):
        deployed.upload(f"{number}.jpg", SMALL)
    deployed.upload("bad.jpg", b"hello")
    deployed.invoke(*(notification(key) for key in ("0.jpg", "1.jpg", "2.jpg", "0.jpg", "bad.jpg", "gone.jpg")), "no")
    lines = told.lines()
    counts = measured(lines)
    assert {name: sum(values) for name, values in counts.items() if name.startswith(("Pictures", "Messages"))} == {
        "PicturesPublished": 3,
        "PicturesUnchanged": 1,
        "PicturesRejected": 1,
        "PicturesRemoved": 1,
        "MessagesDiscarded": 1,
    }
    assert counts["OriginalBytes"] == [len(SMALL)] * 3
    assert len(counts["VariantBytes"]) == 3
    assert min(counts["VariantBytes"]) > 0
    directives = [one for line in lines for one in line.get("_aws", {}).get("CloudWatchMetrics", [])]
    assert {directive["Namespace"] for directive in directives} == {"Lightpress"}
    dimensions = {name for directive in directives for names in directive["Dimensions"] for name in names}
    assert dimensions <= {"service", "function_name"}  # anything about a picture would make a metric for each


def test_names_that_share_a_file_are_counted_once(deployed: Deployed, told: Told) -> None:
    deployed.upload("a.jpg", SMALL)  # smaller than every size of its recipe
    deployed.invoke(notification("a.jpg"))
    stored = sum(deployed.s3.head_object(Bucket=IMAGES, Key=path)["ContentLength"] for path in deployed.variants())
    assert measured(told.lines())["VariantBytes"] == [stored]
    assert len(deployed.variants()) == 2
