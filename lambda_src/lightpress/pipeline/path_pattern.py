"""Match keys with the paths of rules, in time that grows with the key alone.

A regular expression of four wildcards backtracks for seconds over one key, and whoever uploads chooses the key. So all
ways to match are followed at once, as in the bit-parallel simulation of a finite automaton (Baeza-Yates and Gonnet,
"A new approach to text searching", 1992): bit i of the states is set if the key so far matches the first i parts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import reduce

_ANYTHING = "**"
_PARTS = re.compile(r"\*+|.", re.DOTALL)


@dataclass(frozen=True)
class PathPattern:
    """`*` is anything within a folder, `**` anything at all; every other character is itself.

    Attributes:
        text: the pattern, as it is written in a rule.
    """

    text: str
    _literals: dict[str, int] = field(init=False, repr=False, compare=False)
    _within: int = field(init=False, repr=False, compare=False)
    _across: int = field(init=False, repr=False, compare=False)
    _end: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = _PARTS.findall(self.text)
        literals: defaultdict[str, int] = defaultdict(int)
        within = across = 0
        for position, part in enumerate(parts):
            if not part.startswith("*"):
                literals[part] |= 1 << position
            elif part == "*":
                within |= 1 << position
            else:
                across |= 1 << position
        for name, value in {"literals": dict(literals), "within": within, "across": across}.items():
            object.__setattr__(self, f"_{name}", value)
        object.__setattr__(self, "_end", 1 << len(parts))

    def matches(self, key: str) -> bool:
        """Whether the whole key matches. One step for each character, whatever the pattern, but none where any does."""
        if self.text == _ANYTHING:
            return True
        return bool(reduce(self._after, key, self._skipping_wildcards(1)) & self._end)

    def _after(self, states: int, character: str) -> int:
        consumed = (states & self._literals.get(character, 0)) << 1
        stayed = states & (self._across if character == "/" else self._across | self._within)
        return self._skipping_wildcards(consumed | stayed)

    def _skipping_wildcards(self, states: int) -> int:
        """A wildcard may match nothing. No two of them are neighbors, so one step is enough."""
        return states | (states & (self._within | self._across)) << 1
