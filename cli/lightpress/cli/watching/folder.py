"""What is on the disk: the pictures of a folder, and the recipes file with what lies beside it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.cli.files import File, NoFileError, files_of
from lightpress.image.inputs import READABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_PICTURES = 60
"""So many are shown: each edit of the recipes renders all of them anew."""
PAUSE_SECONDS = 0.4
_SHARE = 0.05
_MOST_BESIDE = 2_000

Stamp = tuple[int, int]
"""Of a file: when it was changed, in nanoseconds, and its bytes."""


@dataclass(frozen=True)
class Found:
    """What was there at one look.

    Attributes:
        pictures: The first of them, and when each was changed, sorted by name.
        passed_over: How many pictures more there are.
        recipes: The recipes file and all files beside it and in its folder `steps`, by path.
    """

    pictures: dict[File, Stamp]
    passed_over: int
    recipes: dict[str, Stamp]


class Looking:
    """Looks at the disk now and then: at most every 0.4 seconds, and for at most 5 % of the time.

    Args:
        folder: With pictures, and all below it.
        recipes: The recipes file.
    """

    def __init__(self, folder: Path, recipes: Path) -> None:
        self._folder, self._recipes = folder, recipes
        self._next = 0.0

    @property
    def pause(self) -> float:
        """Seconds until the next look is due."""
        return max(0.0, self._next - time.monotonic())

    def look(self) -> Found:
        """What is there now."""
        began = time.monotonic()
        try:
            files = files_of([str(self._folder)], formats=READABLE, skipped=lambda _: None)
        except (NoFileError, OSError):
            files = []
        pictures = {file: stamp for file in files[:MOST_PICTURES] if file.path and (stamp := _stamp(file.path))}
        found = Found(pictures, max(0, len(files) - MOST_PICTURES), dict(self._beside()))
        took = time.monotonic() - began
        self._next = time.monotonic() + max(PAUSE_SECONDS, took / _SHARE)
        return found

    def _beside(self) -> Iterator[tuple[str, Stamp]]:
        for folder in (self._recipes.parent, self._recipes.parent / "steps"):
            try:
                with os.scandir(folder) as entries:
                    names = sorted(entry.path for entry in islice(entries, _MOST_BESIDE) if entry.is_file())
            except OSError:
                continue
            for name in names:
                if stamp := _stamp(Path(name)):
                    yield name, stamp


def _stamp(path: Path) -> Stamp | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size
