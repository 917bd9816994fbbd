"""A file of pixels and nothing else: the encoded pixels byte for byte, everything beside them left behind.

Only parts that are known to be needed are copied, so what nobody has heard of yet is left behind too. The files have
been decoded before, so their parts are well-formed; what still surprises is answered with None: leave it alone.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXIF = b"Exif\0\0"

_SCAN_ENDS = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_MARKS, _NO_MARKER = b"\xff", {0x00, 0xFF}
_START_OF_SCAN, _END, _JFIF, _ADOBE = 0xDA, 0xD9, 0xE0, 0xEE
# Tables, the two frames that browsers know (baseline and progressive, both Huffman-coded), scans, restart interval.
_JPEG_PIXELS = {0xDB, 0xC4, 0xC0, 0xC1, 0xC2, _START_OF_SCAN, 0xDD}
_JPEG_UNKNOWN = set(range(0xC0, 0xD0)) - _JPEG_PIXELS | {0xDC, 0xDE, 0xDF}

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}

_GIF_PICTURE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B

_WEBP_PIXELS = {b"ALPH", b"VP8 ", b"VP8L"}
_WEBP_ALPHA, _WEBP_EXIF = 0x10, 0x08


def without_extras(data: bytes, form: str, exif: bytes = b"") -> bytes | None:
    """The file `data` of format `form` with its pixels and `exif` only; None where that is not known how."""
    rewrite = _REWRITERS.get(form)
    try:
        return rewrite(data, exif) if rewrite else None
    except (LookupError, struct.error, ValueError):
        return None


def is_measured(form: str) -> bool:
    """Whether `length_of` knows the format: where not, nobody can say what of a file is its picture."""
    return form in _MEASURES


def length_of(data: bytes, form: str) -> int | None:
    """How many bytes of the file `data` of format `form` its picture takes; None where that is not known.

    What lies behind it, readers of pictures do not see. Where a file is oddly put together it may be too few.
    """
    measure = _MEASURES.get(form)
    try:
        return measure(data) if measure else None
    except (IndexError, struct.error, ValueError):
        return None


def _jpeg(data: bytes, exif: bytes) -> bytes | None:
    start, parts = b"\xff\xd8", [_exif_segment(exif)]
    for marker, segment in _jpeg_segments(data):
        if marker in _JPEG_UNKNOWN:
            return None
        if marker in _JPEG_PIXELS:
            parts.append(segment)
        elif marker == _JFIF and segment[4:9] == b"JFIF\0":
            start = b"\xff\xd8\xff\xe0\0\x10" + segment[4:16] + b"\0\0"  # without its thumbnail
        elif marker == _ADOBE and segment[4:9] == b"Adobe":
            parts.append(b"\xff\xee\0\x0e" + segment[4:16])  # it says whether the colours are YCbCr
    return b"".join((start, *parts, b"\xff\xd9"))


def _exif_segment(exif: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif if exif else b""


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every segment up to the end of the first picture; a scan's segment holds its coded pixels too."""
    at = 2
    while (marker := data[at + 1]) != _END:
        if data[at : at + 1] != _MARKS or marker in _NO_MARKER:  # junk or a fill byte: every decoder looks further
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if marker == _START_OF_SCAN:
            ends = _SCAN_ENDS.search(data, end)
            if ends is None:
                raise ValueError("no end")
            end = ends.start()
        yield marker, data[at:end]
        at = end


def _png(data: bytes, exif: bytes) -> bytes:
    header, *kept = (chunk for kind, chunk in _png_chunks(data) if kind in _PNG_PIXELS)
    return b"".join((_PNG_SIGNATURE, header, _exif_chunk(exif), *kept))


def _exif_chunk(exif: bytes) -> bytes:
    body = b"eXIf" + exif.removeprefix(_EXIF)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) if exif else b""


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, kind = len(_PNG_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at : at + 12 + length]
        at += 12 + length


