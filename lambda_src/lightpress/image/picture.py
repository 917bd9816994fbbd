"""The value that travels through the steps of the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.declared import UNDECLARED

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from lightpress.image.animation import Animation
    from lightpress.image.capture import Capture
    from lightpress.image.declared import DeclaredColor
    from lightpress.image.gain_map import GainMap
    from lightpress.image.spec import Pixels

QUARTER_TURNS = range(5, 9)
"""The EXIF orientations that swap width and height."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and what is known of it; every step returns a new one.

    Attributes:
        image: The pixels.
        data: The file; mended, where its decoder did not take it as it was.
        format: The format of the file, by name.
        original: The file's pixels, as seen upright.
        orientation: EXIF's 1 to 8 of `image`.
        color: The color space that it declares.
        profile: The ICC profile of `image`, once its colors were converted; empty for sRGB.
        exif: What is kept of its metadata.
        notes: What was noticed on the way, one sentence each.
        is_poster: Whether `image` was composed as an animation's first frame, and is not the file's own picture.
        animation: All frames, where variants show them.
        is_damaged: Whether pixels of it are missing.
        gain_map: The gain map in the file, where variants keep it.
        capture: When and with what it was taken, where that is wanted.
        redraw: Draws it with other pixels (width, height), where the file has none of its own; then `original` is how
            large it is drawn for the largest size.
    """

    image: Image.Image
    data: bytes
    format: str
    original: Pixels
    orientation: int = 1
    color: DeclaredColor = UNDECLARED
    profile: bytes = b""
    exif: bytes = b""
    notes: tuple[str, ...] = ()
    is_poster: bool = False
    animation: Animation | None = None
    is_damaged: bool = False
    gain_map: GainMap | None = None
    capture: Capture | None = None
    redraw: Callable[[tuple[int, int]], Image.Image] | None = None

    def as_stored(self, upright: Pixels) -> Pixels:
        """How `upright` pixels lie in `image`, which may not have been turned yet."""
        return upright.turned() if self.orientation in QUARTER_TURNS else upright
