"""The raw files of cameras: the picture that the camera itself made of its data, which all of them embed as a JPEG.

Developing the sensor's data is not attempted: it takes a program of its own, seconds, and choices that the photographer
has made in the camera already. Read here are directories and boxes only: TIFF 6.0, Adobe's DNG 1.7 (chapter 4,
previews), Canon's CR3 (boxes of ISO/IEC 14496-12) and Fujifilm's RAF (one place in its header).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.isobmff import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

_CR2, _CR3, _RAF = b"II*\0\x10\0\0\0CR", b"ftypcrx ", b"FUJIFILMCCD-RAW"
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_VALUES = 100, 1_000, 64

_SUBFILE, _STRIPS, _STRIP_BYTES, _SUB_IFDS, _DNG = 254, 273, 279, 330, 50_706
_JPEG_AT, _JPEG_BYTES, _ORIENTATION = 513, 514, 274
_SHORT, _LONG, _IFD = 3, 4, 13
_ASCII = 2
_MAKE, _MODEL, _ARTIST, _COPYRIGHT = 271, 272, 315, 33_432
_KEPT = (_MAKE, _MODEL, _ARTIST, _COPYRIGHT)
_LONGEST_TEXT = 1_000

_START, _EXIF = b"\xff\xd8", b"Exif\0\0"
_APP1, _SCAN = 0xE1, 0xDA
_FRAMES = {0xC0, 0xC1, 0xC2}  # Huffman-coded, lossy: what the sensor's own data are packed with is another (0xC3)
_ALONE = {0x01, *range(0xD0, 0xD9)}
_MOST_SEGMENTS = 200
_EIGHT_BITS = 8

_RAF_PLACE = 84
_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_PREVIEWS = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a camera made of its data.

    Attributes:
        data: A JPEG file, with the orientation and the words of the raw file where it has no EXIF data itself.
        note: What it is, in a sentence.
    """

    data: bytes
    note: str


@dataclass(frozen=True, slots=True)
class _Jpeg:
    """Where a JPEG file is, and what its header says. It is cut out once it is chosen: a file may list many."""

    at: int
    end: int
    width: int
    height: int
    has_exif: bool


@dataclass(frozen=True, slots=True)
class _Directory:
    """One directory of a TIFF file: where its numbers are by tag, and its texts."""

    numbers: dict[int, tuple[int, ...]]
    texts: dict[int, bytes]

    def first(self, tag: int) -> int:
        return next(iter(self.numbers.get(tag, ())), 0)


def is_raw(data: bytes) -> bool:
    """Whether it is a camera's raw file: by its signature, or as a TIFF file whose first page is a thumbnail."""
    if data.startswith((_CR2, _RAF)) or data[4:12] == _CR3:
        return True
    if not data.startswith((b"II*\0", b"MM\0*")):
        return False
    first = next(_directories(data, 1), None)
    if first is None:
        return False
    thumbnail = first.first(_SUBFILE) & 1 and _SUB_IFDS in first.numbers
    return bool(thumbnail) or _DNG in first.numbers


def preview_of(data: bytes) -> Preview:
    """The largest picture that a raw file embeds; raises PictureRejected where it embeds none that can be read."""
    found = max(_jpegs(data), key=lambda jpeg: jpeg.width * jpeg.height, default=None)
    if found is None:
        detail = "The file is a camera's raw file without a picture (JPEG) in it; the sensor's data are not developed."
        raise PictureRejected(Reason.FORMAT_NOT_ACCEPTED, detail)
    note = f"The file is a camera's raw file; its variants show the picture of {found.width} x {found.height} in it."
    jpeg = data[found.at : found.end]
    return Preview(jpeg if found.has_exif else _START + _exif(_said(data)) + jpeg[2:], note)


def _jpegs(data: bytes) -> Iterator[_Jpeg]:
    for at, length in _places(data):
        jpeg = _jpeg(data, at, at + length) if 0 < at < at + length <= len(data) else None
        if jpeg is not None:
            yield jpeg


def _places(data: bytes) -> Iterator[tuple[int, int]]:
    """Where JPEG files may be, as (at, bytes)."""
    try:
        if data.startswith(_RAF):
            yield struct.unpack_from(">II", data, _RAF_PLACE)
        elif data[4:12] == _CR3:
            yield from _in_boxes(data)
        else:
            for one in _directories(data, _MOST_DIRECTORIES):
                yield one.first(_JPEG_AT), one.first(_JPEG_BYTES)
                if len(one.numbers.get(_STRIPS, ())) == 1:
                    yield one.first(_STRIPS), one.first(_STRIP_BYTES)
    except struct.error:
        return


def _in_boxes(data: bytes) -> Iterator[tuple[int, int]]:
    """Of a CR3: the first sample of each track, and the preview in a box of Canon's."""
    for kind, (begin, end) in boxes(data, 0, len(data)):
        if kind == b"moov":
            yield from filter(None, (_sample(data, span) for name, span in boxes(data, begin, end) if name == b"trak"))
        elif kind == b"uuid" and data[begin : begin + 16] == _PREVIEWS:
            for name, (inner, _) in boxes(data, begin + 24, end):
                if name == b"PRVW":
                    (length,) = struct.unpack_from(">I", data, inner + 12)
                    yield inner + 16, length


