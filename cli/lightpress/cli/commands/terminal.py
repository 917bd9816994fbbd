"""What every command says, and where: what was asked for on the output, everything else on the error output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import typer
import typer.core
from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def progress_bars() -> Progress:
    """How far a command is, beside what it prints."""
    from lightpress.cli.progress import progress_on

    return progress_on(err)


def print_json(value: object) -> None:
    """Print one line for a program."""
    out.print(json.dumps(value, ensure_ascii=False), soft_wrap=True, markup=False)


def stop(message: str) -> NoReturn:
    """End the command with what is wrong. Exit code 1."""
    err.print(message, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1)


class Commands(typer.core.TyperGroup):
    """Commands that end with one sentence, and exit code 1, where AWS does not answer as it should."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  the types are typer's own
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from lightpress.client.faults import FAULTS, sentence_of

            if not isinstance(error, FAULTS):
                raise
            stop(f"{sentence_of(error)} Then run the same command again.")
