"""The `lightpress` command: every command there is, in the panels of `lightpress --help`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from lightpress.cli.commands import (
    account,
    asked,
    backfills,
    buckets,
    costs,
    erasing,
    failures,
    gate,
    local,
    projects,
    publish,
    show,
    webhooks,
)
from lightpress.cli.commands.terminal import DEBUG, Commands, out

# Former names of options, which work for one release. They are in no help.
RENAMED = {"patience": "timeout", "at-once": "max-in-flight"}

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    epilog="What it makes of a picture of yours: lightpress render photo.jpg --out out",
    pretty_exceptions_enable=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "token_normalize_func": lambda name: RENAMED.get(name, name),
    },
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  as typer calls it
    if wanted:
        out.print(f"lightpress {version('lightpress')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show the traceback of an error, too; may stand anywhere.")
    ] = False,
) -> None:
    """Upload an image to S3; every size and format the web needs is served from a CDN."""


_BEGIN, _PICTURES, _RECIPES, _OPERATION = "To begin with", "Pictures", "Recipes and costs", "Deployments"

for _panel, _members in (
    (_BEGIN, (publish.render, projects.init, local.demo)),
    (
        _PICTURES,
        (publish.upload, publish.ingest, publish.status, publish.focus, publish.describe, show.snippet, show.sign),
    ),
    (_RECIPES, (buckets.plan, backfills.backfill, costs.estimate)),
    (_OPERATION, (account.doctor, projects.template, buckets.connect, buckets.sweep, erasing.erase, account.empty)),
):
    for _command in _members:
        app.command(rich_help_panel=_panel)(_command)

_local = typer.Typer(help="Start and stop the local cloud, the whole system on this machine.", no_args_is_help=True)
app.add_typer(_local, name="local", rich_help_panel=_BEGIN)
_local.command("up")(local.up)
_local.command("down")(local.down)
_local.command("status")(local.status)

_gate = typer.Typer(help="List, approve and reject originals that wait for a reviewer.", no_args_is_help=True)
app.add_typer(_gate, name="gate", rich_help_panel=_PICTURES)
_gate.command("list")(gate.list_)
_gate.command("approve")(gate.approve)
_gate.command("reject")(gate.reject)

_webhooks = typer.Typer(help="List receivers of events, and send again what they did not take.", no_args_is_help=True)
app.add_typer(_webhooks, name="webhooks", rich_help_panel=_OPERATION)
_webhooks.command("list")(webhooks.list_)
_webhooks.command("replay")(webhooks.replay)

_asked = typer.Typer(
    help="List questions about pictures that Rekognition or Bedrock left unanswered, and ask again.",
    no_args_is_help=True,
)
app.add_typer(_asked, name="asked", rich_help_panel=_OPERATION)
_asked.command("list")(asked.list_)
_asked.command("retry")(asked.retry)

_failures = typer.Typer(help="List, show, retry and discard failures.", no_args_is_help=True)
app.add_typer(_failures, name="failures", rich_help_panel=_PICTURES)
_failures.command("list")(failures.list_)
_failures.command("show")(failures.show)
_failures.command("retry")(failures.retry)
_failures.command("discard")(failures.discard)
