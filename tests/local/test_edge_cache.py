"""The local CDN keeps, asks again, cuts and forgets as CloudFront is documented to."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from lightpress.local.emulated.edge_cache import EdgeCache, Invalidations

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")
PICTURE = {"etag": '"1/w640.avif"', "cache-control": "public, max-age=60, stale-while-revalidate=600, s-maxage=1000"}
PLACE = ("E1", "/r/hash/avif/w640/~a")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread of its own: where a browser is tested, this one has a loop already."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


class World:
    """A clock, an origin that counts what it is asked, and a cache in front of it."""

    def __init__(self, status: int = 200, headers: dict[str, str] = PICTURE, body: bytes = b"0123456789") -> None:
        self.status, self.headers, self.body = status, headers, body
        self.asked: list[dict[str, str]] = []
        self.time = 0.0
        self.cache = EdgeCache(now=lambda: self.time)

    def get(
        self, place: tuple[str, str] = PLACE, method: str = "GET", **headers: str
    ) -> tuple[int, dict[str, Any], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def ask(with_headers: dict[str, str]) -> tuple[int, str, dict[str, Any], bytes]:
            self.asked.append(with_headers)
            if self.headers.get("etag") and with_headers.get("if-none-match") == self.headers["etag"]:
                return 304, "", dict(self.headers), b""
            return self.status, "", dict(self.headers), self.body

        async def answer() -> tuple[int, str, dict[str, Any], bytes]:
            found = await self.cache.answer(place, method, named, ask)
            await asyncio.gather(*self.cache.behind)
            return found

        status, _, found, body = run(answer())
        return status, found, body


def test_a_copy_is_served_for_s_maxage_seconds_with_its_age_and_the_origin_is_asked_once() -> None:
    world = World()
    assert world.get()[0] == 200
    world.time = 999
    status, headers, body = world.get()
    assert (status, headers["age"], body, len(world.asked)) == (200, "999", b"0123456789", 1)


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("public, max-age=60", 60),
        ("public, max-age=0, s-maxage=5", 5),
        ("public, max-age=60, s-maxage=1000", 1000),
        ("", 31_536_000),
        ("no-store", 0),
    ],
)
def test_s_maxage_counts_before_max_age_and_without_both_it_is_a_year(cache_control: str, seconds: int) -> None:
    world = World(headers={"cache-control": cache_control})
    world.get()
    world.time = seconds - 1
    world.get()
    assert len(world.asked) == (1 if seconds else 2)
    world.time = seconds
    world.get()
    assert len(world.asked) == (2 if seconds else 3)


def test_an_expired_copy_is_confirmed_behind_the_viewer_within_600_seconds_and_in_front_of_it_after_that() -> None:
    world = World()
    world.get()
    world.time = 1_500
    assert world.get()[1]["age"] == "1500"
    assert world.asked[1] == {"if-none-match": PICTURE["etag"]}
    assert world.get()[1]["age"] == "0"
    world.headers, world.body, world.time = PICTURE | {"etag": '"2/w640.avif"'}, b"new", 1_500 + 1_601
    assert world.get()[2] == b"new"
    assert len(world.asked) == 3


def test_while_the_origin_fails_an_expired_copy_is_served() -> None:
    world = World()
    world.get()
    world.status, world.time, world.headers = 500, 5_000, {}
    assert world.get()[0] == 200


def test_a_viewer_who_has_the_copy_gets_304_without_a_body() -> None:
    world = World()
    world.get()
    assert world.get(if_none_match=f'"x", {PICTURE["etag"]}')[::2] == (304, b"")
    assert world.get(if_none_match='"x"')[::2] == (200, b"0123456789")
    assert len(world.asked) == 1


@pytest.mark.parametrize(
    ("wanted", "status", "body", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=-", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_range_is_cut_out_of_a_copy(wanted: str, status: int, body: bytes, content_range: str | None) -> None:
    world = World()
    assert world.get(range=wanted)[0] == 200, "the first one gets everything of an origin that knows no ranges"
    found = world.get(range=wanted)
    assert (found[0], found[2], found[1].get("content-range")) == (status, body, content_range)


def test_head_is_answered_by_the_copy_of_a_get_and_is_not_kept_itself() -> None:
    world = World()
    world.get(method="HEAD")
    world.get()
    world.get(method="HEAD")
    assert len(world.asked) == 2


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (500, 2), (502, 2)])
def test_errors_of_viewers_are_kept_for_a_second_at_least_and_those_of_the_origin_are_not(
    status: int, asked: int
) -> None:
    world = World(status, {})
    world.get()
    world.get()
    assert len(world.asked) == asked
    world.time = 1.5
    world.get()
    assert len(world.asked) == asked + 1


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        (["/r/hash/*"], False),
        (["/r/*"], False),
        ([PLACE[1]], False),
        (["/r/hash"], True),
        (["/i/hash/*", "/r/other/*"], True),
        ([], True),
    ],
)
def test_what_is_invalidated_is_asked_for_again(paths: list[str], kept: bool) -> None:
    world = World()
    world.get()
    world.cache.forget("E2", ["/*"])
    world.cache.forget("E1", paths)
    world.get()
    assert len(world.asked) == (1 if kept else 2)


def test_what_is_invalidated_while_it_is_confirmed_is_not_kept() -> None:
    world = World()
    world.get()
    forget: Callable[[], None] = lambda: world.cache.forget("E1", ["/*"])  # noqa: E731  it is called later
    world.time = 2_000

    async def ask(_: dict[str, str]) -> tuple[int, str, dict[str, Any], bytes]:
        forget()
        return 200, "", dict(PICTURE), b"old"

    run(world.cache.answer(PLACE, "GET", {}, ask))
    assert PLACE not in world.cache.copies


def test_at_most_2000_copies_are_kept_and_the_one_that_was_used_least_lately_goes() -> None:
    world = World()
    for number in range(2_000):
        world.get(("E1", f"/i/{number}"))
    world.get(("E1", "/i/0"))
    world.get(("E1", "/i/new"))
    assert len(world.cache.copies) == 2_000
    assert ("E1", "/i/0") in world.cache.copies
    assert ("E1", "/i/1") not in world.cache.copies


def test_15_wildcards_are_in_progress_at_a_time_for_five_seconds_and_any_number_of_single_paths() -> None:
    time = 0.0
    invalidations = Invalidations(now=lambda: time)
    assert invalidations.takes([f"/i/{number}/*" for number in range(14)])
    assert not invalidations.takes(["/i/*", "/r/*"])
    assert invalidations.takes([f"/i/{number}" for number in range(100)])
    assert invalidations.takes(["/i/*"])
    time = 4.9
    assert not invalidations.takes(["/r/*"])
    time = 5.0
    assert invalidations.takes(["/i/*", "/r/*"])
