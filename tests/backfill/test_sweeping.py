"""Sweeps by the children of the state machine: every hash is in one shard, caps hold, and what is killed goes on."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.backfill.child import MOST_WAITS, PUT_OFF, Child
from lightpress.backfill.hashes import hashes
from lightpress.backfill.machine import Machine
from lightpress.backfill.ports import Listed, Page
from lightpress.backfill.results import Folder, Report, added
from lightpress.backfill.run import FINISHED, MAX_DOLLARS, MAX_OBJECTS, STOPPED, SWEEP, Job, Run
from lightpress.backfill.spending import Purse
from lightpress.backfill.sweep import Sweeper
from lightpress.backfill.sweeping import CHUNK, REFUSED, Sweeping, found_in
from lightpress.backfill.weekly import weekly_run
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.paths import manifest_path, variants_folder
from lightpress.pipeline.ports import Published
from lightpress.pipeline.source import Original, Source
from tests.backfill.fakes import NOW, FakeFiles, FakeHints, FakeRuns

if TYPE_CHECKING:
    from collections.abc import Iterable

IMAGES = "images"
A_DAY, KEPT_DAYS = 24 * 60 * 60, 30
JOB = Job((Selection(IMAGES, "m/"),), nanos_sent=1_000, nanos_read=1, originals_of_a_shard=30, task=SWEEP, remove=True)


@dataclass
class Store:
    """The images bucket, and the names of originals that are there. dies_at: the read that ends the function."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    originals: set[str] = field(default_factory=set)
    dies_at: str = ""
    page_size: int = 7
    written_days_ago: float = 0
    small: set[str] = field(default_factory=set)
    reads: Counter[str] = field(default_factory=Counter)

    def publish(self, key: str, *, original: bool = True) -> None:
        self.manifests[manifest_path(key)] = Manifest(
            key,
            Status.READY,
            2,
            source=PublishedSource("v", 1),
            generation="2-now",
            previous="1-before",
            variants=(Variant("w", "webp", "image/webp", 8, 6, 9, "0" * 64, f"{variants_folder(key)}2-now/w.webp"),),
        )
        self.paths |= {f"{variants_folder(key)}{one}/w.webp" for one in ("2-now", "1-before", "1-dead")}
        if original:
            self.originals.add(key)

    def published_at(self, path: str) -> Published | None:
        if path == self.dies_at:
            raise RuntimeError(f"killed at {path}")
        self.reads[path] += 1
        if path not in self.manifests:
            return None
        return Published(self.manifests[path], path, NOW - self.written_days_ago * A_DAY)

    def publish_at(self, path: str, manifest: Manifest, replacing: Published | None) -> None:
        assert (replacing is None) == (path not in self.manifests)
        self.manifests[path] = manifest

    def remove(self, paths: Iterable[str]) -> None:
        self.paths -= set(paths)

    def page(self, bucket: str, prefix: str, after: str, *, deletions: bool) -> Page:
        assert (bucket, deletions) == (IMAGES, False)
        keys = sorted(key for key in (*self.manifests, *self.paths) if key.startswith(prefix))
        start = bisect_right(keys, after)
        some = keys[start : start + self.page_size]
        return Page([self._listed(key) for key in some], some[-1] if keys[start + len(some) :] else "")

    def _listed(self, path: str) -> Listed:
        if path not in self.manifests:
            return Listed(path, NOW - 200_000, size=3)
        size = 300 if path in self.small else 2_000
        return Listed(path, NOW - self.written_days_ago * A_DAY, size=size)

    def head(self, source: Source) -> Original | None:
        return Original("v", "v", 1) if source.key in self.originals else None


class Rig:
    """A machine that sweeps a store, and whoever asks it, one child after another."""

    def __init__(self, store: Store, job: Job = JOB, **row: Any) -> None:  # noqa: ANN401  fields of the row
        nothing: Any = None
        originals: Any = store
        self.store, self.files, self.hints = store, FakeFiles(), FakeHints()
        self.runs = FakeRuns(Run("r", job, **{"rate": 1e9, "paced": NOW} | row))
        sweeper = Sweeper(store, originals, lambda key: Source("uploads", key), None, lambda: NOW, KEPT_DAYS, map)
        sweeping = Sweeping(store, IMAGES, sweeper, self.hints, Purse(self.runs, lambda: NOW))
        child = Child(store, nothing, nothing, self.hints, self.runs, lambda: NOW, {SWEEP: sweeping})
        self.machine = Machine(self.runs, self.files, store, self.hints, child, {})

    def sweep(self) -> str:
        """One pass; returns why the run ended, or ""."""
        state = self.machine.begin({"run": "r"}, "e")
        while True:
            state = self.machine.plan(state, lambda: True)
            header, *lines = (self.files.get(state["csv"]) or b"").decode().splitlines()
            for line in lines:
                self.child(dict(zip(header.split(","), line.split(","), strict=True)))
            if state["last"]:
                return str(self.machine.settle(state)["ended"])

    def planned(self) -> dict[str, str]:
        """The row of the only shard."""
        state = self.machine.plan(self.machine.begin({"run": "r"}, "e"), lambda: True)
        header, line = (self.files.get(state["csv"]) or b"").decode().splitlines()
        return dict(zip(header.split(","), line.split(","), strict=True))

    def child(self, row: dict[str, str], waits: int = 0) -> None:
        try:
            while not (step := self.machine.step({"run": "r", "row": row, "waits": waits}))["done"]:
                waits = step["waits"]
        except RuntimeError:
            return

    def again(self) -> None:
        self.runs.row = replace(self.runs.row, number=self.runs.row.number + 1)

    @property
    def ended(self) -> str | None:
        """Why the only shard ended before its end."""
        ((_, result),) = Folder(self.files, self.runs.row).results()
        return result.ended if result else None

    @property
    def report(self) -> Report:

        return Folder(self.files, self.runs.row).report()

    @property
    def swept(self) -> dict[str, dict[str, int]]:
        return added(*(one.tables for one in self.report.passes))


