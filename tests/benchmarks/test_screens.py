"""AVIF of screens is compared with that of photos, and what is no better is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.image.test_planar import photo
from tools.benchmarks.screens import Screen, beyond, measure, table
from tools.drawing import file_of, mean_difference, page_of_text, window

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def nearness(original: Path, files: Iterable[Path]) -> dict[Path, float]:
    """Minus the levels by which a file differs from its original, on average: no judge of what people see."""
    with Image.open(original) as opened:
        true = opened.convert("RGB")
    return {file: -mean_difference(Image.open(file).convert("RGB"), true) for file in files}


def test_screens_of_a_folder_are_nearer_in_fewer_bytes(tmp_path: Path) -> None:
    folder, said = tmp_path / "pictures", list[str]()
    folder.mkdir()
    drawn = {"window.png": window((960, 600)), "text.png": page_of_text((800, 1000)), "photo.png": photo()}
    for name, image in drawn.items():
        (folder / name).write_bytes(file_of(image.convert("RGB"), "PNG"))
    (folder / "notes.txt").write_text("no picture " * 1_000)
    found = measure(folder, 9, tmp_path / "made", nearness, said.append)
    assert sorted(said) == ["text.png", "window.png"]
    assert not [one for one in beyond(found) if "points" not in one]  # levels are no points
    assert all(one.points > 0 for one in found)
    assert table(found).splitlines()[-1].startswith("| 2 | 0.")
    assert len(measure(folder, 1, tmp_path / "made", nearness, said.append)) == 1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([Screen(90, 100, 5.0), Screen(80, 100, 5.0)], "AVIF of screens takes 0.85 of the bytes; 0.8 is the limit."),
        ([Screen(50, 100, 4.0), Screen(50, 100, 4.5)], "AVIF of screens scores +4.2 points; +5.0 is the limit."),
        (
            [Screen(50, 100, 9.0), Screen(50, 100, 9.0), Screen(50, 100, -2.0)],
            "33% of screens lose more than 1.5 points; 10% is the limit.",
        ),
    ],
)
def test_what_is_no_better_is_named_with_the_limit(found: list[Screen], said: str) -> None:
    assert beyond(found) == [said]
