"""Commands that list, show, retry and discard failures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.costs import RegionOption, prices_of
from lightpress.cli.commands.machine import (
    EngineOption,
    MaxDollarsOption,
    RateOption,
    StopOption,
    exit_code_of,
    follow,
    halt_run,
    tell,
)
from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of
from lightpress.cli.commands.terminal import confirm, err, out, print_json, progress_bars, stop

if TYPE_CHECKING:
    from lightpress.cli.distributed import Caps
    from lightpress.cli.failures import FailureStore, Filters
    from lightpress.cli.tasks import Task
    from lightpress.pipeline.failures import Failure

ReasonOption = Annotated[str | None, typer.Option(help="Only failures with this reason, such as corrupt.")]
PrefixOption = Annotated[str, typer.Option(help="Only keys that begin with this, such as trips/.")]
SinceOption = Annotated[
    str | None, typer.Option(help="Only failures of the last 90m, 12h or 7d (minutes, hours, days).")
]


def list_(
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """List the originals, URLs and messages that failed and have not been replaced since, newest first."""
    from lightpress.cli.failures import as_json as json_of
    from lightpress.cli.tables import print_failures

    store = _store(environment)
    found = store.failures(_filters(reason, prefix, since))
    if as_json:
        for failure in found:
            print_json(json_of(failure, store.copy(failure)))
    elif found:
        print_failures(out, found)
    else:
        out.print("no failures")


def show(
    key: Annotated[str, typer.Argument(help="The key of an original, or message:ID.")],
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Show all details of the failures of one original or message. Exit code 2 if there are none."""
    from lightpress.cli.failures import as_json as json_of
    from lightpress.cli.tables import print_failure

    store = _store(environment)
    found = store.of_subject(key)
    for failure in found:
        if as_json:
            print_json(json_of(failure, store.copy(failure)))
        else:
            print_failure(out, failure, copy=store.copy(failure), still_true=store.is_still_true(failure))
    if not found:
        err.print(f"{key}: no failure is recorded")
        raise typer.Exit(2)


def retry(  # noqa: PLR0913, PLR0917  the command's options
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="The keys to retry; without one, all failures.")
    ] = None,
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    environment: Environment = "local",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the results.")] = 600.0,
    engine: EngineOption = "auto",
    halt: StopOption = False,
    max_dollars: MaxDollarsOption = None,
    rate: RateOption = None,
    region: RegionOption = "us-east-1",
    as_json: JsonOutput = False,
) -> None:
    """Send failed originals and URLs through the queue again, and wait for the results.

    A failure is removed once its original is published. From 10,000 on, the state machine of the stack sends them,
    except those of URLs, at --rate; records of what is published then are no longer listed, and expire. Exit code: 0 if
    all are published, 1 if any failed again or is not finished in time, 3 if a limit or a stop left some to send.
    """
    from lightpress.cli.backfill import BackfillError
    from lightpress.cli.distributed import Caps
    from lightpress.cli.tasks import retry_of

    store, filters = _store(environment), _filters(reason, prefix, since)
    try:
        task = retry_of(store.deployment, store.table, filters, time.time()).priced(prices_of(region, None))
        if halt:
            halt_run(task, as_json=as_json)
            return
        on_machine = not keys and task.is_for_machine(engine)
        if on_machine:
            exit_code = _retried_on_machine(task, Caps(rate=rate, max_dollars=max_dollars), as_json=as_json)
    except BackfillError as error:
        stop(str(error))
    if not on_machine:
        exit_code = _retried_here(store, _chosen(store, keys, filters), timeout, as_json=as_json)
    raise typer.Exit(exit_code)


def _retried_on_machine(task: Task, caps: Caps, *, as_json: bool) -> int:
    """Have the state machine send failures again, and follow it; returns the exit code."""
    from lightpress.cli.tables import print_retries
    from lightpress.failures.retrying import FAILED_AGAIN

    run, report = follow(task, caps)
    tell(run, report, print_retries, as_json=as_json)
    again = report.passes[-1].endings.get(FAILED_AGAIN, 0) if report.passes else 0
    return exit_code_of(report) or int(again > 0)


def _retried_here(store: FailureStore, chosen: list[Failure], timeout: float, *, as_json: bool) -> int:
    """Send failures again, and wait for what becomes of them; returns the exit code."""
    from lightpress.cli.facts import facts_of_retry

    pictures = [failure for failure in chosen if failure.key is not None]
    if len(pictures) < len(chosen):
        err.print(f"{len(chosen) - len(pictures)} messages name no original, and cannot be retried")
    with progress_bars() as progress:
        sending = progress.add_task("sending", total=len(pictures))
        retries = []
        for sent in store.send(pictures):
            retries.append(sent)
            progress.advance(sending)
        settling = progress.add_task("waiting for results", total=len(retries))
        store.wait(retries, timeout=timeout, settled=lambda _: progress.advance(settling))
    for one in retries:
        if as_json:
            print_json(facts_of_retry(one))
        else:
            out.print(f"{one.failure.key}: {one.ending or 'not finished yet'}")
    return 0 if all(one.ending in {"ready", "deleted"} for one in retries) else 1


def discard(  # noqa: PLR0913, PLR0917  the command's options
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY]...", help="The keys, or message:ID, to discard; without one, all failures."),
    ] = None,
    reason: ReasonOption = None,
    prefix: PrefixOption = "",
    since: SinceOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """Delete failures: their records, and their copies in quarantine. Originals and manifests are kept."""
    from lightpress.cli.facts import facts_of_discarding
    from lightpress.cli.tables import print_failures

    store = _store(environment)
    chosen = _chosen(store, keys, _filters(reason, prefix, since))
    if not chosen and not as_json:
        out.print("nothing to discard")
        return
    if chosen and not yes:
        print_failures(err, chosen)
        confirm(f"Delete {len(chosen)} failures and their copies in quarantine?")
    with progress_bars() as progress:
        discarding = progress.add_task("discarding", total=len(chosen))
        kept = []
        for failure in chosen:
            kept += [] if store.discard(failure) else [failure]
            progress.advance(discarding)
    for failure in kept:
        err.print(f"{failure.subject}: failed again in the meantime, and is kept")
    if as_json:
        print_json(facts_of_discarding(len(chosen) - len(kept), kept))
    else:
        out.print(f"{len(chosen) - len(kept)} discarded")


def _store(environment: str) -> FailureStore:
    from lightpress.cli.failures import FailureStore

    return FailureStore.of(deployment_of(environment))


def _filters(reason: str | None, prefix: str, since: str | None) -> Filters:
    from lightpress.cli.failures import BadAgeError, Filters, seconds_of

    try:
        return Filters(reason, prefix, seconds_of(since) if since else None)
    except BadAgeError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None


def _chosen(store: FailureStore, keys: list[str] | None, filters: Filters) -> list[Failure]:
    """The current failures of these keys, or all that match the filters if there are none."""
    if not keys:
        return store.failures(filters)
    found = [failure for key in keys for failure in store.of_subject(key) if store.is_still_true(failure)]
    named = {failure.key or failure.subject for failure in found}
    for key in keys:
        if key not in named:
            err.print(f"{key}: no failure is recorded")
    return found
