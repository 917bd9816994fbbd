"""What `formats = "auto"` saves, measured: both lists of formats side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.test_engines import HERE
from tools.benchmarks.engines import AUTO, OURS
from tools.benchmarks.figures import Sample
from tools.benchmarks.formats import compare, rows, table
from tools.drawing import disc, file_of, ramp, speckled

if TYPE_CHECKING:
    from pathlib import Path

THREE, TWO = {"9.avif": 10_000, "9.webp": 20_000, "9.jpg": 30_000}, {"9.avif": 10_000, "9.jpg": 30_000}


def made(engine: str, original: str, cpu_ms: float, files: dict[str, int], turn: int = 0) -> Sample:
    return Sample(engine, original, turn, cpu_ms, cpu_ms, 50, files)


def test_pictures_are_grouped_by_what_auto_publishes_and_compared_with_themselves() -> None:
    found = rows(
        [
            made(OURS, "a", 100, THREE),
            made(AUTO, "a", 60, TWO),
            made(OURS, "a", 900, THREE, turn=1),  # the machine was slow for both
            made(AUTO, "a", 540, TWO, turn=1),
            made(OURS, "b", 100, THREE),
            made(AUTO, "b", 60, TWO),
            made(OURS, "logo", 10, THREE),
            made(AUTO, "logo", 15, {"9.webp": 1_000, "9.png": 2_000}),
        ]
    )
    assert [(row.formats, row.pictures, row.files, row.kilobytes) for row in found] == [
        ("AVIF and JPEG", 2, (3, 2), (60, 40)),
        ("WebP and PNG", 1, (3, 2), (60, 3)),
    ]
    assert [row.cpu_ratio for row in found] == pytest.approx([0.6, 1.5])


def test_a_file_less_saves_five_dollars_a_million() -> None:
    (row,) = rows([made(OURS, "a", 100, THREE), made(AUTO, "a", 100, TWO)])
    before, after = row.dollars()
    assert before - after == pytest.approx(5.0)
    assert table([row]).splitlines()[-1].endswith(f"| {before:.2f} / {after:.2f} |")


def test_what_is_no_picture_is_left_out_and_the_others_are_rendered_by_both(tmp_path: Path) -> None:
    files = {"photo.png": file_of(speckled((200, 150))), "logo.png": file_of(disc(200)), "words.png": b"no picture"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "soft.jpg").write_bytes(file_of(ramp((200, 150)), "JPEG"))
    said: list[str] = []
    found = compare(sorted(tmp_path.iterdir()), (100,), 2, tmp_path / "out", HERE, said.append)
    assert {one.original for one in found} == {"photo.png", "logo.png", "soft.jpg"}
    assert {row.formats: row.pictures for row in rows(found)} == {"AVIF and JPEG": 2, "WebP and PNG": 1}
    assert {len(one.bytes) for one in found if one.engine == OURS} == {3}
    assert any("words.png" in text and "failed" in text for text in said)
