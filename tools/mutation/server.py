"""Runs pytest in forks of a process that has imported what takes long: a mutant costs its tests and no start.

It is run by the Python with pytest, as a script, and imports nothing of the project: that is what is mutated. Each line
of its input is a JSON list of a folder, a timeout in seconds, whether to keep what is compiled, and pytest's arguments;
it answers with a line: pytest's exit code, or -1 where the tests took too long or ended their process.

What is compiled is kept once, of the code without a mutant: a mutant's could be taken for that of another one.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import boto3  # noqa: F401  loaded once
import hypothesis  # noqa: F401
import moto  # noqa: F401
import PIL.Image  # noqa: F401
import playwright.sync_api  # noqa: F401
import pytest


def run(folder: str, seconds: int, keep_compiled: bool, arguments: list[str]) -> int:  # noqa: FBT001  as JSON has it
    """Pytest's exit code in a fork, or -1."""
    child = os.fork()
    if child == 0:
        sys.dont_write_bytecode = not keep_compiled
        _test(folder, seconds, arguments)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _test(folder: str, seconds: int, arguments: list[str]) -> None:
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        signal.alarm(seconds)
        os.chdir(folder)
        # Hypothesis is imported by now, which pytest would warn of, and warnings are errors.
        code = int(pytest.main(["-W", "ignore::pytest.PytestAssertRewriteWarning", *arguments]))
    finally:
        os._exit(code)


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{max(-1, run(*json.loads(line)))}\n")
        sys.stdout.flush()
