"""The emulator's applications. Run in the emulator's own environment.

`behind_tls`: as it would be behind something that ends TLS. Without TLS the emulator takes every request for an
insecure one, its own CDN's included, and the buckets refuse those. A browser would refuse the strict mode's
certificate; so in the other mode loopback counts as secure.

`strict`: as it is.

In both, a request of the CDN to a function URL fails where its path has other characters than letters, digits and
`-._~/`: it is reported that CloudFront signs another path than Lambda then receives
(https://github.com/aws-samples/image-optimization/issues/44). The emulator signs nothing there, and would let it pass.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.app import app as emulator
from ministack.core.iam_evaluator import pin_request_origin
from ministack.services import cloudfront

_SIGNED_ALIKE = re.compile(r"[A-Za-z0-9._~/-]*")
_MISMATCH = b'{"Message":"The request signature we calculated does not match the signature you provided."}'
_fetch = cloudfront._fetch_from_function_url_origin  # noqa: SLF001  the emulator has no place to plug in


async def _fetch_signed(host: str, origin: Any, method: str, uri: str, *rest: Any) -> Any:  # noqa: ANN401  the emulator's
    if _SIGNED_ALIKE.fullmatch(uri):
        return await _fetch(host, origin, method, uri, *rest)
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", "InvalidSignatureException")]
    return 403, "Forbidden", headers, _MISMATCH


cloudfront._fetch_from_function_url_origin = _fetch_signed  # noqa: SLF001

strict = emulator


async def behind_tls(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI
    """Pass a request on as one that came over TLS."""
    pin_request_origin("127.0.0.1", True)  # noqa: FBT003  its signature
    await emulator(scope, receive, send)
