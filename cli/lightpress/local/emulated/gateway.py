"""The emulator's applications. Run in the emulator's own environment.

`behind_tls`: as it would be behind something that ends TLS. Without TLS the emulator takes every request for an
insecure one, its own CDN's included, and the buckets refuse those. A browser would refuse the strict mode's
certificate; so in the other mode loopback counts as secure.

`strict`: as it is.

In both, a request of the CDN to a function URL fails where its path has other characters than letters, digits and
`-._~/`: it is reported that CloudFront signs another path than Lambda then receives
(https://github.com/aws-samples/image-optimization/issues/44). The emulator signs nothing there, and would let it pass.

In both, the CDN keeps what it answers, and forgets what is invalidated (`edge_cache`): the emulator's keeps nothing.

In both, S3 says 404 to the CDN of an object that is not there, where the bucket's policy lets the CDN list
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html); the emulator's says 403 whatever the policy is.

In both, it fails over within origin groups (`origin_groups`), which the emulator's does not know.

In both, a queue's batching window is waited for, and its batches are as large as they may be (`batching`).

In both, there are services that the emulator has not (`stand_ins`).
"""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

from batching import Windows
from edge_cache import EdgeCache, Invalidations
from ministack.app import app as emulator
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy, pin_request_origin
from ministack.services import cloudfront, lambda_svc, s3, sqs
from origin_groups import ask as ask_group
from origin_groups import with_groups
from stand_ins import install as add_stand_ins

_SIGNED_ALIKE = re.compile(r"[A-Za-z0-9._~/-]*")
_MISMATCH = b'{"Message":"The request signature we calculated does not match the signature you provided."}'
_fetch = cloudfront._fetch_from_function_url_origin  # noqa: SLF001  the emulator has no place to plug in


async def _fetch_signed(host: str, origin: Any, method: str, uri: str, *rest: Any) -> Any:  # noqa: ANN401  the emulator's
    if _SIGNED_ALIKE.fullmatch(uri):
        return await _fetch(host, origin, method, uri, *rest)
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", "InvalidSignatureException")]
    return 403, "Forbidden", headers, _MISMATCH


_cache, _in_progress = EdgeCache(), Invalidations()
_PATHS = re.compile(rb"<Path>([^<]*)</Path>")
_UNSAFE = re.compile(r"""[^!-~]|["#<>\[\\\]^`{|}~]|\*.""")
"""What CloudFront takes in no path to invalidate: what RFC 1738 calls unsafe, and a wildcard that is not at the end."""
_ask_origin = cloudfront._fetch_from_origin  # noqa: SLF001
_invalidate = cloudfront._create_invalidation  # noqa: SLF001
_with_own_headers = cloudfront._add_cloudfront_headers  # noqa: SLF001


async def _fetch_through_cache(origin: Any, method: str, uri: str, *rest: Any) -> Any:  # noqa: ANN401  the emulator's
    """rest: the query, the headers, the body and more, with the ARN of the distribution at the end."""
    query, headers, *more = rest

    async def ask(with_headers: dict[str, str]) -> Any:  # noqa: ANN401  the emulator's
        async def fetch(one: Any) -> Any:  # noqa: ANN401  the emulator's
            return await _ask_origin(one, method, uri, query, with_headers, *more)

        return await ask_group(origin, method, fetch, _FAULTS)

    if method not in {"GET", "HEAD"}:
        return await ask(headers)
    return await _cache.answer((more[-1].rpartition("/")[2], uri), method, headers, ask)


def _invalidate_cache(distribution: str, body: bytes) -> Any:  # noqa: ANN401  the emulator's
    paths = [unescape(path.decode()) for path in _PATHS.findall(body)]
    if any(map(_UNSAFE.search, paths)):
        return cloudfront._error(  # noqa: SLF001
            "InvalidArgument", "Your request contains one or more invalid invalidation paths.", 400
        )
    if not _in_progress.takes(paths):
        said = (
            "Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations."
        )
        return cloudfront._error("TooManyInvalidationsInProgress", said, 400)  # noqa: SLF001
    _cache.forget(distribution, paths)
    return _invalidate(distribution, body)


