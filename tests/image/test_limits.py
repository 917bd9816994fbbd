"""A picture that is too much is refused from its header: small files that claim to be huge cost nothing."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.jpeg import START_OF_SCAN, jpeg_segments
from lightpress.image.limits import Limits
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import Child, SandboxLimits
from tests.image.bombs import jpeg_of_scans, jpeg_of_separate_scans
from tools.drawing import file_of, plain, png_claiming, png_of_rows, ramp, rendered, spec, summary_of

if TYPE_CHECKING:
    from lightpress.image.spec import Spec

SMALL = Size("w32", width=32)
A_FEW_MB = 24


def refused(data: bytes, limits: Limits, size: Size = SMALL) -> PictureRejected:
    with pytest.raises(PictureRejected) as caught:
        rendered(data, spec(size, limits=limits))
    return caught.value


def peak_mb(data: bytes, what: Spec) -> tuple[int, Reason | None]:
    """The most memory that a child of its own held, and why it gave up."""
    with Child(data, what, SandboxLimits(), render) as child:
        try:
            list(child.result().variants)
            reason = None
        except PictureRejected as rejected:
            reason = rejected.reason
    return child.cost.peak_rss_mb, reason


TOO_MUCH = {
    "no bytes": (b"", Limits(), Reason.EMPTY, "0 bytes"),
    "too many bytes": (file_of(plain()), Limits(max_bytes=50), Reason.TOO_MANY_BYTES, "at most 50"),
    "too many pixels": (file_of(plain(size=(101, 100))), Limits(max_pixels=10_000), Reason.TOO_MANY_PIXELS, "10100"),
    "too wide": (file_of(plain(size=(1001, 1))), Limits(max_side=1000), Reason.TOO_LONG_SIDE, "1001 x 1"),
    "too tall": (file_of(plain(size=(1, 1001))), Limits(max_side=1000), Reason.TOO_LONG_SIDE, "1 x 1001"),
    "too large once decoded": (
        file_of(plain(size=(100, 100))),
        Limits(max_decoded_bytes=39_999),
        Reason.TOO_MANY_PIXELS,
        "40000 bytes once decoded",
    ),
}


@pytest.mark.parametrize(("data", "limits", "reason", "words"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_is_too_much_is_refused_with_the_numbers(data: bytes, limits: Limits, reason: Reason, words: str) -> None:
    rejected = refused(data, limits)
    assert rejected.reason is reason
    assert words in rejected.detail


def test_what_just_fits_is_accepted() -> None:
    data = file_of(plain(size=(100, 50)))
    limits = Limits(max_bytes=len(data), max_pixels=5_000, max_side=100, max_decoded_bytes=20_000)
    assert summary_of(data, spec(limits=limits)).width == 100


def patched(data: bytes, at: int, layout: str, *numbers: int) -> bytes:
    new = struct.pack(layout, *numbers)
    return data[:at] + new + data[at + len(new) :]


def jpeg_claiming(width: int, height: int) -> bytes:
    data = file_of(plain(), "JPEG")
    return patched(data, data.index(b"\xff\xc0") + 5, ">HH", height, width)


def tiff_claiming(width: int, height: int) -> bytes:
    data = file_of(plain(size=(0x1234, 1)), "TIFF")
    for tag, number in ((256, width), (257, height)):
        data = patched(data, data.index(struct.pack("<HH", tag, 4)), "<HHII", tag, 4, 1, number)
    return data


def avif_claiming(width: int, height: int) -> bytes:
    data = file_of(plain(), "AVIF")
    return patched(data, data.index(b"ispe") + 8, ">II", width, height)


def webp_claiming(width: int, height: int) -> bytes:
    data = file_of(plain(), "WEBP")
    frame = data[12:]
    wide = b"VP8X" + struct.pack("<II", 10, 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(wide) + len(frame)) + b"WEBP" + wide + frame


BOMBS = {
    "png": png_claiming(30_000, 30_000),
    "jpeg": jpeg_claiming(60_000, 60_000),
    "gif": patched(file_of(plain(), "GIF"), 6, "<HH", 65_535, 65_535),
    "gif, its frame": patched(f := file_of(plain(), "GIF"), f.index(b"\x2c\0\0\0\0") + 5, "<HH", 65_535, 65_535),
    "bmp": patched(file_of(plain(), "BMP"), 18, "<ii", 1_000_000, 1_000_000),
    "tiff": tiff_claiming(100_000, 100_000),
    "avif": avif_claiming(60_000, 60_000),
    "webp": webp_claiming(16_000, 16_000),
    "webp, wider than any": webp_claiming(1 << 24, 1 << 24),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_claims_to_be_huge_costs_no_memory(name: str) -> None:
    assert len(BOMBS[name]) < 20_000
    ordinary, _ = peak_mb(file_of(plain()), spec(SMALL))
    peak, reason = peak_mb(BOMBS[name], spec(SMALL))
    assert reason in {Reason.TOO_MANY_PIXELS, Reason.TOO_LONG_SIDE, Reason.CORRUPT}
    assert peak - ordinary < A_FEW_MB


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "bmp", "tiff"])
def test_and_is_told_how_huge_it_claims_to_be(name: str) -> None:
    assert refused(BOMBS[name], Limits()).reason is Reason.TOO_MANY_PIXELS


PACKED_QUICKLY: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 1},
    "GIF": {},
    "TIFF": {"compression": "tiff_lzw"},
    "BMP": {},
    "WEBP": {"method": 0},
    "AVIF": {"speed": 10},
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("form", PACKED_QUICKLY)
def test_a_picture_that_takes_too_much_memory_is_refused_before_it_is_decoded(form: str) -> None:
    data = file_of(plain(size=(4_000, 4_000)), form, **PACKED_QUICKLY[form])
    ordinary, _ = peak_mb(file_of(plain()), spec(SMALL))
    peak, reason = peak_mb(data, spec(SMALL, limits=Limits(max_decoded_bytes=32 << 20)))
    assert reason is Reason.TOO_MANY_PIXELS
    assert peak - ordinary < A_FEW_MB + len(data) / 1e6


def test_a_true_bomb_inside_the_limits_is_decoded_within_them() -> None:
    data = png_of_rows(6_000, 6_000, channels=1)
    assert len(data) < 50_000
    ordinary, _ = peak_mb(file_of(plain()), spec(SMALL))
    peak, reason = peak_mb(data, spec(SMALL))
    assert reason is None
    assert peak - ordinary < 6_000 * 6_000 * 4 / 1e6


def test_a_jpeg_needs_only_what_its_largest_size_needs() -> None:
    limits = Limits(max_decoded_bytes=4 << 20)
    data = file_of(ramp((4_000, 3_000)), "JPEG", quality=30)
    assert summary_of(data, spec(Size("w480", width=480), limits=limits)).width == 4_000
    assert refused(data, limits, Size("w3000", width=3_000)).reason is Reason.TOO_MANY_PIXELS


def test_a_progressive_jpeg_needs_all_its_pixels_however_few_are_wanted() -> None:
    data = file_of(ramp((4_000, 3_000)), "JPEG", quality=30, progressive=True)
    needed = 4_000 * 3_000 * 3
    assert refused(data, Limits(max_decoded_bytes=needed), Size("w480", width=480)).reason is Reason.TOO_MANY_PIXELS
    ordinary, _ = peak_mb(file_of(plain()), spec(SMALL))
    peak, _ = peak_mb(data, spec(Size("w480", width=480)))
    assert peak - ordinary < needed * 2 / 1e6 + A_FEW_MB


def test_of_a_jpeg_that_is_cut_short_its_first_scan_tells_how_much_it_needs() -> None:
    """The decoder makes room for all coefficients before it knows that the other scans are missing."""
    size = (1_200, 900)
    several = file_of(ramp(size), "JPEG", progressive=True), jpeg_of_separate_scans(*size)
    for whole in several:
        first = next(one for one in jpeg_segments(whole) if one.marker == START_OF_SCAN)
        for data in (whole[: first.end], whole[: first.end] + b"\xff\xd9"):
            limits = Limits(max_decoded_bytes=size[0] * size[1] * 2)
            assert refused(data, limits, Size("w120", width=120)).reason is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize("junk", [b"\xff\xfe\0\0", b"\xff\xef\0\1", b"\xff\xdc\0\0"])
def test_no_scan_hides_behind_a_segment_without_a_length(junk: bytes) -> None:
    """Decoders skip it, and go on: of so many scans as there are."""
    whole = jpeg_of_scans((64, 48), 120)
    first = next(one for one in jpeg_segments(whole) if one.marker == START_OF_SCAN)
    hidden = whole[: first.end] + junk + whole[first.end :]
    assert refused(hidden, Limits(), SMALL).reason is Reason.TOO_MANY_PARTS
