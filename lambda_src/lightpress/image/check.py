"""Each variant is opened again before it leaves: it is what it says it is, or it is not published."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.codecs import load_codecs
from lightpress.image.container import length_of
from lightpress.image.headers import webp_sizes

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
        found = _size(data, output)
    except Exception as error:
        raise EncoderMismatch(f"{len(data)} bytes that should be {output.name} cannot be opened: {error}") from error
    if found != pixels:
        raise EncoderMismatch(f"{output.name} of {found} pixels where {tuple(pixels)} were asked for")
    return data


def _size(data: bytes, output: Output) -> tuple[int, int]:
    is_decoded = zlib.crc32(data) % ONE_IN == 0
    if output.name == "webp" and not is_decoded:
        return _webp_size(data)
    with Image.open(io.BytesIO(data), formats=(output.pillow,)) as opened:
        if is_decoded:
            opened.load()
        return opened.size


def _webp_size(data: bytes) -> tuple[int, int]:
    """What the header of a WebP says, which Pillow cannot read without room for two canvases of that size."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or length_of(data, "webp") != len(data):
        raise ValueError("it is no WebP, or a part of one")
    return next(webp_sizes(data))
