"""A perceptual hash: pictures that look alike have nearly the same one, whatever their sizes, formats and qualities.

It is dHash over rows and columns: 64 bits say of each point of a grid whether its right neighbor is lighter, 64 whether
the one below is (Neal Krawetz, "Kind of Like That", 2013; with columns, as in the PyPI package dhash).
"""

from __future__ import annotations

from PIL import Image

from lightpress.image.alike import BITS, SIDE


def likeness(small: Image.Image) -> str:
    """The hash of a picture, as 32 hexadecimal digits. small: it, RGBA; what is see-through counts as white."""
    flat = Image.new("RGBA", small.size, "#ffffff")
    flat.alpha_composite(small)
    width = SIDE + 1
    gray = flat.convert("L").resize((width, width), Image.Resampling.LANCZOS).tobytes()
    points = [y * width + x for y in range(SIDE) for x in range(SIDE)]
    rows, columns = (
        sum((gray[at] < gray[at + step]) << (len(points) - 1 - bit) for bit, at in enumerate(points))
        for step in (1, width)
    )
    return f"{rows << len(points) | columns:0{BITS // 4}x}"
