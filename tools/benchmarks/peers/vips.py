"""libvips as its best users run it: one decode by `thumbnail`, then each size from the largest, one thread."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips
from answering import answer_all

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXTENSIONS = {"jpeg": "jpg", "webp": "webp", "avif": "avif"}
_ANY_HEIGHT = 10_000_000
_SETTINGS = json.loads(sys.argv[1])


def render(data: bytes, widths: Sequence[int]) -> dict[str, bytes]:
    """Every width in every format."""
    whole = pyvips.Image.thumbnail_buffer(
        data, max(widths), height=_ANY_HEIGHT, size="down", output_profile="srgb"
    ).copy_memory()
    made = {}
    for width in (each for each in widths if each <= whole.width):
        image = whole if width == whole.width else whole.thumbnail_image(width, height=_ANY_HEIGHT).copy_memory()
        for name, options in _SETTINGS.items():
            extension = _EXTENSIONS[name]
            made[f"{width}.{extension}"] = image.write_to_buffer(f".{extension}", keep="none", **options)
    return made


if __name__ == "__main__":
    pyvips.cache_set_max(0)
    answer_all(render)
