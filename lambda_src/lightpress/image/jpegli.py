"""Quantisation tables for JPEG: how coarsely each of the 64 frequencies of a block is stored.

The tables that every JPEG encoder takes from the standard's example date from 1991. Those of jpegli were found by
optimising for what people see, and save about a tenth of the bytes at the same quality. They are plain data, so any
encoder can use them.

The numbers describe the tables that jpegli writes (google/jpegli, Copyright (c) the JPEG XL Project Authors, BSD
3-Clause licence) for 4:2:0 pictures: they were fitted to its output for all qualities from 1 to 100, and give each of
them exactly. No code of jpegli is used here.
"""

from __future__ import annotations

# How a frequency (row, column) is stored at distance 1, which is just noticeable. Tables are symmetric: each row begins
# at its diagonal.
_LUMA = (
    (2.6301, 3.65406, 6.19807, 5.96941, 7.08898, 7.35201, 8.15172, 8.21356),
    (4.44253, 6.03733, 5.74041, 7.30239, 6.71906, 8.54323, 8.56542),
    (6.28039, 7.18806, 7.68185, 8.28771, 7.97685, 8.99562),
    (7.17448, 8.84716, 10.1992, 10.1522, 9.77544),
    (9.72051, 10.4494, 11.8304, 11.6423),
    (11.5421, 10.8108, 12.9192),
    (11.5421, 11.4688),
    (9.29303,),
)
_CHROMA = (
    (2.53798, 3.06683, 5.42688, 4.65692, 5.69587, 5.27129, 6.26596, 6.75003),
    (4.1641, 5.20175, 4.25494, 5.22614, 4.64357, 5.89098, 6.12744),
    (5.24505, 4.75865, 5.08514, 5.48139, 5.63868, 6.41716),
    (4.48851, 5.76168, 5.75692, 6.29851, 6.81556),
    (4.46658, 6.83928, 5.21258, 6.5547),
    (5.8669, 6.74577, 9.90031),
    (10.7014, 9.78286),
    (82.1265,),
)
# How a frequency grows with the distance beyond `_BEND`: low ones less than high ones.
_GROWTH = (
    (1, 0.51, 0.67, 0.74, 1, 1, 1, 1),
    (0.66, 0.69, 0.87, 1, 1, 1, 1),
    (0.84, 0.83, 0.96, 1, 1, 1),
    (1, 1, 0.91, 0.91, 1),
    (1, 1, 1, 1),
    (1, 1, 1),
    (1, 1),
    (1,),
)
_BEND = 1.5


def tables(quality: int) -> list[list[int]]:
    """The tables for luma and chroma for a quality from 1 to 100, row by row, as Pillow's `qtables` takes them."""
    distance = _distance(quality)
    return [
        [_entry(base, row, column, distance) for row in range(8) for column in range(8)] for base in (_LUMA, _CHROMA)
    ]


def _entry(base: tuple[tuple[float, ...], ...], row: int, column: int, distance: float) -> int:
    first, second = min(row, column), abs(row - column)
    growth = _GROWTH[first][second]
    scale = distance if distance < _BEND else max(distance / 2, _BEND ** (1 - growth) * distance**growth)
    return min(255, max(1, round(base[first][second] * scale)))


def _distance(quality: int) -> float:
    """How far from the original a quality is, in steps that are just noticeable."""
    if quality >= 100:  # noqa: PLR2004  the scale ends here
        return 0.01
    if quality >= 30:  # noqa: PLR2004  and bends here
        return 0.1 + (100 - quality) * 0.09
    return 53 / 3000 * quality**2 - 23 / 20 * quality + 25
