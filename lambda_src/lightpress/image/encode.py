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


# Logos, diagrams, screenshots with few colours. A photo has more within its first rows, so it costs nothing to ask.
_MOST_COLOURS_OF_A_GRAPHIC = 1_024
_WEBP_HEADERS = 34  # where the pixels' chunk begins, also behind a VP8X chunk


def encode(image: Image.Image, output: Output, spec: Spec, exif: bytes = b"") -> bytes:
    """Encode as `output`, pixels and `exif` only: no comment, profile or anything else of the original goes along."""
    shown = image if output.alpha else flatten(image, spec.background)
    # Encoders copy what they find in `info` (a JPEG comment, for one), and save() keeps its settings on the image.
    bare = shown.copy()
    bare.info.clear()
    settings = _settings(output, spec.quality_of(output), max(image.size))
    words = {"exif": exif} if exif else {}
    if bare.getcolors(_MOST_COLOURS_OF_A_GRAPHIC) is None:
        return _saved(bare, output, settings | words)
    made = [_saved(bare, output, {**settings, **output.graphic, **words})]
    if output.lossless is not None:
        made.append(_saved(bare, output, {**output.lossless, **words}))
    return min(made, key=len)


def _saved(image: Image.Image, output: Output, settings: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, output.pillow, **settings)
    return buffer.getvalue()


def is_lossless(data: bytes) -> bool:
    """Whether a lossy format's encoder was asked to lose nothing: of those here, only WebP's can be."""
    return data[8:12] == b"WEBP" and b"VP8L" in data[12:_WEBP_HEADERS]


def _settings(output: Output, quality: int, longest: int) -> dict[str, Any]:
    settings = dict(output.options)
    if output.progressive_from is not None:
        settings["progressive"] = longest >= output.progressive_from
    if output.tables is None:
        return settings | {"quality": quality}
    return settings | {"qtables": tables(quality), "subsampling": "4:2:0"}  # with a quality, Pillow would scale them
