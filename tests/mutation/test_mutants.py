"""What is no mutant: a change of what nothing that runs depends on."""

from __future__ import annotations

import pytest

from tools.mutation.mutants import what_runs

ALIKE = {
    "strict of zip": ("pairs = list(zip(a, b, strict=True))", "pairs = list(zip(a, b))"),
    "a protocol": (
        "class P(Protocol):\n    @property\n    def a(self) -> int: ...",
        "class P(Protocol):\n    def a(self): ...",
    ),
    "the number of a setting": ("MOST_TRIES = 20", "MOST_TRIES = 21"),
    "an annotation": ("def a(b: int) -> int: return b", "def a(b): return b"),
    "a docstring": ('def a():\n    """One."""', 'def a():\n    """Two."""'),
    "a frozen dataclass": ("@dataclass(frozen=True)\nclass A: pass", "@dataclass()\nclass A: pass"),
}
OTHERS = {
    "strict of another call": ("a(b, strict=True)", "a(b)"),
    "a property": ("class A:\n    @property\n    def a(self): ...", "class A:\n    def a(self): ..."),
    "a number": ("def a(): return 20", "def a(): return 21"),
    "a default": ("def a(b=1): return b", "def a(b=2): return b"),
    "a dataclass": ("@dataclass\nclass A: pass", "class A: pass"),
}


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=ALIKE)
def test_what_nothing_depends_on_that_runs_is_not_changed(one: str, other: str) -> None:
    assert what_runs(one) == what_runs(other)


@pytest.mark.parametrize(("one", "other"), OTHERS.values(), ids=OTHERS)
def test_everything_else_is(one: str, other: str) -> None:
    assert what_runs(one) != what_runs(other)


def test_what_is_no_python_is_no_mutant() -> None:
    assert not what_runs("def")
