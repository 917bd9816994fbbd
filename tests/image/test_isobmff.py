"""Properties are those of the primary item, and damage says nothing."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.isobmff import item_associations, properties
from lightpress.image.repair_avif import with_one_association
from tests.image.declaring import avif_with, bars
from tools.drawing import file_of, only, ramp, summary_of


def box(kind: bytes, *parts: bytes) -> bytes:
    contents = b"".join(parts)
    return struct.pack(">I4s", 8 + len(contents), kind) + contents


def file_of_two(primary: int, *, long_names: bool = False, long_numbers: bool = False) -> bytes:
    """Item 1 has the property "one", item 2 has "two" and then "one"."""
    name, number = (">I" if long_names else ">H"), (">H" if long_numbers else ">B")
    entries = (
        struct.pack(name, item) + bytes((len(numbers),)) + b"".join(struct.pack(number, n) for n in numbers)
        for item, numbers in ((1, (1,)), (2, (2, 1)))
    )
    table = box(b"ipma", bytes((long_names, 0, 0, long_numbers)), struct.pack(">I", 2), *entries)
    stored = box(b"ipco", box(b"colr", b"one"), box(b"colr", b"two"))
    named = box(b"pitm", bytes((long_names, 0, 0, 0)), struct.pack(name, primary))
    return box(b"ftyp", b"avif") + box(b"meta", bytes(4), named, box(b"iprp", stored, table))


@pytest.mark.parametrize("long_names", [False, True])
@pytest.mark.parametrize("long_numbers", [False, True])
def test_properties_are_those_of_the_primary_item_in_its_order(long_names: bool, long_numbers: bool) -> None:
    first, second = (properties(file_of_two(item, long_names=long_names, long_numbers=long_numbers)) for item in (1, 2))
    assert first == [(b"colr", b"one")]
    assert second == [(b"colr", b"two"), (b"colr", b"one")]


def test_an_item_that_is_not_there_has_none() -> None:
    assert properties(file_of_two(3)) == []


def test_boxes_may_have_lengths_of_64_bits_and_reach_to_the_end() -> None:
    start = box(b"ftyp", b"avif")
    meta = file_of_two(1)[len(start) + 8 :]
    assert properties(start + struct.pack(">I4sQ", 1, b"meta", 16 + len(meta)) + meta) == [(b"colr", b"one")]
    assert properties(start + struct.pack(">I4s", 0, b"meta") + meta) == [(b"colr", b"one")]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_avif_that_associates_its_properties_item_by_item_is_read_as_any_other(mode: str) -> None:
    image = Image.merge(mode, [ramp((64, 48)).getchannel(0)] * len(mode))
    whole = file_of(image, "AVIF", quality=100)
    apart = with_associations_apart(whole)
    assert apart.count(b"ipma") == 1 + (mode == "RGBA")
    assert only(apart).tobytes() == only(whole).tobytes()
    assert ("they are joined" in " ".join(summary_of(apart).notes)) == (mode == "RGBA")


def test_contradicting_associations_are_damage() -> None:
    apart = with_associations_apart(file_of(Image.new("RGBA", (64, 48)), "AVIF"))
    second = apart.rindex(b"ipma")
    twice = apart[: second + 12] + b"\0\1" + apart[second + 14 :]
    with pytest.raises(PictureRejected) as caught:
        only(twice)
    assert caught.value.reason is Reason.CORRUPT
    for end in range(second, second + 19):
        assert with_one_association(apart[:end]) is None


def with_associations_apart(data: bytes) -> bytes:
    """The same AVIF as encoders of 2019 wrote it: a box of associations for each item."""
    at = data.index(b"ipma") - 4
    (length,) = struct.unpack_from(">I", data, at)
    entries = [entry for _, entry in item_associations(data, (at + 8, at + length))]
    apart = b"".join(box(b"ipma", data[at + 8 : at + 12], struct.pack(">I", 1), entry) for entry in entries)
    made = bytearray(data[:at] + apart + data[at + length :])
    grown = len(apart) - length
    for kind in (b"meta", b"iprp"):
        place = made.index(kind) - 4
        struct.pack_into(">I", made, place, struct.unpack_from(">I", made, place)[0] + grown)
    places = made.index(b"iloc") + 4
    for number in range(struct.unpack_from(">H", made, places + 6)[0]):
        offset = places + 8 + number * 14 + 6
        struct.pack_into(">I", made, offset, struct.unpack_from(">I", made, offset)[0] + grown)
    return bytes(made)


def test_a_file_cut_anywhere_raises_nothing() -> None:
    data = avif_with(bars(), 12, 13)[:600]
    for end in range(len(data)):
        properties(data[:end])
