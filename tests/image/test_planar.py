"""Photos go from JPEG to their variants in planes, without RGB: what Pillow alone would have made, but for rounding."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from lightpress.image.decode import decode
from lightpress.image.encode import encode
from lightpress.image.job import Embedded
from lightpress.image.jpegli import tables
from lightpress.image.metadata import attribution
from lightpress.image.outputs import OUTPUTS
from lightpress.image.pixel_library import pixel_library
from lightpress.image.planar import Planar
from lightpress.image.plane_codecs import in_planes, plane_codecs
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec, Step
from tools.drawing import as_camera_stores, exif_with, file_of, ramp, rgb_profile
from tools.native.build import LIBRARIES, MACHINES

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in {machine.name for machine in MACHINES},
    reason="the pixel library is for Linux on x86-64 and arm64",
)

HALVED = ("avif", "webp", "jpeg")
SUBSAMPLING = ("4:4:4", "4:2:2", "4:2:0")
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def photo(size: tuple[int, int] = (640, 480), seed: int = 3) -> Image.Image:
    """Soft colors, and luma with detail at two scales: as a photo has them."""
    luma, blue, red = (plane.point(lambda level: 64 + level // 2) for plane in ramp(size).convert("YCbCr").split())
    detail = Image.blend(_noise(size, 24, seed), _noise(size, 3, seed + 1), 0.4)
    colors = (Image.blend(color, _noise(size, 40, seed + 2 + at), 0.15) for at, color in enumerate((blue, red)))
    return Image.merge("YCbCr", (Image.blend(luma, detail, 0.5), *colors)).convert("RGB")


def _noise(size: tuple[int, int], pixels: int, seed: int) -> Image.Image:
    """Levels that change from so many pixels to the next."""
    part = (max(2, size[0] // pixels), max(2, size[1] // pixels))
    levels = random.Random(seed).randbytes(part[0] * part[1])  # noqa: S311  not for security
    return Image.frombytes("L", part, levels).resize(size, Image.Resampling.BICUBIC)


def jpeg(image: Image.Image, **options: Any) -> bytes:  # noqa: ANN401  of Pillow
    """A file of it."""
    return file_of(image, "JPEG", **{"quality": 92, **options})


def opened(data: bytes, largest: tuple[int, int] | None = None) -> Image.Image:
    """As Pillow opens it, asked for no more than that."""
    found = Image.open(io.BytesIO(data))
    found.draft(None, largest)
    return found


def planar(data: bytes, largest: tuple[int, int] | None = None) -> Planar:
    """Its planes."""
    made = in_planes(opened(data, largest), data)
    assert made is not None
    return made


Planes = tuple[Image.Image, Image.Image, Image.Image]


def to_encoders(data: bytes, spec: Spec) -> list[Planes]:
    """The planes that encoders have of each variant: those of the picture, or those that they make of RGB."""
    given: list[Planes] = []

    def watched(image: Image.Image, *others: Any) -> bytes:  # noqa: ANN401  as `encode`
        given.append(image.planes if isinstance(image, Planar) else _planes_of(image))
        return encode(image, *others)

    list(render(data, spec, watched).variants)
    return given


def _planes_of(image: Image.Image) -> Planes:
    library = pixel_library()
    assert library is not None
    luma, blue, red = library.from_rgb(image.copy())
    return luma, blue.reduce(2), red.reduce(2)


def both_ways(data: bytes, spec: Spec) -> list[tuple[Image.Image, Image.Image]]:
    """Plane beside plane of all variants: as planes, and by Pillow alone."""
    ours, theirs = to_encoders(data, spec), to_encoders(data, replace(spec, native=False))
    return [pair for one, other in zip(ours, theirs, strict=True) for pair in zip(one, other, strict=True)]


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean, over the channels, in levels of 255."""
    means = ImageStat.Stat(ImageChops.difference(one, other)).mean
    return sum(means) / len(means)


def settings_of(form: str, quality: int) -> dict[str, Any]:
    """What photos are written with, in Pillow's words."""
    given = dict(OUTPUTS[form].options)
    return given | ({"qtables": tables(quality), "subsampling": "4:2:0"} if form == "jpeg" else {"quality": quality})


