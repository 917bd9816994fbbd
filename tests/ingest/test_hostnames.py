"""A host is the one that browsers connect to, by Node's URLs, or none at all."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from ipaddress import IPv4Address

import pytest

from lightpress.ingest.hostnames import in_ascii
from lightpress.ingest.urls import FetchReason, InvalidUrlError, parse_url
from tests.ingest.node import hosts_read


def read(host: str) -> str | None:
    """The host of a URL; None where it is refused."""
    try:
        return parse_url(f"https://{host}/").host
    except InvalidUrlError:
        return None


@pytest.mark.sampled(16)
@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("faß.de", "xn--fa-hia.de"), ("FAẞ.DE", "xn--fa-hia.de"), ("xn--fa-hia.de", "xn--fa-hia.de"),
        ("βόλος.com", "xn--nxasmm1c.com"), ("ΒΌΛΟΣ.com", "xn--nxasmq6b.com"), ("ıstanbul.com", "xn--stanbul-qfb.com"),
        ("क्\u200dष.com", "xn--11b2ezcw70k.com"), ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"),
        ("bücher.example", "xn--bcher-kva.example"), ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("😀.example", "xn--e28h.example"), ("💩.la", "xn--ls8h.la"), ("❤\ufe0f.ws", "xn--qei.ws"),
        ("日本語。ＪＰ", "xn--wgv71a119e.jp"), ("א.com", "xn--4db.com"), ("exam\u00adple.com", "example.com"),
        ("my_bucket.ü.example", "my_bucket.xn--tda.example"), ("r3---sn.ü.example", "r3---sn.xn--tda.example"),
        ("r3---sn.example", "r3---sn.example"), ("Example.COM.", "example.com"),
        ("１９２.0。2．⑨", "192.0.2.9"),
        # what browsers refuse
        ("a\u200db.com", None), ("xn--a.example", None), ("xn--.example", None), ("xn--zn7c.com", None),
        ("xn--u-ccb.com", None), ("xn--example-.com", None), ("xn--a-ü.example", None), ("אa.com", None),
        ("\u0301a.com", None), ("a\u2024b.com", None), ("🏴\u200d☠.com", None), ("ü.xn--a", None), ("℀.com", None),
        ("％41.com", None), ("a／b.com", None), ("a＠b.com", None), ("a：80.com", None), ("a＃b.com", None),
        ("xn--nxasmq6b\u200d.com", None),
    ],
)  # fmt: skip
def test_a_host_is_that_of_browsers(host: str, found: str | None) -> None:
    assert read(host) == found
    (judged,) = hosts_read([host])
    assert (judged and judged.removesuffix(".")) == found


@pytest.mark.sampled(1)
@pytest.mark.parametrize("pattern", ["a{}b.example", "{}.example", "a.{}1", "xn--{}.example"])
def test_no_letter_leads_to_another_host_than_in_browsers(pattern: str) -> None:
    letters = [chr(code) for code in (*range(0x80, 0x3000), *range(0x3000, 0xD800, 41), *range(0xE000, 0x11_0000, 241))]
    letters = [letter for letter in letters if unicodedata.category(letter) not in {"Cn", "Co"}]
    in_label = [f"a{letter}".encode("punycode").decode() if "xn--" in pattern else letter for letter in letters]
    hosts = [pattern.format(part) for part in in_label]
    judged = dict(zip(hosts, hosts_read(hosts), strict=True))
    ours = {host: read(host) for host in hosts}
    assert {host: (found, judged[host]) for host, found in ours.items() if found and found != judged[host]} == {}
    # What is refused beyond that is no letter of a script that runs from left to right: signs that have no place in a
    # name, marks that are newer than Node, and mixed directions, of which RFC 5893 says more than Node checks.
    assert [
        letter
        for letter, host in zip(letters, hosts, strict=True)
        if judged[host] not in {None, ".example"} and not ours[host] and is_plain(letter)
    ] == []


def is_plain(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "L" and unicodedata.bidirectional(letter) == "L"


def test_whatever_browsers_take_for_an_address_is_checked_as_one_or_refused() -> None:
    digits = ("0123456789", "０１２３４５６７８９", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "⁰¹²³⁴⁵⁶⁷⁸⁹", "⓪①②③④⑤⑥⑦⑧⑨")
    plain = ("127.0.0.1", "169.254.169.254", "10.1", "0x7f.1", "2130706433", "017700000001", "8.8.8.8")
    hosts = [
        text.translate(str.maketrans(digits[0], other)).replace(".", dot) + end
        for text in plain
        for other in digits
        for dot in ".．。｡"
        for end in ("", ".", "\u00ad", "\ufe0f")
    ]
    for host, judged in zip(hosts, hosts_read(hosts), strict=True):
        found = read(host)
        assert judged is not None
        assert IPv4Address(judged)
        assert found in {judged, None}, host
    assert read("１２７。０。０。１") == "127.0.0.1"
    with pytest.raises(InvalidUrlError) as refusal:
        parse_url("https://①②⑦.1/")
    assert refusal.value.reason is FetchReason.BLOCKED_ADDRESS


def test_an_encoded_name_has_one_spelling() -> None:
    assert hosts_read(["xn---bbk.com", "xn--bbk.com"]) == ["xn---bbk.com", "xn--bbk.com"], "two hosts, shown alike"
    assert (read("xn---bbk.com"), read("xn--bbk.com")) == (None, "xn--bbk.com")


def test_names_are_not_too_long_for_dns() -> None:
    assert read("ü" * 50 + ".example") is not None
    assert read("ü" * 70 + ".example") is None
    assert read(".".join(["ü" * 20] * 12)) is None
    assert read("ü" * 1_900) is None


def test_the_tables_are_loaded_for_hosts_that_need_them_and_no_others() -> None:
    program = (
        "import sys; from lightpress.ingest.urls import parse_url; parse_url(sys.argv[1]); print('idna' in sys.modules)"
    )
    for host, loaded in (("example.com", "False"), ("fa\u00df.de", "True"), ("xn--fa-hia.de", "True")):
        command = [sys.executable, "-c", program, f"https://{host}/"]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        assert told.stdout.strip() == loaded


@pytest.mark.parametrize("host", ["\ud800.com", "xn--\u00fc", "xn--99999999999.com", "", ".", "a" * 2_000 + "ü"])
def test_an_invalid_host_name_is_rejected_with_that_reason(host: str) -> None:
    try:
        in_ascii(host)
    except ValueError:
        return
    assert host in {"", "."}
