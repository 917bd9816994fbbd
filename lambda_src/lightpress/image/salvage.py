"""Readable copies of damaged files.

Decoders refuse a picture over what lies beside its pixels, or because its last bytes are missing, where browsers show
it. Each function here takes a file of its format that the decoder refused and returns a copy without what is in the
way, or None where it has nothing to mend. The decoder then decides anew.
"""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.jpeg import END_OF_IMAGE, START_OF_SCAN, jpeg_segments
from lightpress.image.png import PNG_SIGNATURE, Chunk, CutShortError, png_chunk, png_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from PIL import Image

    from lightpress.image.jpeg import Segment


@dataclass(frozen=True, slots=True)
class Repaired:
    """A copy of a damaged file that may be readable.

    Attributes:
        data: The copy.
        note: A sentence on what was mended.
        visible: The share of its rows, from the top, that the damaged file has.
        is_upside_down: Whether these rows are counted from the bottom.
        is_cut: Whether the file was cut short, so that pixels may be missing.
    """

    data: bytes
    note: str
    visible: float = 1.0
    is_upside_down: bool = False
    is_cut: bool = False


_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_APPLICATION_DATA = range(_APP0, 0xF0)
_MEANINGLESS = {0x01, 0xFE}  # what is for arithmetic coders alone (TEM), and comments
_ICC, _ICC_HEADER = b"ICC_PROFILE\0", 14
_MARKER_AND_LENGTH = 4
# The shortest bodies that decoders take: of JFIF, EXIF and Adobe's segment.
_SHORTEST = {_APP0: (b"JFIF\0", 14), _APP1: (b"Exif\0\0", 14), _APP14: (b"Adobe", 12)}
_EOI = b"\xff\xd9"
_LONGEST_CODE = 8  # bytes that the entropy decoder looks ahead
_BASELINE = {0xC0, 0xC1}
_COMPONENTS_AT, _SAMPLING_AT, _COLORS = 9, (11, 14), 3
_HALVED, _SMOOTHED_ROWS = (0x22, 0x11), 2


def jpeg_without_metadata(data: bytes) -> Repaired | None:
    """Without the segments that no pixel needs; EXIF data and a color profile stay where they are whole."""
    try:
        segments = list(jpeg_segments(data))
    except ValueError:
        return None
    profile_is_whole = _is_whole_profile([_body(data, one) for one in segments if one.marker == _APP2])
    kept = [one for one in segments if _is_needed(one, _body(data, one), profile_is_whole=profile_is_whole)]
    if len(kept) == len(segments):
        return None
    copy = b"\xff\xd8" + b"".join(data[one.start : one.end] for one in kept)
    return Repaired(copy, "Damaged data beside the picture is left out.")


def _body(data: bytes, segment: Segment) -> bytes:
    return data[segment.start + _MARKER_AND_LENGTH : segment.end]


def _is_needed(segment: Segment, body: bytes, *, profile_is_whole: bool) -> bool:
    marker = segment.marker
    if marker == _APP2:
        return profile_is_whole and body.startswith(_ICC)
    if marker in _SHORTEST:
        name, length = _SHORTEST[marker]
        return body.startswith(name) and len(body) >= length
    return marker not in _APPLICATION_DATA and marker not in _MEANINGLESS


def _is_whole_profile(bodies: list[bytes]) -> bool:
    parts = [body for body in bodies if body.startswith(_ICC)]
    if any(len(part) <= _ICC_HEADER for part in parts):
        return False
    return sorted(part[12] for part in parts) == list(range(1, len(parts) + 1))


def jpeg_with_end(data: bytes) -> Repaired | None:
    """With the end marker that is missing; what of the picture is missing, too, is told."""
    markers = [segment.marker for segment in _whole_segments(data)]
    if END_OF_IMAGE in markers or START_OF_SCAN not in markers:
        return None
    visible = _visible_part(data)
    if visible is None:
        return Repaired(data + _EOI, "The file is cut short: the details of its last scans are missing.", is_cut=True)
    if visible == 1:
        return Repaired(data + _EOI, "The file lacks its end marker, and no pixel.")
    return Repaired(data + _EOI, cut_note(visible), visible, is_cut=True)


def _whole_segments(data: bytes) -> Iterator[Segment]:
    try:
        yield from jpeg_segments(data)
    except ValueError:
        return


