"""Variants written with the pixel library are compared with Pillow's, and what is more than rounding is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops, ImageStat

from tools.benchmarks.native import LEAST_POINTS, MOST_LEVELS, Variant, beyond, measure, table
from tools.drawing import file_of, speckled

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def variant(name: str = "webp", points: float = -0.1, size: float = 1.0, levels: float = 0.2) -> Variant:
    return Variant(name, "a.jpg", points, size, levels)


def test_means_are_told_by_format_and_luma_at_its_worst() -> None:
    found = [variant(points=-0.2, levels=0.1), variant(points=0.1, levels=0.3), variant("avif", size=1.01)]
    assert table(found).splitlines()[2:] == [
        "| webp | -0.05 | 1.000 | 0.20 | 0.30 |",
        "| avif | -0.10 | 1.010 | 0.20 | 0.20 |",
    ]
    assert beyond(found) == []


@pytest.mark.parametrize(
    ("worse", "said"),
    [
        (variant(points=-0.7), "webp scores -0.40 points beside Pillow; -0.3 is the limit."),
        (variant(size=1.06), "webp takes 1.030 of the bytes of Pillow; 1.02 is the limit."),
        (variant(levels=0.9), "Luma of webp is 0.55 levels from Pillow's; 0.5 is the limit."),
    ],
)
def test_what_is_more_than_rounding_is_named_with_the_limit(worse: Variant, said: str) -> None:
    assert beyond([variant(), worse]) == [said]


def nearness(original: Path, files: Iterable[Path]) -> dict[Path, float]:
    """Minus the levels by which a file differs from its original, on average: no judge of what people see."""
    with Image.open(original) as opened:
        true = opened.convert("RGB")
    return {file: -_levels(true, file) for file in files}


def _levels(true: Image.Image, file: Path) -> float:
    with Image.open(file) as opened:
        shown = opened.convert("RGB")
    smaller = true.resize(shown.size, Image.Resampling.LANCZOS)
    return sum(ImageStat.Stat(ImageChops.difference(smaller, shown)).mean)


def test_a_photo_in_planes_is_as_near_to_its_original_as_by_pillow(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    soft = speckled((163, 113)).resize((1300, 900), Image.Resampling.BICUBIC)
    photo.write_bytes(file_of(soft, "JPEG", quality=92))
    found = measure([photo], tmp_path / "made", nearness, lambda _: None)
    assert {(one.format, one.photo) for one in found} == {(name, "photo.jpg") for name in ("avif", "webp", "jpeg")}
    assert len(found) == 6
    assert all(one.points >= LEAST_POINTS and one.levels <= MOST_LEVELS and one.size <= 1.05 for one in found)
