"""A file of pixels and nothing else: the encoded pixels byte for byte, everything beside them left behind.

Only parts that are known to be needed are copied, so what nobody has heard of yet is left behind too. The files have
been decoded before, so their parts are well-formed; what still surprises is answered with None: leave it alone.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from lightpress.image.gif import gif_length
from lightpress.image.isobmff import Span, item_extents, whole_boxes
from lightpress.image.jpeg import END_OF_IMAGE, START_OF_IMAGE, START_OF_SCAN, jpeg_end, jpeg_segment, jpeg_segments
from lightpress.image.png import PNG_SIGNATURE, png_chunk, png_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXIF = b"Exif\0\0"

_JFIF, _ADOBE = 0xE0, 0xEE
_JFIF_LENGTH, _ADOBE_LENGTH = 18, 16  # with marker and length
# Tables, the two frames that browsers know (baseline and progressive, both Huffman-coded), scans, restart interval.
_JPEG_PIXELS = {0xDB, 0xC4, 0xC0, 0xC1, 0xC2, START_OF_SCAN, 0xDD}
_JPEG_UNKNOWN = set(range(0xC0, 0xD0)) - _JPEG_PIXELS | {0xDC, 0xDE, 0xDF, START_OF_IMAGE}

_PNG_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}

_WEBP_PIXELS = {b"ALPH", b"VP8 ", b"VP8L", b"ANIM"}
_WEBP_PROFILE, _WEBP_ALPHA, _WEBP_EXIF, _WEBP_ANIMATED = 0x20, 0x10, 0x08, 0x02
_WEBP_FRAME_HEADER = 16


def without_extras(data: bytes, form: str, exif: bytes = b"", profile: bytes = b"") -> bytes | None:
    """The file `data` of format `form` with its pixels, `exif` and an ICC `profile` only.

    None where that is not known how.
    """
    rewrite = _REWRITERS.get(form)
    try:
        return rewrite(data, exif, profile) if rewrite else None
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


def _jpeg(data: bytes, exif: bytes, profile: bytes) -> bytes | None:
    start, parts, marker = b"\xff\xd8", [_exif_segment(exif), _profile_segment(profile)], 0
    for marker, begin, end in jpeg_segments(data):
        segment = data[begin:end]
        if marker in _JPEG_UNKNOWN:
            return None
        if marker in _JPEG_PIXELS:
            parts.append(segment)
        elif marker == _JFIF and segment[4:9] == b"JFIF\0" and len(segment) >= _JFIF_LENGTH:
            start = b"\xff\xd8\xff\xe0\0\x10" + segment[4:16] + b"\0\0"  # without its thumbnail
        elif marker == _ADOBE and segment[4:9] == b"Adobe" and len(segment) >= _ADOBE_LENGTH:
            parts.append(b"\xff\xee\0\x0e" + segment[4:16])  # it says whether the colors are YCbCr
    return b"".join((start, *parts, b"\xff\xd9")) if marker == END_OF_IMAGE else None


def _exif_segment(exif: bytes) -> bytes:
    return jpeg_segment(0xE1, exif) if exif else b""


def _profile_segment(profile: bytes) -> bytes:
    body = b"ICC_PROFILE\0\1\1" + profile  # the first of one; those that variants have fit
    return jpeg_segment(0xE2, body) if profile else b""


def _png(data: bytes, exif: bytes, profile: bytes) -> bytes:
    header, *kept = (png_chunk(kind, body) for kind, body, _ in png_chunks(data) if kind in _PNG_PIXELS)
    return b"".join((PNG_SIGNATURE, header, _profile_chunk(profile), _exif_chunk(exif), *kept))


def _profile_chunk(profile: bytes) -> bytes:
    return png_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile, 9)) if profile else b""


def _exif_chunk(exif: bytes) -> bytes:
    return png_chunk(b"eXIf", exif.removeprefix(_EXIF)) if exif else b""


def _png_length(data: bytes) -> int | None:
    at, kind = len(PNG_SIGNATURE), b""
    for kind, body, _ in png_chunks(data):  # noqa: B007  the last one counts
        at += 12 + len(body)
    return at if kind == b"IEND" else None


def _webp(data: bytes, exif: bytes, profile: bytes) -> bytes | None:
    flags, canvas, pixels = 0, b"", b""
    for kind, body in webp_chunks(data, 12, min(8 + int.from_bytes(data[4:8], "little"), len(data))):
        if kind == b"VP8X":
            flags, canvas = body[0] & (_WEBP_ALPHA | _WEBP_ANIMATED), body[4:10]
        elif kind == b"ANMF":
            pixels += riff_chunk(kind, _webp_frame(body))
        elif kind in _WEBP_PIXELS:
            pixels += riff_chunk(kind, body)
    if (exif or profile) and not canvas:
        return None  # such a file had no place for either, so there was none to keep
    if exif:
        flags |= _WEBP_EXIF
        pixels += riff_chunk(b"EXIF", exif.removeprefix(_EXIF))
    if profile:
        flags |= _WEBP_PROFILE
        pixels = riff_chunk(b"ICCP", profile) + pixels
    header = riff_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + canvas) if flags else b""
    return b"RIFF" + struct.pack("<I", 4 + len(header) + len(pixels)) + b"WEBP" + header + pixels


def _webp_frame(body: bytes) -> bytes:
    """A frame: where it goes and how long it is shown, and its pixels."""
    chunks = webp_chunks(body, _WEBP_FRAME_HEADER, len(body))
    return body[:_WEBP_FRAME_HEADER] + b"".join(riff_chunk(*chunk) for chunk in chunks if chunk[0] in _WEBP_PIXELS)


def webp_chunks(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    """The chunks between two places of a WebP file, as (kind, body); raises struct.error where one is cut short."""
    while at < end:
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    """The bytes of a chunk."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


