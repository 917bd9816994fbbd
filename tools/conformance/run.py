"""Renders all test files, on all CPUs."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.conformance.judges import Judges
from tools.conformance.observe import Bench, observe
from tools.conformance.openers import Openers
from tools.conformance.record import Record
from tools.conformance.reference import with_every_plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tools.conformance.judges import Command
    from tools.conformance.openers import Toolbox


def files_in(fixtures: Path) -> list[Path]:
    """All test files, sorted, without names that begin with a dot."""
    found = (path for path in fixtures.rglob("*") if path.is_file())
    return sorted(path for path in found if not any(part[0] == "." for part in path.relative_to(fixtures).parts))


@dataclass(frozen=True, slots=True)
class Independent:
    """The judges and openers that each worker starts. kept: the folder for what judges show."""

    judges: tuple[Command, ...]
    toolbox: Toolbox
    kept: Path

    def start(self) -> Bench:
        """All of them, running from their first file on."""
        return Bench(self.judging(), Openers(self.toolbox))

    def judging(self) -> Judges:
        """The judges alone."""
        return Judges(self.judges, self.kept)


def run(
    fixtures: Path, done: Callable[[int, int], None] = lambda *_: None, independent: Independent | None = None
) -> list[Record]:
    """A record of each file below `fixtures`.

    Args:
        fixtures: The folder with the test files.
        done: Called with the number of files that are done, and of all files.
        independent: Who judges; without, the reference alone.
    """
    files = files_in(fixtures)
    # "spawn": workers fork child processes, and a fork of a process with threads may hang.
    context = multiprocessing.get_context("spawn")
    records: list[Record] = []
    with ProcessPoolExecutor(os.cpu_count(), context, _begin, (independent,)) as pool:
        running = [pool.submit(_observed, path, path.relative_to(fixtures).as_posix()) for path in files]
        for number, future in enumerate(as_completed(running), 1):
            records.append(future.result())
            done(number, len(files))
    return sorted(records, key=lambda record: record.file)


_BENCH: list[Bench] = []
"""Of this worker."""


def _begin(independent: Independent | None) -> None:
    with_every_plugin()
    _BENCH.append(independent.start() if independent else Bench())


def _observed(path: Path, name: str) -> Record:
    return observe(path, name, _BENCH[0])


def save(records: list[Record], path: Path) -> None:
    """Write one line of JSON for each record."""
    path.write_text("".join(json.dumps(record.as_json(), ensure_ascii=False) + "\n" for record in records))


def load(path: Path) -> list[Record]:
    """Read what `save` wrote."""
    return [Record.from_json(json.loads(line)) for line in path.read_text().splitlines()]
