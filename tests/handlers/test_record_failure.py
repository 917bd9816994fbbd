"""The dead-letter queue as Lambda hands it over: published after all, or recorded with everything."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from botocore.stub import ANY, Stubber

from lightpress.composition.purge_deleted import cdn
from lightpress.composition.record_failure import recorder
from lightpress.handlers import purge_deleted, record_failure
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import short_name
from lightpress.pipeline.source import Source
from lightpress.settings.environment import SettingMissingError
from tests.handlers.conftest import (
    DEAD_LETTERS,
    DISTRIBUTION,
    QUARANTINE,
    REGION,
    UPLOADS,
    Context,
    Deployed,
    Told,
    batch,
    letters,
    notification,
    url_of,
)
from tests.handlers.test_process_upload import assert_published, measured
from tools.drawing import file_of, four_corners

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest

SMALL = file_of(four_corners((60, 40)))

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def manifest(deployed: Deployed, key: str) -> Manifest:
    found = deployed.manifest(key)
    assert found is not None
    return found


def test_a_bad_picture_ends_in_quarantine_in_the_table_and_in_its_manifest(deployed: Deployed) -> None:
    deployed.upload("a b/ü.jpg", b"hello")
    assert deployed.invoke(notification("a b/ü.jpg"), context=Context(aws_request_id="first")) == []
    assert deployed.record(Context(aws_request_id="second")) == []
    (failure,) = deployed.failures()
    assert (failure.key, failure.reason, failure.attempts) == ("a b/ü.jpg", "not_a_picture", 2)
    assert failure.request_ids == ("first", "second")
    assert failure.first_at == 1_700_000_000
    assert deployed.quarantined(failure) == b"hello"
    published = manifest(deployed, "a b/ü.jpg")
    assert (published.status, published.reason, published.detail) == (Status.FAILED, failure.reason, failure.detail)
    assert published.source is not None
    assert published.source.identity == failure.identity


def test_a_picture_in_an_archive_fails_and_is_published_once_it_is_restored(deployed: Deployed) -> None:
    deployed.s3.put_object(Bucket=UPLOADS, Key="a.jpg", Body=SMALL, StorageClass="DEEP_ARCHIVE")
    assert deployed.invoke(notification("a.jpg")) == []
    assert deployed.record() == []
    (failure,) = deployed.failures()
    assert (failure.reason, failure.attempts, failure.quarantine) == ("archived", 2, None)
    assert failure.detail.startswith("It is in the storage class DEEP_ARCHIVE: restore it.")
    published = manifest(deployed, "a.jpg")
    assert (published.status, published.reason, published.detail) == (Status.FAILED, failure.reason, failure.detail)
    deployed.s3.restore_object(Bucket=UPLOADS, Key="a.jpg", RestoreRequest={"Days": 1})
    assert deployed.invoke(notification("a.jpg", name="ObjectRestore:Completed")) == []
    assert_published(deployed, "a.jpg")


@pytest.mark.usefixtures("customer_key")
def test_a_picture_that_only_its_owners_key_opens_fails_and_says_so(deployed: Deployed) -> None:
    deployed.upload("a.jpg", SMALL)
    assert deployed.invoke(notification("a.jpg")) == []
    assert deployed.record() == []
    (failure,) = deployed.failures()
    assert (failure.reason, failure.quarantine) == ("customer_key", None)
    assert failure.identity == deployed.s3.head_object(Bucket=UPLOADS, Key="a.jpg")["VersionId"]
    assert manifest(deployed, "a.jpg").reason == "customer_key"


def test_what_sqs_moved_there_is_published_if_it_can_be(deployed: Deployed) -> None:
    deployed.upload("a.jpg", SMALL)
    deployed.sqs.send_message(QueueUrl=url_of(DEAD_LETTERS), MessageBody=notification("a.jpg"))
    assert deployed.record() == []
    assert_published(deployed, "a.jpg")
    assert deployed.failures() == []


def test_a_message_that_makes_no_sense_is_kept_word_for_word(deployed: Deployed) -> None:
    deployed.invoke("hello")
    assert deployed.record() == []
    (failure,) = deployed.failures()
    assert (failure.subject, failure.reason) == ("message:id-0", "not_json")
    assert deployed.quarantined(failure) == b"hello"


def test_what_cannot_be_recorded_is_not_published_as_failed_and_is_retried(deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.upload("b.jpg", SMALL)
    deployed.invoke(notification("a.jpg"))
    deployed.s3.delete_bucket(Bucket=QUARANTINE)
    deployed.sqs.send_message(QueueUrl=url_of(DEAD_LETTERS), MessageBody=notification("b.jpg"))
    assert len(deployed.record()) == 1
    assert deployed.manifest("a.jpg") is None
    assert deployed.failures() == []
    assert_published(deployed, "b.jpg")
    assert deployed.dead_letters() == [], "the pause is not over"


def test_a_dead_letter_that_comes_back_tells_its_age_and_one_that_is_recorded_does_not(
    deployed: Deployed, told: Told
) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.invoke(notification("a.jpg"))
    deployed.invoke("hello")
    deployed.s3.delete_bucket(Bucket=QUARANTINE)
    first, second = letters(deployed.dead_letters())["Records"]
    first["attributes"]["SentTimestamp"] = str(round((time.time() - 7200) * 1000))
    told.lines()
    assert len(record_failure.handler({"Records": [first, second]}, Context())["batchItemFailures"]) == 2
    oldest, youngest = sorted(measured(told.lines())["DeadLetterAge"], reverse=True)
    assert oldest == pytest.approx(7200, abs=60)
    assert 0 <= youngest < 60
    deployed.s3.create_bucket(Bucket=QUARANTINE, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert record_failure.handler({"Records": [first, second]}, Context())["batchItemFailures"] == []
    assert "DeadLetterAge" not in measured(told.lines())


def test_an_operators_retry_that_fails_again_publishes_a_newer_manifest(deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.invoke(notification("a.jpg"))
    deployed.record()
    for dead_letter in deployed.dead_letters():
        deployed.sqs.delete_message(QueueUrl=url_of(DEAD_LETTERS), ReceiptHandle=dead_letter["ReceiptHandle"])
    again = reconcile_message(Source(UPLOADS, "a.jpg"), retry=True)
    assert manifest(deployed, "a.jpg").revision == 1
    assert deployed.invoke(again) == []
    assert deployed.record() == []
    assert manifest(deployed, "a.jpg").revision == 2
    assert len(deployed.failures()) == 1


def test_each_failure_is_logged_in_a_line_and_counted(deployed: Deployed, told: Told) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.invoke(notification("a.jpg"))
    told.lines()
    deployed.record()
    lines = told.lines()
    recorded, failed = (line for line in lines if "_aws" not in line)
    (failure,) = deployed.failures()
    assert (recorded["level"], recorded["message"], recorded["subject"]) == ("WARNING", "recorded", "uploads/a.jpg")
    assert (recorded["reason"], recorded["quarantine"]) == ("not_a_picture", failure.quarantine)
    assert (failed["message"], failed["key"]) == ("failed", "a.jpg")
    counts = measured(lines)
    assert (counts["PicturesFailed"], counts["FailuresRecorded"]) == ([1], [1])


def test_the_average_of_the_failure_rate_is_the_percentage_that_failed(deployed: Deployed, told: Told) -> None:
    deployed.upload("bad.jpg", b"hello")
    for number in range(3):
        deployed.upload(f"{number}.jpg", SMALL)
    deployed.invoke(*map(notification, ("bad.jpg", "0.jpg", "1.jpg", "2.jpg")))
    deployed.record()
    rates = measured(told.lines())["FailureRate"]
    assert sum(rates) / len(rates) == 25


@pytest.mark.parametrize("name", ["QUARANTINE_BUCKET", "FAILURES_TABLE", "FAILURE_RETENTION_SECONDS", "QUEUE_URL"])
def test_a_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingMissingError, match=name):
        recorder()


def test_without_a_purge_queue_no_invalidation_is_requested(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PURGE_QUEUE_URL")
    deployed.upload("a.jpg", SMALL)
    deployed.invoke(notification("a.jpg"))
    deployed.s3.delete_object(Bucket=UPLOADS, Key="a.jpg")
    assert deployed.invoke(notification("a.jpg", name="ObjectRemoved:Delete")) == []
    assert (deployed.variants(), deployed.purges()) == (set(), [])


def test_variants_and_permalinks_of_two_deleted_originals_are_invalidated_in_one_request(deployed: Deployed) -> None:
    for key in ("a.jpg", "b.jpg"):
        deployed.upload(key, SMALL)
    deployed.invoke(*map(notification, ("a.jpg", "b.jpg")))
    for key in ("a.jpg", "b.jpg"):
        deployed.s3.delete_object(Bucket=UPLOADS, Key=key)
    deployed.invoke(*map(notification, ("a.jpg", "b.jpg")))
    folders = deployed.purges()
    assert len(folders) == 2
    expected = {
        "DistributionId": DISTRIBUTION,
        "InvalidationBatch": {
            "Paths": {
                "Quantity": 4,
                "Items": sorted(f"/{part}/{short_name(key)}/*" for key in ("a.jpg", "b.jpg") for part in ("i", "r")),
            },
            "CallerReference": ANY,
        },
    }
    with Stubber(cdn().cloudfront) as cloudfront:
        cloudfront.add_response("create_invalidation", {}, expected)
        assert purge_deleted.handler(batch(*folders, sent_at=time.time()), Context()) == {"batchItemFailures": []}
        cloudfront.assert_no_pending_responses()


@pytest.mark.usefixtures("deployed")
def test_5000_deletions_at_once_are_five_requests_of_two_paths_and_each_message_is_done(told: Told) -> None:
    everything = {
        "DistributionId": DISTRIBUTION,
        "InvalidationBatch": {"Paths": {"Quantity": 2, "Items": ["/i/*", "/r/*"]}, "CallerReference": ANY},
    }
    folders = [f"i/{number:05}/" for number in range(5_000)]
    with Stubber(cdn().cloudfront) as cloudfront:
        for start in range(0, 5_000, 1_000):  # as many as Lambda hands over at once
            cloudfront.add_response("create_invalidation", {}, everything)
            answer = purge_deleted.handler(batch(*folders[start : start + 1_000], sent_at=time.time()), Context())
            assert answer == {"batchItemFailures": []}
        cloudfront.assert_no_pending_responses()
    assert measured(told.lines())["FoldersPurged"] == [1_000] * 5


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(("days", "paths"), [(4.99, ["/i/x/*", "/r/x/*"]), (5.01, ["/i/*", "/r/*"])])
def test_what_has_waited_for_five_of_ten_days_is_done_by_invalidating_everything(days: float, paths: list[str]) -> None:
    expected = {
        "DistributionId": DISTRIBUTION,
        "InvalidationBatch": {"Paths": {"Quantity": 2, "Items": paths}, "CallerReference": ANY},
    }
    waiting = batch("i/x/", sent_at=time.time() - 86_400 * days)
    with Stubber(cdn().cloudfront) as cloudfront:
        cloudfront.add_response("create_invalidation", {}, expected)
        assert purge_deleted.handler(waiting, Context()) == {"batchItemFailures": []}
        cloudfront.assert_no_pending_responses()


@pytest.mark.usefixtures("deployed")
def test_one_old_message_of_a_batch_makes_all_of_it_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVALIDATE_ALL_FROM", "0")
    young, old = batch("i/x/", "i/y/", sent_at=time.time()), batch("i/z/")["Records"]
    young["Records"][1:1] = [{**old[0], "messageId": "id-2"}]
    with Stubber(cdn().cloudfront) as cloudfront:
        everything = {"Paths": {"Quantity": 2, "Items": ["/i/*", "/r/*"]}, "CallerReference": ANY}
        cloudfront.add_response(
            "create_invalidation", {}, {"DistributionId": DISTRIBUTION, "InvalidationBatch": everything}
        )
        assert purge_deleted.handler(young, Context()) == {"batchItemFailures": []}
        cloudfront.assert_no_pending_responses()


def test_purges_beyond_the_quota_of_cloudfront_are_retried_and_are_no_error(told: Told) -> None:
    with Stubber(cdn().cloudfront) as cloudfront:
        cloudfront.add_client_error("create_invalidation", "TooManyInvalidationsInProgress")
        answer = purge_deleted.handler(batch("i/x/", "i/y/", sent_at=time.time()), Context(remaining_ms=[5_000]))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "id-0"}, {"itemIdentifier": "id-1"}]}
    assert measured(told.lines())["PurgesPutOff"] == [2]


def test_a_dead_letter_that_is_redriven_into_the_queue_is_understood(deployed: Deployed) -> None:
    deployed.upload("a.jpg", b"hello")
    deployed.invoke(notification("a.jpg"))
    (dead_letter,) = deployed.dead_letters()
    assert json.loads(dead_letter["Body"])["Records"]
    deployed.upload("a.jpg", SMALL)
    assert deployed.invoke(dead_letter["Body"]) == []
    assert_published(deployed, "a.jpg")
