"""Each stage of an upload is timed by itself, to the millisecond of its clock, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.sandbox import Cost
from lightpress.pipeline.source import Original
from lightpress.pipeline.timing import Spent, TimedImages, TimedOriginals, Timings
from tests.pipeline.fakes import FakeImages, FakeOriginals, source

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from lightpress.pipeline.ports import Published

KEY = "a.jpg"
READ, RENDER, WRITE = 2, 3, 5


class Clock:
    """Goes on only where a test says so, in seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timings(clock: Clock) -> Timings:
    return Timings(clock)


def test_looking_and_reading_count_as_reading(clock: Clock, timings: Timings) -> None:
    originals = FakeOriginals(before_look=lambda _: _pass(clock, READ), before_read=lambda _: _pass(clock, 10 * READ))
    originals.put(KEY, b"one")
    timed = TimedOriginals(originals, timings)
    original = timed.head(source(KEY))
    assert isinstance(original, Original)
    assert timed.read(source(KEY), original) == b"one"
    spent = timings.take()
    assert spent == Spent(read_ms=22_000)
    assert not spent.library_missing


class SlowImages(FakeImages):
    """Whose every request takes its time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(before_publish=lambda _: _pass(clock, WRITE))
        self.clock = clock

    def published(self, key: str) -> Published | None:
        _pass(self.clock, READ)
        return super().published(key)

    def write(self, path: str, data: bytes, media_type: str, name: str) -> None:
        _pass(self.clock, 10 * WRITE)
        super().write(path, data, media_type, name)

    def remove(self, paths: Iterable[str]) -> None:
        _pass(self.clock, 100 * WRITE)
        super().remove(paths)


def test_the_manifest_is_read_and_variants_are_written_and_removed(clock: Clock, timings: Timings) -> None:
    images = SlowImages(clock)
    timed = TimedImages(images, timings)
    assert timed.published(KEY) is None
    assert timings.take() == Spent(read_ms=2_000)
    timed.publish(Manifest(KEY, Status.DELETED, 1), None)
    assert timings.take() == Spent(write_ms=5_000)
    timed.write("i/k/1-a/w.jpg", b"one", "image/jpeg", "w.jpg")
    assert timings.take() == Spent(write_ms=50_000)
    assert list(timed.paths("i/")) == ["i/k/1-a/w.jpg"]
    timed.remove(["i/k/1-a/w.jpg"])
    assert timings.take() == Spent(write_ms=500_000)


def test_rendering_is_timed_up_to_the_facts_and_then_for_each_variant_but_not_between(
    clock: Clock, timings: Timings
) -> None:
    closed = []

    def variants() -> Generator[EncodedVariant]:
        try:
            for size in ("small", "large"):
                _pass(clock, 10 * RENDER)
                yield EncodedVariant((size,), "jpeg", 1, 1, b"")
        finally:
            closed.append(True)

    def render(data: bytes) -> RenderResult:
        assert data == b"one"
        _pass(clock, RENDER)
        return RenderResult(OriginalInfo("jpeg", 4, 3), variants())

    result = timings.timed(render)(b"one")
    assert (result.original, timings.take()) == (OriginalInfo("jpeg", 4, 3), Spent(render_ms=3_000))
    names = []
    for variant in result.variants:
        names.append(variant.names)
        _pass(clock, 1_000)  # it is written meanwhile
    assert (names, timings.take()) == ([("small",), ("large",)], Spent(render_ms=60_000))
    assert closed == [True]


def test_dropping_the_variants_ends_the_renderer(timings: Timings) -> None:
    closed = []

    def variants() -> Generator[EncodedVariant]:
        try:
            yield EncodedVariant(("small",), "jpeg", 1, 1, b"")
        finally:
            closed.append(True)

    made = variants()
    result = timings.timed(lambda: RenderResult(OriginalInfo("jpeg", 4, 3), made))()
    next(result.variants)
    result.variants.close()
    assert closed == [True], "though somebody else still holds them"


def test_a_stage_that_fails_is_timed_too(clock: Clock, timings: Timings) -> None:
    def fails() -> RenderResult:
        _pass(clock, RENDER)
        raise MemoryError

    with pytest.raises(MemoryError):
        timings.timed(fails)()
    assert timings.take() == Spent(render_ms=3_000)


def test_costs_of_several_attempts_are_added_and_the_largest_memory_counts(timings: Timings) -> None:
    timings.add_cost(
        Cost(cpu_ms=70, peak_rss_mb=300, decoding_ms=20, open=("files", "system_calls"), library_missing=True)
    )
    timings.add_cost(Cost(cpu_ms=700, peak_rss_mb=200, decoding_ms=300, open=("system_calls",)))
    assert timings.take() == Spent(
        decode_cpu_ms=320,
        encode_cpu_ms=450,
        peak_rss_mb=300,
        sandbox_open=("files", "system_calls"),
        library_missing=True,
    )
    assert timings.take() == Spent()


def _pass(clock: Clock, seconds: float) -> None:
    clock.now += seconds
