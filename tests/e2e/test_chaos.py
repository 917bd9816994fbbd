"""Everything goes wrong at once, on the strict local cloud: nothing is lost, and no innocent picture fails.

A quarter of the uploads is bad: corrupt, oversized, or made to crash or to occupy a decoder. Functions are killed at
random moments, and originals are overwritten and deleted while they are worked on. `LIGHTPRESS_CHAOS=500 make e2e`
uploads as many; without, there are few.
"""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import threading
import time
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
import pytest

from lightpress.aws.failures_table import DynamoFailures
from lightpress.local.deployment import of_local_cloud
from lightpress.local.emulator import WORKER_PREFIX
from lightpress.local.home import Home
from lightpress.local.processes import commands
from lightpress.pipeline.failures import subject_of_picture
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.paths import variants_folder
from tests.e2e.conftest import PROJECT
from tests.e2e.test_pipeline import picture, stored
from tools.drawing import png_claiming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs.literals import QueueAttributeNameType

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from tests.e2e.conftest import Fetch

UPLOADS = int(os.environ.get("LIGHTPRESS_CHAOS", "24"))
KILLS = 2 + UPLOADS // 12
SECONDS_BETWEEN = 0.1, 1.0 + UPLOADS / 100  # few uploads are done within seconds
PATIENCE = 240.0 + 2 * UPLOADS
VISIBLE_AGAIN_SECONDS = 10
SEED = 20261121

CRASH, SPIN = b"chaos: crash", b"chaos: spin"
BAD = {
    "corrupt": (picture(1)[:100], "corrupt"),
    "oversized": (png_claiming(30_000, 30_000), "too_many_pixels"),
    "crash": (picture(2) + CRASH, "crashed_decoder"),
    "spin": (picture(3) + SPIN, "too_slow"),
}

# What is deployed for this test alone: a renderer that does what faulty decoders do and gets less time to, and pauses
# that end within the test, for it is about what becomes of a picture, not when.
HONEST = "        _answer(pipe, partial(work, data, options), room)\n"
FAULTY = f"""\
        if {CRASH!r} in data:
            os.kill(os.getpid(), signal.SIGSEGV)
        while {SPIN!r} in data:
            pass
{HONEST}"""
CHANGED = {
    "pipeline/sandbox.py": {HONEST: FAULTY, "cpu_seconds: int = 20": "cpu_seconds: int = 2"},
    "pipeline/backoff.py": {"_LONGEST_PAUSE_SECONDS = 900": "_LONGEST_PAUSE_SECONDS = 20"},
    "failures/record.py": {"_LONGEST_PAUSE_SECONDS = 3600": "_LONGEST_PAUSE_SECONDS = 20"},
}


@dataclass
class Upload:
    """What one key holds by now, and what must become of it. reason: None for a good picture."""

    key: str
    reason: str | None
    identity: str = ""
    gone: bool = False
    manifest: Manifest | None = None

    @property
    def settled(self) -> bool:
        """Whether what is published is of what the key holds."""
        if self.manifest is None:
            return False
        if self.gone:
            return self.manifest.status is Status.DELETED
        return self.manifest.source is not None and self.manifest.source.identity == self.identity


@dataclass
class Killer:
    """Kills KILLS functions at random moments, or fewer if it is stopped before."""

    home: Path
    chance: random.Random
    killed: int = 0
    _enough: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        thread = threading.Thread(target=self._work)
        thread.start()
        try:
            yield
        finally:
            self._enough.set()
            thread.join()

    def _work(self) -> None:
        while self.killed < KILLS and not self._enough.wait(self.chance.uniform(*SECONDS_BETWEEN)):
            mine = f"{Home(self.home.resolve()).scratch}/{WORKER_PREFIX}"
            victims = [pid for pid, command in commands() if mine in command]
            if victims:
                with suppress(ProcessLookupError):
                    os.kill(self.chance.choice(victims), signal.SIGKILL)
                    self.killed += 1


@pytest.fixture
def deployment(cloud: Outputs) -> Deployment:
    return of_local_cloud(cloud)


@pytest.fixture
def faulty_decoders(cloud: Outputs) -> Iterator[None]:
    """Another release while the test runs: its renderer crashes and spins where a picture says so."""
    lambda_ = lambda_of(cloud)
    names = [cloud.functions[name] for name in ("process_upload", "record_failure")]
    for name in names:
        lambda_.update_function_code(FunctionName=name, ZipFile=release(faulty=True))
    yield
    for name in names:
        lambda_.update_function_code(FunctionName=name, ZipFile=release(faulty=False))


@pytest.fixture
def few_functions(cloud: Outputs) -> Iterator[None]:
    """At most four of each at work: this machine has to start them anew, again and again."""
    lambda_ = lambda_of(cloud)
    before = lambda_.list_event_source_mappings()["EventSourceMappings"]
    for mapping in before:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": 4})
    yield
    for mapping in before:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig=mapping.get("ScalingConfig", {}))


@pytest.fixture
def quick_returns(cloud: Outputs) -> Iterator[None]:
    """What a killed function had comes back soon, instead of after minutes."""
    sqs, before = cloud.session().sqs(), {}
    for url in cloud.queues.values():
        before[url] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(VISIBLE_AGAIN_SECONDS)})
    yield
    for url, attributes in before.items():
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


