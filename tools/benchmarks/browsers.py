"""How many browsers are served which format: the reason for the formats of `image.kinds`, told by caniuse.com."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.delivery.choice import VIEWERS
from lightpress.image.outputs import FALLBACKS, OUTPUTS, WRITTEN
from tools.benchmarks.engines import EngineError
from tools.peers.engines import CANIUSE
from tools.peers.process import PeerError, PeerLostError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tools.peers.install import Environment

_NEWER = tuple(name for name in WRITTEN if name not in FALLBACKS)
_KINDS = tuple(dict.fromkeys(viewer & set(_NEWER) for viewer in VIEWERS))


@dataclass(frozen=True, slots=True)
class Browser:
    """One version of a browser.

    Attributes:
        name: As caniuse calls it.
        version: A version, or a range of versions.
        share: Of all page views, in percent.
        shows: Those of the newer formats that it shows.
    """

    name: str
    version: str
    share: float
    shows: frozenset[str]


def browsers(environment: Environment) -> tuple[list[Browser], str]:
    """Every version that is in use, and the version of the data. Raises EngineError where they cannot be read."""
    try:
        with CANIUSE.start(environment) as process:
            answer, versions = process.ask({"features": _NEWER}), process.versions
    except (PeerError, PeerLostError) as error:
        raise EngineError(f"The browsers cannot be read from caniuse-lite: {error}") from error
    if "error" in answer:
        raise EngineError(f"The browsers cannot be read from caniuse-lite: {answer['error']}")
    return [Browser(**each | {"shows": frozenset(each["shows"])}) for each in answer["browsers"]], versions


def shares(found: Iterable[Browser]) -> dict[frozenset[str], float]:
    """The percentage of page views by the newer formats that the browser shows."""
    summed: dict[frozenset[str], float] = {}
    for browser in found:
        summed[browser.shows] = summed.get(browser.shows, 0.0) + browser.share
    return summed


def unforeseen(found: Iterable[Browser]) -> list[Browser]:
    """Browsers of a kind that `delivery.choice` does not know: none may lack WebP and show AVIF."""
    return [browser for browser in found if browser.shows not in _KINDS]


def table(found: Collection[Browser], versions: str) -> str:
    """A row for each kind of browser, the newest first."""
    summed = shares(found)
    lines = [f"| shows ({versions}) | page views |", "|---|--:|"]
    for newer in _KINDS:
        words = " and ".join(OUTPUTS[name].label for name in _NEWER if name in newer) or "neither"
        lines.append(f"| {words} | {summed.get(newer, 0.0):.2f} % |")
    lines.append(f"| not known | {100 - sum(summed.values()):.2f} % |")
    return "\n".join(lines)
