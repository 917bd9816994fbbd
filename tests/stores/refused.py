"""AWS refuses what reaches it: answers as bytes on the wire, which botocore reads as it reads those of AWS.

with refusing(client.meta.events, EXPIRED_TOKEN) as refused:
    ...
assert refused == ["HEAD https://..."]
"""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest


@dataclass(frozen=True)
class Refusal:
    """What AWS says. status: of S3; where JSON is spoken, it is 400."""

    status: int
    code: str
    message: str


EXPIRED_TOKEN = Refusal(400, "ExpiredToken", "The provided token has expired.")
KEY_DISABLED = Refusal(400, "KMS.DisabledException", "arn:aws:kms:eu-west-1:123456789012:key/k is disabled.")
NOT_ALLOWED = Refusal(403, "AccessDenied", "User is not authorized to perform: kms:Decrypt")
LOST_CONNECTION = None

_NOWHERE = "https://refused.invalid/"  # or moto, which hears of it next, would do it after all
_BEFORE_SEND = "before-send.*"  # of any service; as it says more than the event of moto, it is asked first


def every_request(_what: str) -> bool:
    return True


@contextmanager
def refusing(
    events: Any,  # noqa: ANN401  a session's or a client's
    refusal: Refusal | None,
    meant: Callable[[str], bool] = every_request,
) -> Iterator[list[str]]:
    """Refuse the requests that are meant, `HEAD https://...` for one; tells which those were."""
    refused: list[str] = []

    def refuse(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        what = f"{request.method} {request.url}"
        if not meant(what):
            return None
        refused.append(what)
        if refusal is None:
            raise EndpointConnectionError(endpoint_url=request.url)
        answer = _answer(request, refusal)
        request.url = _NOWHERE
        return answer

    events.register(_BEFORE_SEND, refuse)
    try:
        yield refused
    finally:
        events.unregister(_BEFORE_SEND, refuse)


def _answer(request: AWSPreparedRequest, refusal: Refusal) -> AWSResponse:
    speaks_json = "json" in str(request.headers.get("Content-Type", ""))
    status, body = (400, _json(refusal)) if speaks_json else (refusal.status, _xml(refusal))
    if "://sts." in str(request.url) or "://cloudformation." in str(request.url):
        body = _query_xml(refusal)
    if request.method == "HEAD":  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        body = b""
    headers = HTTPHeaders.from_dict(
        {"content-type": "application/x-amz-json-1.0" if speaks_json else "application/xml"}
    )
    raw: Any = _Raw(body)
    return AWSResponse(request.url, status, headers, raw)


def _json(refusal: Refusal) -> bytes:
    return json.dumps({"__type": f"com.amazonaws.sqs#{refusal.code}", "message": refusal.message}).encode()


def _xml(refusal: Refusal) -> bytes:
    return f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>".encode()


def _query_xml(refusal: Refusal) -> bytes:
    return b"<ErrorResponse>" + _xml(refusal) + b"<RequestId>r</RequestId></ErrorResponse>"


class _Raw(io.BytesIO):
    """As urllib3 has it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()
