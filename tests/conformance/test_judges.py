"""Judges and openers that are not Pillow; each is skipped by name where it is not installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lightpress.image.job import EncodedVariant
from tools.conformance.judges import Command, Judges, chromium, kept_in
from tools.conformance.measure import judged
from tools.conformance.observe import Bench, observe
from tools.conformance.openers import DECODERS, Openers, Toolbox
from tools.conformance.record import Moves
from tools.drawing import disc, file_of, four_corners, plain, ramp
from tools.peers.engines import PROGRAMS
from tools.peers.install import Environment

if TYPE_CHECKING:
    from PIL import Image

# Shows the one color that the file names.
PAINTER = """
import io
from answering import serve
from PIL import Image

def to_png(data):
    color = data.decode()
    if color == "nothing":
        return b""
    if color == "clear":
        color = (0, 0, 0, 0)
    elif color not in {"red", "blue"}:
        raise ValueError("not mine")
    buffer = io.BytesIO()
    Image.new("RGBA", (30, 20), color).save(buffer, "PNG")
    return buffer.getvalue()

serve("painter 1", to_png, None)
"""


@pytest.fixture(name="chromium")
def chromium_command() -> Command:
    """Chromium as a judge, in a process of its own."""
    nowhere = Path("nowhere")
    found = chromium(Environment(nowhere, nowhere, nowhere, nowhere))
    return found or pytest.skip(
        "no Chromium or Chrome on this machine: install one, or name it in the variable CHROMIUM"
    )


def painter(folder: Path, name: str, shows: str) -> Command:
    program = folder / f"{name}.py"
    program.write_text(PAINTER.replace('"red", "blue"', f'"{shows}"'))
    return Command(name, (sys.executable, str(program)), os.environ | {"PYTHONPATH": str(PROGRAMS)})


def test_the_first_judge_that_shows_a_file_judges_and_is_asked_once(tmp_path: Path) -> None:
    kept = kept_in(tmp_path / "kept", ["1"])
    for color in ("red", "blue", "green"):
        (tmp_path / color).write_text(color)
    with Judges([painter(tmp_path, "first", "red"), painter(tmp_path, "second", "blue")], kept) as judges:
        shown = {color: judges.picture(tmp_path / color) for color in ("red", "blue", "green")}
    assert {color: picture.shown.judge for color, picture in shown.items()} == {
        "red": "first",
        "blue": "second",
        "green": "",
    }
    assert (shown["blue"].shown.width, shown["blue"].shown.height) == (30, 20)
    again = Judges([], kept)
    assert again.picture(tmp_path / "blue").shown == shown["blue"].shown
    assert again.picture(tmp_path / "green").seen is None
    assert kept_in(tmp_path / "kept", ["2"]) != kept
    assert not kept.exists(), "other versions may show something else"


def test_a_judge_that_hands_over_no_picture_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "nothing").write_text("nothing")
    with Judges([painter(tmp_path, "first", "red")], kept_in(tmp_path / "kept", [])) as judges:
        assert judges.picture(tmp_path / "nothing").shown.judge == ""


def test_where_a_judge_paints_no_pixel_of_a_file_that_is_rejected_it_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "clear").write_text("clear")
    with Judges([painter(tmp_path, "first", "red")], kept_in(tmp_path / "kept", [])) as judges:
        assert judges.picture(tmp_path / "clear").shown.judge == "first"
        record = observe(tmp_path / "clear", "clear", Bench(judges))
    assert (record.outcome, record.shown.judge) == ("rejected", "")


def test_a_variant_of_another_color_or_transparency_than_a_judge_shows_is_told(tmp_path: Path) -> None:
    (tmp_path / "red").write_text("red")
    with Judges([painter(tmp_path, "first", "red")], kept_in(tmp_path / "kept", [])) as judges:
        seen = judges.picture(tmp_path / "red").seen
    assert seen is not None

    def made(image: Image.Image) -> EncodedVariant:
        return EncodedVariant(("large",), "png", *image.size, file_of(image))

    assert judged(seen, [made(plain((255, 0, 0), (30, 20)))]).color == {"png": 0.0}
    assert judged(seen, [made(plain((0, 0, 255), (30, 20)))]).color["png"] > 20
    half = plain((255, 0, 0), (30, 20)).convert("RGBA")
    half.putalpha(128)
    assert judged(seen, [made(half)]).alpha["png"] > 100


def test_chromium_shows_a_file_upright_with_its_transparency_and_tells_how_it_plays(
    chromium: Command, tmp_path: Path
) -> None:
    with Judges([chromium], kept_in(tmp_path / "kept", [])) as judges:
        (tmp_path / "disc.png").write_bytes(file_of(disc()))
        still = judges.picture(tmp_path / "disc.png")
        assert (still.shown.width, still.shown.height, still.shown.moves) == (120, 120, None)
        assert still.seen is not None
        assert still.seen.alpha is not None
        assert still.seen.alpha.getextrema() == (0, 255)
        film = file_of(
            ramp(), "GIF", save_all=True, append_images=[four_corners((64, 64)), plain((0, 0, 0), (64, 64))],
            duration=[200, 300, 0], loop=2,
        )  # fmt: skip
        (tmp_path / "film.gif").write_bytes(film)
        moves = judges.picture(tmp_path / "film.gif").shown.moves
        assert moves == Moves(3, 3, 600), "a frame of no time plays for 100 ms"
        (tmp_path / "words.jpg").write_bytes(b"no picture")
        assert judges.picture(tmp_path / "words.jpg").shown.judge == ""


def test_chromium_opens_sound_variants_and_names_what_it_does_not_open(chromium: Command, tmp_path: Path) -> None:
    sound = EncodedVariant(("large",), "webp", 64, 64, file_of(ramp(), "WEBP"))
    stump = EncodedVariant(("large",), "avif", 64, 64, file_of(ramp(), "AVIF")[:200])
    other = EncodedVariant(("large",), "png", 32, 32, file_of(ramp()))
    with Openers(Toolbox(chromium, ())) as openers:
        problems = openers.open([sound, stump, other], tmp_path).problems
    told = [problem for problem in problems if problem.startswith("Chromium")]
    assert [problem.split(": ")[1] for problem in told] == ["avif", "png"]
    assert told[1].endswith("64 x 64 instead of 32 x 32")


@pytest.mark.parametrize("form", DECODERS)
def test_the_reference_decoder_names_a_stump_and_no_sound_file(form: str, tmp_path: Path) -> None:
    program = DECODERS[form][0]
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine")
    whole = file_of(ramp(), form.upper())
    openers = Openers(Toolbox(None, ()))
    assert openers.open([EncodedVariant(("large",), form, 64, 64, whole)], tmp_path).problems == ()
    (problem,) = openers.open([EncodedVariant(("large",), form, 64, 64, whole[:60])], tmp_path).problems
    assert problem.startswith(program)
