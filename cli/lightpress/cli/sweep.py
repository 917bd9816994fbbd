"""`lightpress sweep`: variants that no manifest refers to, and their removal while functions run.

    dead       variants of a generation that is neither published nor the one before, of a past revision
    stranded   variants of a later revision, left by a worker that was killed. Another worker may be writing them, so
               the manifest is first published again, unchanged, with a later revision, which makes them dead
    ownerless  variants without a manifest. If their original exists, its key is sent to the queue; if not, they are
               removed a day after they were written, when no worker can be writing them
    uncopied   manifests whose copies (docs/how-to/copies.md) are not all there: their keys are sent to the queue
    astray     copies that no manifest names, a day old; they are removed as they were looked at
    sourceless manifests without an original, because a notification was lost: their keys are sent to the queue

The keys that are sent to the queue are processed by `lightpress.pipeline.reconcile`, as uploads are.

Manifests and folders of variants are both named after the hash of the key, so both are listed once, in the order of the
hash, and walked side by side: a range of hashes at a time, a request for each thousand names, and none for each key.
Whether a variant was listed before or after its manifest was read does not matter: revisions only grow, so what is dead
for an older manifest is dead for a newer one, and what looks stranded is removed behind a conditional write alone.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import merge
from itertools import groupby, islice
from typing import TYPE_CHECKING, TypeVar

from lightpress.aws.images import S3Images
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.copies import mark_of
from lightpress.pipeline.copy_pattern import is_too_long
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.manifest import MANIFESTS, VARIANTS, Manifest, Status, revision_of, variants_folder
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightpress.aws.copies import S3Copies
    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.ports import Lies, Published

T = TypeVar("T")
LONGEST_LIFE = timedelta(days=1)
_AT_ONCE = 16
_MANIFESTS_AT_ONCE = 500


@dataclass(frozen=True)
class Stored:
    """A variant in the images bucket.

    Attributes:
        path: Its key there.
        bytes: Its size.
        written: When.
    """

    path: str
    bytes: int
    written: datetime

    @property
    def folder(self) -> str:
        """The folder of all variants of its original, with "/" at the end."""
        return "/".join(self.path.split("/")[:2]) + "/"

    @property
    def generation(self) -> str:
        """The name of its generation, the third part of its path."""
        return self.path.split("/")[2]


@dataclass(frozen=True)
class _Hash:
    """The hash of a key: its folder, with "/" at the end, and the variants in it."""

    folder: str
    variants: list[Stored]


@dataclass
class Found:
    """What a sweep found and did.

    Attributes:
        files: Variants by kind: dead, stranded, ownerless.
        bytes: Of these, by kind.
        manifests: Manifests read.
        sourceless: Keys of manifests without an original.
        handed_over: Keys sent to the queue.
        removed: Variants removed, and copies.
        uncopied: Keys of manifests whose copies are not all there.
    """

    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    manifests: int = 0
    sourceless: list[str] = field(default_factory=list)
    handed_over: int = 0
    removed: int = 0
    uncopied: list[str] = field(default_factory=list)

    def note(self, kind: str, variants: list[Stored]) -> None:
        """Add variants to the counts of a kind."""
        self.files[kind] += len(variants)
        self.bytes[kind] += sum(variant.bytes for variant in variants)


@dataclass(frozen=True)
class Sweep:
    """Sweeps one deployment.

    Attributes:
        deployment: Which.
        remove: Whether to remove and repair what is found.
        now: The time by which variants are a day old.
    """

    deployment: Deployment
    remove: bool
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self, progress: Callable[[int], None] = lambda _: None) -> Found:
        """Read every manifest and list every variant; `progress` is called with the number of manifests."""
        found = Found()
        ownerless: dict[str, list[Stored]] = {}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for some in _chunks(_side_by_side(self._manifest_paths(), self._folders()), _MANIFESTS_AT_ONCE):
                for one, action in zip(some, pool.map(self._judge, some), strict=True):
                    if action is not None:
                        found.manifests += 1
                        action(found)
                    elif one.variants:
                        ownerless[one.folder] = one.variants
                        found.note("ownerless", one.variants)
                progress(found.manifests)
        self._sweep_ownerless(ownerless, found)
        self._sweep_copies(found)
        return found

    def _lacks_copies(self, manifest: Manifest) -> bool:
        """Whether a copy is missing, was refused and need not be any more, or is of other bytes or headers."""
        copies = self.deployment.copies
        if copies is None:
            return False
        owner = copies.owner(manifest.key)
        seals = {variant.path: mark_of(variant, manifest, owner).seal for variant in manifest.variants}
        for one in manifest.copies:
            lying = copies.look(one.path) if not is_too_long(one.path) and copies.covers(one.path) else None
            theirs = lying is not None and lying.owner != owner
            if one.refused and lying and theirs:
                continue  # as the manifest says
            if lying is None or theirs or lying.seal != seals[one.variant]:
                return True
        return False

    def _sweep_copies(self, found: Found) -> None:
        """Copies in the folders that are for them: each is named by the manifest of the key that it says it is of.

        One that is not a day old is not looked at. Of the others, each is looked at once, and each manifest is read
        once for those that are listed together.
        """
        copies = self.deployment.copies
        if copies is None:
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for some in _chunks(self._old_copies(), _MANIFESTS_AT_ONCE):
                looked = zip(some, pool.map(copies.look, [stored.path for stored in some]), strict=True)
                owned = [(stored, lying) for stored, lying in looked if lying and lying.owner]
                owners = {lying.owner: copies.owns(lying.owner or "") for _, lying in owned}
                names = sorted({name for name in owners.values() if name})
                named_by = dict(zip(names, pool.map(self._addresses, names), strict=True))
                astray = [
                    (stored, lying)
                    for stored, lying in owned
                    if (name := owners[lying.owner]) and stored.path not in named_by[name]
                ]
                found.note("astray", [stored for stored, _ in astray])
                if self.remove:
                    found.removed += sum(pool.map(partial(_remove_copy, copies), astray))

    def _old_copies(self) -> Iterator[Stored]:
        """What is in the folders for copies, and a day old: what is younger may be of a manifest yet to be read."""
        pages = self.deployment.s3.get_paginator("list_objects_v2")
        for folder in self.deployment.copy_folders:
            for page in pages.paginate(Bucket=self.deployment.copies_bucket, Prefix=folder):
                for item in page.get("Contents", []):
                    if item["LastModified"] < self.now - LONGEST_LIFE:
                        yield Stored(item["Key"], item["Size"], item["LastModified"])

    def _addresses(self, name: str) -> set[str]:
        """Where copies of a key are, by its short name, as its manifest says."""
        published = self._images.published_at(f"{MANIFESTS}{name}.json")
        return {one.path for one in published.manifest.copies} if published else set()

    def _judge(self, one: _Hash) -> Callable[[Found], None] | None:
        """Examine the manifest of a hash; returns what to do, in one thread, or None where there is no manifest.

        It is read even where the listing has none: it may have been published since.
        """
        published = self._images.published_at(_manifest_of(one.folder))
        if published is None:
            return None
        manifest = published.manifest
        variants = [item for item in one.variants if item.generation not in _kept(manifest)]
        dead = [item for item in variants if revision_of(item.generation) <= manifest.revision]
        stranded = [item for item in variants if revision_of(item.generation) > manifest.revision]
        gone = manifest.status is not Status.DELETED and self._is_gone(manifest)
        uncopied = manifest.status is Status.READY and self._lacks_copies(manifest)

        def act(found: Found) -> None:
            found.note("dead", dead)
            found.note("stranded", stranded)
            if gone:
                found.sourceless.append(manifest.key)
                self._hand_over(manifest.key, found)
            if uncopied:
                found.uncopied.append(manifest.key)
                self._hand_over(manifest.key, found, late=True)
            self._remove(dead, found)
            if stranded:
                self._remove_stranded(_manifest_of(one.folder), published, stranded, found)

        return act

    def _remove_stranded(self, path: str, published: Published, stranded: list[Stored], found: Found) -> None:
        """Publish the manifest with a later revision: variants written for the revisions up to it become dead."""
        if not self.remove:
            return
        latest = max(revision_of(item.generation) for item in stranded)
        try:
            self._images.publish_at(path, replace(published.manifest, revision=latest), published)
        except PreconditionFailed:
            return  # a worker has published: the rest is for the next sweep
        self._remove(stranded, found)

    def _sweep_ownerless(self, ownerless: dict[str, list[Stored]], found: Found) -> None:
        if not ownerless or not self.remove:
            return
        for key in self._source_keys():
            if variants_folder(key) in ownerless:
                del ownerless[variants_folder(key)]
                self._hand_over(key, found)
        for variants_of_one in ownerless.values():
            if all(item.written < self.now - LONGEST_LIFE for item in variants_of_one):
                self._remove(variants_of_one, found)

    def _hand_over(self, key: str, found: Found, *, late: bool = False) -> None:
        """late: whether what somebody has left halfway is to be finished, too."""
        if self.remove:
            body = reconcile_message(self.deployment.publishing.named(key), late=late)
            self.deployment.sqs().send_message(QueueUrl=self.deployment.queue_url, MessageBody=body)
            found.handed_over += 1

    def _remove(self, variants: list[Stored], found: Found) -> None:
        if self.remove and variants:
            self._images.remove([item.path for item in variants])
            found.removed += len(variants)

    def _is_gone(self, manifest: Manifest) -> bool:
        original = self.deployment.original(manifest.key)
        return original is None and not self.deployment.has_left(manifest.key, manifest, original)

    @property
    def _images(self) -> S3Images:
        return S3Images(self.deployment.s3, self.deployment.images_bucket)

    def _manifest_paths(self) -> Iterator[str]:
        yield from self._images.paths(MANIFESTS)

    def _variants(self) -> Iterator[Stored]:
        pages = self.deployment.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.deployment.images_bucket, Prefix=VARIANTS
        )
        for page in pages:
            for item in page.get("Contents", []):
                yield Stored(item["Key"], item["Size"], item["LastModified"])

    def _folders(self) -> Iterator[_Hash]:
        for folder, variants in groupby(self._variants(), key=lambda item: item.folder):
            yield _Hash(folder, list(variants))

    def _source_keys(self) -> Iterator[str]:
        """The keys under which the originals of all buckets are published."""
        uploads = Selection(self.deployment.uploads_bucket)
        for pictures, under in ((uploads, ""), *((one, one.under) for one in self.deployment.attached)):
            pages = self.deployment.s3.get_paginator("list_objects_v2").paginate(
                Bucket=pictures.bucket, Prefix=pictures.prefix
            )
            for page in pages:
                found = (Source(pictures.bucket, item["Key"]) for item in page.get("Contents", []))
                yield from (under + source.key for source in found if pictures.takes(source))


def _kept(manifest: Manifest) -> set[str | None]:
    return {manifest.generation, manifest.previous}


def _manifest_of(folder: str) -> str:
    """The path of the manifest of the variants in `folder`: both contain the same hash of the key."""
    return f"{MANIFESTS}{folder.removeprefix(VARIANTS).rstrip('/')}.json"


def _folder_of(manifest: str) -> str:
    """The folder of the variants of the manifest at a path."""
    return f"{VARIANTS}{manifest.removeprefix(MANIFESTS).removesuffix('.json')}/"


def _side_by_side(manifests: Iterator[str], folders: Iterator[_Hash]) -> Iterator[_Hash]:
    """Each hash that has a manifest, variants, or both, once; both listings are in the order of the hash."""
    everything = merge((_Hash(_folder_of(path), []) for path in manifests), folders, key=lambda one: one.folder)
    for folder, parts in groupby(everything, key=lambda one: one.folder):
        yield _Hash(folder, [item for part in parts for item in part.variants])


def _remove_copy(copies: S3Copies, astray: tuple[Stored, Lies]) -> bool:
    stored, lying = astray
    try:
        copies.remove(stored.path, lying)
    except PreconditionFailed:
        return False  # it is another one by now: for the next sweep
    return True


def _chunks(every: Iterator[T], count: int) -> Iterator[list[T]]:
    while some := list(islice(every, count)):
        yield some
