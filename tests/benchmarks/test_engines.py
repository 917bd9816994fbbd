"""Engines render, tell their cost, and fail with a name; Lightpress also with the package of the last release."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tools.benchmarks import release
from tools.benchmarks.engines import (
    FAST_SHARP,
    OURS,
    Engine,
    EngineError,
    lightpress,
    named,
    running,
    with_allocator,
)
from tools.benchmarks.guard import LAST_RELEASE
from tools.drawing import file_of, ramp, speckled
from tools.peers.engines import PLAIN_PILLOW
from tools.peers.install import Environment

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Environment(Path(sys.executable), Path("no node"), Path("no modules"), Path("no profile"))
"""The Pillow of this environment instead of that of the peers' environment."""


def this_checkout(_: Path) -> Engine:
    return lightpress()


def last_release(folder: Path) -> Engine:
    release.unpack(folder)
    return lightpress(LAST_RELEASE, folder / "lambda_src")


def plain_pillow(_: Path) -> Engine:
    return Engine("Pillow", {"avif": {"quality": 52}, "webp": {}, "jpeg": {}}, PLAIN_PILLOW)


@pytest.mark.parametrize("engine_in", [this_checkout, last_release, plain_pillow])
def test_an_engine_writes_every_width_in_every_format_and_tells_its_cost(
    engine_in: Callable[[Path], Engine], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "original.png").write_bytes(file_of(ramp((400, 300))))
    with running(engine_in(tmp_path), HERE) as engine:
        cost = engine.render(tmp_path / "original.png", (160, 320), out)
    assert {path.name for path in out.iterdir()} == {
        f"{width}.{extension}" for width in (160, 320) for extension in ("avif", "webp", "jpg")
    }
    with Image.open(out / "320.webp") as variant:
        assert variant.size == (320, 240)
    assert cost.cpu_ms > 1
    assert cost.wall_ms > 1
    assert 20 < cost.peak_mb < 1000


def test_an_original_that_an_engine_cannot_read_is_an_error_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_bytes(b"no image at all")
    with running(lightpress(), HERE) as engine, pytest.raises(EngineError, match=rf"{OURS} failed on .*words\.jpg"):
        engine.render(tmp_path / "words.jpg", (160,), tmp_path)


def test_an_engine_that_does_not_start_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "lightpress").mkdir()
    (tmp_path / "lightpress" / "__init__.py").write_text("raise ImportError")
    with (
        pytest.raises(EngineError, match="Lightpress does not start: exited with 1"),
        running(lightpress(package=tmp_path), HERE),
    ):
        pass


def test_an_option_that_is_a_mapping_has_a_value_for_each_width(tmp_path: Path) -> None:
    (tmp_path / "original.png").write_bytes(file_of(speckled((300, 200))))
    by_width = Engine("Pillow", {"jpeg": {"quality": {"100": 90, "200": 10}}}, PLAIN_PILLOW)
    sizes = {}
    for name, engine in (("90", by_width.at({"jpeg": 90})), ("by width", by_width), ("10", by_width.at({"jpeg": 10}))):
        out = tmp_path / name
        out.mkdir()
        with running(engine, HERE) as ready:
            ready.render(tmp_path / "original.png", (100, 200), out)
        sizes[name] = {path.name: path.stat().st_size for path in out.iterdir()}
    assert sizes["by width"] == {"100.jpg": sizes["90"]["100.jpg"], "200.jpg": sizes["10"]["200.jpg"]}


@pytest.mark.parametrize("engine_in", [this_checkout, plain_pillow])
def test_a_higher_step_of_quality_gives_larger_files_and_step_0_the_very_same(
    engine_in: Callable[[Path], Engine], tmp_path: Path
) -> None:
    (tmp_path / "original.png").write_bytes(file_of(speckled((300, 200))))
    engine = engine_in(tmp_path)
    engine = replace(engine, formats={"jpeg": {"quality": 60} if engine.peer else {}})
    sizes = {}
    with running(engine, HERE) as ready:
        for step in (-5, 0, 5):
            out = tmp_path / str(step)
            out.mkdir()
            ready.render(tmp_path / "original.png", (200,), out, engine.stepped(step))
            sizes[step] = (out / "200.jpg").stat().st_size
        out = tmp_path / "plain"
        out.mkdir()
        ready.render(tmp_path / "original.png", (200,), out)
    assert sizes[-5] < sizes[0] < sizes[5]
    assert (out / "200.jpg").stat().st_size == sizes[0]


def test_qualities_by_width_are_moved_one_by_one_and_other_options_stay() -> None:
    engine = Engine("x", {"avif": {"quality": {"320": 55, "640": 51}, "effort": 2}, "webp": {"Q": 75}}, PLAIN_PILLOW)
    assert engine.stepped(-5).formats == {"avif": {"quality": {"320": 50, "640": 46}, "effort": 2}, "webp": {"Q": 70}}
    assert engine.at({"avif": 40, "webp": 80}).formats == {"avif": {"quality": 40, "effort": 2}, "webp": {"Q": 80}}


def test_the_row_of_another_allocator_is_the_fastest_sharp_and_nothing_else(tmp_path: Path) -> None:
    engine, fastest = with_allocator(tmp_path / "lib.so"), named(FAST_SHARP)
    assert engine.variables == {"LD_PRELOAD": str(tmp_path / "lib.so")}
    assert replace(engine, name=fastest.name, variables={}) == fastest


def test_an_unknown_engine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        EngineError, match=r"'sharpp' is no engine; allowed: Lightpress, Lightpress, high effort, sharp"
    ):
        named("sharpp")
