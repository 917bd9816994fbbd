"""Of a mutant, the tests that run what it changes are asked first, and the others before it counts as survivor."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.mutation.__main__ import HERE, Module, Worker
from tools.mutation.lines import Ran, changed_lines, first_tests, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = """\
LEAST = 1

def larger(
    number: int,
    most: int = 8,
) -> int:
    if (
        number > LEAST
    ):
        return min(
            number + 1,
            most,
        )
    return number
"""


@pytest.mark.parametrize(
    ("was", "now", "lines"),
    [
        ("number + 1", "number - 1", {10, 11, 12, 13}),
        ("number > LEAST", "not number > LEAST", {7, 8, 9}),
        ("    return number\n", "    return -number\n", {14}),
        ("= 8", "= 9", {3, 4, 5, 6}),
        ("LEAST = 1", "LEAST = 2", {1}),
        (",\n            most", "", {10, 11, 12, 13}),
    ],
)
def test_what_a_mutant_changes_is_a_statement_or_the_head_of_a_block(was: str, now: str, lines: set[int]) -> None:
    assert changed_lines(CODE, CODE.replace(was, now)) == lines


def test_what_is_no_change_is_on_no_line() -> None:
    assert changed_lines(CODE, CODE) == set()


def test_the_quickest_of_those_that_run_a_changed_line_comes_first() -> None:
    runs = {"slow": (2, {7, 8}), "quick": (1, {8}), "other": (0.5, {3}), "none": (0, set[int]())}
    ran = [Ran(name, seconds, frozenset(lines)) for name, (seconds, lines) in runs.items()]
    assert first_tests(ran, frozenset({8, 9})) == ("quick", "slow")
    assert first_tests(ran, frozenset({1})) == ("other", "quick", "slow"), "a line that runs at import"
    assert first_tests([], frozenset({1})) == ()


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A project of its own: a module, a test of it, and one of nothing."""
    tree = tmp_path_factory.mktemp("project")
    (tree / "counting.py").write_text(CODE, encoding="utf-8")
    (tree / "conftest.py").write_text(
        "import sys, hypothesis\nsys.path.insert(0, '.')\nhypothesis.settings.register_profile('mutants')\n",
        encoding="utf-8",
    )
    (tree / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    _test(tree, "small", "from counting import larger\ndef test_small(): assert larger(1) == 1\n")
    _test(tree, "large", "from counting import larger\ndef test_large(): assert larger(9) == 8\n")
    command = [sys.executable, "-B", str(HERE / "server.py")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        yield Worker(tree, server)
        server.kill()


def _test(tree: Path, name: str, code: str) -> None:
    (tree / f"test_{name}.py").write_text(code, encoding="utf-8")


BOTH = Module("counting.py", ("test_small.py", "test_large.py"))
SMALL, LARGE = "test_small.py::test_small", "test_large.py::test_large"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python tells of lines from 3.12 on")
def test_which_lines_a_test_runs_is_written_down(worker: Worker) -> None:
    assert worker.passes(BOTH, 60, record=True)
    lines = {test.name: test.lines for test in recorded(worker.tree / "lines.json")}
    assert lines[SMALL] >= {8, 14}
    assert lines[LARGE] >= {8, 10}
    assert 14 not in lines[LARGE]


@pytest.mark.nightly
def test_a_mutant_survives_only_if_every_test_passes_whichever_come_first(worker: Worker) -> None:
    found = [CODE.replace("return number", "return -number"), CODE.replace("number + 1", "number - 2")]
    assert [worker.survives(BOTH, code, 60, [LARGE]) for code in found] == [False, False]
    assert worker.survives(BOTH, CODE, 60, ["test_small.py::test_gone"]), "no test is left of those, and none fails"
    assert (worker.tree / "counting.py").read_text(encoding="utf-8") == CODE


@pytest.mark.nightly
def test_only_those_that_are_asked_for_run(worker: Worker) -> None:
    (worker.tree / "counting.py").write_text(CODE.replace("return number", "return -number"), encoding="utf-8")
    assert [worker.passes(BOTH, 60, only=[name]) for name in (SMALL, LARGE)] == [False, True]
    (worker.tree / "counting.py").write_text(CODE, encoding="utf-8")
