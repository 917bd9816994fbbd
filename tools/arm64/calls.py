"""What each handler is asked, so that it makes its clients, and what it must answer."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.paths import short_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEY = "cats/cat.jpg"
_LINK = base64.urlsafe_b64encode(_KEY.encode()).decode().rstrip("=")
_NO_MESSAGES: dict[str, Any] = {"Records": []}
_SENT = {"SentTimestamp": "4102444800000"}  # in 2100: it has not waited for long
_PURGE = {"messageId": "1", "body": f"i/{short_name(_KEY)}/", "attributes": _SENT}
_UPLOAD = {
    "version": "2.0",
    "routeKey": "POST /uploads",
    "rawPath": "/uploads",
    "rawQueryString": "",
    "headers": {"content-type": "application/json"},
    "requestContext": {
        "http": {"method": "POST", "path": "/uploads"},
        "stage": "$default",
        "requestId": "r",
        "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/somebody"}},
    },
    "body": json.dumps({"filename": "cat.jpg", "type": "image/jpeg", "size": 1_000}),
    "isBase64Encoded": False,
}

CALLS: Mapping[str, dict[str, Any]] = {
    "lightpress.handlers.process_upload": _NO_MESSAGES,
    "lightpress.handlers.record_failure": _NO_MESSAGES,
    "lightpress.handlers.compress_in_place": _NO_MESSAGES,
    "lightpress.handlers.fetch_url": _NO_MESSAGES,
    "lightpress.handlers.purge_deleted": {"Records": [_PURGE]},
    "lightpress.handlers.backfill": {"task": "begin", "state": {"nightly": True}, "execution": "night"},
    "lightpress.handlers.resolve": {"rawPath": f"/r/{short_name(_KEY)}/avif.webp/w640/~{_LINK}"},
    "lightpress.handlers.upload_api": _UPLOAD,
}
"""An event for each handler, by module. They do as much as can be done with an empty account."""

_ANSWERS: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
    "lightpress.handlers.process_upload": ({"batchItemFailures": []}, ()),
    "lightpress.handlers.record_failure": ({"batchItemFailures": []}, ()),
    "lightpress.handlers.compress_in_place": ({"batchItemFailures": []}, ()),
    "lightpress.handlers.fetch_url": ({"batchItemFailures": []}, ()),
    "lightpress.handlers.purge_deleted": ({"batchItemFailures": []}, ("POST /2020-05-31/distribution",)),
    "lightpress.handlers.backfill": ({"run": "night", "part": 0}, ("POST /",)),
    "lightpress.handlers.resolve": ({"statusCode": 404}, ("GET /lightpress/m/",)),
    "lightpress.handlers.upload_api": ({"statusCode": 201}, ()),
}
"""What of the answer must be so, and how the signed requests begin that must have been sent."""


def wrong_with(module: str, status: int, printed: str, signed: Sequence[str]) -> tuple[str, str]:
    """What a handler answered, for people, and what is wrong with it; "" is nothing.

    status, printed: of its process. signed: requests that it sent to AWS, as method and path.
    """
    last = printed.strip().rpartition("\n")[2]
    if status != 0 or not last.startswith('{"answer"'):
        return f"it ended with {status}", printed[-1_500:]
    answer = json.loads(last)["answer"]
    must, requests = _ANSWERS[module]
    said = json.dumps({name: answer.get(name) for name in must})
    if requests:
        said += f", after {', '.join(signed)}"
    missing = [start for start in requests if not any(request.startswith(start) for request in signed)]
    if missing:
        return said, f"no signed request {missing[0]}..."
    return said, "" if must.items() <= answer.items() else f"it must be {json.dumps(must)}"
