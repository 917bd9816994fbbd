"""Independent judges: what programs that are not Pillow show of a file. The first that shows it judges.

Chromium, because variants are for browsers; else ImageMagick, else libvips. What they show is kept by the file's
checksum, because it depends on nothing else but their versions.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from PIL import Image

from tools.conformance.engines import Program
from tools.conformance.record import Moves, Shown
from tools.conformance.reference import Seen, on_white
from tools.peers.engines import CHROMIUM, IMAGEMAGICK, LIBVIPS, node_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.conformance.engines import Answer
    from tools.peers.install import Environment

_PROJECT = Path(__file__).resolve().parents[2]
_SECONDS = 60.0
_MEMORY_MB = 4_000
_KEPT = 960
"""Pictures are kept with no more pixels a side: they are compared at 96."""
_NONE = Shown()


@dataclass(frozen=True, slots=True)
class Command:
    """How a judge is started; it can be sent to another process."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]

    def start(self) -> Program:
        """The program, which runs from its first file on."""
        return Program(self.name, self.command, self.environment, _SECONDS, _MEMORY_MB)


class Picture(NamedTuple):
    """What a judge shows of a file. seen: its pixels, reduced; None where no judge shows any."""

    shown: Shown = Shown()
    seen: Seen | None = None

    @property
    def shows_no_pixel(self) -> bool:
        """Whether all of it is see-through, as a browser leaves the area of a file that it cannot read."""
        return self.seen is not None and self.seen.alpha is not None and self.seen.alpha.getextrema() == (0, 0)


def commands(environment: Environment) -> list[Command]:
    """The judges in the order in which they are asked. Chromium is left out where there is none."""
    variables, first = node_path(environment), chromium(environment)
    others = [Command(one.name, tuple(one.command(environment)), variables) for one in (IMAGEMAGICK, LIBVIPS)]
    return [*([first] if first else []), *others]


def chromium(environment: Environment) -> Command | None:
    """The browser that the tests use; None where there is none."""
    found = subprocess.run([_PROJECT / "scripts/find-browser"], capture_output=True, text=True, check=False)
    variables = node_path(environment) | {"CHROMIUM": found.stdout.strip()}
    return Command(CHROMIUM.name, tuple(CHROMIUM.command(environment)), variables) if found.stdout.strip() else None


class Judges:
    """The running judges, and what they have shown before; their processes end with the block."""

    def __init__(self, judges: Sequence[Command], kept: Path) -> None:
        """kept: A folder for pictures, of these versions alone (`kept_in`)."""
        self._judges = [one.start() for one in judges]
        self._kept = kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for judge in self._judges:
            judge.close()

    def picture(self, path: Path) -> Picture:
        """What the first judge shows that shows anything; without a judge's name where none does."""
        name = hashlib.sha256(path.read_bytes()).hexdigest()
        told, png = self._kept / f"{name}.json", self._kept / f"{name}.png"
        if not told.exists():
            shown, image = self._ask(path)
            if image is not None:
                image.save(png, compress_level=1)
            told.write_text(json.dumps(shown.as_json()))
        shown = Shown.from_json(json.loads(told.read_text()))
        if not png.exists():
            return Picture(shown)
        with Image.open(png) as image:
            return Picture(shown, _seen(image))

    def _ask(self, path: Path) -> tuple[Shown, Image.Image | None]:
        for judge in self._judges:
            answer = judge.render(path)
            image = _opened(answer.png) if answer.outcome == "ready" else None
            if image is None:
                continue
            shown = Shown(judge.name, image.width, image.height, _moves(answer))
            return shown, _reduced(image.convert("RGBA"))
        return _NONE, None


def kept_in(folder: Path, versions: Sequence[str]) -> Path:
    """The folder for pictures of judges of these versions; what others have shown is removed."""
    name = hashlib.sha256("\n".join(versions).encode()).hexdigest()[:16]
    for other in folder.glob("*"):
        if other.name != name:
            shutil.rmtree(other)
    (folder / name).mkdir(parents=True, exist_ok=True)
    return folder / name


def _opened(png: bytes) -> Image.Image | None:
    """What a judge has drawn; None where it is more than it can hand over, as of the largest bombs."""
    try:
        return Image.open(io.BytesIO(png))
    except (OSError, Image.DecompressionBombError):
        return None


def _moves(answer: Answer) -> Moves | None:
    return Moves(**answer.more["moves"]) if answer.more.get("moves") else None


def _reduced(image: Image.Image) -> Image.Image:
    factor = max(image.size) / _KEPT
    if factor <= 1:
        return image
    size = (max(1, round(image.width / factor)), max(1, round(image.height / factor)))
    return image.resize(size, Image.Resampling.BOX)


def _seen(image: Image.Image) -> Seen:
    full = image.convert("RGBA")
    alpha = full.getchannel("A")
    return Seen(on_white(full.convert("RGB"), alpha), alpha)
