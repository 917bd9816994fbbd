"""The structure of a PNG file: chunks of a length, a kind, a body and a checksum."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 20_000
"""64 MB in chunks of 4 KB; what Pillow takes 0.1 s to walk through."""

_BEFORE_BODY, _AROUND_BODY = 8, 12


class CutShortError(ValueError):
    """The file ends before what it announces."""


class Chunk(NamedTuple):
    """A chunk of a PNG file.

    Attributes:
        kind: Its four letters.
        body: Its data.
        checksum: As the file has it.
    """

    kind: bytes
    body: memoryview
    checksum: bytes

    @property
    def is_sound(self) -> bool:
        """Whether its checksum is right."""
        return self.checksum == _checksum(self.kind, self.body)


def png_chunks(data: bytes) -> Iterator[Chunk]:
    """Every chunk up to the end (IEND); raises CutShortError where the file ends within one."""
    at, view = len(PNG_SIGNATURE), memoryview(data)
    while at < len(data):
        if at + _AROUND_BODY > len(data):
            raise CutShortError("its last chunk is cut short")
        length, kind = struct.unpack_from(">I4s", data, at)
        body = view[at + 8 : at + 8 + length]
        at += _AROUND_BODY + length
        if at > len(data):
            raise CutShortError("its last chunk is cut short")
        yield Chunk(kind, body, data[at - 4 : at])
        if kind == b"IEND":
            return


def png_chunk_count(data: bytes) -> int:
    """How many chunks there are, whole or not; the count stops above the limit."""
    count, at = 0, len(PNG_SIGNATURE)
    while at + _BEFORE_BODY <= len(data) and count <= MOST_CHUNKS:
        at += _AROUND_BODY + int.from_bytes(data[at : at + 4], "big")
        count += 1
    return count


def chunks_before_pixels(data: bytes, kinds: Collection[bytes]) -> dict[bytes, bytes]:
    """The body of the first chunk of each of these kinds, if that stands before the pixels."""
    found: dict[bytes, bytes] = {}
    at = len(PNG_SIGNATURE)
    for _ in range(MOST_CHUNKS):
        if at + _BEFORE_BODY > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            break
        if kind in kinds:
            found.setdefault(kind, data[at + _BEFORE_BODY : at + _BEFORE_BODY + length])
        at += _AROUND_BODY + length
    return found


def png_chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    """The bytes of a chunk."""
    return b"".join((struct.pack(">I", len(body)), kind, body, _checksum(kind, body)))


def _checksum(kind: bytes, body: bytes | memoryview) -> bytes:
    return struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
