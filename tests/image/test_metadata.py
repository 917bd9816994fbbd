"""Of what a file says beside its pixels, only what the recipe wants is published: by default by whom, and whose."""

from __future__ import annotations

import struct
import subprocess
import zlib
from shutil import which
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.PngImagePlugin import PngInfo

from lightpress.image.outputs import OUTPUTS
from lightpress.image.spec import METADATA, Size
from tools.drawing import file_of, ramp, rendered, rgb_profile, seen, spec, speckled

if TYPE_CHECKING:
    from pathlib import Path

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
def test_nothing_but_pixels_is_published_where_nothing_is_wanted(name: str, output: str) -> None:
    for one in rendered(CHATTY[name], spec(Size("whole", 64), Size("half", 32), formats=(output,), metadata="none")):
        for trace in (*SECRETS, *CONTAINERS):
            assert trace not in one.data
        image = seen(one)
        assert not image.getexif()
        told = {"icc_profile"} if output == "jxl" else set()  # its decoder makes one of what the header says of sRGB
        assert not {"comment", "exif", "xmp", "icc_profile", "photoshop", "gps"} & (set(image.info) - told)


def test_nothing_hides_in_packed_parts_either() -> None:
    for one in rendered(CHATTY["PNG"], spec(formats=("png",), metadata="none")):
        kinds, at = [], 8
        while at < len(one.data):
            (length,) = struct.unpack_from(">I", one.data, at)
            kinds.append(one.data[at + 4 : at + 8])
            at += length + 12
        assert set(kinds) <= {b"IHDR", b"IDAT", b"IEND"}
        assert NEEDLE.encode() not in zlib.decompress(one.data[one.data.index(b"IDAT") + 4 :][: 1 << 20])


def test_a_jpeg_has_only_the_segments_it_needs() -> None:
    (one,) = rendered(CHATTY["JPEG"], spec(formats=("jpeg",), metadata="none"))
    at, markers = 2, []
    while one.data[at + 1] != 0xDA:
        markers.append(one.data[at + 1])
        at += 2 + struct.unpack_from(">H", one.data, at + 2)[0]
    application_data = {marker for marker in markers if 0xE0 <= marker <= 0xEF or marker == 0xFE}
    assert application_data <= {0xE0}  # JFIF


ARTIST, OWNER, PLACE = "Änne Artist", "© Owner & Söhne", b"Platzhalter"


def spoken(image: Image.Image) -> tuple[str, str]:
    """Artist and copyright, as programs read them today: as UTF-8."""
    exif = image.getexif()
    artist, owner = (str(exif.get(tag, "")).encode("latin-1").decode() for tag in (0x013B, 0x8298))
    return artist, owner


def named_exif(orientation: int = 0) -> bytes:
    """EXIF data of a photographer whose camera says more than it should."""
    exif = Image.Exif()
    exif[0x013B], exif[0x8298], exif[0x010E] = ARTIST.encode(), OWNER.encode(), f"{NEEDLE} description"
    if orientation:
        exif[0x0112] = orientation
    details = exif.get_ifd(0x8769)
    details[0xA431], details[0x927C], details[0x9286] = f"{NEEDLE} serial", f"{NEEDLE} maker".encode(), NEEDLE.encode()
    exif.get_ifd(0x8825)[29] = PLACE.decode()
    return exif.tobytes()


def xmp_of(artist: str, owner: str) -> bytes:
    owner = owner.replace("&", "&amp;")
    return (
        '<?xpacket begin="" id="W5M0"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<rdf:Description><dc:creator><rdf:Seq><rdf:li>{artist}</rdf:li></rdf:Seq></dc:creator>"
        f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{owner}</rdf:li></rdf:Alt></dc:rights>'
        f"<dc:subject>{NEEDLE}</dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def with_iptc(jpeg: bytes, artist: str, owner: str) -> bytes:
    sets = b"".join(
        b"\x1c\x02" + bytes((dataset,)) + struct.pack(">H", len(text)) + text
        for dataset, text in ((5, NEEDLE.encode()), (80, artist.encode()), (116, owner.encode()))
    )
    body = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(sets)) + sets + bytes(len(sets) % 2)
    return jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def texts_of(artist: str, owner: str) -> PngInfo:
    info = PngInfo()
    info.add_itxt("Author", artist)
    info.add_itxt("Copyright", owner)
    info.add_text("Comment", NEEDLE)
    return info