def _visible_part(data: bytes) -> float | None:
    """The share of rows that a baseline JPEG without an end has; None for a progressive one, which has some of each.

    The decoder is given some bytes to look ahead to, and no end: it then stops where the coded data does, and the rows
    behind that stay black. With an end it would make up gray ones.
    """
    there, wanted = _shrunk(data + bytes(_LONGEST_CODE)), _shrunk(data + _EOI)
    if there is None or wanted is None:
        return None
    bottom = _bottom(there)
    if bottom >= wanted.height or wanted.crop((0, bottom, *wanted.size)).getbbox() is None:
        return 1.0
    # What was only to be looked ahead to may have completed a row of blocks.
    surely = _shrunk(data)
    whole = _bottom(surely) if surely else bottom
    return max(whole - _borrowed(data), 0) / wanted.height


def _bottom(image: Image.Image) -> int:
    box = image.getbbox()
    return box[3] if box else 0


def _borrowed(data: bytes) -> float:
    """How many of the last rows, in eighths, take some of their color from rows below: where color has half the rows.

    Decoders smooth it so in pictures that have half the columns of color, too (libjpeg, `h2v2_fancy_upsample`).
    """
    frame = next((one for one in jpeg_segments(data) if one.marker in _BASELINE), None)
    if frame is None or data[frame.start + _COMPONENTS_AT] != _COLORS:
        return 0
    luma, blue = (data[frame.start + at] for at in _SAMPLING_AT)
    return _SMOOTHED_ROWS / 8 if (luma, blue) == _HALVED else 0


