"""Each variant is opened again before it leaves: it is what it says it is, or it is not published."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.codecs import load_codecs

if TYPE_CHECKING:
    from lightpress.image.outputs import Output
    from lightpress.image.spec import Pixels


class EncoderMismatch(Exception):
    """An encoder gave something else than it was asked for."""


ONE_IN = 64
"""Of so many encoded variants, one is decoded in full; chosen by its bytes, so that the same file is treated alike."""


def checked(data: bytes, output: Output, pixels: Pixels) -> bytes:
    """The same bytes; raises EncoderMismatch where they do not open as `output` with so many pixels.

    Of most variants only the header is read: decoding every one would cost a third of encoding it. What is published
    without being encoded anew is always decoded in full (`original`).
    """
    if not output.by_default:
        load_codecs((output.name,))
    try:
        with Image.open(io.BytesIO(data), formats=(output.pillow,)) as opened:
            found = opened.size
            if zlib.crc32(data) % ONE_IN == 0:
                opened.load()
    except Exception as error:
        raise EncoderMismatch(f"{len(data)} bytes that should be {output.name} cannot be opened: {error}") from error
    if found != pixels:
        raise EncoderMismatch(f"{output.name} of {found} pixels where {tuple(pixels)} were asked for")
    return data