SIGNED = {form: file_of(_PICTURE, form, exif=named_exif(), quality=15) for form in ("JPEG", "PNG", "WEBP", "AVIF")} | {
    "JPEG, turned": file_of(_PICTURE, "JPEG", exif=named_exif(6)),
    "JPEG, as XMP": file_of(_PICTURE, "JPEG", xmp=xmp_of(ARTIST, OWNER), quality=15),
    "WEBP, as XMP": file_of(_PICTURE, "WEBP", xmp=xmp_of(ARTIST, OWNER), quality=15),
    "JPEG, as IPTC": with_iptc(file_of(_PICTURE, "JPEG", quality=15), ARTIST, OWNER),
    "PNG, as texts": file_of(_PICTURE, "PNG", pnginfo=texts_of(ARTIST, OWNER)),
    "TIFF": file_of(_PICTURE, "TIFF", tiffinfo={315: ARTIST.encode(), 33432: OWNER.encode(), 270: NEEDLE}),
}
HAVE_EXIF = ("JPEG", "PNG", "WEBP", "AVIF", "JPEG, turned")
BOTH = (Size("whole", 64, 64), Size("half", 32, 32))


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", SIGNED)
def test_by_default_a_variant_says_by_whom_and_whose_it_is_and_no_more(name: str, output: str) -> None:
    for one in rendered(SIGNED[name], spec(*BOTH, formats=(output,))):
        image = seen(one)
        assert spoken(image) == (ARTIST, OWNER)
        assert set(image.getexif()) == {0x013B, 0x8298}
        for trace in (*SECRETS, PLACE, b"xmpmeta", b"Photoshop"):
            assert trace not in one.data


@pytest.mark.sampled(12)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", SIGNED)
def test_none_means_none(name: str, output: str) -> None:
    for one in rendered(SIGNED[name], spec(*BOTH, formats=(output,), metadata="none")):
        assert not seen(one).getexif()
        for trace in (*SECRETS, PLACE, ARTIST.encode(), OWNER.encode(), *CONTAINERS):
            assert trace not in one.data


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", HAVE_EXIF)
def test_all_keeps_the_camera_s_words_but_never_a_second_turn(name: str, output: str) -> None:
    for one in rendered(SIGNED[name], spec(*BOTH, formats=(output,), metadata="all")):
        image = seen(one)
        assert spoken(image) == (ARTIST, OWNER)
        assert 0x0112 not in image.getexif()
        assert PLACE in one.data
        assert f"{NEEDLE} serial".encode() in one.data


@pytest.mark.sampled(12)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", CHATTY)
def test_places_and_serial_numbers_never_slip_through(name: str, output: str) -> None:
    for one in rendered(CHATTY[name], spec(*BOTH, formats=(output,))):
        words = one.data.replace(f"{NEEDLE} A".encode(), b"").replace(f"{NEEDLE} C".encode(), b"")
        assert b"-0815" not in words
        exif = seen(one).getexif()
        assert set(exif) <= {0x013B, 0x8298}
        assert not exif.get_ifd(0x8825)
        assert not exif.get_ifd(0x8769)


ODD = {
    "an artist without end": (b"x" * 50_000, "x" * 1_000),
    "an artist of control characters": (b"\0\n\x07", ""),
    "a short one": (b"Al", "Al"),
    "in another encoding": ("Änne".encode("latin-1"), "Änne"),
}


@pytest.mark.parametrize(("written", "read"), ODD.values(), ids=ODD)
def test_odd_names_are_tidied(written: bytes, read: str) -> None:
    exif = Image.Exif()
    exif[0x013B] = written
    (one,) = rendered(file_of(_PICTURE, "JPEG", exif=exif), spec(formats=("webp",)))
    assert spoken(seen(one))[0] == read


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of each damage
@pytest.mark.parametrize("policy", ["copyright", "all"])
def test_broken_metadata_costs_no_picture(policy: str) -> None:
    good = named_exif()
    for cut in range(6, len(good), 7):
        for broken in (good[:cut], good[:cut] + b"\xff" * 8 + good[cut + 8 :]):
            assert rendered(file_of(_PICTURE, "JPEG", exif=broken), spec(formats=("jpeg",), metadata=policy))


