"""Which cases of a test `make test` runs: some are marked as too many, or as too slow, for every change.

`@pytest.mark.sampled(12)` leaves 12 of a test's cases, so chosen that every value of every parameter occurs as far as
12 cases can show them. `@pytest.mark.nightly` leaves out a test, or a case of one. With LIGHTPRESS_ALL=1 (`make
nightly`) all of them run, and so does what is named on the command line by its `::`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest

RUNS_ALL = os.environ.get("LIGHTPRESS_ALL", "") not in {"", "0"}

Indices = tuple[tuple[str, int], ...]
"""The parameters of a case and, of each, the place of its value among those of the test."""


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the cases that are not among those of `make test`."""
    if RUNS_ALL or any("::" in str(argument) for argument in config.args):
        return
    kept = set(_kept(items))
    if left := [item for item in items if item not in kept]:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item in kept]


def spread(cases: Sequence[Indices], count: int) -> list[int]:
    """The places of `count` of the cases: of those left, always the one that shows most values not seen before.

    Where several show as many, it is the one farthest from those that are chosen already; so the first and the last are
    among them, and the others lie between.
    """
    if count >= len(cases):
        return list(range(len(cases)))
    chosen: list[int] = []
    seen: set[tuple[str, int]] = set()
    while len(chosen) < count:
        left = (place for place in range(len(cases)) if place not in chosen)
        best = max(left, key=lambda place: (len(set(cases[place]) - seen), _distance(place, chosen), -place))
        chosen.append(best)
        seen.update(cases[best])
    return sorted(chosen)


def _distance(place: int, chosen: Sequence[int]) -> int:
    return min((abs(place - other) for other in chosen), default=0)


def _kept(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for all_cases in tests.values():
        cases = [case for case in all_cases if not case.get_closest_marker("nightly")]
        sampled = all_cases[0].get_closest_marker("sampled")
        count = int(sampled.args[0]) if sampled else len(cases)
        yield from (cases[place] for place in spread([_indices(case) for case in cases], count))


def _indices(item: pytest.Item) -> Indices:
    callspec = getattr(item, "callspec", None)
    indices: Mapping[str, int] = callspec.indices if callspec else {}
    return tuple(indices.items())
