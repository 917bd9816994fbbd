"""Prints the share of subjects that crops keep: `python -m tools.focus`. Installs pyvips once, as `make bench` does."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.cdk.readiness import PROJECT
from lightpress.image.focus import focus_of
from tools.focus import CENTRE, RATIOS, kept_by, share_kept
from tools.focus.scenes import scenes
from tools.peers.install import install

if TYPE_CHECKING:
    from tools.focus.scenes import Scene

_COUNT = 300
_SETS = {"not used for tuning": (True, 2), "used for tuning": (False, 1)}
# For each file and each ratio: left and top of the crop that libvips chooses by attention, and its size.
_VIPS = """
import json, sys
import pyvips
found = []
for path in sys.argv[2:]:
    image = pyvips.Image.new_from_file(path)
    crops = []
    for ratio in json.loads(sys.argv[1]):
        width, height = min(image.width, round(image.height * ratio)), min(image.height, round(image.width / ratio))
        crop = image.smartcrop(width, height, interesting="attention")
        left, top = -crop.xoffset, -crop.yoffset
        crops.append([left, top, left + width, top + height])
    found.append(crops)
print(json.dumps(found))
"""


def main() -> None:
    """Print a table for docs/decisions/0088."""
    python = str(install(PROJECT / ".local" / "bench" / "peers", _say).python)
    rows = ["| scenes | ratio | auto | libvips, attention | middle |", "|---|---|---:|---:|---:|"]
    for name, (held_out, seed) in _SETS.items():
        drawn = scenes(_COUNT, held_out=held_out, seed=seed)
        began = time.process_time()
        found = [focus_of(scene.image) for scene in drawn]
        milliseconds = (time.process_time() - began) / len(drawn) * 1000
        _say(f"{milliseconds:.0f} ms of CPU for each picture")
        vips = _by_attention(drawn, python)
        for at, (words, ratio) in enumerate(RATIOS.items()):
            ours = statistics.fmean(kept_by(scene, ratio, point) for scene, point in zip(drawn, found, strict=True))
            theirs = statistics.fmean(share_kept(scene, crops[at]) for scene, crops in zip(drawn, vips, strict=True))
            middle = statistics.fmean(kept_by(scene, ratio, CENTRE) for scene in drawn)
            rows.append(f"| {_COUNT} {name} | {words} | {ours:.1%} | {theirs:.1%} | {middle:.1%} |")
    _say("\n".join(rows))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _by_attention(drawn: list[Scene], python: str) -> list[list[tuple[int, int, int, int]]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(len(drawn))]
        for path, scene in zip(paths, drawn, strict=True):
            scene.image.save(path)
        command = [python, "-c", _VIPS, json.dumps(list(RATIOS.values())), *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [[(one[0], one[1], one[2], one[3]) for one in crops] for crops in json.loads(done.stdout)]


if __name__ == "__main__":
    main()