@pytest.mark.parametrize("form", ["avif", "jpeg"])
@pytest.mark.parametrize("quality", [20, 55, 90])
@pytest.mark.parametrize("size", [(403, 301), (640, 480), (17, 9)])
def test_a_picture_without_color_is_written_to_the_very_bytes_that_pillow_writes(
    form: str, quality: int, size: tuple[int, int]
) -> None:
    gray, none = photo(size).convert("L"), Image.new("L", ((size[0] + 1) // 2, (size[1] + 1) // 2), 128)
    codecs, asked = plane_codecs(), settings_of(form, quality)
    assert codecs is not None
    made = codecs.encoded(Planar.of(gray, none, none), form, asked)
    assert made is not None
    assert made == file_of(gray.convert("RGB"), OUTPUTS[form].pillow, **asked)


@pytest.mark.parametrize("quality", [20, 75, 95])
def test_a_webp_without_color_is_as_close_to_the_picture_as_that_of_pillow_in_as_many_bytes(quality: int) -> None:
    gray, none = photo((640, 480)).convert("L"), Image.new("L", (320, 240), 128)
    codecs, asked = plane_codecs(), settings_of("webp", quality)
    assert codecs is not None
    made = codecs.encoded(Planar.of(gray, none, none), "webp", asked)
    assert made is not None
    by_pillow, seen = file_of(gray.convert("RGB"), "WEBP", **asked), gray.convert("RGB")
    ours, theirs = (Image.open(io.BytesIO(one)).convert("RGB") for one in (made, by_pillow))
    assert difference(ours, seen) < 1.05 * difference(theirs, seen)
    assert len(made) < 1.02 * len(by_pillow)
    assert abs(ImageStat.Stat(ours).mean[0] - ImageStat.Stat(theirs).mean[0]) < 0.2
    assert difference(ours, ours.convert("L").convert("RGB")) < 0.5


@pytest.mark.parametrize("form", HALVED)
def test_author_and_owner_are_written_along(form: str) -> None:
    said = Embedded(attribution("Mia Müller", "© Mia Müller"))
    made = encode(planar(jpeg(photo())), OUTPUTS[form], Spec((Size("all"),), (form,)), said)
    exif = Image.open(io.BytesIO(made)).getexif()
    assert [exif[tag].encode("latin-1").decode() for tag in (0x013B, 0x8298)] == ["Mia Müller", "© Mia Müller"]


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize("subsampling", SUBSAMPLING)
@pytest.mark.parametrize("progressive", [False, True])
def test_luma_is_what_the_decoder_gives_for_a_picture_in_gray(scale: int, subsampling: str, progressive: bool) -> None:
    data = jpeg(photo((2_053, 2_051)), subsampling=subsampling, progressive=progressive)
    wanted = (2_053 // scale, 2_051 // scale)
    gray = Image.open(io.BytesIO(data))
    gray.draft("L", wanted)
    luma, blue, red = planar(data, wanted).planes
    assert luma.tobytes() == gray.tobytes()
    assert blue.size == red.size == ((luma.width + 1) // 2, (luma.height + 1) // 2)


@pytest.mark.parametrize("subsampling", SUBSAMPLING)
def test_in_rgb_it_is_the_picture_that_pillow_decodes(subsampling: str) -> None:
    data = jpeg(photo((641, 479)), subsampling=subsampling)
    ours, theirs = planar(data), opened(data)
    assert (ours.mode, ours.size) == ("RGB", theirs.size)
    assert difference(ours.convert("RGB"), theirs) < (0.05 if subsampling == "4:4:4" else 0.5)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(640, 480), (641, 479)])
def test_photos_are_turned_as_their_camera_was_held(orientation: int, size: tuple[int, int]) -> None:
    data = jpeg(as_camera_stores(photo(size), orientation), exif=exif_with(orientation))
    for ours, theirs in both_ways(data, Spec((Size("m", 301), Size("s", 120)), ("jpeg",))):
        assert ours.size == theirs.size
        assert difference(ours, theirs) < 0.5


@pytest.mark.parametrize("subsampling", SUBSAMPLING)
@pytest.mark.parametrize(
    "profile", [None, rgb_profile(), rgb_profile(ADOBE_RGB)], ids=["sRGB", "Display P3", "Adobe RGB"]
)
def test_encoders_get_the_planes_of_pillow_s_way_within_half_a_level(subsampling: str, profile: bytes | None) -> None:
    data = jpeg(photo((1_280, 961)), subsampling=subsampling, icc_profile=profile)
    for ours, theirs in both_ways(data, Spec((Size("l", 900), Size("m", 640), Size("s", 301)), ("jpeg",))):
        assert difference(ours, theirs) < (0.5 if profile is None else 0.8)
        assert abs(ImageStat.Stat(ours).mean[0] - ImageStat.Stat(theirs).mean[0]) < 0.2  # halving rounds up


def test_a_conversion_to_another_color_space_leaves_grays_and_makes_nothing_darker() -> None:
    picture = planar(jpeg(photo()))
    same = picture.converted(lambda image: image)
    for before, after in zip(picture.planes, same.planes, strict=True):
        assert difference(before, after) < 0.3
        assert abs(ImageStat.Stat(before).mean[0] - ImageStat.Stat(after).mean[0]) < 0.05


@settings(max_examples=25, deadline=None)
@given(st.tuples(st.integers(260, 700), st.integers(260, 700)), st.sampled_from(SUBSAMPLING), st.integers(0, 99))
def test_any_size_is_reduced_and_written(size: tuple[int, int], subsampling: str, seed: int) -> None:
    data = jpeg(photo(size, seed), subsampling=subsampling)
    for ours, theirs in both_ways(data, Spec((Size("l", size[0] - seed), Size("m", 131), Size("s", 30)), ("jpeg",))):
        assert ours.size == theirs.size
        assert difference(ours, theirs) < 1.5


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"native": False}, "the pixel library is turned off"),
        ({"colors": "p3"}, "wide colors are kept"),
        ({"formats": ("png",)}, "PNG has colors in full"),
        ({"formats": ("avif", "png")}, "one of them has"),
    ],
)
def test_pillow_decodes_where_a_variant_needs_more_than_a_jpeg_has(change: Mapping[str, Any], why: str) -> None:
    spec = replace(Spec((Size("m", 300),), ("avif", "jpeg")), **change)
    assert not isinstance(decode(jpeg(photo()), spec.decoding).image, Planar), why


