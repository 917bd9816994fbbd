"""The command that erases everything of an owner, a folder or a key."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.account import EnvironmentArgument
from lightpress.cli.commands.options import JsonOutput, deployment_of
from lightpress.cli.commands.terminal import confirm, err, out, print_json, progress_bars, stop

if TYPE_CHECKING:
    from lightpress.cli.erasing import Kind, Round, Scope
    from lightpress.cli.erasure import Erasure, Receipt, Survey, Waiting

_AS_IN_KEYS = re.compile("[a-z2-7]{16}")


def erase(  # noqa: PLR0913, PLR0917  the command's options
    environment: EnvironmentArgument,
    owner: Annotated[
        str | None,
        typer.Option(help="A user of the upload API: the name that the authorizer gives, or the folder in their keys."),
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="A folder of keys, such as trips/2024/.")] = None,
    key: Annotated[str | None, typer.Option(help="One key.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    delete_kept: Annotated[
        bool,
        typer.Option(
            "--yes-delete-my-originals",
            help='Needed where the buckets are to stay (removal = "retain", as in prod). What is erased is lost.',
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option(
            help="Wait some minutes, until the functions that were at work have ended, and look once more. With "
            "--no-wait, run the command again later."
        ),
    ] = True,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait until workers have removed variants.")
    ] = 1800.0,
    as_json: JsonOutput = False,
) -> None:
    """Erase everything of an owner, a folder or a key: all versions of originals and all that follows from them.

    It also removes variants, manifests, failures, copies in quarantine, unfinished uploads and the CDN's copies, and
    prints a receipt that says what logs and backups still hold. Run it again after an interruption. Originals in
    attached buckets have to be deleted there first. Exit code: 0 if nothing is left, 3 if the command has to be run
    again later.
    """
    from lightpress.cli.erasing import NotErasedError
    from lightpress.cli.erasure import Waiting, erasure_of, working_seconds

    scope = _scope(owner, prefix, key)
    deployment = deployment_of(environment)
    with erasure_of(deployment, scope) as erasure:
        _check_attached(erasure)
        survey = _survey(erasure)
        kept = deployment.retention is None or deployment.retention.keeps_data
        if survey.names or survey.uploads or survey.counters:
            _agree(survey, environment, kept=kept, delete_kept=delete_kept, ask=not yes)
        patience = Waiting(working_seconds(deployment.retention), timeout, to_the_end=wait)
        try:
            receipt = _erase(erasure, survey, patience)
        except NotErasedError as error:
            stop(str(error))
    if as_json:
        print_json(receipt.facts())
    else:
        for line in receipt.lines():
            out.print(line)
    raise typer.Exit(0 if receipt.sure else 3)


def _scope(owner: str | None, prefix: str | None, key: str | None) -> Scope:
    from lightpress.cli.erasing import Scope
    from lightpress.uploads.requests import owner_of

    if sum(one is not None for one in (owner, prefix, key)) != 1:
        raise typer.BadParameter("choose one of --owner, --prefix and --key")
    if prefix is not None and not prefix.endswith("/"):
        raise typer.BadParameter(
            f"{prefix!r} has no / at its end, and would be that of other folders, too; for one key there is --key",
            param_hint="--prefix",
        )
    if "" in {owner, key}:
        raise typer.BadParameter("it is empty: lightpress empty removes everything")
    if owner is not None:
        as_in_keys = (owner,) if _AS_IN_KEYS.fullmatch(owner) else ()
        return Scope(owners=(*as_in_keys, owner_of(owner)))
    return Scope(key=key or "", prefix=prefix or "")


def _check_attached(erasure: Erasure) -> None:
    """End the command where originals lie in a bucket that is only read: they would be published again."""
    first = next(erasure.attached_originals(), None)
    if first is not None:
        stop(
            f"{first.name} is published from the attached bucket {first.bucket}, which is yours, and only read: delete "
            "the originals there first, all versions, then run the command again."
        )


def _survey(erasure: Erasure) -> Survey:
    with progress_bars() as progress:
        counting = progress.add_task("looking for everything", total=None)
        return erasure.survey(lambda count: progress.update(counting, completed=count))


def _agree(survey: Survey, environment: str, *, kept: bool, delete_kept: bool, ask: bool) -> None:
    """Ask with the counts; where the buckets are to stay, nothing is erased without the word for it."""
    for kind, count in survey.counts.items():
        if count:
            err.print(f"{count:,} {kind}")
    if kept and not delete_kept:
        stop(f"{environment} is to keep its data. To erase all the same, add --yes-delete-my-originals.")
    if ask:
        confirm(f"Erase all of it, of {len(survey.names):,} keys in {environment}? Nobody can bring it back.")


def _erase(erasure: Erasure, survey: Survey, patience: Waiting) -> Receipt:
    from lightpress.cli.erasing import Kind
    from lightpress.cli.erasure import Receipt, held_after

    removed: Counter[Kind] = erasure.remove_uploads(survey)
    with progress_bars() as progress:
        bar = progress.add_task("erasing", total=len(survey.names) or None)

        def heard(done: Round) -> None:
            removed.update(done.removed)
            progress.update(bar, total=len(survey.names) or None, completed=len(survey.names) - len(done.unsettled))

        sure = erasure.erasing.run(survey.names, patience, heard)
    removed[Kind.VARIANTS] = survey.counts[Kind.VARIANTS]
    now = datetime.now(UTC)
    again = None if sure else now + timedelta(seconds=patience.working_seconds)
    return Receipt(erasure.scope, removed, len(survey.names), sure, again, held_after(erasure.deployment, now), now)
