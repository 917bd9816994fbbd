"""What is no picture, or no picture of ours, is told so by name; only the contents count."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from lightpress.image.errors import MESSAGES, PictureRejected, Reason
from lightpress.image.inputs import ACCEPTED, INPUTS
from tools.drawing import file_of, plain, rendered, spec, summary_of

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def box(brand: bytes, *compatible: bytes) -> bytes:
    """How files of the ISO family begin."""
    brands = brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + bytes(200)


def targa(kind: int, bits: int) -> bytes:
    """A Targa picture without a footer, as programs wrote them before 1989 and many do today."""
    mapped = kind == 1
    fields = (0, mapped, kind, 0, 256 * mapped, 24 * mapped, 0, 0, 9, 9, bits, 0)
    return struct.pack("<BBBHHBHHHHBB", *fields) + bytes(768 * mapped + 9 * 9 * 4)


REFUSED = {
    "PDF": (b"%PDF-1.7\n" + bytes(200), "PDF"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
    "PostScript, with a preview": (b"\xc5\xd0\xd3\xc6" + bytes(200), "PostScript"),
    "Photoshop, sixteen bits": (b"8BPS\0\1" + struct.pack(">6xHIIHH", 3, 9, 9, 16, 3) + bytes(99), "with 16 bits"),
    "Photoshop, the large kind": (b"8BPS\0\2" + bytes(200), "PSB"),
    "Canon's raw file": (b"II*\0\x10\0\0\0CR\2\0" + bytes(200), "raw"),
    "Canon's newer raw file": (box(b"crx ", b"isom"), "raw"),
    "JPEG XR": (b"II\xbc\1" + bytes(200), "JPEG XR"),
    "JPEG XL": (b"\xff\x0a" + bytes(100), "JPEG XL"),
    "JPEG XL, boxed": (b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(100), "JPEG XL"),
    "MP4": (box(b"isom", b"mp41"), "MP4"),
    "QuickTime": (box(b"qt  "), "QuickTime"),
    "a texture": (b"DDS " + bytes(200), "DDS"),
    "a portable bitmap": (b"P6\n9 9\n255\n" + bytes(243), "PPM"),
    "an Apple icon": (b"icns" + bytes(200), "ICNS"),
    "a cursor": (b"\0\0\2\0\1\0" + bytes(200), "CUR"),
    "a Targa picture": (targa(2, 24), "TGA"),
    "a Targa picture, packed": (targa(10, 32), "TGA"),
    "a Targa picture, gray": (targa(3, 8), "TGA"),
    "a Targa picture with a palette": (targa(1, 8), "TGA"),
    "a Targa picture with a name": (b"\4" + targa(2, 24)[1:], "TGA"),
    "a Targa picture with a footer": (bytes(99) + b"TRUEVISION-XFILE.\0", "TGA"),
    "an SGI picture": (struct.pack(">HBBHHHH", 474, 0, 1, 3, 9, 9, 3) + bytes(600), "SGI"),
    "SVG": (SVG, "SVG"),
    "SVG, declared": (b'<?xml version="1.0"?>\n' + SVG, "SVG"),
    "SVG, after a byte order mark": (b"\xef\xbb\xbf\n  " + SVG, "SVG"),
    "SVG, after a comment": (b"<!-- made by hand -->" + SVG, "SVG"),
    "HTML": (b"<!DOCTYPE html><title>Not Found</title>", "HTML"),
    "HTML, shouted": (b"<HTML><body>403 Forbidden</body></HTML>", "HTML"),
}


def refusal(data: bytes) -> PictureRejected:
    """As by a recipe that does not say what it accepts, or that accepts what Pillow reads."""
    with pytest.raises(PictureRejected) as caught:
        rendered(data, spec(accept=(*ACCEPTED, "jpeg2000")))
    return caught.value


@pytest.mark.parametrize(("data", "name"), REFUSED.values(), ids=REFUSED)
def test_a_foreign_format_is_refused_by_name(data: bytes, name: str) -> None:
    rejected = refusal(data)
    assert rejected.reason is Reason.FORMAT_NOT_ACCEPTED
    assert name in rejected.detail


NO_PICTURE = {
    "text": b"This is my holiday, honestly.jpg",
    "JSON": b'{"error": "not found"}',
    "zeros": bytes(1_000),
    "zeros, but for a two": b"\0\0\2\0" + bytes(1_000),
    "the first two bytes of an SGI picture": b"\x01\xda" + b"and then text",
    "one byte": b"\xff",
    "a zip": b"PK\x03\x04" + bytes(100),
    "a program": b"\x7fELF" + bytes(100),
    "a script": b"#!/bin/sh\nexit 1\n",
    "markup far inside": b"x" * 2_000 + SVG,
}


@pytest.mark.parametrize("data", NO_PICTURE.values(), ids=NO_PICTURE)
def test_what_is_no_picture_is_told_so(data: bytes) -> None:
    assert refusal(data).reason is Reason.NOT_A_PICTURE


DAMAGED = {
    "JPEG": b"\xff\xd8\xff\xe0" + bytes(50),
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "GIF": b"GIF89a",
    "WebP": b"RIFF\x32\0\0\0WEBP" + bytes(50),
    "AVIF": box(b"avif", b"mif1"),
    "HEIC": box(b"heic", b"mif1"),
    "HEIC, ten bits": box(b"heix", b"mif1"),
    "HEIF": box(b"mif1", b"heic"),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50),
    "JPEG 2000, bare": b"\xff\x4f\xff\x51" + bytes(50),
    "icon": b"\0\0\1\0\1\0" + bytes(50),
    "Photoshop": b"8BPS\0\1" + struct.pack(">6xHIIHH", 3, 9, 9, 8, 3) + bytes(12),
    "TIFF": b"II*\0" + bytes(3),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_what_only_begins_like_a_picture_is_damaged(data: bytes) -> None:
    assert refusal(data).reason is Reason.CORRUPT


Image.init()
NEED_MORE_THAN_PILLOW = {"BUFR", "GRIB", "HDF5", "WMF"}
OTHERS = sorted(set(Image.SAVE) - {row.pillow for row in INPUTS} - NEED_MORE_THAN_PILLOW - {"MPO", "DIB"})


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("form", OTHERS)
def test_no_other_decoder_is_ever_tried(form: str) -> None:
    for mode in ("RGB", "L", "1", "P"):
        try:
            data = file_of(Image.new(mode, (40, 20)), form)
        except (OSError, ValueError, KeyError, AttributeError):
            continue
        assert refusal(data).reason in {Reason.FORMAT_NOT_ACCEPTED, Reason.NOT_A_PICTURE}
        return
    pytest.fail(f"no {form} could be drawn")


def test_a_panorama_of_several_jpegs_is_its_first() -> None:
    data = file_of(plain((250, 0, 0)), "MPO", save_all=True, append_images=[plain((0, 0, 250))])
    assert summary_of(data).format == "jpeg"


def test_every_reason_is_explained() -> None:
    assert set(MESSAGES) == set(Reason)
    assert all(words.endswith(".") for words in MESSAGES.values())
