"""Asks OSV (https://osv.dev) for known vulnerabilities of what is compiled into the layer's wheels. `make audit`.

pip-audit asks by package, and so hears nothing of a fault in a library that a package's wheel brings. Ends with 1 where
something is known and nobody has looked at it, and with 2 where it cannot be found out: no answer is never a good one.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.cdk.native import EXTRA_LOCKS, LOCK, NativeError, layer, look_into

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lightpress.cdk.native import Found

    Fetch = Callable[[str, bytes | None], bytes]

API = "https://api.osv.dev/v1"
_MOST_QUERIES = 1_000
_MOST_PAGES = 50
_SECONDS = 30


class OsvError(Exception):
    """OSV cannot be asked, or gives no answer that can be read; the message says which."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An advisory that somebody has looked at and that does not apply. It counts for one version of the library only.

    Attributes:
        advisory: Its id, or an alias of it.
        library: The library's name, as in `native.LIBRARIES`.
        version: The library's version.
        because: Why what is deployed is not affected.
    """

    advisory: str
    library: str
    version: str
    because: str


ACCEPTED = (
    Accepted(
        "OSV-2025-219",
        "OpenJPEG",
        "2.5.4",
        "no release mends it; JPEG 2000 is decoded only where a recipe accepts it (docs/recipes.md, What is accepted)",
    ),
)


@dataclass(frozen=True, slots=True)
class Advisory:
    """What OSV knows of a vulnerability.

    Attributes:
        id: Its id at OSV.
        summary: What it is about.
        severity: In its source's words; "" if it has none.
        aliases: Its ids elsewhere, such as CVE numbers.
        withdrawn: Whether it was withdrawn.
    """

    id: str
    summary: str
    severity: str = ""
    aliases: tuple[str, ...] = ()
    withdrawn: bool = False

    @property
    def names(self) -> set[str]:
        """All by which it may be known."""
        return {self.id, *self.aliases}

    def __str__(self) -> str:
        also = f" ({', '.join(self.aliases)})" if self.aliases else ""
        return f"{self.id}{also} {self.severity or 'severity not told'}: {self.summary}"


def over_https(url: str, body: bytes | None) -> bytes:
    """GET, or POST where there is a body; raises OsvError."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "User-Agent": "Lightpress"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  https, as it stands above
            told: bytes = answer.read()
            return told
    except urllib.error.HTTPError as error:
        raise OsvError(f"{url} answers {error.code} {error.reason}") from error
    except OSError as error:
        raise OsvError(f"{url} cannot be reached: {error}") from error


def ask(queries: Sequence[Mapping[str, Any]], fetch: Fetch = over_https) -> list[set[str]]:
    """The ids of what is known, for each query in turn; raises OsvError."""
    ids: list[set[str]] = [set() for _ in queries]
    waiting: list[tuple[int, Mapping[str, Any]]] = list(enumerate(queries))
    for _ in range(_MOST_PAGES):
        if not waiting:
            return ids
        asked, waiting = waiting[:_MOST_QUERIES], waiting[_MOST_QUERIES:]
        for (number, query), result in zip(asked, _batch([query for _, query in asked], fetch), strict=True):
            ids[number].update(str(one["id"]) for one in result.get("vulns", ()))
            if token := result.get("next_page_token"):
                waiting.append((number, {**query, "page_token": token}))
    raise OsvError(f"{API}/querybatch has more than {_MOST_PAGES} pages to tell: that cannot be right")


def _batch(queries: list[Mapping[str, Any]], fetch: Fetch) -> list[Mapping[str, Any]]:
    url = f"{API}/querybatch"
    told = _read(url, fetch(url, json.dumps({"queries": queries}).encode()))
    results = told.get("results")
    if not isinstance(results, list) or len(results) != len(queries):
        raise OsvError(f"{url} answers to {len(queries)} queries what cannot be read: {str(told)[:200]}")
    return results


