"""Commands that list the receivers of events, and send what they did not take again."""

from __future__ import annotations

from typing import Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of
from lightpress.cli.commands.terminal import err, out, print_json, progress_bars


def list_(environment: Environment = "local", as_json: JsonOutput = False) -> None:
    """List the receivers of webhooks, with how many events each has not taken."""
    from lightpress.cli.tables import print_receivers
    from lightpress.cli.webhooks import Webhooks

    found = Webhooks(deployment_of(environment)).receivers()
    if as_json:
        for one in found:
            print_json(one.as_json())
    elif found:
        print_receivers(out, found)
    else:
        out.print("no webhooks")


def replay(
    url: Annotated[
        str | None, typer.Option("--url", help="Only to this receiver, as `webhooks list` names it.")
    ] = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Send the events again that receivers did not take within two days, or refused for good.

    Exit code: 0 they are on their way, 2 there is no such receiver.
    """
    from lightpress.cli.webhooks import Webhooks

    webhooks = Webhooks(deployment_of(environment))
    receivers = webhooks.receivers()
    if url is not None and url not in {one.url for one in receivers}:
        err.print(f"{url}: there is no such receiver; see lightpress webhooks list")
        raise typer.Exit(2)
    total = sum(one.dead_letters for one in receivers if url in {None, one.url})
    with progress_bars() as progress:
        sending = progress.add_task("sending", total=total)
        sent = webhooks.replay(url, lambda count: progress.advance(sending, count))
    if as_json:
        print_json({"sent": sent})
    else:
        out.print(f"{sent} sent again")
