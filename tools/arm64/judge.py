"""Whether what arm64 made is what this machine makes: opened here, by this machine's decoders."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from math import dist
from typing import TYPE_CHECKING, Any

from PIL import Image

from tools.arm64.jobs import FACE_AT, FACES, TOO_LITTLE_CPU, TOO_LITTLE_MEMORY
from tools.drawing import mean_difference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# In levels of 255. Encoders round differently on other processors; a wrong picture is tens of levels away.
MOST_DIFFERENCE = 2.0
# As a share of the picture's width and height.
_NEAR = 0.04


@dataclass(frozen=True)
class Verdict:
    """Of one job. said: what came out, for people. wrong: what is not as it must be; "" is nothing."""

    name: str
    said: str
    wrong: str = ""
    seconds: float = 0.0


def judged(
    name: str, there: Mapping[str, Any] | None, here: Mapping[str, Any], folder: Path, *, emulated: bool
) -> Verdict:
    """Compare the result of a job on arm64 with that of this machine, whose files are in `folder`/arm64 and /here."""
    if there is None:
        return Verdict(name, "", "it ended before this job was done")
    seconds = float(there["seconds"])
    if name == TOO_LITTLE_MEMORY and emulated:
        return Verdict(name, "not shown: an emulator does not limit memory", "", seconds)
    if name in {TOO_LITTLE_MEMORY, TOO_LITTLE_CPU}:
        return Verdict(name, _outcome(there), _unlike(_outcome(there), _outcome(here)), seconds)
    if "variants" not in there or "variants" not in here:
        return Verdict(name, _outcome(there), "there are no variants", seconds)
    verdict = _compared(name, there["variants"], here["variants"], folder, seconds)
    if name != FACES or verdict.wrong:
        return verdict
    found = there["focus"] is not None and dist(there["focus"], FACE_AT) < _NEAR
    return replace(verdict, wrong="" if found else f"the face is at {FACE_AT}, and found at {there['focus']}")


def judged_library(status: int, printed: str, seconds: float) -> Verdict:
    """What `guest.library` counted, by what its process printed."""
    name = "pixel library"
    last = printed.strip().rpartition("\n")[2]
    if status != 0 or not last.startswith("{"):
        return Verdict(name, f"it ended with {status}", printed[-1_500:] or "it said nothing", seconds)
    counted = json.loads(last)
    said = f"{counted['same']} of {counted['of']} pictures to the byte as by Pillow"
    if counted["same"] < 0:
        return Verdict(name, "", "it cannot be loaded", seconds)
    return Verdict(name, said, "" if counted["same"] == counted["of"] else "all must be", seconds)


def _outcome(result: Mapping[str, Any]) -> str:
    """How it ended, without the words of the machine."""
    if "rejected" in result:
        return f"rejected: {result['rejected']}"
    return "lost" if "lost" in result else "published"


def _unlike(there: str, here: str) -> str:
    return "" if there == here else f"this machine: {here}"


def _compared(
    name: str, there: list[dict[str, Any]], here: list[dict[str, Any]], folder: Path, seconds: float
) -> Verdict:
    shapes = [[(one["format"], one["width"], one["height"]) for one in made] for made in (there, here)]
    if shapes[0] != shapes[1]:
        return Verdict(name, str(shapes[0]), f"this machine makes {shapes[1]}", seconds)
    pairs = [
        (folder / "arm64" / one["file"], folder / "here" / other["file"])
        for one, other in zip(there, here, strict=True)
    ]
    difference = max((_difference(*pair) for pair in pairs), default=0.0)
    same = sum(one.read_bytes() == other.read_bytes() for one, other in pairs)
    formats = ", ".join(dict.fromkeys(one["format"] for one in there)) or "left alone"
    said = f"{len(pairs)} files: {formats}; {same} to the byte" if pairs else formats
    wrong = f"{difference:.1f} levels from this machine's" if difference > MOST_DIFFERENCE else ""
    return Verdict(name, f"{said}; difference {difference:.2f}", wrong, seconds)


def _difference(one: Path, other: Path) -> float:
    """The largest mean difference of any frame, in levels; 255 where there are not as many, or not of the same size."""
    with Image.open(one) as there, Image.open(other) as here:
        frames = getattr(there, "n_frames", 1)
        if frames != getattr(here, "n_frames", 1) or there.size != here.size:
            return 255.0
        worst = 0.0
        for frame in range(frames):
            there.seek(frame)
            here.seek(frame)
            worst = max(worst, mean_difference(there, here))
        return worst
