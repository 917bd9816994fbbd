"""Permalinks: addresses that are known before the upload, such as `/KEY?w=640`.

Most keys stand in it as they are, percent-encoded. Those that browsers or the CDN would rewrite (`a/../b`, `//`) or
take for another address (what begins like that of a variant) stand there as `/~` and their bytes in base64url.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote, unquote_to_bytes

_ENCODED = "~"
_MISTAKEN = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)|^(?:~|i/|r/|favicon\.ico\Z|robots\.txt\Z)")
_AS_THEY_ARE = "/!*'()"  # and letters, digits, - . _ ~: what JavaScript's encodeURIComponent leaves alone


def permalink(key: str) -> str:
    """Return the path of a key, to be appended to the base URL of the CDN, such as `/trips/cat%20nap.jpg`."""
    if _MISTAKEN.search(key):
        return f"/{_ENCODED}{base64.urlsafe_b64encode(key.encode()).decode().rstrip('=')}"
    return f"/{quote(key, safe=_AS_THEY_ARE)}"


def key_of(path: str) -> str | None:
    """Return the key that a path is the permalink of; None if it is no permalink."""
    coded = path.removeprefix("/")
    try:
        if coded.startswith(_ENCODED):
            missing = "=" * (-len(coded.removeprefix(_ENCODED)) % 4)
            return base64.b64decode(coded.removeprefix(_ENCODED) + missing, altchars=b"-_", validate=True).decode()
        return unquote_to_bytes(coded).decode() or None
    except (binascii.Error, ValueError):
        return None
