"""Serves the upload page and that of operators: the files of this folder, and `config.json`. It has no rights at all.

PAGE, a variable that the stack sets, is a JSON object:
  auth, max_bytes, parts_from, shrink_to, types, kinds, extensions, formats
                     the contents of `config.json` (account.js, queue.js, view.js, words.js)
  operators          the scope that operators have; empty, or left out, where there is no page for them
  connect, images    addresses whose origins the page may send to, and show images from
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_FOLDER = Path(__file__).parent
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_CONFIG = ("auth", "max_bytes", "parts_from", "shrink_to", "types", "kinds", "extensions", "formats")


def pages(page: dict[str, Any], folder: Path = _FOLDER) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Every file by its name: its bytes and its headers. The page itself has no name."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _MEDIA_TYPES}
    scope = page.get("operators", "")
    if not scope:
        files = {name: body for name, body in files.items() if not name.startswith("operators.")}
    files["config.json"] = json.dumps({name: page[name] for name in _CONFIG} | {"operators": scope}).encode()
    return {
        "" if name == "index.html" else name: (body, _headers(Path(name).suffix, body, page))
        for name, body in files.items()
    }


def _headers(suffix: str, body: bytes, page: dict[str, Any]) -> dict[str, str]:
    return {
        "content-type": _MEDIA_TYPES[suffix],
        # Asked for each time, and sent again only after a deploy: page and API are never of different releases.
        "cache-control": "no-cache",
        "etag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "content-security-policy": _policy(page),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=63072000",
        "cross-origin-opener-policy": "same-origin",
    }


def _policy(page: dict[str, Any]) -> str:
    """What the page may load: its own files, published pictures, and previews of what is about to be uploaded."""
    sources = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:", *map(_origin, page["images"])],
        "connect-src": ["'self'", *map(_origin, page["connect"])],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(allowed)}" for name, allowed in sources.items())


def _origin(address: str) -> str:
    """Scheme and host. With a path that does not end in "/", a policy allows that one address and nothing below it.

    That an issuer has a path, as with Cognito, Keycloak and Okta, may be known after the deployment alone.
    Source: https://www.w3.org/TR/CSP3/#match-paths
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


_PAGES = pages(json.loads(os.environ["PAGE"])) if "PAGE" in os.environ else {}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer `GET /` and `GET /{file}` of an HTTP API (payload 2.0)."""
    found = _PAGES.get((event.get("pathParameters") or {}).get("file", ""))
    if found is None:
        return {"statusCode": 404, "headers": {"content-type": "text/plain"}, "body": "There is no such page.\n"}
    body, headers = found
    if event.get("headers", {}).get("if-none-match") == headers["etag"]:
        return {"statusCode": 304, "headers": headers}
    return {"statusCode": 200, "headers": headers, "body": body.decode()}
