"""`lightpress render --watch`: what it shows, to whom, and what it costs."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from lightpress.cli.main import app
from lightpress.cli.watching.folder import MOST_PICTURES
from tests.cli.watched import RECIPES, watched
from tools.drawing import BLUE, GREEN, RED, distance, pixel, ramp, stripes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.watched import Watched


def is_done(state: dict[str, Any]) -> bool:
    return state["left"] == 0 and bool(state["pictures"]) and all(one["before"] for one in state["pictures"])


def is_settled(state: dict[str, Any]) -> bool:
    return state["left"] == 0 and bool(state["pictures"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    stripes([RED, GREEN, BLUE], 120, 60).save(folder / "stripes.png")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "recipes.toml").write_text(RECIPES, encoding="utf-8")
    return folder


@pytest.fixture
def there(folder: Path) -> Iterator[Watched]:
    with watched(folder, folder.parent / "site" / "recipes.toml") as there:
        yield there


def test_each_picture_is_shown_with_its_files_their_bytes_what_they_cut_and_the_original(there: Watched) -> None:
    state = there.until(is_done)
    (picture,) = state["pictures"]
    assert (picture["key"], picture["state"], picture["recipe"]) == ("photos/stripes.png", "ready", "web")
    for variant in picture["variants"]:
        answer = there.request(variant["url"])
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert len(answer.body) == variant["bytes"]
    # 60 pixels of 360, with nine tenths of them in the middle.
    left, top, width, height = picture["crops"]["square"]["rectangle"]
    assert (left, top, width, height) == pytest.approx((0.9 - 1 / 12, 0, 1 / 6, 1), abs=0.01)
    assert picture["crops"]["square"]["focus"] == [0.9, 0.5]
    assert "w60" not in picture["crops"]
    assert there.request(picture["before"]).headers["content-type"] == "image/webp"
    assert there.said == [
        f"1 of 1 pictures rendered: {sum(one['bytes'] for one in picture['variants']) / 1024:.0f} KB in all"
    ]


def test_an_edit_of_the_recipes_renders_anew_and_says_what_the_files_had_before(there: Watched) -> None:
    before = there.until(is_done)["pictures"][0]
    bytes_before = {f"{one['name']}.{one['format']}": one["bytes"] for one in before["variants"]}
    there.edit("jpeg = 90", "jpeg = 20")
    after = there.until(lambda state: is_done(state) and bool(state["pictures"][0]["was"]))["pictures"][0]
    assert after["was"] == bytes_before
    assert all(one["bytes"] < after["was"][f"{one['name']}.{one['format']}"] for one in after["variants"])
    assert all(one["quality"] == 20 for one in after["variants"])


def test_a_mistake_is_told_with_its_key_and_what_was_there_stays(there: Watched) -> None:
    before = there.until(is_done)["pictures"]
    there.edit("w60 = { width = 60 }", "w60 = { widht = 60 }")
    state = there.until(lambda state: state["error"] is not None)
    assert state["error"].startswith(
        "recipes.toml: recipes.web.sizes.w60.widht: is not a known key; did you mean 'width'?"
    )
    assert state["pictures"] == before
    there.edit("widht", "width")
    assert there.until(lambda state: state["error"] is None)["pictures"] == before
    assert there.said[1] == state["error"]


def test_a_picture_that_comes_or_changes_is_shown_and_one_that_goes_is_not(there: Watched) -> None:
    there.until(is_done)
    ramp((90, 60)).save(there.folder / "b.jpg")
    assert len(there.until(lambda state: is_done(state) and len(state["pictures"]) == 2)["pictures"]) == 2
    ramp((60, 90)).save(there.folder / "b.jpg")
    there.until(lambda state: is_done(state) and state["pictures"][0].get("height") == 90)
    (there.folder / "b.jpg").unlink()
    assert [one["key"] for one in there.until(lambda state: len(state["pictures"]) == 1)["pictures"]] == [
        "photos/stripes.png"
    ]


def test_a_refused_picture_has_its_reason_and_one_that_a_rule_leaves_alone_says_so(there: Watched) -> None:
    (there.folder / "notes.jpg").write_text("no picture", encoding="utf-8")
    there.edit("[[rules]]", '[[rules]]\npath = "**/stripes.png"\nignore = true\n\n[[rules]]')
    notes, ignored = there.until(lambda state: is_settled(state) and len(state["pictures"]) == 2)["pictures"]
    assert (notes["state"], notes["reason"], notes["variants"], notes["before"]) == (
        "failed",
        "not_a_picture",
        [],
        None,
    )
    assert notes["title"]
    assert notes["detail"]
    assert (ignored["state"], ignored["recipe"]) == ("ignored", None)


def test_a_logo_that_changes_beside_the_recipes_is_followed(there: Watched) -> None:
    logo = there.recipes.parent / "logo.png"
    there.edit(
        'formats = ["jpeg"]', 'formats = ["jpeg"]\nsteps = [{ watermark = "logo.png", width = "100%", margin = 0 }]'
    )
    error = there.until(lambda state: state["error"] is not None)["error"]
    assert "logo.png" in error
    for color in (GREEN, BLUE):
        Image.new("RGB", (60, 60), color).save(logo)
        there.until(lambda state, color=color: is_done(state) and distance(_corner(there, state), color) < 20)  # type: ignore[misc]


def _corner(there: Watched, state: dict[str, Any]) -> tuple[int, ...]:
    """The color near the bottom right corner of the square."""
    (square,) = [one for one in state["pictures"][0]["variants"] if one["name"] == "square"]
    answer = there.request(square["url"])
    return pixel(Image.open(io.BytesIO(answer.body)).convert("RGB"), (0.9, 0.9)) if answer.status == 200 else (0, 0, 0)


def test_a_recipe_can_be_chosen_on_the_page_and_one_that_is_gone_is_told(there: Watched) -> None:
    there.edit(
        "[recipes.web]", '[recipes.small]\nformats = ["webp"]\nsizes = { w20 = { width = 20 } }\n\n[recipes.web]'
    )
    there.until(lambda state: is_done(state) and "small" in state["recipes"])
    chosen = there.request("recipe", "POST", json.dumps({"recipe": "small"}), Content_Type="application/json")
    assert chosen.status == 200
    (picture,) = there.until(lambda state: is_done(state) and state["pictures"][0]["recipe"] == "small")["pictures"]
    assert [one["name"] for one in picture["variants"]] == ["w20"]
    there.edit("[recipes.small]", "[recipes.tiny]")
    assert "recipes.small" in there.until(lambda state: state["error"] is not None)["error"]
    there.request("recipe", "POST", json.dumps({"recipe": None}), Content_Type="application/json")
    assert there.until(lambda state: is_done(state) and state["pictures"][0]["recipe"] == "web")["error"] is None


def aim(there: Watched, focus: object) -> int:
    said = json.dumps({"key": "photos/stripes.png", "focus": focus})
    return there.request("focus", "POST", said, Content_Type="application/json").status


def test_a_point_that_is_chosen_on_the_page_cuts_its_picture_anew_until_it_is_taken_back(there: Watched) -> None:
    def square(state: dict[str, Any]) -> tuple[int, ...]:
        (picture,) = state["pictures"]
        (url,) = {one["url"] for one in picture["variants"] if one["name"] == "square"}
        return pixel(Image.open(io.BytesIO(there.request(url).body)).convert("RGB"), (0.5, 0.5))

    assert distance(square(there.until(is_done)), BLUE) < 12
    assert aim(there, [0.1, 0.5]) == 200
    cut = there.until(lambda state: is_done(state) and state["pictures"][0]["aimed"] == [0.1, 0.5])
    assert distance(square(cut), RED) < 12
    assert cut["pictures"][0]["focus"] == [0.1, 0.5]
    assert cut["pictures"][0]["crops"]["square"]["focus"] == [0.1, 0.5]
    assert aim(there, None) == 200
    again = there.until(lambda state: is_done(state) and state["pictures"][0]["aimed"] is None)
    assert distance(square(again), BLUE) < 12


@pytest.mark.sampled(2)
@pytest.mark.parametrize("focus", [[0.1], [0.1, 1.2], [0.1, "x"], "0.1,0.2", 3, [float("nan"), 0]], ids=str)
def test_a_point_that_is_none_is_refused(there: Watched, focus: object) -> None:
    there.until(is_done)
    assert aim(there, focus) == 400


STEP = '''
import os
from dataclasses import dataclass
from lightpress.image.step_options import number

@dataclass(frozen=True)
class Ends:
    """Ends."""
    ends: float = number("How.", low=0, high=1)

def apply(picture, options):
    """Apply."""
    %s
    return picture
'''


@pytest.mark.parametrize(
    ("code", "told"),
    [("os._exit(3)", "exited early"), ("raise ValueError(1)", "ValueError: 1")],
    ids=["exits", "raises"],
)
def test_a_step_that_breaks_its_child_is_told_and_the_next_edit_is_followed(
    there: Watched, code: str, told: str
) -> None:
    (there.recipes.parent / "steps").mkdir()
    (there.recipes.parent / "steps" / "ends.py").write_text(STEP % code, encoding="utf-8")
    there.until(is_done)
    there.edit('formats = ["jpeg"]', 'formats = ["jpeg"]\nsteps = [{ ends = 1.0 }]')
    (picture,) = there.until(lambda state: state["pictures"][0]["state"] == "lost")["pictures"]
    assert picture["title"].startswith("It was not rendered")
    assert told in picture["title"]
    (there.recipes.parent / "steps" / "ends.py").write_text(STEP % "pass", encoding="utf-8")
    there.until(lambda state: is_done(state) and state["pictures"][0]["state"] == "ready")


def test_a_step_that_ends_the_process_as_it_is_read_is_told_and_what_follows_works(there: Watched) -> None:
    there.until(is_done)
    (there.recipes.parent / "steps").mkdir()
    code = (STEP % "pass").replace("import os", "import os\nos._exit(3)")
    (there.recipes.parent / "steps" / "ends.py").write_text(code, encoding="utf-8")
    there.edit('formats = ["jpeg"]', 'formats = ["jpeg"]\nsteps = [{ ends = 1.0 }]')
    assert "has ended over them" in there.until(lambda state: state["error"] is not None)["error"]
    (there.recipes.parent / "steps" / "ends.py").write_text(STEP % "pass", encoding="utf-8")
    assert there.until(lambda state: state["error"] is None and is_done(state))["pictures"][0]["state"] == "ready"


def test_nobody_is_answered_without_the_token_or_by_another_name_of_this_machine(there: Watched) -> None:
    port = re.search(r":(\d+)/", there.url)
    assert port
    paths = ("/", "/state.json", "/x/state.json", f"/{'a' * 32}/state.json", "/%00/", "/../recipes.toml")
    assert [there.request(path, absolute=True).status for path in paths] == [403] * len(paths)
    for host in ("evil.example", f"evil.example:{port[1]}", "127.0.0.1", "127.0.0.1:1", f"[::1]:{port[1]}", ""):
        assert there.request("state.json", Host=host).status == 421
    assert there.request("state.json", Host=f"localhost:{port[1]}").status == 200
    assert there.request("state.json", Origin="https://evil.example").status == 403
    assert there.request("recipe", "POST", '{"recipe": "web"}', Content_Type="text/plain").status == 400
    assert there.request("recipe", "POST", "[" * 3000, Content_Type="application/json").status == 400
    assert there.request("recipe", "POST", " " * 5000, Content_Type="application/json").status == 400
    assert len(re.search(r"/([\w-]+)/$", there.url)[1]) >= 32  # type: ignore[index]


def test_only_files_of_the_page_and_of_what_is_shown_are_served_and_nothing_from_elsewhere_is_loaded(
    there: Watched,
) -> None:
    there.until(is_done)
    for name in (
        "../watch.py",
        "page.js/../../watch.py",
        "files/../../x",
        "files/" + "a" * 24 + "/w60.jpg",
        "watch.py",
        "__init__.py",
    ):
        assert there.request(name).status in {403, 404}
    for name, kind in (
        ("", "text/html"),
        ("page.js", "text/javascript"),
        ("page.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ):
        answer = there.request(name)
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
        assert not re.search(rb"https?://(?!www\.w3\.org/)", answer.body)


def test_no_more_than_a_number_of_pictures_are_rendered_and_the_rest_is_told(folder: Path) -> None:
    (folder / "stripes.png").unlink()
    for number in range(MOST_PICTURES + 2):
        (folder / f"{number:03}.jpg").write_bytes(b"no picture")
    with watched(folder, folder.parent / "site" / "recipes.toml") as there:
        state = there.until(is_settled)
    assert (len(state["pictures"]), state["passed_over"]) == (MOST_PICTURES, 2)


def test_watching_what_does_not_change_takes_little_of_the_processor(there: Watched) -> None:
    there.until(is_done)
    time.sleep(0.5)
    began = resource.getrusage(resource.RUSAGE_SELF)
    time.sleep(2.0)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    assert ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime < 0.2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_the_page_is_and_leaves_nothing_behind_when_it_is_stopped(
    folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    line = [sys.executable, "-c", "from lightpress.cli.main import app; app()", "render", "--watch", str(folder)]
    line += ["--recipes", str(folder.parent / "site" / "recipes.toml")]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(temporary)}
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith("Open http://127.0.0.1:")
        assert process.stdout.readline().startswith("1 of 1 pictures rendered")
        assert list(temporary.iterdir())
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
        assert "Stopped." in process.stderr.read()
    assert not list(temporary.iterdir())


def test_a_port_that_is_taken_is_named_with_what_to_do(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = CliRunner().invoke(app, ["render", "--watch", str(folder), "--port", str(port)], env={"COLUMNS": "500"})
    assert ended.exit_code == 1
    assert f"The page cannot be at port {port}: Address already in use. Choose another with --port" in ended.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--watch", "{file}"], "Name one folder"),
        (["--watch", "{folder}", "{folder}"], "Name one folder"),
        (["--watch", "{folder}", "--out", "out"], "leave out --out and --json"),
        (["--watch", "{folder}", "--json"], "leave out --out and --json"),
        (["{file}"], "Name the folder to write to, or add --watch"),
    ],
    ids=["a file", "two folders", "out", "json", "neither"],
)
def test_what_does_not_go_together_is_said(folder: Path, arguments: list[str], sentence: str) -> None:
    words = [word.format(file=folder / "stripes.png", folder=folder) for word in arguments]
    ended = CliRunner().invoke(app, ["render", *words], env={"COLUMNS": "500"})
    assert ended.exit_code == 2
    assert sentence in " ".join(ended.output.replace("│", " ").split())
