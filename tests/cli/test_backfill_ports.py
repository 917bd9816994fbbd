"""Where a backfill's items come from, and how it sees what became of them, over moto."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from lightpress.aws.images import S3Images
from lightpress.aws.ledger import S3Ledger
from lightpress.aws.objects import S3Objects
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.cli.backfill import Item
from lightpress.cli.backfill_sources import BadInventoryError, inventoried, listed
from lightpress.cli.backfill_targets import REQUESTS_AT_ONCE, Smaller, Variants
from lightpress.cli.connecting import connect
from lightpress.client.waiting import WAITING
from lightpress.image.errors import Reason
from lightpress.image.inputs import READABLE
from lightpress.image.spec import Size, Spec
from lightpress.in_place.buckets import InPlace
from lightpress.in_place.objects import CompressionMark, LedgerEntry
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.events import read
from lightpress.pipeline.gate import Review
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

PICTURES = Selection("pictures", "a/", (".jpg",))
RECIPE = Recipe("web", Spec((Size("w10", 10),), ("jpeg",)))
BOOK = RecipeBook((Rule("a/ignored/**", None), Rule("**", RECIPE)), {"web": RECIPE})


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("pictures", "images", "reports"):
            s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced")
        yield s3


def put(s3: S3Client, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket="pictures", Key=key, Body=b"data")


def test_a_listing_gives_what_is_selected_and_goes_on_behind_a_place(s3: S3Client) -> None:
    put(s3, "a/1.jpg", "a/2 ü.JPG", "a/3.png", "a/b/", "a/b/4.jpg", "b/5.jpg")
    assert [item.key for item in listed(s3, PICTURES, None, "")] == ["a/1.jpg", "a/2 ü.JPG", "a/b/4.jpg"]
    assert [item.key for item in listed(s3, PICTURES, None, "a/1.jpg")] == ["a/2 ü.JPG", "a/b/4.jpg"]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert not list(listed(s3, PICTURES, tomorrow, ""))


def report(s3: S3Client, *files: str, **more: Any) -> str:  # noqa: ANN401  as in JSON
    for number, text in enumerate(files):
        s3.put_object(Bucket="reports", Key=f"data/{number}.csv.gz", Body=gzip.compress(text.encode()))
    manifest = {
        "sourceBucket": "pictures",
        "destinationBucket": "arn:aws:s3:::reports",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate",
        "files": [{"key": f"data/{number}.csv.gz"} for number in range(len(files))],
        **more,
    }
    s3.put_object(Bucket="reports", Key="x/manifest.json", Body=json.dumps(manifest).encode())
    return "s3://reports/x/manifest.json"


def row(key: str, *, latest: str = "true", marker: str = "false", written: str = "2026-01-01T00:00:00.000Z") -> str:
    return f'"pictures","{key}","v","{latest}","{marker}","7","{written}"\n'


def test_an_inventory_gives_the_current_objects_of_all_its_files(s3: S3Client) -> None:
    url = report(
        s3,
        row("a/1.jpg") + row("a/2+%C3%BC.jpg") + row("a/3.jpg", latest="false") + row("a/4.jpg", marker="true"),
        row("b/5.jpg") + row("a/6.jpg", written="2026-05-01T00:00:00.000Z"),
    )
    items = list(inventoried(s3, url, PICTURES, None, ""))
    assert [(item.key, item.size, item.place) for item in items] == [
        ("a/1.jpg", 7, "0:0"),
        ("a/2 ü.jpg", 7, "0:1"),
        ("a/6.jpg", 7, "1:1"),
    ]
    for number, item in enumerate(items):
        assert list(inventoried(s3, url, PICTURES, None, item.place)) == items[number + 1 :]
    since = datetime(2026, 3, 1, tzinfo=UTC)
    assert [item.key for item in inventoried(s3, url, PICTURES, since, "")] == ["a/6.jpg"]


@dataclass
class Reports:
    """S3 with one report, of so many rows in one file, which nobody holds as text."""

    packed: bytes

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803
        manifest = {
            "sourceBucket": "pictures",
            "destinationBucket": "arn:aws:s3:::reports",
            "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate",
            "files": [{"key": "data.csv.gz"}],
        }
        return {"Body": io.BytesIO(json.dumps(manifest).encode() if Key.endswith("json") else self.packed)}


@pytest.mark.nightly
def test_an_inventory_of_a_hundred_thousand_rows_takes_no_more_memory_than_one_of_a_thousand() -> None:
    def peak(rows: int) -> int:
        packed = gzip.compress("".join(row(f"a/{number}.jpg") for number in range(rows)).encode())
        reports: Any = Reports(packed)
        tracemalloc.start()
        count = sum(1 for _ in inventoried(reports, "s3://reports/x/manifest.json", PICTURES, None, ""))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == rows
        return most - len(packed)  # the simulated answer itself

    assert peak(100_000) < 2 * max(peak(1_000), 500_000)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"fileFormat": "Parquet"}, "is of the format Parquet; only CSV can be read"),
        ({"sourceBucket": "others"}, "is about others, not pictures"),
        ({"fileSchema": "Bucket, Key"}, "lacks the column Size"),
    ],
)
def test_a_report_that_cannot_be_read_is_refused(s3: S3Client, more: dict[str, str], message: str) -> None:
    with pytest.raises(BadInventoryError, match=message):
        list(inventoried(s3, report(s3, row("a/1.jpg"), **more), PICTURES, None, ""))


def test_what_is_no_report_is_refused(s3: S3Client) -> None:
    with pytest.raises(BadInventoryError, match="allowed: a URL such as s3://BUCKET"):
        list(inventoried(s3, "https://example.com/manifest.json", PICTURES, None, ""))


def test_a_published_picture_has_ended_and_a_stale_one_has_not(s3: S3Client) -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    queue_url = sqs.create_queue(QueueName="q")["QueueUrl"]
    images = S3Images(s3, "images")
    target = Variants("pictures", sqs, queue_url, images=images, originals=S3Originals(s3), recipes=BOOK, under="shop/")
    put(s3, "a/current.jpg", "a/stale.jpg", "a/failed.jpg", "a/new.jpg", "a/overwritten.jpg")
    identity = s3.head_object(Bucket="pictures", Key="a/new.jpg")["ETag"].strip('"')
    for name, status, digest, of in (
        ("current", Status.READY, RECIPE.digest, identity),
        ("stale", Status.READY, "old", identity),
        ("failed", Status.FAILED, RECIPE.digest, identity),
        ("overwritten", Status.READY, RECIPE.digest, "other"),
        ("gone", Status.DELETED, None, ""),
    ):
        source = PublishedSource(of, 4) if of else None
        images.publish(Manifest(f"shop/a/{name}.jpg", status, 1, source, "web", digest), None)
    names = ["current", "stale", "failed", "new", "overwritten", "gone", "ignored/x"]
    endings = list(target.endings([Item(f"a/{name}.jpg", 1, "") for name in names]))
    assert dict(zip(names, endings, strict=True)) == {
        "current": "ready",
        "stale": None,
        "failed": "failed",
        "new": None,
        "overwritten": None,
        "gone": "gone",
        "ignored/x": None,
    }
    assert target.reads <= 2 * len(names)

    assert not target.send([Item("a/new ü.jpg", 1, "")])
    (message,) = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    assert read(message["Body"]).sources == (Source("pictures", "a/new ü.jpg"),)


def test_any_number_is_sent_ten_in_a_request(s3: S3Client) -> None:
    sqs, requests = boto3.client("sqs", region_name="us-east-1"), list[int]()
    queue_url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.meta.events.register(
        "provide-client-params.sqs.SendMessageBatch", lambda params, **_: requests.append(len(params["Entries"]))
    )
    target = Variants(
        "pictures", sqs, queue_url, images=S3Images(s3, "images"), originals=S3Originals(s3), recipes=BOOK
    )
    assert not target.send([Item(f"a/{number}.jpg", 1, "") for number in range(64)])
    assert sorted(requests) == [4, 10, 10, 10, 10, 10, 10]
    waiting = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])
    assert waiting["Attributes"]["ApproximateNumberOfMessages"] == "64"


@dataclass
class Meeting:
    """Images that answer nobody before 32 ask at once, as many as the clients keep connections."""

    together: Barrier = field(default_factory=lambda: Barrier(32))

    def published(self, key: str) -> None:
        self.together.wait(10)
        if key == "a/40.jpg":
            raise ConnectionError


def test_32_originals_are_checked_at_once_and_what_fails_is_told_after_all_that_come_before_it(s3: S3Client) -> None:
    assert WAITING.max_pool_connections == REQUESTS_AT_ONCE == 32  # type: ignore[attr-defined]
    images: Any = Meeting()
    sqs: Any = None
    target = Variants("pictures", sqs, "", images=images, originals=S3Originals(s3), recipes=BOOK)
    endings = target.endings([Item(f"a/{number}.jpg", 1, "") for number in range(64)])
    assert [next(endings) for _ in range(40)] == [None] * 40
    assert target.reads == 40
    with pytest.raises(ConnectionError):
        next(endings)


def test_a_refused_picture_has_ended_until_its_format_is_accepted_and_a_kept_one_for_good(s3: S3Client) -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    images, originals = S3Images(s3, "images"), S3Originals(s3)
    put(s3, "a/refused.jp2", "a/kept.jp2", "a/corrupt.jpg")
    identity = s3.head_object(Bucket="pictures", Key="a/kept.jp2")["ETag"].strip('"')
    refused, corrupt = Reason.FORMAT_NOT_ACCEPTED, Reason.CORRUPT
    for name, form, reason, digest in (
        ("refused.jp2", None, refused, RECIPE.digest_for(refused)),
        ("kept.jp2", "jpeg2000", None, "of other sizes"),
        ("corrupt.jpg", None, corrupt, RECIPE.digest_for(corrupt)),
    ):
        status, source = Status.FAILED if reason else Status.READY, PublishedSource(identity, 4, form)
        images.publish(Manifest(f"a/{name}", status, 1, source, "web", digest, reason=reason), None)

    def endings(recipe: Recipe) -> list[str | None]:
        book = RecipeBook((Rule("**", recipe),), {"web": recipe})
        target = Variants("pictures", sqs, "", images=images, originals=originals, recipes=book)
        return list(target.endings([Item(f"a/{name}", 1, "") for name in ("refused.jp2", "kept.jp2", "corrupt.jpg")]))

    accepting = replace(RECIPE, spec=replace(RECIPE.spec, accept=READABLE))
    assert endings(RECIPE) == ["failed", "ready", "failed"]
    assert endings(accepting) == [None, None, "failed"]


def test_an_archived_original_has_ended_by_name_is_never_read_and_begins_again_once_it_is_restored(
    s3: S3Client,
) -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    images, asked = S3Images(s3, "images"), list[str]()
    keys = ["a/failed.jpg", "a/shown.jpg", "a/restored.jpg"]
    for key in keys:
        s3.put_object(Bucket="pictures", Key=key, Body=b"data", StorageClass="GLACIER")
        identity = s3.head_object(Bucket="pictures", Key=key)["ETag"].strip('"')
        shown = key == "a/shown.jpg"
        status, reason = (Status.READY, None) if shown else (Status.FAILED, Reason.ARCHIVED)
        images.publish(Manifest(key, status, 1, PublishedSource(identity, 4), "web", "old", reason=reason), None)
    s3.restore_object(Bucket="pictures", Key="a/restored.jpg", RestoreRequest={"Days": 7})
    s3.meta.events.register("provide-client-params.s3.GetObject", lambda params, **_: asked.append(params["Bucket"]))
    target = Variants("pictures", sqs, "", images=images, originals=S3Originals(s3), recipes=BOOK)
    assert list(target.endings([Item(key, 1, "") for key in keys])) == ["archived", "archived", None]
    assert set(asked) == {"images"}, "of originals, only the head is asked for"


def test_a_picture_that_was_reviewed_meanwhile_has_not_ended_and_one_that_waits_has(s3: S3Client) -> None:
    sqs, reviews = boto3.client("sqs", region_name="us-east-1"), S3Reviews(s3, "images")
    images, recipe = S3Images(s3, "images"), replace(RECIPE, gate=("person",))
    put(s3, "a/waits.jpg", "a/approved.jpg", "a/rejected.jpg")
    identity = s3.head_object(Bucket="pictures", Key="a/waits.jpg")["ETag"].strip('"')
    for name in ("waits", "approved", "rejected"):
        held = Manifest(f"a/{name}.jpg", Status.HELD, 1, PublishedSource(identity, 4), "web", gate=("person",))
        images.publish(held, None)
    for name in ("approved", "rejected"):
        reviews.keep(f"a/{name}.jpg", identity, Review("person", approved=name == "approved"))
    book = RecipeBook((Rule("**", recipe),), {"web": recipe})
    target = Variants("pictures", sqs, "", images=images, originals=S3Originals(s3), recipes=book, reviews=reviews)
    names = ["waits", "approved", "rejected"]
    assert list(target.endings([Item(f"a/{name}.jpg", 1, "") for name in names])) == ["held", None, None]


def test_a_replaced_object_has_ended_and_a_new_one_has_not(s3: S3Client) -> None:
    table, existing, ledger = InPlace("pictures"), S3Objects(s3), S3Ledger(s3, "images")
    target = Smaller(
        "pictures", boto3.client("sqs", region_name="us-east-1"), "", existing=existing, ledger=ledger, table=table
    )
    put(s3, "new.jpg", "done.jpg", "kept.jpg")
    s3.put_object(Bucket="pictures", Key="packed.jpg", Body=b"data", ContentEncoding="gzip")
    done, kept = Source("pictures", "done.jpg"), Source("pictures", "kept.jpg")
    held = existing.head(done)
    assert held
    existing.replace(done, held, b"less", CompressionMark(table.options.digest, lossy=False))
    ledger.record(kept, LedgerEntry(held.etag, table.digest, note="as small as it gets"))
    names = ["new", "done", "kept", "packed", "gone"]
    endings = list(target.endings([Item(f"{name}.jpg", 1, "") for name in names]))
    assert endings == [None, "done", "done", "left_alone", "gone"]


def test_connecting_writes_every_other_notification_back_with_one_thing_more() -> None:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s")
    theirs = {"QueueConfigurations": [{"Id": "theirs", "QueueArn": "arn:q", "Events": ["s3:ObjectCreated:*"]}]}
    with Stubber(client) as s3:
        s3.add_response("get_bucket_notification_configuration", theirs, {"Bucket": "pictures"})
        s3.add_response(
            "put_bucket_notification_configuration",
            {},
            {
                "Bucket": "pictures",
                "NotificationConfiguration": {**theirs, "EventBridgeConfiguration": {}},
                "SkipDestinationValidation": True,
            },
        )
        assert connect(client, "pictures")
        s3.assert_no_pending_responses()
        on = {**theirs, "EventBridgeConfiguration": {}}
        s3.add_response("get_bucket_notification_configuration", on, {"Bucket": "pictures"})
        assert not connect(client, "pictures")
