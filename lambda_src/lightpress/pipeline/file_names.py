"""The name that an image gets where a viewer saves it: the original's, with the ending of what it really is."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_MAX_CHARACTERS = 80
_MAX_BYTES = 240
"""Of the whole name in UTF-8. File systems take 255 bytes; browsers add " (1)" where there is such a file already."""
_NO_NAME = "image"
# What file systems, shells or browsers read as more than a part of a name.
_MEANS_MORE = frozenset('/\\:*?"<>|')
# Stand in a header as they are (attr-char of RFC 8187), beside letters and digits.
_PLAIN = "!#$&+-.^_`|~"


def saved_as(key: str, extension: str) -> str:
    """The file name for a variant of `key`: `trips/cat.jpg` and `avif` give `cat.avif`. Never empty, hidden or a path.

    Control characters go, and those that turn the direction of writing: a name must not look like another.
    """
    last = key.rstrip("/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    shown = "".join("_" if _is_unfit(character) else character for character in stem).strip(" .")
    short = _at_most(_MAX_BYTES - len(f".{extension}"), shown[:_MAX_CHARACTERS])
    return f"{short.rstrip(' .') or _NO_NAME}.{extension}"


def _at_most(size: int, text: str) -> str:
    """The beginning of a text that fits into `size` bytes of UTF-8, in whole characters."""
    return text.encode()[:size].decode(errors="ignore")


def content_disposition(name: str) -> str:
    """The header that shows an image in the page, and saves it under this name. ASCII, whatever the name."""
    return f"inline; filename*=UTF-8''{quote(name, safe=_PLAIN)}"


def _is_unfit(character: str) -> bool:
    return character in _MEANS_MORE or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
