"""When and with what a picture was taken, as its EXIF data says, for who owns it. Where, only if it is asked for."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, cast

from PIL.ExifTags import GPS, IFD, Base

from lightpress.image.capture import CAPTURE, PLACE, Capture

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from PIL import Image

_LONGEST_TEXT = 100
_DEGREES, _DECIMALS = (90, 180), 6


def captured(image: Image.Image, wanted: Collection[str]) -> Capture | None:
    """Read what is wanted; None where the file says nothing of it. Broken metadata costs no picture.

    wanted: Of `CAPTURE` and `PLACE`.
    """
    if not {CAPTURE, PLACE} & set(wanted):
        return None
    try:
        exif = image.getexif()
        shot, spot = dict(exif.get_ifd(IFD.Exif)), dict(exif.get_ifd(IFD.GPSInfo))
        named = dict(exif.items())
    except Exception:  # noqa: BLE001  Pillow raises nearly anything over damaged metadata
        return None
    place = _place(spot) if PLACE in wanted else None
    if CAPTURE not in wanted:
        return Capture(place=place) if place else None
    found = Capture(_time(shot), _camera(named), _text(shot.get(Base.LensModel)), place)
    return None if found == Capture() else found


def _time(shot: Mapping[int, object]) -> str | None:
    text, offset = _text(shot.get(Base.DateTimeOriginal)), _text(shot.get(Base.OffsetTimeOriginal))
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text.replace(":", "-", 2))
    except ValueError:
        return None
    try:
        return datetime.fromisoformat(f"{at.isoformat()}{offset or ''}").isoformat()
    except ValueError:
        return at.isoformat()


def _camera(named: Mapping[int, object]) -> str | None:
    """Many models begin with their maker."""
    make, model = _text(named.get(Base.Make)), _text(named.get(Base.Model))
    if make and model and not model.lower().startswith(make.split()[0].lower()):
        return f"{make} {model}"
    return model or make


def _place(spot: Mapping[int, object]) -> tuple[float, float] | None:
    latitude = _degrees(spot.get(GPS.GPSLatitude), spot.get(GPS.GPSLatitudeRef), "S", _DEGREES[0])
    longitude = _degrees(spot.get(GPS.GPSLongitude), spot.get(GPS.GPSLongitudeRef), "W", _DEGREES[1])
    return None if latitude is None or longitude is None else (latitude, longitude)


def _degrees(parts: object, reference: object, below: str, most: int) -> float | None:
    """Degrees, minutes and seconds as one number; None where they are no place."""
    try:
        degrees, minutes, seconds = map(float, cast("tuple[float, ...]", parts))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or not 0 <= value <= most:
        return None
    return round(-value if _text(reference) == below else value, _DECIMALS)


def _text(value: object) -> str | None:
    """Readable text on one line: cameras write zeros, line ends and blanks around it."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())[:_LONGEST_TEXT] or None
