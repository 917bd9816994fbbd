"""Pillow as most scripts call it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import PIL
from answering import at_width, serve
from PIL import Image, ImageCms, ImageOps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EXTENSIONS = {"jpeg": "jpg", "webp": "webp", "avif": "avif"}
_ANY = 1_000_000
_QUARTER_TURNS = {5, 6, 7, 8}
_ORIENTATION = 0x0112


def to_png(data: bytes) -> bytes:
    """The whole picture: upright, eight bits per channel, and what `save` keeps by itself (the color profile)."""
    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened)
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def to_variants(data: bytes, widths: Sequence[int], formats: Mapping[str, Any]) -> dict[str, bytes]:
    """Every width in every format: `thumbnail` once per width, and `save` with little more than a quality."""
    made = {}
    for width in widths:
        opened = Image.open(io.BytesIO(data))
        box = (_ANY, width) if opened.getexif().get(_ORIENTATION) in _QUARTER_TURNS else (width, _ANY)
        opened.thumbnail(box)
        image = ImageOps.exif_transpose(opened).convert("RGB")
        if profile := image.info.get("icc_profile"):
            image = _to_srgb(image, profile)
        for name, options in formats.items():
            buffer = io.BytesIO()
            image.save(buffer, name, **at_width(options, width))
            made[f"{width}.{_EXTENSIONS[name]}"] = buffer.getvalue()
    return made


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    )
    if converted is None:
        raise ValueError("the picture was converted in place")
    converted.info.pop("icc_profile", None)
    return converted


if __name__ == "__main__":
    serve(f"Pillow {PIL.__version__}", to_png, to_variants)
