"""The frames of GIF and APNG files: parts of the canvas, each cut out of the file as a still picture of its own.

Pillow puts frames together itself, but not as browsers do: a GIF's "dispose to background" becomes a color where it
should become see-through, a disposal is kept for frames that name none, and an APNG without alpha is cleared to black.
So Pillow only decodes here, and `animate` puts together. Reading stops with the first frame too many: the number that a
header claims is never believed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from itertools import count, takewhile
from typing import TYPE_CHECKING, NamedTuple

from lightpress.image.gif import EXTENSION, IMAGE, color_table_bytes
from lightpress.image.png import PNG_SIGNATURE, CutShortError, png_chunk, png_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONTROL_HEADER = b"\xf9\x04"
_NO_CONTROL = bytes(4)
_ANIMATION, _FRAME = b"acTL", b"fcTL"
_ANIMATION_LENGTH, _ONE_FRAME = 8, b"\0\0\0\1"


class Box(NamedTuple):
    """A part of the canvas, in pixels from the canvas's top left corner.

    Attributes:
        left: The first column.
        top: The first row.
        right: The column behind the last.
        bottom: The row behind the last.
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def pixels(self) -> int:
        """The number of pixels in it."""
        return (self.right - self.left) * (self.bottom - self.top)


class After(Enum):
    """What becomes of a patch before the next is drawn."""

    KEEP = auto()
    CLEAR = auto()
    RESTORE = auto()


@dataclass(frozen=True, slots=True)
class Patch:
    """One frame of an animation, as its file stores it.

    Attributes:
        box: Where it is drawn.
        milliseconds: How long it is shown.
        after: What becomes of it before the next one is drawn.
        over: Whether it is blended over what is there; otherwise it replaces that, transparency included.
        still: Makes a file of the same format with this frame alone.
    """

    box: Box
    milliseconds: int
    after: After
    over: bool
    still: Callable[[], bytes]


# Numbers 1 and 4 to 7 of a GIF mean to keep it, or mean nothing.
_GIF_AFTER = {2: After.CLEAR, 3: After.RESTORE}
_PNG_AFTER = {0: After.KEEP, 1: After.CLEAR, 2: After.RESTORE}


def gif_patches(data: bytes) -> Iterator[Patch]:
    """Walk the blocks of a GIF; where neither an image nor an extension follows, it ends, as it does for browsers.

    Raises CutShortError behind the last whole frame of a file that is cut short.
    """
    at = 13 + color_table_bytes(data[10])
    palette = (data[10], data[13:at])
    control = _NO_CONTROL
    while at < len(data) and data[at] in {EXTENSION, IMAGE}:
        if data[at] == EXTENSION:
            if data[at + 1 : at + 3] == _CONTROL_HEADER:
                control = data[at + 3 : at + 7]
            at = _after_blocks(data, at + 2)
        else:
            if at + 11 > len(data):
                raise CutShortError("it ends within a frame")
            end = _after_blocks(data, at + 11 + color_table_bytes(data[at + 9]))
            yield _gif_patch(palette, control, memoryview(data)[at:end])
            at, control = end, _NO_CONTROL


def _gif_patch(palette: tuple[int, bytes], control: bytes, image: memoryview) -> Patch:
    left, top, width, height = struct.unpack_from("<4H", image, 1)
    flags, hundredths = struct.unpack_from("<BH", control)
    return Patch(
        box=Box(left, top, left + width, top + height),
        milliseconds=hundredths * 10,
        after=_GIF_AFTER.get(flags >> 2 & 7, After.KEEP),
        over=True,
        still=partial(_gif_still, palette, control, image),
    )


def _gif_still(palette: tuple[int, bytes], control: bytes, image: memoryview) -> bytes:
    flags, colors = palette
    screen = bytes(image[5:9]) + bytes((flags, 0, 0))
    see_through = b"\x21\xf9\x04" + control + b"\0"
    return b"".join((b"GIF89a", screen, colors, see_through, b"\x2c\0\0\0\0", image[5:], b";"))


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    if at >= len(data):
        raise CutShortError("it ends within a frame")
    return at + 1


class BrokenSequenceError(ValueError):
    """The frames of an APNG contradict each other; the picture for viewers that know no APNG may be sound."""


def is_apng(data: bytes) -> bool:
    """Whether a PNG announces frames, other than one that is the picture itself."""
    opening = _before_pixels(data)
    announced = bytes(opening.get(_ANIMATION, b""))
    return len(announced) >= _ANIMATION_LENGTH and (
        announced[:4] > _ONE_FRAME or (announced[:4] == _ONE_FRAME and _FRAME not in opening)
    )


def _before_pixels(data: bytes) -> dict[bytes, memoryview]:
    return {chunk.kind: chunk.body for chunk in takewhile(lambda chunk: chunk.kind != b"IDAT", png_chunks(data))}


def png_patches(data: bytes) -> Iterator[Patch]:
    """Walk the chunks of an APNG. A picture without a frame control, meant for old viewers, is not shown.

    Raises BrokenSequenceError behind the last frame that is one of those that were announced, CutShortError behind the
    last whole frame of a file that is cut short, ValueError where the file is damaged.
    """
    opening = _before_pixels(data)
    (frames,) = struct.unpack_from(">I", opening[_ANIMATION])
    numbered = count()
    control, parts = memoryview(b""), list[memoryview]()
    for kind, body, _ in png_chunks(data):
        if kind in {_FRAME, b"IEND"} and control:
            if not parts:
                raise BrokenSequenceError("a frame has no pixels")
            yield _png_patch(opening, control, tuple(parts))
            frames -= 1
        if frames == 0:
            return
        if kind in {_FRAME, b"fdAT"}:
            _check_order(body, numbered)
        if kind == _FRAME:
            control, parts = body, []
        elif kind in {b"IDAT", b"fdAT"}:
            parts.append(body[4:] if kind == b"fdAT" else body)
        if kind == b"IEND":
            raise BrokenSequenceError(f"{frames} of its frames are missing")
    if control:
        raise CutShortError("it ends within its frames")


def _check_order(body: memoryview, numbered: Iterator[int]) -> None:
    if struct.unpack_from(">I", body) != (next(numbered),):
        raise BrokenSequenceError("its frames are out of order")


def _png_patch(opening: dict[bytes, memoryview], control: memoryview, parts: tuple[memoryview, ...]) -> Patch:
    header = opening[b"IHDR"]
    width, height, left, top, shown, per_second, after, blend = struct.unpack_from(">4I2H2B", control, 4)
    box = Box(left, top, left + width, top + height)
    if not (
        width
        and height
        and box.right <= int.from_bytes(header[:4], "big")
        and box.bottom <= int.from_bytes(header[4:8], "big")
    ):
        raise ValueError("a frame lies outside of the picture")
    return Patch(
        box=box,
        milliseconds=round(1000 * shown / (per_second or 100)),
        after=_PNG_AFTER[after],
        over=blend == 1,
        still=partial(_png_still, opening | {b"IHDR": memoryview(control[4:12].tobytes() + header[8:])}, parts),
    )


def _png_still(opening: dict[bytes, memoryview], parts: tuple[memoryview, ...]) -> bytes:
    kept = b"".join(png_chunk(kind, opening[kind]) for kind in (b"IHDR", b"PLTE", b"tRNS") if kind in opening)
    return PNG_SIGNATURE + kept + png_chunk(b"IDAT", b"".join(parts)) + png_chunk(b"IEND", b"")
