"""What lies beside the pixels never costs the picture, and of a file that is cut short what is there is shown."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import zlib
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops, ImageStat

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.jpeg import around_pixels, jpeg_scans, jpeg_segments
from lightpress.image.spec import Size
from tools.drawing import (
    PNG_SIGNATURE,
    cmyk_profile,
    distance,
    exif_with,
    file_of,
    grey_profile,
    only,
    pixel,
    png_chunk,
    ramp,
    rendered,
    seen,
    spec,
    speckled,
    summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PICTURE = ramp((160, 120))
JPEG = file_of(PICTURE, "JPEG", quality=90)
PNG = file_of(PICTURE)
EVERYTHING = spec(formats=("avif", "webp", "jpeg", "png"))
VERY_CLOSE = 4.0


def difference(one: Image.Image, other: Image.Image) -> float:
    """By how many of 255 levels the samples differ, on average."""
    means: list[float] = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return max(means)


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def png_with(*chunks: bytes) -> bytes:
    end_of_header = len(PNG_SIGNATURE) + 25
    return PNG[:end_of_header] + b"".join(chunks) + PNG[end_of_header:]


def with_bad_checksum(chunk: bytes) -> bytes:
    return chunk[:-4] + bytes(4)


SCAN = JPEG.index(b"\xff\xda")
BESIDE_THE_PIXELS = {
    "an ICC segment that ends after its name": jpeg_with(segment(0xE2, b"ICC_PROFILE\0")),
    "the first of two ICC segments": jpeg_with(segment(0xE2, b"ICC_PROFILE\0\1\2" + bytes(50))),
    "a short JFIF segment": JPEG[:2] + segment(0xE0, b"JFIF\0\1") + JPEG[20:],
    "an empty JFIF segment": JPEG[:2] + segment(0xE0, b"") + JPEG[20:],
    "a short Adobe segment": jpeg_with(segment(0xEE, b"Adobe\0")),
    "Photoshop data that announce more": jpeg_with(segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\x7f\xff\xff\xff")),
    "broken MPF data": jpeg_with(segment(0xE2, b"MPF\0" + b"\xff" * 40)),
    "EXIF data of nothing": jpeg_with(segment(0xE1, b"Exif\0\0")),
    "stray bytes before the scan": JPEG[:SCAN] + b"\0\xd9\0" + JPEG[SCAN:],
    "fill bytes before the scan": JPEG[:SCAN] + b"\xff" * 9 + JPEG[SCAN:],
    "a text chunk with a wrong checksum": png_with(with_bad_checksum(png_chunk(b"tEXt", b"Comment\0hello"))),
    "a gAMA chunk of one byte": png_with(png_chunk(b"gAMA", b"\1")),
    "a pHYs chunk of two bytes": png_with(png_chunk(b"pHYs", b"\1\2")),
    "an sRGB chunk of no byte": png_with(png_chunk(b"sRGB", b"")),
    "a cHRM chunk of four bytes": png_with(png_chunk(b"cHRM", bytes(4))),
    "1.5 MB of packed XMP data": png_with(
        png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b"<x/>" * 400_000))
    ),
    "3 MB of EXIF data": png_with(png_chunk(b"eXIf", b"MM\0*\0\0\0\x08" + bytes(3 << 20))),
    "a color profile that is no zlib stream": png_with(png_chunk(b"iCCP", b"name\0\0" + b"junk")),
}


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("name", BESIDE_THE_PIXELS)
def test_what_lies_beside_the_pixels_costs_no_picture_and_every_variant_opens(name: str) -> None:
    variants = rendered(BESIDE_THE_PIXELS[name], EVERYTHING)
    assert [one.format for one in variants] == ["avif", "webp", "jpeg", "png"]
    for one in variants:
        assert difference(seen(one), PICTURE) < VERY_CLOSE, one.format


def test_damaged_metadata_is_left_out_with_a_note_and_the_orientation_stays() -> None:
    turned = file_of(PICTURE, "JPEG", exif=exif_with(6, owner="Someone"))
    facts = summary_of(turned[:2] + segment(0xE2, b"ICC_PROFILE\0") + turned[2:])
    assert (facts.width, facts.height) == (120, 160)
    assert facts.notes == ("Damaged data beside the picture is left out.",)


def test_metadata_above_the_limit_is_left_out_with_its_size() -> None:
    (note,) = summary_of(BESIDE_THE_PIXELS["3 MB of EXIF data"]).notes
    assert re.fullmatch(r"The EXIF data \(31457\d\d bytes, at most 2097152 are read\) is left out\.", note)


# A motion photo has a film behind its picture, in which any two bytes occur.
FILM = b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\x08" * 5_000


def test_scans_are_counted_in_the_picture_and_not_in_what_is_behind_or_beside_it() -> None:
    preview = segment(0xE1, b"Exif\0\0" + b"\xff\xda\0\x08" * 200)
    assert jpeg_scans(JPEG + FILM) == 1
    assert jpeg_scans(jpeg_with(preview)) == 1
    assert jpeg_scans(file_of(PICTURE, "JPEG", progressive=True) + FILM) == 10
    assert difference(only(JPEG + FILM), PICTURE) < VERY_CLOSE


def test_scans_behind_one_that_has_all_are_not_counted_for_the_decoder_takes_none() -> None:
    data = JPEG[:-2] + JPEG[JPEG.index(b"\xff\xda") : -2] * 200 + JPEG[-2:]
    assert jpeg_scans(data) == 1
    with pytest.raises(PictureRejected, match="The decoder says"):
        only(data)


@pytest.mark.parametrize("progressive", [False, True])
def test_what_is_said_of_a_picture_stands_before_and_behind_its_pixels(progressive: bool) -> None:
    picture = file_of(PICTURE, "JPEG", progressive=progressive)
    assert around_pixels(picture) == picture[: picture.index(b"\xff\xda")]
    assert around_pixels(picture + FILM) == picture[: picture.index(b"\xff\xda")] + FILM
    assert around_pixels(picture[:30]) == picture[:30]


def test_a_jpeg_that_lacks_its_last_bytes_has_every_pixel() -> None:
    facts = summary_of(JPEG[:-2])
    assert facts.notes == ("The file lacks its end marker, and no pixel.",)
    assert difference(only(JPEG[:-2]), PICTURE) < VERY_CLOSE
    assert not any(one.note and "missing" in one.note for one in rendered(JPEG[:-2], EVERYTHING))


def shown_rows(image: Image.Image) -> float:
    """The share of rows that are not see-through."""
    box = image.convert("RGBA").getchannel("A").getbbox()
    return box[3] / image.height if box else 0.0


LARGE = speckled((640, 480))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_the_missing_rows_of_a_file_that_is_cut_short_are_see_through_and_told(form: str, part: float) -> None:
    whole = file_of(LARGE, form)
    cut = whole[: int(len(whole) * part)]
    (note,) = (note for note in summary_of(cut).notes if "cut short" in note)
    (missing,) = map(int, re.findall(r"the lowest (\d+)%", note))
    image = only(cut)
    assert shown_rows(image) == pytest.approx(part, abs=0.1)
    assert missing == pytest.approx(100 * (1 - shown_rows(image)), abs=1)
    top = (0, 0, 640, int(480 * part * 0.8))
    assert difference(image.crop(top), Image.open(io.BytesIO(whole)).crop(top)) < VERY_CLOSE


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("PNG", "I;16", {}),
        ("PNG", "I;16", {"icc_profile": grey_profile()}),
        ("PNG", "L", {"icc_profile": grey_profile()}),
        ("JPEG", "L", {"icc_profile": grey_profile()}),
        ("JPEG", "CMYK", {"icc_profile": cmyk_profile(lambda inks: (80.0 - 5 * sum(inks), 0.0, 0.0))}),
        ("PNG", "P", {}),
    ],
)
def test_the_rows_that_are_there_have_the_colors_of_the_whole_file(form: str, mode: str, options: Any) -> None:  # noqa: ANN401  Pillow's
    gray = LARGE.convert("L").point(lambda level: 40 + level // 4)
    image = gray.convert("I").point(lambda level: level * 257).convert("I;16") if mode == "I;16" else gray.convert(mode)
    whole = file_of(image, form, **options)
    cut = whole[: len(whole) * 2 // 3]
    assert not any("profile" in note for note in summary_of(cut).notes)
    top = (0, 0, 640, 240)
    assert difference(only(cut).crop(top), only(whole).crop(top)) < 1.0


def test_a_cut_png_shows_its_rows_whatever_stands_before_them() -> None:
    whole = file_of(LARGE)
    bits = png_chunk(b"sBIT", bytes((8, 8, 8)))
    image = only(whole[:33] + bits + whole[33 : len(whole) // 2])
    assert shown_rows(image) == pytest.approx(0.5, abs=0.05)
    top = (0, 0, 640, int(480 * shown_rows(image)))
    assert difference(image.crop(top), LARGE.crop(top)) == 0


def test_rows_behind_a_filter_that_there_is_not_are_missing() -> None:
    rows = [b"\0" + bytes((9 * number,)) * 96 for number in range(20)]
    rows[15] = b"\x07" + rows[15][1:]
    header = struct.pack(">IIBBBBB", 32, 20, 8, 2, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(b"".join(rows)))
    image = only(PNG_SIGNATURE + png_chunk(b"IHDR", header) + pixels + png_chunk(b"IEND", b""))
    assert shown_rows(image) == 15 / 20


def test_a_progressive_jpeg_that_is_cut_short_shows_every_row_with_less_detail() -> None:
    whole = file_of(LARGE, "JPEG", progressive=True)
    cut = whole[: len(whole) * 2 // 3]
    assert summary_of(cut).notes == ("The file is cut short: the details of its last scans are missing.",)
    assert difference(only(cut), Image.open(io.BytesIO(whole))) < 25.0


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_recipe_may_refuse_what_is_cut_short(form: str) -> None:
    whole = file_of(LARGE, form)
    with pytest.raises(PictureRejected, match="The file is cut short") as caught:
        rendered(whole[: len(whole) // 2], spec(damaged="refuse"))
    assert caught.value.reason is Reason.CORRUPT


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of an interlaced PNG: first column and row, steps across and down (PNG, third edition, 8.2)."""


