"""Nothing of what a file says beside its pixels is published: not where, not when, not by whom."""

from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lightpress.image import Size
from lightpress.image.formats import OUTPUTS
from tests.drawing import file_of, ramp, rendered, rgb_profile, seen, spec

NEEDLE = "Zaubernadel"
_PICTURE = ramp((64, 48))
_DEGREES = 48.137153

XMP = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description dc:creator="{NEEDLE}"/></rdf:RDF></x:xmpmeta>'
).encode()


def camera_data() -> bytes:
    """EXIF with an owner, serial numbers, a comment and the place."""
    exif = Image.Exif()
    exif[0x013B], exif[0x8298], exif[0x010E], exif[0x010F] = f"{NEEDLE} A", f"{NEEDLE} C", f"{NEEDLE} D", NEEDLE
    details = exif.get_ifd(0x8769)
    details[0xA431], details[0xA430], details[0x9286] = f"{NEEDLE}-0815", f"{NEEDLE} O", f"ASCII\0\0\0{NEEDLE}".encode()
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (48.0, 8.0, 13.75), "E", (11.0, 34.0, 31.4)
    place[29] = f"{NEEDLE}:1"
    return exif.tobytes()


def texts() -> PngInfo:
    info = PngInfo()
    info.add_text("Author", NEEDLE)
    info.add_text("Packed", NEEDLE * 20, zip=True)
    info.add_itxt("Comment", NEEDLE)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


def with_press_data(jpeg: bytes) -> bytes:
    """With IPTC, as newspapers write it, and a maker's own segment."""
    iptc = (
        b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", 30) + b"\x1c\x02\x50\0\x0b" + NEEDLE.encode().ljust(26)
    )
    own = b"Maker\0" + NEEDLE.encode()
    segments = b"".join(
        b"\xff" + bytes((marker,)) + struct.pack(">H", len(body) + 2) + body
        for marker, body in ((0xED, iptc), (0xEB, own))
    )
    return jpeg[:2] + segments + jpeg[2:]


CHATTY = {
    "JPEG": with_press_data(
        file_of(
            _PICTURE,
            "JPEG",
            exif=camera_data(),
            xmp=XMP,
            comment=f"{NEEDLE}<script>",
            icc_profile=rgb_profile(),
            quality=90,
        )
    ),
    "PNG": file_of(_PICTURE, "PNG", exif=camera_data(), pnginfo=texts(), icc_profile=rgb_profile()),
    "PNG, palette": file_of(_PICTURE.quantize(8), "PNG", exif=camera_data(), pnginfo=texts()),
    "WEBP": file_of(_PICTURE, "WEBP", exif=camera_data(), xmp=XMP, icc_profile=rgb_profile()),
    "AVIF": file_of(_PICTURE, "AVIF", exif=camera_data(), xmp=XMP, icc_profile=rgb_profile()),
    "TIFF": file_of(_PICTURE, "TIFF", tiffinfo={270: NEEDLE, 315: NEEDLE, 700: XMP}, icc_profile=rgb_profile()),
    "GIF": file_of(_PICTURE, "GIF", comment=NEEDLE.encode()),
    "with something behind its end": file_of(_PICTURE, "JPEG") + f"<script>{NEEDLE}</script>".encode(),
}
SECRETS = (NEEDLE.encode(), NEEDLE.encode("utf-16-le"), NEEDLE.encode("utf-16-be"), b"<script", b"Drawn by code")
CONTAINERS = (b"Exif", b"xmpmeta", b"Photoshop", b"ICC_PROFILE", b"iCCP", b"ICCP", b"tEXt", b"zTXt", b"iTXt", b"eXIf")


@pytest.mark.parametrize("name", CHATTY)
def test_the_files_of_this_test_do_say_it(name: str) -> None:
    assert NEEDLE.encode() in CHATTY[name]


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", CHATTY)
def test_nothing_but_pixels_is_published(name: str, output: str) -> None:
    for one in rendered(CHATTY[name], spec(Size("whole", 64), Size("half", 32), formats=(output,))):
        for trace in (*SECRETS, *CONTAINERS):
            assert trace not in one.data
        image = seen(one)
        assert not image.getexif()
        assert not {"comment", "exif", "xmp", "icc_profile", "photoshop", "gps"} & set(image.info)


def test_nothing_hides_in_packed_parts_either() -> None:
    for one in rendered(CHATTY["PNG"], spec(formats=("png",))):
        kinds, at = [], 8
        while at < len(one.data):
            (length,) = struct.unpack_from(">I", one.data, at)
            kinds.append(one.data[at + 4 : at + 8])
            at += length + 12
        assert set(kinds) <= {b"IHDR", b"IDAT", b"IEND"}
        assert NEEDLE.encode() not in zlib.decompress(one.data[one.data.index(b"IDAT") + 4 :][: 1 << 20])


def test_a_jpeg_has_only_the_segments_it_needs() -> None:
    (one,) = rendered(CHATTY["JPEG"], spec(formats=("jpeg",)))
    at, markers = 2, []
    while one.data[at + 1] != 0xDA:
        markers.append(one.data[at + 1])
        at += 2 + struct.unpack_from(">H", one.data, at + 2)[0]
    application_data = {marker for marker in markers if 0xE0 <= marker <= 0xEF or marker == 0xFE}
    assert application_data <= {0xE0}  # JFIF
