"""No variant is a lie: what an encoder gives is opened again before it leaves."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from lightpress.image.check import ONE_IN, EncoderMismatch, checked
from lightpress.image.codecs import load_codecs
from lightpress.image.outputs import OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import Pixels
from tools.drawing import file_of, ramp, spec, speckled

PICTURE = ramp((64, 48))
LIES = {
    "nothing": b"",
    "junk": b"junk" * 99,
    "another format": file_of(PICTURE),
    "another size": file_of(ramp((64, 47)), "JPEG"),
    "turned": file_of(PICTURE.rotate(90, expand=True), "JPEG"),
    "half a header": file_of(PICTURE, "JPEG")[:20],
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lying_encoder_is_caught_and_it_is_not_the_picture_s_fault(lie: bytes) -> None:
    def lying(*_: Any, **__: Any) -> bytes:  # noqa: ANN401  whatever an encoder gets
        return lie

    rendering = render(file_of(PICTURE), spec(formats=("jpeg",)), lying)
    with pytest.raises(EncoderMismatch):
        list(rendering.variants)


@pytest.mark.parametrize("form", OUTPUTS)
def test_a_wrong_size_is_seen_in_every_format(form: str) -> None:
    load_codecs(("jxl",))
    lie = file_of(ramp((65, 48)), OUTPUTS[form].pillow)
    rendering = render(file_of(PICTURE, "GIF"), spec(formats=(form,)), lambda *_: lie)
    with pytest.raises(EncoderMismatch, match="65"):
        list(rendering.variants)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("kept", [11, 20, 29, 200, -1])
def test_a_webp_that_is_cut_anywhere_is_caught_and_a_whole_one_is_not(kept: int, lossless: bool) -> None:
    whole = file_of(speckled((64, 48)), "WEBP", lossless=lossless)
    assert checked(whole, OUTPUTS["webp"], Pixels(64, 48)) == whole
    with pytest.raises(EncoderMismatch):
        checked(whole[:kept], OUTPUTS["webp"], Pixels(64, 48))
    with pytest.raises(EncoderMismatch, match="64"):
        checked(whole, OUTPUTS["webp"], Pixels(63, 48))


def test_one_in_64_encoded_variants_is_decoded_in_full() -> None:
    whole = file_of(PICTURE, "JPEG")
    bodies = [whole[:-40] + bytes((number, number)) for number in range(1, 255)]
    cut_in_its_pixels = [body for body in bodies if zlib.crc32(body) % ONE_IN == 0]
    assert cut_in_its_pixels
    for body in bodies:
        if body in cut_in_its_pixels:
            with pytest.raises(EncoderMismatch):
                checked(body, OUTPUTS["jpeg"], Pixels(64, 48))
        else:
            assert checked(body, OUTPUTS["jpeg"], Pixels(64, 48)) == body
