"""Each kind of wrong variant is at a distance from the reference, and a correct one is not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.image.job import EncodedVariant
from tools.conformance.measure import measure
from tools.conformance.reference import opened
from tools.drawing import disc, exif_with, file_of, four_corners, ramp, rgb_profile

if TYPE_CHECKING:
    from tools.conformance.record import Measured


def measured(original: bytes, variant: Image.Image) -> Measured:
    reference, stored = opened(original)
    assert stored is not None
    data = file_of(variant)
    return measure(stored, reference, [EncodedVariant(("large",), "png", variant.width, variant.height, data)])


def test_a_correct_variant_has_no_distance() -> None:
    found = measured(file_of(ramp()), ramp())
    assert found.color == {"png": 0.0}
    assert found.orientation == 0.0
    assert found.unreadable == ()


@pytest.mark.parametrize("tag", range(2, 9))
def test_a_variant_without_the_orientation_applied_is_detected(tag: int) -> None:
    stored = four_corners()
    found = measured(file_of(stored, "JPEG", quality=100, subsampling=0, exif=exif_with(tag)), stored)
    assert found.orientation is not None
    assert found.orientation > 20


def test_a_profile_that_was_dropped_without_conversion_is_detected() -> None:
    picture = Image.new("RGB", (32, 32), (200, 60, 60))
    found = measured(file_of(picture, icc_profile=rgb_profile()), picture)
    assert found.color["png"] > 2


def test_sixteen_bits_that_were_clipped_instead_of_scaled_are_detected() -> None:
    grey = Image.frombytes("I;16", (16, 16), b"\x00\x80" * 256)
    assert measured(file_of(grey), Image.new("L", (16, 16), 128)).color["png"] < 0.5
    assert measured(file_of(grey), Image.new("L", (16, 16), 255)).color["png"] > 20


def test_sixteen_bits_of_the_other_byte_order_are_read_alike() -> None:
    grey = Image.frombytes("I;16B", (16, 16), b"\x40\x00" * 256)
    found = measured(file_of(grey, "TIFF"), Image.new("L", (16, 16), 64))
    assert found.color["png"] < 0.5


def test_with_loss_it_is_the_blocks_color_that_counts() -> None:
    stripes = Image.new("RGB", (64, 64), (120, 120, 120))
    stripes.paste((136, 120, 120), (0, 0, 32, 64))
    reference, stored = opened(file_of(stripes))
    assert stored is not None
    grey = file_of(Image.new("RGB", (64, 64), (128, 120, 120)))
    found = measure(stored, reference, [EncodedVariant(("large",), "webp", 64, 64, grey)])
    assert found.color["webp"] > 2, "two halves of different colors must not cancel out"
    noisy = Image.effect_noise((64, 64), 12).convert("RGB")
    smooth = file_of(noisy.resize((8, 8), Image.Resampling.BOX).resize((64, 64), Image.Resampling.NEAREST))
    reference, stored = opened(file_of(noisy))
    assert stored is not None
    found = measure(stored, reference, [EncodedVariant(("large",), "webp", 64, 64, smooth)])
    assert found.color["webp"] < 0.1, "grain within a block is not color"


def test_transparency_that_was_dropped_is_detected() -> None:
    assert measured(file_of(disc()), disc()).alpha == {"png": 0.0}
    assert measured(file_of(disc()), disc().convert("RGB")).alpha["png"] > 50


def test_a_variant_that_does_not_decode_is_named() -> None:
    reference, stored = opened(file_of(ramp()))
    assert stored is not None
    found = measure(stored, reference, [EncodedVariant(("large",), "webp", 64, 64, b"nonsense")])
    assert [text[:4] for text in found.unreadable] == ["webp"]


def test_the_gamma_of_a_png_is_applied() -> None:
    from PIL import PngImagePlugin

    linear = PngImagePlugin.PngInfo()
    linear.add(b"gAMA", (100_000).to_bytes(4, "big"))
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (55, 55, 55)).save(buffer, "PNG", pnginfo=linear)
    assert measured(buffer.getvalue(), Image.new("RGB", (8, 8), (127, 127, 127))).color["png"] < 1