def _shrunk(data: bytes) -> Image.Image | None:
    """The picture at an eighth of its size, as far as the decoder comes; None where it is progressive or unreadable."""
    file = io.BytesIO(data)

    def reduce(image: Image.Image) -> bool:
        image.draft(None, (image.width // 8, image.height // 8))
        # Pillow's own method adds an end where the file has none.
        vars(image)["load_read"] = file.read
        return not image.info.get("progressive")

    return _as_far_as_coded(file, "JPEG", reduce)


def _as_far_as_coded(file: io.BytesIO, form: str, is_suitable: Callable[[Image.Image], bool]) -> Image.Image | None:
    """What the decoder makes of a damaged file; None where it makes nothing, or the opened file is not suitable."""
    from PIL import Image, ImageFile  # noqa: PLC0415  the table of formats is read where there is no Pillow

    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        image = Image.open(file, formats=(form,))
        if not is_suitable(image):
            return None
        image.load()
    except Exception:  # noqa: BLE001  Pillow raises nearly anything over damaged data
        return None
    else:
        return image
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
# Chunks that change what is shown, and the lengths of their bodies, where these are fixed.
_SHOWN: dict[bytes, int | None] = {
    b"acTL": 8, b"cHRM": 32, b"cICP": 4, b"eXIf": None, b"fcTL": 26, b"fdAT": None, b"gAMA": 4, b"iCCP": None,
    b"sRGB": 1, b"tRNS": None,
}  # fmt: skip
_CLEAR_COLOR_LENGTHS = {b"\0": 2, b"\2": 6}  # by color type: of gray, and of three colors
_LONGEST_PROFILE = 1 << 20  # what Pillow inflates at most
_ANIMATION, _FRAME = b"acTL", b"fcTL"
_OF_FRAMES = {_ANIMATION, _FRAME, b"fdAT"}

# Samples for each pixel, by color type.
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_LARGEST_STREAM = 1 << 28
_HEADER_LENGTH = 13
_LAST_FILTER = 4  # Paeth; behind a greater one nothing can be told
_STEP = 1 << 14


def png_without_metadata(data: bytes) -> Repaired | None:
    """Without ancillary chunks that are damaged, or that no pixel needs."""
    chunks = whole_chunks(data)
    if not chunks:
        return None
    lengths = _SHOWN | {b"tRNS": _CLEAR_COLOR_LENGTHS.get(bytes(chunks[0].body[9:10]))}
    kept = [chunk for chunk in chunks if chunk.kind in _CRITICAL or _is_shown(chunk, lengths)]
    if len(kept) == len(chunks):
        return None
    rest = data[len(_png_of(chunks)) :]  # a chunk that is cut short may hold all of the pixels
    return Repaired(_png_of(kept) + rest, "Damaged data beside the picture is left out.")


def whole_chunks(data: bytes) -> list[Chunk]:
    """The chunks, as far as they are whole."""
    chunks: list[Chunk] = []
    with suppress(CutShortError):
        chunks.extend(png_chunks(data))
    return chunks


def _is_shown(chunk: Chunk, lengths: Mapping[bytes, int | None]) -> bool:
    if chunk.kind not in lengths or not chunk.is_sound:
        return False
    length = lengths[chunk.kind]
    if length is not None and len(chunk.body) != length:
        return False
    return chunk.kind != b"iCCP" or _is_readable_profile(bytes(chunk.body))


def _is_readable_profile(body: bytes) -> bool:
    name = body.find(b"\0")
    inflating = zlib.decompressobj()
    try:
        inflating.decompress(body[name + 2 :], _LONGEST_PROFILE)
    except zlib.error:
        return False
    return name > 0 and inflating.eof


def _png_of(chunks: list[Chunk]) -> bytes:
    parts = (struct.pack(">I", len(chunk.body)) + chunk.kind + bytes(chunk.body) + chunk.checksum for chunk in chunks)
    return PNG_SIGNATURE + b"".join(parts)


def png_without_frames(data: bytes) -> Repaired | None:
    """What announces frames, and describes none or damaged ones, as a still picture."""
    chunks = whole_chunks(data)
    kinds = {chunk.kind for chunk in chunks}
    if _ANIMATION not in kinds:
        return None
    still = [chunk for chunk in chunks if chunk.kind not in _OF_FRAMES]
    note = "The animation is damaged; its variants show the still picture."
    return Repaired(_png_of(still), note, is_cut=_FRAME in kinds)


def png_with_all_rows(data: bytes) -> Repaired | None:
    """With empty rows for those that are missing, or behind damage; None where it is interlaced."""
    whole = whole_chunks(data)
    kinds = [chunk.kind for chunk in whole]
    if kinds[:1] != [b"IHDR"] or len(whole[0].body) != _HEADER_LENGTH:
        return None
    width, height, bits, color, _, _, interlaced = struct.unpack_from(">IIBBBBB", whole[0].body)
    stride = 1 + (width * bits * _CHANNELS.get(color, 0) + 7) // 8
    if interlaced or not 1 < stride * height <= _LARGEST_STREAM:
        return None
    rows = coded_rows(data, stride * height)
    filters = rows[: len(rows) // stride * stride : stride]
    count = next((number for number, kind in enumerate(filters) if kind > _LAST_FILTER), len(filters))
    if not count:
        return None
    padded = rows[: count * stride] + bytes(stride * (height - count))
    head = [chunk for chunk in whole if chunk.kind not in _OF_FRAMES | {b"IDAT", b"IEND"}]
    copy = _png_of(head) + png_chunk(b"IDAT", zlib.compress(padded, 1)) + png_chunk(b"IEND", b"")
    if count == height:
        return Repaired(copy, "The checksum or the end of the pixels is wrong or missing, and no pixel.")
    return Repaired(copy, cut_note(count / height), count / height, is_cut=True)


def coded_rows(data: bytes, most: int) -> bytes:
    """The rows of all pixels with their filters, as far as they can be inflated, and at most so many bytes."""
    return _inflated(b"".join(_coded_parts(data)), most)


def _coded_parts(data: bytes) -> Iterator[bytes]:
    """The coded pixels, those of a last chunk that is cut short, too."""
    at = len(PNG_SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            yield data[at + 8 : at + 8 + length]
        at += 12 + length


def _inflated(packed: bytes, most: int) -> bytes:
    """At most so many bytes, or those before the first that cannot be inflated."""
    inflating, inflated = zlib.decompressobj(), bytearray()
    for at in range(0, len(packed), _STEP):
        part, before = packed[at : at + _STEP], inflating.copy()
        try:
            inflated += inflating.decompress(part, most - len(inflated))
        except zlib.error:
            return bytes(inflated + _inflated_bytewise(before, part))[:most]
        if len(inflated) >= most:
            break
    return bytes(inflated)


def _inflated_bytewise(inflating: zlib._Decompress, part: bytes) -> bytearray:
    inflated = bytearray()
    with suppress(zlib.error):
        for at in range(len(part)):
            inflated += inflating.decompress(part[at : at + 1])
    return inflated


def cut_note(visible: float, *, is_upside_down: bool = False) -> str:
    """A sentence for a picture of which that share is there, from the top or from the bottom."""
    rest = "upper" if is_upside_down else "lowest"
    return f"The file is cut short: the {rest} {1 - visible:.0%} of the picture is missing, and see-through."
