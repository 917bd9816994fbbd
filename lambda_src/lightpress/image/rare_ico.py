"""The picture of an icon file that browsers show: of the largest, the one with the most colors.

Pillow takes the one with the fewest, and forgets what a PNG in it says of see-through colors.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

_WITHOUT_ALPHA = {"1", "L", "P", "RGB"}


def open_ico(data: bytes) -> Image.Image:
    """Open the file with Pillow, at its best picture."""
    opened: Any = Image.open(io.BytesIO(data), formats=("ICO",))
    entries = opened.ico.entry
    best = max(entries, key=lambda entry: (entry.square, entry.color_depth))
    if best != entries[0]:
        entries.remove(best)
        entries.insert(0, best)
        _show(opened, opened.ico.frame(0))
    elif "transparency" in (picture := opened.ico.frame(0)).info:
        _show(opened, picture)
    return opened  # type: ignore[no-any-return]


def _show(opened: Any, picture: Image.Image) -> None:  # noqa: ANN401  an icon file of Pillow's
    """Replace what Pillow has read as it opened the file."""
    picture.load()
    opened.im = picture.im  # and no longer in memory what was there
    if "transparency" in picture.info and picture.mode in _WITHOUT_ALPHA:
        picture = picture.convert("RGBA")
    opened.im, opened._mode, opened._size = picture.im, picture.mode, picture.size  # noqa: SLF001  as its own does
    opened.palette = picture.palette
