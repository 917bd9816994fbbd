"""What an enricher is asked: about which picture, and by which of its variants it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.manifest import Status
from lightpress.pipeline.source import Source
from lightpress.strict_json import strict_json

if TYPE_CHECKING:
    from lightpress.pipeline.manifest import Manifest, Variant

_ENOUGH = 640
_READABLE = {"jpeg", "png"}
_SAME_SHAPE = 0.02


class NotAsked(Exception):
    """A message is no event that asks an enricher: its sender is at fault."""


class Unseen(Exception):
    """A service does not look at a picture, now or ever. The text says why."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a service takes of pictures in a request.

    Attributes:
        largest: Bytes, at most.
        least: Pixels of both sides, at least.
        most: Pixels of both sides, at most.
    """

    largest: int
    least: int
    most: int

    def takes(self, width: int, height: int, size: int) -> bool:
        """Whether it looks at a picture. size: in bytes."""
        return self.least <= min(width, height) and max(width, height) <= self.most and size <= self.largest


REKOGNITION = Sight(largest=5 * 1024 * 1024, least=80, most=10_000)
"""https://docs.aws.amazon.com/rekognition/latest/dg/limits.html"""
BEDROCK = Sight(largest=3_750_000, least=1, most=8_000)
"""Of Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html"""


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


def seen_by(sight: Sight, manifest: Manifest) -> Variant | None:
    """The variant to look at: of the whole picture, readable for a service, and no larger than it helps."""
    shape = (manifest.source and manifest.source.aspect_ratio) or 0.0
    whole = [
        variant
        for variant in manifest.variants
        if variant.format in _READABLE
        and variant.look is None
        and sight.takes(variant.width, variant.height, variant.bytes)
        and _is_whole(variant, shape)
    ]
    whole.sort(key=lambda variant: variant.width * variant.height)
    enough = [variant for variant in whole if max(variant.width, variant.height) >= _ENOUGH]
    return next(iter(enough or reversed(whole)), None)


def _is_whole(variant: Variant, shape: float) -> bool:
    """Whether nothing was cut off, but for what rounding to whole pixels comes to."""
    rounding = 1 / min(variant.width, variant.height)
    return abs(variant.width / variant.height - shape) <= (_SAME_SHAPE + rounding) * shape
