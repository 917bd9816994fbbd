"""The `lightpress` command: every command there is, in the order of `lightpress --help`."""

from __future__ import annotations

import typer

from lightpress.cli.commands import buckets, costs, failures, local, publish, show
from lightpress.cli.commands.terminal import Commands

app = typer.Typer(
    cls=Commands,
    help="Drop a picture into an S3 bucket; every size and format the web needs is served from a CDN.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    publish.render,
    publish.upload,
    publish.ingest,
    publish.status,
    buckets.sweep,
    costs.estimate,
    buckets.plan,
    buckets.backfill,
    buckets.connect,
    show.snippet,
    show.sign,
    local.demo,
):
    app.command()(_command)

_local = typer.Typer(help="The local cloud: the whole system on this machine.", no_args_is_help=True)
app.add_typer(_local, name="local")
_local.command("up")(local.up)
_local.command("down")(local.down)
_local.command("status")(local.status)

_failures = typer.Typer(help="What failed: list it, look at it, try it again, forget it.", no_args_is_help=True)
app.add_typer(_failures, name="failures")
_failures.command("list")(failures.list_)
_failures.command("show")(failures.show)
_failures.command("retry")(failures.retry)
_failures.command("discard")(failures.discard)
