"""The comparison with peers: fair scores, failures by file, and engines that crash or hang affect no other file."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image, PngImagePlugin

from tests.conformance.test_rules import READY
from tools.conformance.comparison import (
    ROWS,
    as_json,
    as_markdown,
    better_elsewhere,
    beyond_judges,
    by_format,
    by_other_format,
    tallies,
    tally,
)
from tools.conformance.engines import OURS, Engines, Lightpress, Program
from tools.conformance.judges import Command, Judges, kept_in
from tools.conformance.peers import compare, load, save
from tools.conformance.record import Reference
from tools.conformance.report import PEERS
from tools.conformance.report import as_markdown as page_of
from tools.drawing import disc, exif_with, file_of, four_corners, ramp, rgb_profile
from tools.markdown import between, replace_between
from tools.peers.engines import PROGRAMS
from tools.peers.process import PeerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.conformance.comparison import Tally
    from tools.conformance.engines import Answer, Engine
    from tools.conformance.peers import Records

PLAIN, BLIND = "plain Pillow", "blind"
# Decodes as Pillow does, and ignores orientation, profile and transparency.
BLIND_PROGRAM = """
import io
from answering import serve
from PIL import Image

def to_png(data):
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(data))
    Image.frombytes("RGB", image.size, image.convert("RGB").tobytes()).save(buffer, "PNG")
    return buffer.getvalue()

serve("blind 1", to_png, None)
"""
# Misbehaves as the bytes of the file say.
OBEDIENT_PROGRAM = """
import os, signal, time
from answering import serve

grown = []

def to_png(data):
    order = data.decode()
    if order == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if order == "hang":
        time.sleep(600)
    if order == "leave":
        os._exit(3)
    if order == "grow":
        grown.append(b"x" * 300_000_000)
        time.sleep(600)
    if order == "refuse":
        raise ValueError("no")
    if order == "third time":
        grown.append(order)
        if len(grown) == 3:
            os.abort()
    return data

serve("obedient 1", to_png, None)
"""

GREEDY_PROGRAM = """
import sys

print('{"versions": "greedy 1"}', flush=True)
for line in sys.stdin:
    print('{"peak_mb": 201}', flush=True)
"""


def program(name: str, source: str, folder: Path, **bounds: float) -> Program:
    script = folder / f"{name}.py"
    script.write_text(source)
    return Program(name, [sys.executable, str(script)], os.environ | {"PYTHONPATH": str(PROGRAMS)}, **bounds)  # type: ignore[arg-type]


def corpus() -> dict[str, bytes]:
    photo = ramp((96, 64))
    return {
        "plain.png": file_of(photo),
        "turned.jpg": file_of(four_corners(), "JPEG", quality=95, exif=exif_with(6)),
        "turned.png": file_of(four_corners(), exif=exif_with(8)),
        "wide.png": file_of(photo, icc_profile=rgb_profile()),
        "clear.png": file_of(disc()),
        "plain.ppm": file_of(photo, "PPM"),
        "words.jpg": b"this is no picture at all",
        "cut.png": file_of(photo)[:2000],
    }


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    home = tmp_path_factory.mktemp("peers")
    fixtures = home / "fixtures"
    fixtures.mkdir()
    for name, data in corpus().items():
        (fixtures / name).write_bytes(data)
    plain = Program(PLAIN, [sys.executable, str(PROGRAMS / "plain_pillow.py")], os.environ)
    engines: list[Engine] = [Lightpress(), plain, program(BLIND, BLIND_PROGRAM, home)]
    with Engines(engines):
        return compare(engines, fixtures)


@pytest.fixture
def results(records: Records) -> dict[str, dict[str, Tally]]:
    return tallies(records)


@pytest.mark.parametrize(
    ("rule", "scores"),
    [
        ("correct", ("5 of 5", "5 of 5", "1 of 5")),
        ("reads", ("5 of 5", "5 of 5", "5 of 5")),
        ("size", ("5 of 5", "5 of 5", "3 of 5")),
        ("orientation", ("2 of 2", "2 of 2", "0 of 2")),
        ("alpha", ("1 of 1", "1 of 1", "0 of 1")),
        ("survives", ("8 of 8", "8 of 8", "8 of 8")),
    ],
)
def test_each_engine_is_scored_by_what_it_did(
    rule: str, scores: tuple[str, ...], results: dict[str, dict[str, Tally]]
) -> None:
    assert tuple(map(str, results[rule].values())) == scores


def test_a_profile_that_is_kept_scores_as_one_that_is_converted(results: dict[str, dict[str, Tally]]) -> None:
    failed = {engine: {file for file, _ in one.failures} for engine, one in results["color"].items()}
    assert failed[OURS] == failed[PLAIN] == set()
    assert "wide.png" in failed[BLIND]


def beside_its_animation() -> bytes:
    """An animated PNG whose still picture is no frame of the animation: all red, where the animation is a ramp."""
    red = Image.new("RGB", (96, 64), "red")
    return file_of(red, save_all=True, default_image=True, append_images=[ramp((96, 64)), four_corners((96, 64))])


def turned_in_xmp(picture: Image.Image) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", '<rdf:Description tiff:Orientation="3"/>')
    return file_of(picture, pnginfo=info)


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Records:
    fixtures = tmp_path_factory.mktemp("disputed")
    (fixtures / "animated.png").write_bytes(beside_its_animation())
    (fixtures / "xmp.png").write_bytes(turned_in_xmp(four_corners()))
    plain = Program(PLAIN, [sys.executable, str(PROGRAMS / "plain_pillow.py")], os.environ)
    with Engines([Lightpress(), plain]):
        return compare([Lightpress(), plain], fixtures)


def test_an_animated_png_may_be_shown_by_its_first_frame_or_its_still_picture(disputed: Records) -> None:
    distances = [each[0].measured.color["png"] for each in disputed.values()]
    assert max(distances) < 0.5
    sizes = {each[0].variants[0].bytes for each in disputed.values()}
    assert len(sizes) == 2, "one shows the frame and the other the still image, or this test shows nothing"


def test_an_orientation_in_xmp_alone_is_not_judged(disputed: Records) -> None:
    records = [each[1] for each in disputed.values()]
    assert [record.outcome for record in records] == ["ready", "ready"]
    assert {row.name: str(tally(row, records)) for row in ROWS} == {
        "correct": "2 of 2",
        "reads": "2 of 2",
        "size": "2 of 2",
        "orientation": "0 of 0",
        "color": "0 of 0",
        "alpha": "0 of 0",
        "survives": "2 of 2",
    }


PAINTER = """
import io
from answering import serve
from PIL import Image