def advisory(name: str, fetch: Fetch = over_https) -> Advisory:
    """What is known of an id; raises OsvError."""
    url = f"{API}/vulns/{name}"
    told = _read(url, fetch(url, None))
    if told.get("id") != name:
        raise OsvError(f"{url} answers what cannot be read: {str(told)[:200]}")
    details = str(told.get("details") or "").strip()
    return Advisory(
        name,
        str(told.get("summary") or details.partition("\n")[0] or "no summary")[:200],
        _severity(told),
        tuple(told.get("aliases") or ()),
        withdrawn=bool(told.get("withdrawn")),
    )


def _severity(told: Mapping[str, Any]) -> str:
    """A word where its source has one (GitHub, OSS-Fuzz), else the vector of its score."""
    places = [told.get("database_specific"), *(one.get("ecosystem_specific") for one in told.get("affected") or ())]
    words = [str(place["severity"]) for place in places if isinstance(place, dict) and place.get("severity")]
    scores = [str(one.get("score")) for one in told.get("severity") or ()]
    return next(iter([*words, *scores]), "")


def _read(url: str, answer: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(answer)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise OsvError(f"{url} answers no JSON object: {answer[:200]!r}")
    return told


@dataclass(frozen=True, slots=True)
class HasVerdict:
    """An advisory of something in the layer.

    Attributes:
        found: The library or crate.
        advisory: The advisory.
        accepted: Why it does not apply; None if it does, or if nobody has looked at it yet.
    """

    found: Found
    advisory: Advisory
    accepted: str | None


def judge(
    found: Sequence[Found], fetch: Fetch = over_https, accepted: Iterable[Accepted] = ACCEPTED
) -> Iterator[HasVerdict]:
    """What is known of each; raises OsvError."""
    asked = [(one, query) for one in found for query in one.queries]
    answers = ask([query for _, query in asked], fetch)
    known = [
        (one, set().union(*(ids for (of, _), ids in zip(asked, answers, strict=True) if of is one))) for one in found
    ]
    told = {name: advisory(name, fetch) for name in sorted(set().union(*answers))}
    for one, ids in known:
        for name in sorted(ids):
            if not told[name].withdrawn:
                yield HasVerdict(one, told[name], _why_accepted(one, told[name], accepted))


def _why_accepted(found: Found, known: Advisory, accepted: Iterable[Accepted]) -> str | None:
    for one in accepted:
        if one.advisory in known.names and (one.library, one.version) == (found.name, found.version):
            return one.because
    return None


def needless(judged: Iterable[HasVerdict], accepted: Iterable[Accepted] = ACCEPTED) -> list[Accepted]:
    """What is accepted and not reported any more: it is to be removed, before it accepts something else."""
    seen = {(name, one.found.name, one.found.version) for one in judged for name in one.advisory.names}
    return [one for one in accepted if (one.advisory, one.library, one.version) not in seen]


@dataclass(frozen=True, slots=True)
class Report:
    """What is said, a line each. passed: whether nothing is left for somebody to look at."""

    lines: tuple[str, ...]
    passed: bool


def report(found: Sequence[Found], fetch: Fetch = over_https, accepted: Sequence[Accepted] = ACCEPTED) -> Report:
    """What is known, what was not asked, and what need not be accepted any more; raises OsvError."""
    judged = list(judge(found, fetch, accepted))
    lines = [f"{one.found}: {one.advisory}{_because(one)}" for one in judged]
    lines += [f"{one}: not asked, for it tells no version" for one in found if not one.queries]
    past = needless(judged, accepted)
    lines += [f"{one.advisory} of {one.library} {one.version} is not reported: take it out of ACCEPTED" for one in past]
    left = sum(one.accepted is None for one in judged)
    lines.append(f"{len(found)} libraries and crates in the layers: {len(judged)} advisories, {left} to be looked at")
    return Report(tuple(lines), passed=not left and not past)


def _because(judged: HasVerdict) -> str:
    return f"\n  accepted: {judged.accepted}" if judged.accepted else ""


def _found_in(lock: Path) -> tuple[Found, ...]:
    with layer(lock) as modules:
        return look_into(modules)


def main() -> int:
    """Look into the layers, and ask."""
    try:
        said = report([one for lock in (LOCK, *EXTRA_LOCKS.values()) for one in _found_in(lock)])
    except (NativeError, OsvError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in said.lines))
    return 0 if said.passed else 1


if __name__ == "__main__":
    sys.exit(main())
