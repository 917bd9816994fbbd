"""JPEG files with gain maps as cameras write them, put together here without the code that is tested."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from PIL import Image

from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterable

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ISO = b"urn:iso:std:iso:ts:21496:-1\0"
_RDF = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF></x:xmpmeta>'

STOPS = 2.0
"""How many stops the brightest parts of `ultra_hdr` and `iso` gain."""


def base(size: tuple[int, int] = (400, 300), quality: int = 90, **more: object) -> bytes:
    """The picture that every viewer shows."""
    return file_of(ramp(size), "JPEG", quality=quality, **more)


def levels(size: tuple[int, int] = (100, 75)) -> Image.Image:
    """A gain map that grows from top to bottom."""
    return Image.linear_gradient("L").resize(size)


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def xmp(description: str) -> bytes:
    return segment(0xE1, _XMP + _RDF.format(description).encode())


def saying(data: bytes, *segments: bytes) -> bytes:
    """The JPEG file with more segments at its start."""
    return data[:2] + b"".join(segments) + data[2:]


def indexed(first: bytes, second: bytes, order: str = "<") -> bytes:
    """Both files in one, with an index (CIPA DC-007) in the first segment, in either order of bytes."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    length = 4 + 4 + 8 + 2 + 3 * 12 + 4 + 2 * 16
    header, whole = 2 + 4 + 4, len(first) + length
    body = b"MPF\0" + mark + struct.pack(order + "IH", 8, 3)
    body += struct.pack(order + "HHI4s", 0xB000, 7, 4, b"0100") + struct.pack(order + "HHII", 0xB001, 4, 1, 2)
    body += struct.pack(order + "HHIII", 0xB002, 7, 32, 50, 0)
    body += struct.pack(order + "IIIHH", 0x030000, whole, 0, 0, 0)
    body += struct.pack(order + "IIIHH", 0, len(second), whole - header, 0, 0)
    return saying(first, segment(0xE2, body)) + second


_HDRGM = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'


def ultra_hdr_words(**words: object) -> bytes:
    """What the map says in Ultra HDR."""
    said = {"Version": "1.0", "GainMapMax": STOPS, "HDRCapacityMax": STOPS, **words}
    listed = " ".join(f'hdrgm:{name}="{value}"' for name, value in said.items())
    return xmp(f"<rdf:Description {_HDRGM} {listed}/>")


def ultra_hdr(first: bytes, second: Image.Image | bytes, **words: object) -> bytes:
    """As Android wrote it first: by XMP alone."""
    part = second if isinstance(second, bytes) else file_of(second, "JPEG", quality=95)
    announced = saying(first, xmp(f'<rdf:Description {_HDRGM} hdrgm:Version="1.0" a="secret"/>'))
    return indexed(announced, saying(part, ultra_hdr_words(**words)))


def ultra_hdr_of_three(first: bytes, second: Image.Image) -> bytes:
    """As Adobe writes it: with values for red, green and blue."""
    listed = "".join(
        f"<hdrgm:{name}><rdf:Seq>{''.join(f'<rdf:li>{value}</rdf:li>' for value in values)}</rdf:Seq></hdrgm:{name}>"
        for name, values in {"GainMapMin": (0, -0.5, 0), "GainMapMax": (1, 2, 3), "Gamma": (1, 1, 1.5)}.items()
    )
    said = f'<rdf:Description {_HDRGM} hdrgm:Version="1.0" hdrgm:HDRCapacityMax="3">{listed}</rdf:Description>'
    return indexed(first, saying(file_of(second, "JPEG", quality=95), xmp(said)), ">")


def iso_body(flags: int, numbers: Iterable[tuple[int, int]], minimum: int = 0) -> bytes:
    """ISO 21496-1: its version, flags and fractions."""
    return struct.pack(">HHB", minimum, 0, flags) + b"".join(struct.pack(">iI", *number) for number in numbers)


IN_BASE_SPACE, SEVERAL = 0x40, 0x80
FRACTIONS = ((0, 1), (2, 1), (0, 1), (2, 1), (1, 1), (1, 64), (1, 64))


def iso(first: bytes, second: Image.Image | bytes, body: bytes = iso_body(IN_BASE_SPACE, FRACTIONS)) -> bytes:
    """By ISO 21496-1 alone."""
    part = second if isinstance(second, bytes) else file_of(second, "JPEG", quality=95)
    announced = saying(first, segment(0xE2, _ISO + bytes(4)))
    return indexed(announced, saying(part, segment(0xE2, _ISO + body)))


_APPLE = (
    '<rdf:Description xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/"'
    ' xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/">'
    "<apdi:AuxiliaryImageType>urn:com:apple:photo:2020:aux:hdrgainmap</apdi:AuxiliaryImageType>"
    "<HDRGainMap:HDRGainMapVersion>65536</HDRGainMap:HDRGainMapVersion>{}</rdf:Description>"
)


def apple(first: bytes, second: Image.Image, headroom: float | None = None) -> bytes:
    """As Apple's cameras wrote it; without a headroom here, their notes in the EXIF data tell it (`apple_exif`)."""
    told = f"<HDRGainMap:HDRGainMapHeadroom>{headroom}</HDRGainMap:HDRGainMapHeadroom>" if headroom else ""
    return indexed(first, saying(file_of(second, "JPEG", quality=95), xmp(_APPLE.format(told))), ">")


def apple_exif(bright: float, gain: float | None) -> bytes:
    """EXIF data with the two numbers of the maker note that tell the headroom."""
    values = [(33, bright), *([] if gain is None else [(48, gain)])]
    start = 14 + 2 + 12 * len(values) + 4
    entries = b"".join(struct.pack(">HHII", tag, 10, 1, start + 8 * number) for number, (tag, _) in enumerate(values))
    behind = b"".join(struct.pack(">ii", round(value * 100_000), 100_000) for _, value in values)
    note = b"Apple iOS\0\0\1MM" + struct.pack(">H", len(values)) + entries + bytes(4) + behind
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = note
    return exif.tobytes()
