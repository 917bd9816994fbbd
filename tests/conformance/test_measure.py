from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from conformance.measure import measure
from conformance.reference import opened
from lightpress.image import Rendition
from tests.drawing import disc, exif_with, file_of, four_corners, ramp, rgb_profile

if TYPE_CHECKING:
    from conformance.record import Measured


def measured(original: bytes, variant: Image.Image) -> Measured:
    reference, stored = opened(original)
    assert stored is not None
    data = file_of(variant)
    return measure(stored, reference, [Rendition(("large",), "png", variant.width, variant.height, data)])


def test_a_faithful_variant_is_at_no_distance() -> None:
    found = measured(file_of(ramp()), ramp())
    assert found.colour == {"png": 0.0}
    assert found.orientation == 0.0
    assert found.unreadable == ()


@pytest.mark.parametrize("tag", range(2, 9))
def test_a_picture_left_as_its_camera_stored_it_is_found_out(tag: int) -> None:
    stored = four_corners()
    found = measured(file_of(stored, "JPEG", quality=100, subsampling=0, exif=exif_with(tag)), stored)
    assert found.orientation is not None
    assert found.orientation > 20


def test_a_profile_that_was_dropped_instead_of_heeded_is_found_out() -> None:
    picture = Image.new("RGB", (32, 32), (200, 60, 60))
    found = measured(file_of(picture, icc_profile=rgb_profile()), picture)
    assert found.colour["png"] > 2


def test_sixteen_bits_that_were_clipped_instead_of_scaled_are_found_out() -> None:
    grey = Image.frombytes("I;16", (16, 16), b"\x00\x80" * 256)
    assert measured(file_of(grey), Image.new("L", (16, 16), 128)).colour["png"] < 0.5
    assert measured(file_of(grey), Image.new("L", (16, 16), 255)).colour["png"] > 20


def test_transparency_that_was_dropped_is_found_out() -> None:
    assert measured(file_of(disc()), disc()).alpha == {"png": 0.0}
    assert measured(file_of(disc()), disc().convert("RGB")).alpha["png"] > 50


def test_a_variant_that_does_not_open_is_named() -> None:
    reference, stored = opened(file_of(ramp()))
    assert stored is not None
    found = measure(stored, reference, [Rendition(("large",), "webp", 64, 64, b"nonsense")])
    assert [text[:4] for text in found.unreadable] == ["webp"]


def test_a_gamma_of_the_files_own_is_heeded() -> None:
    from PIL import PngImagePlugin

    linear = PngImagePlugin.PngInfo()
    linear.add(b"gAMA", (100_000).to_bytes(4, "big"))
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (55, 55, 55)).save(buffer, "PNG", pnginfo=linear)
    assert measured(buffer.getvalue(), Image.new("RGB", (8, 8), (127, 127, 127))).colour["png"] < 1
