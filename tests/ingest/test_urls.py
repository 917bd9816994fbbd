"""What is a URL of a picture, and under which key it is kept."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.cdk.readiness import PROJECT
from lightpress.ingest.orders import Order, body_of, order_for, order_in
from lightpress.ingest.urls import FETCH_MESSAGES, FetchReason, InvalidUrlError, parse_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.com/cat.jpg", "https://example.com/cat.jpg"),
        ("HTTPS://Example.COM:443/Cat.jpg#top", "https://example.com/Cat.jpg"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com?id=1", "https://example.com/?id=1"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://bücher.example/ü.jpg", "https://xn--bcher-kva.example/%C3%BC.jpg"),
        ("https://example.com/a%20b?x=<1>", "https://example.com/a%20b?x=%3C1%3E"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("http://example.com:80/a", "http://example.com/a"),
        ("https://[2606:4700:0:0::1111]/a", "https://[2606:4700::1111]/a"),
        ("https://93.184.215.14/a", "https://93.184.215.14/a"),
        ("https://my_bucket.s3.example.com/a", "https://my_bucket.s3.example.com/a"),
    ],
)
def test_a_url_is_written_anew_from_its_parts(text: str, url: str) -> None:
    link = parse_url(text)
    assert link.url == url
    assert parse_url(url) == link


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, FetchReason.INVALID_URL) for text in (
            "", "cat.jpg", "//example.com/a", "https:/example.com", "https://", "https:///a", "https://a b/c",
            "https://example.com/a b", "https://example.com/\r\nHost: x", "https://example.com\\@evil.example/",
            "https://user@example.com/", "https://user:secret@example.com/", "https://example.com:0/",
            "https://example.com:65536/", "https://example.com:x/", "https://[::1", "https://[fe80::1%25eth0]/",
            "https://[127.0.0.1]/", "https://exa%6dple.com/", "https://-.example/", "https://a..b/",
            f"https://example.com/{'a' * 2_048}", f"https://example.com/{'ü' * 500}", "https://example.com/\ud800",
        )),
        *((text, FetchReason.BLOCKED_SCHEME) for text in (
            "file:///etc/passwd", "ftp://example.com/a", "gopher://example.com/", "data://image/png",
        )),
        *((text, FetchReason.BLOCKED_ADDRESS) for text in (
            "http://2130706433/", "http://0x7f.1/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/",
            "http://017700000001/", "http://①②⑦.1/", "http://127.0.0.01/", "http://1.2.3.4.5/", "http://0/",
            "http://0x/", "http://256.1.1.1/", "http://example.1/",
        )),
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_no_url(text: str, reason: FetchReason) -> None:
    with pytest.raises(InvalidUrlError) as refusal:
        parse_url(text)
    assert refusal.value.reason is reason
    assert refusal.value.detail.endswith(".")
    assert "secret" not in refusal.value.detail


@given(st.text(max_size=60).map(lambda rest: f"https://{rest}") | st.text(max_size=60))
def test_whatever_is_read_holds_nothing_that_ends_a_line_of_a_request(text: str) -> None:
    try:
        link = parse_url(text)
    except InvalidUrlError:
        return
    assert link.url.isascii()
    assert link.url.isprintable()
    assert " " not in link.url
    assert parse_url(link.url) == link


def test_a_key_is_readable_and_another_one_for_every_url() -> None:
    cat = order_for(parse_url("https://example.com/a/My%20Cat.JPG?size=1"), "trips/")
    assert cat.key.startswith("trips/My-Cat-")
    assert cat.key.endswith(".jpg")
    assert len(cat.key) == len("trips/My-Cat-.jpg") + 16
    assert cat == order_for(parse_url("https://EXAMPLE.com:443/a/My%20Cat.JPG?size=1#x"), "trips/")
    others = ("https://example.com/a/My%20Cat.JPG?size=2", "http://example.com/a/My%20Cat.JPG?size=1")
    assert len({cat.key, *(order_for(parse_url(other), "trips/").key for other in others)}) == 3


@pytest.mark.parametrize(
    ("url", "stem", "ending"),
    [
        ("https://example.com/", "picture-", ""),
        ("https://example.com/image.php?id=3", "image-", ""),
        ("https://example.com/a/%2e%2e%2f%2e%2e%2fetc/passwd", "passwd-", ""),
        ("https://example.com/%00%0a.png", "png-", ""),
        (f"https://example.com/{'x' * 300}.webp", "x" * 80 + "-", ".webp"),
    ],
)
def test_no_name_of_a_url_harms_a_key(url: str, stem: str, ending: str) -> None:
    key = order_for(parse_url(url), "").key
    assert key.startswith(stem)
    assert key.removeprefix(stem)[16:] == ending
    assert "/" not in key


def test_what_is_shown_of_a_url_holds_no_query() -> None:
    assert parse_url("https://example.com/a?token=secret").shown == "https://example.com/a"


def test_an_order_comes_out_of_a_message_as_it_went_in() -> None:
    for order in (Order("https://example.com/ü", "k"), Order("u", "k", again=True)):
        assert order_in(body_of(order)) == order
    for body in (
        "",
        "[]",
        "{}",
        '{"lightpress": "fetch"}',
        '{"lightpress": "fetch", "url": 1, "key": "k"}',
        "[" * 9000,
    ):
        assert order_in(body) is None


def test_every_reason_is_explained_in_the_manual() -> None:
    manual = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = manual.partition("\n## Pictures by URL\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {reason.value for reason in FetchReason}


def test_every_reason_has_a_sentence() -> None:
    assert set(FETCH_MESSAGES) == set(FetchReason)
    assert all(words.endswith(".") for words in FETCH_MESSAGES.values())
