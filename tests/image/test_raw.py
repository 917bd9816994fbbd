"""Of a raw file, the picture that the camera made is shown: the largest, the right way up, and with its words."""

from __future__ import annotations

import io
import struct
import subprocess
import time
from shutil import which
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.inputs import INPUTS, input_of
from lightpress.image.raw import is_raw, preview_of
from lightpress.image.render import render
from lightpress.image.spec import Size
from tests.image.raws import LARGE, RAWS, box, cr3, dng, preview, raf, thumbnail_alone, tiff_page
from tools.drawing import (
    CORNERS,
    colors_at_corners,
    distance,
    exif_with,
    file_of,
    four_corners,
    only,
    seen,
    spec,
    summary_of,
)

if TYPE_CHECKING:
    from pathlib import Path

WEB = spec(Size("a", 2_000), metadata="copyright")
OF_EXIFTOOL = {"dng": "PreviewImage", "nef": "JpgFromRaw", "arw": "PreviewImage", "cr2": "PreviewImage"}


@pytest.mark.parametrize("form", RAWS)
def test_the_largest_picture_in_a_raw_file_is_shown_and_that_is_said(form: str) -> None:
    data = RAWS[form]()
    facts = summary_of(data, WEB)
    assert (facts.format, facts.width, facts.height) == ("raw", *LARGE)
    assert facts.notes == ("The file is a camera's raw file; its variants show the picture of 96 x 64 in it.",)
    got = colors_at_corners(only(data, WEB))
    assert all(distance(one, want) < 12 for one, want in zip(got, CORNERS, strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", RAWS)
def test_a_raw_file_is_turned_as_the_camera_was_held(form: str, orientation: int) -> None:
    """Its picture is not turned and says nothing of it; the raw file does."""
    data = RAWS[form](orientation=orientation)
    image = only(data, WEB)
    assert image.size == ((64, 96) if orientation > 4 else (96, 64))
    wanted = only(file_of(four_corners(), "JPEG", quality=90, exif=exif_with(orientation).tobytes()), WEB)
    got, want = colors_at_corners(image), colors_at_corners(wanted)
    assert all(distance(one, other) < 12 for one, other in zip(got, want, strict=True))


def test_a_picture_that_says_itself_how_it_is_turned_is_believed() -> None:
    data = raf(exif=exif_with(6, "Ann").tobytes())
    assert only(data, WEB).size == (64, 96)
    own = dng(preview(exif=exif_with(6).tobytes()), orientation=1)
    assert only(own, WEB).size == (64, 96)


def test_whose_a_raw_picture_is_goes_along() -> None:
    (variant,) = render(dng(owner="(c) 2026 Ann"), WEB).variants
    assert seen(variant).getexif()[33_432] == "(c) 2026 Ann"


def test_without_the_large_picture_of_a_cr3_the_middle_one_is_shown() -> None:
    assert summary_of(cr3(sample=False), WEB).width == 48


@pytest.mark.skipif(which("exiftool") is None, reason="needs exiftool")
@pytest.mark.parametrize("form", OF_EXIFTOOL)
def test_it_is_the_picture_that_exiftool_takes_out(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{form}"
    path.write_bytes(RAWS[form]())
    for tag in (OF_EXIFTOOL[form], "PreviewImage", "JpgFromRaw", "OtherImage"):
        taken = subprocess.run(["exiftool", "-b", f"-{tag}", str(path)], capture_output=True, check=True).stdout
        if taken:
            break
    assert taken
    ours = Image.open(io.BytesIO(preview_of(path.read_bytes()).data))
    assert ours.convert("RGB").tobytes() == Image.open(io.BytesIO(taken)).convert("RGB").tobytes()


def test_a_raw_file_without_a_picture_gets_a_reason_and_a_plain_tiff_is_none() -> None:
    with pytest.raises(PictureRejected, match="without a picture") as caught:
        summary_of(thumbnail_alone(), WEB)
    assert caught.value.reason is Reason.FORMAT_NOT_ACCEPTED
    row = input_of(tiff_page())
    assert row is not None
    assert row.name == "tiff"


@pytest.mark.parametrize("form", RAWS)
def test_raw_files_that_are_cut_off_anywhere_end_in_a_picture_or_a_reason(form: str) -> None:
    data = RAWS[form]()
    for length in range(12, len(data), 97):
        try:
            facts = summary_of(data[:length], WEB)
        except PictureRejected as rejected:
            assert rejected.reason in {Reason.FORMAT_NOT_ACCEPTED, Reason.CORRUPT, Reason.NOT_A_PICTURE}  # noqa: PT017
        else:
            assert facts.format in {"raw", "tiff"}


def test_a_raw_file_whose_directories_lead_in_circles_comes_to_an_end() -> None:
    data = bytearray(dng())
    at = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[at : at + 2], "little")
    circle = bytes(data[: at + 2 + 12 * count]) + bytes(data[4:8]) + bytes(data[at + 6 + 12 * count :])
    assert is_raw(circle)
    assert summary_of(circle, WEB).width == LARGE[0]


def test_no_recipe_accepts_raw_files_without_naming_them() -> None:
    (row,) = [row for row in INPUTS if row.name == "raw"]
    assert not row.by_default
    with pytest.raises(PictureRejected, match=r'naming "raw" in the accept of a recipe\.$'):
        summary_of(dng(), spec(accept=("jpeg", "tiff")))


def test_a_file_that_lists_its_picture_500_times_is_copied_once() -> None:
    head, length = box(b"ftyp", b"crx \0\0\0\1crx isom"), 20_000_000
    sizes, places = struct.pack(">IIII", 0, 0, 1, length), struct.pack(">IIQ", 0, 1, len(head) + 8)
    track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", box(b"stsz", sizes), box(b"co64", places)))))
    data = head + box(b"mdat", preview().ljust(length, b"\0")) + box(b"moov", track * 500)
    began = time.process_time()
    assert len(preview_of(data).data) > length
    assert time.process_time() - began < 0.5
