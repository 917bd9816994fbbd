"""The door of permalinks: asked by the CDN alone, and answers with where the image is. Loads as little as it can."""

from __future__ import annotations

import base64
from typing import Any

from lightpress.composition.resolve import is_uploaded, published_manifest
from lightpress.delivery.resolve import read, resolve


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer a request to a function URL (payload 2.0)."""
    answer = resolve(read(event["rawPath"]), published_manifest, is_uploaded)
    told: dict[str, Any] = {"statusCode": answer.status, "headers": answer.headers}
    if answer.body is not None:
        told |= {"body": base64.b64encode(answer.body).decode(), "isBase64Encoded": True}
    return told
