"""What fails on the deployed system, and what becomes of it, with the roles' real grants enforced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

from lightpress.cli.failures import FailureStore, Filters
from lightpress.cli.sweep import Sweep
from lightpress.client.uploading import upload
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.failures import subject_of_message
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import variants_folder
from lightpress.pipeline.source import Source
from tests.e2e.test_pipeline import eventually, picture, settle

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from lightpress.pipeline.failures import Failure


@pytest.fixture(scope="module")
def store(deployment: Deployment) -> FailureStore:
    return FailureStore.of(deployment)


@pytest.fixture
def purge_queue_url(sqs: SQSClient) -> str:
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if "PurgeQueue" in url]
    return sqs.get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]


def failure_of(store: FailureStore, key: str) -> Failure:
    """The one failure of a key."""
    (failure,) = store.of_subject(key)
    return failure


def copy_of(store: FailureStore, failure: Failure) -> bytes:
    assert failure.quarantine is not None
    return store.deployment.s3.get_object(Bucket=store.deployment.quarantine_bucket, Key=failure.quarantine)[
        "Body"
    ].read()


def told(cloud: Outputs, function: str) -> list[dict[str, Any]]:
    """What a function has written to its log, as far as it is JSON. function: as its log group is called."""
    logs = cloud.session().logs()
    groups = [
        row["logGroupName"]
        for page in logs.get_paginator("describe_log_groups").paginate()
        for row in page["logGroups"]
    ]
    (group,) = [name for name in groups if function in name]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [event["message"] for page in pages for event in page["events"]]
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_a_broken_picture_is_in_quarantine_and_the_table_before_it_is_published_as_failed(
    store: FailureStore, cloud: Outputs
) -> None:
    broken = picture(1)[:100]
    (manifest,) = settle(store.deployment, upload(store.deployment, "broken/ü 1.jpg", broken, "image/jpeg"))
    assert (manifest.status, manifest.reason) == (Status.FAILED, "corrupt")
    failure = failure_of(store, "broken/ü 1.jpg")
    assert manifest.source is not None
    assert (failure.identity, failure.reason, failure.detail) == (
        manifest.source.identity,
        manifest.reason,
        manifest.detail,
    )
    assert failure.attempts >= 2
    assert 0 < failure.first_at <= failure.last_at < failure.expires_at
    assert len(failure.request_ids) >= 2
    assert copy_of(store, failure) == broken
    assert store.is_still_true(failure)

    def counted() -> bool:
        lines = told(cloud, "RecordFailureLogs")
        recorded = any(line.get("subject") == failure.subject and line["message"] == "recorded" for line in lines)
        return recorded and any(line.get("PicturesFailed") and line.get("FailureRate") for line in lines)

    eventually(counted)


def test_a_failure_in_a_message_fails_no_other_picture_of_it(
    store: FailureStore, sqs: SQSClient, cloud: Outputs
) -> None:
    bodies = {f"together/{number}.jpg": picture(number) for number in range(3)} | {"together/bad.jpg": b"bad"}
    uploads = [upload(store.deployment, key, data, "image/jpeg") for key, data in bodies.items()]
    records = [json.loads(reconcile_message(Source(cloud.uploads_bucket, key)))["Records"][0] for key in bodies]
    sqs.send_message(QueueUrl=cloud.queues["main"], MessageBody=json.dumps({"Records": records}))
    statuses = {manifest.key: manifest.status for manifest in settle(store.deployment, *uploads)}
    assert statuses == {key: Status.FAILED if key == "together/bad.jpg" else Status.READY for key in bodies}
    assert [failure.key for failure in store.failures(Filters(prefix="together/"))] == ["together/bad.jpg"]


def test_an_innocent_picture_that_the_queue_gave_up_on_is_published(
    store: FailureStore, sqs: SQSClient, cloud: Outputs
) -> None:
    innocent = upload(store.deployment, "innocent.jpg", picture(7), "image/jpeg")
    body = reconcile_message(Source(cloud.uploads_bucket, "innocent.jpg"))
    sqs.send_message(QueueUrl=cloud.queues["dead_letter"], MessageBody=body)
    assert settle(store.deployment, innocent)[0].status is Status.READY
    assert store.of_subject("innocent.jpg") == []


def test_a_retry_of_what_is_still_broken_fails_again_and_stays(store: FailureStore) -> None:
    key = "again.jpg"
    settle(store.deployment, upload(store.deployment, key, b"still broken", "image/jpeg"))
    before = failure_of(store, key)
    retries = list(store.send([before]))
    store.wait(retries, timeout=120, settled=lambda _: None)
    assert retries[0].ending == "failed again: not_a_picture"
    after = failure_of(store, key)
    assert after.first_at == before.first_at
    assert set(after.request_ids) > set(before.request_ids)
    assert copy_of(store, after) == b"still broken"


def test_a_retry_of_what_was_replaced_meanwhile_is_published_and_forgotten(store: FailureStore) -> None:
    key = "mended.jpg"
    settle(store.deployment, upload(store.deployment, key, b"broken", "image/jpeg"))
    failure = failure_of(store, key)
    mended = upload(store.deployment, key, picture(8), "image/jpeg")
    retries = list(store.send([failure]))
    settle(store.deployment, mended)
    store.wait(retries, timeout=120, settled=lambda _: None)
    assert store.failures(Filters(prefix=key)) == []
    manifest = store.deployment.manifest(key)
    assert manifest is not None
    assert manifest.status is Status.READY


def test_every_part_of_a_message_that_makes_no_sense_is_recorded_with_its_own_reason(
    store: FailureStore, sqs: SQSClient, cloud: Outputs
) -> None:
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": cloud.uploads_bucket}, "object": {}}}
    body = json.dumps({"Records": [record, record | {"eventName": "ObjectTagging:Put"}]})
    sent = [
        sqs.send_message(QueueUrl=cloud.queues["main"], MessageBody=body)["MessageId"],
        sqs.send_message(QueueUrl=cloud.queues["main"], MessageBody="not json")["MessageId"],
    ]

    def reasons() -> list[set[str]]:
        return [{failure.reason for failure in store.of_subject(subject_of_message(id_))} for id_ in sent]

    eventually(lambda: reasons() == [{"record_without_key", "unknown_event"}, {"not_json"}])
    (failure,) = store.of_subject(subject_of_message(sent[1]))
    assert copy_of(store, failure) == b"not json"


def test_what_is_discarded_is_gone_from_table_and_quarantine(store: FailureStore) -> None:
    settle(store.deployment, upload(store.deployment, "discard.jpg", b"broken", "image/jpeg"))
    failure = failure_of(store, "discard.jpg")
    assert store.discard(failure)
    assert store.of_subject("discard.jpg") == []
    with pytest.raises(store.deployment.s3.exceptions.NoSuchKey):
        copy_of(store, failure)


def test_a_sweep_finds_nothing_to_be_rid_of(store: FailureStore) -> None:
    found = Sweep(store.deployment, remove=False)()
    assert found.manifests > 0
    assert (found.files["dead"], found.files["stranded"]) == (0, 0)


@pytest.mark.emulator("its queues and logs are looked into")
def test_a_deleted_picture_is_invalidated_in_the_cdn(
    store: FailureStore, sqs: SQSClient, cloud: Outputs, purge_queue_url: str
) -> None:
    key = "forget me.jpg"
    settle(store.deployment, upload(store.deployment, key, picture(9), "image/jpeg"))
    store.deployment.s3.delete_object(Bucket=cloud.uploads_bucket, Key=key)

    def delayed() -> bool:
        name: Literal["ApproximateNumberOfMessagesDelayed"] = "ApproximateNumberOfMessagesDelayed"
        return int(sqs.get_queue_attributes(QueueUrl=purge_queue_url, AttributeNames=[name])["Attributes"][name]) > 0

    eventually(delayed)
    folder = variants_folder(key)
    sqs.send_message(QueueUrl=purge_queue_url, MessageBody=folder)  # not to wait for the other one, which is for later

    def purged() -> bool:
        cloudfront = cloud.session().cloudfront()
        (distribution,) = cloudfront.list_distributions()["DistributionList"]["Items"]
        made = cloudfront.list_invalidations(DistributionId=distribution["Id"])["InvalidationList"].get("Items", [])
        batches = [
            cloudfront.get_invalidation(DistributionId=distribution["Id"], Id=one["Id"])["Invalidation"] for one in made
        ]
        return any(f"/{folder}*" in batch["InvalidationBatch"]["Paths"]["Items"] for batch in batches)

    eventually(purged)


def test_one_id_leads_through_the_logs_of_all_functions_to_the_failure(store: FailureStore, cloud: Outputs) -> None:
    key = "stories/bad.jpg"
    settle(store.deployment, upload(store.deployment, key, b"no picture", "image/jpeg"))
    id_ = failure_of(store, key).correlation_id
    assert id_

    def workflow() -> list[str]:
        """The messages of that failure, each once: a message may be delivered twice."""
        lines = [line for name in ("ProcessUpload", "RecordFailure") for line in told(cloud, name)]
        return [*dict.fromkeys(line["message"] for line in lines if line.get("correlation_id") == id_)]

    eventually(lambda: workflow() == ["rejected", "recorded", "failed"])
