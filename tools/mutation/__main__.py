"""`python -m tools.mutation`: run the tests of each module over its mutants, and name those that no test notices.

What became of each mutant is kept in `.local/mutation/results.jsonl`: a run that was stopped goes on where it stood,
and a module that has not changed, nor its tests, is not tested again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
import tomllib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tools.mutation.lines import changed_lines, first_tests, recorded
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.results import Results, digest_of_tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES, EQUIVALENT = HERE / "modules.toml", HERE / "equivalent.toml"
RESULTS = ROOT / ".local/mutation/results.jsonl"
_CODE = ("cli", "infra", "lambda_src", "tests", "tools", "docs", "layers", "pyproject.toml")
_MOST_UNEXPLAINED = 0.05
_LONGEST_SECONDS = 300
_LEAST_SECONDS = 10
_TIMES_AS_LONG = 5
_NO_TESTS = 5  # pytest's exit code


@dataclass(frozen=True)
class Module:
    """A module that is mutated.

    Attributes:
        path: of the file, from the root of the project.
        tests: what pytest is given.
    """

    path: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Worker:
    """A copy of the project, so that a mutant never gets into the real files, and a process that tests it."""

    tree: Path
    server: subprocess.Popen[str]

    def survives(self, module: Module, code: str, seconds: int, first: Sequence[str]) -> bool:
        """Whether every test passes over this mutant, within so many seconds; these are the first to be asked."""
        file = self.tree / module.path
        original = file.read_text(encoding="utf-8")
        try:
            file.write_text(code, encoding="utf-8")
            return (not first or self.passes(module, seconds, only=first)) and self.passes(module, seconds)
        finally:
            file.write_text(original, encoding="utf-8")

    def passes(self, module: Module, seconds: int, *, record: bool = False, only: Sequence[str] = ()) -> bool:
        """Whether every test passes over what is there; none of `only` may be there any more, and that is no failure.

        record: over the code without a mutant: what is compiled is kept, and which lines each test runs.
        """
        assert self.server.stdin is not None  # noqa: S101  both are pipes
        assert self.server.stdout is not None  # noqa: S101
        tests = sorted({name.partition("::")[0] for name in only}) or module.tests
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutants", *tests]
        request = {
            "folder": str(self.tree),
            "seconds": seconds,
            "arguments": arguments,
            "record": module.path if record else None,
            "only": only,
        }
        print(json.dumps(request), file=self.server.stdin, flush=True)
        return int(self.server.stdout.readline()) in ({0, _NO_TESTS} if only else {0})


@dataclass(frozen=True)
class Judged:
    """The mutants of a module, and what became of them. left: survivors that no row calls equivalent."""

    module: Module
    mutants: int
    survivors: tuple[Mutant, ...]
    left: tuple[Mutant, ...]

    def __str__(self) -> str:
        found, equivalent = self.mutants - len(self.survivors), len(self.survivors) - len(self.left)
        counts = f"{self.mutants} mutants, {found} found, {equivalent} equivalent, {len(self.left)} not found"
        left = (f"\n  {mutant.operator}\n    - {mutant.was}\n    + {mutant.now}" for mutant in self.left)
        return f"{self.module.path}: {counts}{''.join(left)}"


def main() -> int:
    """Returns 1 where more than `_MOST_UNEXPLAINED` of the mutants survive that are not listed as equivalent."""
    asked = _arguments()
    results = Results(RESULTS, trust_found=asked.survivors)
    total, left = 0, 0
    with TemporaryDirectory() as folder:
        workers = [_worker(Path(folder) / str(number), asked.python) for number in range(asked.processes)]
        for module, mutants in _chosen(asked, workers[0].tree):
            judged = _judge(module, mutants, workers, results)
            print(judged, flush=True)  # noqa: T201
            total, left = total + judged.mutants, left + len(judged.left)
        for worker in workers:
            worker.server.kill()
    print(f"{total} mutants, {left} of them neither found nor equivalent ({left / max(total, 1):.1%})")  # noqa: T201
    return 1 if left > _MOST_UNEXPLAINED * total else 0


def _chosen(asked: argparse.Namespace, root: Path) -> Iterator[tuple[Module, list[Mutant]]]:
    """What is to be tested, made module by module."""
    modules = [module for module in _modules() if asked.module in module.path]
    mutants = ((module, list(mutants_of((root / module.path).read_text(encoding="utf-8")))) for module in modules)
    return sampled(mutants, asked.sample, asked.seed) if asked.sample else mutants


def sampled(
    mutants: Iterable[tuple[Module, Sequence[Mutant]]], count: int, seed: int
) -> Iterator[tuple[Module, list[Mutant]]]:
    """So many of all of them; the same for the same seed."""
    everything = [(module, mutant) for module, some in mutants for mutant in some]
    chosen: defaultdict[Module, list[Mutant]] = defaultdict(list)
    for module, mutant in random.Random(seed).sample(everything, min(count, len(everything))):  # noqa: S311  no secret
        chosen[module].append(mutant)
    yield from chosen.items()


def _judge(module: Module, mutants: Sequence[Mutant], workers: Sequence[Worker], results: Results) -> Judged:
    tests = digest_of_tests(workers[0].tree, module.tests)
    unknown = [mutant for mutant in mutants if results.known(mutant.code, tests) is None]
    if unknown:
        _test(module, unknown, workers, tests, results)
    survivors = tuple(mutant for mutant in mutants if results.known(mutant.code, tests))
    equivalent = _equivalent(module)
    left = tuple(mutant for mutant in survivors if (mutant.was, mutant.now) not in equivalent)
    return Judged(module, len(mutants), survivors, left)


def _test(module: Module, mutants: Sequence[Mutant], workers: Sequence[Worker], tests: str, results: Results) -> None:
    workers = workers[: len(mutants)]
    with ThreadPoolExecutor(len(workers)) as pool:
        seconds = max(pool.map(partial(_seconds_at_most, module), workers))
    source, ran = (workers[0].tree / module.path).read_text(encoding="utf-8"), recorded(workers[0].tree / "lines.json")
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def survives(mutant: Mutant) -> bool:
        first = first_tests(ran, changed_lines(source, mutant.code))
        worker = free.get()
        try:
            return worker.survives(module, mutant.code, seconds, first)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        for mutant, survived in zip(mutants, pool.map(survives, mutants), strict=True):
            results.add(mutant.code, tests, survived=survived)


def _seconds_at_most(module: Module, worker: Worker) -> int:
    """What a mutant's tests may take before it counts as found: far longer than they take without one."""
    begin = time.monotonic()
    if not worker.passes(module, _LONGEST_SECONDS, record=True):
        raise SystemExit(f"The tests of {module.path} fail without any mutant: {' '.join(module.tests)}")
    return min(_LONGEST_SECONDS, round(_LEAST_SECONDS + _TIMES_AS_LONG * (time.monotonic() - begin)))


def _equivalent(module: Module) -> set[tuple[str, str]]:
    rows = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("equivalent", [])
    return {(row["was"], row["now"]) for row in rows if row["module"] == module.path}


def _modules() -> Iterator[Module]:
    for row in tomllib.loads(MODULES.read_text(encoding="utf-8"))["module"]:
        yield Module(row["path"], tuple(row["tests"]))


def _worker(tree: Path, python: str) -> Worker:
    for name in _CODE:
        _copy(ROOT / name, tree / name)
    command = [python, "-B", str(HERE / "server.py")]
    environment = {**os.environ, "LIGHTPRESS_ALL": "1"}  # no test leaves out the case that would notice
    pipe = subprocess.PIPE
    return Worker(tree, subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", default="", help="only modules with this in their path")
    parser.add_argument("--sample", type=int, default=0, help="only so many, chosen at random")
    parser.add_argument("--seed", type=int, default=0, help="another one chooses others")
    parser.add_argument("--survivors", action="store_true", help="only those that were not found before")
    parser.add_argument("--processes", type=int, default=2, help="how many mutants are tested at once")
    parser.add_argument("--python", default=str(ROOT / ".venv/bin/python"), help="the Python with pytest")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
