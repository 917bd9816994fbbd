"""What a camera wrote of a picture, for who owns it: the record, and what recipes may ask for. `exif` reads it."""

from __future__ import annotations

from dataclasses import dataclass

CAPTURE, PLACE, LIKENESS = "capture", "place", "likeness"
"""The facts that are read from the file itself."""
OF_THE_FILE = (CAPTURE, PLACE, LIKENESS)


@dataclass(frozen=True, slots=True)
class Capture:
    """What a camera wrote into a file. Nobody has checked it: clocks are wrong, and editors copy it.

    Attributes:
        time: In ISO 8601, by the camera's clock, with its offset from UTC where the file has one.
        camera: Maker and model.
        lens: Its model.
        place: Latitude and longitude in degrees of WGS 84; None also where they are not asked for.
    """

    time: str | None = None
    camera: str | None = None
    lens: str | None = None
    place: tuple[float, float] | None = None
