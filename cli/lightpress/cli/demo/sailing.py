"""A short film of a sailing boat on a lake."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lightpress.cli.demo.paint import Color, Point, chance, dimmed, mixed, shape
from lightpress.cli.demo.scenes import NOON, landscape, painted_size

if TYPE_CHECKING:
    from PIL import Image

# Mast, sails, hull and rail: outlines in boat's heights, from the water line up.
_BOAT: tuple[tuple[tuple[Point, ...], Color], ...] = (
    (((-0.008, -0.1), (0.008, -0.1), (0.008, -1.0), (-0.008, -1.0)), (90, 60, 40)),
    (((0.03, -0.18), (0.03, -0.97), (0.2, -0.6), (0.42, -0.2)), (250, 250, 246)),
    (((-0.03, -0.2), (-0.03, -0.86), (-0.16, -0.5), (-0.34, -0.2)), (226, 60, 40)),
    (((-0.4, -0.13), (0.46, -0.13), (0.32, 0.03), (-0.3, 0.03)), (30, 52, 92)),
    (((-0.4, -0.13), (0.46, -0.13), (0.44, -0.1), (-0.39, -0.1)), (245, 240, 228)),
)


def sailing(width: int, height: int, *, frames: int, seed: int) -> list[Image.Image]:
    """Film a boat that sails across a lake at noon and back again, so that the film has no end."""
    lake = landscape(painted_size(width, height), chance(seed), NOON)
    return [_with_boat(lake, math.tau * index / frames).resize((width, height)) for index in range(frames)]


def _with_boat(lake: Image.Image, turn: float) -> Image.Image:
    frame = lake.copy()
    width, height = frame.size
    water = (width * (0.5 - 0.1 * math.cos(turn)), height * (0.84 + 0.008 * math.sin(2 * turn)))
    lean = 0.05 * math.sin(2 * turn + 1)
    for outline, color in _BOAT:
        mirrored = [_placed((x, -y * 0.55), water, height * 0.4, -lean) for x, y in outline]
        frame.paste(mixed(color, (20, 60, 100), 0.3), None, dimmed(shape(frame.size, mirrored, blur=2.5), 0.45))
    for outline, color in _BOAT:
        frame.paste(color, None, shape(frame.size, [_placed(point, water, height * 0.4, lean) for point in outline]))
    return frame


def _placed(point: Point, water: Point, scale: float, lean: float) -> Point:
    x, y = point
    return water[0] + scale * (x - y * lean), water[1] + scale * (y + x * lean)