def _webp(data: bytes, exif: bytes) -> bytes | None:
    flags, canvas, pixels = 0, b"", b""
    for kind, chunk in _webp_chunks(data):
        if kind == b"VP8X":
            flags, canvas = chunk[8] & _WEBP_ALPHA, chunk[12:18]
        elif kind in _WEBP_PIXELS:
            pixels += chunk
        elif kind in {b"ANIM", b"ANMF"}:
            return None
    if exif and not canvas:
        return None  # such a file had no place for EXIF data, so there was none to keep
    body = exif.removeprefix(_EXIF)
    if exif:
        flags |= _WEBP_EXIF
        pixels += b"EXIF" + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    header = b"VP8X\x0a\0\0\0" + bytes((flags, 0, 0, 0)) + canvas if flags else b""
    return b"RIFF" + struct.pack("<I", 4 + len(header) + len(pixels)) + b"WEBP" + header + pixels


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int.from_bytes(data[4:8], "little")
    while at < min(end, len(data)):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, data[at : at + 8 + length].ljust(8 + length + length % 2, b"\0")
        at += 8 + length + length % 2


# What an AVIF file may consist of to be kept: its pictures, and how they are coded and coloured. Whatever else there is
# (Exif, XMP, a turn) would have to be cut out of tables of addresses: such a file is encoded again.
_AVIF_BOXES = {b"ftyp", b"meta", b"mdat", b"free"}
_AVIF_ITEMS = {b"av01", b"grid"}
_AVIF_PROPERTIES = {b"ispe", b"pixi", b"av1C", b"colr", b"auxC", b"pasp"}
_AVIF_SRGB = (b"nclx\0\1\0\x0d", b"nclx\0\1\0\2", b"nclx\0\2\0\2", b"nclx\0\1\0\1")


def _avif(data: bytes, exif: bytes) -> bytes | None:
    """The file as it is, if it is pixels only, in sRGB; it has no place that EXIF data could be put in."""
    boxes = dict(_boxes(data, 0, len(data)))
    if exif or set(boxes) - _AVIF_BOXES:
        return None
    start, end = boxes[b"meta"]
    meta = dict(_boxes(data, start + 4, end))
    infos = _boxes(data, meta[b"iinf"][0] + 6, meta[b"iinf"][1])
    kinds = {data[begin + 8 : begin + 12] for name, (begin, _) in infos if name == b"infe"}
    (store,) = (span for name, span in _boxes(data, *meta[b"iprp"]) if name == b"ipco")
    properties = [(name, data[slice(*span)]) for name, span in _boxes(data, *store)]
    strange = kinds - _AVIF_ITEMS or {name for name, _ in properties} - _AVIF_PROPERTIES
    colours = [body for name, body in properties if name == b"colr"]
    return None if strange or not all(body.startswith(_AVIF_SRGB) for body in colours) else data


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The boxes between two places: their kind, and where what is in them begins and ends."""
    while at < end:
        length, kind = struct.unpack_from(">I4s", data, at)
        if not 8 <= length <= end - at:  # noqa: PLR2004  0 and 1 mean lengths that are written elsewhere
            raise ValueError("a box of another length")
        yield kind, (at + 8, at + length)
        at += length


def _gif_length(data: bytes) -> int:
    at = 13 + _gif_colours(data[10])
    while (kind := data[at]) != _GIF_END:
        if kind == _GIF_PICTURE:
            at += 11 + _gif_colours(data[at + 9])
        elif kind == _GIF_EXTENSION:
            at += 2
        else:
            raise ValueError("no block")
        while count := data[at]:  # parts of up to 255 bytes each
            at += 1 + count
        at += 1
    return at + 1


def _gif_colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_MEASURES: dict[str, Callable[[bytes], int]] = {
    "jpeg": lambda data: 4 + sum(len(segment) for _, segment in _jpeg_segments(data)),
    "png": lambda data: len(_PNG_SIGNATURE) + sum(len(chunk) for _, chunk in _png_chunks(data)),
    "webp": lambda data: 8 + int.from_bytes(data[4:8], "little"),
    "gif": _gif_length,
}
_REWRITERS: dict[str, Callable[[bytes, bytes], bytes | None]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _avif,
}
