"""Pillow as most scripts run it: `thumbnail` once for each size, and `save` with little more than a quality."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

from answering import answer_all
from PIL import Image, ImageCms, ImageOps

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXTENSIONS = {"jpeg": "jpg", "webp": "webp", "avif": "avif"}
_ANY = 1_000_000
_TURNED = {5, 6, 7, 8}
_ORIENTATION = 0x0112
_SETTINGS = json.loads(sys.argv[1])


def render(data: bytes, widths: Sequence[int]) -> dict[str, bytes]:
    """Every width in every format."""
    made = {}
    for width in widths:
        opened = Image.open(io.BytesIO(data))
        box = (_ANY, width) if opened.getexif().get(_ORIENTATION) in _TURNED else (width, _ANY)
        opened.thumbnail(box)
        image = ImageOps.exif_transpose(opened).convert("RGB")
        if profile := image.info.get("icc_profile"):
            image = _to_srgb(image, profile)
        for name, options in _SETTINGS.items():
            buffer = io.BytesIO()
            image.save(buffer, name, **options)
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
    answer_all(render)
