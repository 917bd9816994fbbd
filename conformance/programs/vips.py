"""libvips as its careful users call it: `thumbnail`, which turns upright and converts to sRGB, at full size.

By default libvips makes what it can of a damaged file; here it is asked to say so.
"""

from __future__ import annotations

import pyvips
from answering import answer_all

_AS_LARGE_AS_IT_IS = 10_000_000


def render(data: bytes) -> bytes:
    """The whole picture as PNG."""
    image = pyvips.Image.thumbnail_buffer(
        data,
        _AS_LARGE_AS_IT_IS,
        height=_AS_LARGE_AS_IT_IS,
        size="down",
        output_profile="srgb",
        fail_on="error",
    )
    made: bytes = image.write_to_buffer(".png")
    return made


if __name__ == "__main__":
    pyvips.cache_set_max(0)
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    answer_all(f"pyvips {pyvips.__version__}, libvips {version}", render)
