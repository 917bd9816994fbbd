"""Raw files of cameras, drawn by code: the directories and boxes that theirs have, around pictures of our own."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from tools.drawing import file_of, four_corners, plain

LARGE, SMALL = (96, 64), (24, 16)


@dataclass(frozen=True)
class Blob:
    """Bytes elsewhere in the file, whose place a tag names."""

    data: bytes


@dataclass(frozen=True)
class Directory:
    """A directory of a TIFF file: its tags, in any order; values are numbers, texts, blobs or further directories."""

    tags: dict[int, object]


def preview(size: tuple[int, int] = LARGE, **options: Any) -> bytes:  # noqa: ANN401  Pillow's
    """What a camera makes of its data."""
    return file_of(four_corners(size), "JPEG", quality=90, **options)


SENSOR = bytes(range(256)) * 8
"""In the place of the sensor's data, which nobody reads here."""


def lossless_jpeg() -> bytes:
    """How the sensor's data begin where they are packed as lossless JPEG: a larger frame than any preview has."""
    return b"\xff\xd8\xff\xc3\0\x0b\x0e" + struct.pack(">HHB", 4_000, 6_000, 1) + b"\1\x11\0" + bytes(99) + b"\xff\xd9"


def tiff(*directories: Directory, head: bytes = b"II*\0", extra: bytes = b"") -> bytes:
    """A TIFF file with these directories one after the other. extra: what is between its header and them."""
    order = "<" if head[:2] == b"II" else ">"
    body = bytearray(head + bytes(4) + extra)
    link = 4
    for one in directories:
        at = _append(body, one, order)
        struct.pack_into(order + "I", body, link, at)
        (count,) = struct.unpack_from(order + "H", body, at)
        link = at + 2 + 12 * count
    return bytes(body)


def _append(body: bytearray, one: Directory, order: str) -> int:
    entries = [(tag, *_value(body, tag, value, order)) for tag, value in sorted(one.tags.items())]
    body += bytes(len(body) % 2)
    at = len(body)
    behind = at + 2 + 12 * len(entries) + 4
    head, values = struct.pack(order + "H", len(entries)), b""
    for tag, kind, count, value in entries:
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "I", behind + len(values))
        head += struct.pack(order + "HHI", tag, kind, count) + place
        values += b"" if len(value) <= 4 else value + bytes(len(value) % 2)
    body += head + bytes(4) + values
    return at


def _value(body: bytearray, tag: int, value: object, order: str) -> tuple[int, int, bytes]:
    if isinstance(value, Directory):
        return 4, 1, struct.pack(order + "I", _append(body, value, order))
    if isinstance(value, list):
        places = [_append(body, one, order) for one in value]
        return 4, len(places), struct.pack(f"{order}{len(places)}I", *places)
    if isinstance(value, Blob):
        at = len(body)
        body.extend(value.data)
        return 4, 1, struct.pack(order + "I", at)
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return 2, len(text), text
    if isinstance(value, bytes):
        return 1, len(value), value
    assert isinstance(value, int)
    layout = (3, "H") if tag in {274, 259, 262, 258, 277} else (4, "I")
    return layout[0], 1, struct.pack(order + layout[1], value)


def _camera(make: str, orientation: int, owner: str) -> dict[int, object]:
    return {271: make, 272: "Model 1", 274: orientation, 315: "Ann", 33_432: owner}


def dng(large: bytes | None = None, *, orientation: int = 1, owner: str = "(c) Ann") -> bytes:
    """Adobe's: a thumbnail in the first directory; below it the sensor's data, and a preview as one strip."""
    large = preview() if large is None else large
    shown = Directory(
        {254: 1, 256: 96, 257: 64, 259: 7, 262: 6, 273: Blob(large), 279: len(large)} if large else {254: 1}
    )
    sensor = Directory({254: 0, 256: 6_000, 257: 4_000, 259: 7, 262: 32_803, 273: Blob(lossless_jpeg()), 279: 126})
    thumb = {254: 1, 256: 2, 257: 2, 258: 8, 259: 1, 262: 2, 273: Blob(bytes(12)), 277: 3, 279: 12}
    first = Directory({**thumb, **_camera("Maker", orientation, owner), 330: [sensor, shown], 50_706: b"\1\4\0\0"})
    return tiff(first)


