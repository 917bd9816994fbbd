"""The pixel library, to the very numbers of Pillow, with each of the instruction sets that it is compiled for."""

from __future__ import annotations

import cProfile
import ctypes
import os
import pstats
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from lightpress.image.pixel_library import PixelLibrary, PixelLibraryError, load_pixel_library, pixel_library
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.recipe_file import load_recipes
from tools.drawing import file_of, speckled
from tools.native.build import LIBRARIES, MACHINES, RECORD, record

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIBRARY = LIBRARIES / f"libpixels-{os.uname().machine}.so"
_BICUBIC = Image.Resampling.BICUBIC
_MODES = ("L", "RGB", "RGBX", "RGBA", "CMYK")
_sides = st.integers(1, 200)
_BAD_ARGUMENTS = 2

on_its_processors = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in {machine.name for machine in MACHINES},
    reason="the pixel library is for Linux on x86-64 and arm64",
)


def noise(mode: str, size: tuple[int, int], seed: int = 1) -> Image.Image:
    """Every level, next to every other: rounding shows."""
    count = size[0] * size[1] * len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, size, random.Random(seed).randbytes(count))  # noqa: S311  not for security


def library(resize: str = "lp_resize") -> PixelLibrary:
    """That of this machine."""
    loaded = load_pixel_library(_LIBRARY, resize)
    assert loaded is not None
    return loaded


def _has_avx2() -> bool:
    return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")


