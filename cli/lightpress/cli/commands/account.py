"""Commands on a whole deployment: check it, empty it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.options import JsonOutput, clients_for, deployment_of
from lightpress.cli.commands.terminal import confirm, err, out, print_json, progress_bars, stop
from lightpress.cli.console import styled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.cli.doctor.check import Finding, Place
    from lightpress.cli.emptying import Emptying

EnvironmentArgument = Annotated[str, typer.Argument(metavar="ENV", help="The environment, such as dev, or local.")]


def empty(
    environment: EnvironmentArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    delete_kept: Annotated[
        bool,
        typer.Option(
            "--yes-delete-my-originals",
            help='Needed where the buckets are to stay (removal = "retain", as in prod). Everything is lost.',
        ),
    ] = False,
    before_destroy: Annotated[
        bool,
        typer.Option("--before-destroy", help="Do nothing where the buckets are to stay. make destroy uses this."),
    ] = False,
) -> None:
    """Delete everything that a deployment stores, so that its stack can be removed; make destroy runs it.

    Stops processing first: event sources are disabled, and stay so; queues are purged. Then deletes all versions in all
    buckets of the stack, and its copies in a copies_bucket. Attached buckets are not touched.
    """
    from lightpress.cli.emptying import Emptying, NotEmptiedError
    from lightpress.client.stack import NoStackError, stack_of

    clients = clients_for(environment)
    try:
        stack = stack_of(environment, clients("cloudformation"))
    except NoStackError as error:
        if before_destroy:
            out.print(f"{error} There is nothing to empty.")
            return
        stop(str(error))
    kept = [bucket.name for bucket in stack.buckets if bucket.kept]
    if (kept or stack.protected) and not delete_kept:
        if before_destroy:
            out.print(f"Nothing is emptied: the stack {stack.name} keeps its buckets when it is removed.")
            return
        stop(
            f"The stack {stack.name} is to keep its data ({', '.join(kept) or 'termination protection is on'}). "
            "To delete all of it all the same, add --yes-delete-my-originals."
        )
    try:
        _empty(Emptying(stack, clients("s3"), clients("sqs"), clients("lambda")), ask=not yes)
    except NotEmptiedError as error:
        stop(str(error))


def _empty(emptying: Emptying, *, ask: bool) -> None:
    with progress_bars() as progress:
        counting = progress.add_task("counting", total=None)
        found = emptying.count(lambda count: progress.update(counting, completed=count))
        copies = emptying.count_copies()
    for bucket, count in found.items():
        err.print(f"{bucket}: {count:,} versions, delete markers and unfinished uploads")
    if emptying.copies is not None:
        err.print(f"{emptying.copies.bucket}: {copies:,} copies of this deployment; all else in it is yours, and stays")
    total = found.total() + copies
    if ask:
        confirm(f"Delete all of it ({total:,}), and stop processing in {emptying.stack.name}?")
    with progress_bars() as progress:
        stopping = progress.add_task("stopping the functions", total=1)
        emptying.stop_processing()
        progress.advance(stopping)
        removing = progress.add_task("deleting", total=total)
        removed = emptying.remove(lambda count: progress.update(removing, completed=count))
    out.print(f"{removed:,} deleted. The event sources of {emptying.stack.name} are disabled: remove the stack now.")


def doctor(
    environment: EnvironmentArgument,
    picture: Annotated[
        bool, typer.Option("--picture", help="After a deployment: upload an image, fetch it as browsers do, delete it.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for each step of --picture.")] = 120.0,
    as_json: JsonOutput = False,
) -> None:
    """Check what is in the way of a deployment, and with --picture whether an image passes through it.

    Changes nothing without --picture. Exit code: 0 if nothing blocks, else 1.
    """
    from lightpress.cli.doctor.check import State

    blocked = False
    for name, finding in _findings(environment, picture=picture, timeout=timeout):
        blocked = blocked or finding.state is State.BLOCKS
        if as_json:
            print_json({"check": name, "state": finding.state, "text": finding.text})
        else:
            style = {State.OK: "green", State.NOTE: "yellow", State.BLOCKS: "bold red"}[finding.state]
            out.print(styled((f"{finding.state:<7}", style), f"{name:<21}", finding.text))
    raise typer.Exit(1 if blocked else 0)


def _findings(environment: str, *, picture: bool, timeout: float) -> Iterator[tuple[str, Finding]]:
    from lightpress.cli.doctor.check import State, run_checks
    from lightpress.cli.doctor.picture import PictureTest
    from lightpress.cli.doctor.table import CHECKS

    blocked = False
    for check, finding in run_checks(CHECKS, _place_of(environment)):
        blocked = blocked or (check.is_needed and finding.state is State.BLOCKS)
        yield check.name, finding
    if picture and not blocked:
        yield from PictureTest(deployment_of(environment), timeout).run()


def _place_of(environment: str) -> Place:
    from lightpress.cli.doctor.places import LOCAL, UnknownEnvironmentError, place_in_account, place_in_local_cloud
    from lightpress.toml_reader import ConfigError

    try:
        if environment == LOCAL:
            return place_in_local_cloud(clients_for(environment))
        return place_in_account(environment)
    except (UnknownEnvironmentError, ConfigError) as error:
        stop(str(error))
