"""What commands print: results on the standard output, everything else on the standard error."""

from __future__ import annotations

import inspect
import re
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

import typer
import typer.core

from lightpress.cli.console import Terminal, json_line, visible
from lightpress.cli.faults import sentence_of

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


DEBUG = "--debug"
_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
"""Within a paragraph."""


class Commands(typer.core.TyperGroup):
    """Ends every command with one sentence, and exit code 1, where AWS, a file or this machine is at fault.

    With --debug, anywhere on the line, the traceback of the error that has ended it follows.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401  the types are typer's own
        """Read --debug wherever it stands: it is added to a line that has failed, at its end."""
        end = args.index("--") if "--" in args else len(args)
        others = [arg for arg in args[:end] if arg != DEBUG]
        debug = [DEBUG] if len(others) < end else []
        return super().parse_args(ctx, [*debug, *others, *args[end:]])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401  the types are typer's own
        """Find a command. Its help fills the terminal's width: typer would break lines where the docstring does."""
        found = super().get_command(ctx, cmd_name)
        for one in (found, *getattr(found, "commands", {}).values()):
            if one is not None and one.help:
                one.help = _LINE_BREAK.sub(" ", inspect.cleandoc(one.help))
        return found

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  the types are typer's own
        """Run a command."""
        try:
            return self._run(ctx)
        except typer.Exit as end:
            if ctx.params.get("debug") and end.__context__ is not None:
                err.print_lines("".join(traceback.format_exception(end.__context__)), style="dim")
            raise

    def _run(self, ctx: Any) -> Any:  # noqa: ANN401  the types are typer's own
        try:
            return super().invoke(ctx)
        except Exception as error:
            sentence = sentence_of(error)
            if sentence is None:
                raise
            stop(sentence)
