"""What ends the invocation that fetches it harms none of its neighbors, however many of its kind there are."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.ingest import batch as work
from lightpress.ingest.alone import DownloadAlone
from lightpress.ingest.download import Download, Downloaded
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.hosts import Hosts
from lightpress.ingest.urls import FetchReason, parse_url
from tests.ingest.server import ENDINGS, READY, Misbehaving, misbehaving, picture
from tests.ingest.url_queue import UrlQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.ingest.fetch import FetchOutcome
    from lightpress.ingest.orders import Order

TRIES = 6
OPTIONS: dict[str, Any] = {
    "max_bytes": 1 << 20,
    "timeout_seconds": 5,
    "per_host": 100,
    "per_host_rate": 10_000,
    "ports": [80, 443],
    "plain_http": True,
    "allowed_networks": ["127.0.0.0/8"],
}


class Nobody:
    """Wants to know nothing."""

    def on_fetched(self, order: Order, outcome: FetchOutcome) -> None: ...
    def on_failed(self, order: Order, failure: FetchFailed, *, for_good: bool) -> None: ...
    def on_error(self, message_id: str, error: Exception) -> None: ...


def emptied(seed: int, urls: int, deadly: int, code: ModuleType = work, away_until: float = 0) -> tuple[UrlQueue, bool]:
    """A queue that had so many URLs, ordered at once or within an hour, and taken in an order by chance.

    And whether each of them ended as it would alone, well before SQS gives up, and no invocation over those alone.
    """
    chance = Random(seed)  # noqa: S311  it shall be the same again
    keys = [f"{number}.jpg" for number in range(urls)]
    chance.shuffle(keys)
    busy = keys[deadly : deadly + 3]
    queue = UrlQueue(chance, frozenset(keys[:deadly]), frozenset(busy), frozenset(keys[::3]), away_until)
    for key in keys:
        queue.order(key, at=chance.uniform(0, 3_600) if seed % 2 else 0)
    seconds = queue.url_seconds
    options = {"threads": 1, "tries": TRIES, "first_pause": 15, "seconds": seconds}
    queue.empty(code.FetchBatch(queue.together, queue.alone, queue, queue, Nobody(), **options))
    wanted = dict.fromkeys(keys, "fetched") | dict.fromkeys(busy, "server_error")
    wanted |= dict.fromkeys(keys[:deadly], "unfinished")
    return queue, queue.ended == wanted and queue.most_received <= TRIES + 5 and queue.late == 0


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("urls", "deadly"), [(10, 1), (10, 7), (40, 1), (40, 4), (40, 20), (150, 15), (150, 140)])
def test_every_url_ends_as_it_would_alone(urls: int, deadly: int) -> None:
    for seed in range(12):
        queue, right = emptied(seed, urls, deadly)
        assert right, (seed, queue.ended, queue.most_received, queue.late)


def test_an_hour_without_s3_harms_none_of_them() -> None:
    for seed in range(12):
        queue, _ = emptied(seed, 40, 0, away_until=1)
        assert set(queue.ended.values()) == {"fetched", "server_error"}


@pytest.mark.parametrize(
    ("present", "instead"),
    [
        ("        if suspects:\n", "        if not suspects and messages[0].id == '':\n"),
        (
            "self._work_off(message, seconds_left, self.fetch_alone)",
            "self._work_off(message, seconds_left, self.fetch)",
        ),
        ("message.received > self.tries]", "message.received > 3 * self.tries]"),
        ("[message for message in messages if message not in suspects]", "[]"),
        ("key=lambda message: message.received, reverse=True", "key=lambda message: message.received"),
        ("self.seconds + _SECONDS_AROUND", "self.seconds"),
    ],
)
def test_without_any_part_of_it_some_do_not(present: str, instead: str) -> None:
    text = inspect.getsource(work)
    assert text.count(present) == 1
    code = ModuleType(work.__name__)
    exec(compile(text.replace(present, instead), "mutated work", "exec"), code.__dict__)  # noqa: S102  our own, changed
    worlds = [(seed, urls, deadly) for seed in range(6) for urls, deadly in ((10, 1), (40, 4), (40, 20))]
    assert not all(emptied(*world, code)[1] for world in worlds)


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as world:
        yield world


def unlimited() -> Hosts:
    return Hosts(100, 10_000)


def failure(download: DownloadAlone | Download, url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        download(parse_url(url))
    return failed.value


@pytest.mark.parametrize("kind", ["ok", "chunked", "redirect"])
def test_a_picture_comes_whole_through_a_process_of_its_own(server: Misbehaving, kind: str) -> None:
    assert ENDINGS[kind] == READY
    link = parse_url(server.url(kind, 3))
    found, beside = DownloadAlone(OPTIONS, unlimited())(link), Download.by(OPTIONS)(link)
    assert isinstance(found, Downloaded)
    assert found == beside
    assert bytes(found.data) == picture(3)


def test_what_is_known_already_is_not_sent_again(server: Misbehaving) -> None:
    download, link = DownloadAlone(OPTIONS, unlimited()), parse_url(server.url("ok", 4))
    found = download(link)
    assert found is not None
    assert download(link, found.validators) is None


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", ["missing", "packed", "large", "chunk-minus-one", "private", "short", "first-503"])
def test_what_misbehaves_fails_for_the_same_reason(server: Misbehaving, kind: str) -> None:
    numbers = iter((900, 901))
    alone, beside = (
        failure(download, server.url(kind, next(numbers)))
        for download in (DownloadAlone(OPTIONS, unlimited()), Download.by(OPTIONS))
    )
    assert (alone.reason, alone.retry_after, alone.asked) == (beside.reason, beside.retry_after, beside.asked)
    assert alone.detail.replace("/900.jpg", "/901.jpg") == beside.detail


def test_a_host_that_wants_to_be_left_alone_is_left_alone_by_the_process_and_what_it_hears_counts_for_all(
    server: Misbehaving,
) -> None:
    hosts = unlimited()
    asking = DownloadAlone(OPTIONS, hosts)
    assert failure(asking, server.url("first-429", 910)).asked
    for download in (asking, replace(Download.by(OPTIONS), hosts=hosts)):
        asked = server.asked.total()
        told = failure(download, server.url("ok", 911))
        assert (told.reason, told.asked) == (FetchReason.TOO_MANY_REQUESTS, False)
        assert server.asked.total() == asked


def test_the_largest_file_fits_into_its_memory(server: Misbehaving) -> None:
    large = OPTIONS | {"max_bytes": 48 << 20, "timeout_seconds": 60}
    server.body = picture(1) + bytes((48 << 20) - len(picture(1)))
    try:
        found = DownloadAlone(large, unlimited(), room_bytes=48 << 20)(parse_url(server.url("plain", 5)))
    finally:
        server.body = None
    assert found is not None
    assert len(found.data) == 48 << 20


def test_a_process_without_memory_is_unfinished_and_nobody_else_is_harmed(server: Misbehaving) -> None:
    server.body = picture(6) + bytes(900_000)  # more than Python keeps of what it has freed
    try:
        failed = failure(DownloadAlone(OPTIONS, unlimited(), room_bytes=-8 << 20), server.url("plain", 6))
    finally:
        server.body = None
    assert failed.reason is FetchReason.UNFINISHED
    assert "ended with the code" in failed.detail


def test_a_process_that_hangs_is_ended(server: Misbehaving) -> None:
    began = time.monotonic()
    failed = failure(DownloadAlone(OPTIONS, unlimited(), grace_seconds=-4), server.url("silent", 7))
    assert failed.reason is FetchReason.UNFINISHED
    assert "its time was over" in failed.detail
    assert time.monotonic() - began < 20  # the server never answers
    assert process_for_it_alone() is None


def test_a_process_that_is_killed_is_unfinished_and_had_no_credentials(
    server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen: list[bytes] = []

    def kill() -> None:
        while not server.asked["/silent/8.jpg"]:
            time.sleep(0.01)
        process = process_for_it_alone()
        assert process is not None
        environment = Path(f"/proc/{process}/environ")
        seen.append(environment.read_bytes() if environment.exists() else b"")
        os.kill(process, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    failed = failure(DownloadAlone(OPTIONS, unlimited()), server.url("silent", 8))
    killer.join()
    assert (failed.reason, "ended with the code -9" in failed.detail) == (FetchReason.UNFINISHED, True)
    assert b"AWS_" not in seen[0]


def process_for_it_alone() -> int | None:
    """Of those that this process has begun."""
    told = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "lightpress.ingest.alone"], capture_output=True, text=True, check=False
    )
    return int(told.stdout.split()[0]) if told.stdout else None
