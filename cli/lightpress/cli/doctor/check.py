"""What a check is, and how the checks of a deployment are run. `table.py` lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lightpress.client.faults import FAULTS, sentence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lightpress.cdk.config import Config


class State(StrEnum):
    """The severity of a check's result."""

    OK = "ok"
    NOTE = "note"
    """Nothing that stops a deployment, but something to know or to do."""
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. text: one sentence; unless the state is OK, it says what to do."""

    state: State
    text: str


def ok(text: str) -> Finding:
    """A finding of a check that has passed."""
    return Finding(State.OK, text)


def note(text: str) -> Finding:
    """Something to know or to do."""
    return Finding(State.NOTE, text)


def blocks(text: str) -> Finding:
    """A deployment, or an image, would fail."""
    return Finding(State.BLOCKS, text)


@dataclass(frozen=True)
class Place:
    """Where a deployment is, or is to be.

    Attributes:
        config: The environment's options.
        client: Makes a client of a service; `region` is another than that of the credentials.
        region: Where the stack is; None if none is set.
        account: The id of the account; "" before the credentials were checked.
        local: Whether it is the local cloud.
        outputs: Of the stack; empty if it is not deployed.
        status: The status of the stack in CloudFormation; None if there is no stack.
        reviewers: Those whom the recipes ask.
        enrichers: As well.
        lazy: Whether one of the recipes leaves variants for their first view.
    """

    config: Config
    client: Callable[..., Any]
    region: str | None
    account: str = ""
    local: bool = False
    outputs: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    reviewers: tuple[str, ...] = ()
    enrichers: tuple[str, ...] = ()
    lazy: bool = False

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return f"Lightpress-{self.config.environment}"

    @property
    def is_deployed(self) -> bool:
        """Whether the stack's resources are there."""
        return bool(self.outputs)


@dataclass(frozen=True, slots=True)
class Check:
    """A question about a place.

    Attributes:
        name: One to three words.
        run: Answers it; what AWS refuses it may raise.
        actions: The IAM actions that it needs.
        is_needed: Whether the others make no sense where it blocks.
    """

    name: str
    run: Callable[[Place], Finding]
    actions: tuple[str, ...] = ()
    is_needed: bool = False


def run_checks(checks: Iterable[Check], place: Place) -> Iterator[tuple[Check, Finding]]:
    """The findings, one by one; ends after a check that the others need, if it blocks."""
    for check in checks:
        finding = _run(check, place)
        yield check, finding
        if check.is_needed and finding.state is State.BLOCKS:
            return


def _run(check: Check, place: Place) -> Finding:
    try:
        return check.run(place)
    except FAULTS as error:
        if check.is_needed:
            return blocks(sentence_of(error))
        if place.local:
            return note("not checked: the local cloud does not know this")
        if isinstance(error, ClientError):
            return note(f"not checked: {sentence_of(error)} It takes {', '.join(check.actions)}.")
        return note(f"not checked: {sentence_of(error)}")
