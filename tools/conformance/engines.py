"""The engines that are compared: each makes a PNG of one file, and a crash or a hang affects no other file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from lightpress.image.errors import PictureRejected
from lightpress.image.inputs import USUAL
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.sandbox import Child, SandboxLimits
from tools.conformance.bounds import BOUNDS
from tools.conformance.rules import MOST_MEMORY_MB
from tools.peers.engines import PEERS, node_path
from tools.peers.process import PeerLostError, PeerProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.conformance.record import Outcome
    from tools.peers.install import Environment

OURS = "Lightpress"

_WHOLE = Spec(sizes=(Size("whole", width=100_000, height=100_000),), formats=("png",), animation=False, accept=USUAL)
MOST_SECONDS = 180.0
"""Wall-clock limit for any engine and file: large, so that other load on the machine fails no file."""
_BOUNDS = replace(BOUNDS, wall_seconds=MOST_SECONDS)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an engine for one file.

    Attributes:
        outcome: "ready" with a PNG, "rejected" with an error, or "lost" without an answer.
        png: The PNG file.
        reason: The reason of Lightpress, or "error".
        detail: The error message, or how the process was lost.
        peak_mb: Peak memory of the process, in MB.
        more: What else the program tells of the file.
    """

    outcome: Outcome
    png: bytes = b""
    reason: str = ""
    detail: str = ""
    peak_mb: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)


class Engine(Protocol):
    """Makes an upright PNG of a whole file, in sRGB."""

    name: str

    def versions(self) -> str:
        """Its libraries, with their versions."""

    def render(self, path: Path) -> Answer:
        """The result for the file, which never raises an exception."""

    def close(self) -> None:
        """End its processes."""


class Lightpress:
    """The image core in its sandbox."""

    name = OURS

    def __init__(self, bounds: SandboxLimits = _BOUNDS) -> None:
        self._bounds = bounds

    def versions(self) -> str:
        return ", ".join(f"{name} {metadata.version(name)}" for name in ("lightpress", "Pillow", "pillow-heif"))

    def render(self, path: Path) -> Answer:
        with Child(path.read_bytes(), _WHOLE, self._bounds, render) as child:
            answer = self._answer(child)
        return Answer(answer.outcome, answer.png, answer.reason, answer.detail, child.cost.peak_rss_mb)

    @staticmethod
    def _answer(child: Child[Spec]) -> Answer:
        try:
            (variant,) = child.result().variants
        except PictureRejected as rejected:
            return Answer("rejected", reason=str(rejected.reason), detail=rejected.detail)
        except ChildLost as lost:
            return Answer("lost", detail=str(lost))
        return Answer("ready", variant.data)

    def close(self) -> None:
        """Nothing to end: each file has a child process of its own."""


class Program:
    """A peer, whose process is used for many files.

    A file that is lost in a process that has had other files is tried again in a new one, so that no file is blamed for
    those before it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        seconds: float = MOST_SECONDS,
        memory_mb: int = MOST_MEMORY_MB,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = environment
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._running: PeerProcess | None = None
        self._folder = tempfile.TemporaryDirectory()

    def versions(self) -> str:
        return self._started().versions

    def render(self, path: Path) -> Answer:
        used = self._running is not None and self._running.used
        answer = self._ask(path)
        return self._ask(path) if answer.outcome == "lost" and used else answer

    def close(self) -> None:
        self._end()
        self._folder.cleanup()

    def _started(self) -> PeerProcess:
        if self._running is None:
            self._running = PeerProcess(self.name, self._command, self._environment)
        return self._running

    def _end(self) -> None:
        if self._running is not None:
            self._running.end()
            self._running = None

    def ask(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The program's answer; its process ends where it is lost. Raises PeerLostError."""
        try:
            answer = self._started().ask(job, seconds=self._seconds, memory_mb=self._memory_mb)
        except PeerLostError:
            self._end()
            raise
        if (peak_mb := round(answer["peak_mb"])) > self._memory_mb:
            self._end()
            raise PeerLostError(f"it took {peak_mb} MB", peak_mb)
        return answer

    def _ask(self, path: Path) -> Answer:
        png = Path(self._folder.name, "made.png")
        png.unlink(missing_ok=True)
        try:
            answer = self.ask({"picture": str(path), "out": str(png)})
        except PeerLostError as lost:
            return Answer("lost", detail=str(lost), peak_mb=lost.peak_mb)
        peak_mb = round(answer["peak_mb"])
        if "error" in answer:
            return Answer("rejected", reason="error", detail=answer["error"], peak_mb=peak_mb)
        return Answer("ready", png.read_bytes(), peak_mb=peak_mb, more=answer)


class Engines:
    """All engines; their processes end with the block."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = tuple(engines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines:
            engine.close()


def others(environment: Environment) -> list[Engine]:
    """The peers, as installed."""
    variables = node_path(environment)
    return [Program(peer.name, peer.command(environment), variables) for peer in PEERS]
