"""Two messages of a batch at once: while one original is rendered, the next is read and the last is written.

Whoever renders needs the function's memory and its one CPU alone, so renderers take turns. Waiting for S3 does not.
Each message is worked off as if it were alone: to the promises, two at once are what two invocations always were.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition, Lock
from typing import TYPE_CHECKING, Any, TypeVar

from lightpress.image import RenderResult
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from lightpress.pipeline.recipe import RecipeBook
    from lightpress.pipeline.source import Source

Outcome = TypeVar("Outcome")

ABREAST = 2
_LARGEST_BYTES = 64 * MB
_SMALLEST_MEMORY_MB = 1024
"""Beside the child, the parent has 300 MB (`sandbox`): 100 are its own, and originals may take the rest."""


class OutOfTime(Exception):
    """The invocation might end before this source is done, and its finished sources would not be reported."""


def abreast_in(memory_mb: int, recipes: RecipeBook) -> int:
    """How many messages a function of so many MB works off at once: one where two originals might not fit."""
    largest = max((recipe.spec.limits.max_bytes for recipe in recipes.recipes.values()), default=0)
    return ABREAST if memory_mb >= _SMALLEST_MEMORY_MB and largest <= _LARGEST_BYTES else 1


class Turns:
    """Who renders, and which names are worked on now. has_time: whether the invocation can finish one more picture."""

    def __init__(self) -> None:
        self.has_time: Callable[[], bool] = lambda: True
        self._rendering = Lock()
        self._names: set[str] = set()
        self._changed = Condition()

    def rendering(self, render: Callable[..., RenderResult]) -> Callable[..., RenderResult]:
        """The same, one at a time: a turn ends with the last variant, or when the variants are closed or dropped.

        Raises OutOfTime where the turn comes too late to finish.
        """

        def in_turn(*arguments: object) -> RenderResult:
            answers = self._answers(render, arguments)
            return RenderResult(next(answers), answers)  # started: closing or dropping it ends the turn

        return in_turn

    def _answers(self, render: Callable[..., RenderResult], arguments: tuple[object, ...]) -> Generator[Any]:
        """The facts of the original, then its variants."""
        with self._rendering:
            if not self.has_time():
                raise OutOfTime("the renderer was busy for too long")
            result = render(*arguments)
            yield result.original
            yield from result.variants

    def by_name(self, workflow: Callable[..., Outcome]) -> Callable[..., Outcome]:
        """The same, but two sources of one name wait for each other: both would render, and one of them in vain."""

        def alone(source: Source, **how: bool) -> Outcome:
            with self._alone(source.name):
                return workflow(source, **how)

        return alone

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: name not in self._names)
            self._names.add(name)
        try:
            yield
        finally:
            with self._changed:
                self._names.remove(name)
                self._changed.notify_all()
