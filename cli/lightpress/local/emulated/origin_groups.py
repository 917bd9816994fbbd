"""Origin groups of CloudFront, for the emulator, which knows single origins. It imports the standard library only.

As AWS documents it (RequestAndResponseBehaviorOriginGroups.html, high_availability_origin_failover.html): every request
goes to the primary origin; where it answers one of the configured statuses, or not at all, a GET, HEAD or OPTIONS goes
to the secondary one, unchanged, and whatever that says is the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from xml.etree.ElementTree import Element

    Answer = tuple[int, str, dict[str, Any], bytes]

_METHODS = {"GET", "HEAD", "OPTIONS"}
_SECONDARY = "failover"


def with_groups(parsed: dict[str, Any], config: Element) -> dict[str, Any]:
    """Add the origin groups of a configuration to its origins: each is its primary one, and knows the other."""
    origins = dict(parsed["origins"])
    for group in _all(config, "OriginGroup"):
        first, second = (origins[_text(member, "OriginId")] for member in _all(group, "OriginGroupMember"))
        statuses = frozenset(int(code.text or 0) for code in _all(group, "StatusCode"))
        origins[_text(group, "Id")] = first | {_SECONDARY: (statuses, second)}
    return parsed | {"origins": origins}


async def ask(
    origin: dict[str, Any],
    method: str,
    fetch: Callable[[dict[str, Any]], Awaitable[Answer]],
    faults: tuple[type[Exception], ...] = (),
) -> Answer:
    """Ask an origin, and the other one of its group where the group says so.

    Args:
        origin: As `with_groups` returns it.
        method: Of the request.
        fetch: Asks an origin.
        faults: What it raises where an origin does not answer.
    """
    statuses, second = origin.get(_SECONDARY, (frozenset(), None))
    if second is None or method not in _METHODS:
        return await fetch(origin)
    try:
        answer = await fetch(origin)
    except faults:
        return await fetch(second)
    return await fetch(second) if answer[0] in statuses else answer


def _all(element: Element, name: str) -> Iterator[Element]:
    return (one for one in element.iter() if one.tag.rpartition("}")[2] == name)


def _text(element: Element, name: str) -> str:
    found: Iterable[Element] = (child for child in element if child.tag.rpartition("}")[2] == name)
    return next((child.text or "" for child in found), "")
