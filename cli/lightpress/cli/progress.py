"""The progress bar that every command shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TimeElapsedColumn

from lightpress.cli.console import styled

if TYPE_CHECKING:
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
