"""libvips as its careful users call it: upright, in sRGB by the embedded profile, and strict over damage.

Not by `thumbnail`, which would be shorter: at full size it takes the smaller picture of some TIFFs, and it forgets
`fail_on`, so that a codec that is missing ends in a black picture.
"""

from __future__ import annotations

import pyvips
from answering import answer_all


def render(data: bytes) -> bytes:
    """The whole picture as PNG."""
    image = pyvips.Image.new_from_buffer(data, "", fail_on="error").autorot()
    made: bytes = _by_its_profile(image).colourspace("srgb").write_to_buffer(".png", keep="none")
    return made


def _by_its_profile(image: pyvips.Image) -> pyvips.Image:
    """In sRGB where there is a profile that says how; sixteen bits stay sixteen."""
    if not image.get_typeof("icc-profile-data"):
        return image
    try:
        return image.icc_transform("srgb", embedded=True, intent="relative", black_point_compensation=True)
    except pyvips.Error:
        return image  # an unusable profile says nothing


if __name__ == "__main__":
    pyvips.cache_set_max(0)
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    answer_all(f"pyvips {pyvips.__version__}, libvips {version}", render)
