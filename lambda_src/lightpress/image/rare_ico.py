"""The picture of an icon file that browsers show: of the largest, the one with the most colors.

Pillow takes the one with the fewest.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def open_ico(data: bytes) -> Image.Image:
    """Open the file with Pillow, at its best picture."""
    opened: Any = Image.open(io.BytesIO(data), formats=("ICO",))
    entries = opened.ico.entry
    best = max(entries, key=lambda entry: (entry.square, entry.color_depth))
    if best != entries[0]:
        entries.remove(best)
        entries.insert(0, best)
        _show(opened, opened.ico.frame(0))
    return opened  # type: ignore[no-any-return]


def _show(opened: Any, picture: Image.Image) -> None:  # noqa: ANN401  an icon file of Pillow's
    """Replace what Pillow has read as it opened the file."""
    picture.load()
    opened.im, opened._mode, opened._size = picture.im, picture.mode, picture.size  # noqa: SLF001  as its own does
    opened.palette = picture.palette
