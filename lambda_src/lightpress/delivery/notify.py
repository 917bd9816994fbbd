"""Notifications: an event on EventBridge once an original is published, is held, has failed or was deleted.

The event is sent after the manifest is written. A worker may crash in between, or get no answer to its write, and the
next one finds nothing to do. So every worker sends the event for what it finds published. No event is lost, and some
are sent more than once: the same publication always has the same `id`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.delivery.permalink import permalink
from lightpress.delivery.summary import message_for, summary_of
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.outcomes import Action
from lightpress.pipeline.paths import short_name

if TYPE_CHECKING:
    from lightpress.delivery.ports import Notifications
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.outcomes import Outcome
    from lightpress.pipeline.source import Source

SOURCE = "lightpress"
KINDS = {
    Status.READY: "ImageReady",
    Status.HELD: "ImageHeld",
    Status.FAILED: "ImageFailed",
    Status.DELETED: "ImageRemoved",
}
MOST_BYTES = 200_000
"""Most bytes of the detail of an event. EventBridge accepts 256 KB for the whole entry."""


@dataclass(frozen=True, slots=True)
class Notifier:
    """Sends the event for the outcome of a workflow, where there is one to send."""

    announcements: Notifications

    def __call__(self, outcome: Outcome) -> None:
        """Send the event for what is published now, whichever worker published it.

        There is none for what is handed on to `record_failure`, which sends it, nor for what the recipes ignore; and
        none where the original has left since, for it leaves after the event.
        """
        manifest = outcome.manifest
        if manifest is None or outcome.action in {Action.REJECTED, Action.HANDED_ON}:
            return
        if manifest.original_dropped is None or manifest.original_dropped.announced != manifest.revision:
            self.announcements.tell(outcome.source, manifest)


@dataclass(frozen=True, slots=True)
class Event:
    """An entry for EventBridge: `kind` is its `detail-type`, `detail` is JSON."""

    kind: str
    detail: str


def event_of(source: Source, manifest: Manifest, *, deployment: str, base_url: str) -> Event:
    """Build the event for what is published of a source. docs/events.md shows each kind.

    Args:
        source: The source.
        manifest: Its manifest.
        deployment: Name of the stack.
        base_url: Address of the CDN, without a slash at its end.
    """
    detail: dict[str, Any] = {
        "id": f"{deployment}-{short_name(manifest.key)}-{manifest.revision}",
        "deployment": deployment,
        "key": manifest.key,
        "revision": manifest.revision,
        "original": {"bucket": source.bucket, "key": source.key},
        "permalink": f"{base_url}{permalink(manifest.key)}",
        **_told(manifest, base_url),
    }
    return Event(KINDS[manifest.status], _fitting(detail))


def _fitting(detail: dict[str, Any]) -> str:
    """The detail as JSON. Lists that do not fit are left out and counted: of variants first, then of copies, of facts.

    `missing` stays: by it, enrichers hear what they are asked about.
    """
    text, facts = json.dumps(detail), detail.get("facts") or {}
    lists = ((detail, "variants"), (detail, "copies"), *((facts, name) for name in ("looks_like", "labels", "faces")))
    for told, name in lists:
        if len(text) > MOST_BYTES and name in told:
            told.update({name: [], f"{name}_left_out": len(told[name])})
            text = json.dumps(detail)
    return text


def _told(manifest: Manifest, base_url: str) -> dict[str, Any]:
    if manifest.status is Status.READY:
        facts = summary_of(manifest, lambda variant: {"url": f"{base_url}/{variant.path}"})
        return {name: value for name, value in facts.items() if name not in {"reason", "detail"}}
    if manifest.status is Status.HELD:
        identity = manifest.source.identity if manifest.source else None
        return {"version": identity, "reviewers": manifest.gate, "until": manifest.held_until}
    if manifest.status is Status.FAILED:
        return {"reason": manifest.reason, "title": message_for(manifest.reason), "detail": manifest.detail}
    return {}
