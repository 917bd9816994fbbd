"""What an SVG says of itself before anything draws it: its size, how much there is to draw, and what it lacks.

Nothing of it is ever published: it is drawn, and its pixels are. Read with expat, which resolves no external entity and
limits what internal ones expand to; the file is read from its beginning to its end, and no tree is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from xml.parsers import expat

from lightpress.image.errors import PictureRejected, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ELEMENTS = 200_000
"""That are drawn: what `<use>` repeats counts each time."""

_MOST_DEPTH = 200
_LONGEST_HEAD = 64 * 1024
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_SPACE, _MARK = b" \t\r\n", b"\xef\xbb\xbf"
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?svg[\s>/]")
_NOT_THE_ROOT = re.compile(
    rb"(?:\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.IGNORECASE
)
# https://www.w3.org/TR/css-values-3/#absolute-lengths
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_LENGTH = re.compile(r"\s*([+]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([a-z]*)\s*\Z")
_NUMBERS = re.compile(r"[\s,]+")
_ATTRIBUTE = re.compile(r"""\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_SIZE_OF_ROOT = {"width", "height", "viewBox", "preserveAspectRatio"}
# https://www.w3.org/TR/SVG2/coords.html#PreserveAspectRatioAttribute; anything else says nothing.
_RATIO = re.compile(r"[A-Za-z \t\r\n]*\Z")
_SAME_SHAPE = 0.01
_FETCHED = {"image", "feImage"}
_WORDS = "text"
_NOT_DRAWN = {"title", "desc", "metadata", "style", "script"}


class _NotWellFormedError(Exception):
    """It cannot be read; the message says why."""


class _TooManyError(Exception):
    """There are more elements than are ever drawn."""


@dataclass(frozen=True, slots=True)
class Root:
    """What the outermost element says.

    Attributes:
        width: In pixels of CSS (1/96 inch), at least a little.
        height: As well.
        box: Its `viewBox`; that of its size where it has none.
        ratio: Its `preserveAspectRatio`, "" if it has none that could mean something.
        at: Where its start tag begins, in bytes.
    """

    width: float
    height: float
    box: tuple[float, float, float, float]
    ratio: str
    at: int


@dataclass(slots=True)
class _Reading:
    """What was found in a file so far."""

    root: tuple[Mapping[str, str], int] | None = None
    count: int = 0
    path: list[str] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    lacks: str | None = None
    open: list[tuple[str | None, dict[str, int], int]] = field(default_factory=list)
    parts: dict[str, tuple[int, dict[str, int]]] = field(default_factory=dict)
    top: tuple[int, dict[str, int]] = (0, {})


def is_svg(data: bytes) -> bool:
    """Whether the outermost element is an SVG's, behind what XML allows before it."""
    head = data[:_LONGEST_HEAD].removeprefix(_MARK)
    if head.lstrip(_SPACE)[:1] != b"<":
        return False
    before = _NOT_THE_ROOT.match(head)
    return _ROOT.match(head, before.end() if before else 0) is not None


def svg_elements(data: bytes) -> int:
    """How many elements are drawn, with all that `<use>` repeats; the count stops above `MOST_ELEMENTS`."""
    data = data.removeprefix(_MARK)
    try:
        reading = _read(data)
    except _NotWellFormedError:
        return 0  # telling damage is the decoder's business
    return reading.count if reading.count > MOST_ELEMENTS else _expanded(reading)


def svg_unreadable(data: bytes) -> str | None:
    """What it needs and would be drawn without: other files, fonts, HTML."""
    data = data.removeprefix(_MARK)
    try:
        return _read(data).lacks
    except _NotWellFormedError:
        return None


def root_of(data: bytes) -> Root:
    """What the outermost element says of size; raises PictureRejected where the file cannot be read, or has no size."""
    try:
        root = _read(data).root
    except _NotWellFormedError as error:
        raise PictureRejected(Reason.CORRUPT, f"The SVG is damaged or cut short: {error}.") from error
    if root is None:
        raise PictureRejected(Reason.CORRUPT, "The SVG has no outermost element.")
    told, at = root
    box = _box(told.get("viewBox"))
    width, height = _length(told.get("width")), _length(told.get("height"))
    if box is not None:
        _, _, across, down = box
        width = width or (height * across / down if height else across)
        height = height or width * down / across
    if not width or not height:
        raise PictureRejected(Reason.CORRUPT, "The SVG says neither how large it is nor what its viewBox is.")
    ratio = told.get("preserveAspectRatio", "")
    return Root(width, height, box or (0.0, 0.0, width, height), ratio if _RATIO.match(ratio) else "", at)


