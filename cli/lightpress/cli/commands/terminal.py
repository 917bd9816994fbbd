"""What every command says, and where: what was asked for on the output, everything else on the error output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

import typer
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
    err.print(message, style="red", markup=False)
    raise typer.Exit(1)
