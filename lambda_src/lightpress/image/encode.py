"""A picture becomes bytes again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from lightpress.image.flatten import flatten
from lightpress.image.jpegli import tables

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
    bare.save(buffer, output.pillow, **_settings(output, spec.quality_of(output), max(image.size)), **words)
    return buffer.getvalue()


def _settings(output: Output, quality: int, longest: int) -> dict[str, Any]:
    settings = dict(output.options)
    if output.progressive_from is not None:
        settings["progressive"] = longest >= output.progressive_from
    if output.tables is None:
        return settings | {"quality": quality}
    return settings | {"qtables": tables(quality), "subsampling": "4:2:0"}  # with a quality, Pillow would scale them
