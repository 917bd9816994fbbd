"""From a permalink to the variant that is published now. The edge function has reduced the request to a few choices.

/r/HASH/ACCEPTED/WANTED/~KEY
HASH      hash of the key (`pipeline.manifest.short_name`), so that one wildcard invalidates all permalinks of a key
ACCEPTED  what the viewer can show besides what all can: `avif.webp`, `avif`, `webp` or `-`; or `~FORMAT`, if it says
WANTED    `w640` or `h640` (at least so many pixels wide or high), `n-NAME` (of a size), or `-` (the largest)
KEY       the key in base64url

No other characters than letters, digits and `-._~` are used: see infra/lightpress/cdk/edge/viewer_request.js.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightpress.delivery.markup import whole_pictures
from lightpress.delivery.permalink import key_of
from lightpress.image.formats import FALLBACKS, OUTPUTS
from lightpress.pipeline.manifest import PERMALINKS, Status, short_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.manifest import Manifest, Variant

_PATH = re.compile(
    rf"/{PERMALINKS}(?P<hash>[a-z2-7]{{26}})/(?P<strict>~?)(?P<formats>[a-z0-9.]+|-)/(?P<wanted>[a-z0-9_-]+)/"
    r"(?P<link>~[A-Za-z0-9_-]+)"
)

# A new picture shows within a minute; until it has been asked for again, the old one is good enough.
_FOUND = "public, max-age=60, stale-while-revalidate=600"
_WAITING = "public, max-age=0, s-maxage=1"
# Each 404 that the CDN does not keep starts a function. A page that shows a permalink early waits so much longer.
_MISSING = "public, max-age=0, s-maxage=5"
_FAILED = "public, max-age=5"
_GONE = "public, max-age=60"

# One light grey pixel (PNG), which every viewer stretches to the size that its page keeps free.
PLACEHOLDER = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mO4CwAA3wDehPEKOwAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a viewer wants of a key.

    formats: that it can show besides those that all can; strict: it wants these and no other.
    """

    key: str
    formats: frozenset[str]
    wanted: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a viewer is told: an HTTP status and headers, and seldom a body of its own."""

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


def resolve(
    asked: Asked | None,
    manifest_of: Callable[[str], Manifest | None],
    is_uploaded: Callable[[str], bool] = lambda _: False,
) -> Answer:
    """Where the image is. manifest_of: what is published of a key.

    is_uploaded: whether a key's original is there, so that a placeholder shows until the picture does; by default, none
    does.
    """
    manifest = manifest_of(asked.key) if asked else None
    nothing_yet = manifest is None or manifest.status is Status.DELETED
    if asked is not None and nothing_yet and is_uploaded(asked.key):
        headers = {
            "content-type": OUTPUTS["png"].media_type,
            "cache-control": _WAITING,
            "x-lightpress-status": "processing",
        }
        return Answer(200, headers, PLACEHOLDER)
    if asked is None or manifest is None:
        return _told(404, _MISSING)
    if manifest.status is Status.DELETED:
        return _told(410, _GONE)
    variant = _best(_large_enough(manifest, asked.wanted), asked) if manifest.status is Status.READY else None
    if variant is None:
        return _told(404, _FAILED, **{"x-lightpress-reason": manifest.reason or "no_such_variant"})
    return _told(302, _FOUND, location=f"/{variant.path}")


def _told(status: int, cached: str, **headers: str) -> Answer:
    return Answer(status, {"cache-control": cached, "vary": "Accept", **headers})


def _large_enough(manifest: Manifest, wanted: str) -> list[Variant]:
    """The variants of the size that is wanted; where there is none, of the largest."""
    named = [variant for variant in manifest.variants if f"n-{variant.name}" == wanted]
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


def _best(variants: list[Variant], asked: Asked) -> Variant | None:
    """The smallest file that the viewer can show; where something moves, only what moves."""
    shown = asked.formats if asked.strict else asked.formats | set(FALLBACKS)
    able = [variant for variant in variants if variant.format in shown]
    if not able and not asked.strict:
        able = variants  # no format of this recipe is known to all: better than nothing
    moving = [variant for variant in able if variant.animated]
    return min(moving or able, key=lambda variant: variant.bytes, default=None)