def to_png(data):
    buffer = io.BytesIO()
    Image.new("RGB", (96, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()

serve("painter 1", to_png, None)
"""


def test_an_independent_judge_decides_what_is_right_but_none_judges_itself(tmp_path: Path) -> None:
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    (fixtures / "ramp.png").write_bytes(file_of(ramp((96, 64))))
    (fixtures / "cut.png").write_bytes(file_of(ramp((96, 64)))[:60])

    def scores(judge: str) -> list[str]:
        kept = kept_in(tmp_path / judge, [])
        engines: list[Engine] = [Lightpress(), program("painter", PAINTER, tmp_path)]
        variables = os.environ | {"PYTHONPATH": str(PROGRAMS)}
        command = Command(judge, (sys.executable, str(tmp_path / "painter.py")), variables)
        with Judges([command], kept) as judges, Engines(engines):
            records = compare(engines, fixtures, judges=judges)
        return [str(one) for one in tallies(records)["correct"].values()]

    assert scores("judge") == ["0 of 2", "2 of 2"], "red is right, and a file that Pillow cannot decode counts"
    assert scores("painter") == ["1 of 1", "0 of 1"], "the reference judges"


def test_only_formats_of_cameras_phones_and_designers_are_counted(records: Records) -> None:
    counted = {name: str(each[BLIND]) for name, each in by_format(records).items() if each[BLIND].applicable}
    assert counted == {"JPEG": "1 of 1", "PNG": "4 of 4"}
    assert {name: [str(one) for one in each.values()] for name, each in by_other_format(records).items()} == {
        "PPM": ["0 of 1", "1 of 1", "1 of 1"]
    }


def test_a_file_that_only_a_peer_renders_correctly_is_named(records: Records) -> None:
    assert better_elsewhere(records) == []
    ours = [replace(one, width=1) if one.file == "turned.png" else one for one in records[OURS]]
    worse = {**records, OURS: ours}
    assert better_elsewhere(worse) == [("turned.png", "size: published 1 x 96, seen 64 x 96", [PLAIN])]
    assert "- `turned.png`: size: published 1 x 96, seen 64 x 96 (plain Pillow)" in as_markdown(worse, {})


def test_a_file_that_only_a_peer_reads_is_named_though_the_reference_does_not_read_it() -> None:
    refused = replace(READY, outcome="rejected", reason="not_a_picture", reference=Reference("unidentified"))
    found: Records = {OURS: [refused], "other": [replace(READY, reference=Reference("unidentified"))]}
    assert beyond_judges(found) == [("a.jpg", "not_a_picture", ["other"])]
    assert beyond_judges({OURS: [refused], "other": [refused]}) == []
    known = replace(refused, reference=READY.reference)
    assert beyond_judges({OURS: [known], "other": [READY]}) == [], "that one is counted"


def test_a_file_that_is_not_read_fails_only_one_rule() -> None:
    unread = replace(READY, outcome="rejected", reason="error")
    result = tallies({OURS: [READY, unread, replace(READY, width=1)]})
    scores = {rule: str(each[OURS]) for rule, each in result.items()}
    assert scores["reads"] == "2 of 3"
    assert scores["size"] == "1 of 2"
    assert scores["correct"] == "1 of 3"


def test_the_section_has_every_rule_and_the_versions_of_all_engines(records: Records) -> None:
    section = as_markdown(records, {OURS: "lightpress 1", PLAIN: "Pillow 2", BLIND: "blind 3"})
    assert section.startswith("## ")
    assert "| rule | promise | Lightpress | plain Pillow | blind |" in section
    assert "| orientation | upright, as its EXIF data or container declares | 2 of 2 | 2 of 2 | 0 of 2 |" in section
    assert "Lightpress: lightpress 1; plain Pillow: Pillow 2; blind: blind 3." in section
    assert "5 of the 8 files are counted" in section
    assert "orientation, blind: 2" in section


def test_the_page_keeps_the_section_when_it_is_rewritten(records: Records) -> None:
    section = as_markdown(records, {})
    page = page_of([], [], section)
    assert between(page, *PEERS) == f"\n{section}\n\n"
    assert replace_between(page, *PEERS, "\nother\n\n") == page_of([], [], "other")
    assert not between("nothing here", *PEERS)


def test_a_page_without_its_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="the page lacks <!-- end of peers -->"):
        replace_between(PEERS[0], *PEERS, "other")


def test_the_json_names_each_failure(records: Records) -> None:
    told = json.loads(as_json(records, {OURS: "1"}))
    (blind,) = [one for one in told["results"] if (one["rule"], one["engine"]) == ("orientation", BLIND)]
    assert {failure["file"] for failure in blind["failures"]} == {"turned.jpg", "turned.png"}
    assert (blind["passed"], blind["applicable"]) == (0, 2)


def test_records_of_all_engines_are_loaded_as_saved(records: Records, tmp_path: Path) -> None:
    save(records, tmp_path / "peers.jsonl")
    assert load(tmp_path / "peers.jsonl") == records
    assert list(load(tmp_path / "peers.jsonl")) == [OURS, PLAIN, BLIND]


@pytest.fixture
def obedient(tmp_path: Path) -> Iterator[Program]:
    engine = program("obedient", OBEDIENT_PROGRAM, tmp_path, seconds=2.0, memory_mb=200)
    with Engines([engine]):
        yield engine


def told(engine: Program, order: str, folder: Path) -> Answer:
    (folder / "picture").write_text(order)
    return engine.render(folder / "picture")


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("crash", "crashed (SIGSEGV)"),
        ("leave", "exited with 3"),
        ("hang", "no answer within 2 s"),
        ("grow", " MB"),
    ],
)
def test_a_file_that_crashes_or_hangs_an_engine_is_lost_and_the_next_one_is_not(
    order: str, says: str, obedient: Program, tmp_path: Path
) -> None:
    lost = told(obedient, order, tmp_path)
    assert lost.outcome == "lost"
    assert says in lost.detail
    assert told(obedient, "fine", tmp_path).png == b"fine"


def test_the_reported_peak_counts_where_polling_missed_it(tmp_path: Path) -> None:
    engine = program("greedy", GREEDY_PROGRAM, tmp_path, memory_mb=200)
    with Engines([engine]):
        lost = told(engine, "anything", tmp_path)
    assert (lost.outcome, lost.detail, lost.peak_mb) == ("lost", "it took 201 MB", 201)


def test_memory_of_the_parent_process_does_not_count(obedient: Program, tmp_path: Path) -> None:
    held = b"x" * 300_000_000
    assert told(obedient, "fine", tmp_path).peak_mb < len(held) / 1e6 / 3


def test_an_error_is_an_answer(obedient: Program, tmp_path: Path) -> None:
    refused = told(obedient, "refuse", tmp_path)
    assert (refused.outcome, refused.reason, refused.detail) == ("rejected", "error", "ValueError: no")


def test_a_file_is_not_blamed_for_those_before_it(obedient: Program, tmp_path: Path) -> None:
    assert [told(obedient, "third time", tmp_path).outcome for _ in range(4)] == ["ready"] * 4


def test_a_program_that_does_not_start_is_an_error_of_the_installation(tmp_path: Path) -> None:
    engine = program("absent", "raise SystemExit(1)", tmp_path)
    with Engines([engine]), pytest.raises(PeerError, match="absent does not start: exited with 1"):
        engine.versions()
