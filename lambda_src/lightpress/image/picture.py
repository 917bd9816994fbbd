"""The value that travels through the steps of the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.declared import UNDECLARED

if TYPE_CHECKING:
    from PIL import Image

    from lightpress.image.declared import DeclaredColor
    from lightpress.image.film import Film
    from lightpress.image.spec import Pixels

QUARTER_TURNS = range(5, 9)
"""The EXIF orientations that swap width and height."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture and what is known of it; every step returns a new one.

    format: of the file, in lower case. original: the file's pixels, as seen upright. orientation: EXIF's 1 to 8 of
    `image`. color: the color space that it declares. exif: what is kept of its metadata. notes: what was noticed on the
    way, one sentence each. is_poster: `image` was put together as an animation's first frame, and is not the file's own
    picture. film: what follows it, where that is shown.
    """

    image: Image.Image
    format: str
    original: Pixels
    orientation: int = 1
    color: DeclaredColor = UNDECLARED
    exif: bytes = b""
    notes: tuple[str, ...] = ()
    is_poster: bool = False
    film: Film | None = None

    def as_stored(self, upright: Pixels) -> Pixels:
        """How `upright` pixels lie in `image`, which may not have been turned yet."""
        return upright.turned() if self.orientation in QUARTER_TURNS else upright
