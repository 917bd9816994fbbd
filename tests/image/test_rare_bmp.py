"""BMP files of every kind that browsers show are read as they show them, or refused by name."""

from __future__ import annotations

import contextlib
import random
import struct

import pytest

from lightpress.image.errors import PictureRejected, Reason
from tests.image.bitmaps import ALPHA_BIT_FIELDS, BIT_FIELDS, INFO, RGB, RLE4, RLE8, V3, V4, V5, Masks, bmp, masked
from tests.image.files import damaged
from tools.drawing import distance, only, pixel, spec, summary_of

SIZE = (21, 9)  # an odd width: rows are padded
COLOR = (200, 100, 50, 128)
OPAQUE = (200, 100, 50, 255)


def two_colors(x: int, _y: int) -> tuple[int, int, int, int]:
    return COLOR if x < 10 else (0, 255, 0, 255)


@pytest.mark.parametrize("announced", [256, 300, 305_402_420])
def test_more_colors_than_pixels_can_name_cost_no_picture(announced: int) -> None:
    colors = [(level, 0, 255 - level) for level in range(256)]
    data = bytearray(bmp(SIZE, 8, bytes((200,)) * 24 * 9, colors=colors))
    struct.pack_into("<I", data, 46, announced)
    assert pixel(only(bytes(data)).convert("RGB"), (0.5, 0.5)) == (200, 0, 55)


MASKS: dict[str, tuple[int, Masks]] = {
    "4 bits each": (16, (0xF00, 0xF0, 0xF, 0xF000)),
    "4 bits each, no alpha": (16, (0xF00, 0xF0, 0xF, 0)),
    "5 bits each, 1 of alpha": (16, (0x7C00, 0x3E0, 0x1F, 0x8000)),
    "5 bits each": (16, (0x7C00, 0x3E0, 0x1F, 0)),
    "5, 6 and 5 bits": (16, (0xF800, 0x7E0, 0x1F, 0)),
    "5, 6 and 5 bits, the other way round": (16, (0x1F, 0x7E0, 0xF800, 0)),
    "8 bits each": (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
    "8 bits each, the other way round": (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)),
    "8 bits each, the other way round, no alpha": (32, (0xFF, 0xFF00, 0xFF0000, 0)),
    "8 bits each, upper bytes": (32, (0xFF000000, 0xFF0000, 0xFF00, 0)),
    "10 bits each, 2 of alpha": (32, (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000)),
    "10 bits each": (32, (0x3FF, 0xFFC00, 0x3FF00000, 0)),
    "11, 11 and 10 bits": (32, (0xFFE00000, 0x1FFC00, 0x3FF, 0)),
    "5, 6 and 5 bits of 32": (32, (0xF800, 0x7E0, 0x1F, 0)),
}


def steps(mask: int) -> float:
    """Half the distance of two levels that the mask can hold, in 255ths."""
    lowest = mask & -mask
    return 127.5 / (mask // lowest) if mask else 0


@pytest.mark.sampled(24)
@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize("header", [INFO, V3, V4, V5])
@pytest.mark.parametrize("name", MASKS)
def test_colors_lie_where_the_masks_say(name: str, header: int, top_down: bool) -> None:
    bits, masks = MASKS[name]
    data = bmp(SIZE, bits, masked(SIZE, bits, masks, two_colors), compression=BIT_FIELDS, masks=masks, header=header,
               top_down=top_down)  # fmt: skip
    image = only(data).convert("RGBA")
    has_alpha = masks[3] and header != INFO  # with the smallest header there are three masks
    left = pixel(image, (0.2, 0.5))
    for got, wanted, mask in zip(left, COLOR if has_alpha else OPAQUE, masks, strict=True):
        assert abs(got - wanted) <= (steps(mask) + 1 if mask else 0)
    assert pixel(image, (0.8, 0.5)) == (0, 255, 0, 255)


def test_four_masks_behind_the_smallest_header_count_where_the_header_says_so() -> None:
    bits, masks = MASKS["4 bits each"]
    pixels = masked(SIZE, bits, masks, two_colors)
    image = only(bmp(SIZE, bits, pixels, compression=ALPHA_BIT_FIELDS, masks=masks))
    assert distance(pixel(image, (0.2, 0.5)), COLOR) <= 9


@pytest.mark.parametrize(
    ("header", "masks", "alpha"),
    [
        (INFO, None, 255),
        (V5, None, 255),
        (V4, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), 128),
        (V4, (0xFF0000, 0xFF00, 0xFF, 0xF0000000), 136),
    ],
    ids=["no mask", "a mask of nothing", "a mask", "a mask of four bits"],
)
def test_the_fourth_byte_is_alpha_only_where_a_mask_says_so(header: int, masks: Masks | None, alpha: int) -> None:
    pixels = masked(SIZE, 32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), two_colors)
    image = only(bmp(SIZE, 32, pixels, header=header, masks=masks)).convert("RGBA")
    assert pixel(image, (0.2, 0.5)) == (*COLOR[:3], alpha)


