"""Entry point of the function `resolve`, which only the CDN invokes. It imports little, for the sake of cold starts."""

from __future__ import annotations

import base64
from typing import Any

from lightpress.composition.resolve import lookups
from lightpress.delivery.resolve import read, resolve


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer a request to a function URL (payload 2.0). HEAD is answered as GET is: Lambda sends no body to it."""
    answer = resolve(read(event["rawPath"]), lookups(), event.get("headers", {}).get("if-none-match", ""))
    response: dict[str, Any] = {"statusCode": answer.status, "headers": answer.headers}
    if answer.body is not None:
        response |= {"body": base64.b64encode(answer.body).decode(), "isBase64Encoded": True}
    return response