def interlaced(bits: int, color: int, at: Callable[[int, int], int], *, passes: float, extra: bytes = b"") -> bytes:
    """A PNG of 32 x 24 samples, cut within its pixels behind so many of its passes."""
    rows = []
    for left, top, across, down in PASSES:
        lines = [[at(x, y) for x in range(left, 32, across)] for y in range(top, 24, down)]
        rows.append([b"\0" + packed(line, bits) for line in lines])
    whole, part = int(passes), passes % 1
    kept = [row for group in rows[:whole] for row in group]
    kept += rows[whole][: int(len(rows[whole]) * part)] if part else []
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 24, bits, color, 0, 0, 1))
    coded = zlib.compressobj(0)
    data = coded.compress(b"".join(kept)) + coded.flush(zlib.Z_SYNC_FLUSH)
    return PNG_SIGNATURE + header + extra + png_chunk(b"IDAT", data)


def packed(samples: list[int], bits: int) -> bytes:
    text = "".join(f"{sample:0{bits}b}" for sample in samples)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_an_interlaced_png_that_is_cut_short_is_coarse_where_its_passes_end_and_has_no_hole(bits: int) -> None:
    most = (1 << bits) - 1

    def level(x: int, y: int) -> int:
        return (x * 5 + y * 3) * most // 250

    for passes, step in ((1, (8, 8)), (3, (4, 4)), (5, (2, 2))):
        data = interlaced(bits, 0, level, passes=passes)
        image = only(data).convert("RGBA")
        for x, y in ((0, 0), (9, 5), (31, 23), (18, 14)):
            corner = (x // step[0] * step[0], y // step[1] * step[1])
            shown = level(*corner) * 255 // most
            got = pixel(image, ((x + 0.5) / 32, (y + 0.5) / 24))
            assert distance(got, (shown, shown, shown, 255)) <= 1
    assert any("last passes are missing" in note for note in summary_of(data).notes)


def test_a_cut_interlaced_png_keeps_its_palette_and_what_of_it_is_see_through() -> None:
    colors = png_chunk(b"PLTE", b"\xff\0\0\0\xff\0") + png_chunk(b"tRNS", b"\x80")
    data = interlaced(8, 3, lambda x, _y: x // 16, passes=1.5, extra=colors)
    image = only(data).convert("RGBA")
    assert (image.getpixel((3, 3)), image.getpixel((30, 20))) == ((255, 0, 0, 128), (0, 255, 0, 255))
    clear = png_chunk(b"tRNS", b"\0\1")
    gray = only(interlaced(2, 0, lambda x, _y: x // 16, passes=1, extra=clear)).convert("RGBA")
    assert gray.getchannel("A").crop((0, 0, 16, 24)).getextrema() == (255, 255)
    assert gray.getchannel("A").crop((16, 0, 32, 24)).getextrema() == (0, 0)


def test_an_interlaced_png_without_a_row_is_corrupt() -> None:
    with pytest.raises(PictureRejected) as caught:
        rendered(interlaced(8, 0, lambda _x, _y: 9, passes=0))
    assert caught.value.reason is Reason.CORRUPT


@pytest.mark.parametrize("junk", [b"\0\xd9\0", b"\xff\0\xd9", b"\xd9", b"\xff\xff\xff"])
@pytest.mark.parametrize("progressive", [False, True])
def test_no_stump_is_published_whatever_lies_between_segments(junk: bytes, progressive: bool) -> None:
    whole = file_of(LARGE, "JPEG", quality=20, progressive=progressive)
    for at in (found.start() for found in re.finditer(rb"\xff\xda", whole)):
        data = whole[:at] + junk + whole[at:]
        (one,) = rendered(data, spec(formats=("jpeg",)))
        assert difference(seen(one), Image.open(io.BytesIO(whole))) < VERY_CLOSE


def test_segments_are_walked_to_the_end_of_the_first_picture() -> None:
    markers = [one.marker for one in jpeg_segments(JPEG + JPEG)]
    assert markers.count(0xD9) == 1
    assert markers[-1] == 0xD9
    with pytest.raises(ValueError, match="cut short"):
        list(jpeg_segments(JPEG[:10]))


OPENERS = {"jpeg": ["djpeg", "-outfile", "/dev/null"], "webp": ["dwebp", "-quiet", "-o", "/dev/null", "--"]}


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("form", OPENERS)
@pytest.mark.parametrize("name", BESIDE_THE_PIXELS)
def test_the_reference_decoder_opens_every_variant(name: str, form: str, tmp_path: Path) -> None:
    opener = OPENERS[form]
    if which(opener[0]) is None:
        pytest.skip(f"no {opener[0]} on this machine: apt-get install libjpeg-turbo-progs webp")
    for one in rendered(BESIDE_THE_PIXELS[name], spec(Size("small", 50), Size("whole", 999), formats=(form,))):
        path = tmp_path / f"{one.names[0]}.{form}"
        path.write_bytes(one.data)
        subprocess.run([*opener, path], check=True, capture_output=True)