def nef(*, orientation: int = 1) -> bytes:
    """Nikon's, with its largest byte first: the preview in a directory below the first, by the old tags of JPEG."""
    large = preview()
    shown = Directory({259: 6, 513: Blob(large), 514: len(large)})
    sensor = Directory({254: 0, 256: 6_000, 257: 4_000, 259: 34_713, 262: 32_803, 273: Blob(SENSOR), 279: len(SENSOR)})
    thumb = {254: 1, 256: 2, 257: 2, 258: 8, 259: 1, 262: 2, 273: Blob(bytes(12)), 277: 3, 279: 12}
    first = Directory({**thumb, **_camera("NIKON CORPORATION", orientation, "Ann"), 330: [shown, sensor]})
    return tiff(first, head=b"MM\0*")


def arw(*, orientation: int = 1) -> bytes:
    """Sony's: the preview by the old tags of JPEG in the first directory, a thumbnail in the second."""
    large, small = preview(), preview(SMALL)
    sensor = Directory({254: 0, 256: 6_000, 257: 4_000, 259: 32_767, 262: 32_803, 273: Blob(SENSOR), 279: len(SENSOR)})
    first = {254: 1, 259: 6, 513: Blob(large), 514: len(large), **_camera("SONY", orientation, "Ann"), 330: [sensor]}
    return tiff(Directory(first), Directory({254: 1, 259: 6, 513: Blob(small), 514: len(small)}))


def cr2(*, orientation: int = 1) -> bytes:
    """Canon's older one: the preview as the strip of the first directory, a thumbnail, and the sensor's data last."""
    large, small = preview(), preview(SMALL)
    first = {256: 96, 257: 64, 259: 6, 273: Blob(large), 279: len(large), **_camera("Canon", orientation, "Ann")}
    second = Directory({513: Blob(small), 514: len(small)})
    last = Directory({259: 6, 273: Blob(lossless_jpeg()), 279: 126})
    room = 16 + 2 + 12 * len(first) + 4
    data = bytearray(tiff(Directory(first), second, last, extra=b"CR\2\0".ljust(room - 8, b"\0")))
    at = int.from_bytes(data[4:8], "little")
    data[16:room] = data[at : at + room - 16]  # where Canon has it, and all programs look
    return b"II*\0" + struct.pack("<I", 16) + bytes(data[8:])


def box(kind: bytes, *bodies: bytes) -> bytes:
    """A box of the ISO family."""
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def cr3(*, orientation: int = 1, sample: bool = True) -> bytes:
    """Canon's newer one. sample: whether the large picture is there, or the middle one in a box of Canon's alone."""
    large, middle = preview(), preview((48, 32))
    canon, previews = (
        bytes.fromhex("85c0b687820f11e08111f4ce462b6a48"),
        bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16"),
    )
    words = tiff(Directory(_camera("Canon", orientation, "Ann")))
    shown = struct.pack(">IHHHHI", 0, 1, 48, 32, 1, len(middle)) + middle
    others = box(b"uuid", previews, bytes(8), box(b"PRVW", shown))
    head = box(b"ftyp", b"crx \0\0\0\1crx isom")

    def moov(at: int) -> bytes:
        table = box(b"stsz", struct.pack(">IIII", 0, 0, 1, len(large))), box(b"co64", struct.pack(">IIQ", 0, 1, at))
        track = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", *table))))
        return box(b"moov", box(b"uuid", canon, box(b"CMT1", words)), track if sample else b"")

    at = len(head) + len(moov(0)) + len(others) + 8
    return head + moov(at) + others + box(b"mdat", large + SENSOR)


def raf(**options: Any) -> bytes:  # noqa: ANN401  as above
    """Fujifilm's: one JPEG, with EXIF data of its own, where the header says."""
    large = preview(**options)
    head = b"FUJIFILMCCD-RAW 0201FF393101X-T1".ljust(84, b"\0") + struct.pack(">II", 160, len(large))
    return head.ljust(160, b"\0") + large + SENSOR


RAWS = {"dng": dng, "nef": nef, "arw": arw, "cr2": cr2, "cr3": cr3}
"""Those that say themselves how the camera was held."""


def thumbnail_alone() -> bytes:
    """A raw file whose only picture is a thumbnail without packing."""
    return dng(b"")


def tiff_page() -> bytes:
    """No raw file: a TIFF like any other."""
    return file_of(plain(), "TIFF")