@on_its_processors
@given(st.sampled_from(_MODES), st.tuples(_sides, _sides), st.tuples(_sides, _sides))
@example("RGB", (200, 150), (200, 149))
@example("RGBA", (1, 1), (1, 2))
@example("L", (3, 200), (2, 20)).via("the height first, as Pillow does where it shrinks more than twice as much")
@example("RGB", (199, 200), (100, 3)).via("the width first, though the height shrinks more")
@example("CMYK", (33, 7), (9, 5)).via("rows that do not fill a vector")
def test_pictures_are_resized_to_the_very_bytes_that_pillow_makes(
    mode: str, size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    assume(size != wanted)
    image = noise(mode, size)
    made = library().resized(image, wanted)
    assert made is not None
    assert (made.mode, made.size) == (mode, wanted)
    assert made.tobytes() == image.resize(wanted, _BICUBIC).tobytes()


@on_its_processors
@pytest.mark.parametrize("resize", ["lp_resize_baseline", "lp_resize_avx2"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_instruction_set_gives_the_same_bytes(resize: str, mode: str) -> None:
    if resize == "lp_resize_avx2" and not _has_avx2():
        pytest.skip("this processor has no AVX2")
    image = noise(mode, (203, 151))
    for wanted in ((97, 71), (60, 3), (300, 200)):
        made = library(resize).resized(image, wanted)
        assert made is not None
        assert made.tobytes() == image.resize(wanted, _BICUBIC).tobytes()


@on_its_processors
@settings(max_examples=25)
@given(st.tuples(_sides, _sides), st.integers(0, 999))
@example((33, 7), 5)
def test_colors_go_to_rgb_and_back_as_jfif_defines_them_rounded_to_the_nearest(
    size: tuple[int, int], seed: int
) -> None:
    luma, blue, red = (noise("L", size, seed + at) for at in range(3))
    made = library().to_rgb((luma, blue, red))
    back = library().from_rgb(made)
    samples = zip(*(plane.tobytes() for plane in (luma, blue, red, *made.split(), *back)), strict=True)
    for y, cb, cr, *shown, luma_back, blue_back, red_back in samples:
        exact = (y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128))
        assert _distance(shown, exact) < 0.51
        r, g, b = shown
        exact = (
            0.299 * r + 0.587 * g + 0.114 * b,
            128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
            128 + 0.5 * r - 0.418688 * g - 0.081312 * b,
        )
        assert _distance((luma_back, blue_back, red_back), exact) < 0.51


def _distance(made: Sequence[int], exact: Sequence[float]) -> float:
    return max(abs(one - min(255.0, max(0.0, other))) for one, other in zip(made, exact, strict=True))


@on_its_processors
def test_every_gray_stays_gray_both_ways() -> None:
    gray = Image.frombytes("L", (256, 1), bytes(range(256)))
    none = Image.new("L", (256, 1), 128)
    made = library().to_rgb((gray, none, none))
    assert made.tobytes() == gray.convert("RGB").tobytes()
    assert [plane.tobytes() for plane in library().from_rgb(made)] == [gray.tobytes(), none.tobytes(), none.tobytes()]


@on_its_processors
@settings(max_examples=25)
@given(st.tuples(_sides, _sides), st.integers(0, 999))
@example((1, 1), 0)
@example((3, 4), 0)
def test_luma_goes_along_with_the_mean_of_its_four(size: tuple[int, int], seed: int) -> None:
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    luma, before, after = noise("L", size, seed), noise("L", half, seed + 1), noise("L", half, seed + 2)
    curve = random.Random(seed).randbytes(256)  # noqa: S311  as above
    made = library().with_luma_shifted(luma, curve, before, after)
    levels, was, now = luma.tobytes(), before.tobytes(), after.tobytes()
    for at, moved in enumerate(made.tobytes()):
        four = at // size[0] // 2 * half[0] + at % size[0] // 2
        assert moved == min(255, max(0, curve[levels[at]] + now[four] - curve[was[four]]))


@on_its_processors
@settings(max_examples=40)
@given(st.tuples(_sides, _sides), st.sampled_from(Image.Transpose), st.integers(0, 99))
@example((8, 8), Image.Transpose.TRANSVERSE, 0)
@example((1, 9), Image.Transpose.ROTATE_90, 0)
def test_planes_are_turned_to_the_very_bytes_that_pillow_makes(
    size: tuple[int, int], method: Image.Transpose, seed: int
) -> None:
    image = noise("L", size, seed)
    made = library().transposed(image, method)
    assert (made.size, made.tobytes()) == (image.transpose(method).size, image.transpose(method).tobytes())


@on_its_processors
def test_planes_of_different_sizes_are_refused() -> None:
    one, other = Image.new("L", (40, 30)), Image.new("L", (20, 15))
    with pytest.raises(PixelLibraryError):
        library().to_rgb((one, one, other))
    with pytest.raises(PixelLibraryError):
        library().with_luma_shifted(one, bytes(256), other, one)
    with pytest.raises(PixelLibraryError):
        library().with_luma_shifted(one, bytes(255), other, other)


@on_its_processors
def test_a_picture_of_12_megapixels_is_resized_to_the_very_bytes_too() -> None:
    image = noise("L", (4_000, 3_000)).convert("RGB")
    made = library().resized(image, (1_920, 1_440))
    assert made is not None
    assert made.tobytes() == image.resize((1_920, 1_440), _BICUBIC).tobytes()


@on_its_processors
@pytest.mark.parametrize("extreme", [(65_000, 1), (1, 65_000)], ids=["very wide", "very tall"])
def test_extreme_shapes_are_resized_alike(extreme: tuple[int, int]) -> None:
    image = noise("RGB", extreme)
    for wanted in ((1, 1), (7, 1), (1, 7), (7, 7)):
        made = library().resized(image, wanted)
        assert made is not None
        assert made.tobytes() == image.resize(wanted, _BICUBIC).tobytes()


@on_its_processors
@pytest.mark.parametrize("mode", ["P", "1", "I;16", "LA", "F"])
def test_other_kinds_of_pictures_are_left_to_pillow(mode: str) -> None:
    assert library().resized(Image.new(mode, (40, 30)), (20, 15)) is None


@on_its_processors
def test_a_picture_in_several_pieces_of_memory_is_left_to_pillow() -> None:
    script = (
        "from PIL import Image; whole = Image.new('RGB', (4000, 3000));"
        "from lightpress.image.pixel_library import pixel_library;"
        "print(pixel_library().resized(whole, (20, 15)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(LIBRARIES.parents[1])}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (said.stdout, said.stderr) == ("None\n", "")


@on_its_processors
@pytest.mark.parametrize("native", [True, False])
def test_a_picture_is_decoded_into_one_piece_of_memory_for_the_library_and_only_for_it(native: bool) -> None:
    script = (
        "import io; from PIL import Image, _imaging;"
        "from lightpress.image.render import render; from lightpress.image.spec import Size, Spec;"
        "data = io.BytesIO(); Image.new('RGB', (4, 3)).save(data, 'PNG');"
        f"render(data.getvalue(), Spec((Size('s', width=2),), ('png',), native={native}));"
        "print(_imaging.get_use_block_allocator())"
    )
    environment = {**os.environ, "PYTHONPATH": str(LIBRARIES.parents[1])}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (said.stdout, said.stderr) == (f"{int(native)}\n", "")


@on_its_processors
@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_variants_are_the_same_bytes_with_the_library_and_without(seed: int) -> None:
    width, height = 40 + seed % 61, 30 + seed % 47
    data = file_of(speckled((width, height), seed))
    assert _variants(data, native=True) == _variants(data, native=False)


def _variants(data: bytes, *, native: bool) -> list[bytes]:
    wanted = Spec((Size("l", width=31), Size("m", 20, 20, "cover"), Size("s", 9, 30, "pad")), ("png",), native=native)
    return [variant.data for variant in render(data, wanted).variants]


@on_its_processors
@pytest.mark.parametrize("native", [True, False])
def test_a_recipe_decides_whether_the_library_resizes(native: bool) -> None:
    data = file_of(speckled((60, 40)))
    profile = cProfile.Profile()
    profile.runcall(_variants, data, native=native)
    called = {name for _, _, name in pstats.Stats(profile).stats}  # type: ignore[attr-defined]
    assert ("resized" in called) is native


def test_turning_it_off_makes_nothing_stale() -> None:
    recipe = next(iter(load_recipes(LIBRARIES.parents[1] / "recipes.toml").recipes.values()))
    off = type(recipe)(recipe.name, Spec(recipe.spec.sizes, recipe.spec.formats, native=False))
    on = type(recipe)(recipe.name, Spec(recipe.spec.sizes, recipe.spec.formats))
    assert off.digest == on.digest


@on_its_processors
def test_the_library_of_this_machine_is_loaded_once() -> None:
    assert pixel_library() is not None
    assert pixel_library() is pixel_library()


def test_where_there_is_no_library_none_is_loaded(tmp_path: Path) -> None:
    assert load_pixel_library(tmp_path / "libpixels-riscv64.so") is None
    (tmp_path / "libpixels-x86_64.so").write_bytes(b"\x7fELF of another world")
    assert load_pixel_library(tmp_path / "libpixels-x86_64.so") is None


@on_its_processors
@pytest.mark.parametrize(
    ("window", "sizes", "channels", "stride"),
    [
        ((0, 0, 45, 30), (40, 30), 4, 160),
        ((40, 0, 41, 30), (40, 30), 4, 160),
        ((-1, 0, 40, 30), (40, 30), 4, 160),
        ((5, 0, 5, 30), (40, 30), 4, 160),
        ((0, 0, 40, float("nan")), (40, 30), 4, 160),
        ((0, 0, 40, 30), (40, 30), 3, 160),
        ((0, 0, 40, 30), (40, 30), 4, 159),
        ((0, 0, 40, 30), (0, 30), 4, 160),
        ((0, 0, 40, 30), (40, -30), 4, 160),
        ((0, 0, 40, 30), (2_000_000, 30), 1, 2_000_000),
    ],
)
def test_what_would_leave_the_memory_of_a_picture_is_refused(
    window: tuple[float, ...], sizes: tuple[int, int], channels: int, stride: int
) -> None:
    class Plane(ctypes.Structure):
        _fields_ = (
            ("samples", ctypes.c_void_p), ("stride", ctypes.c_size_t),
            ("width", ctypes.c_int32), ("height", ctypes.c_int32), ("channels", ctypes.c_int32),
        )  # fmt: skip

    loaded = ctypes.CDLL(str(_LIBRARY))
    memory = ctypes.create_string_buffer(10_000)
    source = Plane(ctypes.addressof(memory), stride, *sizes, channels)
    target = Plane(ctypes.addressof(memory), 40 * channels, 10, 10, channels)
    floats = (ctypes.c_float * 4)(*window)
    assert loaded.lp_resize(ctypes.byref(source), floats, ctypes.byref(target)) == _BAD_ARGUMENTS


def test_the_committed_libraries_are_of_the_sources_that_are_committed() -> None:
    """`make native` writes both; `make native-check`, each night, compiles the sources again to compare the bytes."""
    assert RECORD.read_text(encoding="utf-8") == record()
