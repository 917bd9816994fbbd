"""Who is measured, with which settings, and how to speak to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightpress.cdk.functions import KEEP_FREED_MEMORY
from tools.benchmarks.environment import PEERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.benchmarks.environment import Environment

PACKAGE = Path(__file__).resolve().parents[2] / "lambda_src"

OURS = "Lightpress"
SHARP, FAST_SHARP = "sharp, AVIF effort 2", "sharp, fastest sensible"
FORMATS = ("avif", "webp", "jpeg")


class EngineError(Exception):
    """An engine gave no answer."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that renders pictures as long as it is asked to.

    settings: its own, as JSON. package: where our own code is, for a program that runs it as the function does.
    """

    name: str
    program: str
    settings: Any
    package: Path | None = None


# Qualities give scores that are alike (docs/performance.md). Effort 2 is where sharp's AVIF is worth its CPU: its own
# default, 4, costs five times as much. Effort 0 with WebP's effort 2 is the least CPU that is sensible.
ENGINES = (
    Engine(OURS, "ours.py", FORMATS, PACKAGE),
    Engine(SHARP, "sharp.js", {"avif": {"quality": 50, "effort": 2}, "webp": {"quality": 75}, "jpeg": {"quality": 62}}),
    Engine(
        FAST_SHARP,
        "sharp.js",
        {"avif": {"quality": 51, "effort": 0}, "webp": {"quality": 75, "effort": 2}, "jpeg": {"quality": 62}},
    ),
    Engine(
        "pyvips, AVIF effort 2",
        "vips.py",
        {"avif": {"Q": 50, "effort": 2, "compression": "av1"}, "webp": {"Q": 75}, "jpeg": {"Q": 62}},
    ),
    Engine(
        "Pillow, as in most scripts",
        "plain_pillow.py",
        {"avif": {"quality": 52}, "webp": {"quality": 75}, "jpeg": {"quality": 62}},
    ),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one picture took: CPU of the whole process tree and time, in milliseconds; peak memory so far in MB."""

    cpu_ms: float
    wall_ms: float
    peak_mb: float


class Running:
    """An engine that waits for pictures."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self._name = name
        self._process = process

    def render(self, picture: Path, widths: tuple[int, ...], out: Path) -> Cost:
        """Have it write every width in every format into `out`. Raises EngineError where it breaks down."""
        return Cost(**self.ask({"picture": str(picture), "widths": widths, "out": str(out)}))

    def ask(self, job: dict[str, Any]) -> dict[str, float]:
        """Its answer to any job."""
        if self._process.stdin is None or self._process.stdout is None:
            raise EngineError(f"{self._name} was started without pipes")
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise EngineError(f"{self._name} ended before {job['picture']}") from error
        if not (line := self._process.stdout.readline()):
            raise EngineError(f"{self._name} broke down over {job['picture']}; it says why above")
        answer: dict[str, float] = json.loads(line)
        return answer


@contextmanager
def running(engine: Engine, environment: Environment) -> Iterator[Running]:
    """The engine, until the block ends."""
    script = str(PEERS / engine.program)
    settings = dict(os.environ)
    if engine.program.endswith(".js"):
        program = [str(environment.node), script]
        settings["NODE_PATH"] = str(environment.modules)
    elif engine.package is not None:
        program = [sys.executable, script]
        settings |= {"PYTHONPATH": str(engine.package), **KEEP_FREED_MEMORY}  # as the stack sets up the function
    else:
        program = [str(environment.python), script]
    with subprocess.Popen(
        [*program, json.dumps(engine.settings)], env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Running(engine.name, process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
