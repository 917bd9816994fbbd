"""The other story: a picture of an existing bucket is replaced, where it lies, by a smaller one that shows the same.

Again an event is only a hint to look here, and looking twice does the work once. Three things keep it safe:

- The write replaces exactly the bytes that were read (If-Match), so a newer upload is never overwritten.
- The write itself carries the seal that says "done", bound to the new bytes. So the event that the write causes ends
  with one look, and a worker that dies leaves nothing half done: either the old bytes or the sealed new ones.
- What cannot be made smaller is not written; the ledger remembers it, so that looking again costs two requests.

Whoever puts the larger file back each time it is replaced, by a program that synchronises, say, is stronger: after
`MOST_TIMES` the same contents are left alone. Nothing of this depends on the ledger being there.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightpress.image import PictureRejected
from lightpress.in_place.objects import IN_PLAIN_WORDS, Entry, Seal
from lightpress.pipeline.ports import Changed
from lightpress.pipeline.reconcile import ATTEMPTS, Unsettled

if TYPE_CHECKING:
    from lightpress.in_place.buckets import Compressing, InPlace
    from lightpress.in_place.objects import Held
    from lightpress.in_place.ports import Existing, Ledger, Squeeze
    from lightpress.pipeline.failures import Verdict
    from lightpress.pipeline.source import Source

MOST_TIMES = 3


class Did(StrEnum):
    """What was done with a picture of an existing bucket."""

    REPLACED = "replaced"
    KEPT = "kept"  # there is nothing smaller that is worth a write
    LEFT_ALONE = "left_alone"  # it may not be touched
    NOTHING = "nothing"  # that was found out before
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Compression:
    """What was done with a source. before, after: bytes, where it was read. reason, note: why it is as it was.

    version: what holds the bytes that were replaced, in a bucket that keeps versions.
    """

    source: Source
    did: Did
    before: int = 0
    after: int = 0
    reason: str | None = None
    note: str | None = None
    version: str | None = None

    @property
    def saved(self) -> int:
        """Bytes."""
        return self.before - self.after

    @property
    def verdict(self) -> Verdict | None:
        """None: what cannot be made smaller stays as it is, whyever, and nobody needs to look."""
        return None


@dataclass(frozen=True, slots=True)
class CompressWorld:
    """Everything the story needs."""

    existing: Existing
    ledger: Ledger
    tables: Compressing
    squeeze: Squeeze


def compress(source: Source, world: CompressWorld, *, again: bool = False) -> Compression:
    """Replace what `source` holds by something smaller, if there is anything and it may be replaced.

    again: also try what was tried in vain, or put back too often.

    Raises Unsettled after `ATTEMPTS` lost races, and whatever the world raises: both are worth a later try.
    """
    for _ in range(ATTEMPTS):
        try:
            return _attempt(source, world, again=again)
        except Changed:
            continue
    raise Unsettled(f"{source} changed during each of {ATTEMPTS} attempts")


def _attempt(source: Source, world: CompressWorld, *, again: bool) -> Compression:
    held, table = world.existing.look(source), world.tables.table_for(source)
    if held is None:
        return Compression(source, Did.GONE)
    if seen := _seen_at_once(source, held, table):
        return seen
    entry = None if again else world.ledger.entry(source)
    if entry is not None and (known := _known_before(source, held, entry, table)):
        return known
    smaller, note = _smaller(source, held, table, world)
    if smaller is None:
        world.ledger.enter(source, Entry(held.etag, table.digest, before=held.size, note=note))
        return Compression(source, Did.KEPT, held.size, held.size, note=note)
    times = entry.times if entry is not None and entry.etag == held.etag else 0
    return _replaced(source, held, smaller, Entry(held.etag, table.digest, times), table, world)


def settled(source: Source, table: InPlace, existing: Existing, ledger: Ledger) -> Compression | None:
    """What is the last word on a source, told by looking alone; None where something is left to be done."""
    held = existing.look(source)
    if held is None:
        return Compression(source, Did.GONE)
    if seen := _seen_at_once(source, held, table):
        return seen
    entry = ledger.entry(source)
    return _known_before(source, held, entry, table) if entry is not None else None


def _seen_at_once(source: Source, held: Held, table: InPlace) -> Compression | None:
    """What the object itself tells, without being read."""
    if held.obstacle is not None:
        return Compression(source, Did.LEFT_ALONE, reason=held.obstacle, note=IN_PLAIN_WORDS[held.obstacle])
    if held.seal is not None and _is_final(held.seal, table):
        return Compression(source, Did.NOTHING)
    if table.squeezing.lossy and held.version is None:
        note = "The bucket keeps no versions: what is encoded with loss could not be brought back."
        return Compression(source, Did.LEFT_ALONE, reason="no_versions", note=note)
    return None


def _known_before(source: Source, held: Held, entry: Entry, table: InPlace) -> Compression | None:
    """What the ledger spares: trying in vain, and writing what somebody puts back each time."""
    if entry.settles(held, table.digest):
        return Compression(source, Did.NOTHING, note=entry.note)
    if entry.etag == held.etag and entry.times >= MOST_TIMES:
        note = f"It was replaced {entry.times} times, and put back each time."
        return Compression(source, Did.LEFT_ALONE, reason="put_back", note=note)
    return None


def _is_final(seal: Seal, table: InPlace) -> bool:
    """Whether what carries the seal is as it should be. What was made lossy once is never made so again."""
    squeezing = table.squeezing
    return seal.digest == squeezing.digest or (seal.lossy and squeezing.lossy)


def _smaller(source: Source, held: Held, table: InPlace, world: CompressWorld) -> tuple[bytes | None, str | None]:
    """The bytes that are worth a write; None where there are none, and a note why not."""
    squeezing = table.squeezing
    try:
        squeezing.limits.check_bytes(held.size)
        rendering = world.squeeze(world.existing.read(source, held), squeezing)
        with closing(rendering.renditions) as renditions:
            made = next(renditions, None)
    except PictureRejected as rejected:
        return None, str(rejected)
    if made is None:
        return None, " ".join(rendering.facts.notes)
    if not table.saves_enough(held.size, len(made.data)):
        saved = held.size - len(made.data)
        return None, f"It would save {saved} of {held.size} bytes, less than {table.min_saving_percent} %."
    return made.data, None


def _replaced(  # noqa: PLR0913, PLR0917  everything that a replacement is made of
    source: Source, held: Held, smaller: bytes, entry: Entry, table: InPlace, world: CompressWorld
) -> Compression:
    if world.existing.look(source) != held:  # other metadata with the same bytes would pass If-Match, and be lost
        raise Changed
    squeezing = table.squeezing
    world.existing.replace(source, held, smaller, Seal(squeezing.digest, squeezing.lossy))
    world.ledger.enter(
        source,
        Entry(
            entry.etag,
            entry.digest,
            entry.times + 1,
            before=held.size,
            after=len(smaller),
            version=held.version,
        ),
    )
    return Compression(source, Did.REPLACED, held.size, len(smaller), version=held.version)
