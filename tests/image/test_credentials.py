"""Content Credentials vouch for the very bytes of a file: nothing may pretend that they still hold."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Literal

import pytest
from PIL import Image

from lightpress.image.compress import CompressionOptions
from lightpress.image.credentials import without_credentials
from lightpress.pipeline.sandbox import SandboxLimits, compress_in_sandbox
from tools.drawing import file_of, png_chunk, ramp, rendered, spec, summary_of

# A JUMBF superbox (ISO/IEC 19566-5) with the description box of a C2PA manifest store, as c2pa tools write it.
_TYPE = bytes.fromhex("63327061 0011 0010 8000 00aa00389b71")
_DESCRIPTION = struct.pack(">I4s", 8 + 16 + 1 + 5, b"jumd") + _TYPE + b"\3c2pa\0"
STORE = struct.pack(">I4s", 8 + len(_DESCRIPTION), b"jumb") + _DESCRIPTION
JPEG = file_of(ramp((300, 200)), "JPEG", quality=95)
PNG = file_of(ramp((300, 200)), compress_level=1)
_APP11 = b"JP\0\1\0\0\0\1" + STORE
SEGMENT = struct.pack(">BBH", 0xFF, 0xEB, len(_APP11) + 2) + _APP11
# A box too long for one segment goes on in a second one: the same number, the next in the sequence, the same header.
_MORE = b"JP\0\1\0\0\0\2" + STORE[:8] + b"signature"
# What another program keeps in such a segment, as box number 2.
OTHER = struct.pack(">BBH", 0xFF, 0xEB, 20) + b"JP\0\2\0\0\0\1" + b"\0\0\0\x0ajumbxx"
WEBP = file_of(ramp((300, 200)), "WEBP", lossless=True, quality=0, method=0)
GIF = file_of(ramp((300, 200)).quantize(32, method=Image.Quantize.FASTOCTREE), "GIF")
CHUNK = struct.pack("<4sI", b"C2PA", len(STORE)) + STORE
SIGNED = {
    "jpeg": JPEG[:2] + SEGMENT + struct.pack(">BBH", 0xFF, 0xEB, len(_MORE) + 2) + _MORE + JPEG[2:],
    "png": PNG[:33] + png_chunk(b"caBX", STORE) + PNG[33:],
    "webp": b"RIFF"
    + struct.pack("<I", len(WEBP) + len(STORE))
    + WEBP[8:]
    + struct.pack("<4sI", b"C2PA", len(STORE))
    + STORE,
    "gif": GIF[:-1] + b"\x21\xff\x0bC2PA_GIF\1\0\0" + bytes([len(STORE)]) + STORE + b"\0" + GIF[-1:],
}
PLAIN = {"jpeg": JPEG, "png": PNG, "webp": WEBP, "gif": GIF}
STRIP = CompressionOptions(credentials="strip")


@pytest.mark.parametrize("form", SIGNED)
@pytest.mark.parametrize("options", [CompressionOptions("lossless"), CompressionOptions("lossy")], ids=str)
def test_a_signed_file_is_left_alone_in_place_and_a_note_says_why(form: str, options: CompressionOptions) -> None:
    result = compress_in_sandbox(SIGNED[form], options, SandboxLimits())
    assert list(result.variants) == []
    assert result.original.notes == ("It carries Content Credentials (C2PA), which vouch for its very bytes.",)


@pytest.mark.parametrize("form", ["jpeg", "png", "webp"])
def test_the_same_file_without_credentials_is_made_smaller(form: str) -> None:
    (one,) = compress_in_sandbox(PLAIN[form], CompressionOptions(), SandboxLimits()).variants
    assert len(one.data) < len(PLAIN[form])


@pytest.mark.parametrize("form", SIGNED)
def test_without_its_credentials_a_file_is_byte_for_byte_what_it_was_before_it_was_signed(form: str) -> None:
    assert without_credentials(SIGNED[form], form) == PLAIN[form]
    assert without_credentials(PLAIN[form], form) == PLAIN[form]


def test_other_boxes_in_such_segments_stay() -> None:
    data = SIGNED["jpeg"][:2] + OTHER + SIGNED["jpeg"][2:]
    assert without_credentials(data, "jpeg") == JPEG[:2] + OTHER + JPEG[2:]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("form", SIGNED)
@pytest.mark.parametrize("metadata", ["all", "none"])
def test_a_table_may_say_to_strip_them_and_then_the_file_is_made_smaller_like_any_other(
    form: str, metadata: Literal["all", "none"]
) -> None:
    options = replace(STRIP, metadata=metadata)
    (one,) = compress_in_sandbox(SIGNED[form], options, SandboxLimits()).variants
    smaller = [plain.data for plain in compress_in_sandbox(PLAIN[form], options, SandboxLimits()).variants]
    assert [one.data] == (smaller or [PLAIN[form]])
    assert b"c2pa" not in one.data


def test_a_signed_file_that_has_no_smaller_form_is_at_least_stripped() -> None:
    (small,) = compress_in_sandbox(JPEG, CompressionOptions(), SandboxLimits()).variants
    signed = small.data[:2] + SEGMENT + small.data[2:]
    (one,) = compress_in_sandbox(signed, STRIP, SandboxLimits()).variants
    assert one.data == small.data


def test_credentials_in_a_place_that_the_format_does_not_know_are_left_alone_in_any_case() -> None:
    result = compress_in_sandbox(PNG[:33] + png_chunk(b"prVt", STORE) + PNG[33:], STRIP, SandboxLimits())
    assert list(result.variants) == []
    assert result.original.notes == ("It carries Content Credentials (C2PA), which vouch for its very bytes.",)


def test_stripping_is_another_way_to_compress_and_the_default_is_the_one_that_was() -> None:
    assert STRIP.digest != CompressionOptions().digest


@pytest.mark.parametrize("form", SIGNED)
def test_variants_of_a_signed_file_carry_no_credentials_and_a_note_says_so(form: str) -> None:
    assert all(b"c2pa" not in one.data for one in rendered(SIGNED[form], spec(formats=("jpeg", "png", "webp"))))
    (note,) = summary_of(SIGNED[form]).notes
    assert "Content Credentials (C2PA) are dropped" in note
