"""What moves, as the other steps see it."""

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
class Film:
    """The frames of an animation: `frames` gives them from the beginning each time. plays: how often; 0 is for ever."""

    milliseconds: tuple[int, ...]
    plays: int
    frames: Callable[[], Iterator[Frame]]
