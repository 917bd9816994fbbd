"""Cuts buckets into shards: ranges of keys with about as many originals each, found by listing alone.

A bucket of any size takes the memory of one page and of the shards of one part.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightpress.backfill.ports import Lister
    from lightpress.backfill.run import Job

SHARDS_OF_A_PART = 1_000
# With a time limit, most keys may be unwanted: whoever looks at a shard has to list them all again.
_KEYS_FOR_AN_ORIGINAL = 10

_COLUMNS = ("shard", "place", "after", "until")


@dataclass(frozen=True, slots=True)
class Shard:
    """A range of keys.

    Attributes:
        id: Of the shard, the name of its result.
        place: The number of its bucket among the job's; or of its segment.
        after: The key that the range begins after; "" for the beginning of the bucket.
        until: Its last key; "" for the end of the bucket, so that what is uploaded last is in a shard, too.
    """

    id: str
    place: int
    after: str
    until: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where to go on. place: The number of the bucket; beyond the last, everything is cut. after: The key."""

    place: int = 0
    after: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Some shards, and where the next part begins; None after the last."""

    shards: tuple[Shard, ...]
    next: Cursor | None


@dataclass(slots=True)
class _Open:
    """The shard that is being filled."""

    after: str
    originals: int = 0
    keys: int = 0

    def full(self, most: int) -> bool:
        return self.originals >= most or self.keys >= _KEYS_FOR_AN_ORIGINAL * most


def cut(job: Job, lister: Lister, number: int, begin: Cursor, has_time: Callable[[], bool]) -> Part:
    """Cut one part: up to `SHARDS_OF_A_PART` shards, or as many as there is time for, at least one page.

    Args:
        job: Which buckets, and which of their keys count.
        lister: Lists them.
        number: Of the part, from 0; it is in the ids of its shards.
        begin: Where to go on.
        has_time: Whether another page may be listed.
    """
    if job.segments:
        return Part(tuple(Shard(f"{number:05}-{place:05}", place, "", "") for place in range(job.segments)), None)
    shards: list[Shard] = []

    def close(place: int, open_: _Open, until: str) -> None:
        if open_.originals or (job.is_whole and not until):
            shards.append(Shard(f"{number:05}-{len(shards):05}", place, open_.after, until))

    place, after = begin.place, begin.after
    while place < len(job.pictures):
        pictures, open_ = job.pictures[place], _Open(after)
        while True:
            page = lister.page(pictures.bucket, pictures.prefix, after, deletions=pictures.bucket in job.deletions_in)
            for found in page.items:
                open_.originals += job.wants(found)
                open_.keys += 1
                if open_.full(job.originals_of_a_shard):
                    close(place, open_, found.key)
                    open_ = _Open(found.key)
            after = page.last
            if not after:
                break
            if len(shards) >= SHARDS_OF_A_PART or not has_time():
                close(place, open_, after)
                return Part(tuple(shards), Cursor(place, after))
        close(place, open_, "")
        place, after = place + 1, ""
    return Part(tuple(shards), None)


def csv_of(shards: Iterable[Shard]) -> bytes:
    """A file for the CSV reader of a Distributed Map. Keys are percent-encoded: they may hold commas and lines."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows(
        (shard.id, shard.place, quote(shard.after, safe="/"), quote(shard.until, safe="/")) for shard in shards
    )
    return text.getvalue().encode()


def shards_in(data: bytes) -> list[Shard]:
    """Read what `csv_of` wrote."""
    return [shard_from(row) for row in csv.DictReader(io.StringIO(data.decode()))]


def shard_from(row: dict[str, str]) -> Shard:
    """The shard of a row, as the reader of a Distributed Map hands it over."""
    return Shard(row["shard"], int(row["place"]), unquote(row["after"]), unquote(row["until"]))
