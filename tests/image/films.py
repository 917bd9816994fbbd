"""Animations, block by block: what Pillow would not write."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from tools.drawing import BLUE, GREEN, PNG_SIGNATURE, RED, png_chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.drawing import Color

CLEAR = (0, 0, 0, 0)
BACK = (200, 200, 40)
"""What a GIF's header names as its background color, and no browser shows."""

PALETTE = (BACK, RED, GREEN, BLUE)
CELL = 16


@dataclass(frozen=True)
class Part:
    """A frame of whole cells: `rows` are lines of letters (r, g, b; . is see-through), `at` the cell to begin at."""

    rows: tuple[str, ...]
    at: tuple[int, int] = (0, 0)
    dispose: int = 0
    over: bool = True
    delay: int = 5

    @property
    def cells(self) -> tuple[int, int]:
        """Width and height."""
        return len(self.rows[0]), len(self.rows)


def cells_of(image: Image.Image, size: tuple[int, int]) -> tuple[str, ...]:
    """What the cells show: the letter of the nearest color, `.` for see-through, `?` for anything else."""
    step = image.width / size[0]
    middles = [[((x + 0.5) * step, (y + 0.5) * step) for x in range(size[0])] for y in range(size[1])]
    rgba = image.convert("RGBA")
    return tuple("".join(_dead_letter(rgba.getpixel((int(x), int(y)))) for x, y in row) for row in middles)


def _dead_letter(color: object) -> str:
    assert isinstance(color, tuple)
    if color[3] < 20:
        return "."
    near = [
        letter
        for letter, known in {"r": RED, "g": GREEN, "b": BLUE, "B": BACK}.items()
        if max(abs(a - b) for a, b in zip(color[:3], known, strict=True)) < 24
    ]
    return near[0] if near and color[3] > 235 else "?"


def played(data: bytes) -> tuple[list[tuple[Image.Image, int]], int]:
    """The frames of a file, each as long as it is shown in milliseconds, and how often it plays."""
    image = Image.open(io.BytesIO(data))
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        image.load()
        frames.append((image.convert("RGBA"), round(image.info.get("duration", 0))))
    return frames, image.info.get("loop", 1)


def gif(size: tuple[int, int], parts: Sequence[Part], *, repeats: int | None = None) -> bytes:
    """A GIF of `size` cells. Delays are in hundredths of a second; `repeats` is what the file says, if it does."""
    width, height = (side * CELL for side in size)
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x81, 0, 0) + b"".join(map(bytes, PALETTE))
    loop = b"" if repeats is None else b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", repeats) + b"\0"
    return head + loop + b"".join(_gif_frame(part) for part in parts) + b";"


def _gif_frame(part: Part) -> bytes:
    left, top, width, height = (number * CELL for number in (*part.at, *part.cells))
    see_through = any("." in row for row in part.rows)
    pixels = [".rgb".index(letter) for row in part.rows for _ in range(CELL) for letter in row for _ in range(CELL)]
    control = struct.pack("<BBHBB", 4, part.dispose << 2 | see_through, part.delay, 0, 0)
    place = struct.pack("<4HB", left, top, width, height, 0)
    return b"\x21\xf9" + control + b"\x2c" + place + b"\x02" + _blocks(_lzw(pixels)) + b"\0"


def _lzw(pixels: Sequence[int]) -> bytes:
    """Uncompressed: a code of three bits for each pixel, and a reset after every second, before codes grow."""
    codes = [code for at in range(0, len(pixels), 2) for code in (4, *pixels[at : at + 2])] + [5]
    bits = sum(code << 3 * place for place, code in enumerate(codes))
    return bits.to_bytes(-(-3 * len(codes) // 8), "little")


def _blocks(data: bytes) -> bytes:
    return b"".join(bytes((len(data[at : at + 255]),)) + data[at : at + 255] for at in range(0, len(data), 255))


def apng(  # noqa: PLR0913  each is a thing a file can say
    size: tuple[int, int],
    parts: Sequence[Part],
    *,
    plays: int = 0,
    hidden: Part | None = None,
    claims: int | None = None,
    color_type: int = 6,
) -> bytes:
    """An APNG of `size` cells. Delays are in hundredths; `hidden` is the picture for viewers that know no APNG."""
    frames = len(parts) if claims is None else claims
    header = struct.pack(">IIBBBBB", size[0] * CELL, size[1] * CELL, 8, color_type, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", header), png_chunk(b"acTL", struct.pack(">II", frames, plays))]
    if color_type == 3:
        chunks.append(png_chunk(b"PLTE", b"".join(map(bytes, PALETTE))))
        chunks.append(png_chunk(b"tRNS", b"\0"))
    if hidden:
        chunks.append(png_chunk(b"IDAT", _rows(hidden, color_type)))
    number = 0
    for part in parts:
        width, height, left, top = (side * CELL for side in (*part.cells, *part.at))
        place = struct.pack(">5I2H2B", number, width, height, left, top, part.delay, 100, part.dispose, part.over)
        chunks.append(png_chunk(b"fcTL", place))
        number += 1
        rows = _rows(part, color_type)
        if number == 1 and not hidden:
            chunks.append(png_chunk(b"IDAT", rows))
            continue
        for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):  # a frame may lie in several chunks
            chunks.append(png_chunk(b"fdAT", struct.pack(">I", number) + half))
            number += 1
    return PNG_SIGNATURE + b"".join(chunks) + png_chunk(b"IEND", b"")


def _rows(part: Part, color_type: int) -> bytes:
    lines = []
    for row in part.rows:
        pixels = b"".join(_pixel(letter, color_type) * CELL for letter in row)
        lines += [b"\0" + pixels] * CELL
    return zlib.compress(b"".join(lines))


def _pixel(letter: str, color_type: int) -> bytes:
    index = ".rgb".index(letter)
    if color_type == 3:
        return bytes((index,))
    color: Color = (*PALETTE[index], 255) if index else CLEAR
    return bytes(color[: 3 if color_type == 2 else 4])
