"""What of the words in a file goes along with its variants: who made it and whose it is, and by default nothing else.

Whatever a file says in EXIF, IPTC, XMP or PNG texts is written as EXIF, which every output format can carry.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.ExifTags import IFD, Base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.image.picture import Picture
    from lightpress.image.spec import Metadata

_LONGEST_TEXT = 1_000
_LARGEST_XMP = 1 << 20
_LARGEST_EXIF = 60_000  # a JPEG segment holds 65,533 bytes
_ASCII = 2

# What describes the picture. Everything else in the first directory describes how the pixels of the original lie.
_DESCRIBES = {
    Base.ImageDescription, Base.Make, Base.Model, Base.Software, Base.DateTime, Base.Artist, Base.HostComputer,
    Base.Rating, Base.Copyright, Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject,
}  # fmt: skip
# Its size, and where a directory of its file is that does not go along.
_OF_THE_ORIGINAL = {Base.ExifImageWidth, Base.ExifImageHeight, IFD.Interop}

_IPTC_RESOURCE, _IPTC_IN_TIFF = 0x0404, 33723
_IPTC_CREATOR, _IPTC_CREDIT, _IPTC_COPYRIGHT = 80, 110, 116
_DUBLIN_CORE, _PHOTOSHOP = "{http://purl.org/dc/elements/1.1/}", "{http://ns.adobe.com/photoshop/1.0/}"


def with_metadata(picture: Picture, policy: Metadata) -> Picture:
    """Read what `policy` keeps; broken metadata says nothing, and costs no picture."""
    return replace(picture, exif=_kept(picture.image, policy))


def _kept(image: Image.Image, policy: Metadata) -> bytes:
    if policy == "none":
        return b""
    try:
        everything = _everything(image) if policy == "all" else b""
        if 0 < len(everything) <= _LARGEST_EXIF:
            return everything
    except Exception:  # noqa: BLE001, S110  Pillow raises nearly anything over damaged metadata
        pass
    return attribution(_first(image, _ARTIST), _first(image, _COPYRIGHT))


def attribution(artist: str, owner: str) -> bytes:
    """EXIF data that says who made a picture and whose it is, and no more."""
    entries = [(Base.Artist, artist), (Base.Copyright, owner)]
    texts = [(tag, text.encode() + b"\0") for tag, text in entries if text]
    if not texts:
        return b""
    directory, behind = struct.pack(">H", len(texts)), b""
    start = 8 + 2 + 12 * len(texts) + 4
    for tag, text in texts:
        inline = len(text) <= 4  # noqa: PLR2004  such short values stand in the place of their address
        value = text.ljust(4, b"\0") if inline else struct.pack(">I", start + len(behind))
        directory += struct.pack(">HHI", tag, _ASCII, len(text)) + value
        behind += b"" if inline else text + bytes(len(text) % 2)
    return b"Exif\0\0MM\0*\0\0\0\x08" + directory + bytes(4) + behind


def _everything(image: Image.Image) -> bytes:
    """All EXIF data but the orientation, which is baked into the pixels, and the thumbnail."""
    found, kept = image.getexif(), Image.Exif()
    for tag, value in found.items():
        if tag in _DESCRIBES:
            kept[tag] = _as_written(value)
    details = 0  # which Pillow does not count
    for part in (IFD.Exif, IFD.GPSInfo):
        for tag, value in found.get_ifd(part).items():
            if tag not in _OF_THE_ORIGINAL:
                kept.get_ifd(part)[tag] = _as_written(value)
                details += 1
    # Who made it may be written elsewhere, and only EXIF goes along.
    for tag, places in ((Base.Artist, _ARTIST), (Base.Copyright, _COPYRIGHT)):
        if tag not in kept and (text := _first(image, places)):
            kept[tag] = text.encode()
    return kept.tobytes() if kept or details else b""


class _Text(str):
    """Text of EXIF, of which Pillow reads any byte as a letter: written as text, with the bytes that it was read of.

    Pillow writes ASCII only, and bytes as numbers where it does not know that a tag is text.
    """

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:  # noqa: ARG002  as `str` has it
        """The bytes that it was read of."""
        return super().encode("latin-1")


def _as_written(value: object) -> object:
    return _Text(value) if isinstance(value, str) else value


def _first(image: Image.Image, readers: tuple[Any, ...]) -> str:
    """What the first place says that says anything."""
    for reader, *place in readers:
        try:
            texts = [text for text in map(_tidy, reader(image, *place)) if text]
        except Exception:  # noqa: BLE001, S112  as above
            continue
        if texts:
            return "; ".join(texts)[:_LONGEST_TEXT]
    return ""


def _tidy(value: object) -> str:
    """Readable text: cameras write UTF-8, Latin-1, zeros and line ends where EXIF allows none of them."""
    if not isinstance(value, str | bytes):
        return ""
    text = _decoded(value) if isinstance(value, bytes) else value
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _in_exif(image: Image.Image, tag: int) -> Iterator[object]:
    value = image.getexif().get(tag)
    yield value.encode("latin-1") if isinstance(value, str) else value


def _in_png_text(image: Image.Image, keyword: str) -> Iterator[object]:
    if image.format == "PNG":
        yield image.info.get(keyword)


def _in_iptc(image: Image.Image, wanted: int) -> Iterator[object]:
    data = image.info.get("photoshop", {}).get(_IPTC_RESOURCE) or getattr(image, "tag_v2", {}).get(_IPTC_IN_TIFF) or b""
    at = 0
    while data[at : at + 1] == b"\x1c":
        _, record, dataset, length = struct.unpack_from(">BBBH", data, at)
        if (record, dataset) == (2, wanted):
            yield data[at + 5 : at + 5 + length]
        at += 5 + length


def _in_xmp(image: Image.Image, name: str) -> Iterator[object]:
    data = image.info.get("xmp") or b""
    local = name.rpartition("}")[2].encode()
    # A document type may define entities without end.
    if local not in data or len(data) > _LARGEST_XMP or b"<!" in data:
        return
    from xml.etree import ElementTree as ET  # noqa: PLC0415  only few pictures need it

    root = ET.fromstring(data[data.index(b"<") :].rstrip(b"\0"))  # noqa: S314  there is no document type
    for node in root.iter():
        yield node.get(name)
        if node.tag == name:
            yield from node.itertext()


_ARTIST = (
    (_in_exif, Base.Artist),
    (_in_iptc, _IPTC_CREATOR),
    (_in_xmp, f"{_DUBLIN_CORE}creator"),
    (_in_png_text, "Author"),
    (_in_iptc, _IPTC_CREDIT),
    (_in_xmp, f"{_PHOTOSHOP}Credit"),
)
_COPYRIGHT = (
    (_in_exif, Base.Copyright),
    (_in_iptc, _IPTC_COPYRIGHT),
    (_in_xmp, f"{_DUBLIN_CORE}rights"),
    (_in_png_text, "Copyright"),
)