def test_pillow_decodes_for_recipes_with_steps() -> None:
    step = Step("none", "", None, lambda picture, _: picture)
    spec = Spec((Size("m", 300, steps=(step,)),), ("avif", "jpeg"))
    assert not spec.decoding.planar


def test_photos_are_decoded_to_planes_where_formats_are_chosen_by_kind() -> None:
    spec = Spec((Size("m", 300),), tuple(OUTPUTS), auto=True)
    assert isinstance(decode(jpeg(photo()), spec.decoding).image, Planar)


GRAPHIC = Image.new("RGB", (400, 300), "#2060a0")
CUT = jpeg(photo())[:-2_000]
LEFT_TO_PILLOW = {
    "a graphic, which is written with colors in full": jpeg(GRAPHIC),
    "gray": jpeg(photo().convert("L")),
    "inks": jpeg(photo().convert("CMYK")),
    "RGB without a conversion": jpeg(photo(), keep_rgb=True),
    "few pixels": jpeg(photo((200, 200))),
    "a file that is cut": CUT,
    "a file with a wrong byte": CUT[:4_000] + b"\xff\xd5" + jpeg(photo())[4_002:],
    "another format": file_of(photo(), "PNG"),
}


@pytest.mark.parametrize("data", LEFT_TO_PILLOW.values(), ids=LEFT_TO_PILLOW)
def test_whatever_is_odd_is_left_to_pillow(data: bytes) -> None:
    assert in_planes(opened(data), data) is None


@pytest.mark.parametrize("size", [(250, 1_000), (100_000, 1)], ids=["tall", "a line"])
def test_shapes_at_the_edge_are_decoded_or_left_alone(size: tuple[int, int]) -> None:
    image = ramp(size) if size[1] > 1 else Image.new("RGB", (65_000, 2), "#123456")
    data = jpeg(image)
    made = in_planes(opened(data), data)
    assert made is None or made.size == image.size


def test_settings_that_pillow_alone_knows_are_left_to_it() -> None:
    codecs, picture = plane_codecs(), planar(jpeg(photo()))
    assert codecs is not None
    assert codecs.found == frozenset(HALVED)
    usual = {"quality": 75, "method": 2}
    assert codecs.encoded(picture, "webp", usual) is not None
    assert codecs.encoded(picture, "webp", {**usual, "lossless": True}) is None
    assert codecs.encoded(picture, "webp", {**usual, "icc_profile": b"profile"}) is None
    assert codecs.encoded(picture, "png", {}) is None


def test_an_encoder_that_refuses_is_asked_again_by_pillow_which_says_why() -> None:
    color = Image.new("L", (8_250, 2), 128)
    too_wide = Planar.of(Image.new("L", (16_500, 4), 90), color, color)
    with pytest.raises(ValueError, match="16383"):
        encode(too_wide, OUTPUTS["webp"], Spec((Size("all"),), ("webp",)))


def test_a_cut_size_shows_the_same_part() -> None:
    data = jpeg(photo((1_001, 701)))
    for ours, theirs in both_ways(
        data, Spec((Size("cover", 200, 200, "cover"), Size("pad", 150, 150, "pad")), ("jpeg",))
    ):
        assert ours.size == theirs.size
        assert difference(ours, theirs) < 0.5


def test_what_is_told_of_a_picture_is_the_same() -> None:
    data = jpeg(photo())
    spec = Spec((Size("m", 400),), ("avif", "jpeg"), facts=("likeness",))
    ours, theirs = (render(data, way).original for way in (spec, replace(spec, native=False)))
    alike = [replace(one, color=None, lqip=None, thumbhash=None, likeness=None) for one in (ours, theirs)]
    assert alike[0] == alike[1]
    assert ours.likeness is not None
    assert theirs.likeness is not None
    assert (int(ours.likeness, 16) ^ int(theirs.likeness, 16)).bit_count() <= 2


def test_what_placeholders_are_made_of_is_what_pillow_makes() -> None:
    data = jpeg(photo((641, 479)))
    ours, theirs = planar(data).reduce(5), opened(data).reduce(5)
    assert ours.size == theirs.size
    assert difference(ours, theirs) < 0.5


def test_no_cold_start_pays_for_the_library_that_calls_codecs() -> None:
    script = "import sys, lightpress.image.render, lightpress.pipeline.sandbox; print('ctypes' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(LIBRARIES.parents[1])}
    said = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (said.stdout, said.stderr) == ("False\n", "")
