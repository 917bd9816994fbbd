"""The progress bar that every command shows, and the pace at which something goes."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TimeElapsedColumn

from lightpress.cli.console import styled

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType
    from rich.progress import Task

    from lightpress.cli.console import Terminal


def progress_on(console: Terminal) -> Progress:
    """Progress bars with a description, a count and the elapsed time; none where the console is no terminal."""
    return Progress(
        SpinnerColumn(),
        _Description(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


class _Description(ProgressColumn):
    def render(self, task: Task) -> RenderableType:
        return styled(task.description)


_LAST_SECONDS = 60.0
_LEAST_SECONDS = 5.0
_BETWEEN_MARKS = 1.0
_UNITS = ((86_400, "days", 2), (3_600, "h", 1.5), (60, "min", 1.5))


@dataclass
class Pace:
    """How much is done each second, by what was done within the last minute.

    clock: Seconds that only grow.
    """

    clock: Callable[[], float]
    _marks: deque[tuple[float, int]] = field(default_factory=deque)

    def told(self, done: int, total: int | None) -> str:
        """Note how much is done by now; returns the pace and the time that the rest takes, "" in the first seconds.

        total: What is to be done in all; None if that is not known.
        """
        pace = self._noted(done)
        if pace is None:
            return ""
        if total is None or done >= total:
            return f"{pace:,.0f} a second in the last minute"
        left = f"{duration((total - done) / pace)} left" if pace else "no end"
        return f"{pace:,.0f} a second; {left} at the pace of the last minute"

    def _noted(self, done: int) -> float | None:
        """What is done each second; None in the first seconds."""
        now, marks = self.clock(), self._marks
        if not marks or now - marks[-1][0] >= _BETWEEN_MARKS:
            marks.append((now, done))
        while len(marks) > 1 and now - marks[1][0] >= _LAST_SECONDS:
            marks.popleft()
        since, before = marks[0]
        return (done - before) / (now - since) if now - since >= _LEAST_SECONDS else None


def duration(seconds: float) -> str:
    """A time in the unit that suits it, rounded up, such as "12 min"."""
    for unit, name, least in _UNITS:
        if seconds >= least * unit:
            return f"{math.ceil(seconds / unit):,} {name}"
    return f"{math.ceil(seconds)} s"
