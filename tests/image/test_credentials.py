"""Content Credentials vouch for the very bytes of a file: nothing may pretend that they still hold."""

from __future__ import annotations

import struct

import pytest

from lightpress.image import CompressionOptions
from lightpress.pipeline.sandbox import SandboxLimits, compress_in_sandbox
from tools.drawing import file_of, png_chunk, ramp, rendered, spec, summary_of

# A JUMBF superbox (ISO/IEC 19566-5) with the description box of a C2PA manifest store, as c2pa tools write it.
_TYPE = bytes.fromhex("63327061 0011 0010 8000 00aa00389b71")
_DESCRIPTION = struct.pack(">I4s", 8 + 16 + 1 + 5, b"jumd") + _TYPE + b"\3c2pa\0"
STORE = struct.pack(">I4s", 8 + len(_DESCRIPTION), b"jumb") + _DESCRIPTION
JPEG = file_of(ramp((300, 200)), "JPEG", quality=95)
PNG = file_of(ramp((300, 200)), compress_level=1)
_APP11 = b"JP\0\1\0\0\0\1" + STORE
SIGNED = {
    "jpeg": JPEG[:2] + struct.pack(">BBH", 0xFF, 0xEB, len(_APP11) + 2) + _APP11 + JPEG[2:],
    "png": PNG[:33] + png_chunk(b"caBX", STORE) + PNG[33:],
}


@pytest.mark.parametrize("form", SIGNED)
@pytest.mark.parametrize("options", [CompressionOptions("lossless"), CompressionOptions("lossy")], ids=str)
def test_a_signed_file_is_left_alone_in_place_and_a_note_says_why(form: str, options: CompressionOptions) -> None:
    result = compress_in_sandbox(SIGNED[form], options, SandboxLimits())
    assert list(result.variants) == []
    assert result.original.notes == ("It carries Content Credentials (C2PA), which vouch for its very bytes.",)


@pytest.mark.parametrize("form", SIGNED)
def test_the_same_file_without_credentials_is_made_smaller(form: str) -> None:
    plain = {"jpeg": JPEG, "png": PNG}[form]
    (one,) = compress_in_sandbox(plain, CompressionOptions(), SandboxLimits()).variants
    assert len(one.data) < len(plain)


@pytest.mark.parametrize("form", SIGNED)
def test_variants_of_a_signed_file_carry_no_credentials_and_a_note_says_so(form: str) -> None:
    assert all(b"c2pa" not in one.data for one in rendered(SIGNED[form], spec(formats=("jpeg", "png", "webp"))))
    (note,) = summary_of(SIGNED[form]).notes
    assert "Content Credentials (C2PA) are dropped" in note
