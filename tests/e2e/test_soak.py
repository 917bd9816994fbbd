"""Minutes of uploads, overwrites and deletions at a steady rate, while functions are killed: nothing is lost or leaks.

Half way, the cloud itself is restarted, with all that it holds. `make soak MINUTES=10`. What the emulator itself holds
grows with each upload, for it keeps everything in memory. So its memory is printed, and that of functions and of the
CDN's proxy is judged.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from lightpress.local import restart
from lightpress.local.emulator import WORKER_PREFIX
from lightpress.local.home import Home
from lightpress.local.processes import commands
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import variants_folder
from tests.e2e.test_chaos import (
    BAD,
    Upload,
    deployment,
    faulty_decoders,
    few_functions,
    put,
    quick_returns,
    recorded,
    wait_for,
    waiting,
)
from tests.e2e.test_pipeline import eventually, picture, stored

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from tests.e2e.conftest import Fetch

__all__ = ["deployment", "faulty_decoders", "few_functions", "quick_returns"]

MINUTES = float(os.environ.get("LIGHTPRESS_SOAK", "0"))
SECONDS_BETWEEN_CHANGES = 1.5
SECONDS_BETWEEN_KILLS = 15.0, 30.0  # a cold start on a busy machine takes 10
SECONDS_BETWEEN_SAMPLES = 3.0
PATIENCE = 300.0 + 60 * MINUTES  # on a busy machine, what waits may take as long again as the changes
SEED = 20261128

EMPTY = {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}

MOST_GROWTH_MB = 25
MOST_DESCRIPTORS_MORE = 8
MOST_FILES_MORE = 4


@dataclass(frozen=True)
class Sample:
    """What processes hold at one moment: memory in MB, open descriptors, and files of functions in /tmp."""

    emulator_mb: float
    functions: int
    function_mb: float
    function_descriptors: int
    proxy_mb: float
    proxy_descriptors: int
    files: int


@dataclass
class Watcher:
    """Kills functions now and then, and takes samples, until it is stopped.

    Attributes:
        home: The folder of the cloud.
        chance: Decides who dies, and when.
        killed: How many functions it has killed.
        before_restart: The samples of the emulator that was restarted, and of its functions.
        samples: Those since.
    """

    home: Home
    chance: random.Random
    killed: int = 0
    before_restart: list[Sample] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    _enough: threading.Event = field(default_factory=threading.Event)

    def workers(self) -> list[int]:
        mine = f"{self.home.scratch}/{WORKER_PREFIX}"
        return [pid for pid, command in commands() if mine in command]

    def kill(self) -> None:
        while not self._enough.wait(self.chance.uniform(*SECONDS_BETWEEN_KILLS)):
            if victims := self.workers():
                with suppress(ProcessLookupError):
                    os.kill(min(victims, key=began), signal.SIGKILL)  # the oldest: the young ones get something done
                    self.killed += 1

    def watch(self) -> None:
        while not self._enough.wait(SECONDS_BETWEEN_SAMPLES):
            if sample := self.sample():
                self.samples.append(sample)

    def begin_anew(self) -> None:
        """Other processes are at work from now on."""
        self.before_restart, self.samples = self.samples, []

    def sample(self) -> Sample | None:
        """None while the emulator is being restarted."""
        emulator, proxy, workers = self.home.emulator.running(), self.home.cdn.running(), self.workers()
        assert proxy is not None
        if emulator is None:
            return None
        return Sample(
            emulator_mb=resident_mb(emulator.pid),
            functions=len(workers),
            function_mb=max(map(resident_mb, workers), default=0),
            function_descriptors=max(map(descriptors, workers), default=0),
            proxy_mb=resident_mb(proxy.pid),
            proxy_descriptors=descriptors(proxy.pid),
            files=sum(not path.name.startswith(WORKER_PREFIX) for path in self.home.scratch.iterdir()),
        )

    def stop(self) -> None:
        self._enough.set()


def began(pid: int) -> int:
    """When a process was started, in ticks; 0 if it is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return 0


def resident_mb(pid: int) -> float:
    """The resident memory of a process, 0 if it is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0


def descriptors(pid: int) -> int:
    """How many descriptors a process has open, 0 if it is gone."""
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


@dataclass
class Uploader:
    """Uploads, overwrites and deletes; knows what must become of each key."""

    s3: S3Client
    cloud: Outputs
    deployment: Deployment
    chance: random.Random
    uploads: list[Upload] = field(default_factory=list)
    once_published: set[str] = field(default_factory=set)
    changes: dict[str, int] = field(default_factory=lambda: {"uploaded": 0, "overwritten": 0, "deleted": 0})

    def change_for(self, seconds: float) -> None:
        """Change something at a steady rate."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            due = time.monotonic() + SECONDS_BETWEEN_CHANGES
            self.change()
            time.sleep(max(0, due - time.monotonic()))

    def change(self) -> None:
        """One change: three of five are uploads of new keys."""
        living = [one for one in self.uploads if not one.gone]
        what = self.chance.choice(
            ["uploaded", "uploaded", "uploaded", "overwritten", "deleted"] if living else ["uploaded"]
        )
        self.changes[what] += 1
        if what == "deleted":
            self._delete(self.chance.choice(living))
            return
        one = Upload("", None) if what == "uploaded" else self.chance.choice(living)
        one.key = one.key or f"soak/{len(self.uploads):04}.jpg"
        if what == "uploaded":
            self.uploads.append(one)
        self._put(one)

    def _put(self, one: Upload) -> None:
        kind = self.chance.choice(list(BAD)) if self.chance.random() < 0.2 else None
        data, one.reason = BAD[kind] if kind else (picture(self.chance.randrange(1 << 40), (200, 150)), None)
        put(self.s3, self.cloud, one, data)

    def _delete(self, one: Upload) -> None:
        if found := self.deployment.manifest(one.key):
            self.once_published |= {variant.path for variant in found.variants}
        self.s3.delete_object(Bucket=self.cloud.uploads_bucket, Key=one.key)
        one.gone = True


