"""A picture becomes bytes again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from lightpress.image.flatten import flatten

if TYPE_CHECKING:
    from PIL import Image

    from lightpress.image.formats import Output
    from lightpress.image.spec import Spec


def encode(image: Image.Image, output: Output, spec: Spec, exif: bytes = b"") -> bytes:
    """Encode as `output`, pixels and `exif` only: no comment, profile or anything else of the original goes along."""
    shown = image if output.alpha else flatten(image, spec.background)
    # Encoders copy what they find in `info` (a JPEG comment, for one), and save() keeps its settings on the image.
    bare = shown.copy()
    bare.info.clear()
    buffer = io.BytesIO()
    words = {"exif": exif} if exif else {}
    bare.save(buffer, output.pillow, quality=spec.quality_of(output), **output.options, **words)
    return buffer.getvalue()
