"""EventBridge in memory, as far as Lightpress uses it: a bus that remembers the newest news of each key."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tools.fakes.wire import at_once, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.fakes.wire import Wire


@dataclass(slots=True)
class Bus:
    """What consumers know who go by the highest revision: for each key, that and the kind of the event.

    hear: is told of each event, key, revision and kind.
    """

    newest: dict[str, tuple[int, str]] = field(default_factory=dict)
    hear: Callable[[str, int, str], None] = lambda *_: None

    def put(self, kind: str, detail: str) -> None:
        key, revision = _said(detail)
        self.hear(key, revision, kind)
        self.newest[key] = max(self.newest.get(key, (0, "")), (revision, kind))


@lru_cache(maxsize=1024)
def _said(detail: str) -> tuple[str, int]:
    """Of which key and revision an event is."""
    said = json.loads(detail)
    return said["key"], said["revision"]


@dataclass(slots=True)
class SimulatedEventBridge:
    """Stands where a boto3 client does."""

    buses: dict[str, Bus]
    wire: Wire = at_once

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:
        (entry,) = Entries

        def effect() -> dict[str, Any]:
            if entry["EventBusName"] not in self.buses:
                raise refusal("PutEvents", 400, "ResourceNotFoundException")
            self.buses[entry["EventBusName"]].put(entry["DetailType"], entry["Detail"])
            return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

        return self.wire("PutEvents", entry["EventBusName"], effect, changes=True)
