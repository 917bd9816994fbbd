"""The demo's pictures, drawn by code: one of each kind that goes wrong elsewhere, and two that must be refused."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from lightpress.cli.demo.balloons import balloons
from lightpress.cli.demo.display_p3 import display_p3_profile
from lightpress.cli.demo.graphics import logo, screenshot
from lightpress.cli.demo.recipes import PREFIX
from lightpress.cli.demo.sailing import sailing
from lightpress.cli.demo.scenes import DAWN, DUSK, NOON, photo
from lightpress.image.errors import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

_TAKEN = "2026:06:21 06:12:00"
_LATITUDE = (47, 20, 12)
_LONGITUDE = (8, 34, 30)
_TURN_CLOCKWISE = 6
_FRAMES = 10
_FRAME_MILLISECONDS = 120
_GIF_COLORS = 256


@dataclass(frozen=True)
class DrawnPicture:
    """A file for the demo.

    Attributes:
        key: To upload it under.
        data: Its bytes.
        media_type: To upload it with.
        about: What it shows, for people.
        expected: The status that its manifest must have.
        reason: The reason that the manifest must have, a code of `lightpress.image.Reason`; None if "ready" is
            expected.
    """

    key: str
    data: bytes
    media_type: str
    about: str
    expected: Literal["ready", "failed"] = "ready"
    reason: str | None = None


def draw_demo_set() -> tuple[DrawnPicture, ...]:
    """Draw all pictures; the same bytes every time."""
    return (
        DrawnPicture(
            "phone/balloons.jpg",
            _portrait(),
            "image/jpeg",
            "Balloons over a meadow: 12 megapixels, turned by EXIF, in Display P3 colors, with a GPS position",
        ),
        DrawnPicture(
            "trips/🏔️ sunrise.jpg",
            _as_jpeg(photo(1600, 1067, mood=DAWN, seed=3)),
            "image/jpeg",
            "A mountain lake at sunrise, with an emoji in its key",
        ),
        DrawnPicture(
            "brand/logo + shadow (final).png",
            _as_png(logo(1200, 480)),
            "image/png",
            "A see-through logo with a soft shadow; its key has spaces, a plus and parentheses",
        ),
        DrawnPicture(
            "animations/Été à Zürich.gif",
            _as_gif(sailing(480, 320, frames=_FRAMES, seed=4)),
            "image/gif",
            f"A boat on a lake, in {_FRAMES} frames, with accents in its key",
        ),
        DrawnPicture(
            "screens/notebook.png",
            _as_png(screenshot(1440, 900)),
            "image/png",
            "A screenshot of a notebook: flat areas, hairlines and small text",
        ),
        DrawnPicture(
            "trips/evening.jpg",
            _as_jpeg(photo(400, 300, mood=DUSK, seed=5)),
            "image/jpeg",
            "A lake in the evening, smaller than most sizes: it is never enlarged",
        ),
        DrawnPicture(
            f"{PREFIX}a boat.jpg",
            _as_jpeg(sailing(640, 400, frames=1, seed=9)[0].crop((120, 40, 600, 400))),
            "image/jpeg",
            "A boat, by a recipe that cuts sizes around the subject that it finds, and puts a logo on each",
        ),
        DrawnPicture(
            "notes/not-a-picture.jpg",
            b"Buy milk.\nWater the poppies.\nThis is a text file, whatever its name says.\n",
            "image/jpeg",
            "A text file that is named like a picture",
            "failed",
            Reason.NOT_A_PICTURE,
        ),
        DrawnPicture(
            "broken/half-a-photo.webp",
            _first_half(_as_webp(photo(600, 400, mood=NOON, seed=7))),
            "image/webp",
            "A photo whose upload broke off half way",
            "failed",
            Reason.CORRUPT,
        ),
    )


def _portrait() -> bytes:
    upright = balloons(3024, 4032, seed=11)
    as_stored = upright.transpose(Image.Transpose.ROTATE_90)
    return _as_jpeg(as_stored, exif=_exif_of_a_phone(), icc_profile=display_p3_profile())


def _exif_of_a_phone() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Lightpress"
    exif[ExifTags.Base.Model] = "Camera drawn by code"
    exif[ExifTags.Base.Orientation] = _TURN_CLOCKWISE
    exif[ExifTags.Base.DateTime] = _TAKEN
    exif[ExifTags.Base.Artist] = "Ada Example"
    exif[ExifTags.Base.Copyright] = "Copyright Ada Example"
    exif[ExifTags.Base.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: _degrees(_LATITUDE),
        ExifTags.GPS.GPSLongitudeRef: "E",
        ExifTags.GPS.GPSLongitude: _degrees(_LONGITUDE),
    }
    return exif


def _degrees(degrees_minutes_seconds: Sequence[int]) -> tuple[IFDRational, ...]:
    return tuple(IFDRational(part) for part in degrees_minutes_seconds)


def _as_jpeg(picture: Image.Image, *, exif: Image.Exif | None = None, icc_profile: bytes | None = None) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90, exif=exif or b"", icc_profile=icc_profile)
    return file.getvalue()


def _as_webp(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=80)
    return file.getvalue()


def _as_png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _as_gif(frames: Sequence[Image.Image]) -> bytes:
    """Give all frames the colors of the first: colors that change from frame to frame would flicker."""
    colors = frames[0].quantize(_GIF_COLORS)
    first, *rest = (frame.quantize(palette=colors) for frame in frames)
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=rest, duration=_FRAME_MILLISECONDS, loop=0)
    return file.getvalue()


def _first_half(data: bytes) -> bytes:
    return data[: len(data) // 2]
