"""The in-place workflow: an object of an existing bucket is replaced by a smaller file that shows the same picture.

An event only says which key to look at, and processing it twice does the work once. Three rules keep it safe:

- The write replaces exactly the bytes that were read (If-Match), so a newer upload is never overwritten.
- The write itself carries the mark "compressed", bound to the new bytes. So the event that the write causes ends after
  one HEAD request, and a worker that dies leaves either the old bytes or the marked new ones.
- A file that cannot be made smaller is not written. The ledger remembers it, so that the next event costs two requests.

Another program may put the larger file back each time, a synchronization job for instance. After `MOST_TIMES` rounds
the same bytes are left alone. None of these rules depends on the ledger being there.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from lightpress.image.compress import SIGNED, is_kept_for_signature
from lightpress.image.errors import PictureRejected
from lightpress.in_place.objects import MESSAGES, CompressionMark, LedgerEntry
from lightpress.pipeline.outcomes import ATTEMPTS, TooManyConflicts
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from lightpress.in_place.buckets import Compressing, InPlace
    from lightpress.in_place.objects import ObjectState
    from lightpress.in_place.ports import CompressFile, Ledger, Objects
    from lightpress.pipeline.failures import Verdict
    from lightpress.pipeline.source import Source

MOST_TIMES = 3
"""How often the same bytes are replaced before they are left alone."""

_CONTENTS_DIGITS = 32
_COPIED = "It is compressed already, and was copied since."


class CompressionResult(StrEnum):
    """What was done with an object."""

    REPLACED = "replaced"
    KEPT = "kept"  # no smaller file that is worth a write
    LEFT_ALONE = "left_alone"  # it may not be replaced
    NOTHING = "nothing"  # a previous run has decided
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class CompressionOutcome:
    """What was done with an object, and why.

    Attributes:
        source: Bucket and key.
        result: What was done.
        before: Size in bytes, if the object was read.
        after: Size after this run.
        reason: A code, if the object was left alone.
        note: The same as a sentence, also of an object that was kept.
        version: Id of the version that still holds the replaced bytes, in a bucket with versioning.

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
        """Bytes saved by this run."""
        return self.before - self.after

    @property
    def verdict(self) -> Verdict | None:
        """None: an object that cannot be compressed stays where it is, and is no failure."""
        return None

    @property
    def handed_on(self) -> bool:
        """Nobody else has anything to do with it."""
        return False


@dataclass(frozen=True, slots=True)
class CompressDependencies:
    """The ports that `compress` needs.

    Attributes:
        objects: Reads and replaces objects.
        ledger: Remembers what was decided about each object.
        tables: Says which options apply to a source.
        compress: Makes the smaller file.
    """

    objects: Objects
    ledger: Ledger
    tables: Compressing
    compress: CompressFile


def compress(
    source: Source,
    dependencies: CompressDependencies,
    *,
    retry: bool = False,
    redelivered: bool = False,  # noqa: ARG001  as every workflow of a message
) -> CompressionOutcome:
    """Replace the object of `source` by a smaller file, if one exists and the object may be replaced.

    Args:
        source: A source that one of the tables selects.
        dependencies: Ports and tables.
        retry: Also compress bytes that were kept before, or put back too often.
        redelivered: Decides nothing: an attempt that died has left nothing behind.

    Raises:
        TooManyConflicts: The object changed during each of `ATTEMPTS` attempts.
        Exception: Any error of a port. All of these are transient: the caller retries.

    """
    for _ in range(ATTEMPTS):
        try:
            return _attempt(source, dependencies, retry=retry)
        except PreconditionFailed:
            continue
    raise TooManyConflicts(f"{source} changed during each of {ATTEMPTS} attempts")


def _attempt(source: Source, dependencies: CompressDependencies, *, retry: bool) -> CompressionOutcome:
    state, table = dependencies.objects.head(source), dependencies.tables.table_for(source)
    if state is None:
        return CompressionOutcome(source, CompressionResult.GONE)
    if outcome := _outcome_by_state(source, state, table):
        return outcome
    entry = None if retry else dependencies.ledger.last_entry(source)
    if entry is not None and (outcome := _outcome_by_ledger(source, state, entry, table)):
        return outcome
    try:
        table.options.limits.check_bytes(state.size)
    except PictureRejected as rejected:  # without reading it
        return _kept(source, LedgerEntry(state.etag, table.digest, before=state.size, note=str(rejected)), dependencies)
    return _outcome_by_contents(source, state, entry, table, dependencies)