def store_of(count: int) -> Store:
    store = Store()
    for number in range(count):
        store.publish(f"{number}.jpg")
    return store


def test_every_hash_is_looked_at_once_and_also_where_no_manifest_is() -> None:
    """Before the first manifest, between two and behind the last; also where a shard ends with the last manifest."""
    store = store_of(60)
    ordered = sorted(store.manifests)
    for path in {*ordered[::7], ordered[-1]}:
        del store.manifests[path]
    before = len(store.manifests)
    rig = Rig(store, replace(JOB, originals_of_a_shard=before // 3))
    assert rig.sweep() == FINISHED
    found = found_in(rig.swept, (), 0)
    assert (found.manifests, found.files) == (before, {"dead": before, "ownerless": 3 * (60 - before)})
    assert found.keys == {}, "nothing is for the queue"
    assert found.removed == before + 3 * (60 - before)
    assert {path.split("/")[2] for path in store.paths} == {"2-now", "1-before"}
    assert len(store.paths) == 2 * before
    assert set(store.reads.values()) == {1}


@pytest.mark.parametrize(("days", "left"), [(29.9, 2), (30, 1)])
def test_variants_that_were_replaced_go_once_they_have_been_kept_for_long_enough(days: float, left: int) -> None:
    store = store_of(3)
    store.written_days_ago = days
    rig = Rig(store)
    assert rig.sweep() == FINISHED
    assert len(store.paths) == 3 * left
    assert {(one.previous, one.revision) for one in store.manifests.values()} == {("1-before" if left > 1 else None, 2)}
    found = found_in(rig.swept, (), 0)
    assert found.files == {"dead": 3} | ({"previous": 3} if left == 1 else {})


def test_the_last_variants_of_what_has_failed_since_stay_for_by_them_its_deletion_is_told_to_the_cdn() -> None:
    store = store_of(2)
    store.written_days_ago = 400
    (path, ready), *_ = store.manifests.items()
    store.manifests[path] = failed = replace(ready, status=Status.FAILED, generation=None, variants=())
    rig = Rig(store)
    assert rig.sweep() == FINISHED
    assert store.manifests[path] == failed
    left = {path.split("/")[2] for path in store.paths if path.startswith(variants_folder(ready.key))}
    assert left == {"1-before"}
    assert found_in(rig.swept, (), 0).files["previous"] == 1, "of the other one alone, which is published"


@pytest.mark.parametrize(("days", "read"), [(29, [0, 1, 7, 8]), (31, [0, 1, 2, 3, 7, 8])])
def test_the_weekly_sweep_reads_only_the_manifests_of_pictures_of_which_something_may_be_left_over(
    days: float, read: list[int]
) -> None:
    """Whatever a manifest says, what is published is of one generation, and of one more until it is old enough.

    0 and 1 have variants of three generations, 2 and 3 of two, 4 and 5 of one, 6 of none, 7 has no manifest, and 8 one
    that is too small to name any variant.
    """
    store = store_of(9)
    store.written_days_ago = days
    keys = [f"{number}.jpg" for number in range(9)]
    folders = [variants_folder(key) for key in keys]
    store.paths -= {f"{folder}1-dead/w.webp" for folder in folders[2:]}
    store.paths -= {f"{folder}1-before/w.webp" for folder in folders[4:]}
    store.paths.discard(f"{folders[6]}2-now/w.webp")
    del store.manifests[manifest_path(keys[7])]
    store.small.add(manifest_path(keys[8]))
    rig = Rig(store, weekly_run("r", IMAGES, NOW, KEPT_DAYS).job)
    assert rig.sweep() == FINISHED
    assert store.reads == Counter(manifest_path(keys[number]) for number in read)
    kept = {f"{folders[number]}2-now/w.webp" for number in (0, 1, 2, 3, 4, 5, 8)}
    before = {f"{folder}1-before/w.webp" for folder in folders[:4]} if days < KEPT_DAYS else set()
    assert store.paths == kept | before
    assert not rig.hints.sent


def test_where_there_is_no_manifest_at_all_what_is_left_is_swept_all_the_same() -> None:
    store = store_of(3)
    store.manifests.clear()
    rig = Rig(store)
    assert rig.sweep() == FINISHED
    assert not store.paths


@pytest.mark.parametrize("page_size", [1, 2, 1_000])
def test_ranges_that_follow_each_other_have_each_hash_once_however_listings_are_cut(page_size: int) -> None:
    store = store_of(12)
    store.page_size = page_size
    for path in sorted(store.manifests)[::3]:
        del store.manifests[path]
    everything = list(hashes(store, IMAGES))
    assert (len(everything), {len(one.variants) for one in everything}) == (12, {3})
    for cut in everything:
        first = list(hashes(store, IMAGES, "", cut.manifest))
        assert first + list(hashes(store, IMAGES, cut.manifest)) == everything


def test_a_child_that_is_killed_goes_on_in_the_next_pass_where_it_was_and_nothing_is_counted_twice() -> None:
    count = 11 * CHUNK
    store = store_of(count)
    store.page_size = 1_000
    rig = Rig(store, replace(JOB, originals_of_a_shard=10_000))
    store.dies_at = sorted(store.manifests)[count - 50]
    assert not rig.sweep()
    ((_, after, until),) = rig.report.unfinished
    assert (after > "", until) == (True, ""), "the step before is kept"
    store.dies_at = ""
    rig.again()
    assert rig.sweep() == FINISHED
    assert found_in(rig.swept, (), 0).manifests == count
    assert len(store.paths) == 2 * count


def test_what_is_handed_over_stays_within_the_caps_to_the_key_and_a_resumed_sweep_hands_over_the_rest_once() -> None:
    store = store_of(40)
    for number in range(9):
        store.publish(f"gone{number}.jpg", original=False)
    rig = Rig(store, objects_left=4)
    assert rig.sweep() == MAX_OBJECTS
    assert len(rig.hints.sent) == 4
    rig.runs.row = replace(rig.runs.row, stopped=None, ended=None, objects_left=100)
    assert rig.sweep() == FINISHED
    assert sorted(rig.hints.sent) == [f"gone{number}.jpg" for number in range(9)]
    assert found_in(rig.swept, rig.report.left, rig.runs.row.sent).manifests == 49
    assert sorted(found_in({}, rig.report.left, 0).sourceless) == sorted(rig.hints.sent)


def test_what_the_queue_refuses_is_handed_over_by_the_next_pass_and_counted_once() -> None:
    store = store_of(5)
    gone = [f"gone{number}.jpg" for number in range(9)]
    for key in gone:
        store.publish(key, original=False)
    rig = Rig(store, replace(JOB, originals_of_a_shard=100))
    rig.hints.refuses = 1
    assert not rig.sweep()
    assert (len(rig.hints.sent), rig.ended) == (8, REFUSED)
    rig.hints.refuses = 0
    rig.again()
    assert rig.sweep() == FINISHED
    assert set(rig.hints.sent) == set(gone)
    found = found_in(rig.swept, rig.report.left, 0)
    assert (found.manifests, found.keys, sorted(found.sourceless)) == (14, {"sourceless": 9}, gone)
    assert (found.files, found.removed) == ({"dead": 14}, 14)
    assert sum(one.sent for one in rig.report.passes) == len(rig.hints.sent)


def test_dollars_end_a_sweep_before_it_reads_more_than_they_pay() -> None:
    store = store_of(3 * CHUNK)
    rig = Rig(store, replace(JOB, originals_of_a_shard=10_000), nanos_left=2 * CHUNK + 1)
    assert rig.sweep() == MAX_DOLLARS
    assert sum(store.reads.values()) == CHUNK


def test_a_stopped_sweep_reads_no_further_and_one_that_removes_waits_for_the_queue_as_a_backfill_does() -> None:
    store = store_of(4)
    rig = Rig(store)
    row = rig.planned()
    rig.hints.deep = 10_000
    assert rig.machine.step({"run": "r", "row": row, "waits": 0})["wait"] > 0
    assert rig.machine.step({"run": "r", "row": row, "waits": MOST_WAITS})["done"]
    assert rig.ended == PUT_OFF
    rig.hints.deep = 0
    rig.runs.stop("r", STOPPED)
    assert rig.machine.step({"run": "r", "row": row, "waits": 0})["done"]
    assert rig.ended == STOPPED
    assert not store.reads
    assert rig.machine.settle({"run": "r"})["ended"] == STOPPED
    looking = Rig(store, replace(JOB, remove=False))
    looking.hints.deep = 10_000
    assert looking.sweep() == FINISHED
    assert (len(store.paths), looking.hints.sent) == (12, [])
