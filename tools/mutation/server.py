"""Runs pytest in forks of a process that has imported what takes long: a mutant costs its tests and no start.

It is run by the Python with pytest, as a script, and imports nothing of the project: that is what is mutated. Each line
of its input is a JSON object of the arguments of `run`; it answers with a line: pytest's exit code, or -1 where the
tests took too long or ended their process.

What is compiled is kept once, of the code without a mutant: a mutant's could be taken for that of another one.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3  # noqa: F401  loaded once
import hypothesis  # noqa: F401
import moto  # noqa: F401
import PIL.Image  # noqa: F401
import playwright.sync_api  # noqa: F401
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import CodeType


class Recording:
    """Writes down which lines of a file each test runs, and how long it takes. It needs `sys.monitoring`: Python 3.12.

    What it writes is a JSON list of lists: the test, its seconds, its lines.
    """

    def __init__(self, file: Path, into: Path) -> None:
        self._file, self._into = str(file), into
        self._lines: set[int] = set()
        self._tests: list[tuple[str, float, list[int]]] = []

    def pytest_sessionstart(self) -> None:
        """Have Python tell of each line."""
        if sys.version_info >= (3, 12):
            tell, its_id = sys.monitoring, sys.monitoring.PROFILER_ID
            tell.use_tool_id(its_id, "lightpress")
            tell.register_callback(its_id, tell.events.LINE, self._heard)
            tell.set_events(its_id, tell.events.LINE)

    def _heard(self, code: CodeType, line: int) -> object:
        if code.co_filename == self._file:
            self._lines.add(line)
        if sys.version_info >= (3, 12):
            return sys.monitoring.DISABLE  # until the next test
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Of each test anew."""
        self._lines.clear()
        if sys.version_info >= (3, 12):
            sys.monitoring.restart_events()
        begin = time.monotonic()
        answer = yield
        self._tests.append((item.nodeid, time.monotonic() - begin, sorted(self._lines)))
        return answer

    def pytest_sessionfinish(self) -> None:
        """Write it."""
        self._into.write_text(json.dumps(self._tests), encoding="utf-8")


class Only:
    """Runs these tests alone, in this order. Those that are not there are left out."""

    def __init__(self, tests: list[str]) -> None:
        self._order = {test: number for number, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        chosen = [item for item in items if item.nodeid in self._order]
        items[:] = sorted(chosen, key=lambda item: self._order[item.nodeid])


def run(*, folder: str, seconds: int, arguments: list[str], record: str | None, only: list[str]) -> int:
    """Pytest's exit code in a fork, or -1.

    Args:
        folder: of the project.
        seconds: that it may take.
        arguments: of pytest.
        record: the file in the folder whose lines are recorded into `lines.json` there, where no mutant is in the code,
            so that what is compiled can be kept; None for none.
        only: the tests to run, by their names; all where there are none.
    """
    child = os.fork()
    if child == 0:
        sys.dont_write_bytecode = record is None
        recording = [Recording(Path(folder, record), Path(folder, "lines.json"))] if record else []
        _test(folder, seconds, arguments, [*recording, *([Only(only)] if only else [])])
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _test(folder: str, seconds: int, arguments: list[str], plugins: list[object]) -> None:
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        signal.alarm(seconds)
        os.chdir(folder)
        # Hypothesis is imported by now, which pytest would warn of, and warnings are errors.
        code = int(pytest.main(["-W", "ignore::pytest.PytestAssertRewriteWarning", *arguments], plugins))
    finally:
        os._exit(code)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{max(-1, run(**json.loads(line)))}\n")
        sys.stdout.flush()
