"""All test files are rendered in workers; the report has a record and a verdict for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tools.conformance.confined import LostError, confined
from tools.conformance.report import as_json, as_markdown, scores
from tools.conformance.run import load, run, save
from tools.drawing import disc, exif_with, file_of, four_corners, ramp, rgb_profile

if TYPE_CHECKING:
    from pathlib import Path

    from tools.conformance.record import Record
    from tools.conformance.report import Score


def corpus() -> dict[str, bytes]:
    photo = ramp((128, 96))
    return {
        "plain.png": file_of(photo),
        "turned.jpg": file_of(four_corners(), "JPEG", quality=95, exif=exif_with(6)),
        "turned.tif": file_of(four_corners(), "TIFF", exif=exif_with(8)),
        "wide.png": file_of(photo, icc_profile=rgb_profile()),
        "clear.png": file_of(disc()),
        "moving.gif": file_of(photo, "GIF", save_all=True, append_images=[four_corners((128, 96))]),
        "inside/large.jpg": file_of(ramp((2400, 60)), "JPEG"),
        "empty.png": b"",
        "words.jpg": b"this is no picture at all",
        "cut.png": file_of(photo)[:2000],
        ".hidden": b"not a fixture",
    }


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    fixtures = tmp_path_factory.mktemp("fixtures")
    for name, data in corpus().items():
        (fixtures / name).parent.mkdir(exist_ok=True)
        (fixtures / name).write_bytes(data)
    return {record.file: record for record in run(fixtures)}


@pytest.fixture
def results(records: dict[str, Record]) -> dict[str, Score]:
    return {score.rule.name: score for score in scores(records.values())}


def test_every_file_has_a_record_of_its_result_and_cost(records: dict[str, Record]) -> None:
    results_by_file = {name: record.reason or record.outcome for name, record in records.items()}
    assert results_by_file == {
        **dict.fromkeys((name for name in corpus() if name != ".hidden"), "ready"),
        "empty.png": "empty",
        "words.jpg": "not_a_picture",
    }
    assert all(record.peak_rss_mb > 10 for record in records.values())
    assert all(record.wall_ms > 0 for record in records.values())
    assert records["inside/large.jpg"].cpu_ms > 0


def test_the_reference_knows_what_each_file_is(records: dict[str, Record]) -> None:
    states = {name: record.reference.state for name, record in records.items() if record.outcome == "rejected"}
    assert states == {"empty.png": "unidentified", "words.jpg": "unidentified"}
    assert records["cut.png"].reference.state == "damaged"
    assert records["turned.jpg"].reference.orientation == 6
    assert records["turned.tif"].reference.orientation == 8
    assert (records["turned.tif"].reference.width, records["turned.tif"].reference.height) == (64, 96)
    assert records["moving.gif"].reference.frames == 2


@pytest.mark.parametrize(
    ("rule", "applies_to"),
    [
        ("handled", 10),
        ("reason", 10),
        ("readable", 8),
        ("orientation", 2),
        ("size", 7),
        ("color", 7),
        ("encoded color", 7),
        ("alpha", 1),
        ("frames", 1),
        ("never enlarged", 7),
    ],
)
def test_drawn_files_pass_and_each_rule_applies_to_some(rule: str, applies_to: int, results: dict[str, Score]) -> None:
    assert results[rule].failures == ()
    assert results[rule].counts["passed"] == applies_to


def test_records_are_loaded_as_saved(records: dict[str, Record], tmp_path: Path) -> None:
    save(list(records.values()), tmp_path / "records.jsonl")
    assert load(tmp_path / "records.jsonl") == list(records.values())


def test_the_page_and_the_json_name_each_failure(records: dict[str, Record], results: dict[str, Score]) -> None:
    page = as_markdown(list(results.values()), list(records.values()))
    for score in results.values():
        assert f"| {score.rule.name} |" in page
        assert all(f"`{file}`" in page for file, _ in score.failures)
    told = json.loads(as_json(list(results.values()), list(records.values())))
    assert told["files"] == 10
    assert {rule["rule"] for rule in told["rules"]} == set(results)


def test_work_beyond_its_time_or_memory_is_lost() -> None:
    assert confined(lambda: {"fine": 1}, memory_mb=4000, seconds=20) == {"fine": 1}
    with pytest.raises(LostError, match="too long"):
        confined(lambda: __import__("time").sleep(60), memory_mb=4000, seconds=0.1)
    with pytest.raises(LostError, match="MemoryError"):
        confined(lambda: len(bytearray(5_000 << 20)), memory_mb=4000, seconds=20)
    with pytest.raises(LostError, match="killed"):
        confined(lambda: __import__("os").kill(__import__("os").getpid(), 9), memory_mb=4000, seconds=20)
