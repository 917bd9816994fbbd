"""Where the faces in a picture are, and the point that keeps most of them: `focus = "faces"`.

MediaPipe's BlazeFace, the model for full range (`faces.tflite`, https://ai.google.dev/edge/mediapipe/solutions/vision/face_detector,
Apache-2.0), run by LiteRT, which is in a layer of its own. Neither is touched unless a recipe asks: `load_faces`.
"""

from __future__ import annotations

import math
import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from lightpress.image.spec import Pixels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightpress.image.spec import Size

    Point = tuple[float, float]

FACES_REVISION = 1
"""Raised by hand when other points are found: recipes that look for faces are then stale."""

NOT_INSTALLED = 'ai-edge-litert, which finds them, is not installed: pip install "lightpress[faces]"'
"""Said where the package that runs the model is missing; a stack has it by the option `face_focus`."""

MODEL = Path(__file__).with_name("faces.tflite")

# Of the model: its picture's side; the pixels of that between two of its answers; and the smallest score that counts.
_SIDE, _STRIDE = 192, 4
_LEAST = math.log(0.5 / (1 - 0.5))
_ALIKE = 0.3  # boxes that share more than this (of their union) are of one face
_CANDIDATES = 12
_ROUNDED = 3


class Face(NamedTuple):
    """A face, as shares of the picture's width and height.

    Attributes:
        left: Its left edge.
        top: Its upper edge.
        right: Its right edge.
        bottom: Its lower edge.
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """As a share of the picture's."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    def shared(self, other: Face) -> float:
        """The area that both have."""
        return Face(*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:])).area


def is_installed() -> bool:
    """Whether the package that runs the model is there."""
    return find_spec("ai_edge_litert") is not None


def load_faces() -> None:
    """Load the model and what runs it, as a parent does whose confined children can open no file; once, some 80 ms.

    Raises ModuleNotFoundError where that is not installed.
    """
    if not is_installed():
        raise ModuleNotFoundError(NOT_INSTALLED)
    _model()


@cache
def _model() -> tuple[Any, Any]:
    """NumPy, and the interpreter with the model. One thread: Lambda bills one CPU, and children are forks."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    numpy, litert = import_module("numpy"), import_module("ai_edge_litert.interpreter")
    with _silent():
        interpreter = litert.Interpreter(model_content=MODEL.read_bytes(), num_threads=1)
        interpreter.allocate_tensors()
    return numpy, interpreter


@contextmanager
def _silent() -> Iterator[None]:
    """Have what LiteRT says of itself, as it starts, in no log."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def focus_on_faces(image: Image.Image, sizes: Iterable[Size]) -> Point | None:
    """The point around which these sizes keep most of the faces; None where there is no face. image: RGB or RGBA."""
    faces = faces_of(image)
    return point_that_keeps(faces, Pixels(*image.size), sizes) if faces else None


