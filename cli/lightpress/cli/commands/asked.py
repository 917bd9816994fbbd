"""Commands that list what services were asked in vain, and ask again."""

from __future__ import annotations

from typing import Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of
from lightpress.cli.commands.terminal import err, out, print_json, progress_bars


def list_(environment: Environment = "local", as_json: JsonOutput = False) -> None:
    """List the functions that ask Rekognition and Bedrock about pictures, with how many nobody answered for hours."""
    from lightpress.cli.asked import Asked
    from lightpress.cli.tables import print_services

    found = Asked(deployment_of(environment)).services()
    if as_json:
        for one in found:
            print_json(one.as_json())
    elif found:
        print_services(out, found)
    else:
        out.print("no service is asked")


def retry(
    service: Annotated[
        str | None, typer.Option("--service", help="Only this function, as `asked list` names it.")
    ] = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Ask again about pictures of which services said nothing for hours.

    Exit code: 0 they are on their way, 2 no such function asks.
    """
    from lightpress.cli.asked import Asked

    asked = Asked(deployment_of(environment))
    services = asked.services()
    if service is not None and service not in {one.name for one in services}:
        err.print(f"{service}: no such function asks; see lightpress asked list")
        raise typer.Exit(2)
    total = sum(one.unanswered for one in services if service in {None, one.name})
    with progress_bars() as progress:
        sending = progress.add_task("asking", total=total)
        sent = asked.retry(service, lambda count: progress.advance(sending, count))
    if as_json:
        print_json({"asked": sent})
    else:
        out.print(f"{sent} asked again")
