"""`lightpress erase`: removes everything that is kept of the originals of one owner, one folder or one key.

Functions go on working meanwhile, so the order matters. Of each key, first a delete marker, then all other versions,
and markers only once nothing lies below them: at no moment does an older version become the current one. Whatever
follows from originals is removed by whoever removes what follows from deletions: a message has the key looked at, and a
worker tells the CDN, removes the variants and publishes a tombstone.

A worker that has read an original before it was deleted may still write something of it. So all the rest is removed
only after the longest time that a function runs, when nobody can write it anew; and the last to go is the key in its
tombstone, by which a repetition finds what an interrupted one has left.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from lightpress.aws.quarantine import copies_folder
from lightpress.cli.deleting import delete
from lightpress.pipeline.copy_pattern import is_too_long
from lightpress.pipeline.copying import wake
from lightpress.pipeline.failures import subject_of_picture
from lightpress.pipeline.gate import held_folder, reviews_folder, revision_of_entry
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.outcomes import ATTEMPTS
from lightpress.pipeline.paths import (
    MANIFESTS,
    facts_folder,
    likeness_folder,
    likeness_paths,
    manifest_path,
    variants_folder,
)
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from types_boto3_s3 import S3Client

    from lightpress.aws.copies import S3Copies
    from lightpress.aws.facts import S3Facts
    from lightpress.aws.failures_table import DynamoFailures
    from lightpress.aws.images import S3Images
    from lightpress.aws.purges import SqsLateLooks
    from lightpress.backfill.at_once import AtOnce
    from lightpress.pipeline.buckets import Publishing
    from lightpress.pipeline.ports import Published

_KEYS_AT_ONCE = 1000
_NO_VERSION = "null"
_VERSIONS, _MARKERS = "Versions", "DeleteMarkers"


class Kind(StrEnum):
    """What is removed, as receipts call it."""

    VERSIONS = "versions and delete markers of originals"
    UPLOADS = "unfinished uploads"
    VARIANTS = "variants"
    MANIFESTS = "manifests"
    COPIES = "copies in quarantine"
    REVIEWS = "reviews, facts, and entries in the list of what waits for them"
    NAMES = "names in what is said of other pictures"
    ROWS = "rows of failures"
    COUNTERS = "counters of uploads"


class NotErasedError(Exception):
    """Something is still there; the message says what, and what to do."""


@dataclass(frozen=True)
class Scope:
    """Whose originals, by one of three.

    Attributes:
        key: One key.
        prefix: A folder: what keys begin with, with "/" at its end.
        owners: Owners as they are in keys of the upload API, `COLLECTION/OWNER/ID/FILENAME`.
    """

    key: str = ""
    prefix: str = ""
    owners: tuple[str, ...] = ()

    def takes(self, name: str) -> bool:
        """Whether a key is one of these."""
        if self.owners:
            collection, *rest = name.split("/")
            return bool(collection) and len(rest) > 1 and rest[0] in self.owners
        return name == self.key if self.key else name.startswith(self.prefix)

    def prefixes(self, collections: Callable[[], Iterable[str]]) -> list[str]:
        """What to list so that every such key is found. collections: the folders of the bucket, with "/" at the end."""
        if self.owners:
            return [f"{folder}{owner}/" for folder in collections() for owner in self.owners]
        return [self.key or self.prefix]


class Patience(Protocol):
    """Waits for those who work meanwhile."""

    def for_workers(self, unsettled: int) -> None:
        """Wait a little, until they may have removed what is left; raises NotErasedError once that is too long."""

    def for_those_at_work(self) -> bool:
        """Wait until everybody who may have read an original before it was deleted has ended.

        False: nobody waits for them now.
        """


@dataclass(frozen=True)
class Round:
    """What one look at everything came to.

    Attributes:
        removed: How much of each kind was removed.
        unsettled: Keys of which something is left that a worker was asked to remove.
    """

    removed: Counter[Kind]
    unsettled: frozenset[str]


@dataclass(frozen=True)
class Erasing:
    """Erases the originals of a scope.

    Attributes:
        s3: A client.
        uploads, quarantine: Buckets.
        images: Variants and manifests.
        failures: The failures table.
        looks: Has a key looked at once more, also at what somebody has left behind there.
        publishing: Which bucket is published under which names.
        scope: Whose originals.
        each: Applies a function to each of many, in order; several at once, where it may.
        copies: Copies of variants; None where there are none.
        facts: What enrichers say, also of the pictures of others that look alike; None where none are asked.
    """

    s3: S3Client
    uploads: str
    quarantine: str
    images: S3Images
    failures: DynamoFailures
    looks: SqsLateLooks
    publishing: Publishing
    scope: Scope
    each: AtOnce = field(default=map)
    copies: S3Copies | None = None
    facts: S3Facts | None = None

    def run(self, names: set[str], patience: Patience, heard: Callable[[Round], None]) -> bool:
        """Look through everything until nothing is left; returns whether that is sure.

        names: The keys that are known so far; those that turn up meanwhile are added.
        heard: Is told of each round.

        Raises NotErasedError where workers do not remove what is left, or S3 refuses to.
        """
        sure, again = False, frozenset(names)
        while True:
            done = self._round(names, again, sure=sure)
            if not done.unsettled:
                done.removed.update(self._take_names_out())
            heard(done)
            # Whoever was at work may have read it before.
            sure = sure and not (done.removed[Kind.VERSIONS] or done.removed[Kind.NAMES])
            if done.unsettled:
                patience.for_workers(len(done.unsettled))
                again = done.unsettled
            elif sure:  # of each key, since the wait
                return True
            elif patience.for_those_at_work():
                sure, again = True, frozenset(names)
            else:
                return False

    def _round(self, names: set[str], again: frozenset[str], *, sure: bool) -> Round:
        """Remove what is there of all originals, and what follows from those in `again` and from new ones.

        sure: Nobody is at work any more who may have read an original before it was deleted, as far as is known.
        """
        removed: Counter[Kind] = Counter()
        found: set[str] = set()
        for prefix in self.scope.prefixes(self.folders):
            removed[Kind.VERSIONS] += self._remove_originals(prefix, found)
        look_at = sorted(again | (found - names))
        names |= found
        unsettled: set[str] = set()
        remove = self._remove_derived if sure and not removed[Kind.VERSIONS] else self._ask_for_removal
        for one in self.each(remove, look_at):
            removed += one.removed
            unsettled |= one.unsettled
        return Round(removed, frozenset(unsettled))

    def folders(self) -> list[str]:
        """The folders at the top of the bucket of originals, those of deleted ones included."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.uploads, Delimiter="/")
        return [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]

    def versions(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """The keys of the scope below a prefix of the bucket of originals; of any other bucket, all below it."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        for key, rows in groupby(_by_key(pages), key=itemgetter(0)):
            of_key = [(kind, row) for _, kind, row in rows]
            if bucket != self.uploads or self.scope.takes(key):
                yield Listed(
                    key,
                    [row for kind, row in of_key if kind == _VERSIONS],
                    [row for kind, row in of_key if kind == _MARKERS],
                )

    def _remove_originals(self, prefix: str, found: set[str]) -> int:
        """Remove all originals of the scope below a prefix; returns how many versions, and adds their keys to `found`.

        Manifests name them before: whoever is interrupted finds the keys of what follows from them by nothing else.
        """

        def note(keys: set[str]) -> None:
            list(self.each(self._keep_name, sorted(keys - found)))
            found.update(keys)

        return self._remove_versions(self.uploads, prefix, note)

    def _remove_versions(self, bucket: str, prefix: str, note: Callable[[set[str]], None] = lambda _: None) -> int:
        """Remove everything below a prefix, until nothing is listed; returns how much. note: Is told of keys before."""
        count, more = 0, True
        while more:
            more = False
            listed = self.versions(bucket, prefix)
            while some := list(islice(listed, _KEYS_AT_ONCE)):
                more = True
                note({one.key for one in some})
                count += self._remove_listed(bucket, some)
        return count

    def _remove_listed(self, bucket: str, listed: list[Listed]) -> int:
        """Hide what is current, then remove the versions; of keys without any, remove the markers.

        A marker goes only once a listing shows nothing below it: without it, what is below would be current again.
        Returns how much is gone that was there before this hid anything.
        """
        current = [(one.key, row) for one in listed for row in one.versions if row["IsLatest"]]
        without_versions = [key for key, row in current if row["VersionId"] == _NO_VERSION]
        self._delete(bucket, [{"Key": key} for key, _ in current])
        versions = [row for one in listed for row in one.versions if not (row["IsLatest"] and _is_null(row))]
        self._delete(bucket, [_named(row) for row in versions])
        markers = [row for one in listed if not one.versions for row in one.markers]
        self._delete(bucket, [_named(row) for row in markers])
        return len(versions) + len(without_versions) + len(markers) - (len(current) - len(without_versions))

    def _delete(self, bucket: str, named: list[Any]) -> None:
        if refused := delete(self.s3, bucket, named):
            raise NotErasedError(refused)

    def _keep_name(self, name: str) -> None:
        """Have the manifest of a key name it, where none does: of what was put since it was erased, and of new ones.

        A worker that is about to publish the original finds another manifest then, and begins anew.
        """
        path = manifest_path(name)
        for _ in range(ATTEMPTS):
            with suppress(PreconditionFailed):  # what somebody else publishes mostly names it, too
                published = self.images.published_at(path)
                if published is None:
                    self.images.publish_at(path, Manifest(name, Status.DELETED, 1), None)
                elif not published.manifest.key:
                    manifest = published.manifest
                    self.images.publish_at(path, replace(manifest, key=name, revision=manifest.revision + 1), published)
                return
        raise NotErasedError(f"{path} was written anew during each of {ATTEMPTS} attempts: run the command again.")

    def _ask_for_removal(self, name: str) -> Round:
        """Have what follows from the original of a key removed by a worker, who tells the CDN first, unless it is."""
        with suppress(PreconditionFailed):
            self._tombstone(name)
            return Round(Counter(), frozenset())
        self.looks.request_look(self.publishing.named(name))
        return Round(Counter(), frozenset({name}))

    def _remove_derived(self, name: str) -> Round:
        """Remove what is left of a key once workers have removed their part, or ask them for that."""
        removed = Counter[Kind]()
        with suppress(PreconditionFailed):
            self._remove_rest(name, removed)
            return Round(removed, frozenset())
        self.looks.request_look(self.publishing.named(name))
        return Round(removed, frozenset({name}))

    def _remove_rest(self, name: str, removed: Counter[Kind]) -> None:
        """Remove it, and then take the key out of the manifest; adds to `removed` how much.

        In this order: whoever is interrupted finds the key by its manifest again. And what is said is listed before
        looking for originals: what is said of one that was put meanwhile stays, as nobody says it twice.

        Raises PreconditionFailed where something is published, or left over, or an original is there again.
        """
        source, entries = self.publishing.named(name), list(self.images.paths(held_folder(name)))
        tombstone = self._tombstone(name)
        self._outdate(name, tombstone, entries)
        said = [path for folder in (reviews_folder(name), facts_folder(name)) for path in self.images.paths(folder)]
        if self._is_there(name):
            raise PreconditionFailed
        if self.copies is not None:  # whoever has removed its copies may find a manifest that names none any more
            notes = self.copies.waiting(name)
            wake(notes, self.copies, lambda key: self.looks.request_look(self.publishing.named(key)))
        removed[Kind.ROWS] += self.failures.erase(subject_of_picture(source.bucket, source.key))
        removed[Kind.COPIES] += self._remove_versions(self.quarantine, copies_folder(source))
        alike = self._entries_of_likeness(name)
        self.images.remove([*alike, *said, *entries])
        removed[Kind.REVIEWS] += len(said) + len(entries)
        removed[Kind.MANIFESTS] += self._take_name_out(name, tombstone)

    def _is_there(self, name: str) -> bool:
        """Whether there is an original of a key, current or not."""
        return any(one.versions for one in islice(self.versions(self.uploads, name), 1) if one.key == name)

    def _entries_of_likeness(self, name: str) -> list[str]:
        """Of the index of perceptual hashes: the entry by which the others are found last, so that none is left."""
        found = [path.rpartition("/")[2] for path in self.images.paths(likeness_folder(name))]
        return [path for likeness in found for path in reversed(likeness_paths(name, likeness))]

    def _take_names_out(self) -> Counter[Kind]:
        """Take the keys out of what is said of other pictures: first where workers read it, then out of manifests."""
        facts, removed = self.facts, Counter[Kind]()
        if facts is None:
            return removed
        for take_out, paths in (
            (partial(facts.take_out, leaves=self.scope.takes), facts.paths()),
            (self._retell, self.images.paths(MANIFESTS)),
        ):
            for one in self.each(partial(_tried_again, take_out), paths):
                removed.update(one.removed)
        return removed

    def _retell(self, path: str) -> int:
        """Publish the manifest of another picture without the keys that it names; returns how many.

        A look is asked for first, so that a worker publishes it where this dies in between; and once more after that,
        since the first may be over by then: an event tells what is published by the last of them.
        """
        published = self.images.published_at(path)
        if published is None or not published.manifest.key or self.scope.takes(published.manifest.key):
            return 0
        before = published.manifest
        facts = tuple(fact.without(self.scope.takes) for fact in before.facts)
        if facts == before.facts:
            return 0
        source = self.publishing.named(before.key)
        self.looks.request_look(source)
        self.images.publish_at(path, replace(before, facts=facts, revision=before.revision + 1), published)
        self.looks.request_look(source)
        return sum(len(fact.looks_like) for fact in before.facts) - sum(len(fact.looks_like) for fact in facts)

    def _tombstone(self, name: str) -> Published | None:
        """The manifest of a key that was deleted, and of which a worker has nothing to remove any more.

        None where there never was any. Raises PreconditionFailed where something is published, or left over.
        """
        path = manifest_path(name)
        # Before the manifest is read: whoever removes the last of them has published one with the key before that.
        has_variants = any(self.images.paths(variants_folder(name)))
        published = self.images.published_at(path)
        manifest = published.manifest if published else None
        if manifest is not None and manifest.original_dropped is not None:
            # As long as it says so, it is no deletion that the original is gone.
            self.images.publish_at(path, replace(manifest, original_dropped=None), published)
            raise PreconditionFailed
        is_published = manifest is not None and manifest.status is not Status.DELETED
        if has_variants or is_published or self._has_copies(name, manifest):
            raise PreconditionFailed
        return published

    def _has_copies(self, name: str, manifest: Manifest | None) -> bool:
        """Whether a copy of a key is left, which a worker removes, who tells the CDN first."""
        if self.copies is None or manifest is None:
            return False
        copies = self.copies
        paths = [path for path in manifest.past_copies if not is_too_long(path) and copies.covers(path)]
        return any(lying.owner == copies.owner(name) for lying in map(copies.look, paths) if lying)

    def _outdate(self, name: str, tombstone: Published | None, entries: Sequence[str]) -> None:
        """Have the manifest say the revision of the latest entry in the list of what waits: all can be removed then.

        Whoever may be about to publish what one of them is of finds another manifest than the one that it would
        replace. A worker announces the revision: a look is asked for before, too, where this dies in between.

        Raises PreconditionFailed once that is done.
        """
        latest = max((revision_of_entry(entry) for entry in entries), default=0)
        manifest = tombstone.manifest if tombstone else Manifest(name, Status.DELETED, 0)
        if latest > manifest.revision:
            self.looks.request_look(self.publishing.named(name))
            self.images.publish_at(manifest_path(name), replace(manifest, key=name, revision=latest), tombstone)
            raise PreconditionFailed

    def _take_name_out(self, name: str, tombstone: Published | None) -> int:
        """Leave of the manifest that it was deleted, and its revision; returns how many named the key.

        A tombstone has to stay as long as anybody may hear of the deletion, who else would write one with the key.
        """
        if tombstone is None:
            self.images.publish_at(manifest_path(name), Manifest("", Status.DELETED, 1), None)
            return 0
        manifest = tombstone.manifest
        if manifest.key or manifest.past_copies:
            self.images.publish_at(manifest_path(name), replace(manifest, key="", past_copies=()), tombstone)
        return int(bool(manifest.key))


def _tried_again(take_out: Callable[[str], int], path: str) -> Round:
    """Take names out of an object, which others may be writing anew at the same time."""
    for _ in range(ATTEMPTS):
        with suppress(PreconditionFailed):
            return Round(Counter({Kind.NAMES: take_out(path)}), frozenset())
    raise NotErasedError(f"{path} was written anew during each of {ATTEMPTS} attempts: run the command again.")


@dataclass(frozen=True)
class Listed:
    """A key as a list of versions has it.

    Attributes:
        key: Which.
        versions: Its versions, as S3 tells them.
        markers: Its delete markers, as S3 tells them.
    """

    key: str
    versions: list[Any]
    markers: list[Any]


def _by_key(pages: Iterable[Any]) -> Iterator[tuple[str, str, Any]]:
    """The rows of a list of versions in the order of keys: key, kind, row."""
    for page in pages:
        rows = [(row["Key"], kind, row) for kind in (_VERSIONS, _MARKERS) for row in page.get(kind, [])]
        yield from sorted(rows, key=itemgetter(0))


def _is_null(row: Any) -> bool:  # noqa: ANN401  as S3 tells it
    """Whether it is the version of a bucket that keeps none: it is gone once it is hidden."""
    return bool(row["VersionId"] == _NO_VERSION)


def _named(row: Any) -> Any:  # noqa: ANN401  as S3 tells it, and takes it
    return {"Key": row["Key"], "VersionId": row["VersionId"]}
