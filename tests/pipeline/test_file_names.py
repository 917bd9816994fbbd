"""Whatever a key holds, what a viewer saves has an honest name, and the header that says so is one line of ASCII."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.file_names import content_disposition, saved_as

_HEADER = re.compile(r"inline; filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+)")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("trips/cat nap.jpg", "cat nap.avif"),
        ("cat", "cat.avif"),
        ("a/b/", "b.avif"),
        ("archive.tar.gz", "archive.tar.avif"),
        ("Kätzchen 猫.png", "Kätzchen 猫.avif"),
        ('say "cheese".jpg', "say _cheese_.avif"),
        ("a\\..\\b.jpg", "a_.._b.avif"),
        ("line\r\nSet-Cookie: a=b.jpg", "line__Set-Cookie_ a=b.avif"),
        ("nul\x00.jpg", "nul_.avif"),
        ("evil\u202egpj.exe.jpg", "evil_gpj.exe.avif"),
        ("\ud800.jpg", "_.avif"),
        (".htaccess", "htaccess.avif"),
        ("...", "image.avif"),
        ("/", "image.avif"),
        (" .jpg", "image.avif"),
        ("x" * 1_000, "x" * 80 + ".avif"),
        ("x" * 79 + " y.jpg", "x" * 79 + ".avif"),
        ("🐈" * 100 + ".jpg", "🐈" * 58 + ".avif"),
        ("猫" * 100 + ".jpg", "猫" * 78 + ".avif"),
        ("x" + "🐈" * 100 + ".jpg", "x" + "🐈" * 58 + ".avif"),
    ],
)
def test_a_file_is_saved_under_the_originals_name_with_its_own_ending(key: str, name: str) -> None:
    assert saved_as(key, "avif") == name


_MANY_BYTES = st.text(st.sampled_from("🐈😀猫éx ."), min_size=60, max_size=300)


@given(st.text(max_size=200) | _MANY_BYTES, st.sampled_from(sorted({row.extension for row in OUTPUTS.values()})))
def test_any_key_makes_a_name_of_at_most_240_bytes_in_one_line_that_reads_back(key: str, extension: str) -> None:
    name = saved_as(key, extension)
    assert len(name.encode()) <= 240
    assert name.endswith(f".{extension}")
    assert not name.startswith((".", " "))
    assert not set(name) & set('/\\:*?"<>|\r\n\0')
    matched = _HEADER.fullmatch(content_disposition(name))
    assert matched is not None
    assert unquote(matched[1]) == name
