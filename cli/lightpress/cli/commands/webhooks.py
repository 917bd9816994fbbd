"""Commands that list the receivers of events, and send what they did not take again."""

from __future__ import annotations

from typing import Annotated

import typer

from lightpress.cli.commands.consumers import print_all, send_again
from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of


def list_(environment: Environment = "local", as_json: JsonOutput = False) -> None:
    """List the receivers of webhooks, with how many events each has not taken."""
    from lightpress.cli.dead_letters import receivers_of

    print_all(
        receivers_of(deployment_of(environment)),
        ("receiver", "not taken"),
        ("url", "dead_letters"),
        none="no webhooks",
        as_json=as_json,
    )


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
    from lightpress.cli.dead_letters import receivers_of

    send_again(
        receivers_of(deployment_of(environment)),
        url,
        unknown="there is no such receiver; see lightpress webhooks list",
        verbs=("sending", "sent"),
        as_json=as_json,
    )
