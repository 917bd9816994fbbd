"""The real handler over moto: buckets, a dead-letter queue, and messages as Lambda hands them over."""

from __future__ import annotations

import io
import json
import logging
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto import mock_aws

from lightpress.aws.failures_table import IDENTITY, SUBJECT, DynamoFailures
from lightpress.aws.runs_table import RUN
from lightpress.aws.session import session
from lightpress.aws.upload_counters import OWNER_DAY
from lightpress.composition import (
    backfill,
    compress_in_place,
    enrich,
    fetch_url,
    moderate,
    operators,
    preview,
    process_upload,
    purge_deleted,
    render_lazy,
    resolve,
    take_fact,
    take_review,
    upload_api,
)
from lightpress.composition import record_failure as composed_record_failure
from lightpress.handlers import record_failure
from lightpress.handlers.process_upload import handler
from lightpress.pipeline.manifest import Manifest, manifest_from_json
from lightpress.pipeline.paths import manifest_path
from lightpress.telemetry import logger
from tests.aws.tables import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

    from lightpress.pipeline.failures import Failure

REGION: Final = "eu-west-1"
UPLOADS, IMAGES, QUARANTINE = "uploads", "images", "quarantine"
QUEUE, DEAD_LETTERS, PURGES, URLS, HINTS = "queue", "dead-letters", "purges", "urls", "hints"
COUNTERS, RUNS = "counters", "runs"
FACTS: Final = "facts"
REVIEWS_QUEUE = "reviews"
FAILURES, DISTRIBUTION, BUS = "failures", "E1", "default"
CDN = "https://d1.cloudfront.net"


@dataclass
class Context:
    """What Lambda tells of an invocation."""

    function_name: str = "process-upload"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:123456789012:function:process-upload"
    aws_request_id: str = "request-1"
    remaining_ms: list[int] = field(default_factory=list)

    def get_remaining_time_in_millis(self) -> int:
        """What is left; the last answer stays."""
        return self.remaining_ms.pop(0) if len(self.remaining_ms) > 1 else [*self.remaining_ms, 300_000][0]


def notification(*keys: str, name: str = "ObjectCreated:Put", bucket: str = UPLOADS) -> str:
    """The body that S3 sends, but for the fields that nobody reads.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    records = [
        {
            "eventSource": "aws:s3",
            "eventName": name,
            "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/")}},
        }
        for key in keys
    ]
    return json.dumps({"Records": records})


def url_of(queue: str) -> str:
    """As SQS gives it."""
    return f"https://sqs.{REGION}.amazonaws.com/123456789012/{queue}"


def letters(messages: list[MessageTypeDef]) -> dict[str, Any]:
    """Messages of the dead-letter queue, as Lambda hands them over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {
                    name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
                    for name, value in message.get("MessageAttributes", {}).items()
                },
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:{DEAD_LETTERS}",
                "awsRegion": REGION,
            }
            for message in messages
        ]
    }


