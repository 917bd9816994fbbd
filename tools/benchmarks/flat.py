"""What drawings, text and screenshots take at each width, and what a `srcset` gives (docs/decisions/0144)."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from lightpress.delivery.choice import VIEWERS, dominant, smallest
from lightpress.image.encode import encode
from lightpress.image.outputs import OUTPUTS, SLOWER, WRITTEN
from lightpress.image.palette import with_palette
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from tools.drawing import disc, file_of, hatching, page_of_text, window

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from lightpress.image.job import EncodedVariant

WIDTHS = (320, 640, 1280, 1920)
FLAT: Mapping[str, Callable[[], Image.Image]] = {
    "hatching, 1,920": lambda: hatching((1_920, 1_280)).convert("1"),
    "page of text, 1,700": lambda: page_of_text((1_700, 2_200)).convert("1"),
    "window, 1,920": lambda: window((1_920, 1_200)).quantize(16),
    "see-through disc, 1,920": lambda: disc(1_920).quantize(4),
}
_FEW_COLORS = 16


class Row(NamedTuple):
    """One width of one drawing. All numbers of bytes are of files; those of formats are of this very size.

    Attributes:
        name: Of the drawing.
        asked: The width that is asked for, in pixels.
        bytes: Of the format that `formats = "auto"` publishes for newer browsers.
        avif: As AVIF at the usual quality, written as what shows a screen.
        few: As WebP without loss of the picture with 16 colors.
        given: What viewers are given that show it: its bytes.
        width: Of what they are given, in pixels.
        png: As PNG, or what else every browser shows.
        png_given: What other viewers are given.
        decode_ms: CPU time to decode this size, and what is given in its place.
    """

    name: str
    asked: int
    bytes: int
    avif: int
    few: int
    given: int
    width: int
    png: int
    png_given: int
    decode_ms: tuple[float, float]


class _File(NamedTuple):
    data: bytes
    format: str
    width: int
    animated: bool
    bytes: int


def rows(name: str, drawn: Image.Image, widths: Iterable[int] = WIDTHS) -> list[Row]:
    """Render a drawing as it would be uploaded, a PNG with a palette, and weigh it; the widest size first."""
    data = file_of(drawn, optimize=True)
    spec = Spec(tuple(Size(f"w{width}", width) for width in widths), WRITTEN, auto=True)
    made = [_file(one) for one in render(data, spec).variants]
    exact = {one.width: one.data for one in render(data, replace(spec, formats=("png",), auto=False)).variants}
    newest, oldest = VIEWERS[0], VIEWERS[-1]
    found = []
    for width in sorted({one.width for one in made}, reverse=True):
        (own, given), (other, png_given) = (_own_and_given(made, width, viewer) for viewer in (newest, oldest))
        avif, few = _otherwise(exact[width], spec)
        decode_ms = (_decode_ms(own.data), _decode_ms(given.data))
        found.append(
            Row(name, width, own.bytes, avif, few, given.bytes, given.width, other.bytes, png_given.bytes, decode_ms)
        )
    return found


def _own_and_given(made: Sequence[_File], width: int, viewer: Collection[str]) -> tuple[_File, _File]:
    """The smallest file of a width, and that of the widths that a `srcset` offers that a browser takes for it."""
    by_width = [smallest([one for one in made if one.width == wide], viewer) for wide in {one.width for one in made}]
    sizes = [one for one in by_width if one]
    own = next(one for one in sizes if one.width == width)
    return own, next(one for one in dominant(sizes) if one.width >= width)


def table() -> str:
    """The rows of all drawings, as Markdown."""
    head = [
        "| drawing | width | bytes | AVIF | 16 colors | given | of width | for all browsers | given | decoding, ms |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*head, *(_line(row) for name, draw in FLAT.items() for row in rows(name, draw()))])


def _line(row: Row) -> str:
    own, given = row.decode_ms
    return (
        f"| {row.name} | {row.asked:,} | {row.bytes:,} | {row.avif:,} | {row.few:,} | {row.given:,} | {row.width:,}"
        f" | {row.png:,} | {row.png_given:,} | {own:.0f}, {given:.0f} |"
    )


def _file(made: EncodedVariant) -> _File:
    return _File(made.data, made.format, made.width, made.animated, len(made.data))


def _otherwise(png: bytes, spec: Spec) -> tuple[int, int]:
    """The bytes of the same pixels as AVIF, and as WebP with few colors."""
    with Image.open(io.BytesIO(png)) as opened:
        shown = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    few = with_palette(shown, _FEW_COLORS).convert(shown.mode)
    return len(encode(shown, SLOWER["normal", True][0].rows["avif"], spec)), len(encode(few, OUTPUTS["webp"], spec))


def _decode_ms(data: bytes) -> float:
    begun = time.process_time()
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
    return 1_000 * (time.process_time() - begun)
