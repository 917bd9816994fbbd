"""Steps for tests: as recipes.toml would have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.image.spec import Size
from lightpress.image.stepping import built_in
from tools.drawing import disc, file_of, rendered, seen, spec

if TYPE_CHECKING:
    from PIL import Image

    from lightpress.image.spec import Step

LOGO = file_of(disc(60, (255, 0, 0)))
"""A red disc of 40 pixels on a see-through square of 60."""

FILES = {"logo.png": LOGO}

ONE_OF_EACH: dict[str, dict[str, Any]] = {
    "sharpen": {"sharpen": 0.5},
    "blur": {"blur": 2},
    "grayscale": {"grayscale": True},
    "saturation": {"saturation": 1.4},
    "brightness": {"brightness": 1.1},
    "contrast": {"contrast": 1.2},
    "tint": {"tint": "#704214", "amount": 0.8},
    "rotate": {"rotate": 90},
    "flip": {"flip": "horizontal"},
    "trim": {"trim": 8},
    "pad": {"pad": "5%"},
    "background": {"background": "#203040"},
    "round": {"round": "10%"},
    "circle": {"circle": True},
    "watermark": {"watermark": "logo.png", "opacity": 0.6},
    "text": {"text": "© Ada", "size": "10%"},
    "pixelate": {"pixelate": [[0.2, 0.2, 0.5, 0.4]]},
}
"""By name, an entry of `steps`."""


def step(entry: dict[str, Any], files: dict[str, bytes] = FILES) -> Step:
    """One entry of `steps`, its keys in any order."""
    (name,) = entry.keys() & built_in().keys()
    return built_in()[name].step(entry, files.__getitem__)


def after(image: Image.Image, *entries: dict[str, Any], width: int = 16_383, **more: Any) -> Image.Image:  # noqa: ANN401
    """What the steps make of a picture, reduced to a width, without loss. more: of its `Size`."""
    size = Size("s", width, **{"steps": tuple(map(step, entries)), **more})
    (variant,) = rendered(file_of(image), spec(size))
    return seen(variant)