def batch(*bodies: str, sent_at: float = 1_700_000_000, received: int = 1) -> dict[str, Any]:
    """What Lambda hands over: messages with the ids id-0, id-1, ..., sent at a time in seconds since 1970.

    received: How often each was, with this time.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return {
        "Records": [
            {
                "messageId": f"id-{number}",
                "receiptHandle": "handle",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": str(received),
                    "SentTimestamp": str(int(1_000 * sent_at)),
                    "SenderId": "S3",
                    "ApproximateFirstReceiveTimestamp": "1700000000001",
                },
                "messageAttributes": {},
                "md5OfBody": "0" * 32,
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:uploads",
                "awsRegion": REGION,
            }
            for number, body in enumerate(bodies)
        ]
    }


@dataclass
class Deployed:
    """What the stack would have made, and ways to look at it."""

    s3: S3Client
    sqs: SQSClient
    dynamodb: DynamoDBClient

    def upload(self, key: str, data: bytes) -> None:
        self.s3.put_object(Bucket=UPLOADS, Key=key, Body=data)

    def manifest(self, key: str) -> Manifest | None:
        try:
            answer = self.s3.get_object(Bucket=IMAGES, Key=manifest_path(key))
        except self.s3.exceptions.NoSuchKey:
            return None
        return manifest_from_json(answer["Body"].read())

    def variants(self) -> set[str]:
        return {item["Key"] for item in self.s3.list_objects_v2(Bucket=IMAGES, Prefix="i/").get("Contents", [])}

    def dead_letters(self) -> list[MessageTypeDef]:
        return self._received(DEAD_LETTERS)

    def hints(self) -> list[str]:
        """Take up to ten, as a consumer would."""
        taken = self._received(HINTS)
        for message in taken:
            self.sqs.delete_message(QueueUrl=url_of(HINTS), ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in taken]

    def purges(self) -> list[str]:
        return [message["Body"] for message in self._received(PURGES)]

    def failures(self) -> list[Failure]:
        return list(DynamoFailures(self.dynamodb, FAILURES, lambda: 0, 0).all())

    def quarantined(self, failure: Failure) -> bytes:
        assert failure.quarantine is not None
        return self.s3.get_object(Bucket=QUARANTINE, Key=failure.quarantine)["Body"].read()

    def invoke(self, *bodies: str, context: Context | None = None) -> list[str]:
        """Invoke the function with a batch; returns the ids of what must come back."""
        return _failed(handler(batch(*bodies), context or Context()))

    def record(self, context: Context | None = None) -> list[str]:
        """Invoke `record_failure` with what is in the dead-letter queue; returns the ids of what must come back."""
        with pytest.MonkeyPatch.context() as of_the_function:
            of_the_function.setenv("QUEUE_URL", url_of(DEAD_LETTERS))
            return _failed(record_failure.handler(letters(self.dead_letters()), context or Context()))

    def _received(self, queue: str) -> list[MessageTypeDef]:
        answer = self.sqs.receive_message(
            QueueUrl=url_of(queue), AttributeNames=["All"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
        )
        return answer.get("Messages", [])


def _failed(answer: Any) -> list[str]:  # noqa: ANN401  the shape is Lambda's
    assert set(answer) == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the stack sets them."""
    monkeypatch.setenv("UPLOADS_BUCKET", UPLOADS)
    monkeypatch.setenv("IMAGES_BUCKET", IMAGES)
    monkeypatch.setenv("QUEUE_URL", url_of(QUEUE))
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", url_of(DEAD_LETTERS))
    monkeypatch.setenv("PURGE_QUEUE_URL", url_of(PURGES))
    monkeypatch.setenv("URL_QUEUE_URL", url_of(URLS))
    monkeypatch.setenv("BACKFILL_QUEUE_URL", url_of(HINTS))
    monkeypatch.setenv("HINTS_QUEUE_URL", url_of(HINTS))
    monkeypatch.setenv("RUNS_TABLE", RUNS)
    monkeypatch.setenv("QUEUE_RETENTION_DAYS", "10")
    monkeypatch.setenv("PREVIOUS_DAYS", "30")
    monkeypatch.setenv("PURGE_DELAY_SECONDS", "0")
    monkeypatch.setenv("REFRESH_DELAY_SECONDS", "40")
    monkeypatch.setenv("QUARANTINE_BUCKET", QUARANTINE)
    monkeypatch.setenv("FAILURES_TABLE", FAILURES)
    monkeypatch.setenv("FAILURE_RETENTION_SECONDS", "3600")
    monkeypatch.setenv("DISTRIBUTION_ID", DISTRIBUTION)
    monkeypatch.setenv("INVALIDATE_ALL_FROM", "200")
    monkeypatch.setenv("PURGES_OVERDUE_SECONDS", "432000")
    monkeypatch.setenv("CDN_BASE_URL", CDN)
    monkeypatch.setenv("EVENT_BUS", BUS)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "lightpress-dev")
    monkeypatch.setenv("UPLOAD_AUTH", "jwt")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")


