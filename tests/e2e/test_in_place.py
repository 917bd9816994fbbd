"""Existing buckets on the strict local cloud: a stack of its own, whose tables name buckets that were there before it.

The emulator hands S3's events to EventBridge, and its rules to the queues, as AWS does. `LIGHTPRESS_OBJECTS=2000` takes
more objects than a run of all tests can afford.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import lightpress.cdk  # noqa: F401  before aws_cdk: it chooses the Node that aws_cdk starts as soon as it is imported

# isort: split
from aws_cdk import App
from PIL import Image

from lightpress.aws.ledger import S3Ledger
from lightpress.aws.objects import SEAL
from lightpress.cdk.app import LightpressStack
from lightpress.cdk.config import Config
from lightpress.cdk.options.existing import Existing, ExistingOptions
from lightpress.cdk.options.monitoring import MonitoringOptions
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.cdk.options.storage import StorageOptions
from lightpress.cdk.readiness import context_of_the_command_line
from lightpress.cli.backfill import Limits
from lightpress.cli.backfilling import IN_PLACE_MODE, VARIANTS, Job, forecast, job_for
from lightpress.cli.backfilling import run as run_backfill
from lightpress.cli.connecting import connect
from lightpress.cli.project import PROJECT, RECIPES
from lightpress.in_place.buckets import InPlace
from lightpress.local import Outputs
from lightpress.local.deploy import deploy
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.buckets import Attached
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.source import Source
from tests.e2e.test_pipeline import eventually
from tools.drawing import as_camera_stores, exif_with, file_of, ramp, speckled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

    from lightpress.client.deployment import Deployment

OBJECTS = int(os.environ.get("LIGHTPRESS_OBJECTS", "20"))
STACK = "Lightpress-existing"
CMS, SHOP = "my-cms", "my-shop"
CONFIG = Config(
    "existing",
    processing=ProcessingOptions(architecture="host"),
    storage=StorageOptions(bucket_namespace="global"),
    monitoring=MonitoringOptions(saved_queries=False, alarm_invocations_per_picture=0),
    existing=ExistingOptions(
        in_place=(Existing(InPlace(CMS, suffixes=(".jpg", ".png", ".gif", ".webp"))),),
        attach=(Existing(Attached(SHOP, "public/", (".jpg",), "shop/")),),
    ),
)
PATIENCE = max(120.0, OBJECTS / 2)


@pytest.fixture(scope="module")
def buckets(s3: S3Client) -> None:
    """They are there before Lightpress is, and one has a notification of its own, and versions."""
    for bucket in (CMS, SHOP):
        s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced")
    s3.put_bucket_versioning(Bucket=CMS, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture(scope="module")
def outputs(cloud: Outputs, buckets: None, tmp_path_factory: pytest.TempPathFactory) -> Outputs:  # noqa: ARG001
    assembly = tmp_path_factory.mktemp("existing")
    app = App(context=context_of_the_command_line(), outdir=str(assembly))
    LightpressStack(app, STACK, config=CONFIG)
    app.synth()
    deployed = deploy(assembly, STACK, cloud.session())
    ca_bundle = cloud.session().ca_bundle
    return Outputs.of_stack(STACK, deployed, endpoint_url=cloud.endpoint_url, ca_bundle=ca_bundle, cdn_port=1)


@pytest.fixture(scope="module")
def existing(outputs: Outputs) -> Deployment:
    return of_local_cloud(outputs)


@pytest.fixture(scope="module")
def connected(s3: S3Client, existing: Deployment, sqs: SQSClient) -> Iterator[None]:  # noqa: ARG001  it must be there
    """Their other notifications stay when they are connected."""
    theirs = sqs.create_queue(QueueName="theirs")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=theirs, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    own = [{"Id": "own", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    s3.put_bucket_notification_configuration(
        Bucket=CMS,
        NotificationConfiguration={"QueueConfigurations": own},  # type: ignore[typeddict-item]
        SkipDestinationValidation=True,
    )
    for bucket in (CMS, SHOP):
        assert connect(s3, bucket)
        assert not connect(s3, bucket), "it is switched on once"
    kept = s3.get_bucket_notification_configuration(Bucket=CMS)["QueueConfigurations"]
    assert [row["QueueArn"] for row in kept] == [arn]
    yield
    sqs.delete_queue(QueueUrl=theirs)


@pytest.fixture
def silent(s3: S3Client) -> Iterator[None]:
    """What is put there is told to nobody: the backfill finds it."""
    before = s3.get_bucket_notification_configuration(Bucket=SHOP)
    s3.put_bucket_notification_configuration(Bucket=SHOP, NotificationConfiguration={})
    yield
    if "EventBridgeConfiguration" in before:
        connect(s3, SHOP)


def picture(number: int) -> tuple[str, bytes]:
    """A key and a file of its own for every number, in one of five kinds."""
    size = (120 + number % 40, 90 + number // 40)
    image = speckled(size) if number % 2 else ramp(size)
    kinds: list[tuple[str, str, dict[str, Any]]] = [
        ("jpg", "JPEG", {"quality": 95}),
        ("png", "PNG", {"compress_level": 1}),
        ("webp", "WEBP", {"lossless": True, "method": 0, "quality": 0}),
        ("jpg", "JPEG", {"quality": 95, "exif": exif_with(6)}),
        ("gif", "GIF", {"optimize": False}),
    ]
    ending, form, options = kinds[number % len(kinds)]
    if "exif" in options:
        image = as_camera_stores(image, 6)
    return f"media/{number:05} ü+.{ending}", file_of(image, form, **options)


def shown(data: bytes) -> tuple[str | None, bytes, dict[int, Any]]:
    with Image.open(io.BytesIO(data)) as image:
        return image.format, image.convert("RGBA").tobytes(), dict(image.getexif())


def body(s3: S3Client, key: str, bucket: str = CMS) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def quiet(outputs: Outputs, sqs: SQSClient, queue: str = "in_place") -> bool:
    told = sqs.get_queue_attributes(
        QueueUrl=outputs.queues[queue],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return set(told["Attributes"].values()) == {"0"}


def job(existing: Deployment, bucket: str, mode: str, prefix: str = "") -> Job:
    return job_for(
        existing,
        bucket=bucket,
        prefix=prefix,
        mode=mode,
        since=None,
        inventory=None,
        recipes=load_recipes(RECIPES),
    )


@pytest.mark.emulator("it deploys a stack of its own")
def test_a_bucket_is_compressed_in_place_and_nothing_is_lost(
    outputs: Outputs, existing: Deployment, s3: S3Client, sqs: SQSClient, tmp_path: Path
) -> None:
    """Before it is connected: a backfill, while people overwrite every tenth object."""
    pictures = dict(map(picture, range(OBJECTS)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(partial(_put, s3), pictures.items()))
    s3.put_object(Bucket=CMS, Key="media/notes.txt", Body=b"not selected")
    s3.put_object(Bucket=CMS, Key="media/packed.jpg", Body=b"packed", ContentEncoding="gzip")
    tenth = list(pictures)[::10]
    replaced = {key: file_of(ramp((200, 100 + number)), "JPEG", quality=96) for number, key in enumerate(tenth)}

    todo = job(existing, CMS, IN_PLACE_MODE)
    found = forecast(todo, sample=OBJECTS + 1)
    assert (found.objects, found.endings) == (OBJECTS + 1, {"left_alone": 1})
    with ThreadPoolExecutor(1) as people:
        overwriting = people.submit(_overwrite, s3, replaced)
        ended, checkpoint = run_backfill(todo, Limits(rate=1000), tmp_path, lambda: False, lambda *_: None)
        overwriting.result()
    assert (ended, checkpoint.endings) == ("finished", {"done": OBJECTS, "left_alone": 1})
    eventually(lambda: quiet(outputs, sqs), PATIENCE)

    again = run_backfill(todo, Limits(rate=1000), tmp_path, lambda: False, lambda *_: None)[1]
    eventually(lambda: quiet(outputs, sqs), PATIENCE)
    before = after = 0
    for key, data in (pictures | replaced).items():
        now = body(s3, key)
        assert shown(now) == shown(data), key
        assert len(now) <= len(data)
        before, after = before + len(data), after + len(now)
    print(f"{before} bytes before, {after} after: {100 * (before - after) / before:.1f} % saved")  # noqa: T201  for -s
    assert after < 0.95 * before
    assert body(s3, "media/notes.txt") == b"not selected"
    assert body(s3, "media/packed.jpg") == b"packed"
    assert again.sent <= len(replaced), "what was overwritten late is looked at; all else is known"

    settled_versions = _versions(s3)
    third = run_backfill(todo, Limits(rate=1000), tmp_path, lambda: False, lambda *_: None)[1]
    assert (third.sent, third.reads) == (0, 2 * (OBJECTS + 1))
    assert _versions(s3) == settled_versions
    _check_one(outputs, s3, next(key for key in pictures if key not in replaced and _is_sealed(s3, key)))


def _check_one(outputs: Outputs, s3: S3Client, key: str) -> None:
    """It is stored as before, and the version that was replaced stays and is noted."""
    assert s3.head_object(Bucket=CMS, Key=key)["CacheControl"] == "max-age=7"
    versions = s3.list_object_versions(Bucket=CMS, Prefix=key)["Versions"]
    assert len(versions) == 2
    entry = S3Ledger(s3, outputs.images_bucket).last_entry(Source(CMS, key))
    assert entry is not None
    assert (entry.times, entry.after) == (1, s3.head_object(Bucket=CMS, Key=key)["ContentLength"])
    assert entry.version in {version["VersionId"] for version in versions}


def _is_sealed(s3: S3Client, key: str) -> bool:
    return SEAL in s3.head_object(Bucket=CMS, Key=key)["Metadata"]


def _put(s3: S3Client, item: tuple[str, bytes]) -> None:
    s3.put_object(Bucket=CMS, Key=item[0], Body=item[1], CacheControl="max-age=7")


def _overwrite(s3: S3Client, replaced: dict[str, bytes]) -> None:
    for key, data in replaced.items():
        s3.put_object(Bucket=CMS, Key=key, Body=data)
        time.sleep(0.05)


def _versions(s3: S3Client) -> int:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=CMS)
    return sum(len(page.get("Versions", [])) for page in pages)


@pytest.mark.emulator("it deploys a stack of its own")
@pytest.mark.usefixtures("connected")
def test_its_own_events_end_with_a_look(outputs: Outputs, s3: S3Client, sqs: SQSClient) -> None:
    """An upload makes one event, and so does the write in its place; and that is all."""
    uploads = 12
    before = _versions(s3)
    data = {f"new/{number}.jpg": file_of(ramp((150, 100 + number)), "JPEG", quality=95) for number in range(uploads)}
    for key, one in data.items():
        s3.put_object(Bucket=CMS, Key=key, Body=one)
    eventually(lambda: all(_is_sealed(s3, key) for key in data), PATIENCE)
    eventually(lambda: quiet(outputs, sqs), PATIENCE)
    assert _versions(s3) == before + 2 * uploads, "each was written once by people, and once in its place"
    told = sqs.get_queue_attributes(
        QueueUrl=outputs.queues["in_place_dead_letter"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert told["Attributes"]["ApproximateNumberOfMessages"] == "0"


@pytest.mark.emulator("it deploys a stack of its own")
@pytest.mark.usefixtures("connected")
def test_pictures_of_an_attached_bucket_are_published_and_the_bucket_is_only_read(
    existing: Deployment, s3: S3Client
) -> None:
    s3.put_object(Bucket=SHOP, Key="public/cat.jpg", Body=file_of(ramp((400, 300)), "JPEG"))
    s3.put_object(Bucket=SHOP, Key="private/cat.jpg", Body=file_of(ramp((400, 300)), "JPEG"))
    manifest = eventually(lambda: existing.manifest("shop/public/cat.jpg"), PATIENCE)
    assert (manifest.status, manifest.key) == (Status.READY, "shop/public/cat.jpg")
    s3.delete_object(Bucket=SHOP, Key="public/cat.jpg")
    eventually(lambda: _status(existing, "shop/public/cat.jpg") is Status.DELETED, PATIENCE)
    assert existing.manifest("shop/private/cat.jpg") is None
    assert {item["Key"] for item in s3.list_objects_v2(Bucket=SHOP)["Contents"]} == {"private/cat.jpg"}


def _status(existing: Deployment, name: str) -> Status | None:
    manifest = existing.manifest(name)
    return manifest.status if manifest else None


@pytest.mark.emulator("it deploys a stack of its own")
@pytest.mark.usefixtures("silent")
def test_a_backfill_killed_five_times_ends_with_every_picture_published_once(
    existing: Deployment, outputs: Outputs, s3: S3Client, tmp_path: Path
) -> None:
    """The real program, killed for good at random moments; it shows in nothing but the time it takes."""
    count = max(20, OBJECTS // 10)
    keys = [f"public/many/{number:04}.jpg" for number in range(count)]
    for number, key in enumerate(keys):
        s3.put_object(Bucket=SHOP, Key=key, Body=file_of(ramp((60 + number % 50, 40)), "JPEG"))
    chance = random.Random(5)  # noqa: S311  it decides moments
    outputs.write(tmp_path / "outputs.json")
    for _ in range(5):
        with _backfill(tmp_path) as process:
            time.sleep(1.2 + 2 * chance.random())
            os.kill(process.pid, signal.SIGKILL)
    with _backfill(tmp_path) as process:
        told, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, told
    manifests = [existing.manifest(f"shop/{key}") for key in keys]
    assert {manifest.status for manifest in manifests if manifest} == {Status.READY}
    assert [manifest.revision for manifest in manifests if manifest] == [1] * count, "made once, each"


def _backfill(folder: Path) -> subprocess.Popen[str]:
    program = (
        "import sys; from pathlib import Path; import lightpress.cli.project as project;"
        "project.LOCAL = Path(sys.argv.pop(1)); from lightpress.cli.main import app; app()"
    )
    command = [sys.executable, "-c", program, str(folder), "backfill", SHOP, "--prefix", "public/many/", "--yes"]
    return subprocess.Popen(
        [*command, "--rate", "8"], cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


@pytest.mark.emulator("it deploys a stack of its own")
@pytest.mark.usefixtures("silent")
def test_a_backfill_stops_before_the_money_is_spent(existing: Deployment, s3: S3Client, tmp_path: Path) -> None:
    for number in range(9):
        s3.put_object(Bucket=SHOP, Key=f"public/dear/{number}.jpg", Body=file_of(ramp((60, 40 + number)), "JPEG"))
    limits = Limits(rate=1000, max_dollars=0.05, dollars=lambda sent, reads: sent * 0.01 + reads * 1e-6)
    todo = job(existing, SHOP, VARIANTS, "public/dear/")
    ended, checkpoint = run_backfill(todo, limits, tmp_path, lambda: False, lambda *_: None)
    assert (ended, checkpoint.sent) == ("max_dollars", 4), "a fifth would leave nothing for looking"
    assert limits.dollars(checkpoint.sent, checkpoint.reads) <= 0.05
    assert checkpoint.endings == {"ready": 4}
