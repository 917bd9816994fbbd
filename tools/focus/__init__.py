"""How well `focus = "auto"` finds the subjects of drawn scenes: `python -m tools.focus` compares it with libvips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.image.spec import Pixels, Size

if TYPE_CHECKING:
    from tools.focus.scenes import Box, Scene

RATIOS = {"1:1": 1.0, "9:16": 9 / 16}
CENTRE = (0.5, 0.5)


def window(image: Pixels, ratio: float) -> Pixels:
    """The largest crop of a ratio of width to height."""
    return Pixels(min(image.width, round(image.height * ratio)), min(image.height, round(image.width / ratio)))


def share_kept(scene: Scene, crop: Box) -> float:
    """How much of the subject's area lies in a crop: 0 to 1."""
    left, top, right, bottom = scene.subject
    width = max(0, min(right, crop[2]) - max(left, crop[0]))
    height = max(0, min(bottom, crop[3]) - max(top, crop[1]))
    return width * height / ((right - left) * (bottom - top))


def kept_by(scene: Scene, ratio: float, point: tuple[float, float]) -> float:
    """How much of the subject is kept by the largest crop around a point."""
    whole = Pixels(*scene.image.size)
    size = window(whole, ratio)
    left, top, shown = Size("crop", *size, "cover", point).cut(whole)
    return share_kept(scene, (left, top, left + shown.width, top + shown.height))
