"""A permalink at the edge: few choices, one spelling, and the viewer's formats."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightpress.delivery.permalink import key_of, permalink
from lightpress.delivery.resolve import read
from lightpress.pipeline.paths import short_name
from tests.delivery.paths import resolver_path
from tests.edge.engine import Request, answer_to, answers_to

if TYPE_CHECKING:
    from collections.abc import Mapping

# As these sent it in 2025 and 2026 for an image.
ACCEPT = {
    "Chrome 142": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "Firefox 145": "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    "Safari 26": "image/webp,image/avif,image/jxl,image/heic,video/*;q=0.8,image/png,image/*;q=0.8,*/*;q=0.5",
    "Safari 13": "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5",
    "Edge 18": "image/png, image/svg+xml, image/*; q=0.8, */*; q=0.5",
    "Googlebot-Image": "text/html,application/xhtml+xml,application/signed-exchange;v=b3,*/*;q=0.8",
    "curl": "*/*",
    "Slackbot": "",
}
SHOWN = {"Chrome 142": "avif.webp", "Firefox 145": "avif.webp", "Safari 26": "avif.webp"}
LADDER = (96, 320, 384, 640, 1280, 1920)
# Of the characters that CloudFront and Lambda are known to sign alike, and of the forms that the resolver reads.
PATTERN = re.compile(
    r"/r/[a-z2-7]{26}/(?:~(?:avif|webp|jpeg|png)|avif\.webp|avif|webp|-)/(?:[wh][0-9]+|n-[a-z0-9_-]+|-)/~[A-Za-z0-9_-]+"
)
SIGNED_ALIKE = re.compile(r"[A-Za-z0-9._~/-]+")


def asked(uri: str = "/cat.jpg", accept: str | None = None, **query: str) -> Request:
    headers: dict[str, Any] = {"accept": {"value": accept}} if accept is not None else {}
    return Request(uri, querystring={name: {"value": value} for name, value in query.items()}, headers=headers)


def uri_of(request: Request) -> str:
    answer = answer_to(request)
    assert answer["querystring"] == {}
    uri: str = answer["uri"]
    return uri


@pytest.mark.parametrize("viewer", ACCEPT)
def test_a_format_that_not_all_can_show_is_for_those_who_name_it(viewer: str) -> None:
    assert uri_of(asked(accept=ACCEPT[viewer])) == resolver_path("cat.jpg", accepted=SHOWN.get(viewer, "-"))


@pytest.mark.parametrize(
    ("accept", "shown"),
    [
        ("image/avif;q=0, image/webp", "webp"),
        ("image/avif; q=0.0,image/webp;q=0.1", "webp"),
        ("image/avif;q=nonsense", "-"),
        ("IMAGE/WEBP", "webp"),
        (" image/avif ; charset=x ; q=0.5 ", "avif"),
        ("image/avifx,ximage/webp", "-"),
        ("image/*;q=1", "-"),
        ("," * 5_000, "-"),
    ],
)
def test_what_a_viewer_refuses_it_does_not_get(accept: str, shown: str) -> None:
    assert uri_of(asked(accept=accept)) == resolver_path("cat.jpg", accepted=shown)


def test_a_header_that_comes_in_several_lines_is_read_as_one() -> None:
    lines = {"accept": {"value": "image/png", "multiValue": [{"value": "image/png"}, {"value": "image/webp"}]}}
    assert answer_to(Request("/cat.jpg", headers=lines))["uri"] == resolver_path("cat.jpg", accepted="webp")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, "-"),
        ({"w": "640"}, "w640"),
        ({"w": "641"}, "w1280"),
        ({"w": "1"}, "w96"),
        ({"w": "99999"}, "w1920"),
        ({"w": "320", "dpr": "2"}, "w640"),
        ({"w": "320", "dpr": "1.5"}, "w640"),
        ({"w": "320", "dpr": "99"}, "w1280"),
        ({"dpr": "2"}, "-"),
        ({"h": "300"}, "h320"),
        ({"w": "640", "h": "300"}, "w640"),
        ({"size": "large"}, "n-large"),
        ({"size": "large", "w": "96"}, "n-large"),
        ({"size": "huge", "w": "96"}, "w96"),
        ({"w": "-5"}, "-"),
        ({"w": "0"}, "-"),
        ({"w": "1e3"}, "-"),
        ({"w": "NaN"}, "-"),
        ({"w": "640px"}, "-"),
        ({"W": "640"}, "-"),
        ({"utm_source": "x", "v": "2"}, "-"),
        ({"__proto__": "x", "constructor": "y"}, "-"),
    ],
)
def test_what_is_wanted_becomes_a_rung_of_the_ladder(query: dict[str, str], wanted: str) -> None:
    assert uri_of(asked(**query)) == resolver_path("cat.jpg", wanted=wanted)


def hinted(headers: dict[str, str], **query: str) -> str:
    request = asked(**query)
    request.headers.update({name: {"value": value} for name, value in headers.items()})
    return uri_of(request)


@pytest.mark.parametrize(
    ("headers", "query", "wanted"),
    [
        ({"sec-ch-dpr": "2"}, {"w": "320"}, "w640"),
        ({"sec-ch-dpr": "1.5"}, {"h": "320"}, "h640"),
        ({"sec-ch-dpr": "2"}, {"w": "320", "dpr": "1"}, "w320"),
        ({"sec-ch-dpr": "99"}, {"w": "96"}, "w384"),
        ({"sec-ch-width": "600"}, {"w": "96"}, "w640"),
        ({"sec-ch-width": "600", "sec-ch-dpr": "2"}, {}, "w640"),
        ({"sec-ch-width": "99999"}, {}, "w1920"),
        ({"save-data": "on", "sec-ch-dpr": "3"}, {"w": "320"}, "w320"),
        ({"save-data": "On", "sec-ch-width": "1900", "sec-ch-dpr": "3"}, {"w": "320"}, "w320"),
        ({"save-data": "on"}, {"w": "320", "dpr": "2"}, "w640"),
        ({"save-data": "off", "sec-ch-dpr": "2"}, {"w": "320"}, "w640"),
        ({"sec-ch-dpr": "2"}, {"w": "320", "size": "large"}, "n-large"),
        ({"sec-ch-dpr": "2"}, {}, "-"),
        ({"sec-ch-dpr": "NaN", "sec-ch-width": "-4"}, {"w": "320"}, "w320"),
        ({"sec-ch-dpr": "9" * 9_000, "sec-ch-width": "1" * 9_000}, {"w": "320"}, "w320"),
    ],
)
def test_hints_of_the_browser_count_where_the_address_asks_for_them(
    headers: dict[str, str], query: dict[str, str], wanted: str
) -> None:
    assert hinted(headers, hints="on", **query) == resolver_path("cat.jpg", wanted=wanted)


@pytest.mark.parametrize("asked_for", [{}, {"hints": "off"}, {"hints": ""}, {"hints": "ON"}])
def test_hints_that_the_address_does_not_ask_for_change_nothing(asked_for: dict[str, str]) -> None:
    everything = {"save-data": "on", "sec-ch-dpr": "3", "sec-ch-width": "1900"}
    assert hinted(everything, w="320", **asked_for) == resolver_path("cat.jpg", wanted="w320")


@pytest.mark.parametrize(("fm", "accepted"), [("png", "~png"), ("avif", "~avif"), ("gif", "-"), ("toString", "-")])
def test_a_format_can_be_asked_for_by_name(fm: str, accepted: str) -> None:
    assert uri_of(asked(fm=fm)) == resolver_path("cat.jpg", accepted=accepted)


@pytest.mark.nightly
@settings(max_examples=60)
@given(st.text(min_size=1, max_size=60))
def test_every_key_has_one_permalink_which_the_edge_lets_through_as_it_is(key: str) -> None:
    link = permalink(key)
    assert key_of(link) == key
    uri = uri_of(asked(link))
    assert uri == resolver_path(key)
    assert SIGNED_ALIKE.fullmatch(uri)
    told = read(uri)
    assert told is not None
    assert told.key == key


@pytest.mark.parametrize(
    "key", ["i/x.jpg", "r/x", "a/../b", "../x", "a//b", "/x", "x/", ".", "favicon.ico", "robots.txt"]
)
def test_a_key_that_would_be_mistaken_has_another_permalink(key: str) -> None:
    assert permalink(key).startswith("/~")
    assert answer_to(asked(f"/{quote(key)}")).get("uri") is None


@pytest.mark.parametrize(
    "spelling", ["/a%20b%2Ejpg", "/%61%20b.jpg", "/a b.jpg", "/a%20b.jpg", "/~YSBiLmpwZw", "/~YSBiLmpwZx"]
)
def test_however_a_key_is_written_the_cdn_keeps_one_copy(spelling: str) -> None:
    assert uri_of(asked(spelling)) == resolver_path("a b.jpg")


@pytest.mark.parametrize("uri", ["/%", "/%ff", "/a%2", "/~", "/~r", "/~a.b", f"/{'x' * 1025}", "/" + "%C3%A9" * 513])
def test_what_is_no_key_is_not_found(uri: str) -> None:
    assert answer_to(asked(uri))["statusCode"] == 404


def test_all_permalinks_of_a_key_begin_with_its_hash_so_that_one_wildcard_invalidates_them() -> None:
    requests = [asked("/cat.jpg", accept, w=w) for accept in ACCEPT.values() for w in ("96", "640", "1920")]
    uris = {answer["uri"] for answer in answers_to(requests)}
    assert len(uris) == 2 * 3
    assert {uri.split("/")[2] for uri in uris} == {short_name("cat.jpg")}


def test_whatever_a_viewer_asks_a_picture_has_few_cache_keys() -> None:
    chance = random.Random(6)  # noqa: S311  the same each time
    numbers = [str(chance.choice([chance.randint(-5, 4_000), chance.random() * 3_000])) for _ in range(400)]
    queries: list[Mapping[str, str]] = [
        {
            name: chance.choice(numbers)
            if name in {"w", "h", "dpr"}
            else chance.choice(["avif", "webp", "png", "jpeg", "gif", "small", "large", "w640", "on", "x" * 50])
            for name in chance.sample(["w", "h", "dpr", "fm", "size", "hints", "v", "cachebust"], chance.randint(0, 5))
        }
        for _ in range(500)
    ]
    accepts = list(ACCEPT.values())
    requests = [asked(accept=chance.choice(accepts), **query) for query in queries]
    for request in requests:
        for hint in chance.sample(["sec-ch-dpr", "sec-ch-width", "save-data"], chance.randint(0, 3)):
            request.headers[hint] = {"value": chance.choice([*numbers, "on"])}
    keys = {answer["uri"] for answer in answers_to(requests)}
    accepted, names = 4 + 4, 6
    assert len(keys) <= accepted * (2 * len(LADDER) + names + 1) == 152
    assert all(PATTERN.fullmatch(key) for key in keys)


def test_a_thousand_hostile_addresses_never_get_past_the_edge_but_as_what_they_may_be() -> None:
    chance = random.Random(7)  # noqa: S311  the same each time
    pieces = [
        "i",
        "m",
        "r",
        "..",
        ".",
        "%2e%2e",
        "%252e",
        "%2f",
        "%5c",
        "\\",
        "/",
        "//",
        "~",
        "%",
        "%zz",
        "%00",
        "\x00",
    ]
    pieces += ["cat.jpg", "é", "%c3%a9", "%ff", "<script>", "?w=1", "#", " ", "+", ":", "@", "a" * 500, "=png", "w640"]
    pieces += ["-", "\ud800", "\n", "__proto__"]
    uris = ["/" + "".join(chance.choices(pieces, k=chance.randint(1, 9))) for _ in range(1_000)]
    values = ["640", "-1", "9" * 400, "'", "%00", "../..", "avif", "constructor", "1e308", ""]
    requests = [
        asked(uri, chance.choice([*ACCEPT.values(), ";" * 300, "image/avif;q", "\ud800"]), **{
            name: chance.choice(values) for name in chance.sample(["w", "h", "dpr", "fm", "size", "__proto__"], 2)
        })
        for uri in uris
    ]  # fmt: skip
    answers = answers_to(requests)
    assert len(answers) == 1_000
    for uri, answer in zip(uris, answers, strict=True):
        if "uri" in answer:
            assert PATTERN.fullmatch(answer["uri"]), (uri, answer["uri"])
            assert answer["querystring"] == {}
        else:
            assert answer["statusCode"] == 404, uri
