"""What `asked` and `webhooks` have in common: they list consumers of messages, and send their dead letters again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lightpress.cli.commands.terminal import err, out, print_json, progress_bars

if TYPE_CHECKING:
    from lightpress.cli.dead_letters import Consumers


def print_all(consumers: Consumers, heads: tuple[str, str], keys: tuple[str, str], *, none: str, as_json: bool) -> None:
    """Print a table, or a JSON object for each.

    heads: Of the columns of names and of dead letters. keys: The same in JSON. none: What is said where there are none.
    """
    from lightpress.cli.tables import print_consumers

    found = consumers.all()
    if as_json:
        name, dead_letters = keys
        for one in found:
            print_json({name: one.name, "waiting": one.waiting, dead_letters: one.dead_letters})
    elif found:
        print_consumers(out, found, *heads)
    else:
        out.print(none)


def send_again(consumers: Consumers, name: str | None, *, unknown: str, verbs: tuple[str, str], as_json: bool) -> None:
    """Send the dead letters of one consumer again, or of all.

    unknown: What is said, with exit code 2, of a name that none has. verbs: Of the progress, and of what is done.
    """
    found = consumers.all()
    if name is not None and name not in {one.name for one in found}:
        err.print(f"{name}: {unknown}")
        raise typer.Exit(2)
    doing, done = verbs
    total = sum(one.dead_letters for one in found if name in {None, one.name})
    with progress_bars() as progress:
        sending = progress.add_task(doing, total=total)
        sent = consumers.send_again(name, lambda count: progress.advance(sending, count))
    if as_json:
        print_json({done: sent})
    else:
        out.print(f"{sent} {done} again")
