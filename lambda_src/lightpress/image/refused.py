"""Formats that are recognized only to be refused by their name: one row each, and how markup begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.image.headers import is_cursor, is_sgi, is_targa

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Refused:
    """A format that is recognised only to be refused with a reason of its own.

    Attributes:
        name: For people.
        magic: How its files begin.
        at: Where that stands.
        confirm: Looks at more of a file where that alone says too little.
    """

    name: str
    magic: bytes
    at: int = 0
    confirm: Callable[[bytes], bool] | None = None

    def begins(self, data: bytes) -> bool:
        """Whether the file is one of these."""
        return data.startswith(self.magic, self.at) and (self.confirm is None or self.confirm(data))


# Beginnings of files that people upload by mistake or by malice, so that they read "SVG" and not "damaged".
REFUSED = (
    Refused("PostScript", b"%!PS"),
    Refused("PostScript", b"\xc5\xd0\xd3\xc6"),
    Refused("a Photoshop file of the large kind (PSB)", b"8BPS\0\2"),
    Refused("JPEG XR", b"II\xbc"),
    Refused("a DirectDraw texture (DDS)", b"DDS "),
    Refused("a texture (BLP)", b"BLP1"),
    Refused("a texture (BLP)", b"BLP2"),
    Refused("a portable bitmap (PBM, PGM, PPM)", b"P1\n"),
    Refused("a portable bitmap (PBM, PGM, PPM)", b"P2\n"),
    Refused("a portable bitmap (PBM, PGM, PPM)", b"P3\n"),
    Refused("a portable bitmap (PBM, PGM, PPM)", b"P4\n"),
    Refused("a portable bitmap (PBM, PGM, PPM)", b"P5\n"),
    Refused("a portable bitmap (PBM, PGM, PPM)", b"P6\n"),
    Refused("a portable float map (PFM)", b"PF\n"),
    Refused("a portable float map (PFM)", b"Pf\n"),
    Refused("an SGI picture", b"\x01\xda", confirm=is_sgi),
    Refused("a PC Paintbrush picture (PCX)", b"\x0a\x05\x01"),
    Refused("a QOI picture", b"qoif"),
    Refused("an Apple icon (ICNS)", b"icns"),
    Refused("an OpenEXR picture", b"\x76\x2f\x31\x01"),
    Refused("a Radiance picture (HDR)", b"#?RADIANCE"),
    Refused("a FITS picture", b"SIMPLE  ="),
    Refused("a cursor (CUR)", b"\0\0\2\0", confirm=is_cursor),
    Refused("a Sun raster picture", b"\x59\xa6\x6a\x95"),
    Refused("a Windows metafile (WMF)", b"\xd7\xcd\xc6\x9a"),
    Refused("an X bitmap (XBM)", b"#define"),
    Refused("an X pixmap (XPM)", b"/* XPM */"),
    Refused("a Targa picture (TGA)", b"TRUEVISION-XFILE.\0", -18),
    Refused("a Targa picture (TGA)", b"", confirm=is_targa),
    Refused("an animation (FLI)", b"\x11\xaf", 4),
    Refused("an animation (FLC)", b"\x12\xaf", 4),
    Refused("a bitmap without its file's header (DIB)", b"\x28\0\0\0"),
    Refused("a fax (DCX)", b"\xb1\x68\xde\x3a"),
    Refused("a texture (FTEX)", b"FTEX"),
    Refused("a brush (GBR)", b"GIMP", 20),
    Refused("an IFUNC picture (IM)", b"Image type:"),
    Refused("an IM Tools picture (IMT)", b"*comment\n"),
    Refused("a McIdas area file", b"\0\0\0\0\0\0\0\4"),
    Refused("a Microsoft Paint picture (MSP)", b"DanM"),
    Refused("a Microsoft Paint picture (MSP)", b"LinS"),
    Refused("a Photo CD picture (PCD)", b"PCD_", 2048),
    Refused("a PIXAR picture", b"\x80\xe8\0\0"),
    Refused("a thumbnail of xv", b"P7 332"),
    Refused("a SPIDER picture", b"\0\0\x80\x3f"),
    Refused("a SPIDER picture", b"\x3f\x80\0\0"),
    Refused("QuickTime video", b"ftypqt  ", 4),
    Refused("MP4 video", b"ftypisom", 4),
    Refused("MP4 video", b"ftypmp4", 4),
)

MARKUP = (b"<svg", b"<?xml", b"<!doctype", b"<html", b"<!--", b"<script")
