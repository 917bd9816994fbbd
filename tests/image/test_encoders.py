"""Encoders get the settings that their rows promise."""

from __future__ import annotations

import io

import pytest
from PIL import Image, JpegImagePlugin

from lightpress.image import Size
from lightpress.image.jpegli import tables
from tests.drawing import file_of, mean_difference, ramp, rendered, seen, spec, speckled

# Sums of jpegli's own tables, luma and chroma, as read from files that it wrote.
SUMS = {1: 19680, 15: 10061, 29: 5806, 30: 5715, 50: 4225, 76: 2189, 84: 1522, 85: 1439, 95: 542, 99: 186, 100: 128}
FIRST_ROW_OF_76 = [6, 7, 12, 12, 16, 17, 18, 19]


@pytest.mark.parametrize(("quality", "total"), SUMS.items())
def test_the_tables_are_jpegli_s(quality: int, total: int) -> None:
    assert sum(map(sum, tables(quality))) == total


def test_the_tables_lie_row_by_row() -> None:
    luma, chroma = tables(76)
    assert luma[:8] == FIRST_ROW_OF_76
    assert len(luma) == len(chroma) == 64
    assert all(
        table[8 * row + column] == table[8 * column + row]
        for table in (luma, chroma)
        for row in range(8)
        for column in range(row)
    )


def test_a_better_quality_is_never_coarser() -> None:
    for quality in range(1, 100):
        for worse, better in zip(tables(quality), tables(quality + 1), strict=True):
            assert all(1 <= fine <= coarse <= 255 for coarse, fine in zip(worse, better, strict=True))


@pytest.mark.parametrize("quality", [1, 33, 76, 100])
def test_a_jpeg_holds_the_tables_of_its_quality(quality: int) -> None:
    (one,) = rendered(file_of(speckled()), spec(formats=("jpeg",), quality={"jpeg": quality}))
    image = Image.open(io.BytesIO(one.data))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    assert [list(table) for table in image.quantization.values()] == tables(quality)
    assert JpegImagePlugin.get_sampling(image) == 2  # 4:2:0


@pytest.mark.parametrize(("size", "progressive"), [((640, 8), True), ((8, 640), True), ((639, 8), False)])
def test_only_large_jpegs_are_progressive(size: tuple[int, int], progressive: bool) -> None:
    (one,) = rendered(file_of(ramp(size)), spec(formats=("jpeg",)))
    assert bool(seen(one).info.get("progressive")) == progressive


def test_a_jpeg_looks_like_its_picture() -> None:
    picture = ramp((300, 200))
    (one,) = rendered(file_of(picture), spec(Size("whole", 300), formats=("jpeg",)))
    assert mean_difference(seen(one), picture) < 2
