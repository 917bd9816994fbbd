"""Cutting buckets into shards: every key is in exactly one, and a bucket of any size takes little memory."""

from __future__ import annotations

import os
import random
import tracemalloc
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from lightpress.backfill.ports import Listed, Page
from lightpress.backfill.shards import SHARDS_OF_A_PART, Cursor, Part, Shard, csv_of, cut, shards_in
from lightpress.pipeline.buckets import Selection
from tests.backfill.fakes import BUCKET, JOB, NOW, FakeLister

if TYPE_CHECKING:
    from lightpress.backfill.run import Job

# For longer: LIGHTPRESS_KEYS=1000000 make unit
KEYS = int(os.environ.get("LIGHTPRESS_KEYS", "100000"))
MOST_MEMORY = 1_000_000


def parts_of(job: Job, lister: FakeLister | NumberedLister, pages: int = 10**9) -> list[Part]:
    """All parts of a job, where there is time for so many pages in each."""
    found, begin = list[Part](), Cursor()
    while begin is not None:
        left = iter(range(pages - 1))
        part = cut(job, lister, len(found), begin, lambda left=left: next(left, None) is not None)  # type: ignore[misc]
        found.append(part)
        if part.next is None:
            break
        begin = part.next
    return found


def within(shard: Shard, key: str) -> bool:
    return key > shard.after and (not shard.until or key <= shard.until)


@pytest.mark.parametrize("seed", range(20))
def test_every_key_is_in_exactly_one_shard_wherever_the_time_for_planning_ends(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  it makes cases
    letters = 'ab/ ,"\n\u00fc%\U0001f600'
    keys = sorted({"".join(chance.choices(letters, k=chance.randint(1, 6))) for _ in range(300)})
    job = replace(JOB, originals_of_a_shard=chance.randint(1, 40))
    lister = FakeLister(keys, page_size=chance.randint(1, 50))
    parts = parts_of(job, lister, pages=chance.randint(1, 9))
    shards = [shard for part in parts for shard in shards_in(csv_of(part.shards))]
    assert [shard for part in parts for shard in part.shards] == shards, "as they are read back"
    assert len({shard.id for shard in shards}) == len(shards)
    for key in keys:
        if not key.endswith("/"):
            assert sum(within(shard, key) for shard in shards) == 1, key
    assert max(sum(within(shard, key) for key in keys) for shard in shards) <= 10 * job.originals_of_a_shard


def test_with_a_limit_in_time_only_ranges_with_anything_in_them_are_cut() -> None:
    keys = [f"{number:05}" for number in range(10_000)]
    modified = dict.fromkeys(keys, NOW - 100) | {"00001": NOW, "09998": NOW, "09999": NOW}
    job = replace(JOB, since=NOW - 1, originals_of_a_shard=100)
    shards = parts_of(job, FakeLister(keys, modified))[0].shards
    assert [(shard.after, shard.until) for shard in shards] == [("", "00999"), ("08999", "09999")]


def test_several_buckets_are_cut_one_after_the_other() -> None:
    empty, a, b = Selection("empty", "nothing/"), Selection(BUCKET, "a"), Selection(BUCKET, "b")
    job = replace(JOB, pictures=(Selection(BUCKET), a, empty, b))
    (part,) = parts_of(job, FakeLister(["a1", "b1"]))
    assert [(shard.place, shard.after, shard.until) for shard in part.shards] == [(0, "", ""), (1, "", ""), (3, "", "")]


@dataclass
class NumberedLister:
    """A bucket of so many keys that are made when they are listed."""

    count: int

    def page(self, bucket: str, prefix: str, after: str, *, deletions: bool) -> Page:  # noqa: ARG002
        start = int(after) + 1 if after else 0
        end = min(start + 1_000, self.count)
        items = [Listed(f"{number:09}", NOW) for number in range(start, end)]
        return Page(items, items[-1].key if end < self.count else "")


def test_keys_are_cut_into_shards_of_10000_within_one_megabyte_of_memory_however_many_there_are() -> None:
    job = replace(JOB, originals_of_a_shard=10_000)
    tracemalloc.start()
    (part,) = parts_of(job, NumberedLister(KEYS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(part.shards) == KEYS // 10_000
    assert peak < MOST_MEMORY, f"{peak:,} bytes"


def test_a_part_ends_after_a_thousand_shards_so_that_no_file_grows_with_the_bucket() -> None:
    parts = parts_of(replace(JOB, originals_of_a_shard=100), NumberedLister(250_000))
    assert [len(part.shards) for part in parts] == [SHARDS_OF_A_PART, SHARDS_OF_A_PART, 500]
    assert len(csv_of(parts[0].shards)) < 256 * 1024
