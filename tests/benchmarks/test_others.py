"""The table of other originals has a column for each engine, and compares CPU time turn by turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.test_engines import HERE
from tools.benchmarks.engines import OURS, lightpress, named
from tools.benchmarks.others import Result, measure, table
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from pathlib import Path


def test_an_engine_that_cannot_read_an_original_is_marked_and_turns_are_compared_one_by_one() -> None:
    result, theirs = Result((1234.0, 900.0, 2000.0), 99.6, 45_678), Result((2468.0, 1000.0, 1000.0), 20.0, 9_000)
    found = {("HEIC", OURS): result, ("HEIC", "theirs"): None, ("PNG", OURS): result, ("PNG", "theirs"): theirs}
    assert table(found, "theirs").splitlines() == [
        "| CPU s / kB / peak MB | Lightpress | theirs | CPU beside theirs |",
        "|---|---|---|--:|",
        "| HEIC | 1.23 / 46 / 100 | cannot |  |",
        "| PNG | 1.23 / 46 / 100 | 1.00 / 9 / 20 | 0.90 |",
    ]


def test_each_engine_renders_each_original_in_every_turn_and_one_that_cannot_is_told(tmp_path: Path) -> None:
    first, large = tmp_path / "first.jpg", tmp_path / "large.png"
    first.write_bytes(file_of(ramp((100, 80)), "JPEG"))
    large.write_bytes(file_of(ramp((700, 500))))
    (tmp_path / "none.heif").write_bytes(b"no picture")
    originals = {"none": tmp_path / "none.heif", "large": large}
    engines = [lightpress(), named("Pillow, as in most scripts")]
    found = measure(originals, engines, 3, first, tmp_path / "out", HERE, lambda _: None)
    assert list(found) == [(original, engine.name) for original in originals for engine in engines]
    result = found["large", OURS]
    assert found["none", OURS] is None
    assert result is not None
    assert len(result.cpu_ms) == 3
    assert min(result.cpu_ms) > 0
    assert result.size == sum(file.stat().st_size for file in (tmp_path / "out" / "lightpress" / "large.png").iterdir())
