"""libvips as a careful user calls it, on one thread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips
from answering import at_width, serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EXTENSIONS = {"jpeg": "jpg", "webp": "webp", "avif": "avif"}
_ANY_HEIGHT = 10_000_000


def to_png(data: bytes) -> bytes:
    """The whole picture: upright, in sRGB by the embedded profile, and strict about damage.

    Not by `thumbnail`, which would be shorter: at full size it takes the smaller picture of some TIFF files, and it
    drops `fail_on`, so that a missing codec ends in a black picture.
    """
    image = pyvips.Image.new_from_buffer(data, "", fail_on="error").autorot()
    made: bytes = _to_srgb(image).colourspace("srgb").write_to_buffer(".png", keep="none")
    return made


def _to_srgb(image: pyvips.Image) -> pyvips.Image:
    """Converted where there is a profile; 16 bits per channel stay 16."""
    if not image.get_typeof("icc-profile-data"):
        return image
    try:
        return image.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True)
    except pyvips.Error:
        return image  # the profile is unusable


def to_variants(data: bytes, widths: Sequence[int], formats: Mapping[str, Any]) -> dict[str, bytes]:
    """Every width in every format: one decode by `thumbnail`, then each width from the largest."""
    whole = pyvips.Image.thumbnail_buffer(
        data, max(widths), height=_ANY_HEIGHT, size="down", output_profile="srgb"
    ).copy_memory()
    made = {}
    for width in (each for each in widths if each <= whole.width):
        image = whole if width == whole.width else whole.thumbnail_image(width, height=_ANY_HEIGHT).copy_memory()
        for name, options in formats.items():
            extension = _EXTENSIONS[name]
            made[f"{width}.{extension}"] = image.write_to_buffer(
                f".{extension}", keep="none", **at_width(options, width)
            )
    return made


if __name__ == "__main__":
    pyvips.cache_set_max(0)
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    serve(f"pyvips {pyvips.__version__}, libvips {version}", to_png, to_variants)