@pytest.mark.skipif(not MINUTES, reason="takes minutes: make soak")
@pytest.mark.skipif(sys.platform != "linux", reason="reads what processes hold from /proc")
@pytest.mark.emulator("it kills functions")
@pytest.mark.usefixtures("faulty_decoders", "few_functions", "quick_returns")
def test_after_minutes_of_changes_every_upload_has_one_end_and_nothing_has_grown(
    cloud: Outputs, deployment: Deployment, home: Path, fetch: Fetch
) -> None:
    watcher = Watcher(Home(home.resolve()), random.Random(SEED + 1))  # noqa: S311  it decides who dies
    uploader = Uploader(cloud.session().s3(), cloud, deployment, random.Random(SEED))  # noqa: S311
    threads = [threading.Thread(target=watcher.kill), threading.Thread(target=watcher.watch)]
    for thread in threads:
        thread.start()
    try:
        uploader.change_for(30 * MINUTES)
        restart(home)
        watcher.begin_anew()
        uploader.change_for(30 * MINUTES)
    finally:
        watcher.stop()
        for thread in threads:
            thread.join()
    halves = (watcher.before_restart, watcher.samples)
    tables = "\n".join(map(table, halves))
    sys.stdout.write(f"\n{uploader.changes}, {watcher.killed} functions killed\n{tables}\n")
    wait_for(uploader.uploads, deployment, patience=PATIENCE)
    assert [one.key for one in uploader.uploads if not one.settled] == [], waiting(cloud)
    judge(uploader, fetch)
    assert [grown(samples) for samples in halves] == [{}, {}]


def judge(uploader: Uploader, fetch: Fetch) -> None:
    """Look at the promise from outside: bucket, CDN, failures table, quarantine, queues."""
    ends = {"published": 0, "failed": 0, "deleted": 0}
    for one in uploader.uploads:
        if one.gone:
            end = "deleted"
            assert eventually(partial(nothing_is_stored, uploader, one.key)), one.key
        elif one.reason is None:
            end = "published"
            served_as_it_says(one, fetch)
        else:
            end = "failed"
            assert one.manifest is not None
            assert (one.key, one.manifest.status, one.manifest.reason) == (one.key, Status.FAILED, one.reason)
            assert recorded(one, uploader.cloud) == one.reason
        ends[end] += 1
    still = {
        path for one in uploader.uploads if one.manifest for path in map(str, (v.path for v in one.manifest.variants))
    }
    assert [path for path in uploader.once_published - still if fetch(f"/{path}").status == 200] == []
    still_waiting = partial(waiting, uploader.cloud)
    with suppress(AssertionError):
        eventually(lambda: all(counts == EMPTY for counts in still_waiting().values()))
    assert still_waiting() == dict.fromkeys(uploader.cloud.queues, EMPTY)
    sys.stdout.write(f"{ends}, {strays(uploader)} files of dead generations\n")


def nothing_is_stored(uploader: Uploader, key: str) -> bool:
    return stored(uploader.s3, uploader.cloud, variants_folder(key)) == []


def served_as_it_says(one: Upload, fetch: Fetch) -> None:
    """Every file of the manifest comes from the CDN, to the byte."""
    assert one.manifest is not None
    assert (one.key, one.manifest.status) == (one.key, Status.READY)
    assert one.manifest.variants
    for path, digest in {variant.path: variant.sha256 for variant in one.manifest.variants}.items():
        answer = fetch(f"/{path}")
        assert (path, answer.status, hashlib.sha256(answer.data).hexdigest()) == (path, 200, digest)


def strays(uploader: Uploader) -> int:
    """How many files no manifest names; raises AssertionError if one is of a generation that is published."""
    count = 0
    for one in uploader.uploads:
        assert one.manifest is not None
        named = {variant.path for variant in one.manifest.variants}
        unnamed = set(stored(uploader.s3, uploader.cloud, variants_folder(one.key))) - named
        alive = {path.rpartition("/")[0] for path in named}
        assert [path for path in unnamed if path.rpartition("/")[0] in alive] == []
        count += len(unnamed)
    return count


JUDGED = {
    "function_mb": MOST_GROWTH_MB,
    "proxy_mb": MOST_GROWTH_MB,
    "function_descriptors": MOST_DESCRIPTORS_MORE,
    "proxy_descriptors": MOST_DESCRIPTORS_MORE,
    "files": MOST_FILES_MORE,
}


def thirds(samples: list[Sample], name: str) -> list[float]:
    """The median of each third, of which the first is for warming up."""
    values = [getattr(sample, name) for sample in samples]
    bounds = [len(values) * number // 3 for number in range(4)]
    return [median(values[begin:end]) for begin, end in pairwise(bounds)]


def grown(samples: list[Sample]) -> dict[str, list[float]]:
    """What is larger at the end than after the warm-up, by more than it may be."""
    found = {name: thirds(samples, name) for name in JUDGED}
    return {name: values for name, values in found.items() if values[2] - values[1] > JUDGED[name]}


def table(samples: list[Sample]) -> str:
    """Medians of each third."""
    lines = [f"{'':22}{'first':>9}{'second':>9}{'last':>9}"]
    for name in (one.name for one in fields(Sample)):
        lines += [f"{name:22}" + "".join(f"{value:9.1f}" for value in thirds(samples, name))]
    return "\n".join(lines)
