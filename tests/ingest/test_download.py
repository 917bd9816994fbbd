"""Every way in which a server can misbehave ends in time, within its bytes, and for the right reason."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
import trustme
from hypothesis import example, given
from hypothesis import strategies as st

from lightpress.ingest.addresses import AddressPolicy
from lightpress.ingest.connection import Connector, Deadline, TooMuch, Wire
from lightpress.ingest.download import Download, Downloaded, Validators
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.hosts import Hosts
from lightpress.ingest.urls import FetchReason, parse_url
from tests.ingest.server import ENDINGS, READY, Misbehaving, misbehaving, picture, unused_port

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = AddressPolicy((ip_network("127.0.0.0/8"),), plain_http=True)
MAX_BYTES = 1 << 20


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as world:
        yield world


def download(connector: Connector | None = None, *, seconds: float = 1.5, hosts: Hosts | None = None) -> Download:
    return Download(connector or Connector(LOOPBACK), hosts or Hosts(100, 10_000), MAX_BYTES, seconds)


def failure_of(url: str, **options: float) -> FetchFailed:
    with pytest.raises(FetchFailed) as failure:
        download(**options)(parse_url(url))  # type: ignore[arg-type]
    return failure.value


@pytest.mark.parametrize(
    "kind", [kind for kind, reason in ENDINGS.items() if reason == READY and not kind.startswith("first-")]
)
def test_a_picture_comes_whole(server: Misbehaving, kind: str) -> None:
    found = download()(parse_url(server.url(kind, 3)))
    assert isinstance(found, Downloaded)
    assert (bytes(found.data), found.media_type) == (picture(3), "image/jpeg")


@pytest.mark.sampled(16)
@pytest.mark.parametrize(
    ("kind", "reason"), [(kind, reason) for kind, reason in ENDINGS.items() if reason not in {"ready", "corrupt"}]
)
def test_what_misbehaves_fails_for_its_reason(server: Misbehaving, kind: str, reason: str) -> None:
    before = threading.active_count()
    failure = failure_of(server.url(kind))
    assert failure.reason.value == reason
    assert failure.detail.endswith(".")
    assert threading.active_count() <= before + 2, "only those of the server itself"


@pytest.mark.parametrize("kind", ["endless", "tiny-chunks", "chunk-minus-one", "chunk-of-exabytes", "endless-hints"])
def test_whatever_a_server_says_of_its_length_no_more_than_the_limit_is_taken(server: Misbehaving, kind: str) -> None:
    failure_of(server.url(kind, 77), seconds=20)
    # What lies in the buffers of both ends was sent and never taken: some megabytes, on this machine.
    assert server.sent[f"/{kind}/77.jpg"] < 16 * MAX_BYTES


FIELDS = ("Retry-After", "Location", "Content-Type", "Content-Encoding", "Content-Length", "Transfer-Encoding", "ETag")
numbers = st.sampled_from(("0", "1", "31", "-1", "1.5", "9" * 20, "1e9", "00:00:00", "+9999"))
words = st.sampled_from(
    ("GMT", "Jan", "Mon,", "chunked", "gzip", "http://[", "http://127.0.0.1:1/", "//", "\xfc", "\0")
)
values = st.lists(numbers | words | st.text("-/:;,%[]@", max_size=3), max_size=6).map(" ".join)


@given(
    status=st.sampled_from((200, 204, 301, 304, 404, 429, 503, 999)),
    fields=st.lists(st.tuples(st.sampled_from(FIELDS), values)),
)
@example(status=503, fields=[("Retry-After", "01 Jan 99999999999999999999 00:00:00 GMT")])
def test_nothing_that_a_server_says_is_taken_for_a_fault_of_ours(
    server: Misbehaving, status: int, fields: list[tuple[str, str]]
) -> None:
    head = f"HTTP/1.1 {status} x\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
    server.words = f"{head}\r\n".encode("latin-1") + picture(1)
    with suppress(FetchFailed):
        download()(parse_url(server.url("words")))


def in_seconds(seconds: int, zone: str) -> str:
    """A date as servers write it, with the zone or without one."""
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%a, %d %b %Y %H:%M:%S}{zone}"


@pytest.mark.parametrize("zone", [" GMT", " -0000"], ids=["GMT", "no zone"])
@pytest.mark.parametrize(("seconds", "least", "most"), [(500, 400, 500), (5_000, 900, 900), (-500, 0, 0)])
def test_a_pause_until_a_date_takes_0_to_900_seconds(
    server: Misbehaving, zone: str, seconds: int, least: int, most: int
) -> None:
    server.words = f"HTTP/1.1 503 x\r\nRetry-After: {in_seconds(seconds, zone)}\r\n\r\n".encode()
    pause = failure_of(server.url("words")).retry_after
    assert pause is not None
    assert least <= pause <= most


@pytest.mark.parametrize(("said", "pause"), [("0" * 20 + "899", 899), ("901", 900), ("9" * 5_000, 900), ("soon", None)])
def test_a_pause_in_seconds_takes_at_most_900(server: Misbehaving, said: str, pause: int | None) -> None:
    server.words = f"HTTP/1.1 503 x\r\nRetry-After: {said}\r\n\r\n".encode()
    assert failure_of(server.url("words")).retry_after == pause


def test_what_is_no_picture_is_told_with_60_characters_of_what_its_server_calls_it(server: Misbehaving) -> None:
    server.words = f"HTTP/1.1 200 x\r\nContent-Type: {'x' * 61}\r\n\r\nhello".encode()
    assert f"calls it '{'x' * 60}'." in failure_of(server.url("words")).detail


def test_what_comes_in_is_counted_below_whatever_reads_it() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(bytes(5_000))
        incoming = Wire.over(ours, Deadline.after(5), most_bytes=3_000).incoming
        for _ in range(3):
            with pytest.raises(TooMuch):
                incoming.read(-1)
        assert len(ours.recv(10_000)) == 5_000 - 3_001


def test_a_server_that_is_busy_says_for_how_long(server: Misbehaving) -> None:
    hosts = Hosts(100, 10_000)
    for kind, reason in (("first-429", "too_many_requests"), ("first-503", "server_error")):
        failure = failure_of(server.url(kind, 500))
        assert (failure.reason.value, failure.retry_after) == (reason, 1)
    with pytest.raises(FetchFailed):
        download(hosts=hosts)(parse_url(server.url("first-429", 501)))
    asked = server.asked.total()
    with pytest.raises(FetchFailed, match="wants to be left alone"):
        download(hosts=hosts)(parse_url(server.url("ok", 501)))
    assert server.asked.total() == asked, "and is left alone"


@pytest.mark.parametrize("kind", ["ok", "dated"])
def test_what_is_known_already_by_its_etag_or_its_date_is_not_sent_again(server: Misbehaving, kind: str) -> None:
    link = parse_url(server.url(kind, 4))
    found = download()(link)
    assert found is not None
    assert download()(link, found.validators) is None
    assert download()(link, Validators('"another"', "Fri, 27 Nov 2026 10:00:01 GMT")) is not None


def test_what_a_redirect_leads_to_now_is_not_asked_for_by_what_another_file_had(server: Misbehaving) -> None:
    """Both files have the same date, and each server knows its own alone: 304 would say nothing of what was fetched."""
    link = parse_url(server.url("hop"))
    server.location = "/dated/1.jpg"
    found = download()(link)
    assert found is not None
    assert download()(link, found.validators) is None, "of the same file, nothing comes"
    server.location = "/dated/2.jpg"
    other = download()(link, found.validators)
    assert other is not None
    assert bytes(other.data) == picture(2)


def test_what_a_url_had_itself_says_nothing_of_where_it_leads_by_now(server: Misbehaving) -> None:
    link = parse_url(server.url("hop"))
    server.location = "/dated/1.jpg"
    assert download()(link, Validators(None, "Fri, 27 Nov 2026 10:00:00 GMT")) is not None


def test_of_what_a_redirect_leads_to_nothing_is_known_where_its_server_tells_nothing(server: Misbehaving) -> None:
    server.location = "/plain/1.jpg"
    found = download()(parse_url(server.url("hop")))
    assert found is not None
    assert found.validators == Validators()


def test_waiting_for_others_at_the_same_host_is_none_of_the_time_of_a_url_and_no_try(server: Misbehaving) -> None:
    """Six pictures that take 0.9 s each, one at a time, where each may take 1.5 s: no server is slow."""
    hosts, failures, lock = Hosts(1, 10_000), [], threading.Lock()

    def fetch(number: int) -> None:
        try:
            download(seconds=1.5, hosts=hosts)(parse_url(server.url("ok", 600 + number)))
        except FetchFailed as failure:
            with lock:
                failures.append(failure)

    server.latency = 0.9
    try:
        threads = [threading.Thread(target=fetch, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        server.latency = 0.0
    asked = sum(server.asked[f"/ok/{600 + number}.jpg"] for number in range(6))
    assert asked >= 2
    assert len(failures) == 6 - asked, "whoever was asked for has come"
    assert {(failure.reason, failure.asked) for failure in failures} == {(FetchReason.TOO_MANY_REQUESTS, False)}


def test_a_request_says_nothing_of_anybody(server: Misbehaving) -> None:
    url = server.url("ok", 5)
    download()(parse_url(url))
    assert set(server.heads["/ok/5.jpg"]) == {"host", "user-agent", "accept", "accept-encoding", "connection"}


def test_where_nobody_listens_is_unreachable() -> None:
    assert failure_of(f"http://127.0.0.1:{unused_port()}/a.jpg").reason is FetchReason.UNREACHABLE


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(authority: trustme.CA | None) -> Connector:
    context = ssl.create_default_context()
    if authority:
        authority.configure_trust(context)
    return Connector(LOOPBACK, lambda _: ["127.0.0.1"], lambda: context)


def test_tls_is_verified_against_the_name_while_the_address_is_pinned(authority: trustme.CA) -> None:
    with misbehaving(serving(authority, "pictures.example"), "pictures.example") as server:
        found = download(trusting(authority), seconds=5)(parse_url(server.url("ok", 6)))
        assert found is not None
        assert bytes(found.data) == picture(6)
        assert server.heads["/ok/6.jpg"]["host"].startswith("pictures.example:")


@pytest.mark.parametrize(("name", "trusted"), [("other.example", True), ("pictures.example", False)])
def test_a_certificate_of_another_or_of_nobody_is_refused(authority: trustme.CA, name: str, *, trusted: bool) -> None:
    with misbehaving(serving(authority, name), "pictures.example") as server:
        with pytest.raises(FetchFailed) as failure:
            download(trusting(authority if trusted else None), seconds=5)(parse_url(server.url("ok")))
        assert failure.value.reason is FetchReason.BAD_CERTIFICATE
        assert not server.asked


def test_what_speaks_no_tls_is_unreachable(server: Misbehaving) -> None:
    url = server.url("ok").replace("http://", "https://")
    assert failure_of(url).reason is FetchReason.UNREACHABLE


@pytest.mark.parametrize(
    "location", ["//10.0.0.1/", "http://2130706433/", "https://user:secret@example.com/", "http://["]
)
def test_where_a_redirect_leads_is_read_as_strictly(location: str) -> None:
    with misbehaving() as server:
        server.location = location
        failure = failure_of(server.url("hop"))
    assert failure.reason in {FetchReason.BLOCKED_ADDRESS, FetchReason.INVALID_URL, FetchReason.BAD_ANSWER}
    assert "secret" not in failure.detail


def test_a_file_of_exactly_the_limit_is_taken_and_a_byte_more_is_not(server: Misbehaving) -> None:
    size = len(picture(5))
    for most, taken in ((size, True), (size - 1, False)):
        downloading = Download(Connector(LOOPBACK), Hosts(100, 10_000), most, 5)
        with nullcontext() if taken else pytest.raises(FetchFailed, match=f"has more than {most} bytes"):
            found = downloading(parse_url(server.url("ok", 5)))
            assert isinstance(found, Downloaded)


def test_what_comes_packed_is_told_with_40_characters_of_how(server: Misbehaving) -> None:
    server.words = f"HTTP/1.1 200 x\r\nContent-Encoding: {'x' * 41}\r\n\r\nhello".encode()
    assert failure_of(server.url("words")).detail.endswith(f"comes packed ({'x' * 40}).")