@pytest.fixture(autouse=True)
def _new_container() -> Iterator[None]:
    composed: tuple[Any, ...] = (
        backfill.machine,
        process_upload.processor,
        composed_record_failure.recorder,
        compress_in_place.processor,
        fetch_url.batch,
        moderate.images_s3,
        moderate.previews,
        moderate.rekognition,
        moderate.review_sqs,
        moderate.settings,
        operators.operator_service,
        preview.previews,
        purge_deleted.cdn,
        purge_deleted.purge_queue,
        render_lazy.first_views,
        render_lazy.settings_of_views,
        render_lazy.timings,
        resolve.images,
        take_review.settings,
        take_review.dead_letters,
        take_fact.settings,
        take_fact.dead_letters,
        take_fact.taker,
        enrich.settings,
        enrich.images_s3,
        enrich.fact_sqs,
        enrich.seeing,
        take_review.taker,
        take_review.waiting,
        take_review.look_at_overdue,
        upload_api.upload_service,
        upload_api.url_ingest_api,
    )
    for one in composed:
        one.cache_clear()
    yield
    for one in composed:
        one.cache_clear()


@pytest.fixture(scope="session")
def clients() -> tuple[S3Client, SQSClient, DynamoDBClient]:
    return (
        boto3.client("s3", region_name=REGION),
        boto3.client("sqs", region_name=REGION),
        boto3.client("dynamodb", region_name=REGION),
    )


@pytest.fixture
def deployed(clients: tuple[S3Client, SQSClient, DynamoDBClient]) -> Iterator[Deployed]:
    s3, sqs, dynamodb = clients
    with mock_aws(config={"core": {"passthrough": {"services": ["rekognition", "bedrockruntime"]}}}):
        for bucket in (UPLOADS, IMAGES, QUARANTINE):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
        for queue in (QUEUE, DEAD_LETTERS, PURGES, URLS, HINTS, FACTS, REVIEWS_QUEUE):
            sqs.create_queue(QueueName=queue)
        make_table(dynamodb, FAILURES, SUBJECT, IDENTITY)
        make_table(dynamodb, COUNTERS, OWNER_DAY)
        make_table(dynamodb, RUNS, RUN)
        yield Deployed(s3, sqs, dynamodb)


@pytest.fixture
def customer_key() -> Iterator[None]:
    """S3 answers to every reading of an upload as if only its owner's key opened it: moto forgets such keys."""
    events: Any = session()
    events.register("before-send.s3.HeadObject", _no_words)
    events.register("before-send.s3.GetObject", _wants_a_key)
    yield
    events.unregister("before-send.s3.HeadObject", _no_words)
    events.unregister("before-send.s3.GetObject", _wants_a_key)


def _no_words(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    return _bad_request(request, b"")


def _wants_a_key(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    words = (
        "The object was stored using a form of Server Side Encryption. "
        "The correct parameters must be provided to retrieve the object."
    )
    return _bad_request(request, f"<Error><Code>InvalidRequest</Code><Message>{words}</Message></Error>".encode())


def _bad_request(request: AWSPreparedRequest, body: bytes) -> AWSResponse | None:
    """None for every other bucket: then moto answers."""
    if not request.url.startswith(f"https://{UPLOADS}."):
        return None
    headers: Any = {"content-type": "application/xml"}
    return AWSResponse(request.url, 400, headers, _Raw(body))


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class _Here:
    """Standard output as it is now: the log would hold on to the one that was there when it was made."""

    def write(self, text: str) -> None:
        sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


for _handler in logger.handlers:
    if isinstance(_handler, logging.StreamHandler):
        _handler.setStream(_Here())


@dataclass
class Told:
    """What the function wrote to its standard output, a JSON object a line."""

    capture: pytest.CaptureFixture[str]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.capture.readouterr().out.splitlines()]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    return Told(capsys)
