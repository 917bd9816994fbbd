"""An animation, as the steps of the core see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image


@dataclass(frozen=True, slots=True)
class Frame:
    """The whole canvas as it is shown for some milliseconds."""

    image: Image.Image
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Animation:
    """The frames of an animation, which are decoded anew in each pass.

    Attributes:
        milliseconds: How long each frame is shown.
        plays: How often the animation plays; 0 is for ever.
        frames: Decodes the frames one by one, from the first.
    """

    milliseconds: tuple[int, ...]
    plays: int
    frames: Callable[[], Iterator[Frame]]
