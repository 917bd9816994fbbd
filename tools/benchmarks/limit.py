"""The limit: what decoding at a fraction of the size and the encoders take, and how far each path is above it.

Everything else (reducing, colors, orientation, the child process, the manifest) can at best become free. Both parts are
timed within the real core: the decoder alone, the way it is asked for the largest width, and each call of an encoder.
"""

from __future__ import annotations

import io
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from lightpress.image.encode import encode
from lightpress.image.plane_codecs import in_planes
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from tools.benchmarks.originals import WIDTHS
from tools.benchmarks.overhead import cpu_ms, pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lightpress.image.job import Embedded
    from lightpress.image.outputs import Output

SPEC = Spec(tuple(Size(f"w{width}", width) for width in WIDTHS), ("avif", "webp", "jpeg"))


class Limit(NamedTuple):
    """CPU time of one original, in milliseconds: medians.

    Attributes:
        decode: The decoder alone.
        encode: The encoders alone.
        core: The core, in one process.
        pillow: The same without the pixel library.
        whole: A message, with its child process and all around it.
    """

    decode: float
    encode: float
    core: float
    pillow: float
    whole: float

    @property
    def least(self) -> float:
        """The limit."""
        return self.decode + self.encode


class _Encoders:
    """The encoders, and the CPU time that they took."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self, image: Image.Image, output: Output, spec: Spec, embedded: Embedded) -> bytes:
        began = time.process_time()
        try:
            return encode(image, output, spec, embedded)
        finally:
            self.ms += 1000 * (time.process_time() - began)


def measure(originals: Sequence[Path], turns: int) -> list[Limit]:
    """Measure each original in turns, so that other load on the machine affects all parts alike."""
    return [_measured(original.read_bytes(), turns) for original in originals]


def table(found: Sequence[Limit]) -> str:
    """As Markdown: means in milliseconds, and the median of the ratios to the limit."""
    lines = ["| | CPU ms | of the limit |", "|---|--:|--:|"]
    rows: dict[str, Callable[[Limit], float]] = {
        "decode": lambda one: one.decode,
        "encode": lambda one: one.encode,
        "**the limit: both**": lambda one: one.least,
        "core, in one process": lambda one: one.core,
        "core, without the pixel library": lambda one: one.pillow,
        "a message, with its child process": lambda one: one.whole,
    }
    for name, of in rows.items():
        mean = sum(map(of, found)) / len(found)
        lines.append(f"| {name} | {mean:.0f} | {median(of(one) / one.least for one in found):.2f} |")
    return "\n".join(lines)


def _measured(data: bytes, turns: int) -> Limit:
    whole = pipeline(data, SPEC)
    encoders = _Encoders()
    works: tuple[Callable[[], object], ...] = (
        lambda: _decode(data),
        lambda: list(render(data, SPEC, encode=encoders).variants),
        lambda: list(render(data, replace(SPEC, native=False)).variants),
        whole,
    )
    for work in works:
        work()
    found = []
    for _ in range(turns):
        encoders.ms = 0
        decoding, core, pillow, all_of_it = (cpu_ms(work) for work in works)
        found.append(Limit(decoding, encoders.ms, core, pillow, all_of_it))
    return Limit(*(median(values) for values in zip(*found, strict=True)))


def _decode(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as picture:
        across = min(1.0, max(WIDTHS) / min(picture.size))  # turned on its side, the height becomes the width
        picture.draft(None, (round(picture.width * across), round(picture.height * across)))
        if in_planes(picture, data) is None:
            picture.load()
