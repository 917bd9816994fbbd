"""Properties are those of the primary item, and damage says nothing."""

from __future__ import annotations

import struct

import pytest

from lightpress.image.isobmff import properties
from tests.image.declaring import avif_with, bars


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


def test_a_file_cut_anywhere_raises_nothing() -> None:
    data = avif_with(bars(), 12, 13)[:600]
    for end in range(len(data)):
        properties(data[:end])
