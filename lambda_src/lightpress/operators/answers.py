"""In whose name operators answer, and whether an answer counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.pipeline.gate import MODERATION, PERSON
from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from lightpress.pipeline.gate import Review

# Not a scan's, which sees what nobody sees by looking at the picture, and not those of the owner's own reviewers: a
# gate names several so that none of them publishes alone.
IN_WHOSE_NAME = (PERSON, MODERATION)
"""Those in whose name operators may answer, the usual one first."""


def answerable(gate: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a gate in whose name operators may answer, the usual one first."""
    return tuple(name for name in IN_WHOSE_NAME if name in gate)


def programs_of(gate: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a gate who may not take back what they have rejected."""
    return tuple(name for name in gate if name != PERSON)


def check_may_answer(reviewer: str) -> None:
    """Raise Refused (422) if operators never answer in this name."""
    if reviewer not in IN_WHOSE_NAME:
        raise Refused(422, "invalid", f"reviewer: allowed: {', '.join(IN_WHOSE_NAME)}.")


def check_is_asked(review: Review, gate: tuple[str, ...]) -> None:
    """Raise Refused (409) if nothing would come of a review because the gate does not name the reviewer."""
    if not gate:
        raise Refused(409, "no_gate", "The recipe of this picture has no gate.")
    if review.reviewer not in gate:
        names = f"The gate of this picture names {_all(gate)}, and not {review.reviewer}."
        raise Refused(409, "not_asked", f"{names} {_who_may(gate, 'approve' if review.approved else 'reject')}")


def check_is_not_final(review: Review, rejection: Review | None) -> None:
    """Raise Refused (409) if an approval comes after a program's rejection, which stays."""
    if review.approved and rejection is not None:
        words = f"{rejection.reviewer} has rejected this version, and what a program rejects stays rejected."
        raise Refused(409, "stays_rejected", f"{words} Only another version of the original is reviewed anew.")


def _who_may(gate: tuple[str, ...], verb: str) -> str:
    may = answerable(gate)
    if may:
        return f"Operators may answer in the name of {_all(may, 'or')}."
    name = gate[0] if len(gate) == 1 else "NAME"
    return f"Operators do not answer for {_all(gate, 'or')}: `lightpress gate {verb} KEY --reviewer {name}` does."


def _all(names: tuple[str, ...], word: str = "and") -> str:
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
