"""What an enricher is asked: about which picture, and by which of its variants it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.manifest import Status
from lightpress.pipeline.source import Source
from lightpress.strict_json import strict_json

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest, Variant

LARGEST_SEEN = 5 * 1024 * 1024
"""Bytes of a picture that Rekognition takes in a request; Bedrock's models take no fewer.

https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
"""
_LEAST_SIDE = 640
_READABLE = {"jpeg", "png"}
_SAME_SHAPE = 0.02


class NotAsked(Exception):
    """A message is no event that asks an enricher: its sender is at fault."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an enricher is asked about.

    Attributes:
        key: As it is published.
        source: Where the original lies.
        version: Of the original.
    """

    key: str
    source: Source
    version: str


def read_asked(body: str) -> Asked:
    """Read an event `ImageReady` as EventBridge sends it to a queue; raises NotAsked."""
    try:
        detail: dict[str, Any] = strict_json(body)["detail"]
        original = detail["original"]
        return Asked(detail["key"], Source(original["bucket"], original["key"]), detail["facts"]["version"])
    except (ValueError, LookupError, TypeError) as error:
        raise NotAsked(f"The message asks for no facts: {error!r}") from error


def still_asks(manifest: Manifest | None, asked: Asked, enricher: str) -> bool:
    """Whether the answer is still wanted: the same event may come twice, and late."""
    if manifest is None or manifest.status is not Status.READY:
        return False
    return manifest.is_of(asked.version) and enricher in manifest.missing


def seen_by(manifest: Manifest) -> Variant | None:
    """The variant to look at: of the whole picture, readable for the services, and no larger than it helps."""
    shape = (manifest.source and manifest.source.aspect_ratio) or 0.0
    whole = [
        variant
        for variant in manifest.variants
        if variant.format in _READABLE
        and variant.look is None
        and variant.bytes <= LARGEST_SEEN
        and _is_whole(variant, shape)
    ]
    whole.sort(key=lambda variant: variant.width * variant.height)
    enough = [variant for variant in whole if max(variant.width, variant.height) >= _LEAST_SIDE]
    return next(iter(enough or reversed(whole)), None)


def _is_whole(variant: Variant, shape: float) -> bool:
    """Whether nothing was cut off, but for what rounding to whole pixels comes to."""
    rounding = 1 / min(variant.width, variant.height)
    return abs(variant.width / variant.height - shape) <= (_SAME_SHAPE + rounding) * shape
