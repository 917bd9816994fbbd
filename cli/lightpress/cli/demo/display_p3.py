"""The Display P3 color profile, built byte by byte: the wide colors that phones take pictures in.

A matrix profile as ICC.1:2022 (ICC v4) describes it: three primaries, a white point and one tone curve.
"""

from __future__ import annotations

import struct

_D50 = (0.9642, 1.0, 0.8249)

# The P3 primaries and white D65, adapted to the D50 of all profiles with the Bradford matrix, which `chad` records.
_RED = (0.51512, 0.24120, -0.00105)
_GREEN = (0.29198, 0.69225, 0.04189)
_BLUE = (0.15710, 0.06657, 0.78407)
_D65_TO_D50 = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)

# The tone curve of sRGB, which Display P3 shares: ((a x + b) ** g where x >= d, else c x), in the order g a b c d.
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_CURVE_WITH_A_LINEAR_FOOT = 3

_HEADER_BYTES = 128
_DIRECTORY_ROW_BYTES = 12


def display_p3_profile() -> bytes:
    """Return the profile as a picture embeds it."""
    curve = _curve(*_CURVE)
    return _profile(
        {
            b"desc": _text("Display P3"),
            b"cprt": _text("No copyright, use freely"),
            b"wtpt": _xyz(*_D50),
            b"chad": _element(b"sf32", _fixed(*_D65_TO_D50)),
            b"rXYZ": _xyz(*_RED),
            b"gXYZ": _xyz(*_GREEN),
            b"bXYZ": _xyz(*_BLUE),
            b"rTRC": curve,
            b"gTRC": curve,
            b"bTRC": curve,
        }
    )


def _profile(tags: dict[bytes, bytes]) -> bytes:
    """Join header, directory and elements; equal elements are stored once, as the specification suggests."""
    start = _HEADER_BYTES + 4 + _DIRECTORY_ROW_BYTES * len(tags)
    elements = b""
    places: dict[bytes, int] = {}
    directory = struct.pack(">I", len(tags))
    for name, element in tags.items():
        if element not in places:
            places[element] = start + len(elements)
            elements += element
        directory += struct.pack(">4sII", name, places[element], len(element))
    return _header(start + len(elements)) + directory + elements


def _header(size: int) -> bytes:
    version, created, perceptual = 0x04400000, (2017, 7, 7, 0, 0, 0), 0
    beginning = struct.pack(">I4xI4s4s4s6H4s", size, version, b"mntr", b"RGB ", b"XYZ ", *created, b"acsp")
    return (beginning + struct.pack(">24xI", perceptual) + _fixed(*_D50)).ljust(_HEADER_BYTES, b"\0")


def _element(kind: bytes, content: bytes) -> bytes:
    element = kind + bytes(4) + content
    return element + bytes(-len(element) % 4)


def _xyz(x: float, y: float, z: float) -> bytes:
    return _element(b"XYZ ", _fixed(x, y, z))


def _curve(*parameters: float) -> bytes:
    return _element(b"para", struct.pack(">HH", _CURVE_WITH_A_LINEAR_FOOT, 0) + _fixed(*parameters))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    one_row, row_bytes, offset = 1, 12, 28
    return _element(b"mluc", struct.pack(">II2s2sII", one_row, row_bytes, b"en", b"US", len(encoded), offset) + encoded)


def _fixed(*numbers: float) -> bytes:
    """Write numbers as the profile stores them: 16 bits before the point, 16 behind."""
    return b"".join(struct.pack(">i", round(number * 0x10000)) for number in numbers)
