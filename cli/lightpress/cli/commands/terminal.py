"""What commands print: results on the standard output, everything else on the standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import typer
import typer.core

from lightpress.cli.console import Terminal, json_line, visible

if TYPE_CHECKING:
    from rich.progress import Progress

out = Terminal()
err = Terminal(stderr=True)


def progress_bars() -> Progress:
    """Progress bars on the standard error."""
    from lightpress.cli.progress import progress_on

    return progress_on(err)


def print_json(value: object) -> None:
    """Print a value as one line of JSON."""
    out.print(json_line(value))


def stop(message: str) -> NoReturn:
    """End the command with what is wrong, on one line. Exit code 1."""
    err.print(message, style="red")
    raise typer.Exit(1)


def stop_with_log(message: str) -> NoReturn:
    """End the command with what is wrong and the lines of a log of this machine. Exit code 1."""
    err.print_lines(message, style="red")
    raise typer.Exit(1)


def confirm(question: str) -> None:
    """Ask on the error output; any answer but yes ends the command with exit code 1."""
    typer.confirm(visible(question), abort=True, err=True)


class Commands(typer.core.TyperGroup):
    """Ends every command with one sentence, and exit code 1, where a request to AWS fails."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  the types are typer's own
        """Run a command; `FAULTS` end it with one sentence."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from lightpress.client.faults import FAULTS, sentence_of

            if not isinstance(error, FAULTS):
                raise
            stop(f"{sentence_of(error)} Then run the same command again.")
