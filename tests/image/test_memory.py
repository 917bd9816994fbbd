"""A lack of memory is the world's fault, whatever the decoder calls it; and decoders talk to nobody."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.sandbox import Child, SandboxLimits, render_in_sandbox
from tools.drawing import file_of, ramp, spec

SMALL = spec(Size("w320", 320))
SIZE = (3_000, 2_000)
DECODERS: dict[str, dict[str, Any]] = {
    "JPEG": {"progressive": True, "quality": 40},
    "WEBP": {"method": 0},
    "AVIF": {"speed": 10},
    "HEIF": {"quality": 30},
    "JPEG2000": {"quality_mode": "rates", "quality_layers": [60]},
    "PNG": {"compress_level": 1},
    "TIFF": {"compression": "tiff_lzw"},
}


def with_spare(mb: int) -> SandboxLimits:
    """SandboxLimits that leave a child so many MB beside what it inherits."""
    return SandboxLimits(memory_mb=mb)


def verdict(data: bytes, bounds: SandboxLimits, wanted: Spec = SMALL) -> str:
    try:
        list(render_in_sandbox(data, wanted, bounds).variants)
    except PictureRejected as rejected:
        return rejected.reason
    except ChildLost:
        return "lost"
    return "rendered"


@pytest.fixture(scope="module", params=DECODERS)
def good(request: pytest.FixtureRequest) -> bytes:
    return file_of(ramp(SIZE), request.param, **DECODERS[request.param])


@pytest.mark.sampled(2)
def test_a_good_picture_is_never_called_damaged_for_want_of_memory(good: bytes) -> None:
    verdicts = [verdict(good, with_spare(mb)) for mb in (2, 10, 30)]
    assert set(verdicts) <= {"lost", "rendered"}
    assert verdict(good, with_spare(1_000)) == "rendered"


@pytest.mark.sampled(3)
def test_a_damaged_picture_is_called_so_where_there_is_memory(good: bytes) -> None:
    refusing = replace(SMALL, damaged="refuse")
    assert verdict(good[: len(good) // 2], with_spare(1_000), refusing) == Reason.CORRUPT


def test_what_is_told_from_the_header_needs_no_memory_to_be_believed() -> None:
    assert verdict(b"%!PS-Adobe", with_spare(5)) == Reason.FORMAT_NOT_ACCEPTED


def test_what_a_decoder_may_have_asked_for_goes_with_its_complaint() -> None:
    data = file_of(ramp(SIZE), "WEBP")
    with pytest.raises(PictureRejected) as caught:
        render(data[: len(data) // 2], SMALL)
    assert caught.value.memory is not None
    assert caught.value.memory > SIZE[0] * SIZE[1] * 3


def noisy_tiff() -> bytes:
    data = bytearray(file_of(ramp((64, 64)), "TIFF", compression="tiff_lzw"))
    data[8:40] = b"\xff" * 32
    return bytes(data)


def test_a_decoder_that_complains_in_a_child_is_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    with Child(noisy_tiff(), SMALL, SandboxLimits(), render) as child, pytest.raises(PictureRejected):
        list(child.result().variants)
    assert capfd.readouterr().err == ""


def test_and_would_be_heard_here(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PictureRejected):
        render(noisy_tiff(), SMALL)
    assert capfd.readouterr().err != ""


FOUR = spec(*(Size(f"w{width}", width) for width in (320, 640, 1280, 1920)))


def photo(size: tuple[int, int]) -> bytes:
    return file_of(ramp(size), "JPEG", quality=85)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("size", "room_mb"), [((8_000, 6_000), 512), ((11_500, 8_600), 1024)])
def test_a_large_photo_needs_no_large_function(size: tuple[int, int], room_mb: int) -> None:
    anew = partial(ProcessPoolExecutor, 1, get_context("spawn"))  # what drawing leaves behind would be inherited
    with anew() as drawing, anew() as function:
        data = drawing.submit(photo, size).result()
        assert function.submit(verdict, data, with_spare(20), FOUR).result() == "lost"
        assert function.submit(verdict, data, with_spare(room_mb), FOUR).result() == "rendered"