R, G, B, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
PALETTE = (R, G, B, (200, 200, 0))
RUNS = {
    "ends after a row and a half": (RLE8, b"\4\1\0\0\2\2\0\1", [BLACK] * 4 + [B, B, BLACK, BLACK] + [G] * 4),
    "ends at once": (RLE8, b"\0\1", [BLACK] * 12),
    "leaves rows out": (RLE8, b"\4\1\0\0\0\0\4\2\0\1", [B] * 4 + [BLACK] * 4 + [G] * 4),
    "moves": (RLE8, b"\4\1\0\0\1\2\0\2\1\1\2\0\0\1", [BLACK, BLACK, R, R] + [B] + [BLACK] * 3 + [G] * 4),
    "has short rows": (RLE8, b"\2\1\0\0\4\2\0\0\4\0\0\1", [R] * 4 + [B] * 4 + [G, G, BLACK, BLACK]),
    "is too long for its rows": (RLE8, b"\x09\1\0\0\4\2\0\0\4\0\0\1", [R] * 4 + [B] * 4 + [G] * 4),
    "has levels as they are": (RLE8, b"\0\3\1\2\0\0\1\1\0\0\4\2\0\0\4\0\0\1", [R] * 4 + [B] * 4 + [G, B, R, G]),
    "of two levels a byte": (RLE4, b"\4\x12\0\0\0\4\x01\x20\0\0\4\x22\0\1", [B] * 4 + [R, G, B, R] + [G, B, G, B]),
    "has no end and all rows": (RLE8, b"\4\1\0\0\4\2\0\0\4\0", [R] * 4 + [B] * 4 + [G] * 4),
}


@pytest.mark.parametrize("name", RUNS)
def test_run_lengths_are_read_and_what_they_leave_out_is_black(name: str) -> None:
    compression, runs, wanted = RUNS[name]
    data = bmp((4, 3), 8 if compression == RLE8 else 4, runs, compression=compression, colors=PALETTE)
    image = only(data).convert("RGB")
    assert [image.getpixel((x, y)) for y in range(3) for x in range(4)] == wanted


def test_black_is_found_where_a_palette_of_256_has_none() -> None:
    colors = [(255, level, 255) for level in range(256)]
    image = only(bmp((4, 3), 8, b"\4\7\0\1", compression=RLE8, colors=colors)).convert("RGB")
    assert image.getpixel((0, 2)) == (255, 7, 255)
    assert image.getpixel((0, 0)) == BLACK


@pytest.mark.parametrize("top_down", [False, True], ids=["lowest row first", "highest row first"])
def test_run_lengths_that_are_cut_short_show_their_rows(top_down: bool) -> None:
    data = bmp((4, 3), 8, b"\4\1\0\0\4\2", compression=RLE8, colors=PALETTE, top_down=top_down)
    rows = [(G, 255), (B, 255), (BLACK, 0)]
    image = only(data).convert("RGBA")
    assert image.getchannel("A").tobytes()[::4] == bytes(alpha for _, alpha in (rows if top_down else rows[::-1]))
    assert image.getpixel((0, 0 if top_down else 2)) == (*G, 255)


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("top_down", [False, True], ids=["lowest row first", "highest row first"])
def test_the_missing_rows_of_a_bitmap_are_see_through_and_told(bits: int, top_down: bool) -> None:
    masks: Masks | None = {16: (0xF00, 0xF0, 0xF, 0), 32: (0xFF, 0xFF00, 0xFF0000, 0)}.get(bits)
    pixels = masked((8, 8), bits, masks, two_colors) if masks else bytes((0, 255, 0)) * 64
    data = bmp((8, 8), bits, pixels, compression=BIT_FIELDS if masks else RGB, masks=masks, top_down=top_down)
    cut = data[: -len(pixels) // 4 - 1]
    alphas = only(cut).convert("RGBA").getchannel("A").tobytes()
    assert alphas == (b"\xff" * 40 + bytes(24) if top_down else bytes(24) + b"\xff" * 40)
    (note,) = summary_of(cut).notes
    rest = "lowest" if top_down else "upper"
    assert note == f"The file is cut short: the {rest} 38% of the picture is missing, and see-through."
    with pytest.raises(PictureRejected, match="parts of the picture are missing"):
        only(cut, spec(damaged="refuse"))


@pytest.mark.parametrize("masks", [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0)], ids=["565", "555"])
def test_usual_masks_count_where_the_header_says_that_there_are_four(masks: Masks) -> None:
    pixels = masked(SIZE, 16, masks, two_colors)
    image = only(bmp(SIZE, 16, pixels, compression=ALPHA_BIT_FIELDS, masks=masks)).convert("RGB")
    assert distance(pixel(image, (0.2, 0.5)), COLOR[:3]) <= 9


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (bmp(SIZE, 0, b"\xff\xd8\xff", compression=4), "a JPEG file in a bitmap"),
        (bmp(SIZE, 0, b"\x89PNG", compression=5), "a PNG file in a bitmap"),
        (bmp(SIZE, 2, bytes(200)), "2 bits a pixel"),
        (bmp(SIZE, 16, bytes(900), compression=BIT_FIELDS, masks=(0xF0F0, 0xF00, 0xF, 0)), "in several pieces"),
        (bmp(SIZE, 8, bytes(900), header=16), "OS/2"),
    ],
    ids=["JPEG", "PNG", "2 bits", "split masks", "OS/2"],
)
def test_what_cannot_be_read_is_refused_by_name_and_not_as_damaged(data: bytes, name: str) -> None:
    with pytest.raises(PictureRejected) as rejected:
        only(data)
    assert rejected.value.reason is Reason.FORMAT_NOT_ACCEPTED
    assert name in rejected.value.detail


def test_a_size_beyond_the_limit_is_refused_before_it_takes_memory() -> None:
    with pytest.raises(PictureRejected) as rejected:
        only(bmp((30_000, 30_000), 8, b"\0\1", compression=RLE8, colors=PALETTE))
    assert rejected.value.reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("name", ["ends after a row and a half", "moves", "of two levels a byte"])
def test_damage_gets_a_reason_and_no_other_error(name: str) -> None:
    compression, runs, _ = RUNS[name]
    data = bmp((4, 3), 8 if compression == RLE8 else 4, runs, compression=compression, colors=PALETTE)
    dice = random.Random(3)  # noqa: S311  damage, not secrets
    for _ in range(300):
        with contextlib.suppress(PictureRejected):
            only(damaged(data, dice))
