"""JPEG XL is read at its size, colors and direction, as libjxl's own program reads it."""

from __future__ import annotations

import io
import subprocess
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from lightpress.image.candidates import CANDIDATES
from lightpress.image.codecs import load_codecs
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.jxl import jxl_sizes, jxl_unreadable
from lightpress.image.limits import Limits
from lightpress.image.outputs import OUTPUTS, WRITTEN
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tools.drawing import (
    CORNERS,
    as_camera_stores,
    colors_at_corners,
    disc,
    distance,
    exif_with,
    file_of,
    four_corners,
    mean_difference,
    only,
    pixel,
    plain,
    ramp,
    rgb_profile,
    spec,
    speckled,
    summary_of,
)

if TYPE_CHECKING:
    from pathlib import Path

load_codecs(("jxl",))
NEEDS_LIBJXL = pytest.mark.skipif(which("cjxl") is None, reason="needs cjxl and djxl (Debian's libjxl-tools)")
SIZES = [(1, 1), (8, 8), (7, 300), (96, 64), (256, 256), (640, 480), (1_000, 3), (320, 180), (513, 8_193)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_size_is_told_by_the_header_before_anything_is_decoded(size: tuple[int, int]) -> None:
    bare = file_of(plain(size=size), "JXL", effort=1)
    boxed = file_of(plain(size=size), "JXL", effort=1, use_container=True, exif=exif_with(1).tobytes())
    assert bare[:2] == b"\xff\x0a"
    assert boxed[4:8] == b"JXL "
    for data in (bare, boxed):
        assert list(jxl_sizes(data)) == [size]
        assert list(jxl_sizes(data[:3])) == []


def test_what_is_too_large_is_told_so_before_it_is_decoded() -> None:
    data = file_of(plain(size=(400, 300)), "JXL", effort=1)
    for limits, reason in (
        (Limits(max_pixels=119_999), Reason.TOO_MANY_PIXELS),
        (Limits(max_side=399), Reason.TOO_LONG_SIDE),
        (Limits(max_decoded_bytes=400 * 300 * 16 - 1), Reason.TOO_MANY_PIXELS),
    ):
        with pytest.raises(PictureRejected) as caught:
            summary_of(data[:20], spec(limits=limits))
        assert caught.value.reason is reason


def test_a_jpeg_xl_is_shown_with_its_colors_and_what_is_see_through() -> None:
    data = file_of(four_corners(), "JXL", quality=95)
    assert summary_of(data).format == "jxl"
    assert all(distance(a, b) < 16 for a, b in zip(colors_at_corners(only(data)), CORNERS, strict=True))
    clear = only(file_of(disc(60), "JXL", lossless=True)).convert("RGBA")
    assert clear.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert clear.getpixel((30, 30)) == (255, 255, 255, 255)


@NEEDS_LIBJXL
def test_the_profile_of_a_jpeg_xl_is_heeded_as_that_of_a_png(tmp_path: Path) -> None:
    png = file_of(plain((200, 60, 60)), icc_profile=rgb_profile())
    (tmp_path / "a.png").write_bytes(png)
    subprocess.run(["cjxl", tmp_path / "a.png", tmp_path / "a.jxl", "-d", "0"], check=True, capture_output=True)
    got, want = (pixel(only(data).convert("RGB"), (0.5, 0.5)) for data in ((tmp_path / "a.jxl").read_bytes(), png))
    assert distance(want, (200, 60, 60)) > 5
    assert distance(got, want) < 4


@pytest.mark.sampled(6)
@NEEDS_LIBJXL
@pytest.mark.parametrize("packed", [False, True], ids=["encoded anew", "a JPEG, packed"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_xl_is_turned_once_and_not_twice(orientation: int, packed: bool, tmp_path: Path) -> None:
    stored = as_camera_stores(four_corners(), orientation)
    (tmp_path / "a.jpg").write_bytes(file_of(stored, "JPEG", quality=95, exif=exif_with(orientation).tobytes()))
    how = ["-j", "1"] if packed else ["-j", "0", "-d", "0.5"]
    subprocess.run(["cjxl", tmp_path / "a.jpg", tmp_path / "a.jxl", *how], check=True, capture_output=True)
    data = (tmp_path / "a.jxl").read_bytes()
    image = only(data)
    assert image.size == (96, 64)
    assert (summary_of(data).width, summary_of(data).height) == (96, 64)
    assert all(distance(a, b) < 20 for a, b in zip(colors_at_corners(image), CORNERS, strict=True))


@NEEDS_LIBJXL
def test_libjxl_s_own_program_reads_the_same_pixels(tmp_path: Path) -> None:
    drawn: tuple[tuple[str, Image.Image, dict[str, Any]], ...] = (
        ("photo", ramp((160, 120)), {"quality": 80}),
        ("lossless", ramp((160, 120)), {"lossless": True}),
        ("gray", ramp((160, 120)).convert("L"), {"quality": 90}),
        ("see-through", disc(90), {"quality": 90}),
    )
    for name, image, options in drawn:
        (tmp_path / f"{name}.jxl").write_bytes(file_of(image, "JXL", **options))
        subprocess.run(["djxl", tmp_path / f"{name}.jxl", tmp_path / f"{name}.png"], check=True, capture_output=True)
        theirs = Image.open(tmp_path / f"{name}.png")
        ours = only((tmp_path / f"{name}.jxl").read_bytes())
        assert mean_difference(ours.convert("RGB"), theirs.convert("RGB")) < 1.0, name


@NEEDS_LIBJXL
def test_an_animation_is_refused_by_name_since_only_its_end_could_be_shown(tmp_path: Path) -> None:
    frames = [plain((number, 0, 0), (64, 48)) for number in (0, 99, 200)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], duration=100)
    subprocess.run(["cjxl", tmp_path / "a.png", tmp_path / "a.jxl"], check=True, capture_output=True)
    data = (tmp_path / "a.jxl").read_bytes()
    assert jxl_unreadable(data) == "an animation in JPEG XL"
    with pytest.raises(PictureRejected, match="animation in JPEG XL") as caught:
        summary_of(data)
    assert caught.value.reason is Reason.FORMAT_NOT_ACCEPTED
    assert jxl_unreadable(file_of(ramp(), "JXL")) is None


@pytest.mark.parametrize("length", [2, 5, 12, 40, 200])
def test_what_is_cut_short_is_damaged(length: int) -> None:
    with pytest.raises(PictureRejected) as caught:
        summary_of(file_of(four_corners(), "JXL", quality=90)[:length])
    assert caught.value.reason is Reason.CORRUPT
    assert "libjxl" not in caught.value.detail


def test_the_copyright_in_a_jpeg_xl_goes_along() -> None:
    exif = exif_with(6, "(c) Ann").tobytes()
    data = file_of(four_corners(), "JXL", quality=90, exif=exif, use_container=True)
    (variant,) = render(data, spec(Size("a", 96), formats=("webp",), metadata="copyright")).variants
    words = Image.open(io.BytesIO(variant.data)).getexif()
    assert words[33_432] == "(c) Ann"
    assert variant.width == 96
    assert 0x0112 not in words or words[0x0112] == 1


# Written.


def on_gray(image: Image.Image) -> Image.Image:
    flat = Image.new("RGBA", image.size, "#808080")
    flat.alpha_composite(image.convert("RGBA"))
    return flat.convert("RGB")


def test_jpeg_xl_is_written_where_a_recipe_names_it_and_never_by_itself() -> None:
    assert "jxl" in OUTPUTS
    assert "jxl" not in WRITTEN
    assert "jxl" not in {name for found in CANDIDATES.values() for name in (*found.small, *found.fallback)}


@NEEDS_LIBJXL
def test_what_is_written_is_read_by_libjxl_s_own_program_as_it_was_meant(tmp_path: Path) -> None:
    for name, image in (("photo", ramp((96, 64))), ("logo", four_corners()), ("see-through", disc(60))):
        (variant,) = render(file_of(image), spec(Size("a", 96), formats=("jxl",))).variants
        assert (variant.format, variant.width, variant.animated) == ("jxl", image.width, False)
        (tmp_path / f"{name}.jxl").write_bytes(variant.data)
        subprocess.run(["djxl", tmp_path / f"{name}.jxl", tmp_path / f"{name}.png"], check=True, capture_output=True)
        theirs = Image.open(tmp_path / f"{name}.png")
        assert theirs.mode == image.mode
        assert mean_difference(*(on_gray(one) for one in (theirs, image))) < 8, name


def test_a_child_that_can_open_nothing_writes_the_same() -> None:
    what = spec(Size("a", 96), Size("b", 48), formats=("jxl", "jpeg"))
    data = file_of(speckled((96, 64)))
    assert list(render_in_sandbox(data, what, SandboxLimits()).variants) == list(render(data, what).variants)
