"""The benchmarks that use Lightpress's own code run: on one small original, once."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tools.benchmarks import cold_start, looping, memory, overhead
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "original.jpg"
    path.write_bytes(file_of(ramp((640, 480)), "JPEG"))
    return path


@pytest.mark.nightly
def test_the_cold_start_of_the_handler_takes_more_than_its_imports() -> None:
    measured = cold_start.measure(turns=1)
    assert set(measured) == set(cold_start.PROGRAMS)
    assert measured[cold_start.BARE] < measured["image core"] < measured[cold_start.OURS]
    rows = list(io.StringIO(cold_start.table(measured)))
    assert len(rows) == 2 + len(cold_start.PROGRAMS) - 1


@pytest.mark.nightly
def test_the_loop_of_backfills_publishes_no_more_than_its_functions_do() -> None:
    row = looping.measured(rate=1_000.0, functions=10, originals=60)
    assert row.seconds > 60 / 10 * 0.6
    assert 60 * 2 * 2 <= row.reads < 60 * 2 * 8, "each is checked before it is sent, and some times after that"
    assert row.shown.startswith("| 1000 | 10 | ")


def test_the_pipeline_takes_more_than_the_image_core(original: Path) -> None:
    measured = overhead.measure(original, turns=1)
    assert 0 < measured.core_ms < measured.all_ms
    assert f"| {original.name} | " in overhead.table([measured])


def test_memory_is_reported_with_the_result_under_each_limit(original: Path) -> None:
    row = memory.table({"small": original}, (512,)).splitlines()[-1]
    assert row.startswith("| small | ")
    assert row.endswith(" published |")
