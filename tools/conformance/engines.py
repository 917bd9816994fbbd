"""Who is compared, and how to ask each for one picture: it answers, or its process ends, which harms nobody else."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from lightpress.image import PictureRejected, Size, Spec
from lightpress.image.formats import READABLE
from lightpress.pipeline.sandbox import Child, ChildLost, SandboxLimits
from tools.conformance.observe import BOUNDS
from tools.conformance.rules import MOST_MEMORY_MB
from tools.peers.engines import PEERS, node_path
from tools.peers.process import PeerLostError, PeerProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.conformance.record import Outcome
    from tools.peers.install import Environment

OURS = "Lightpress"

_WHOLE = Spec(sizes=(Size("whole", width=100_000, height=100_000),), formats=("png",), animation=False, accept=READABLE)
MOST_SECONDS = 180.0
"""On the wall, for any engine and picture; a machine that is busy with other things must not fail a picture."""
_BOUNDS = replace(BOUNDS, wall_seconds=MOST_SECONDS)


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
    """A peer, kept running from picture to picture.

    What goes wrong in a process that has seen other pictures is tried again in a new one: no picture answers for those
    before it.
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

    def render(self, picture: Path) -> Answer:
        used = self._running is not None and self._running.used
        answer = self._ask(picture)
        return self._ask(picture) if answer.outcome == "lost" and used else answer

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

    def _ask(self, picture: Path) -> Answer:
        made = Path(self._folder.name, "made.png")
        made.unlink(missing_ok=True)
        running = self._started()
        try:
            told = running.ask(
                {"picture": str(picture), "out": str(made)}, seconds=self._seconds, memory_mb=self._memory_mb
            )
        except PeerLostError as lost:
            self._end()
            return Answer("lost", detail=str(lost), peak_mb=lost.peak_mb)
        peak_mb = round(told["peak_mb"])
        if peak_mb > self._memory_mb:
            self._end()
            return Answer("lost", detail=f"it took {peak_mb} MB", peak_mb=peak_mb)
        if "error" in told:
            return Answer("rejected", reason="error", detail=told["error"], peak_mb=peak_mb)
        return Answer("ready", made.read_bytes(), peak_mb=peak_mb)


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
    """The peers, as installed."""
    variables = node_path(environment)
    return [Program(peer.name, peer.command(environment), variables) for peer in PEERS]