@pytest.mark.emulator("it kills functions")
@pytest.mark.usefixtures("faulty_decoders", "few_functions", "quick_returns")
def test_of_many_uploads_in_chaos_none_is_lost_and_no_innocent_one_fails(
    cloud: Outputs, deployment: Deployment, home: Path, fetch: Fetch
) -> None:
    s3 = cloud.session().s3()
    chance = random.Random(SEED)  # noqa: S311  it decides who dies
    killer = Killer(home, random.Random(SEED + 1))  # noqa: S311
    with killer.at_work():
        uploads = [upload(s3, cloud, number, chance) for number in range(UPLOADS)]
        interfere(s3, cloud, uploads, chance)
        wait_for(uploads, deployment, patience=PATIENCE)

    assert [one.key for one in uploads if not one.settled] == [], f"{killer.killed} killed; {waiting(cloud)}"
    assert killer.killed > 1
    for one in uploads:
        assert one.manifest is not None
        if one.gone:
            assert stored(s3, cloud, variants_folder(one.key)) == []
        elif one.reason is None:
            assert (one.key, one.manifest.status) == (one.key, Status.READY)
            assert fetch(f"/{one.manifest.variants[0].path}").status == 200
        else:
            assert (one.key, one.manifest.status, one.manifest.reason) == (one.key, Status.FAILED, one.reason)
            assert recorded(one, cloud) == one.reason
    bad, gone = sum(one.reason is not None for one in uploads), sum(one.gone for one in uploads)
    sys.stdout.write(f"{UPLOADS} uploads, {bad} failed, {gone} deleted, {killer.killed} functions killed\n")


def waiting(cloud: Outputs) -> dict[str, object]:
    """How many messages are in the queues, seen and unseen."""
    counts: list[QueueAttributeNameType] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return {
        name: cloud.session().sqs().get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
        for name, url in cloud.queues.items()
    }


def upload(s3: S3Client, cloud: Outputs, number: int, chance: random.Random) -> Upload:
    """Upload one; every fourth is bad."""
    if number % 4 == 0:
        kind = chance.choice(list(BAD))
        one = Upload(f"chaos/{number:03}-{kind}.jpg", BAD[kind][1])
        put(s3, cloud, one, BAD[kind][0])
    else:
        one = Upload(f"chaos/{number:03}.jpg", None)
        put(s3, cloud, one, picture(number + 1000, (200, 150)))
    return one


def interfere(s3: S3Client, cloud: Outputs, uploads: list[Upload], chance: random.Random) -> None:
    """Overwrite and delete some of what is being worked on."""
    for one in chance.sample(uploads, len(uploads) // 5):
        if chance.random() < 0.5:
            s3.delete_object(Bucket=cloud.uploads_bucket, Key=one.key)
            one.gone = True
        else:
            one.reason = None
            put(s3, cloud, one, picture(chance.randrange(10_000, 20_000), (200, 150)))


def put(s3: S3Client, cloud: Outputs, one: Upload, data: bytes) -> None:
    answer = s3.put_object(Bucket=cloud.uploads_bucket, Key=one.key, Body=data)
    one.identity = answer["VersionId"]


def wait_for(uploads: list[Upload], deployment: Deployment, *, patience: float) -> None:
    """Look until all are settled, or for so long."""
    deadline = time.monotonic() + patience
    while (late := [one for one in uploads if not one.settled]) and time.monotonic() < deadline:
        for one in late:
            one.manifest = deployment.manifest(one.key)
        time.sleep(0.2)


def recorded(one: Upload, cloud: Outputs) -> str | None:
    """The reason in the failures table, if there is a copy in quarantine, too."""
    table = DynamoFailures(cloud.session().dynamodb(), cloud.tables["failures"], lambda: 0, 0)
    rows = {row.identity: row for row in table.of(subject_of_picture(cloud.uploads_bucket, one.key))}
    row = rows.get(one.identity)
    if row is None or row.quarantine is None:
        return None
    cloud.session().s3().head_object(Bucket=cloud.quarantine_bucket, Key=row.quarantine)
    return row.reason


def release(*, faulty: bool) -> bytes:
    """The functions' code as a zip file; a faulty one differs in the renderer alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        source = PROJECT / "lambda_src"
        assert all((source / "lightpress" / name).is_file() for name in CHANGED)
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = str(path.relative_to(source))
                changes = CHANGED.get(name.removeprefix("lightpress/"), {}) if faulty else {}
                archive.writestr(name, changed(path, changes))
    return buffer.getvalue()


def changed(path: Path, changes: Mapping[str, str]) -> bytes:
    data = path.read_bytes()
    for present, instead in changes.items():
        assert data.count(present.encode()) == 1, f"{path.name} no longer says {present!r}, once"
        data = data.replace(present.encode(), instead.encode())
    return data


def lambda_of(cloud: Outputs) -> LambdaClient:
    return boto3.client(
        "lambda",
        endpoint_url=cloud.endpoint_url,
        verify=cloud.ca_bundle,
        region_name=cloud.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
