"""The answers to first views: what `pipeline.first_view` comes to, in HTTP.

The CDN asks only for what S3 has answered 404 of. What is answered 404 here is kept by it, for as long as it is true.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightpress.delivery.resolve import MOST_BYTES, Answer
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.file_names import content_disposition, saved_as
from lightpress.pipeline.outcomes import Result

if TYPE_CHECKING:
    from lightpress.pipeline.first_view import FirstView

# As the edge function lets it through: infra/lightpress/cdk/edge/viewer_request.js.
_PATH = re.compile(r"/(?P<path>i/[a-z2-7]{26}/[1-9][0-9]{0,14}-[a-z2-7]{16}/[a-z0-9_-]{1,40}\.[a-z0-9]{3,4})")

_A_YEAR = "public, max-age=31536000, immutable"
_FOR_A_MINUTE = "public, max-age=60"
# The same viewer asks again, and S3 has it by then.
_NOT_KEPT = "no-store"
_KEPT: dict[Result, str] = {
    Result.NOT_OWED: "public, max-age=60",
    Result.CHANGED: "public, max-age=5",  # what is published follows within seconds
    Result.UNREADABLE: "public, max-age=60",
    Result.NO_RECIPE: "public, max-age=60",
    # Trying it again publishes another generation, which has other addresses.
    Result.FAILED: "public, max-age=86400",
    Result.FAILED_BEFORE: "public, max-age=86400",
}


def path_in(raw_path: str) -> str | None:
    """The path of a variant in the images bucket; None for what can be none."""
    found = _PATH.fullmatch(raw_path)
    return found["path"] if found else None


def answer_to(view: FirstView | None, cdn_path: str) -> Answer:
    """Answer a first view.

    Args:
        view: None for a path that can be no variant's.
        cdn_path: What all paths begin with for viewers, where the CDN has other things behind other paths; else empty.
            The edge function has taken it off before the function is asked.
    """
    if view is None:
        return Answer(404, {"cache-control": _FOR_A_MINUTE})
    if view.data is not None and view.variant is not None:
        return _sent(view, view.data, cdn_path)
    if view.result is Result.MOVED:
        return Answer(302, {"cache-control": _FOR_A_MINUTE, "location": f"{cdn_path}/{view.path}"})
    if view.result is Result.LOST:
        return Answer(503, {"cache-control": "public, max-age=10", "retry-after": "10"})
    reason = {"x-lightpress-reason": view.reason} if view.reason else {}
    return Answer(404, {"cache-control": _KEPT[view.result], **reason})


def _sent(view: FirstView, data: bytes, cdn_path: str) -> Answer:
    """The variant as S3 sends it from now on. Above what a function can send: S3 is asked at once, by a redirect.

    The query makes it another address for the browser; for the CDN it is none.
    """
    assert view.variant is not None  # noqa: S101  for mypy
    if len(data) > MOST_BYTES:
        return Answer(302, {"cache-control": _NOT_KEPT, "location": f"{cdn_path}/{view.path}?made"})
    name = saved_as(view.key or "", OUTPUTS[view.variant.format].extension)
    headers = {
        "cache-control": _A_YEAR,
        "content-type": view.variant.media_type,
        "content-disposition": content_disposition(name),
    }
    return Answer(200, headers, data)
