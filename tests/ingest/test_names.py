"""However long the resolver takes for a name, no order waits beyond its time limit, and others are not affected."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING

import pytest

from lightpress.ingest.addresses import AddressPolicy, networks
from lightpress.ingest.connection import Connector
from lightpress.ingest.download import Download
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.hosts import Hosts
from lightpress.ingest.names import AT_ONCE, LookUps
from lightpress.ingest.urls import FetchReason, parse_url
from tests.ingest.server import Misbehaving, misbehaving, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = AddressPolicy(networks(("127.0.0.0/8",)), plain_http=True)


@dataclass
class Resolver:
    """Silent about every name of `silent.example` until it is over; all others are this machine."""

    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    over: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def __call__(self, host: str) -> list[str]:
        with self.lock:
            self.asked.append(host)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if host.endswith("silent.example"):
            self.over.wait(30)
        with self.lock:
            self.at_once -= 1
        return ["127.0.0.1"]


@contextmanager
def resolving() -> Iterator[Resolver]:
    resolver = Resolver()
    try:
        yield resolver
    finally:
        resolver.over.set()


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as world:
        yield world


def download(resolver: Resolver, seconds: float = 0.5) -> Download:
    return Download(Connector(LOOPBACK, resolver), Hosts(1_000, 100_000), 1 << 20, seconds)


def url(server: Misbehaving, host: str) -> str:
    return server.url("ok", 1).replace("127.0.0.1", host)


def failure(working: Download, address: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        working(parse_url(address))
    return failed.value


def test_looking_a_name_up_is_within_the_time_for_the_whole(server: Misbehaving) -> None:
    with resolving() as resolver:
        began = time.monotonic()
        failed = failure(download(resolver, 0.5), url(server, "silent.example"))
        assert failed.reason is FetchReason.TIMEOUT
        assert time.monotonic() - began < 10  # a name that is never looked up would take for ever


def test_a_name_that_many_wait_for_is_looked_up_once(server: Misbehaving) -> None:
    with resolving() as resolver:
        working = download(resolver)
        with ThreadPoolExecutor(10) as pool:
            failed = list(pool.map(lambda _: failure(working, url(server, "silent.example")), range(30)))
        assert {one.reason for one in failed} == {FetchReason.TIMEOUT}
        assert resolver.asked == ["silent.example"]


def test_pending_look_ups_are_limited_and_further_names_are_retried_without_a_look_up(server: Misbehaving) -> None:
    with resolving() as resolver:
        before = threading.active_count()
        working = download(resolver, 0.2)
        with ThreadPoolExecutor(20) as pool:
            hosts = [f"{number}.silent.example" for number in range(3 * AT_ONCE)]
            failed = list(pool.map(lambda host: failure(working, url(server, host)), hosts))
        assert resolver.most_at_once == AT_ONCE
        assert threading.active_count() <= before + AT_ONCE
        late = [one for one in failed if one.reason is FetchReason.TIMEOUT]
        unasked = [one for one in failed if one.reason is FetchReason.UNREACHABLE]
        assert (len(late), len(unasked)) == (AT_ONCE, 2 * AT_ONCE)
        assert all(one.asked for one in late)
        assert not any(one.asked for one in unasked), "it says nothing of their servers"

        resolver.over.set()
        while threading.active_count() > before:
            time.sleep(0.01)
        found = working(parse_url(url(server, "good.example")))
        assert found is not None
        assert bytes(found.data) == picture(1), "and then there is room again"


def test_all_who_wait_for_a_name_get_the_resolvers_answer() -> None:
    def resolve(_: str) -> list[str]:
        time.sleep(0.1)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    look_ups = LookUps()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(look_ups, resolve, "nobody.example", 5) for _ in range(4)]
    assert [type(one.exception()) for one in waiting] == 4 * [socket.gaierror]
    assert look_ups(lambda _: ["127.0.0.1"], "nobody.example", 5) == ["127.0.0.1"], "and nothing of it is kept"
