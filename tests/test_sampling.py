"""Of a test with many cases, `make test` runs some that lie apart and show all values; a variable has all run."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from tests.sampling import Indices, spread

ROOT = Path(__file__).resolve().parents[1]
_TESTS = """
import pytest

@pytest.mark.sampled(3)
@pytest.mark.parametrize("number", [pytest.param(99, marks=pytest.mark.nightly), *range(9)])
def test_of_nine(number): pass

@pytest.mark.nightly
def test_slow(): pass

def test_always(): pass
"""
_CONFTEST = """
from tests.sampling import leave_out

def pytest_collection_modifyitems(config, items):
    leave_out(config, items)
"""


def cases(*sizes: int) -> list[Indices]:
    """All combinations of parameters with so many values."""
    return [tuple((f"p{at}", index) for at, index in enumerate(row)) for row in product(*map(range, sizes))]


def test_three_of_nine_cases_are_the_first_the_last_and_the_middle_one() -> None:
    assert spread(cases(9), 3) == [0, 4, 8]


@pytest.mark.parametrize("sizes", [(4, 7), (7, 4), (3, 5, 2), (6, 6)])
def test_as_many_cases_as_the_longest_parameter_has_values_show_every_value_of_every_parameter(
    sizes: tuple[int, ...],
) -> None:
    all_of_them = cases(*sizes)
    shown = {value for place in spread(all_of_them, max(sizes)) for value in all_of_them[place]}
    assert shown == {value for case in all_of_them for value in case}


@pytest.mark.parametrize(("count", "ran"), [(0, 0), (1, 1), (12, 12), (13, 12)])
def test_no_more_cases_are_chosen_than_asked_for_and_than_there_are(count: int, ran: int) -> None:
    assert len(set(spread(cases(3, 4), count))) == ran


@pytest.mark.parametrize(
    ("everything", "chosen", "passed"),
    [("", "test_it.py", "4 passed, 8 deselected"), ("1", "test_it.py", "12 passed"),
     ("", "test_it.py::test_slow", "1 passed")],
)  # fmt: skip
def test_a_variable_or_a_name_has_those_run_that_are_left_out_otherwise(
    tmp_path: Path, everything: str, chosen: str, passed: str
) -> None:
    (tmp_path / "test_it.py").write_text(_TESTS, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    marks = ["-o", "markers=sampled\nnightly", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", f"--rootdir={tmp_path}", "-c", os.devnull, *marks, str(tmp_path / chosen)],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "LIGHTPRESS_ALL": everything},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert passed in run.stdout, run.stdout + run.stderr
