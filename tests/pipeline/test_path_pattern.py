"""A path of a rule matches the same keys as ever, in as many steps as the key has characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.pipeline.path_pattern import PathPattern

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = {"within a folder": "*a" * 50 + "c", "across folders": "**a" * 50 + "c", "nested": "*/**a" * 30 + "c"}


class Counted(str):  # noqa: SLOT000  it counts
    """A key that counts how often one of its characters is looked at."""

    looks = 0

    def __iter__(self) -> Iterator[str]:
        for character in str(self):
            self.looks += 1
            yield character


@pytest.mark.parametrize("pattern", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("key", ["a" * 1023 + "b", "a/" * 511 + "b"], ids=["one folder", "many folders"])
def test_a_hostile_key_of_1024_characters_takes_one_step_for_each(pattern: str, key: str) -> None:
    counted = Counted(key)
    assert not PathPattern(pattern).matches(counted)
    assert counted.looks == len(key)


@given(st.text("ab/*\n", max_size=8), st.text("ab/\n", max_size=10))
def test_it_matches_what_a_regular_expression_would(pattern: str, key: str) -> None:
    tokens = {"**": ".*", "*": "[^/]*"}
    parts = (tokens.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*)", pattern))
    assert PathPattern(pattern).matches(key) == bool(re.fullmatch("".join(parts), key, re.DOTALL))


def test_every_other_character_is_itself() -> None:
    assert PathPattern("a.[b]?{c}").matches("a.[b]?{c}")
    assert not PathPattern("a.b").matches("axb")
