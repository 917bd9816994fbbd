"""Nothing but public addresses is ever connected to, whatever a name or a redirect says."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest

from lightpress.ingest.addresses import AddressPolicy
from lightpress.ingest.connection import Connector, Deadline
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.urls import FetchReason, parse_url

BLOCKED = (
    # IPv4
    "0.0.0.1", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.1", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    # IPv6
    "::", "::1", "fe80::1", "fe80::1%1", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fd00:ec2::23", "ff02::1",
    "100::1", "2001:db8::1", "3fff::1", "5f00::1", "64:ff9b:1::1", "4000::1", "8000::1",
    # an IPv4 address within: mapped, compatible, translated, 6to4, NAT64, Teredo, ISATAP
    "::ffff:169.254.169.254", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::169.254.169.254", "::ffff:0:169.254.169.254",
    "2002:a9fe:a9fe::", "2002:808:808::", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::a9fe:a9fe",
    "2001:0:0:0:0:0:5601:5601", "2001:10::1", "2001:20::1", "2600::5efe:a9fe:a9fe", "2600::200:5efe:a9fe:a9fe",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450:4001::1", "2003::1", "3ffe::1",
)  # fmt: skip


@dataclass
class Names:
    """A resolver: each time a name is looked up, the next answer."""

    answers: list[list[str]]
    asked: int = 0
    hosts: list[str] = field(default_factory=list)

    def __call__(self, host: str) -> list[str]:
        self.asked += 1
        self.hosts.append(host)
        return self.answers[min(self.asked, len(self.answers)) - 1]


def refused(connector: Connector, url: str) -> FetchReason:
    with pytest.raises(FetchFailed) as failure, connector.open(parse_url(url), Deadline.after(5), 1_000):
        pass
    return failure.value.reason


@pytest.mark.parametrize("address", BLOCKED)
def test_no_other_address_than_a_public_one_is_connected_to(address: str) -> None:
    connector = Connector(AddressPolicy(plain_http=True), Names([[address]]))
    assert refused(connector, "http://innocent.example/cat.jpg") is FetchReason.BLOCKED_ADDRESS


@pytest.mark.parametrize("address", BLOCKED)
def test_nor_where_the_url_names_it(address: str) -> None:
    if "%" in address:
        pytest.skip("no URL can name a zone")
    host = f"[{address}]" if ":" in address else address
    names = Names([["8.8.8.8"]])
    assert refused(Connector(AddressPolicy(plain_http=True), names), f"http://{host}/") is FetchReason.BLOCKED_ADDRESS
    assert names.asked == 0


@pytest.mark.parametrize(
    "host",
    ["\uff11\uff16\uff19.\uff12\uff15\uff14.169.254", "127\u30020\uff0e0\uff611", "10.0.0.\u00ad1", "10.0.0.\u2460"],
)
def test_nor_where_letters_of_a_url_become_one(host: str) -> None:
    names = Names([["8.8.8.8"]])
    assert refused(Connector(AddressPolicy(plain_http=True), names), f"http://{host}/") is FetchReason.BLOCKED_ADDRESS
    assert names.asked == 0


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_connected_to(address: str) -> None:
    AddressPolicy().check(address, 443)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    connector = Connector(AddressPolicy(plain_http=True), Names([["8.8.8.8", "10.0.0.1"]]))
    assert refused(connector, "http://innocent.example/") is FetchReason.BLOCKED_ADDRESS


def test_only_the_allowed_ports_are_connected_to() -> None:
    connector = Connector(AddressPolicy(), Names([["8.8.8.8"]]))
    for port in (22, 25, 8080, 9001):
        assert refused(connector, f"https://innocent.example:{port}/") is FetchReason.BLOCKED_PORT


def test_without_tls_nothing_is_fetched_unless_it_is_allowed() -> None:
    names = Names([["8.8.8.8"]])
    assert refused(Connector(AddressPolicy(), names), "http://innocent.example/") is FetchReason.BLOCKED_SCHEME
    assert names.asked == 0


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to() -> None:
    """DNS rebinding: at the second look, the name would lead elsewhere."""
    with socket.create_server(("127.0.0.2", 0)) as checked:
        port = checked.getsockname()[1]
        with socket.create_server(("127.0.0.3", port)) as elsewhere:
            names = Names([["127.0.0.2"], ["127.0.0.3"]])
            policy = AddressPolicy((ip_network("127.0.0.2/32"),), plain_http=True)
            link = parse_url(f"http://rebinding.example:{port}/")
            with Connector(policy, names).open(link, Deadline.after(5), 1_000):
                checked.settimeout(5)
                accepted, _ = checked.accept()
                with accepted:
                    assert accepted.getsockname()[0] == "127.0.0.2"
            elsewhere.settimeout(0)
            with pytest.raises(BlockingIOError):
                elsewhere.accept()
            assert names.asked == 1


def test_an_allowed_network_allows_itself_and_nothing_beside() -> None:
    policy = AddressPolicy((ip_network("127.0.0.0/8"),))
    policy.check("127.0.0.1", 4711)
    for address in ("::ffff:127.0.0.1", "10.0.0.1", "::1"):
        with pytest.raises(FetchFailed, match="blocked_address"):
            policy.check(address, 443)


def test_a_name_without_an_address_is_distinguished_from_a_busy_resolver() -> None:
    def failing(error: int) -> Connector:
        def resolve(_: str) -> list[str]:
            raise socket.gaierror(error, "said the resolver")

        return Connector(AddressPolicy(), resolve)

    assert refused(failing(socket.EAI_NONAME), "https://nobody.example/") is FetchReason.UNKNOWN_HOST
    assert refused(failing(socket.EAI_AGAIN), "https://nobody.example/") is FetchReason.UNREACHABLE
    assert refused(Connector(AddressPolicy(), Names([[]])), "https://nobody.example/") is FetchReason.UNKNOWN_HOST
