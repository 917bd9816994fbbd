"""`python -m tools.mutation`: run the tests of each module over its mutants, and name those that no test notices."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tools.mutation.mutants import Mutant, mutants_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES, EQUIVALENT = HERE / "modules.toml", HERE / "equivalent.toml"
_CODE = ("cli", "infra", "lambda_src", "tests", "tools", "docs", "layers", "pyproject.toml")


@dataclass(frozen=True)
class Module:
    """A module that is mutated.

    Attributes:
        path: of the file, from the root of the project.
        tests: what pytest is given.
        timeout_seconds: a mutant whose tests take longer is found.
    """

    path: str
    tests: tuple[str, ...]
    timeout_seconds: int = 120


@dataclass(frozen=True)
class Worker:
    """A copy of the project, so that a mutant never gets into the real files, and a process that tests it."""

    tree: Path
    server: subprocess.Popen[str]

    def survives(self, module: Module, code: str) -> bool:
        """Whether every test passes over this code."""
        file = self.tree / module.path
        original = file.read_text(encoding="utf-8")
        try:
            file.write_text(code, encoding="utf-8")
            return self._passes(module)
        finally:
            file.write_text(original, encoding="utf-8")

    def _passes(self, module: Module) -> bool:
        assert self.server.stdin is not None  # noqa: S101  both are pipes
        assert self.server.stdout is not None  # noqa: S101
        arguments = ["-x", "-q", "-p", "no:cacheprovider", *module.tests]
        print(json.dumps([str(self.tree), module.timeout_seconds, arguments]), file=self.server.stdin, flush=True)
        return int(self.server.stdout.readline()) == 0


def main() -> int:
    """Returns 1 where a mutant survives that is not listed as equivalent."""
    asked = _arguments()
    chosen = [module for module in _modules() if asked.module in module.path]
    with TemporaryDirectory() as folder:
        workers = [_worker(Path(folder) / str(number), asked.python) for number in range(asked.processes)]
        unjudged = [survivor for module in chosen for survivor in _survivors(module, workers)]
        for worker in workers:
            worker.server.kill()
    return 1 if unjudged else 0


def _survivors(module: Module, workers: Sequence[Worker]) -> list[Mutant]:
    source = (ROOT / module.path).read_text(encoding="utf-8")
    if not workers[0].survives(module, source):
        raise SystemExit(f"The tests of {module.path} fail without any mutant: {' '.join(module.tests)}")
    mutants = list(mutants_of(source))
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def survives(mutant: Mutant) -> bool:
        worker = free.get()
        try:
            return worker.survives(module, mutant.code)
        finally:
            free.put(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        survivors = [mutant for mutant, it_does in zip(mutants, pool.map(survives, mutants), strict=True) if it_does]
    judged = _judged(module)
    left = [mutant for mutant in survivors if (mutant.was, mutant.now) not in judged]
    _report(module, mutants, survivors, left)
    return left


def _report(module: Module, mutants: Sequence[Mutant], survivors: Sequence[Mutant], left: Sequence[Mutant]) -> None:
    found = len(mutants) - len(survivors)
    equivalent = len(survivors) - len(left)
    print(f"{module.path}: {len(mutants)} mutants, {found} found, {equivalent} equivalent, {len(left)} not found")  # noqa: T201
    for mutant in left:
        print(f"  {mutant.operator}\n    - {mutant.was}\n    + {mutant.now}", flush=True)  # noqa: T201


def _judged(module: Module) -> Counter[tuple[str, str]]:
    rows = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("equivalent", [])
    return Counter((row["was"], row["now"]) for row in rows if row["module"] == module.path)


def _modules() -> Iterator[Module]:
    for row in tomllib.loads(MODULES.read_text(encoding="utf-8"))["module"]:
        values: dict[str, Any] = dict(row) | {"tests": tuple(row["tests"])}
        yield Module(**values)


def _worker(tree: Path, python: str) -> Worker:
    for name in _CODE:
        _copy(ROOT / name, tree / name)
    command = [python, "-B", str(HERE / "server.py")]
    return Worker(tree, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", default="", help="only modules with this in their path")
    parser.add_argument("--processes", type=int, default=2, help="how many mutants are tested at once")
    parser.add_argument("--python", default=str(ROOT / ".venv/bin/python"), help="the Python with pytest")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
