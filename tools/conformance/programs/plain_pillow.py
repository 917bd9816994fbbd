"""Pillow as most scripts run it: upright, eight bits a channel, and what `save` keeps by itself (the profile)."""

from __future__ import annotations

import io

import PIL
from answering import answer_all
from PIL import Image, ImageOps


def render(data: bytes) -> bytes:
    """The whole picture as PNG."""
    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened)
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    answer_all(f"Pillow {PIL.__version__}", render)
