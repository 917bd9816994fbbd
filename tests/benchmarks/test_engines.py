"""Engines render, tell their cost, and fail with a name; Lightpress also with the package of the last release."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tools.benchmarks import release
from tools.benchmarks.engines import OURS, Engine, EngineError, lightpress, running
from tools.benchmarks.guard import LAST_RELEASE
from tools.drawing import file_of, ramp
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