def _tell_hit(headers: dict[str, Any], x_cache: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401  the emulator's
    return _with_own_headers(headers, "Hit from cloudfront" if "age" in headers else x_cache, *rest, **more)


_fetch_from_s3 = s3.serve_cloudfront_origin_fetch
_FORBIDDEN = 403


def _fetch_or_404(bucket: str, key: str, method: str, headers: Any, source_arn: str = "", oai_id: str = "") -> Any:  # noqa: ANN401, PLR0913, PLR0917  the emulator's
    answer = _fetch_from_s3(bucket, key, method, headers, source_arn, oai_id)
    held = s3._ensure_bucket(bucket)  # noqa: SLF001
    if answer[0] != _FORBIDDEN or held is None or key in held["objects"] or not _may_list(bucket, source_arn):
        return answer
    return s3._error("NoSuchKey", "The specified key does not exist.", 404, f"/{bucket}/{key}")  # noqa: SLF001


def _may_list(bucket: str, source_arn: str) -> bool:
    owner = s3._bucket_owner_account(bucket) or s3.get_account_id()  # noqa: SLF001
    policy = s3._bucket_policies.get_scoped(owner, None, bucket)  # noqa: SLF001
    asked = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="s3:ListBucket",
        resource_arn=f"arn:aws:s3:::{bucket}",
        region=s3.get_region(),
        service_context={"aws:sourcearn": source_arn},
    )
    if not policy or not source_arn:
        return False
    return bool(evaluate_resource_policy(policy, asked, service="cloudfront.amazonaws.com").decision == "Allow")


_parse = cloudfront.parse_distribution_dataplane_config
_FAULTS = (cloudfront.OriginTimeout, cloudfront.OriginUnreachable)


def _parse_with_groups(distribution: Any) -> Any:  # noqa: ANN401  the emulator's
    return with_groups(_parse(distribution), cloudfront._dist_config_el(distribution))  # noqa: SLF001


_windows = Windows()


def _receive_in_batches(queue_url: str, most: int) -> list[Any]:
    """Messages for the function that takes from a queue; none while its batching window goes on."""
    with sqs._queues_lock:  # noqa: SLF001
        queue = sqs._get_q(queue_url)  # noqa: SLF001
        sqs._expire_retained(queue)  # noqa: SLF001
        sqs._dlq_sweep(queue)  # noqa: SLF001
        now = time.time()
        visible = sum(message.get("visible_at", 0) <= now for message in queue["messages"])
        count = _windows.batch(queue_url, visible, most, _window_of(queue["attributes"]["QueueArn"]))
        hidden = int(queue["attributes"].get("VisibilityTimeout", "30"))
        received: list[Any] = sqs._collect_msgs(queue, count, hidden)  # noqa: SLF001
        return received


def _window_of(queue_arn: str) -> float:
    mappings = (one for *_, one in lambda_svc._iter_all_esms() if one.get("EventSourceArn") == queue_arn)  # noqa: SLF001
    return max((float(one.get("MaximumBatchingWindowInSeconds") or 0) for one in mappings), default=0.0)


sqs._receive_messages_for_esm = _receive_in_batches  # noqa: SLF001
s3.serve_cloudfront_origin_fetch = _fetch_or_404
cloudfront.parse_distribution_dataplane_config = _parse_with_groups
cloudfront._fetch_from_function_url_origin = _fetch_signed  # noqa: SLF001
cloudfront._fetch_from_origin = _fetch_through_cache  # noqa: SLF001
cloudfront._create_invalidation = _invalidate_cache  # noqa: SLF001
cloudfront._add_cloudfront_headers = _tell_hit  # noqa: SLF001
add_stand_ins()

strict = emulator


async def behind_tls(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401  ASGI
    """Pass a request on as one that came over TLS."""
    pin_request_origin("127.0.0.1", True)  # noqa: FBT003  its signature
    await emulator(scope, receive, send)
