"""Gain maps: a second, smaller picture in a JPEG file that says how much brighter each part is on screens that can.

    brighter = (picture + base offset) * 2 ^ gain - other offset        in linear light, 1 being white
    gain = low + (high - low) * map ^ (1 / gamma)

Read are ISO 21496-1, Ultra HDR (Adobe's XMP, as Android wrote it first) and Apple's; written are the first two, side by
side, as Android does. Nothing else of what stands beside the two pictures goes along.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lightpress.image.jpeg import jpeg_segment
from lightpress.image.multi_picture import APP1, APP2, bodies, further_pictures, with_segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

_ISO = b"urn:iso:std:iso:ts:21496:-1\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_SEVERAL_CHANNELS, _BASE_SPACE, _BACKWARD, _ONE_DENOMINATOR = 0x80, 0x40, 4, 8
_DENOMINATOR = 1_000_000
_LARGEST_XMP = 1 << 20
_MOST_STOPS = 16.0
_MOST_GAMMA = 16.0
_USUAL_OFFSET = 1 / 64  # where Ultra HDR says none

_HDRGM = "{http://ns.adobe.com/hdr-gain-map/1.0/}"
_APPLE = "{http://ns.apple.com/HDRGainMap/1.0/}"
_LIST_ITEM = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"


class Channel(NamedTuple):
    """How numbers of a gain map become gains. Gains are in stops: powers of 2.

    Attributes:
        low: The gain of the number 0.
        high: The gain of the largest number.
        gamma: By which power numbers were encoded.
        base_offset: Added to the picture before.
        other_offset: Taken away after.
    """

    low: float
    high: float
    gamma: float = 1.0
    base_offset: float = _USUAL_OFFSET
    other_offset: float = _USUAL_OFFSET

    def is_possible(self) -> bool:
        """Whether these are numbers that a screen can work with."""
        gains = -_MOST_STOPS <= self.low <= self.high <= _MOST_STOPS
        offsets = all(-1 <= offset <= 1 for offset in (self.base_offset, self.other_offset))
        return gains and offsets and 1 / _MOST_GAMMA <= self.gamma <= _MOST_GAMMA

    @property
    def neutral(self) -> int:
        """The number, of 255, that changes nothing, or as little as can be."""
        if self.high == self.low:
            return 0
        part = min(max(-self.low / (self.high - self.low), 0.0), 1.0)
        return round(255 * math.pow(part, self.gamma))


@dataclass(frozen=True, slots=True)
class Scale:
    """What the numbers of a gain map mean.

    Attributes:
        channels: One, or three for red, green and blue.
        from_headroom: Up to how many stops of a screen's headroom the map has no effect.
        headroom: From how many stops it has its full effect.
        in_base_space: Whether gains are those of the picture's own color space; else of the map's profile.
    """

    channels: tuple[Channel, ...]
    from_headroom: float
    headroom: float
    in_base_space: bool = True

    def is_possible(self) -> bool:
        """Whether a picture of standard range can be shown brighter by this."""
        stops = 0 <= self.from_headroom < self.headroom <= _MOST_STOPS
        return stops and all(channel.is_possible() for channel in self.channels)


@dataclass(frozen=True, slots=True)
class GainMap:
    """A gain map as it was found.

    Attributes:
        data: Its JPEG file.
        scale: What its numbers mean.
        table: By which its numbers, 0 to 255, are to be replaced before `scale` holds; None where it does already.
    """

    data: bytes
    scale: Scale
    table: tuple[int, ...] | None = None


def gain_map_of(data: bytes) -> GainMap | None:
    """The gain map in a JPEG file; None where there is none that can be understood, or the picture itself is HDR."""
    for part in further_pictures(data):
        for read in (_of_iso, _of_ultra_hdr, _of_apple):
            try:
                found = read(part, data)
            except (ArithmeticError, LookupError, SyntaxError, ValueError, struct.error):
                continue
            if found is not None and found.scale.is_possible():
                return found
    return None


def with_scale(data: bytes, scale: Scale) -> bytes:
    """The JPEG file of a gain map with what its numbers mean."""
    return with_segments(data, _xmp(_described(scale)) + jpeg_segment(APP2, _ISO + _as_iso(scale)))


def with_announcement(data: bytes, gain_map_bytes: int) -> bytes:
    """The JPEG file of a picture saying that a gain map of so many bytes follows behind it."""
    return with_segments(data, _xmp(_directory(gain_map_bytes)) + jpeg_segment(APP2, _ISO + bytes(4)))


# ISO 21496-1, annex C.


def _of_iso(part: bytes, _: bytes) -> GainMap | None:
    body = next(bodies(part, APP2, _ISO), None)
    if body is None:
        return None
    minimum, _, flags = struct.unpack_from(">HHB", body)
    if minimum or flags & _BACKWARD:
        return None
    numbers = _fractions(body, 5, one_denominator=bool(flags & _ONE_DENOMINATOR))
    start, end = next(numbers), next(numbers)
    count = 3 if flags & _SEVERAL_CHANNELS else 1
    channels = tuple(Channel(*(next(numbers) for _ in Channel._fields)) for _ in range(count))
    return GainMap(part, Scale(channels, start, end, bool(flags & _BASE_SPACE)))


def _fractions(body: bytes, at: int, *, one_denominator: bool) -> Iterator[float]:
    """Signed numbers; unsigned ones of any sound file are the same."""
    common = 0
    if one_denominator:
        common, at = int(struct.unpack_from(">I", body, at)[0]), at + 4
    while True:
        if common:
            yield int(struct.unpack_from(">i", body, at)[0]) / common
            at += 4
        else:
            above, below = struct.unpack_from(">iI", body, at)
            yield above / below
            at += 8


def _as_iso(scale: Scale) -> bytes:
    several = len(scale.channels) > 1
    flags = (_SEVERAL_CHANNELS if several else 0) | (_BASE_SPACE if scale.in_base_space else 0)
    numbers = [scale.from_headroom, scale.headroom, *(number for channel in scale.channels for number in channel)]
    return struct.pack(">HHB", 0, 0, flags) + b"".join(
        struct.pack(">iI", round(number * _DENOMINATOR), _DENOMINATOR) for number in numbers
    )


# Ultra HDR Image Format 1.1.


def _of_ultra_hdr(part: bytes, _: bytes) -> GainMap | None:
    said = _said(part, _HDRGM)
    if said is None or said.get("BaseRenditionIsHDR", ["False"]) != ["False"]:
        return None
    columns = [
        said.get("GainMapMin", ["0"]),
        said["GainMapMax"],
        said.get("Gamma", ["1"]),
        said.get("OffsetSDR", [str(_USUAL_OFFSET)]),
        said.get("OffsetHDR", [str(_USUAL_OFFSET)]),
    ]
    count = max(map(len, columns))
    spread = [[float(one) for one in (column if len(column) == count else column[:1] * count)] for column in columns]
    channels = tuple(Channel(*numbers) for numbers in zip(*spread, strict=True))
    start, end = (float(said.get(name, ["0"])[0]) for name in ("HDRCapacityMin", "HDRCapacityMax"))
    return GainMap(part, Scale(channels, start, end)) if count in {1, 3} else None


def _said(data: bytes, namespace: str) -> dict[str, list[str]] | None:
    """What the XMP data says in a namespace: values by name, several where they are listed."""
    body = next(bodies(data, APP1, _XMP), None)
    # A document type may define entities without end.
    if body is None or namespace[1:-1].encode() not in body or len(body) > _LARGEST_XMP or b"<!" in body:
        return None
    from xml.etree import ElementTree as ET  # noqa: PLC0415  only few pictures need it

    root = ET.fromstring(body[body.index(b"<") : body.rindex(b">") + 1])  # noqa: S314  there is no document type
    return {name: values for node in root.iter() for name, values in _values(node, namespace)} or None


def _values(node: Element, namespace: str) -> Iterator[tuple[str, list[str]]]:
    for name, value in node.attrib.items():
        if name.startswith(namespace):
            yield name.removeprefix(namespace), [value.strip()]
    if node.tag.startswith(namespace):
        listed = [item.text or "" for item in node.iter(_LIST_ITEM)] or [node.text or ""]
        yield node.tag.removeprefix(namespace), [text.strip() for text in listed]


_HEAD = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
_TAIL = "</rdf:RDF></x:xmpmeta>"
_DESCRIPTION = '<rdf:Description rdf:about="" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
_CONTAINER = (
    ' xmlns:Container="http://ns.google.com/photos/1.0/container/"'
    ' xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)


def _xmp(description: str) -> bytes:
    return jpeg_segment(APP1, _XMP + f"{_HEAD}{description}{_TAIL}".encode())


def _directory(gain_map_bytes: int) -> str:
    items = (("Primary", ""), ("GainMap", f' Item:Length="{gain_map_bytes}"'))
    listed = "".join(
        f'<rdf:li rdf:parseType="Resource">'
        f'<Container:Item Item:Semantic="{name}" Item:Mime="image/jpeg"{length}/></rdf:li>'
        for name, length in items
    )
    directory = f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"
    return f'{_DESCRIPTION}{_CONTAINER} hdrgm:Version="1.0">{directory}</rdf:Description>'


def _described(scale: Scale) -> str:
    names = ("GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR")
    values = dict(zip(names, zip(*scale.channels, strict=True), strict=True))
    single = {name: numbers[0] for name, numbers in values.items() if len(set(numbers)) == 1}
    single |= {"HDRCapacityMin": scale.from_headroom, "HDRCapacityMax": scale.headroom}
    words = "".join(f' hdrgm:{name}="{number:.6g}"' for name, number in single.items())
    listed = "".join(_list(name, numbers) for name, numbers in values.items() if name not in single)
    return f'{_DESCRIPTION} hdrgm:Version="1.0"{words} hdrgm:BaseRenditionIsHDR="False">{listed}</rdf:Description>'


def _list(name: str, numbers: Sequence[float]) -> str:
    items = "".join(f"<rdf:li>{number:.6g}</rdf:li>" for number in numbers)
    return f"<hdrgm:{name}><rdf:Seq>{items}</rdf:Seq></hdrgm:{name}>"


# Apple's, "Applying Apple HDR effect to your photos": brighter = picture * (1 + (headroom - 1) * map).

_EXIF = b"Exif\0\0"
_EXIF_DIRECTORY, _MAKER_NOTE = 0x8769, 0x927C
_APPLE_NOTE, _APPLE_NOTE_START = b"Apple iOS\0", 14
_SIGNED_FRACTION = 10
_HEADROOM_TAG, _GAIN_TAG = 33, 48
_SMALL_GAIN = 0.01
# Stops as (slope, start) over the gain, by whether the headroom is at least 1 and the gain is not small.
_STOPS = {
    (False, False): (-20.0, 1.8),
    (False, True): (-0.101, 1.601),
    (True, False): (-70.0, 3.0),
    (True, True): (-0.303, 2.303),
}


def _of_apple(part: bytes, data: bytes) -> GainMap | None:
    said = _said(part, _APPLE)
    if said is None or "HDRGainMapVersion" not in said:
        return None
    told = said.get("HDRGainMapHeadroom")
    headroom = float(told[0]) if told else _headroom_of_camera(data)
    if headroom is None or headroom <= 1:
        return None
    stops = math.log2(headroom)
    gains = (math.log2(1 + (headroom - 1) * _light(level / 255)) for level in range(256))
    table = tuple(round(255 * gain / stops) for gain in gains)
    return GainMap(part, Scale((Channel(0.0, stops, 1.0, 0.0, 0.0),), 0.0, stops), table)


def _light(value: float) -> float:
    """Linear light of a number (ITU-R BT.709, 1.2)."""
    linear_up_to = 0.081
    return value / 4.5 if value < linear_up_to else ((value + 0.099) / 1.099) ** (1 / 0.45)


def _headroom_of_camera(data: bytes) -> float | None:
    """The headroom by the two numbers that Apple's cameras note; None where they do not."""
    exif = next(bodies(data, APP1, _EXIF), None)
    note = _maker_note(exif) if exif else None
    if not note or not note.startswith(_APPLE_NOTE):
        return None
    order = "<" if note[12:14] == b"II" else ">"
    found = _signed_fractions(note, order)
    bright, gain = found.get(_HEADROOM_TAG), found.get(_GAIN_TAG, 0.0)
    if bright is None:
        return None
    slope, start = _STOPS[bright >= 1, gain > _SMALL_GAIN]
    stops = slope * gain + start
    return float(2 ** max(stops, 0.0))


def _maker_note(exif: bytes) -> bytes | None:
    from PIL import Image  # noqa: PLC0415  only few pictures need it

    read = Image.Exif()
    read.load(_EXIF + exif)
    note = read.get_ifd(_EXIF_DIRECTORY).get(_MAKER_NOTE)
    return note if isinstance(note, bytes) else None


def _signed_fractions(note: bytes, order: str) -> dict[int, float]:
    (count,) = struct.unpack_from(order + "H", note, _APPLE_NOTE_START)
    found = {}
    for number in range(min(count, 200)):
        tag, kind, _, at = struct.unpack_from(order + "HHII", note, _APPLE_NOTE_START + 2 + 12 * number)
        if kind == _SIGNED_FRACTION and at + 8 <= len(note):
            above, below = struct.unpack_from(order + "ii", note, at)
            found[tag] = above / below if below else 0.0
    return found
