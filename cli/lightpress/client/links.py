"""Addresses of pictures for pages: what templates of a web framework need. Nothing of AWS, and nothing is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from lightpress.delivery.permalink import permalink

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTHS = (320, 640, 1280, 1920)
"""Widths for most pages. Each is led to the next larger one of your recipes."""

_WHOLE = re.compile(r"https?://", re.IGNORECASE)
_OPAQUE = re.compile(r"/~[A-Za-z0-9_-]{2,}")


@dataclass(frozen=True)
class Links:
    """Makes addresses.

    A source is a key (`trips/cat nap.jpg`), with or without a slash before it, or a permalink that the upload API gave,
    whole or, if it is opaque, from its path on (`/~...`).

    Attributes:
        base: The output CdnBaseUrl, or your own domain.

    """

    base: str

    def url(self, source: str, **query: str | float | None) -> str:
        """Return the address of a picture. query: `w`, `h`, `dpr`, `fm`, `size`, `hints`; None is left out."""
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        address = self._address(source)
        return f"{address}?{asked}" if asked else address

    def srcset(self, source: str, widths: Iterable[int] = WIDTHS) -> str:
        """Return a `srcset` of these widths, in pixels."""
        return ", ".join(f"{self.url(source, w=width)} {width}w" for width in sorted(widths))

    def img(self, source: str, *, alt: str, sizes: str = "100vw", widths: Iterable[int] = WIDTHS) -> str:
        """Return an `<img>` in HTML; mark it as safe where templates escape."""
        offered = sorted(widths)
        said = {
            "src": self.url(source, w=offered[-1]),
            "srcset": self.srcset(source, offered),
            "sizes": sizes,
            "alt": alt,
            "loading": "lazy",
        }
        attributes = " ".join(f'{name}="{escape(value)}"' for name, value in said.items())
        return f"<img {attributes}>"

    def _address(self, source: str) -> str:
        base = self.base.rstrip("/")
        if _WHOLE.match(source):
            return re.split("[?#]", source, maxsplit=1)[0]
        if _OPAQUE.fullmatch(source):
            return f"{base}{source}"
        key = source.lstrip("/")
        if not key:
            raise ValueError("A picture needs a key, such as trips/cat.jpg")
        return f"{base}{permalink(key)}"