def faces_of(image: Image.Image) -> tuple[Face, ...]:
    """The faces, the surest first."""
    numpy, interpreter = _model()
    small, (left, top) = _fitted(image)
    pixels = numpy.frombuffer(small.tobytes(), numpy.uint8).astype(numpy.float32) / 127.5 - 1
    (given,) = interpreter.get_input_details()
    interpreter.set_tensor(given["index"], pixels.reshape(1, _SIDE, _SIDE, 3))
    interpreter.invoke()
    boxes, scores = (interpreter.get_tensor(one["index"])[0] for one in interpreter.get_output_details())
    width, height = _SIDE - 2 * left, _SIDE - 2 * top
    found = []
    for at in numpy.nonzero(scores[:, 0] >= _LEAST)[0].tolist():
        row, column = divmod(at, _SIDE // _STRIDE)
        across, down, wide, high = boxes[at, :4].tolist()
        x, y = across + (column + 0.5) * _STRIDE - left, down + (row + 0.5) * _STRIDE - top
        edges = (x - wide / 2) / width, (y - high / 2) / height, (x + wide / 2) / width, (y + high / 2) / height
        found.append((float(scores[at, 0]), Face(*(min(1.0, max(0.0, edge)) for edge in edges))))
    return _each_once(face for _, face in sorted(found, reverse=True))


def _fitted(image: Image.Image) -> tuple[Image.Image, Point]:
    """The whole picture as the model takes it, black beside it, and where it begins there."""
    share = _SIDE / max(image.size)
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    small = image.reduce(factor) if (factor := max(1, int(1 / share / 2))) > 1 else image
    small = small.resize(size, Image.Resampling.BILINEAR)
    square = Image.new("RGB", (_SIDE, _SIDE))
    at = (_SIDE - size[0]) // 2, (_SIDE - size[1]) // 2
    if small.mode == "RGBA":
        square.paste((128, 128, 128), (*at, at[0] + size[0], at[1] + size[1]))
        square.paste(small, at, small)
    else:
        square.paste(small.convert("RGB"), at)
    return square, ((_SIDE - size[0]) / 2, (_SIDE - size[1]) / 2)


def _each_once(faces: Iterable[Face]) -> tuple[Face, ...]:
    """Without those of one face that a surer box has already."""
    kept: list[Face] = []
    for face in faces:
        if face.area and not any(_alike(face, other) for other in kept):
            kept.append(face)
    return tuple(kept)


def _alike(one: Face, other: Face) -> bool:
    shared = one.shared(other)
    return shared > _ALIKE * (one.area + other.area - shared)


def point_that_keeps(faces: Sequence[Face], picture: Pixels, sizes: Iterable[Size]) -> Point:
    """Of the middles of a face, or of what encloses two, the one around which sizes keep most of the faces.

    A size keeps so much of the faces' area, of which half a face counts as a quarter; what counts is the share of what
    it could keep around a point of its own, of the size that keeps the least of that, and then of all sizes together.
    Of several that are as good, it is the nearest to the middle of all faces, by area. So a crop has all faces where it
    can, and the largest where it cannot; and none falls between two people where it could hold one of them.
    """
    total = sum(face.area for face in faces)
    middle = [sum((face[axis] + face[axis + 2]) / 2 * face.area for face in faces) / total for axis in (0, 1)]
    largest = sorted(faces, key=lambda face: -face.area)[:_CANDIDATES]
    cutting = [size for size in sizes if size.fit == "cover"]

    points = [_between(*pair) for pair in combinations_with_replacement(largest, 2)]
    kept = [[_kept(faces, _window(size, picture, point)) for size in cutting] for point in points]
    most = [max(of_size) or 1.0 for of_size in zip(*kept, strict=True)]

    def worth(at: int) -> tuple[float, float, float]:
        shares = [one / best for one, best in zip(kept[at], most, strict=True)]
        return round(min(shares), _ROUNDED), round(sum(shares), _ROUNDED), -math.dist(points[at], middle)

    x, y = points[max(range(len(points)), key=worth)]
    return round(x, _ROUNDED), round(y, _ROUNDED)


def _kept(faces: Sequence[Face], window: Face) -> float:
    """How much of the faces a window shows: the sum of their areas, each by the square of its share that is in it."""
    return sum(face.shared(window) ** 2 / face.area for face in faces)


def _between(one: Face, other: Face) -> Point:
    """The middle of what encloses both."""
    left, top = map(min, one[:2], other[:2])
    right, bottom = map(max, one[2:], other[2:])
    return (left + right) / 2, (top + bottom) / 2


def _window(size: Size, picture: Pixels, point: Point) -> Face:
    """What a size shows of the picture, cut around the point."""
    whole = picture.times(size.scale(picture))
    left, top, shown = replace(size, focus=point).cut(whole)
    return Face(
        left / whole.width,
        top / whole.height,
        (left + shown.width) / whole.width,
        (top + shown.height) / whole.height,
    )
