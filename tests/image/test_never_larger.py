"""A variant at the original's own pixels and in its own format is never larger than the original."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter

from lightpress.image.container import without_extras
from lightpress.image.isobmff import boxes
from lightpress.image.job import EncodedVariant, OriginalInfo
from lightpress.image.spec import Size
from lightpress.pipeline.manifest import Publication, variants_of
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from tests.image.films import played
from tools.drawing import (
    as_camera_stores,
    disc,
    distance,
    exif_with,
    file_of,
    pixel,
    plain,
    ramp,
    rendered,
    rgb_profile,
    seen,
    spec,
    speckled,
)

if TYPE_CHECKING:
    from lightpress.image.spec import Spec

_PICTURE = speckled().filter(ImageFilter.GaussianBlur(1))
FORMATS = ("jpeg", "png", "webp")


def disc_of(picture: Image.Image) -> Image.Image:
    """The picture, see-through outside of a disc."""
    result = picture.copy()
    result.putalpha(disc(96).getchannel("A").resize(picture.size))
    return result


# Originals that grow when they are encoded again.
TIGHT: dict[str, tuple[str, bytes]] = {
    "jpeg": ("jpeg", file_of(_PICTURE, "JPEG", quality=40)),
    "jpeg, progressive": ("jpeg", file_of(_PICTURE, "JPEG", quality=40, progressive=True)),
    "jpeg, grey": ("jpeg", file_of(_PICTURE.convert("L"), "JPEG", quality=40)),
    "jpeg, restart markers": ("jpeg", file_of(_PICTURE, "JPEG", quality=40, restart_marker_rows=1)),
    "jpeg, stored as red, green and blue": ("jpeg", file_of(_PICTURE, "JPEG", quality=5, keep_rgb=True)),
    "jpeg, chatty": ("jpeg", file_of(_PICTURE, "JPEG", quality=40, comment="x" * 900)),
    "png, palette": ("png", file_of(_PICTURE.quantize(8))),
    "png, see-through palette": ("png", file_of(disc(48).quantize(8))),
    "png, one bit": ("png", file_of(_PICTURE.convert("1"))),
    "webp": ("webp", file_of(_PICTURE, "WEBP", quality=10)),
    "webp, see-through": ("webp", file_of(disc_of(_PICTURE), "WEBP", quality=10, alpha_quality=10)),
}


def whole(form: str, **more: Any) -> Spec:  # noqa: ANN401  of `spec`
    return spec(formats=(form,), **more)


@pytest.mark.parametrize("name", TIGHT)
def test_an_original_that_would_grow_is_kept(name: str) -> None:
    form, data = TIGHT[name]
    (one,) = rendered(data, whole(form, quality={form: 100}))
    assert len(one.data) <= len(data)
    assert one.note is not None
    assert one.note.startswith("The original's own bytes")
    before, after = Image.open(io.BytesIO(data)), seen(one)
    assert after.mode == before.mode
    assert ImageChops.difference(before.convert("RGBA"), after.convert("RGBA")).getbbox(alpha_only=False) is None


@given(
    st.sampled_from(FORMATS),
    st.integers(1, 100),
    st.tuples(st.integers(1, 80), st.integers(1, 80)),
    st.sampled_from(["L", "RGB", "P", "1", "RGBA"]),
    st.integers(1, 100),
    st.sampled_from([ramp, speckled, disc, plain]),
)
def test_it_is_not_larger_whatever_the_picture_and_the_quality(  # noqa: PLR0913, PLR0917  one for each thing drawn
    form: str,
    quality: int,
    size: tuple[int, int],
    mode: str,
    wanted: int,
    draw: Any,  # noqa: ANN401  four drawers
) -> None:
    image = draw(size=max(6, size[0]) if draw is disc else size)
    image = image.convert("RGB" if form == "jpeg" and mode not in {"L", "RGB"} else mode)
    data = file_of(image, form.upper(), quality=quality)
    (one,) = rendered(data, whole(form, quality={form: wanted}))
    assert len(one.data) <= len(data)


def test_a_smaller_size_is_made_as_ever() -> None:
    _, data = TIGHT["jpeg"]
    made = rendered(data, spec(Size("half", 48), Size("square", 64, 64, "cover"), formats=("jpeg",)))
    assert [one.note for one in made] == [None, None]


def test_one_that_does_not_grow_is_encoded_like_every_other() -> None:
    (one,) = rendered(file_of(_PICTURE, "JPEG", quality=98), whole("jpeg"))
    assert one.note is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (file_of(as_camera_stores(_PICTURE, 6), "JPEG", quality=40, exif=exif_with(6)), "turned"),
        (file_of(_PICTURE, "JPEG", quality=40, icc_profile=rgb_profile()), "color space"),
        (file_of(_PICTURE.convert("CMYK"), "JPEG", quality=2), "CMYK"),
    ],
)
def test_one_that_may_not_be_published_as_it_is_says_why(data: bytes, why: str) -> None:
    (one,) = rendered(data, whole("jpeg", quality={"jpeg": 100}))
    assert seen(one).size == (96, 64)
    assert one.note is not None
    assert why in one.note
    if len(one.data) <= len(data):
        assert one.note.startswith(f"Encoded at quality {one.quality}, so as not to exceed the original")
    else:
        assert one.note.startswith(f"Larger than the original's {len(data)} bytes")
        assert one.quality == 40


def test_one_that_may_not_be_published_is_encoded_at_a_quality_that_makes_it_no_larger() -> None:
    data = file_of(as_camera_stores(ramp((320, 240)), 6), "JPEG", quality=70, exif=exif_with(6))
    (one,) = rendered(data, whole("jpeg", quality={"jpeg": 98}))
    assert len(one.data) <= len(data)
    assert one.quality is not None
    assert 40 <= one.quality < 98


def test_a_png_in_another_color_space_is_packed_until_it_is_no_larger() -> None:
    data = file_of(_PICTURE.quantize(4).convert("RGB").quantize(4), icc_profile=rgb_profile(), optimize=True)
    (one,) = render_in_sandbox(data, whole("png"), SandboxLimits()).variants
    assert len(one.data) <= len(data)


def test_an_avif_of_pixels_only_is_kept_as_it_is() -> None:
    # With more patience than ours has, as people's encoders.
    data = file_of(ramp((256, 192)), "AVIF", quality=40, speed=0)
    (one,) = rendered(data, whole("avif", quality={"avif": 95}))
    assert one.data == data
    assert one.note is not None
    assert one.note.startswith("The original's own bytes")


@pytest.mark.nightly
def test_an_avif_that_its_container_turns_is_encoded_upright_and_no_larger() -> None:
    data = file_of(as_camera_stores(speckled((256, 192)), 6), "AVIF", quality=70, speed=2, exif=exif_with(6))
    (one,) = rendered(data, whole("avif", quality={"avif": 90}))
    assert b"irot" not in one.data
    assert seen(one).size == (256, 192)
    assert len(one.data) <= len(data)


@pytest.mark.parametrize(
    "words",
    [{"exif": exif_with(1, "me")}, {"xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"}, {"icc_profile": rgb_profile()}],
    ids=["exif", "xmp", "a wide profile"],
)
def test_an_avif_with_anything_beside_its_pixels_is_encoded_again(words: dict[str, Any]) -> None:
    data = file_of(ramp((256, 192)), "AVIF", quality=40, speed=0, **words)
    (one,) = rendered(data, whole("avif"))
    assert one.data != data
    assert without_extras(data, "avif") is None


def with_box(data: bytes, inside: bytes, kind: bytes, body: bytes) -> bytes:
    """An AVIF with one more box at the end, of the file or of its `meta` box; what is behind that moves."""
    box = struct.pack(">I4s", 8 + len(body), kind) + body
    if not inside:
        return data + box
    start, end = next((begin - 8, end) for name, (begin, end) in boxes(data, 0, len(data)) if name == inside)
    (place,) = (span for name, span in boxes(data, start + 12, end) if name == b"iloc")
    (moved,) = struct.unpack_from(">I", data, place[0] + 14)  # of the only item, as Pillow writes it
    data = data[: place[0] + 14] + struct.pack(">I", moved + len(box)) + data[place[0] + 18 :]
    return data[:start] + struct.pack(">I", end - start + len(box)) + data[start + 4 : end] + box + data[end:]


@pytest.mark.parametrize(
    ("inside", "kind"), [(b"", b"free"), (b"", b"mdat"), (b"meta", b"free"), (b"meta", b"idat"), (b"meta", b"uuid")]
)
def test_no_avif_is_kept_with_what_a_program_has_left_of_the_words_that_it_removed(inside: bytes, kind: bytes) -> None:
    data = with_box(file_of(ramp((256, 192)), "AVIF", quality=40, speed=0), inside, kind, b"GPS 48.1371 N, 11.5754 E")
    (one,) = rendered(data, whole("avif", quality={"avif": 95}))
    assert b"48.1371" not in one.data
    blank = data.replace(b"GPS 48.1371 N, 11.5754 E", bytes(24))
    assert (without_extras(blank, "avif") == blank) == (kind != b"uuid")


def test_an_animation_is_not_taken_for_a_still_picture() -> None:
    frames = [_PICTURE.quantize(4), _PICTURE.rotate(180).quantize(4)]
    data = file_of(frames[0], "PNG", save_all=True, append_images=frames[1:])
    (one,) = rendered(data, whole("png"))
    assert b"fdAT" not in one.data
    assert b"acTL" not in one.data


def test_a_grown_container_is_cleaned_to_the_last_byte() -> None:
    _, data = TIGHT["jpeg"]
    bare = without_extras(data, "jpeg")
    assert without_extras(data + b"<script>", "jpeg") == bare
    assert bare is not None
    assert without_extras(bare, "jpeg") == bare
    assert b"CREATOR" not in bare


@given(st.sampled_from(sorted(TIGHT)), st.data())
def test_what_is_cut_short_is_left_alone(name: str, data: st.DataObject) -> None:
    form, file = TIGHT[name]
    cut = file[: data.draw(st.integers(0, len(file) - 3))]
    assert without_extras(cut, form) is None or form != "jpeg"


def test_red_green_and_blue_stay_what_they_are() -> None:
    data = file_of(plain((250, 20, 20), size=(48, 48)), "JPEG", quality=40, keep_rgb=True)
    (one,) = rendered(data, whole("jpeg", quality={"jpeg": 100}))
    assert distance(pixel(seen(one), (0.5, 0.5)), (250, 20, 20)) <= 8


def test_a_format_that_is_larger_than_the_one_everybody_knows_says_so() -> None:
    publication = Publication("a.jpg", 1, "v1", 9, "web", "d")
    made = [
        EncodedVariant(("a", "b"), "avif", 4, 4, b"12345"),
        EncodedVariant(("a", "b"), "webp", 4, 4, b"123"),
        EncodedVariant(("a", "b"), "jpeg", 4, 4, b"1234", "Kept."),
    ]
    variants = tuple(variant for one in made for variant in variants_of(one, "p"))
    manifest = publication.ready(OriginalInfo("jpeg", 4, 4), variants)
    assert [(one.format, one.note) for one in manifest.variants if one.name == "b"] == [
        ("avif", "Larger than the jpeg of this size (4 bytes)."),
        ("webp", None),
        ("jpeg", "Kept."),
    ]


def riff_with(data: bytes, kind: bytes, body: bytes) -> bytes:
    """A WebP file of the extended kind with a further chunk."""
    whole = data + kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def test_an_animated_webp_is_never_larger_than_the_original_and_shows_the_same() -> None:
    frames = [speckled((96, 72)).rotate(90 * turn) for turn in range(4)]
    data = file_of(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], quality=20, method=6, duration=80, loop=3
    )
    with_words = riff_with(data, b"XMP ", b"<x:xmpmeta/>")
    (one,) = rendered(with_words, whole("webp"))
    assert one.animated
    assert one.note is not None
    assert "pixels untouched" in one.note
    assert len(one.data) <= len(data)
    assert b"xmpmeta" not in one.data
    assert played(one.data) == played(data)
