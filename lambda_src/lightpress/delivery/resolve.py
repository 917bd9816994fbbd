"""From a permalink to the variant that is published now. The edge function has reduced the request to a few choices.

/r/HASH/ACCEPTED/WANTED/~KEY
HASH      hash of the key (`pipeline.manifest.short_name`), so that one wildcard invalidates all permalinks of a key
ACCEPTED  what the viewer can show besides what all can: `avif.webp`, `avif`, `webp` or `-`; or `~FORMAT`, if it says
WANTED    `w640` or `h640` (at least so many pixels wide or high), `n-NAME` (just this size), or `-` (the largest)
KEY       the key in base64url

No other characters than letters, digits and `-._~` are used: see infra/lightpress/cdk/edge/viewer_request.js.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightpress.delivery.choice import offered, smallest
from lightpress.delivery.markup import whole_pictures
from lightpress.delivery.permalink import key_of
from lightpress.image.outputs import FALLBACKS, OUTPUTS
from lightpress.pipeline.file_names import content_disposition, saved_as
from lightpress.pipeline.manifest import LazyVariant, Status
from lightpress.pipeline.paths import PERMALINKS, short_name
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.manifest import Manifest, Variant

    AnyVariant = Variant | LazyVariant

_PATH = re.compile(
    rf"/{PERMALINKS}(?P<hash>[a-z2-7]{{26}})/(?P<strict>~?)(?P<formats>[a-z0-9.]+|-)/(?P<wanted>[a-z0-9_-]+)/"
    r"(?P<link>~[A-Za-z0-9_-]+)"
)

# Browsers and, where permalinks redirect, the CDN see a new version within a minute. While one of them asks again, it
# shows the old one. What the CDN has kept for longer is stale for browsers from the start (the header Age says so):
# each page asks the CDN again, and is answered 304.
_FOR_A_MINUTE = "public, max-age=60, stale-while-revalidate=600"
_LEAST_SECONDS = 60
_WAITING = "public, max-age=0, s-maxage=1"
# Each 404 that the CDN does not keep starts a function. A page that shows a permalink early waits so much longer.
_MISSING = "public, max-age=0, s-maxage=5"
_FAILED = "public, max-age=5"
_GONE = "public, max-age=60"

_LOOKS = 3  # at a manifest, of which each but the last was replaced while the variant was read

# What the answer depends on besides the address; hints count only where an address asks for them (`hints=on`).
_VARY = "Accept, Save-Data, Sec-CH-DPR, Sec-CH-Width"

MOST_BYTES = 4 * MB
"""Of a variant that is sent at the permalink. Lambda buffers 6 MB, of which base64 takes a third:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. To a larger one, permalinks redirect."""

# One light gray pixel (PNG), which browsers stretch to the size that the page reserves.
PLACEHOLDER = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mO4CwAA3wDehPEKOwAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a viewer asks for.

    Attributes:
        key: The key of the original.
        formats: Formats that the viewer can show, besides those that all can.
        wanted: The size, as the edge function writes it.
        strict: Whether the viewer wants these formats and no others.
    """

    key: str
    formats: frozenset[str]
    wanted: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a viewer.

    Attributes:
        status: HTTP status.
        headers: With names in lower case.
        body: None for an empty one.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


def read(path: str) -> Asked | None:
    """Read a path that the edge function wrote; None for any other."""
    found = _PATH.fullmatch(path)
    key = key_of(f"/{found['link']}") if found else None
    if found is None or key is None or short_name(key) != found["hash"]:
        return None
    formats = frozenset(found["formats"].split(".")) & set(OUTPUTS)
    return Asked(key, formats, found["wanted"], strict=bool(found["strict"]))


@dataclass(frozen=True, slots=True)
class Lookups:
    """Where answers come from.

    Attributes:
        manifest_of: Returns the manifest of a key; None if there is none.
        file_at: Returns the bytes of a variant by its path; None if it is removed.
        is_uploaded: Whether there is an original with a key, so that a placeholder is shown until it is published. By
            default, none is shown.
        seconds: How long the CDN keeps a picture that is sent; None to redirect to its own address instead.
        cdn_path: What all paths begin with, where the CDN has other things behind other paths; else empty.
    """

    manifest_of: Callable[[str], Manifest | None]
    file_at: Callable[[str], bytes | None] = lambda _: None
    is_uploaded: Callable[[str], bool] = lambda _: False
    seconds: int | None = None
    cdn_path: str = ""


