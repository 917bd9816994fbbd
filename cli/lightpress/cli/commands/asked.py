"""Commands that list which questions services left unanswered, and ask again."""

from __future__ import annotations

from typing import Annotated

import typer

from lightpress.cli.commands.consumers import print_all, send_again
from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of


def list_(environment: Environment = "local", as_json: JsonOutput = False) -> None:
    """List the functions that ask Rekognition and Bedrock, with how many pictures were given up after hours."""
    from lightpress.cli.dead_letters import services_of

    print_all(
        services_of(deployment_of(environment)),
        ("function", "not answered"),
        ("name", "unanswered"),
        none="no service is asked",
        as_json=as_json,
    )


def retry(
    service: Annotated[
        str | None, typer.Option("--service", help="Only this function, as `asked list` names it.")
    ] = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Ask again about pictures that were given up after hours without an answer.

    Exit code: 0 they are on their way, 2 no such function asks.
    """
    from lightpress.cli.dead_letters import services_of

    send_again(
        services_of(deployment_of(environment)),
        service,
        unknown="no such function asks; see lightpress asked list",
        verbs=("asking", "asked"),
        as_json=as_json,
    )
