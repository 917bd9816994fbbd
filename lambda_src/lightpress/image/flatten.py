"""Transparency: dropped where nothing shows through, put on a background where a format cannot hold it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from lightpress.image.job import Job
    from lightpress.image.picture import Picture

_OPAQUE = (255, 255)


def without_idle_alpha(picture: Picture, _: Job) -> Picture:
    """Drop an alpha channel that is opaque everywhere: it costs bytes in every variant and shows nothing."""
    image = picture.image
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == _OPAQUE:
        return replace(picture, image=image.convert("RGB"))
    return picture


def flatten(image: Image.Image, background: str, profile: bytes = b"") -> Image.Image:
    """Put a see-through picture on `background` (`#rrggbb`), which looks the same in the picture's color space.

    profile: of Display P3 where the picture is in that; empty for sRGB.
    """
    if image.mode != "RGBA":
        return image
    flat = Image.new("RGB", (1, 1), background)
    if profile:
        from lightpress.image.wide_gamut import in_display_p3  # noqa: PLC0415  few pictures are

        flat = in_display_p3(flat)
    flat = flat.resize(image.size)
    flat.paste(image, mask=image.getchannel("A"))
    return flat
