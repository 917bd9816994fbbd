"""Opens published variants with programs that are not Pillow: Chromium, exiftool, and the formats' own decoders."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from lightpress.image.outputs import OUTPUTS
from tools.conformance.record import Moves
from tools.peers.engines import CHROMIUM
from tools.peers.process import PeerLostError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lightpress.image.job import EncodedVariant
    from tools.conformance.judges import Command
    from tools.peers.install import Environment

_SECONDS = 60.0
_PROGRAM = "exiftool-vendored.pl/bin/exiftool"
_READY = "{ready}"
_TAGS = ("-MIMEType", "-ImageWidth", "-ImageHeight", "-Orientation", "-GPSPosition")
_MOVING_PNG = "image/apng"
DECODERS: Mapping[str, tuple[str, ...]] = {
    "jpeg": ("djpeg", "-outfile", "{out}", "{file}"),
    "webp": ("dwebp", "-quiet", "{file}", "-o", "{out}"),
    "avif": ("avifdec", "{file}", "{out}.y4m"),
}
"""The reference decoder of each format. It is not asked about animations, of which it reads none or one frame."""

Files = dict["Path", "EncodedVariant"]


class Opened(NamedTuple):
    """What the openers found. problems: what does not open, or is not what it should be; moves: by format."""

    problems: tuple[str, ...] = ()
    moves: Mapping[str, Moves] = {}


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The openers that are installed; it can be sent to another process.

    Attributes:
        chromium: How Chromium is started.
        exiftool: The command of exiftool; empty where there is no Perl.
    """

    chromium: Command | None
    exiftool: tuple[str, ...]


def toolbox(environment: Environment, judges: Sequence[Command]) -> Toolbox:
    """What is installed."""
    perl = shutil.which("perl")
    command = (perl, str(environment.modules / _PROGRAM)) if perl else ()
    return Toolbox(next((one for one in judges if one.name == CHROMIUM.name), None), command)


class Openers:
    """Running programs that open variants; their processes end with the block."""

    def __init__(self, tools: Toolbox) -> None:
        self._chromium = tools.chromium.start() if tools.chromium else None
        self._exiftool = Exiftool(tools.exiftool) if tools.exiftool else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._chromium:
            self._chromium.close()
        if self._exiftool:
            self._exiftool.close()

    def open(self, variants: Sequence[EncodedVariant], folder: Path) -> Opened:
        """Opens variants, one of each format. folder: an empty one."""
        files = {folder / f"made.{OUTPUTS[one.format].extension}": one for one in variants}
        for path, one in files.items():
            path.write_bytes(one.data)
        shown = self._shown(files)
        moves = {files[path].format: Moves(**told["moves"]) for path, told in shown.items() if told.get("moves")}
        problems = [
            f"{CHROMIUM.name}: {files[path].format}: {why}"
            for path, told in shown.items()
            for why in _unlike(files[path], told)
        ]
        problems += self._exiftool.problems(files) if self._exiftool else []
        return Opened((*problems, *_undecoded(files)), moves)

    def _shown(self, files: Files) -> dict[Path, dict[str, Any]]:
        if self._chromium is None:
            return {}
        try:
            opened = self._chromium.ask({"files": [str(path) for path in files]})["opened"]
        except PeerLostError as lost:
            return {path: {"error": str(lost)} for path in files}
        return {path: opened[str(path)] for path in files}


def _unlike(one: EncodedVariant, told: dict[str, Any]) -> Iterator[str]:
    if "error" in told:
        yield told["error"]
    elif (told["width"], told["height"]) != (one.width, one.height):
        yield f"{told['width']} x {told['height']} instead of {one.width} x {one.height}"


def _undecoded(files: Files) -> Iterator[str]:
    """What the reference decoders that are installed do not decode."""
    for path, one in files.items():
        command = DECODERS.get(one.format)
        if command is None or one.animated or shutil.which(command[0]) is None:
            continue
        program = [part.format(file=path, out=path.with_suffix(".decoded")) for part in command]
        done = subprocess.run(program, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if done.returncode != 0:
            yield f"{command[0]}: {' '.join((done.stderr or done.stdout).split())[:200]}"


class Exiftool:
    """One running exiftool, which is asked about many files."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [*command, "-stay_open", "True", "-@", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def close(self) -> None:
        """End its process."""
        self._process.kill()
        self._process.communicate()

    def problems(self, files: Files) -> list[str]:
        """Variants of another type or size than they should have, and those that keep an orientation or a place."""
        found = {told["SourceFile"]: told for told in self._ask(["-json", "-n", *_TAGS, *map(str, files)])}
        return [
            f"exiftool: {one.format}: {why}" for path, one in files.items() for why in _untold(one, found[str(path)])
        ]

    def _ask(self, arguments: list[str]) -> list[dict[str, Any]]:
        self._pipe("stdin").write("\n".join([*arguments, "-execute\n"]))
        self._pipe("stdin").flush()
        told: list[dict[str, Any]] = json.loads("".join(iter(self._pipe("stdout").readline, f"{_READY}\n")))
        return told

    def _pipe(self, name: str) -> Any:  # noqa: ANN401  Popen's type does not say that it was given pipes
        return getattr(self._process, name)


def _untold(one: EncodedVariant, told: dict[str, Any]) -> Iterator[str]:
    if told.get("MIMEType") not in {OUTPUTS[one.format].media_type, _MOVING_PNG if one.animated else ""}:
        yield f"it is {told.get('MIMEType')}"
    if (told.get("ImageWidth"), told.get("ImageHeight")) != (one.width, one.height):
        yield f"{told.get('ImageWidth')} x {told.get('ImageHeight')} instead of {one.width} x {one.height}"
    if told.get("Orientation", 1) != 1:
        yield f"it keeps orientation {told['Orientation']}"
    if "GPSPosition" in told:
        yield "it keeps a place"