# What an AVIF file may consist of to be kept: its pictures, and how they are coded and colored. Whatever else there is
# (Exif, XMP, a turn) would have to be cut out of tables of addresses: such a file is encoded again.
_AVIF_BOXES = {b"ftyp", b"meta", b"mdat", b"free"}
_AVIF_META = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"free"}
_AVIF_ROOM = {b"mdat", b"idat", b"free"}
_IN_FILE, _IN_META = 0, 1  # where an item is
_AVIF_ITEMS = {b"av01", b"grid"}
_AVIF_PROPERTIES = {b"ispe", b"pixi", b"av1C", b"colr", b"auxC", b"pasp"}
_AVIF_BRANDS = {b"avif", b"avis"}
_AVIF_SRGB = (b"nclx\0\1\0\x0d", b"nclx\0\1\0\2", b"nclx\0\2\0\2", b"nclx\0\1\0\1")


def _avif(data: bytes, exif: bytes, profile: bytes) -> bytes | None:
    """The file as it is, if it is pixels only, in sRGB; it has no place that anything could be put in."""
    outside = list(whole_boxes(data, 0, len(data)))
    outer = dict(outside)
    if exif or profile or set(outer) - _AVIF_BOXES:
        return None
    start_of_brand = outer[b"ftyp"][0]
    start, end = outer[b"meta"]
    inside = list(whole_boxes(data, start + 4, end))
    meta = dict(inside)
    if set(meta) - _AVIF_META or len(inside) > len(meta) or not _is_all_used(data, [*outside, *inside], meta):
        return None
    infos = whole_boxes(data, meta[b"iinf"][0] + 6, meta[b"iinf"][1])
    kinds = {data[begin + 8 : begin + 12] for name, (begin, _) in infos if name == b"infe"}
    (store,) = (span for name, span in whole_boxes(data, *meta[b"iprp"]) if name == b"ipco")
    properties = [(name, data[slice(*span)]) for name, span in whole_boxes(data, *store)]
    if data[start_of_brand : start_of_brand + 4] not in _AVIF_BRANDS or not _is_complete(properties):
        return None
    strange = kinds - _AVIF_ITEMS or {name for name, _ in properties} - _AVIF_PROPERTIES
    colors = [body for name, body in properties if name == b"colr"]
    return None if strange or not all(body.startswith(_AVIF_SRGB) for body in colors) else data


def _is_all_used(data: bytes, boxes: list[tuple[bytes, Span]], meta: dict[bytes, Span]) -> bool:
    """Whether what is in the file is of its items: programs that remove an item may leave its bytes where they were."""
    starts = {_IN_FILE: 0, _IN_META: meta.get(b"idat", (0, 0))[0]}
    used = sorted(
        (starts[method] + begin, starts[method] + end) for method, (begin, end) in item_extents(data, meta[b"iloc"])
    )
    room = (span for kind, span in boxes if kind in _AVIF_ROOM)
    return not any(data[begin:end].strip(b"\0") for span in room for begin, end in _between(used, span))


def _between(used: list[Span], span: Span) -> Iterator[Span]:
    """What of a span none of these covers, which are sorted."""
    at, end = span
    for begin, behind in used:
        if at < min(begin, end):
            yield at, min(begin, end)
        at = max(at, behind)
    if at < end:
        yield at, end


def _is_complete(properties: list[tuple[bytes, bytes]]) -> bool:
    """Whether sizes and bits of the colors, and of transparency, are told: strict decoders refuse files without."""
    kinds = [name for name, _ in properties]
    return b"ispe" in kinds and kinds.count(b"pixi") > (b"auxC" in kinds)


_MEASURES: dict[str, Callable[[bytes], int | None]] = {
    "jpeg": jpeg_end,
    "png": _png_length,
    "webp": lambda data: 8 + int.from_bytes(data[4:8], "little"),
    "gif": gif_length,
}
_REWRITERS: dict[str, Callable[[bytes, bytes, bytes], bytes | None]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _avif,
}
