"""Packed without loss: fewer bytes, the same pixels."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from PIL import Image

from lightpress.image.lossless import pack
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import Child, SandboxLimits
from tools.drawing import as_camera_stores, exif_with, file_of, ramp, rendered, seen, spec, speckled

PICTURE = ramp((400, 300))
PACKABLE = {
    "jpeg": file_of(PICTURE, "JPEG", quality=95),
    "jpeg, print colors": file_of(PICTURE.convert("CMYK"), "JPEG", quality=95),
    "jpeg, turned": file_of(as_camera_stores(PICTURE, 6), "JPEG", quality=95, exif=exif_with(6), comment="Kept."),
    "png": file_of(PICTURE, compress_level=1),
    "png, see-through": file_of(PICTURE.convert("RGBA"), compress_level=1),
}
OTHERS = (
    file_of(PICTURE, "WEBP"),
    file_of(PICTURE, "GIF"),
    file_of(PICTURE, "AVIF"),
    b"",
    b"\xff\xd8\xffjunk",
    b"junk",
)


_APART = ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def packed_apart(data: bytes, pixels: int) -> bytes:
    """Packed in another process: packing starts threads, and this one still has to fork."""
    return _APART.submit(pack, data, pixels).result(timeout=60)


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGBA").tobytes()


@pytest.mark.parametrize("name", PACKABLE)
def test_a_file_gets_smaller_and_shows_the_same(name: str) -> None:
    data = PACKABLE[name]
    packed = packed_apart(data, 400 * 300)
    assert len(packed) < len(data)
    assert pixels(packed) == pixels(data)
    assert Image.open(io.BytesIO(packed)).getexif() == Image.open(io.BytesIO(data)).getexif()
    assert len(packed_apart(packed, 400 * 300)) <= len(packed)


@pytest.mark.parametrize("data", OTHERS)
def test_other_files_stay_as_they_are(data: bytes) -> None:
    assert packed_apart(data, 1) == data


@pytest.mark.parametrize("name", ["jpeg", "png"])
def test_what_would_take_too_long_stays_as_it_is(name: str) -> None:
    assert packed_apart(PACKABLE[name], 100_000_000) == PACKABLE[name]


def test_damage_stays_as_it_is() -> None:
    data = PACKABLE["png"]
    assert packed_apart(data[:-30], 1) == data[:-30]


@pytest.mark.parametrize("name", ["jpeg", "png", "png, see-through"])
def test_a_recipe_without_loss_publishes_the_very_pixels(name: str) -> None:
    form, data = name.partition(",")[0], PACKABLE[name]
    whole, half = rendered(data, spec(Size("whole", 400), Size("half", 200), formats=(form,), lossless=True))
    assert len(whole.data) < len(data)
    assert seen(whole).convert("RGBA").tobytes() == pixels(data)
    assert whole.note == "The original's own pixels, packed without loss."
    assert half.note is None


def test_what_must_change_is_encoded_all_the_same() -> None:
    (one,) = rendered(PACKABLE["jpeg, turned"], spec(formats=("jpeg",), lossless=True))
    assert seen(one).size == (400, 300)
    assert b"Kept." not in one.data


def in_a_child(form: str) -> None:
    data = file_of(speckled((600, 450)), form.upper())
    with Child(data, spec(formats=(form,), lossless=True), SandboxLimits(), render) as child:
        (one,) = child.result().variants
    assert pixels(one.data) == pixels(data)


@pytest.mark.parametrize("form", ["jpeg", "png"])
def test_it_works_within_the_bounds_of_a_child(form: str) -> None:
    # This process has packed before, so its own children cannot; a new one's can, as the function's do.
    script = f"from tests.image.test_lossless import in_a_child; in_a_child({form!r})"
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, timeout=60)
