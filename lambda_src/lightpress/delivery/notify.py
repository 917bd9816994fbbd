"""What the world outside is told: an event once it is known what became of a picture.

What is published is announced after it is published. A worker may die in between, or never hear that it has published,
and whoever comes next finds nothing to do, on the same message or on another. So everybody announces what they find.
Nothing is lost, and some is told twice: the same news always has the same `id`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.delivery.permalink import permalink
from lightpress.delivery.summary import message_for, summary_of
from lightpress.pipeline.manifest import Status, short_name
from lightpress.pipeline.reconcile import Action

if TYPE_CHECKING:
    from lightpress.delivery.ports import Notifications
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.reconcile import Outcome
    from lightpress.pipeline.source import Source

SOURCE = "lightpress"
KINDS = {Status.READY: "ImageReady", Status.FAILED: "ImageFailed", Status.DELETED: "ImageRemoved"}
MOST_BYTES = 200_000
"""Of the detail of an event: EventBridge takes 256 KB with everything around it."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Decides what is worth telling."""

    announcements: Notifications

    def __call__(self, outcome: Outcome) -> None:
        """Notifier what is published, whoever published it.

        What is only rejected so far is for whoever records failures, and what the recipes leave alone is no news.
        """
        if outcome.manifest is not None and outcome.action is not Action.REJECTED:
            self.announcements.tell(outcome.source, outcome.manifest)


@dataclass(frozen=True, slots=True)
class Event:
    """What EventBridge is given. kind: the `detail-type`."""

    kind: str
    detail: str


def event_of(source: Source, manifest: Manifest, *, deployment: str, base_url: str) -> Event:
    """The event that says what is published of the source. docs/events.md shows each kind."""
    detail: dict[str, Any] = {
        "id": f"{deployment}-{short_name(manifest.key)}-{manifest.revision}",
        "deployment": deployment,
        "key": manifest.key,
        "revision": manifest.revision,
        "original": {"bucket": source.bucket, "key": source.key},
        "permalink": f"{base_url}{permalink(manifest.key)}",
        **_told(manifest, base_url),
    }
    text = json.dumps(detail)
    if len(text) > MOST_BYTES:
        text = json.dumps(detail | {"variants": [], "variants_left_out": len(manifest.variants)})
    return Event(KINDS[manifest.status], text)


def _told(manifest: Manifest, base_url: str) -> dict[str, Any]:
    if manifest.status is Status.READY:
        facts = summary_of(manifest, lambda variant: {"url": f"{base_url}/{variant.path}"})
        return {name: value for name, value in facts.items() if name not in {"reason", "detail"}}
    if manifest.status is Status.FAILED:
        return {"reason": manifest.reason, "title": message_for(manifest.reason), "detail": manifest.detail}
    return {}