def resolve(asked: Asked | None, lookups: Lookups, if_none_match: str = "") -> Answer:
    """Answer with the variant that suits the viewer.

    Args:
        asked: What the viewer asks for; None for a path that the edge function never writes.
        lookups: Where it is looked up.
        if_none_match: The header of that name, in which a cache says what it has; empty if there is none.

    Returns:
        200 with the variant, 304 if the cache has it, or 302 to it; 404 or 410 if there is none; 200 with the
        placeholder.
    """
    if asked is None:
        return _answer(404, _MISSING)
    for _ in range(_LOOKS):
        answer = _looked_up(asked, lookups, if_none_match)
        if answer is not None:
            return answer
    return _answer(404, _MISSING)


def _looked_up(asked: Asked, lookups: Lookups, if_none_match: str) -> Answer | None:
    """The answer by the manifest of now; None if another one has taken its place meanwhile."""
    manifest = lookups.manifest_of(asked.key)
    nothing_yet = manifest is None or manifest.status is Status.DELETED
    if nothing_yet and lookups.is_uploaded(asked.key):
        return _placeholder()
    if manifest is None:
        return _answer(404, _MISSING)
    if manifest.status is Status.DELETED:
        return _answer(410, _GONE)
    variant = _best(_large_enough(manifest, asked.wanted), asked) if manifest.status is Status.READY else None
    if variant is None:
        return _without(manifest)
    if lookups.seconds is None or (variant.bytes or 0) > MOST_BYTES:
        return _redirect(variant, lookups)
    return _sent(asked.key, variant, lookups, if_none_match)


def _without(manifest: Manifest) -> Answer:
    """There is no such variant: not yet, or not at all."""
    if manifest.status is Status.HELD:
        return _answer(404, _MISSING, **{"x-lightpress-status": str(manifest.status)})
    return _answer(404, _FAILED, **{"x-lightpress-reason": manifest.reason or "no_such_variant"})


def _sent(key: str, variant: AnyVariant, lookups: Lookups, if_none_match: str) -> Answer | None:
    """The variant, or that the cache has it; None if it is removed, which means that the manifest is another by now.

    A lazy variant that is not there yet is made behind its own address.
    """
    etag = f'"{"/".join(variant.path.split("/")[2:])}"'  # its generation and name: both together are never used again
    if etag in if_none_match:
        return _answer(304, _kept_for(lookups.seconds), etag=etag)
    data = lookups.file_at(variant.path)
    if isinstance(variant, LazyVariant) and (data is None or len(data) > MOST_BYTES):
        return _redirect(variant, lookups)
    if data is None:
        return None
    name = content_disposition(saved_as(key, OUTPUTS[variant.format].extension))
    headers = {"content-type": variant.media_type, "content-disposition": name, "etag": etag}
    return replace(_answer(200, _kept_for(lookups.seconds), **headers), body=data)


def _redirect(variant: AnyVariant, lookups: Lookups) -> Answer:
    return _answer(302, _FOR_A_MINUTE, location=f"{lookups.cdn_path}/{variant.path}")


def _kept_for(seconds: int | None) -> str:
    if seconds is None or seconds <= _LEAST_SECONDS:
        return _FOR_A_MINUTE
    return f"{_FOR_A_MINUTE}, s-maxage={seconds}"


def _placeholder() -> Answer:
    headers = {
        "content-type": OUTPUTS["png"].media_type,
        "cache-control": _WAITING,
        "x-lightpress-status": "processing",
    }
    return Answer(200, headers, PLACEHOLDER)


def _answer(status: int, cache_control: str, **headers: str) -> Answer:
    return Answer(status, {"cache-control": cache_control, "vary": _VARY, **headers})


def _large_enough(manifest: Manifest, wanted: str) -> list[AnyVariant]:
    """The variants of the smallest size that is large enough; if there is none, or none is asked for, of the largest.

    Not those of a larger one with fewer bytes (`choice.is_dominated`): a page that does not say how wide it shows the
    picture shows it as wide as the file is, and a `srcset` of permalinks says how wide that is.
    """
    named = [variant for variant in manifest.showable if f"n-{variant.name}" == wanted]
    if named:
        return named
    offered = whole_pictures(manifest)
    side, number = wanted[:1], wanted[1:]
    if side in {"w", "h"} and number.isdecimal():
        along = [(variant.width if side == "w" else variant.height, variant) for variant in offered]
        enough = [pixels for pixels, _ in along if pixels >= int(number)]
        if enough:
            return [variant for pixels, variant in along if pixels == min(enough)]
    most = max((variant.width for variant in offered), default=0)
    return [variant for variant in offered if variant.width == most]


def _best(variants: list[AnyVariant], asked: Asked) -> AnyVariant | None:
    if asked.strict:
        return smallest(variants, asked.formats)
    # A recipe without a format that every viewer can show: its oldest one is better than nothing.
    return smallest(variants, asked.formats | set(FALLBACKS)) or smallest(variants, offered(variants)[-1:])
