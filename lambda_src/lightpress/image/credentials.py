"""Content Credentials (C2PA): a signed statement in a file, over its very bytes, of where the picture comes from."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lightpress.image.container import riff_chunk, webp_chunks
from lightpress.image.gif import gif_extensions
from lightpress.image.jpeg import jpeg_segments
from lightpress.image.png import PNG_SIGNATURE, png_chunks

if TYPE_CHECKING:
    from collections.abc import Callable

# The type of the JUMBF box that holds them, in every format (C2PA specification 2.2, 11.1.4.2).
_TYPE = b"c2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71"

# Where they stand in a file (C2PA specification 2.2, appendix A.3).
_APP11, _BOX_IN_JPEG, _BOX_NUMBER = 0xEB, b"JP", slice(6, 8)
_CHUNK_OF_PNG, _CHUNK_OF_WEBP, _EXTENSION_OF_GIF = b"caBX", b"C2PA", b"C2PA_GIF"


def holds_credentials(data: bytes) -> bool:
    """Whether the file carries Content Credentials."""
    return _TYPE in data


def without_credentials(data: bytes, form: str) -> bytes:
    """The file `data` of format `form` without them, and otherwise byte for byte the same; as it is where it has none.

    Also as it is where they stand in a place that the format does not know: `holds_credentials` tells.
    """
    strip = _STRIPPERS.get(form)
    if strip is None or not holds_credentials(data):
        return data
    try:
        return strip(data)
    except (LookupError, ValueError, struct.error):
        return data


def _jpeg(data: bytes) -> bytes:
    """A box too long for one segment goes on in others with its number."""
    segments = [(start, end) for marker, start, end in jpeg_segments(data) if marker == _APP11]
    boxes = [(start, end) for start, end in segments if data[start + 4 : start + 6] == _BOX_IN_JPEG]
    signed = {_number(data, start) for start, end in boxes if _TYPE in data[start:end]}
    return _without(data, [(start, end) for start, end in boxes if _number(data, start) in signed])


def _number(data: bytes, start: int) -> bytes:
    return data[start:][_BOX_NUMBER]


def _png(data: bytes) -> bytes:
    places, at = [], len(PNG_SIGNATURE)
    for kind, body, _ in png_chunks(data):
        end = at + 12 + len(body)
        places += [(at, end)] if kind == _CHUNK_OF_PNG else []
        at = end
    return _without(data, places)


def _webp(data: bytes) -> bytes:
    end = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    kept = b"".join(riff_chunk(*chunk) for chunk in webp_chunks(data, 12, end) if chunk[0] != _CHUNK_OF_WEBP)
    return b"RIFF" + struct.pack("<I", 4 + len(kept)) + b"WEBP" + kept + data[end:]


def _gif(data: bytes) -> bytes:
    name = slice(3, 3 + len(_EXTENSION_OF_GIF))  # behind marker, label and length
    return _without(
        data, [(start, end) for start, end in gif_extensions(data) if data[start:end][name] == _EXTENSION_OF_GIF]
    )


def _without(data: bytes, places: list[tuple[int, int]]) -> bytes:
    kept, at = [], 0
    for start, end in places:
        kept.append(data[at:start])
        at = end
    return b"".join((*kept, data[at:]))


_STRIPPERS: dict[str, Callable[[bytes], bytes]] = {"jpeg": _jpeg, "png": _png, "webp": _webp, "gif": _gif}
