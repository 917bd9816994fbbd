"""How much picture is too much. What a header tells is checked before a pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from lightpress.image.errors import PictureRejected, Reason
from lightpress.units import MB


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one picture may cost.

    Attributes:
        max_bytes: The size of the file.
        max_pixels: Width times height.
        max_side: The longer side, in pixels.
        max_decoded_bytes: The memory that decoding takes. A JPEG is decoded at a fraction of its size where the
            recipe's largest size allows it, so a 100-megapixel JPEG may pass where a WebP of the same size may not.
        max_metadata_bytes: The EXIF data, the XMP data and the color profile, each. What is longer is left out.
        max_frames: Of an animation. What has more is not rejected: its variants are still.
        max_animation_pixels: Of an animation, those of its canvas times its frames; what has more is still, too.
    """

    max_bytes: int = 64 * MB
    max_pixels: int = 120_000_000  # cameras of 102 and phones of 108 megapixels
    max_side: int = 32_768
    max_decoded_bytes: int = 512 * MB
    max_metadata_bytes: int = 2 * MB
    max_frames: int = 3_000
    max_animation_pixels: int = 100_000_000

    def check_bytes(self, count: int) -> None:
        """Reject an empty or too large file."""
        if count == 0:
            raise PictureRejected(Reason.EMPTY, "The file has 0 bytes.")
        if count > self.max_bytes:
            raise PictureRejected(
                Reason.TOO_MANY_BYTES, f"The file has {count} bytes; at most {self.max_bytes} are accepted."
            )

    def check_size(self, width: int, height: int) -> None:
        """Reject a picture whose header declares too many pixels or too long a side."""
        if width * height > self.max_pixels:
            raise PictureRejected(
                Reason.TOO_MANY_PIXELS,
                f"The picture is {width} x {height} = {width * height} pixels; at most {self.max_pixels} are accepted.",
            )
        if max(width, height) > self.max_side:
            raise PictureRejected(
                Reason.TOO_LONG_SIDE,
                f"The picture is {width} x {height}; a side of at most {self.max_side} pixels is accepted.",
            )

    def check_decoded(self, count: int) -> None:
        """Reject a picture that would take too much memory once decoded."""
        if count > self.max_decoded_bytes:
            raise PictureRejected(
                Reason.TOO_MANY_PIXELS,
                f"The picture takes {count} bytes once decoded; at most {self.max_decoded_bytes} are accepted.",
            )
