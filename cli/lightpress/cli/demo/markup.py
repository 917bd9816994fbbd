"""HTML that cannot be broken by what it shows: text is escaped unless it is markup already."""

from __future__ import annotations

import html
from urllib.parse import quote, urlsplit

_WITHOUT_END = {"img", "link", "meta", "source"}
_SAFE_IN_ADDRESSES = ":/?#[]@!$&'()*+,;=%"


class Markup(str):
    """Text that is HTML already, and is not escaped."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str) -> Markup:
    """Write an element; attributes may end in an underscore to keep clear of Python's keywords."""
    written = "".join(f' {_attribute(key)}="{html.escape(value)}"' for key, value in attributes.items())
    if tag in _WITHOUT_END:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{together(*children)}</{tag}>")


def together(*parts: str) -> Markup:
    """Join pieces, and escape those that are plain text."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(part) for part in parts))


def link(address: str, *children: str, **attributes: str) -> Markup:
    """Write a link, or nothing but its text where the address is for anything but a web page or a file beside this."""
    if urlsplit(address).scheme not in {"", "http", "https"}:
        return together(*children)
    return element("a", *children, href=address, **attributes)


def beside(file: str) -> str:
    """Return the address of a file in the same folder or below."""
    return f"./{quote(file)}"


def web_address(address: str) -> str:
    """Encode what must not stand in an address; what is encoded already stays as it is."""
    return quote(address, safe=_SAFE_IN_ADDRESSES)


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