def _sample(data: bytes, track: tuple[int, int]) -> tuple[int, int] | None:
    span = track
    for name in (b"mdia", b"minf", b"stbl"):
        span = dict(boxes(data, *span)).get(name, (0, 0))
    table = dict(boxes(data, *span))
    if b"stsz" not in table or not table.keys() & {b"co64", b"stco"}:
        return None
    size, _, first = struct.unpack_from(">III", data, table[b"stsz"][0] + 4)
    layout, places = (">Q", b"co64") if b"co64" in table else (">I", b"stco")
    (at,) = struct.unpack_from(layout, data, table[places][0] + 8)
    return at, size or first


def _jpeg(data: bytes, begin: int, end: int) -> _Jpeg | None:
    """What the header of a JPEG says, up to its first scan; None for what is none, or not of the kind for viewers."""
    if not data.startswith(_START, begin, end):
        return None
    at, frame, has_exif = begin + 2, None, False
    try:
        for _ in range(_MOST_SEGMENTS):
            if at + 1 >= end or data[at] != 0xFF:  # noqa: PLR2004  how each segment begins
                return None
            kind = data[at + 1]
            if kind == 0xFF or kind in _ALONE:  # noqa: PLR2004  fill
                at += 1 if kind == 0xFF else 2  # noqa: PLR2004
                continue
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if kind in _FRAMES and data[at + 4] == _EIGHT_BITS:
                frame = struct.unpack_from(">HH", data, at + 5)
            has_exif = has_exif or (kind == _APP1 and data[at + 4 : at + 10] == _EXIF)
            if kind == _SCAN:
                break
            at += 2 + length
    except (IndexError, struct.error):
        return None
    return _Jpeg(begin, end, frame[1], frame[0], has_exif) if frame else None


def _directories(data: bytes, most: int) -> Iterator[_Directory]:
    """The directories of a TIFF file and those below them, each once."""
    order = "<" if data[:2] == b"II" else ">"
    seen, waiting = set[int](), [struct.unpack_from(order + "I", data, 4)[0] if len(data) >= 8 else 0]  # noqa: PLR2004
    while waiting and len(seen) < most:
        at = waiting.pop(0)
        if not at or at in seen:
            continue
        seen.add(at)
        try:
            found, following = _directory(data, at, order)
        except struct.error:
            continue
        waiting += [following, *found.numbers.get(_SUB_IFDS, ())]
        yield found


def _directory(data: bytes, at: int, order: str) -> tuple[_Directory, int]:
    (count,) = struct.unpack_from(order + "H", data, at)
    numbers, texts = dict[int, tuple[int, ...]](), dict[int, bytes]()
    for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_ENTRIES), 12):
        tag, kind, values = struct.unpack_from(order + "HHI", data, entry)
        if kind in {_SHORT, _LONG, _IFD}:
            numbers[tag] = tuple(islice(_numbers(data, entry, order, kind, min(values, _MOST_VALUES)), _MOST_VALUES))
        elif kind == _ASCII and tag in _KEPT:
            place = entry + 8 if values <= 4 else struct.unpack_from(order + "I", data, entry + 8)[0]  # noqa: PLR2004
            texts[tag] = data[place : place + min(values, _LONGEST_TEXT)].partition(b"\0")[0]
        else:
            numbers[tag] = ()
    end = at + 2 + 12 * count
    return _Directory(numbers, texts), struct.unpack_from(order + "I", data, end)[0] if end + 4 <= len(data) else 0


def _numbers(data: bytes, entry: int, order: str, kind: int, values: int) -> Iterator[int]:
    layout = order + ("H" if kind == _SHORT else "I")
    size = struct.calcsize(layout)
    place = entry + 8 if values * size <= 4 else struct.unpack_from(order + "I", data, entry + 8)[0]  # noqa: PLR2004
    for number in range(values):
        yield struct.unpack_from(layout, data, place + number * size)[0]


def _said(data: bytes) -> _Directory:
    """The first directory, which says how the camera was held and whose the picture is."""
    try:
        if data.startswith(_RAF):
            return _Directory({}, {})  # the picture in it has EXIF data of its own
        if data[4:12] != _CR3:
            return next(_directories(data, 1), _Directory({}, {}))
        moov = dict(boxes(data, 0, len(data)))[b"moov"]
        canon = next(
            span for kind, span in boxes(data, *moov) if kind == b"uuid" and data[span[0] : span[0] + 16] == _CANON
        )
        begin, end = dict(boxes(data, canon[0] + 16, canon[1]))[b"CMT1"]
        return next(_directories(data[begin:end], 1), _Directory({}, {}))
    except (KeyError, StopIteration, struct.error):
        return _Directory({}, {})


def _exif(said: _Directory) -> bytes:
    """A segment with EXIF data of what the raw file says."""
    turn = said.first(_ORIENTATION)
    entries = [(tag, text + b"\0") for tag, text in sorted(said.texts.items()) if text]
    directory, values = b"", b""
    behind = 8 + 2 + 12 * (len(entries) + 1) + 4
    for tag, text in sorted([(_ORIENTATION, b""), *entries]):
        if tag == _ORIENTATION:
            directory += struct.pack(">HHIHH", tag, _SHORT, 1, turn if turn in range(1, 9) else 1, 0)
            continue
        place = text.ljust(4, b"\0") if len(text) <= 4 else struct.pack(">I", behind + len(values))  # noqa: PLR2004
        directory += struct.pack(">HHI", tag, _ASCII, len(text)) + place
        values += b"" if len(text) <= 4 else text + bytes(len(text) % 2)  # noqa: PLR2004
    body = _EXIF + b"MM\0*" + struct.pack(">IH", 8, len(entries) + 1) + directory + bytes(4) + values
    return struct.pack(">BBH", 0xFF, _APP1, 2 + len(body)) + body