def _outcome_by_contents(
    source: Source, state: ObjectState, entry: LedgerEntry | None, table: InPlace, dependencies: CompressDependencies
) -> CompressionOutcome:
    """What follows from the bytes: what was found of the same ones, under whatever ETag; a smaller file; or none."""
    data = dependencies.objects.read(source, state)
    contents = hashlib.sha256(data).hexdigest()[:_CONTENTS_DIGITS]
    if entry is not None and entry.contents == contents:
        entry = replace(entry, etag=state.etag)
        if outcome := _outcome_by_ledger(source, state, entry, table):
            dependencies.ledger.record(source, entry)  # so that they need not be read the next time
            return outcome
    looked_at = LedgerEntry(state.etag, table.digest, before=state.size, contents=contents)
    claimed = state.claim.mark if state.claim is not None and state.claim.is_on(data) else None
    if claimed is not None and _is_final(claimed, table):
        return _kept(source, replace(looked_at, note=_COPIED), dependencies)
    found = _smaller_file(data, table, dependencies)
    if found.data is None:
        return _kept(source, replace(looked_at, note=found.note), dependencies, found.reason)
    times = entry.times if entry is not None and entry.etag == state.etag else 0
    was_lossy = any(mark.lossy for mark in (state.mark, claimed) if mark is not None)  # no other options undo that
    done_by = CompressionMark(table.options.digest, table.options.lossy or was_lossy)
    _replace(source, state, found.data, done_by, dependencies)
    done = replace(looked_at, times=times + 1, after=len(found.data), version=state.version)
    dependencies.ledger.record(source, done)
    return CompressionOutcome(source, CompressionResult.REPLACED, state.size, done.after, version=state.version)


def _kept(
    source: Source, entry: LedgerEntry, dependencies: CompressDependencies, reason: str | None = None
) -> CompressionOutcome:
    """Remember that an object is not replaced. reason: a code, where it may not be."""
    dependencies.ledger.record(source, entry)
    result = CompressionResult.LEFT_ALONE if reason else CompressionResult.KEPT
    return CompressionOutcome(source, result, entry.before, entry.before, reason, entry.note)


def known_outcome(source: Source, table: InPlace, objects: Objects, ledger: Ledger) -> CompressionOutcome | None:
    """The outcome as far as HEAD and the ledger tell it; None where work is left to be done."""
    state = objects.head(source)
    if state is None:
        return CompressionOutcome(source, CompressionResult.GONE)
    if outcome := _outcome_by_state(source, state, table):
        return outcome
    entry = ledger.last_entry(source)
    return _outcome_by_ledger(source, state, entry, table) if entry is not None else None


def _outcome_by_state(source: Source, state: ObjectState, table: InPlace) -> CompressionOutcome | None:
    """What follows from the object's headers, without reading it."""
    if state.obstacle is not None:
        return _left_alone(source, state.obstacle, MESSAGES[state.obstacle])
    if state.mark is not None and _is_final(state.mark, table):
        return CompressionOutcome(source, CompressionResult.NOTHING)
    if table.options.lossy and state.version is None:
        return _left_alone(source, "no_versions", "The bucket has no versioning: a lossy write could not be undone.")
    return None


def _outcome_by_ledger(
    source: Source, state: ObjectState, entry: LedgerEntry, table: InPlace
) -> CompressionOutcome | None:
    """What an earlier run found: no smaller file, or a program that undoes each replacement."""
    if entry.is_conclusive_for(state, table.digest):
        return CompressionOutcome(source, CompressionResult.NOTHING, note=entry.note)
    if entry.etag == state.etag and entry.times >= MOST_TIMES:
        return _left_alone(source, "put_back", f"It was replaced {entry.times} times, and put back each time.")
    return None


def _left_alone(source: Source, reason: str, note: str) -> CompressionOutcome:
    return CompressionOutcome(source, CompressionResult.LEFT_ALONE, reason=reason, note=note)


def _is_final(mark: CompressionMark, table: InPlace) -> bool:
    """Whether a marked object is compressed as the table asks. A lossy one is never compressed with loss again."""
    return mark.digest == table.options.digest or (mark.lossy and table.options.lossy)


class _Found(NamedTuple):
    """The bytes of a file that is worth a write; None where there is none.

    note: why there is none; reason: a code, where the object may not be replaced.
    """

    data: bytes | None
    note: str | None = None
    reason: str | None = None


def _smaller_file(data: bytes, table: InPlace, dependencies: CompressDependencies) -> _Found:
    if is_kept_for_signature(data, table.options):
        return _Found(None, SIGNED, "credentials")
    try:
        result = dependencies.compress(data, table.options)
        with closing(result.variants) as encoded:
            smaller = next(encoded, None)
    except PictureRejected as rejected:
        return _Found(None, str(rejected))
    if smaller is None:
        return _Found(None, " ".join(result.original.notes))
    if not table.saves_enough(len(data), len(smaller.data)):
        saved = len(data) - len(smaller.data)
        return _Found(None, f"It would save {saved} of {len(data)} bytes, less than {table.min_saving_percent} %.")
    return _Found(smaller.data)


def _replace(
    source: Source, state: ObjectState, smaller: bytes, mark: CompressionMark, dependencies: CompressDependencies
) -> None:
    if dependencies.objects.head(source) != state:  # If-Match would not notice a change of metadata alone, and lose it
        raise PreconditionFailed
    dependencies.objects.replace(source, state, smaller, mark)
