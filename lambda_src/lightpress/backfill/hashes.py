"""The images bucket, hash by hash: manifests and folders of variants side by side, in ranges.

Both are named after the hash of the key, so both are listed in the same order: a request for each thousand names, and
none for each key. A range is told by paths of manifests, whether or not a manifest is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING

from lightpress.pipeline.paths import MANIFESTS, VARIANTS, generation_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.backfill.ports import Listed, Lister

# Comes right after "/", so that a listing from there on leaves out all of a folder.
_AFTER_SLASH = "0"
_NAMES_VARIANTS_FROM = 800
"""Bytes of a manifest. One that says that a picture is deleted has some 300, one that names a variant 835 and more."""


@dataclass(frozen=True, slots=True)
class Hash:
    """The hash of a key.

    Attributes:
        folder: That of its variants, with "/" at the end.
        variants: What lies in it.
        listed: Its manifest, as it is listed; None if it is not.
    """

    folder: str
    variants: tuple[Listed, ...] = ()
    listed: Listed | None = None

    @property
    def manifest(self) -> str:
        """The path of its manifest, which need not be there."""
        return f"{MANIFESTS}{self.folder.removeprefix(VARIANTS).rstrip('/')}.json"

    def shows_leftovers(self, replaced_before: float) -> bool:
        """Whether the listing alone tells that variants may be there that nobody is to see any more.

        Those of one generation are published, where the manifest is so large that it may name any; those of one more
        are kept since the manifest was written, or for longer. replaced_before: when that was at the latest for those
        that are kept no more, in seconds since 1970.
        """
        generations = {generation_in(one.key) for one in self.variants}
        if not generations or self.listed is None or self.listed.size < _NAMES_VARIANTS_FROM:
            return bool(generations)
        return len(generations) > (1 if self.listed.modified <= replaced_before else 2)


def hashes(lister: Lister, bucket: str, after: str = "", until: str = "") -> Iterator[Hash]:
    """Each hash that has a manifest, variants, or both, once.

    Args:
        lister: Lists the bucket.
        bucket: The images bucket.
        after: The path of the manifest that the range begins after; "" for the beginning.
        until: That of its last one; "" for the end.
    """
    everything = merge(
        (Hash(_folder_of(item.key), listed=item) for item in _manifests(lister, bucket, after, until)),
        _folders(lister, bucket, after, until),
        key=lambda one: one.folder,
    )
    for folder, same in groupby(everything, key=lambda one: one.folder):
        parts = tuple(same)
        variants = tuple(item for part in parts for item in part.variants)
        yield Hash(folder, variants, next((part.listed for part in parts if part.listed), None))


def manifests(lister: Lister, bucket: str, after: str = "", until: str = "") -> Iterator[str]:
    """The paths of the manifests of a range."""
    return (item.key for item in _manifests(lister, bucket, after, until))


def _manifests(lister: Lister, bucket: str, after: str, until: str) -> Iterator[Listed]:
    for item in _listed(lister, bucket, MANIFESTS, after):
        if until and item.key > until:
            return
        yield item


def _folders(lister: Lister, bucket: str, after: str, until: str) -> Iterator[Hash]:
    begin = _folder_of(after).removesuffix("/") + _AFTER_SLASH if after else ""
    for folder, variants in groupby(_listed(lister, bucket, VARIANTS, begin), key=lambda item: folder_in(item.key)):
        if until and folder > _folder_of(until):
            return
        yield Hash(folder, tuple(variants))


def _listed(lister: Lister, bucket: str, prefix: str, after: str) -> Iterator[Listed]:
    while True:
        page = lister.page(bucket, prefix, after, deletions=False)
        yield from page.items
        after = page.last
        if not after:
            return


def folder_in(path: str) -> str:
    """The folder of all variants of the original that the one at `path` is of, with "/" at the end."""
    return "/".join(path.split("/")[:2]) + "/"


def _folder_of(manifest: str) -> str:
    return f"{VARIANTS}{manifest.removeprefix(MANIFESTS).removesuffix('.json')}/"
