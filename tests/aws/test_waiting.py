"""The list of what waits: entries that nobody waits by any more are removed, and hide nothing."""

from __future__ import annotations

import json
from typing import Any

from lightpress.aws.waiting import MOST_LOOKED_AT, S3Waiting
from lightpress.backfill.at_once import on_threads
from lightpress.pipeline.gate import PERSON, entry_of, held_path
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.paths import manifest_path
from tools.fakes.s3 import Bucket, SimulatedS3

LATE = 2_000


class Listed:
    """An images bucket with a list of what waits."""

    def __init__(self) -> None:
        self.images = Bucket()
        s3: Any = SimulatedS3({"images": self.images})
        self.waiting = S3Waiting(s3, "images", map)

    def publish(self, manifest: Manifest) -> None:
        self.images.put(manifest_path(manifest.key), manifest.to_json())

    def enter(self, key: str, revision: int, until: int | None = None) -> str:
        path = held_path(key, revision, until)
        self.images.put(path, json.dumps({"key": key, "revision": revision, "gate": [PERSON]}).encode())
        return path

    def hold(self, key: str, revision: int = 1, until: int | None = None) -> str:
        held_at = None if until is None else 0
        source = PublishedSource("v1", 1)
        manifest = Manifest(key, Status.HELD, revision, source, gate=(PERSON,), held_at=held_at, held_until=until)
        self.publish(manifest)
        assert entry_of(manifest) == self.enter(key, revision, until)
        return entry_of(manifest)

    @property
    def entries(self) -> set[str]:
        return {path for path, versions in self.images.keys.items() if versions and path.startswith("held/")}


def test_more_dead_entries_than_are_looked_at_in_an_hour_are_gone_in_the_next_and_what_waits_is_seen_again() -> None:
    listed = Listed()
    for number in range(MOST_LOOKED_AT):
        listed.publish(Manifest(f"{number}.jpg", Status.DELETED, 2))
        listed.enter(f"{number}.jpg", 1, until=LATE - 1)
    alive = listed.hold("alive.jpg", until=LATE)
    assert list(listed.waiting.overdue(LATE)) == []
    assert list(listed.waiting.overdue(LATE)) == ["alive.jpg"]
    assert listed.entries == {alive}
    found = listed.waiting.measure()
    assert found.count == 1
    assert found.since is not None


def test_many_dead_entries_hide_not_how_long_the_oldest_has_waited() -> None:
    listed = Listed()
    for number in range(250):
        listed.publish(Manifest(f"{number}.jpg", Status.DELETED, 2))
        listed.enter(f"{number}.jpg", 1)
    last = max((f"alive {number}.jpg" for number in range(500)), key=manifest_path)  # all are as old; names decide
    alive = listed.hold(last)
    counted = [listed.waiting.measure() for _ in range(2)]
    assert all(one.since is not None for one in counted)
    assert counted[1].count <= counted[0].count
    assert alive in listed.entries


def test_of_two_who_hold_one_revision_the_entry_of_the_one_who_lost_is_removed() -> None:
    listed = Listed()
    winner = listed.hold("cat.jpg", until=LATE)
    loser = listed.enter("cat.jpg", 1, until=LATE - 1)
    assert listed.entries == {winner, loser}
    assert list(listed.waiting.overdue(LATE)) == ["cat.jpg"]
    assert listed.entries == {winner}


def test_an_entry_whose_manifest_may_be_about_to_be_published_stays_and_does_not_wait() -> None:
    listed = Listed()
    listed.hold("cat.jpg", revision=1, until=LATE)
    entries = {listed.enter("cat.jpg", 2, until=LATE), listed.enter("dog.jpg", 1, until=LATE)}
    assert list(listed.waiting.overdue(LATE)) == ["cat.jpg"]
    assert listed.waiting.measure().count == 3
    assert entries < listed.entries


def test_on_threads_the_longest_overdue_come_first_too() -> None:
    listed = Listed()
    for number in range(120):
        listed.hold(f"{number}.jpg", until=LATE - number)
    several = S3Waiting(listed.waiting.s3, "images", on_threads())
    assert list(several.overdue(LATE)) == [f"{number}.jpg" for number in reversed(range(120))]
