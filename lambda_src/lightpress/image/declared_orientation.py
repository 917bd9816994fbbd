"""How a file says that its picture is to be turned or cut: as much of it as Chromium heeds, and where.

docs/orientation.md has the whole table.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from lightpress.image.isobmff import properties
from lightpress.image.jxl import IS_JPEG
from lightpress.image.png import chunks_before_pixels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

_TAG, _SHORT, _ENTRY = 0x0112, 3, 12
_UPRIGHT = 1
_MOST_ENTRIES = 1_000
_EXIF = b"Exif\0\0"
_FORMATS = {"JPEG", "MPO", "PNG", "AVIF"}


def declared_orientation(form: str | None, info: Mapping[Any, Any], data: bytes) -> int:
    """The orientation, 1 to 8 as in EXIF, of the file `data`, of which Pillow says that it is a `form`, with `info`.

    Broken EXIF data says nothing, and costs no picture. TIFF, HEIC and JPEG XL are turned by their decoders, but for a
    JPEG in a JPEG XL file.
    """
    if form not in _FORMATS and not info.get(IS_JPEG):
        return _UPRIGHT
    found = info.get("exif") or b""
    if form == "PNG":
        found = chunks_before_pixels(data, {b"eXIf"}).get(b"eXIf", b"")
    try:
        return _in_tiff(found.removeprefix(_EXIF) if form != "PNG" else found)
    except struct.error:
        return _UPRIGHT


def _in_tiff(exif: bytes) -> int:
    """What the tag says that EXIF 2.32 defines: one number of 16 bits."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return _UPRIGHT
    (at,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, at)
    for number in range(min(count, _MOST_ENTRIES)):
        tag, kind, values, value = struct.unpack_from(order + "HHIH", exif, at + 2 + number * _ENTRY)
        if tag == _TAG:
            return value if (kind, values) == (_SHORT, 1) and value in range(1, 9) else _UPRIGHT
    return _UPRIGHT


def without_margin(opened: Image.Image, data: bytes) -> Image.Image:
    """Cut an AVIF picture to its clean aperture (`clap`, ISO/IEC 14496-12, 12.1.4) where that begins at the corner.

    Any other is not heeded, as in Chromium. What is cut off are rows and columns that fill blocks.
    """
    if opened.format != "AVIF" or getattr(opened, "n_frames", 1) > 1:
        return opened
    box = next((body for kind, body in properties(data) if kind == b"clap"), b"")
    size = _aperture(box, opened.size)
    if size is None or size == opened.size:
        return opened
    kept = opened.crop((0, 0, *size))
    kept.format = opened.format  # which crop drops
    return kept


def _aperture(box: bytes, size: tuple[int, int]) -> tuple[int, int] | None:
    if len(box) != 32:  # noqa: PLR2004  eight numbers
        return None
    width, width_by, height, height_by, across, across_by, down, down_by = struct.unpack(">IIIIiIiI", box)
    if not (width_by and height_by and across_by and down_by) or width % width_by or height % height_by:
        return None
    kept = (width // width_by, height // height_by)
    offsets = (across / across_by, down / down_by)
    begins = [offset + (whole - part) / 2 for offset, whole, part in zip(offsets, size, kept, strict=True)]
    fits = all(0 < part <= whole for part, whole in zip(kept, size, strict=True))
    return kept if fits and not any(begins) else None
