"""The engines that are measured, with their settings, and how to start them."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightpress.cdk.functions import KEEP_FREED_MEMORY
from tools.peers.engines import LIBVIPS, PLAIN_PILLOW, PROGRAMS, SSIMULACRA2
from tools.peers.engines import SHARP as SHARP_PROGRAM
from tools.peers.process import PeerError, PeerLostError, PeerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tools.peers.engines import Peer
    from tools.peers.install import Environment

LAMBDA_SRC = Path(__file__).resolve().parents[2] / "lambda_src"

OURS, THOROUGH, AUTO = "Lightpress", "Lightpress, high effort", "Lightpress, auto"
SHARP, FAST_SHARP = "sharp, AVIF effort 2", "sharp, fastest sensible"
FORMATS = ("avif", "webp", "jpeg")
_QUALITIES = {"quality", "Q"}


class EngineError(Exception):
    """An engine does not start, or fails on an original."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that renders originals, with its settings.

    Attributes:
        name: In tables and messages.
        formats: Encoder options by format, as the library names them; an option that is a mapping has a value for each
            width. Empty where the library's defaults are measured.
        peer: The library that runs; None for Lightpress.
        package: For Lightpress, the folder that holds the package.
        variables: Environment variables that it runs with, beside this process's own.
    """

    name: str
    formats: Mapping[str, Any]
    peer: Peer | None = None
    package: Path = LAMBDA_SRC
    variables: Mapping[str, str] = field(default_factory=dict)

    def start(self, environment: Environment) -> PeerProcess:
        """Raises PeerError where it does not start."""
        if self.peer is not None:
            return self.peer.start(environment, self.variables)
        # The memory settings are those of the deployed function.
        variables = os.environ | KEEP_FREED_MEMORY | {"PYTHONPATH": str(self.package)}
        return PeerProcess(self.name, [sys.executable, str(PROGRAMS / "lightpress_variants.py")], variables)

    def stepped(self, step: int) -> Engine:
        """The same at qualities that are higher by `step`."""
        if self.peer is None:
            return replace(self, formats={name: {**options, "step": step} for name, options in self.formats.items()})
        return self._with_qualities(lambda _, quality: _moved(quality, step))

    def at(self, qualities: Mapping[str, int]) -> Engine:
        """The same, a peer, at one quality for each format, whatever the width."""
        return self._with_qualities(lambda name, _: qualities[name])

    def _with_qualities(self, change: Callable[[str, Any], Any]) -> Engine:
        formats = {
            name: {key: change(name, value) if key in _QUALITIES else value for key, value in options.items()}
            for name, options in self.formats.items()
        }
        return replace(self, formats=formats)


def _moved(quality: Any, step: int) -> Any:  # noqa: ANN401  a number, or one for each width
    return {width: each + step for width, each in quality.items()} if isinstance(quality, dict) else quality + step


def lightpress(name: str = OURS, package: Path = LAMBDA_SRC) -> Engine:
    """Lightpress with its default qualities, from the package in a folder."""
    return Engine(name, {name: {} for name in FORMATS}, package=package)


def lightpress_auto() -> Engine:
    """Lightpress with the formats that suit each picture."""
    return Engine(AUTO, {"auto": {}})


# Effort 2 is where sharp's AVIF is worth its CPU: its own default, 4, costs five times as much. Effort 0 with effort 2
# for WebP is the least CPU that is sensible. Table 3 of mozjpeg costs nothing and saves bytes. Qualities are chosen for
# a score of 70: sharp's by width, as ours are (`sweep --engine`), the others' at 1280 pixels.
_AVIF, _FAST_AVIF = ({"320": 55, "640": 51, "1280": 49, "1920": 47}, {"320": 56, "640": 52, "1280": 50, "1920": 48})
_WEBP = {"320": 78, "640": 75, "1280": 75, "1920": 75}
_JPEG = {"quality": {"320": 72, "640": 65, "1280": 63, "1920": 61}, "quantisationTable": 3}
_FAST_SHARP = Engine(
    FAST_SHARP,
    {"avif": {"quality": _FAST_AVIF, "effort": 0}, "webp": {"quality": _WEBP, "effort": 2}, "jpeg": _JPEG},
    SHARP_PROGRAM,
)
ENGINES = (
    lightpress(),
    Engine(THOROUGH, {name: {"effort": "high"} for name in FORMATS}),
    Engine(SHARP, {"avif": {"quality": _AVIF, "effort": 2}, "webp": {"quality": _WEBP}, "jpeg": _JPEG}, SHARP_PROGRAM),
    _FAST_SHARP,
    Engine(
        "pyvips, AVIF effort 2",
        {"avif": {"Q": 50, "effort": 2, "compression": "av1"}, "webp": {"Q": 75}, "jpeg": {"Q": 62}},
        LIBVIPS,
    ),
    Engine(
        "Pillow, as in most scripts",
        {"avif": {"quality": 52}, "webp": {"quality": 75}, "jpeg": {"quality": 62}},
        PLAIN_PILLOW,
    ),
)


def with_allocator(library: Path) -> Engine:
    """The fastest sharp with another allocator than the C library's."""
    return replace(_FAST_SHARP, name=f"{FAST_SHARP}, jemalloc", variables={"LD_PRELOAD": str(library)})


