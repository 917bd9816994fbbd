"""PNG files that are decoded past Pillow: to its very pixels, and not at all where anything is odd about them."""

from __future__ import annotations

import io
import os
import random
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, UnidentifiedImageError

from lightpress.image.pixel_library import pixel_library
from lightpress.image.quick_png import fill_quickly
from tools.drawing import file_of, plain, png_chunk, speckled
from tools.native.build import LIBRARIES

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(
    pixel_library() is None or sys.platform != "linux", reason="the pixel library is for Linux on x86-64 and arm64"
)

_COLOR_TYPES = {"L": 0, "RGB": 2, "RGBA": 6}
_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}
_FILTERS = range(5)


class Seen(NamedTuple):
    """What came of a file: its pixels and what was read beside them, or what was raised."""

    pixels: bytes
    info: dict[str | tuple[int, int], Any]
    raised: str


def rows(mode: str, size: tuple[int, int], filters: list[int], seed: int) -> bytes:
    """Filtered rows: any bytes are, since whatever a filter is undone from is a picture."""
    draw = random.Random(seed)  # noqa: S311  not for security
    length = size[0] * _CHANNELS[mode]
    made = []
    for row in range(size[1]):  # of any levels, or of one: what is predicted is far from the sample, or near it
        made.append(bytes([filters[row % len(filters)]]))
        made.append(draw.randbytes(length) if draw.random() < 0.5 else bytes([row % 7]) * length)
    return b"".join(made)


def png(mode: str, size: tuple[int, int], compressed: bytes, chunk: int, behind: bytes = b"") -> bytes:
    """A file of these compressed rows, in chunks of so many bytes. behind: chunks between the pixels and the end."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, _COLOR_TYPES[mode], 0, 0, 0))
    parts = (png_chunk(b"IDAT", compressed[at : at + chunk]) for at in range(0, max(1, len(compressed)), chunk))
    return b"".join((b"\x89PNG\r\n\x1a\n", header, *parts, behind, png_chunk(b"IEND", b"")))


def seen(data: bytes, *, quickly: bool) -> Seen:
    """The picture as Pillow alone decodes it, or with the pixels filled in first."""
    try:
        opened = Image.open(io.BytesIO(data))
        if quickly:
            fill_quickly(opened, data)
        opened.load()
    except UnidentifiedImageError:
        return Seen(b"", {}, "unidentified")
    except (OSError, SyntaxError, ValueError) as error:
        return Seen(b"", {}, f"{type(error).__name__}: {error}")
    return Seen(opened.tobytes(), opened.info, "")


def is_filled(data: bytes) -> bool:
    """Whether nothing is left to Pillow's decoder."""
    opened = Image.open(io.BytesIO(data))
    before = opened.tile[0].codec_name
    fill_quickly(opened, data)
    assert before == "zip"
    return opened.tile[0].codec_name != "zip"


def _whole(mode: str = "RGB", size: tuple[int, int] = (60, 50)) -> bytes:
    return rows(mode, size, [4, 3, 2, 1, 0], 3)


def _flipped(compressed: bytes, at: int) -> bytes:
    return compressed[:at] + bytes([compressed[at] ^ 0x40]) + compressed[at + 1 :]


_PACKED = zlib.compress(_whole())


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(_COLOR_TYPES)),
    st.tuples(st.integers(1, 70), st.integers(1, 40)),
    st.lists(st.sampled_from(_FILTERS), min_size=1, max_size=6),
    st.integers(1, 5_000),
    st.integers(0, 2**32),
)
@example("RGB", (1, 1), [4], 1, 0).via("nothing above and nothing before it")
@example("RGBA", (3, 3), [3], 1, 0).via("chunks of one byte")
@example("L", (70, 40), [4, 3], 5_000, 1).via("one chunk")
@example("RGB", (700, 600), [4, 1, 2, 3, 0], 8_192, 2).via("more than is inflated at once")
def test_every_filter_is_undone_to_the_very_pixels_of_pillow(
    mode: str, size: tuple[int, int], filters: list[int], chunk: int, seed: int
) -> None:
    data = png(mode, size, zlib.compress(rows(mode, size, filters, seed), 1), chunk)
    assert is_filled(data)
    assert seen(data, quickly=True) == seen(data, quickly=False)


def test_a_picture_of_12_megapixels_and_one_chunk_is_decoded_alike() -> None:
    size = (4_000, 3_000)
    data = png("RGB", size, zlib.compress(rows("RGB", size, [4, 4, 2], 1), 1), 1 << 30)
    assert is_filled(data)
    assert seen(data, quickly=True).pixels == seen(data, quickly=False).pixels


