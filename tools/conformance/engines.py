"""Who is compared, and how to ask each for one picture: it answers, or its process ends, which harms nobody else."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from lightpress.image import PictureRejected, Size, Spec
from lightpress.image.formats import READABLE
from lightpress.pipeline.sandbox import Child, ChildLost, SandboxLimits
from tools.conformance.observe import BOUNDS
from tools.conformance.rules import MOST_MEMORY_MB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.benchmarks.environment import Environment
    from tools.conformance.record import Outcome

OURS = "Lightpress"
PROGRAMS = Path(__file__).resolve().parent / "programs"

_WHOLE = Spec(sizes=(Size("whole", width=100_000, height=100_000),), formats=("png",), animation=False, accept=READABLE)
_START_SECONDS = 60.0
MOST_SECONDS = 180.0
"""On the wall, for any engine and picture; a machine that is busy with other things must not fail a picture."""
_BOUNDS = replace(BOUNDS, wall_seconds=MOST_SECONDS)
_LOOK_SECONDS = 0.05
_STATM = "/proc/{}/statm"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine made of a picture: a PNG, an error of its own, or no answer (lost).

    reason: Lightpress's own word, or "error". detail: what it says, or how it was lost.
    """

    outcome: Outcome
    made: bytes = b""
    reason: str = ""
    detail: str = ""
    peak_mb: int = 0


class Engine(Protocol):
    """Something that makes a whole, upright PNG in sRGB of a picture."""

    name: str

    def versions(self) -> str:
        """Who it is."""

    def render(self, picture: Path) -> Answer:
        """Never raises for what the picture does."""

    def close(self) -> None:
        """Nothing of it runs on."""


class EngineError(Exception):
    """An engine does not start: the installation's fault, no picture's."""


class Lightpress:
    """The picture core, in its child process."""

    name = OURS

    def __init__(self, bounds: SandboxLimits = _BOUNDS) -> None:
        self._bounds = bounds

    def versions(self) -> str:
        return ", ".join(f"{name} {metadata.version(name)}" for name in ("lightpress", "Pillow", "pillow-heif"))

    def render(self, picture: Path) -> Answer:
        with Child(picture.read_bytes(), _WHOLE, self._bounds) as child:
            answer = self._answer(child)
        return Answer(answer.outcome, answer.made, answer.reason, answer.detail, child.cost.peak_rss_mb)

    @staticmethod
    def _answer(child: Child) -> Answer:
        try:
            (made,) = child.rendering().renditions
        except PictureRejected as rejected:
            return Answer("rejected", reason=str(rejected.reason), detail=rejected.detail)
        except ChildLost as lost:
            return Answer("lost", detail=str(lost))
        return Answer("ready", made.data)

    def close(self) -> None:
        """There is a process for each picture only."""


class Program:
    """A program of `programs` (see answering.py there), kept running from picture to picture.

    What goes wrong in a process that has seen other pictures is tried again in a new one: no picture answers for those
    before it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        settings: dict[str, str] | None = None,
        seconds: float = MOST_SECONDS,
        memory_mb: int = MOST_MEMORY_MB,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._settings = os.environ | (settings or {})
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._running: _Running | None = None
        self._folder = tempfile.TemporaryDirectory()

    def versions(self) -> str:
        return self._started().versions

    def render(self, picture: Path) -> Answer:
        used = self._running is not None and self._running.used
        answer = self._ask(picture)
        return self._ask(picture) if answer.outcome == "lost" and used else answer

    def close(self) -> None:
        self._end()
        self._folder.cleanup()

    def _started(self) -> _Running:
        if self._running is None:
            self._running = _Running(self.name, self._command, self._settings)
        return self._running

    def _end(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None

    def _ask(self, picture: Path) -> Answer:
        made = Path(self._folder.name, "made.png")
        made.unlink(missing_ok=True)
        running = self._started()
        try:
            told = running.ask({"picture": str(picture), "made": str(made)}, self._seconds, self._memory_mb)
        except _LostError as lost:
            self._end()
            return Answer("lost", detail=str(lost), peak_mb=lost.peak_mb)
        peak_mb = round(told["peak_mb"])
        if peak_mb > self._memory_mb:
            self._end()
            return Answer("lost", detail=f"it took {peak_mb} MB", peak_mb=peak_mb)
        if "error" in told:
            return Answer("rejected", reason="error", detail=told["error"], peak_mb=peak_mb)
        return Answer("ready", made.read_bytes(), peak_mb=peak_mb)


class _LostError(Exception):
    def __init__(self, says: str, peak_mb: int = 0) -> None:
        super().__init__(says)
        self.peak_mb = peak_mb


class _Running:
    """One process. used: whether it was ever asked."""

    def __init__(self, name: str, command: list[str], settings: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._received = b""
        self.used = False
        try:
            self.versions: str = self._line(_START_SECONDS, MOST_MEMORY_MB)["versions"]
        except _LostError as lost:
            self.end()
            raise EngineError(f"{name} does not start: {lost}") from lost

    def ask(self, job: dict[str, str], seconds: float, memory_mb: int) -> dict[str, Any]:
        """Its answer. Raises _LostError where it gives none."""
        self.used = True
        try:
            self._pipe("stdin").write(json.dumps(job).encode() + b"\n")
            self._pipe("stdin").flush()
        except BrokenPipeError as error:
            raise _LostError(self._how_it_died()) from error
        return self._line(seconds, memory_mb)

    def end(self) -> None:
        """It is gone when this returns."""
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._pipe("stdin").close()
        self._pipe("stdout").close()

    def _pipe(self, name: str) -> Any:  # noqa: ANN401  Popen's type does not say that it was given pipes
        return getattr(self._process, name)

    def _line(self, seconds: float, memory_mb: int) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _LostError(f"no answer within {seconds:g} s")
            if (now_mb := self._resident_mb()) > memory_mb:
                raise _LostError(f"it took {now_mb} MB", now_mb)
            if select.select([self._pipe("stdout")], [], [], min(left, _LOOK_SECONDS))[0]:
                chunk = os.read(self._pipe("stdout").fileno(), 1 << 16)
                if not chunk:
                    raise _LostError(self._how_it_died())
                self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        return told

    def _how_it_died(self) -> str:
        code = self._process.wait()
        return f"crashed ({signal.Signals(-code).name})" if code < 0 else f"exited with {code}"

    def _resident_mb(self) -> int:
        """Where the system tells; elsewhere the program's own word, afterwards, must do."""
        try:
            pages = int(Path(_STATM.format(self._process.pid)).read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


class Engines:
    """All of them; nothing of them runs on when the block ends."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = tuple(engines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines:
            engine.close()


def others(environment: Environment) -> list[Engine]:
    """The others, as installed for the benchmark."""
    python, node = str(environment.python), str(environment.node)
    return [
        Program("sharp", [node, str(PROGRAMS / "sharp.js")], {"NODE_PATH": str(environment.modules)}),
        Program("libvips", [python, str(PROGRAMS / "vips.py")]),
        Program("plain Pillow", [python, str(PROGRAMS / "plain_pillow.py")]),
    ]
