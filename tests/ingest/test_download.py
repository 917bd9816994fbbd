"""Every way in which a server can misbehave ends in time, within its bytes, and for the right reason."""

from __future__ import annotations

import ssl
import threading
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
import trustme

from lightpress.ingest.addresses import AddressPolicy
from lightpress.ingest.connection import Connector
from lightpress.ingest.download import Download, Downloaded, Validators
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.hosts import Hosts
from lightpress.ingest.urls import FetchReason, parse_url
from tests.ingest.server import ENDINGS, Misbehaving, misbehaving, picture, unused_port

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


@pytest.mark.parametrize("kind", ["ok", "plain", "chunked", "redirect"])
def test_a_picture_comes_whole(server: Misbehaving, kind: str) -> None:
    found = download()(parse_url(server.url(kind, 3)))
    assert isinstance(found, Downloaded)
    assert (bytes(found.data), found.media_type) == (picture(3), "image/jpeg")


@pytest.mark.parametrize(
    ("kind", "reason"), [(kind, reason) for kind, reason in ENDINGS.items() if reason not in {"ready", "corrupt"}]
)
def test_what_misbehaves_fails_for_its_reason(server: Misbehaving, kind: str, reason: str) -> None:
    before = threading.active_count()
    failure = failure_of(server.url(kind))
    assert failure.reason.value == reason
    assert failure.detail.endswith(".")
    assert threading.active_count() <= before + 2, "only those of the server itself"


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


def test_what_is_known_already_is_not_sent_again(server: Misbehaving) -> None:
    link = parse_url(server.url("ok", 4))
    found = download()(link)
    assert found is not None
    assert found.validators.etag is not None
    assert download()(link, found.validators) is None
    assert download()(link, Validators(etag='"another"')) is not None


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
