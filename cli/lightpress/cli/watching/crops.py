"""Which part of its picture each size shows, to be drawn on the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lightpress.image.spec import Pixels, Spec


def crops_of(spec: Spec, pixels: Pixels, focus: tuple[float, float] | None) -> dict[str, dict[str, Any]]:
    """What the sizes that cut something off show, by the name of the size.

    Each has `rectangle` (left, top, width, height) and `focus` (from the left, from the top), as shares (0 to 1) of the
    picture's width and height. Sizes with a step that comes before them (trim) are left out: what they are cut from is
    known to the core alone.

    Args:
        spec: Of the recipe.
        pixels: Of the picture, as seen upright.
        focus: The point around which sizes were cut, where it was looked for, or somebody has chosen it (`Spec.focus`).
    """
    planned = spec if focus is None else spec.around(focus, by_hand=spec.focus is not None)
    sizes = {size.name: size for size in planned.sizes if size.fit == "cover" and not size.shaping}
    return {
        name: {
            "rectangle": [
                rung.cut.left / rung.whole.width,
                rung.cut.top / rung.whole.height,
                rung.cut.pixels.width / rung.whole.width,
                rung.cut.pixels.height / rung.whole.height,
            ],
            "focus": list(sizes[name].focus),
        }
        for rung in planned.rungs(pixels)
        if not rung.is_whole
        for name in rung.names
        if name in sizes
    }
