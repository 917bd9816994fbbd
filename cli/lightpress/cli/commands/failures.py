"""What failed: list it, look at it, try it again, forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of
from lightpress.cli.commands.terminal import confirm, err, out, print_json, progress_bars

if TYPE_CHECKING:
    from lightpress.cli.failures import Desk, Filters
    from lightpress.pipeline.failures import Failure

ReasonOption = Annotated[str | None, typer.Option(help="Only those with this reason, such as corrupt.")]
PrefixOption = Annotated[str, typer.Option(help="Only pictures whose keys begin so, such as trips/.")]
SinceOption = Annotated[str | None, typer.Option(help="Only those that failed within an age: 90m, 12h or 7d.")]


def list_(
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """List what failed and still is, the last one first. Exit code 0 also if there is something."""
    from lightpress.cli.failures import as_json as json_of
    from lightpress.cli.tables import print_failures

    desk = _desk(environment)
    found = desk.failures(_filters(reason, prefix, since))
    if as_json:
        for failure in found:
            print_json(json_of(failure, desk.copy(failure)))
    elif found:
        print_failures(out, found)
    else:
        out.print("nothing failed")


def show(
    key: Annotated[str, typer.Argument(help="The key of an upload, or message:ID.")],
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Show everything that is known about the failures of a picture or a message. Exit code 2 if there are none."""
    from lightpress.cli.failures import as_json as json_of
    from lightpress.cli.tables import print_failure

    desk = _desk(environment)
    found = desk.of_subject(key)
    for failure in found:
        if as_json:
            print_json(json_of(failure, desk.copy(failure)))
        else:
            print_failure(out, failure, copy=desk.copy(failure), still_true=desk.is_still_true(failure))
    if not found:
        err.print(f"{key}: no failure is known")
        raise typer.Exit(2)


def retry(  # noqa: PLR0913, PLR0917  the command's options
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="These pictures; none: all.")] = None,
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    environment: Environment = "local",
    patience: Annotated[float, typer.Option(help="Seconds to wait for the last one.")] = 600.0,
) -> None:
    """Try failed pictures again, through the queue, and wait until each is settled. Nothing is removed before.

    Exit code: 0 if all are published, 1 if any failed again or is not settled.
    """
    desk = _desk(environment)
    chosen = _chosen(desk, keys, _filters(reason, prefix, since))
    pictures = [failure for failure in chosen if failure.key is not None]
    if len(pictures) < len(chosen):
        err.print(f"{len(chosen) - len(pictures)} are messages without a picture: there is nothing to try again")
    with progress_bars() as progress:
        sending = progress.add_task("sending", total=len(pictures))
        retries = []
        for sent in desk.send(pictures):
            retries.append(sent)
            progress.advance(sending)
        settling = progress.add_task("settling", total=len(retries))
        desk.wait(retries, patience=patience, settled=lambda _: progress.advance(settling))
    for one in retries:
        out.print(f"{one.failure.key}: {one.ending or 'not settled yet'}")
    raise typer.Exit(0 if all(one.ending in {"ready", "deleted"} for one in retries) else 1)


def discard(  # noqa: PLR0913, PLR0917  the command's options
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="These, or message:ID; none: all.")
    ] = None,
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    environment: Environment = "local",
) -> None:
    """Forget failures: their rows, and the copies in quarantine. Originals and manifests stay as they are."""
    from lightpress.cli.tables import print_failures

    desk = _desk(environment)
    chosen = _chosen(desk, keys, _filters(reason, prefix, since))
    if not chosen:
        out.print("nothing to discard")
        return
    if not yes:
        print_failures(err, chosen)
        confirm(f"Forget {len(chosen)}, and remove the copies in quarantine?")
    with progress_bars() as progress:
        discarding = progress.add_task("discarding", total=len(chosen))
        kept = []
        for failure in chosen:
            kept += [] if desk.discard(failure) else [failure]
            progress.advance(discarding)
    for failure in kept:
        err.print(f"{failure.subject}: failed anew meanwhile, and is kept")
    out.print(f"{len(chosen) - len(kept)} discarded")


def _desk(environment: str) -> Desk:
    from lightpress.cli.failures import Desk

    return Desk.of(deployment_of(environment))


def _filters(reason: str | None, prefix: str, since: str | None) -> Filters:
    from lightpress.cli.failures import BadAgeError, Filters, seconds_of

    try:
        return Filters(reason, prefix, seconds_of(since) if since else None)
    except BadAgeError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None


def _chosen(desk: Desk, keys: list[str] | None, filters: Filters) -> list[Failure]:
    """The failures that still are, of these keys or of all."""
    if not keys:
        return desk.failures(filters)
    found = [failure for key in keys for failure in desk.of_subject(key) if desk.is_still_true(failure)]
    named = {failure.key or failure.subject for failure in found}
    for key in keys:
        if key not in named:
            err.print(f"{key}: no failure is known")
    return found
