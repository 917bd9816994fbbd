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
from lightpress.in_place.objects import MESSAGES, CompressionMark, Entry
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.reconcile import ATTEMPTS, TooManyConflicts

if TYPE_CHECKING:
    from lightpress.in_place.buckets import Compressing, InPlace
    from lightpress.in_place.objects import ObjectState
    from lightpress.in_place.ports import CompressFile, Ledger, Objects
    from lightpress.pipeline.failures import Verdict
    from lightpress.pipeline.source import Source

MOST_TIMES = 3


class CompressionResult(StrEnum):
    """What was done with a picture of an existing bucket."""

    REPLACED = "replaced"
    KEPT = "kept"  # there is nothing smaller that is worth a write
    LEFT_ALONE = "left_alone"  # it may not be touched
    NOTHING = "nothing"  # that was found out before
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class CompressionOutcome:
    """What was done with a source. before, after: bytes, where it was read. reason, note: why it is as it was.

    version: what holds the bytes that were replaced, in a bucket that keeps versions.
    """

    source: Source
    result: CompressionResult
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
class CompressDependencies:
    """Everything the story needs."""

    existing: Objects
    ledger: Ledger
    tables: Compressing
    compress: CompressFile


def compress(source: Source, world: CompressDependencies, *, again: bool = False) -> CompressionOutcome:
    """Replace what `source` holds by something smaller, if there is anything and it may be replaced.

    again: also try what was tried in vain, or put back too often.

    Raises TooManyConflicts after `ATTEMPTS` lost races, and whatever the world raises: both are worth a later try.
    """
    for _ in range(ATTEMPTS):
        try:
            return _attempt(source, world, again=again)
        except PreconditionFailed:
            continue
    raise TooManyConflicts(f"{source} changed during each of {ATTEMPTS} attempts")


def _attempt(source: Source, world: CompressDependencies, *, again: bool) -> CompressionOutcome:
    held, table = world.existing.head(source), world.tables.table_for(source)
    if held is None:
        return CompressionOutcome(source, CompressionResult.GONE)
    if seen := _seen_at_once(source, held, table):
        return seen
    entry = None if again else world.ledger.entry(source)
    if entry is not None and (known := _known_before(source, held, entry, table)):
        return known
    smaller, note = _smaller(source, held, table, world)
    if smaller is None:
        world.ledger.enter(source, Entry(held.etag, table.digest, before=held.size, note=note))
        return CompressionOutcome(source, CompressionResult.KEPT, held.size, held.size, note=note)
    times = entry.times if entry is not None and entry.etag == held.etag else 0
    return _replaced(source, held, smaller, Entry(held.etag, table.digest, times), table, world)


def settled(source: Source, table: InPlace, existing: Objects, ledger: Ledger) -> CompressionOutcome | None:
    """What is the last word on a source, told by looking alone; None where something is left to be done."""
    held = existing.head(source)
    if held is None:
        return CompressionOutcome(source, CompressionResult.GONE)
    if seen := _seen_at_once(source, held, table):
        return seen
    entry = ledger.entry(source)
    return _known_before(source, held, entry, table) if entry is not None else None


def _seen_at_once(source: Source, held: ObjectState, table: InPlace) -> CompressionOutcome | None:
    """What the object itself tells, without being read."""
    if held.obstacle is not None:
        return CompressionOutcome(
            source, CompressionResult.LEFT_ALONE, reason=held.obstacle, note=MESSAGES[held.obstacle]
        )
    if held.seal is not None and _is_final(held.seal, table):
        return CompressionOutcome(source, CompressionResult.NOTHING)
    if table.squeezing.lossy and held.version is None:
        note = "The bucket keeps no versions: what is encoded with loss could not be brought back."
        return CompressionOutcome(source, CompressionResult.LEFT_ALONE, reason="no_versions", note=note)
    return None


def _known_before(source: Source, held: ObjectState, entry: Entry, table: InPlace) -> CompressionOutcome | None:
    """What the ledger spares: trying in vain, and writing what somebody puts back each time."""
    if entry.settles(held, table.digest):
        return CompressionOutcome(source, CompressionResult.NOTHING, note=entry.note)
    if entry.etag == held.etag and entry.times >= MOST_TIMES:
        note = f"It was replaced {entry.times} times, and put back each time."
        return CompressionOutcome(source, CompressionResult.LEFT_ALONE, reason="put_back", note=note)
    return None


def _is_final(seal: CompressionMark, table: InPlace) -> bool:
    """Whether what carries the seal is as it should be. What was made lossy once is never made so again."""
    squeezing = table.squeezing
    return seal.digest == squeezing.digest or (seal.lossy and squeezing.lossy)


def _smaller(
    source: Source, held: ObjectState, table: InPlace, world: CompressDependencies
) -> tuple[bytes | None, str | None]:
    """The bytes that are worth a write; None where there are none, and a note why not."""
    squeezing = table.squeezing
    try:
        squeezing.limits.check_bytes(held.size)
        rendering = world.compress(world.existing.read(source, held), squeezing)
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
    source: Source, held: ObjectState, smaller: bytes, entry: Entry, table: InPlace, world: CompressDependencies
) -> CompressionOutcome:
    if world.existing.head(source) != held:  # other metadata with the same bytes would pass If-Match, and be lost
        raise PreconditionFailed
    squeezing = table.squeezing
    world.existing.replace(source, held, smaller, CompressionMark(squeezing.digest, squeezing.lossy))
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
    return CompressionOutcome(source, CompressionResult.REPLACED, held.size, len(smaller), version=held.version)
