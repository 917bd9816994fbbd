"""What a file says of when, with what and where it was taken: told where a recipe names it, and never more."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image, TiffImagePlugin
from PIL.ExifTags import GPS, IFD, Base

from lightpress.image.capture import CAPTURE, PLACE, Capture
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from tools.drawing import ramp

if TYPE_CHECKING:
    from lightpress.image.job import OriginalInfo

SPEC = Spec((Size("small", width=40),), ("jpeg",))


def taken(**more: object) -> bytes:
    """A photo by a phone in Lisbon; more: other values of tags, by their names, None to leave them out."""
    shot: dict[str, object] = {
        "DateTimeOriginal": "2026:05:04 18:30:15",
        "OffsetTimeOriginal": "+01:00",
        "LensModel": "Wide\0",
    }
    named: dict[str, object] = {"Make": "Oak", "Model": "Phone 9\0"}
    spot: dict[str, object] = {
        "GPSLatitudeRef": "N",
        "GPSLatitude": (38.0, 42.0, 36.0),
        "GPSLongitudeRef": "W",
        "GPSLongitude": (9.0, 8.0, 24.0),
    }
    exif = Image.Exif()
    for tags, kinds, values in (
        (exif, Base, named),
        (exif.get_ifd(IFD.Exif), Base, shot),
        (exif.get_ifd(IFD.GPSInfo), GPS, spot),
    ):
        for name, value in {**values, **{one: said for one, said in more.items() if one in values}}.items():
            if value is not None:
                tags[kinds[name]] = value
    out = io.BytesIO()
    ramp((80, 60)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def told(data: bytes, *facts: str) -> Capture | None:
    result = render(data, replace(SPEC, facts=facts))
    list(result.variants)
    info: OriginalInfo = result.original
    return info.capture


def test_time_camera_and_lens_are_told_where_they_are_named_and_the_place_only_where_it_is() -> None:
    known = Capture("2026-05-04T18:30:15+01:00", "Oak Phone 9", "Wide")
    place = (38.71, -9.14)
    assert told(taken()) is None
    assert told(taken(), CAPTURE) == known
    assert told(taken(), CAPTURE, PLACE) == replace(known, place=place)
    assert told(taken(), PLACE) == Capture(place=place)


@pytest.mark.parametrize(
    ("wrong", "known"),
    [
        ({"DateTimeOriginal": "    :  :     :  :  "}, Capture(None, "Oak Phone 9", "Wide")),
        ({"DateTimeOriginal": "2026:13:45 99:00:00"}, Capture(None, "Oak Phone 9", "Wide")),
        ({"OffsetTimeOriginal": "early"}, Capture("2026-05-04T18:30:15", "Oak Phone 9", "Wide")),
        ({"Make": "OAK Corp.", "Model": "Oak 9"}, Capture("2026-05-04T18:30:15+01:00", "Oak 9", "Wide")),
        ({"Make": None, "Model": None}, Capture("2026-05-04T18:30:15+01:00", None, "Wide")),
        ({"LensModel": "a\nb" * 200}, Capture("2026-05-04T18:30:15+01:00", "Oak Phone 9", ("a b" * 200)[:100])),
    ],
    ids=["blank", "no such day", "no offset", "maker in the model", "no camera", "long and in lines"],
)
def test_what_makes_no_sense_is_left_out_and_takes_nothing_along(wrong: dict[str, object], known: Capture) -> None:
    assert told(taken(**wrong), CAPTURE) == known


@pytest.mark.parametrize(
    "wrong",
    [
        {"GPSLatitude": (91.0, 0.0, 0.0)},
        {"GPSLongitude": None},
        {"GPSLatitude": (38.0, 42.0)},
        {"GPSLatitude": (TiffImagePlugin.IFDRational(38, 0), 0.0, 0.0)},
    ],
    ids=["beyond the pole", "half of it", "two numbers", "divided by zero"],
)
def test_what_is_no_place_is_told_as_none(wrong: dict[str, object]) -> None:
    assert told(taken(**wrong), PLACE) is None


def test_damaged_exif_data_cost_no_picture() -> None:
    data = taken()
    at = data.index(b"Exif\0\0") + 10
    assert told(data[:at] + b"\xff" * 40 + data[at + 40 :], CAPTURE, PLACE) is None