@pytest.mark.parametrize("xmp", [b"<dc:creator", b'<!DOCTYPE x [<!ENTITY a "b">]><a>creator &a;</a>', b"creator"])
def test_broken_or_hostile_xmp_says_nothing(xmp: bytes) -> None:
    (one,) = rendered(file_of(_PICTURE, "JPEG", xmp=xmp), spec(formats=("jpeg",)))
    assert not seen(one).getexif()


NOISE = speckled((64, 64))
KEPT = {
    "jpeg": file_of(NOISE, "JPEG", exif=named_exif(), xmp=XMP, comment=NEEDLE, quality=10),
    "webp": file_of(NOISE, "WEBP", exif=named_exif(), xmp=XMP, quality=10),
    "png": file_of(NOISE.quantize(16), "PNG", exif=named_exif(), pnginfo=texts()),
}


@pytest.mark.parametrize("policy", METADATA)
@pytest.mark.parametrize("form", KEPT)
def test_an_original_that_is_kept_keeps_no_more_words_than_others(form: str, policy: str) -> None:
    (one,) = rendered(KEPT[form], spec(formats=(form,), metadata=policy, quality={form: 100}))
    assert one.note is not None
    assert one.note.startswith("The original's own bytes")
    image = seen(one)
    assert spoken(image) == (("", "") if policy == "none" else (ARTIST, OWNER))
    assert b"xmpmeta" not in one.data
    assert (PLACE in one.data) == (policy == "all")
    assert (NEEDLE.encode() in one.data) == (policy == "all")


def test_where_all_is_kept_who_made_it_is_found_outside_of_exif_too() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    spaces = b"xmlns:rdf='r' xmlns:dc='http://purl.org/dc/elements/1.1/'"
    data = file_of(_PICTURE, "JPEG", exif=exif, xmp=XMP.replace(b"<rdf:RDF>", b"<rdf:RDF " + spaces + b">"))
    (one,) = rendered(data, spec(formats=("jpeg",), metadata="all"))
    kept = seen(one).getexif()
    assert (kept[0x010F], kept[0x013B]) == ("Maker", NEEDLE)


def test_where_all_is_kept_a_time_and_a_place_stay_without_the_name_of_a_camera() -> None:
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:05:04 03:02:01"
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 8.0, 13.75)})
    for one in rendered(file_of(_PICTURE, "JPEG", exif=exif), spec(*BOTH, metadata="all")):
        kept = seen(one).getexif()
        assert kept.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2026:05:04 03:02:01"  # bytes, if it were not text
        assert kept.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] == "N"
        assert kept.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude] == (48.0, 8.0, 13.75)


@pytest.mark.skipif(which("exiftool") is None, reason="needs exiftool")
@pytest.mark.parametrize("output", ["jpeg", "webp", "avif", "png"])
def test_where_all_is_kept_other_programs_read_the_words_as_words(output: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif).update({Base.DateTimeOriginal: "2026:05:04 03:02:01", Base.CameraOwnerName: "Zo.."})
    said = exif.tobytes().replace(b"Zo..", "Zoë".encode())
    (one,) = rendered(file_of(_PICTURE, "JPEG", exif=said), spec(formats=(output,), metadata="all"))
    file = tmp_path / "variant"
    file.write_bytes(one.data)
    words = subprocess.run(
        ["exiftool", "-s3", "-DateTimeOriginal", "-OwnerName", file], capture_output=True, check=True
    )
    assert words.stdout.decode() == "2026:05:04 03:02:01\nZoë\n"


def test_where_all_is_kept_an_orientation_alone_leaves_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (one,) = rendered(file_of(_PICTURE, "JPEG", exif=exif), spec(formats=("jpeg",), metadata="all"))
    assert b"Exif" not in one.data
