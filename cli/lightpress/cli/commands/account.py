"""Commands on a whole deployment: check it, empty it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.options import clients_for
from lightpress.cli.commands.terminal import confirm, err, out, progress_bars, stop

if TYPE_CHECKING:
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
    buckets of the stack. Attached buckets are not touched.
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
    for bucket, count in found.items():
        err.print(f"{bucket}: {count:,} versions, delete markers and unfinished uploads")
    if ask:
        confirm(f"Delete all of it ({found.total():,}), and stop processing in {emptying.stack.name}?")
    with progress_bars() as progress:
        stopping = progress.add_task("stopping the functions", total=1)
        emptying.stop_processing()
        progress.advance(stopping)
        removing = progress.add_task("deleting", total=found.total())
        removed = emptying.remove(lambda count: progress.update(removing, completed=count))
    out.print(f"{removed:,} deleted. The event sources of {emptying.stack.name} are disabled: remove the stack now.")