def sized(data: bytes, root: Root, width: int, height: int) -> str:
    """The same drawing, to be drawn with so many pixels: only the start tag of the outermost element changes.

    What has the shape of its viewBox fills all pixels, however they were rounded; else what it says of that is kept.
    """
    end = _end_of_tag(data, root.at)
    tag = data[root.at : end].decode()
    name = re.match(r"<[^\s/>]+", tag)
    if name is None:
        raise PictureRejected(Reason.CORRUPT, "The outermost element of the SVG cannot be read.")
    across, down = root.box[2:]
    alike = abs(root.width / root.height * down / across - 1) < _SAME_SHAPE
    ratio = "none" if alike else root.ratio
    said = f' width="{width}" height="{height}" viewBox="{" ".join(f"{number:.9g}" for number in root.box)}"'
    if ratio:
        said += f' preserveAspectRatio="{ratio}"'
    rest = _ATTRIBUTE.sub(lambda found: "" if found[1] in _SIZE_OF_ROOT else found[0], tag[name.end() :])
    return data[: root.at].decode() + name[0] + said + rest + data[end:].decode()


def _end_of_tag(data: bytes, at: int) -> int:
    """Where a start tag ends: at the first ">" that is in no quotes."""
    quote = 0
    for place in range(at, len(data)):
        byte = data[place]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == ord(">"):
            return place + 1
    return len(data)


@lru_cache(maxsize=1)
def _read(data: bytes) -> _Reading:
    """Read the whole file, or as much of it as may be drawn; raises _NotWellFormedError."""
    reading = _Reading()
    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.StartElementHandler = partial(_started, reading, parser)
    parser.EndElementHandler = partial(_ended, reading)
    parser.CharacterDataHandler = partial(_said, reading)
    parser.EntityDeclHandler = _entity
    parser.ExternalEntityRefHandler = lambda *_: 0
    try:
        parser.Parse(data, True)  # noqa: FBT003  that it is all of it
    except _TooManyError:
        pass
    except (expat.ExpatError, RecursionError) as error:
        raise _NotWellFormedError(str(error)) from error
    return reading


def _started(reading: _Reading, parser: expat.XMLParserType, name: str, told: Mapping[str, str]) -> None:
    name = name.removeprefix(f"{_SVG} ")
    reading.count += 1
    if reading.count > MOST_ELEMENTS:
        raise _TooManyError
    if reading.root is None:
        if name != "svg":
            raise _NotWellFormedError("the outermost element is not of SVG")
        reading.root = (dict(told), parser.CurrentByteIndex)
    if len(reading.open) >= _MOST_DEPTH:
        raise _NotWellFormedError(f"more than {_MOST_DEPTH} elements within each other")
    href = (told.get("href") or told.get(f"{_XLINK} href") or "").strip()
    reading.path.append(name)
    if name in _FETCHED and href and not href.startswith(("data:", "#")):
        reading.lacks = reading.lacks or "an SVG that shows another file (only what is in it is drawn)"
    if name == "foreignObject":
        reading.lacks = reading.lacks or "an SVG with HTML in it (foreignObject, which is not drawn)"
    used = {href[1:]: 1} if name == "use" and href.startswith("#") else {}
    reading.open.append((told.get("id"), used, 1))


def _ended(reading: _Reading, _: str) -> None:
    reading.path.pop()
    name, used, count = reading.open.pop()
    if name is not None:
        reading.parts.setdefault(name, (count, used))
    if reading.open:
        outer, outer_used, outer_count = reading.open[-1]
        for one, times in used.items():
            outer_used[one] = outer_used.get(one, 0) + times
        reading.open[-1] = (outer, outer_used, outer_count + count)
    else:
        reading.top = (count, used)


def _said(reading: _Reading, text: str) -> None:
    if text.strip() and _WORDS in reading.path and _NOT_DRAWN.isdisjoint(reading.path):
        reading.lacks = reading.lacks or "an SVG with text that needs a font (convert text to paths)"


def _entity(*declared: object) -> None:
    """Editors declare names of namespaces so; what names other entities or files is not for that."""
    value, system = declared[2], declared[4]
    if system is not None or (isinstance(value, str) and "&" in value):
        raise _NotWellFormedError("an entity made of others, or of another file")


def _expanded(reading: _Reading) -> int:
    """Elements times uses. What uses itself is not drawn there, as no program does."""
    known: dict[str, int] = {}

    def elements(count: int, used: Mapping[str, int], within: frozenset[str]) -> int:
        if len(within) > _MOST_DEPTH:
            return MOST_ELEMENTS + 1
        for name, times in used.items():
            if name in reading.parts and name not in within and count <= MOST_ELEMENTS:
                if name not in known:
                    known[name] = elements(*reading.parts[name], within | {name})
                count += times * known[name]
        return min(count, MOST_ELEMENTS + 1)

    return elements(*reading.top, frozenset())


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    try:
        left, top, width, height = (float(number) for number in _NUMBERS.split((text or "").strip()))
    except ValueError:
        return None
    finite = all(abs(number) < 1e9 for number in (left, top, width, height))  # noqa: PLR2004  also excludes nan
    return (left, top, width, height) if finite and width > 0 and height > 0 else None


def _length(text: str | None) -> float:
    """In pixels; 0 where it says none, or a share of what it is put in."""
    found = _LENGTH.match(text or "")
    if found is None or found[2] not in _UNITS:
        return 0.0
    number = float(found[1]) * _UNITS[found[2]]
    return number if number < 1e9 else 0.0  # noqa: PLR2004  also where it is infinite