def test_what_follows_the_pixels_is_read_as_before() -> None:
    exif = Image.Exif()
    exif[0x8298] = "somebody"
    behind = png_chunk(b"eXIf", exif.tobytes()[6:]) + png_chunk(b"tEXt", b"Copyright\0somebody")
    data = png("RGB", (60, 50), _PACKED, 100, behind)
    assert is_filled(data)
    result = seen(data, quickly=True)
    assert result == seen(data, quickly=False)
    assert result.info["Copyright"] == "somebody"
    assert "exif" in result.info


@pytest.mark.parametrize(
    "data",
    [
        file_of(speckled((300, 200)).quantize(16, method=Image.Quantize.FASTOCTREE)),
        file_of(Image.new("I;16", (300, 200), 40_000)),
        file_of(Image.new("1", (300, 200), 1)),
        file_of(Image.new("LA", (300, 200), (1, 2))),
        file_of(plain(size=(300, 200)), save_all=True, append_images=[plain((1, 2, 3), (300, 200))]),
    ],
    ids=["of a palette", "of 16 bits", "of 1 bit", "gray with transparency", "moving"],
)
def test_other_kinds_are_left_to_pillow(data: bytes) -> None:
    assert not is_filled(data)
    assert seen(data, quickly=True) == seen(data, quickly=False)


def test_without_isa_l_pillow_decodes_and_no_picture_is_to_blame() -> None:
    script = (
        "import io, sys; sys.modules['isal'] = None; from PIL import Image;"
        "from lightpress.image.render import render; from lightpress.image.spec import Size, Spec;"
        "data = io.BytesIO(); Image.new('RGB', (40, 30), (9, 8, 7)).save(data, 'PNG');"
        "made = render(data.getvalue(), Spec((Size('s', width=20),), ('png',)));"
        "print(Image.open(io.BytesIO(next(iter(made.variants)).data)).convert('RGB').getpixel((3, 3)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(LIBRARIES.parents[1])}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (said.stdout, said.stderr) == ("(9, 8, 7)\n", "")


def test_an_interlaced_picture_is_left_to_pillow() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 1))
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0\1\2\3"))
    data = b"".join((b"\x89PNG\r\n\x1a\n", header, pixels, png_chunk(b"IEND", b"")))
    assert not is_filled(data)
    assert seen(data, quickly=True) == seen(data, quickly=False) == Seen(b"\1\2\3", {"interlace": 1}, "")


@pytest.mark.parametrize(
    "compressed",
    [
        _PACKED[:-1],
        _PACKED[: len(_PACKED) // 2],
        b"",
        _flipped(_PACKED, len(_PACKED) // 2),
        _flipped(_PACKED, len(_PACKED) - 1),
        _flipped(_PACKED, 0),
        zlib.compress(_whole()[:-1]),
        zlib.compress(_whole() + b"\0"),
        zlib.compress(_whole() + _whole()),
        zlib.compress(b"\5" + _whole()[1:]),
        zlib.compress(_whole()[: 181 * 49] + b"\xff" + _whole()[181 * 49 + 1 :]),
    ],
    ids=[
        "cut by a byte", "cut in half", "empty", "changed amid", "of another checksum", "of another method",
        "a byte too few", "a byte too many", "twice as many rows", "a filter that there is not",
        "such a filter in the last row",
    ],
)  # fmt: skip
@pytest.mark.parametrize("chunk", [7, 1 << 30])
def test_of_a_file_that_is_not_whole_comes_what_pillow_says(compressed: bytes, chunk: int) -> None:
    data = png("RGB", (60, 50), compressed, chunk)
    assert not is_filled(data)
    assert seen(data, quickly=True) == seen(data, quickly=False)


@settings(max_examples=400)
@given(st.integers(0, 2**32), st.sampled_from(["flip", "cut", "drop", "repeat"]))
def test_of_every_damage_comes_what_pillow_says(seed: int, kind: str) -> None:
    draw = random.Random(seed)  # noqa: S311  not for security
    mode = draw.choice(sorted(_COLOR_TYPES))
    data = png(mode, (31, 23), zlib.compress(rows(mode, (31, 23), [*_FILTERS], seed)), draw.choice([50, 1 << 20]))
    at = draw.randrange(40, len(data))  # its header is read by Pillow either way
    damage: dict[str, Callable[[], bytes]] = {
        "flip": lambda: data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :],
        "cut": lambda: data[:at],
        "drop": lambda: data[:at] + data[at + draw.randrange(1, 9) :],
        "repeat": lambda: data[:at] + data[at - draw.randrange(1, 9) :],
    }
    damaged = damage[kind]()
    assert seen(damaged, quickly=True) == seen(damaged, quickly=False)
