"""Opened again before it leaves: a variant is what it says it is, or it is not published."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from lightpress.image.formats import Output
    from lightpress.image.spec import Pixels


class EncoderMismatch(Exception):
    """An encoder gave something else than it was asked for."""


def checked(data: bytes, output: Output, pixels: Pixels) -> bytes:
    """The same bytes; raises EncoderMismatch where they do not open as `output` with so many pixels.

    The header is read, not the pixels: decoding every variant would cost a third of encoding it.
    """
    try:
        with Image.open(io.BytesIO(data), formats=(output.pillow,)) as opened:
            found = opened.size
    except Exception as error:
        raise EncoderMismatch(f"{len(data)} bytes that should be {output.name} cannot be opened: {error}") from error
    if found != pixels:
        raise EncoderMismatch(f"{output.name} of {found} pixels where {tuple(pixels)} were asked for")
    return data
