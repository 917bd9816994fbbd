"""What an estimate assumes is measured of photos of 12 megapixels, with the recipe that ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.readiness import PROJECT
from tools.benchmarks.assumed import ALL, AT_UPLOAD, LAZY, measure, of_twelve_megapixels, table
from tools.drawing import file_of, plain, speckled

if TYPE_CHECKING:
    from pathlib import Path


def test_an_upload_with_lazy_sizes_makes_two_of_the_eight_files_and_a_first_view_one(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(file_of(speckled((2000, 1400)), "JPEG"))
    found = measure([photo], PROJECT / "lambda_src" / "recipes.toml", 1)
    assert {name: one.files for name, one in found.items()} == {ALL: 8, AT_UPLOAD: 2, LAZY: 1}
    assert found[ALL].size - found[AT_UPLOAD].size == pytest.approx(6 * found[LAZY].size)
    assert found[ALL].cpu_ms > found[AT_UPLOAD].cpu_ms > found[LAZY].cpu_ms > 0
    assert table(found).splitlines()[2].startswith(f"| all variants | {found[ALL].cpu_ms:.0f} |")


def test_photos_of_other_sizes_are_left_out(tmp_path: Path) -> None:
    sizes = {"small": (2000, 1400), "usual": (4000, 3000), "large": (6000, 4000)}
    for name, size in sizes.items():
        (tmp_path / f"{name}.jpg").write_bytes(file_of(plain(size=size), "JPEG"))
    assert [photo.stem for photo in of_twelve_megapixels(sorted(tmp_path.iterdir()))] == ["usual"]