def named(name: str) -> Engine:
    """The engine of this name; raises EngineError for an unknown one."""
    found = {engine.name: engine for engine in ENGINES}
    if name not in found:
        raise EngineError(f"{name!r} is no engine; allowed: {', '.join(found)}")
    return found[name]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one original took.

    Attributes:
        cpu_ms: CPU time of the whole process tree, in milliseconds.
        wall_ms: Wall-clock time, in milliseconds.
        peak_mb: Peak memory of the process so far, in MB.
    """

    cpu_ms: float
    wall_ms: float
    peak_mb: float


class RunningEngine:
    """An engine that waits for originals."""

    def __init__(self, engine: Engine, process: PeerProcess) -> None:
        self._engine = engine
        self._process = process
        self.versions = process.versions

    def render(self, original: Path, widths: Sequence[int], out: Path, engine: Engine | None = None) -> Cost:
        """Write every width in every format into `out`. Raises EngineError where it fails.

        engine: The same engine with other qualities.
        """
        formats = (engine or self._engine).formats
        job = {"picture": str(original), "widths": list(widths), "formats": formats, "out": str(out)}
        return Cost(**_ask(self._process, self._engine.name, job))


class Scorer:
    """SSIMULACRA2, in a process that waits for files."""

    def __init__(self, process: PeerProcess) -> None:
        self._process = process
        self.versions = process.versions

    def scores(self, original: Path, files: Iterable[Path]) -> dict[Path, float]:
        """The score of each file against the original. Raises EngineError where a file cannot be read."""
        files = list(files)
        job = {"picture": str(original), "files": [str(file) for file in files]}
        scores = _ask(self._process, SSIMULACRA2.name, job)["scores"]
        return {file: scores[str(file)] for file in files}


def _ask(process: PeerProcess, name: str, job: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = process.ask(job)
    except PeerLostError as lost:
        raise EngineError(f"{name} gave no answer for {job['picture']}: {lost}") from lost
    if "error" in answer:
        raise EngineError(f"{name} failed on {job['picture']}: {answer['error']}")
    return answer


@contextmanager
def running(engine: Engine, environment: Environment) -> Iterator[RunningEngine]:
    """The engine, until the block ends. Raises EngineError where it does not start."""
    try:
        process = engine.start(environment)
    except PeerError as error:
        raise EngineError(str(error)) from error
    with process:
        yield RunningEngine(engine, process)


@contextmanager
def running_scorer(environment: Environment) -> Iterator[Scorer]:
    """SSIMULACRA2, until the block ends. Raises EngineError where it does not start."""
    try:
        process = SSIMULACRA2.start(environment)
    except PeerError as error:
        raise EngineError(str(error)) from error
    with process:
        yield Scorer(process)
