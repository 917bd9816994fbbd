"""The same picture in fewer bytes, to the last pixel.

Packing a PNG starts threads that stay. A process that has done so must not fork and pack again: its child has no such
threads and waits for them for ever. So only children do it, which end: those of `pipeline.sandbox`, or one that is
forked for it.
"""

from __future__ import annotations

import os

_IMPORTED_BY = os.getpid()

# Packing takes 0.1 s a megapixel: a larger picture would eat up the time that one picture may take.
_LARGEST_JPEG = 40_000_000
_LARGEST_PNG = 6_000_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_LEVEL = 1  # the knee: level 2 takes twice the time for 1 % more


def compressed(data: bytes, pixels: int) -> bytes:
    """The file `data` of so many `pixels`, smaller without loss where that is possible, else as it is.

    A JPEG keeps its coefficients and all of its metadata, a PNG its pixels and metadata; other files stay as they are.
    """
    packed = data
    if data.startswith(_JPEG) and pixels <= _LARGEST_JPEG:
        packed = _jpeg(data)
    elif data.startswith(_PNG) and pixels <= _LARGEST_PNG:
        packed = _png(data)
    return min(packed, data, key=len)


def _jpeg(data: bytes) -> bytes:
    from mozjpeg_lossless_optimization import COPY_MARKERS, optimize  # noqa: PLC0415  few recipes ask for it

    try:
        return bytes(optimize(data, COPY_MARKERS.ALL))
    except ValueError:
        return data


def _png(data: bytes) -> bytes:
    return _packed(data) if os.getpid() != _IMPORTED_BY else _in_a_child(data)


def _in_a_child(data: bytes) -> bytes:
    """Packed in a process that is gone afterwards, and its threads with it; as it is where that failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "wb") as answer:
                answer.write(_packed(data))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        packed = answer.read()
    os.waitpid(child, 0)
    return packed or data


def _packed(data: bytes) -> bytes:
    from oxipng import PngError, optimize_from_memory  # noqa: PLC0415  few recipes ask for it

    try:
        return bytes(optimize_from_memory(data, level=_LEVEL))
    except PngError:
        return data
