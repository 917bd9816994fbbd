"""The photos of the benchmark have metadata as cameras write it, and the pixels of the downloaded files."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from tools.benchmarks.fetch_photos import HELD_OUT, PACKAGES, TUNED
from tools.benchmarks.originals import held_out_photos, photos, tuned_photos
from tools.drawing import exif_with, file_of, ramp

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [name for package in PACKAGES for name in package.photos]


@pytest.fixture
def made(tmp_path: Path) -> list[Path]:
    for name in NAMES:
        jpeg = file_of(ramp(), "JPEG", exif=exif_with(3, owner="fetched"), comment=b"fetched")
        (tmp_path / name).write_bytes(jpeg)
    return photos(tmp_path, tmp_path / "as camera")


def test_there_are_25_photos_of_four_projects_and_11_of_them_were_never_tuned_by(
    made: list[Path], tmp_path: Path
) -> None:
    tuned, held_out = (of(tmp_path, tmp_path / "as camera") for of in (tuned_photos, held_out_photos))
    assert len(made) == len(set(made)) == 25
    assert (len(tuned), len(held_out)) == (14, 11)
    assert sorted(made) == sorted([*tuned, *held_out])
    assert {path in held_out for path in made[:4]} == {True, False}, "the first few are of both"
    assert len({package.path.split("/")[2] for package in PACKAGES}) == 4
    assert len(TUNED) + len(HELD_OUT) == len(PACKAGES)


def test_half_have_an_orientation_and_a_third_a_color_profile(made: list[Path]) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(Image.open(path)) for path in made]
        assert sum(each.getexif().get(0x0112) in {3, 6} for each in opened) == 14 // 2 + 11 // 2
        assert sum("icc_profile" in each.info for each in opened) == (14 + 2) // 3 + (11 + 2) // 3
        assert not any("comment" in each.info or each.getexif().get(0x8298) for each in opened)


def test_pixels_are_those_of_the_downloaded_files(made: list[Path]) -> None:
    for path in made:
        with Image.open(path) as camera, Image.open(path.parent.parent / path.name) as fetched:
            assert ImageChops.difference(camera.convert("RGB"), fetched.convert("RGB")).getbbox() is None
