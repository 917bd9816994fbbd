"""Whether two files show the same, pixel by pixel."""

from __future__ import annotations

import hashlib
import io
from itertools import count
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.inputs import INPUTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# Modes that are compared as they are: their samples are more than eight bits, or no light.
_COMPARED_AS_STORED = {"CMYK", "I", "F"}


def same_pixels(one: bytes, other: bytes, formats: Collection[str]) -> bool:
    """Whether both files decode, to their last frame, to the same pixels.

    formats: the names (of rows in `formats.INPUTS`) of the decoders that may be asked.
    """
    if one == other:
        return True
    parsers = tuple(row.pillow for row in INPUTS if row.name in formats)
    try:
        return _digest(one, parsers) == _digest(other, parsers)
    except Exception:  # noqa: BLE001  Pillow raises nearly anything over damaged data
        return False


def _digest(data: bytes, parsers: tuple[str, ...]) -> bytes:
    """A digest of the pixels as they are shown: a packed PNG may store the same in another mode."""
    digest = hashlib.sha256()
    with Image.open(io.BytesIO(data), formats=parsers) as image:
        for frame in _frames(image):
            digest.update(repr((frame.size, frame.mode, frame.info.get("duration"))).encode())
            digest.update(frame.tobytes())
    return digest.digest()


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    for number in count():
        if number and image.format == "MPO":
            return  # of several pictures in a JPEG file, viewers show the first
        try:
            image.seek(number)
        except EOFError:
            return
        image.load()
        stored = image.mode in _COMPARED_AS_STORED or image.mode.startswith("I;")
        shown = image if stored or image.mode == "RGBA" else image.convert("RGBA")
        yield shown
