"""Which formats suit which kind of picture: what `formats = "auto"` writes. `kinds` tells of which kind one is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """What a picture is, as far as formats depend on it."""

    PHOTO = "photo"
    GRAPHIC = "graphic"  # of few colors: a logo, a diagram, a screenshot
    TRANSPARENT = "transparent"
    ANIMATION = "animation"
    TRANSPARENT_ANIMATION = "transparent animation"
    HIGH_RANGE = "high range"  # with a gain map that its variants keep


@dataclass(frozen=True, slots=True)
class Candidates:
    """The formats, by name, that a kind of picture is tried in. One of each is published.

    Attributes:
        small: Of these, the smallest; none where the fallback is no larger.
        fallback: Of these, which every browser can show, the smallest.
    """

    small: tuple[str, ...]
    fallback: tuple[str, ...]


CANDIDATES: Mapping[Kind, Candidates] = {
    # WebP would be smaller than AVIF for hardly a photo, and be served to the few browsers that lack AVIF alone.
    Kind.PHOTO: Candidates(("avif",), ("jpeg",)),
    Kind.GRAPHIC: Candidates(("avif", "webp"), ("jpeg", "png")),
    Kind.TRANSPARENT: Candidates(("avif", "webp"), ("png",)),
    Kind.ANIMATION: Candidates(("webp",), ("jpeg",)),
    Kind.TRANSPARENT_ANIMATION: Candidates(("webp",), ("png",)),
    Kind.HIGH_RANGE: Candidates((), ("jpeg",)),  # any other would be served instead, without the gain map
}
