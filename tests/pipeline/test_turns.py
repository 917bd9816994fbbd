"""Two messages of a batch at once: one renderer at a time, one message for each name, and no picture begun too late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lightpress.image import EncodedVariant, Limits, OriginalInfo, PictureRejected, Reason, RenderResult, Size, Spec
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.source import Source
from lightpress.pipeline.turns import OutOfTime, Turns, abreast_in

if TYPE_CHECKING:
    from collections.abc import Generator

INFO = OriginalInfo("jpeg", 4, 3)
SHORT = 0.2
"""Seconds in which something would have happened that must not."""


class Renderer:
    """Renders two variants; counts how many do at once."""

    def __init__(self) -> None:
        self.now = self.most = self.ended = 0
        self._counting = threading.Lock()

    def __call__(self, data: bytes) -> RenderResult:
        if data == b"bad":
            raise PictureRejected(Reason.CORRUPT, "bad")
        with self._counting:
            self.now += 1
            self.most = max(self.most, self.now)
        return RenderResult(INFO, self._variants())

    def _variants(self) -> Generator[EncodedVariant]:
        try:
            for name in ("small", "large"):
                yield EncodedVariant((name,), "jpeg", 1, 1, b"")
        finally:
            with self._counting:
                self.now -= 1
                self.ended += 1


def test_renderers_take_turns_and_each_makes_all_of_its_variants() -> None:
    renderer = Renderer()
    render = Turns().rendering(renderer)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: [one.names for one in render(b"good").variants], range(40)))
    assert made == [[("small",), ("large",)]] * 40
    assert (renderer.most, renderer.ended) == (1, 40)


@pytest.mark.parametrize("how", ["closed", "dropped", "rejected"])
def test_a_turn_ends_however_the_picture_ends(how: str) -> None:
    renderer = Renderer()
    render = Turns().rendering(renderer)
    if how == "rejected":
        with pytest.raises(PictureRejected):
            render(b"bad")
    else:
        result = render(b"good")
        next(result.variants)
        if how == "closed":
            result.variants.close()
        del result
    with ThreadPoolExecutor(1) as thread:
        assert len(list(thread.submit(render, b"good").result(timeout=10).variants)) == 2


def test_a_turn_that_comes_too_late_renders_nothing_and_ends() -> None:
    turns, renderer = Turns(), Renderer()
    render = turns.rendering(renderer)
    turns.has_time = lambda: False
    with pytest.raises(OutOfTime):
        render(b"good")
    assert renderer.ended == renderer.now == 0
    turns.has_time = lambda: True
    assert len(list(render(b"good").variants)) == 2


def test_two_sources_of_one_name_wait_for_each_other_and_others_do_not() -> None:
    begun, may_end = threading.Semaphore(0), threading.Event()

    def work(source: Source, *, retry: bool) -> str:
        assert retry
        begun.release()
        assert may_end.wait(10)
        return source.name

    alone = Turns().by_name(work)
    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(alone, Source("uploads", key), retry=True) for key in ("a.jpg", "a.jpg", "b.jpg")]
        assert begun.acquire(timeout=10)
        assert begun.acquire(timeout=10)
        assert not begun.acquire(timeout=SHORT)  # the other one of the same name
        may_end.set()
        assert [job.result(10) for job in jobs] == ["a.jpg", "a.jpg", "b.jpg"]


def test_a_name_is_free_again_after_an_error() -> None:
    def fail(_: Source) -> None:
        raise ValueError("no")

    alone = Turns().by_name(fail)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            alone(Source("uploads", "a.jpg"))


def test_a_small_function_or_a_recipe_for_huge_files_works_off_one_message_after_the_other() -> None:
    spec = Spec((Size("w", 10),), ("jpeg",))
    huge = replace(spec, limits=Limits(max_bytes=100_000_000))

    def book(of: Spec) -> RecipeBook:
        recipe = Recipe("web", of)
        return RecipeBook((Rule("**", recipe),), {"web": recipe})

    assert [abreast_in(memory, book(spec)) for memory in (512, 1769)] == [1, 2]
    assert abreast_in(1769, book(huge)) == 1
