"""A picture goes through the steps of its size.

Each step brings its function. Where steps are found is the business of whoever reads recipes (`stepping`), so that
pictures without steps pay for no import of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.encode import without_info
from lightpress.image.spec import Pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.image.picture import Picture
    from lightpress.image.spec import Spec, Step

_BYTES_PER_PIXEL = 24
"""Of the largest picture that a step works on: itself, the result, and what is between them, four bytes each."""


def stepped(picture: Picture, steps: Sequence[Step], spec: Spec) -> Picture:
    """The picture, reduced and cut to its size, after its steps; never longer than a format of `spec` can hold.

    Raises PictureRejected where a step would take more memory than the spec's limits allow.
    """
    for step in steps:
        if step.before_size:
            continue
        before = Pixels(*picture.image.size)
        after = step.after(before) if step.after else before
        spec.limits.check_decoded(max(before.width * before.height, after.width * after.height) * _BYTES_PER_PIXEL)
        picture = _as_expected(step.apply(picture, step.options))
    return _within(picture, min(output.max_side for output in spec.outputs()))


def _as_expected(picture: Picture) -> Picture:
    """Of the two layouts that encoders know, whatever a step makes of it."""
    image = picture.image if picture.image.mode in {"RGB", "RGBA"} else picture.image.convert("RGBA")
    return replace(picture, image=without_info(image))


def _within(picture: Picture, longest: int) -> Picture:
    image = picture.image
    if max(image.size) <= longest:
        return picture
    pixels = Pixels(*image.size).times(longest / max(image.size))
    return replace(picture, image=image.resize(pixels, Image.Resampling.BICUBIC))
