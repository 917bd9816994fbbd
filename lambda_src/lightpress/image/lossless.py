"""The same picture in fewer bytes, to the last pixel.

Packing a PNG starts threads that stay, and a process that is forked afterwards does not have them: it would wait for
them forever if it packed, too. So this belongs into a process that ends: that of `pipeline.sandbox`.
"""

from __future__ import annotations

# Packing takes 0.1 s a megapixel: a larger picture would eat up the time that one picture may take.
_LARGEST_JPEG = 40_000_000
_LARGEST_PNG = 6_000_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_LEVEL = 1  # the knee: level 2 takes twice the time for 1 % more
# Of a small picture that time is nothing, and the few bytes are a larger part: some halve.
_SMALL_PNG, _LEVEL_OF_SMALL = 300_000, 2


def pack(data: bytes, pixels: int) -> bytes:
    """The file `data` of so many `pixels`, smaller without loss where that is possible, else as it is.

    A JPEG keeps its coefficients and all of its metadata, a PNG its pixels and metadata; other files stay as they are.
    """
    packed = data
    if data.startswith(_JPEG) and pixels <= _LARGEST_JPEG:
        packed = _jpeg(data)
    elif data.startswith(_PNG) and pixels <= _LARGEST_PNG:
        packed = _png(data, _LEVEL_OF_SMALL if pixels <= _SMALL_PNG else _LEVEL)
    return min(packed, data, key=len)


def _jpeg(data: bytes) -> bytes:
    from mozjpeg_lossless_optimization import COPY_MARKERS, optimize  # noqa: PLC0415  few recipes ask for it

    try:
        return bytes(optimize(data, COPY_MARKERS.ALL))
    except ValueError:
        return data


def _png(data: bytes, level: int) -> bytes:
    from oxipng import PngError, optimize_from_memory  # noqa: PLC0415  few recipes ask for it

    try:
        return bytes(optimize_from_memory(data, level=level))
    except PngError:
        return data
