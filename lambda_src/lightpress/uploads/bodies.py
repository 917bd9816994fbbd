"""Reads the JSON bodies of requests: I-JSON (RFC 7493), which every program reads alike, with limits on size and depth.

What `json.loads` would let through, or fail on with other errors than ValueError: duplicate names, of which it keeps
the last one; deep nesting; and what `strict_json` refuses.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from lightpress.strict_json import strict_json
from lightpress.units import MB
from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BODY_BYTES = 1 * MB
"""Enough for the 10,000 parts of one upload, with the names and ETags of each."""
MAX_DEPTH = 16
"""The requests of the API need three: an object, its list, and the objects of that."""
# A string, closed or not, or a bracket. `*+` never gives back what it took: the time is linear, whatever the text.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def json_body(event: Mapping[str, Any]) -> object:
    """Read the body of a request to an HTTP API (payload 2.0); None if it has none.

    Raises:
        Refused: 413 for more than MAX_BODY_BYTES, 400 for what is not I-JSON.
    """
    try:
        text = _text(event)
        return parse_json(text) if text else None
    except UnicodeError:
        raise Refused(400, "not_json", "The body is not JSON: it is not encoded in UTF-8.") from None
    except ValueError as error:
        raise Refused(400, "not_json", f"The body is not JSON: {error}.") from None


def parse_json(text: str) -> object:
    """Parse I-JSON; raises ValueError with what is wrong, without a period at its end."""
    if _depth(text) > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    return strict_json(text, _unique)


def _text(event: Mapping[str, Any]) -> str:
    """The body as text. API Gateway sends it in base64 unless the content type says that it is text."""
    body: str = event.get("body") or ""
    data = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    if len(data) > MAX_BODY_BYTES:
        raise Refused(413, "body_too_large", f"The body has {len(data)} bytes; at most {MAX_BODY_BYTES} are accepted.")
    return data.decode()


def _depth(text: str) -> int:
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        if token[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice")
    return found
