"""`make mutation` goes on where it stood, and tests anew what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.mutation.__main__ import Module, sampled
from tools.mutation.mutants import Mutant
from tools.mutation.results import Results, digest_of_tests

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "local/results.jsonl"


def test_what_became_of_a_mutant_is_known_to_the_next_run(file: Path) -> None:
    results = Results(file)
    results.add("x = 1", "tests", survived=True)
    results.add("x = 2", "tests", survived=False)
    for known in (results, Results(file)):
        assert [known.known(code, "tests") for code in ("x = 1", "x = 2", "x = 3")] == [True, False, None]


def test_a_mutant_is_tested_anew_once_its_tests_have_changed(file: Path) -> None:
    results = Results(file)
    results.add("x = 1", "tests", survived=False)
    results.add("x = 2", "tests", survived=True)
    assert [Results(file).known(code, "other tests") for code in ("x = 1", "x = 2")] == [None, None]


def test_of_survivors_alone_those_that_were_found_stay_found(file: Path) -> None:
    results = Results(file)
    results.add("x = 1", "tests", survived=False)
    results.add("x = 2", "tests", survived=True)
    again = Results(file, trust_found=True)
    assert [again.known(code, "other tests") for code in ("x = 1", "x = 2")] == [False, None]


def test_the_digest_of_tests_changes_with_them_and_with_the_fakes_beside_them(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_text("assert True", encoding="utf-8")
    digests = {digest_of_tests(tmp_path, ("tests/test_a.py",))}
    (tmp_path / "tests/fakes.py").write_text("x = 1", encoding="utf-8")
    digests.add(digest_of_tests(tmp_path, ("tests/test_a.py",)))
    (tmp_path / "tests/test_a.py").write_text("assert 1", encoding="utf-8")
    digests |= {digest_of_tests(tmp_path, ("tests/test_a.py",)), digest_of_tests(tmp_path, ("tests",))}
    assert len(digests) == 4


def test_a_sample_of_200_is_the_same_for_the_same_seed_and_takes_from_every_module() -> None:
    modules = [Module(f"{name}.py", ()) for name in "abc"]
    mutants = [(one, [Mutant("o", str(n), "", f"{one.path} {n}") for n in range(300)]) for one in modules]
    first, same, other = (dict(sampled(mutants, 200, seed)) for seed in (0, 0, 1))
    assert first == same
    assert first != other
    assert set(first) == set(modules)
    assert sum(map(len, first.values())) == 200
    assert sum(len(some) for _, some in sampled(mutants, 10_000, 0)) == 900
