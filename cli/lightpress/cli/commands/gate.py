"""Commands that list, approve and reject what waits for a reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lightpress.cli.commands.options import Environment, JsonOutput, deployment_of
from lightpress.cli.commands.terminal import err, out, print_json

if TYPE_CHECKING:
    from lightpress.cli.failures import FailureStore

Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="The keys of the originals in the uploads bucket.")]
Version = Annotated[
    str | None,
    typer.Option("--version", help="The version that was reviewed, as `gate list` names it; without, the current one."),
]
_PERSON = "person"  # `pipeline.gate` loads the picture core, and help must not wait for that

ReviewerOption = Annotated[str, typer.Option("--reviewer", help="In whose name, as the recipe's gate names them.")]
TimeoutOption = Annotated[float, typer.Option(help="Seconds to wait for what comes of it; 0: do not wait.")]


def list_(
    prefix: Annotated[str, typer.Option(help="Only keys that begin with this, such as trips/.")] = "",
    environment: Environment = "local",
    as_json: JsonOutput = False,
) -> None:
    """List the originals that wait for a reviewer, the oldest first, each with a link to look at it."""
    from lightpress.cli.reviews import Gate
    from lightpress.cli.tables import print_held

    found = sorted(Gate(deployment_of(environment)).held(prefix), key=lambda one: (one.since, one.key))
    if as_json:
        for one in found:
            print_json(one.as_json())
    elif found:
        print_held(out, found)
    else:
        out.print("nothing waits for a reviewer")


def approve(  # noqa: PLR0913, PLR0917  the command's options
    keys: Keys,
    version: Version = None,
    reviewer: ReviewerOption = _PERSON,
    environment: Environment = "local",
    timeout: TimeoutOption = 120.0,
    as_json: JsonOutput = False,
) -> None:
    """Approve originals: each is published once all reviewers of its recipe have approved it.

    Exit code: 0 published, or held for others alone; 1 it failed, or was overwritten or deleted meanwhile; 2 there is
    no original, or no gate, it does not wait for this reviewer, or a program has rejected it; 3 not finished in time.
    """
    _say(keys, version, reviewer, environment, timeout, approved=True, detail="", as_json=as_json)


def reject(  # noqa: PLR0913, PLR0917  the command's options
    keys: Keys,
    detail: Annotated[str, typer.Option(help="Why, a sentence for whoever uploaded it.")] = "",
    version: Version = None,
    reviewer: ReviewerOption = _PERSON,
    environment: Environment = "local",
    timeout: TimeoutOption = 120.0,
    as_json: JsonOutput = False,
) -> None:
    """Reject originals: none is published, and what is published already is taken away.

    Exit code: 0 it is not published, 1 it was overwritten or deleted meanwhile, 2 there is no original, or no gate, or
    it does not wait for this reviewer, 3 not finished in time.
    """
    _say(keys, version, reviewer, environment, timeout, approved=False, detail=detail, as_json=as_json)


def _say(  # noqa: PLR0913  by keyword
    keys: list[str],
    version: str | None,
    reviewer: str,
    environment: str,
    timeout: float,
    *,
    approved: bool,
    detail: str,
    as_json: bool,
) -> None:
    from lightpress.cli.failures import FailureStore
    from lightpress.cli.reviews import Gate, NoGateError, NotReviewedError
    from lightpress.pipeline.gate import Review

    if version is not None and len(keys) > 1:
        raise typer.BadParameter("is of one original, and several are named", param_hint="--version")
    gate, review = Gate(deployment_of(environment)), Review(reviewer, approved, detail)
    sent, codes = [], set()
    for key in keys:
        try:
            sent.append((key, gate.say(key, review, version)))
        except NoGateError:
            err.print("No recipe of this deployment has a gate: see docs/how-to/moderation.md.", style="red")
            raise typer.Exit(2) from None
        except NotReviewedError as error:
            err.print(f"{key}: {error}")
            codes.add(2)
    failures = FailureStore.of(gate.deployment) if approved and sent else None
    for key, of in sent:
        reviewed = gate.wait(key, of, review, timeout=timeout)
        if failures is not None and reviewed.state != "waiting":
            _forget_rejections(failures, key, of)
        codes.add(_code(reviewed.state, approved=approved))
        if as_json:
            print_json(reviewed.as_json())
        else:
            out.print(f"{key}: {reviewed.state}")
        if reviewed.state == "waiting" and (doubt := gate.doubt(key, of, review)):
            err.print(f"{key}: {doubt}")
    raise typer.Exit(max(codes))


def _forget_rejections(failures: FailureStore, key: str, version: str) -> None:
    """Remove what the failures table and quarantine have of a rejection that is none any more."""
    for failure in failures.of_subject(key):
        was_rejected = failure.reason == "rejected_by_gate" and failure.identity == version
        if was_rejected and not failures.is_still_true(failure):
            failures.discard(failure)


def _code(state: str, *, approved: bool) -> int:
    wanted = {"ready", "held"} if approved else {"failed"}
    return 0 if state in wanted else 3 if state == "waiting" else 1
