"""Where what is kept and cached of a key lies: paths in the images bucket, which are those on the CDN, too."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Collection

VARIANTS = "i/"
MANIFESTS = "m/"
PERMALINKS = "r/"
"""Where the CDN caches the answers to permalinks, by the hash of the key (`delivery.resolve`); in no bucket."""
LIKENESSES = "alike/"
"""Where the index of perceptual hashes lies, in the images bucket. The CDN cannot read it."""
_PARTS_OF_A_LIKENESS = 8
_KEY_HASH_CHARACTERS = 26  # 130 bits: two keys never share one
_CONTENT_HASH_CHARACTERS = 16


def manifest_path(key: str) -> str:
    """Where the manifest of `key` lies in the images bucket."""
    return f"{MANIFESTS}{short_name(key)}.json"


def variants_folder(key: str) -> str:
    """The folder, in the images bucket, of all generations of `key`: never within another key's, whatever the keys."""
    return f"{VARIANTS}{short_name(key)}/"


def permalinks_folder(key: str) -> str:
    """The folder of the CDN's cache that holds the answers to all permalinks of `key`."""
    return f"{PERMALINKS}{short_name(key)}/"


def cached_folders(folder: str) -> tuple[str, ...]:
    """The folders of the CDN's cache to invalidate: of variants, that of the key's permalinks, too; else it alone.

    Of copies, it is a path, or the beginning of some with a wildcard at its end.
    """
    if not folder.startswith(VARIANTS):
        return (folder,)
    return folder, f"{PERMALINKS}{folder.removeprefix(VARIANTS)}"


def covers(cached: str, path: str) -> bool:
    """Whether invalidating `cached` takes a path along: a folder, what ends in a wildcard, or the path itself."""
    return path.startswith(cached.removesuffix("*")) if cached.endswith(("/", "*")) or not cached else path == cached


def generation_name(
    revision: int,
    identity: str,
    digest: str,
    focus: tuple[float, float] | None = None,
    lazy: Collection[tuple[str, str]] = (),
) -> str:
    """Name the folder for publishing these contents under this recipe as `revision`.

    Of two workers who have heard different things, one publishes, and the other must not write over its files.

    Args:
        revision: Of the manifest.
        identity: Of the original.
        digest: Of the recipe.
        focus: What was said of the subject after the upload.
        lazy: The pairs of size and format that the recipe leaves for their first view, which its digest does not tell.
    """
    said = f"\n{focus}" if focus else ""
    left = f"\n{sorted(lazy)}" if lazy else ""
    contents = _hash(f"{identity}\n{digest}{said}{left}", _CONTENT_HASH_CHARACTERS)
    return f"{revision}-{contents}"


def revision_of(generation: str) -> int:
    """The revision a generation was written for."""
    return int(generation.partition("-")[0])


def generation_in(path: str) -> str:
    """The generation that a variant at this path is of."""
    return path.split("/")[2]


def manifest_path_for(path: str) -> str:
    """Where the manifest lies that speaks of the variant at a path: both contain the same hash of the key."""
    return f"{MANIFESTS}{path.split('/')[1]}.json"


class Served(Protocol):
    """What a variant's file is named after: the sizes that it serves, and its format."""

    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def format(self) -> str: ...


def variant_path(key: str, generation: str, served: Served) -> str:
    """Where a variant lies in the images bucket, and on the CDN."""
    return f"{variants_folder(key)}{generation}/{file_name(served)}"


def file_name(served: Served) -> str:
    """The last part of a variant's path: the first of the sizes it serves, and the ending of its format."""
    return f"{served.names[0]}.{OUTPUTS[served.format].extension}"


def short_name(key: str) -> str:
    """A key in 26 letters and digits, whatever it holds."""
    return _hash(key, _KEY_HASH_CHARACTERS)


def facts_folder(key: str) -> str:
    """The folder, in the images bucket, of what enrichers say of all versions of `key`."""
    return f"{FACTS}{short_name(key)}/"


def fact_path(key: str, identity: str, enricher: str) -> str:
    """Where an enricher's answer about one version lies: each has a path of its own, so none overwrites another's."""
    version = hashlib.sha256(identity.encode()).hexdigest()[:32]
    return f"{facts_folder(key)}{version}/{enricher}.json"


def likeness_folder(key: str) -> str:
    """The folder of the entry that says which perceptual hashes a key was entered with."""
    return f"{LIKENESSES}keys/{short_name(key)}/"


def likeness_prefixes(likeness: str) -> tuple[str, ...]:
    """Where the entries begin of all pictures that share a part of this perceptual hash."""
    size = len(likeness) // _PARTS_OF_A_LIKENESS
    parts = [likeness[start : start + size] for start in range(0, len(likeness), size)]
    return tuple(f"{LIKENESSES}{number}-{part}/" for number, part in enumerate(parts))


def likeness_paths(key: str, likeness: str) -> tuple[str, ...]:
    """All entries of a key, the one by which the others are found first."""
    entry = f"{likeness}-{short_name(key)}"
    return f"{likeness_folder(key)}{likeness}", *(f"{prefix}{entry}" for prefix in likeness_prefixes(likeness))


def likeness_of_entry(path: str) -> tuple[str, str]:
    """The perceptual hash and the short name of the key that an entry is of."""
    likeness, _, name = path.rpartition("/")[2].partition("-")
    return likeness, name


@lru_cache(maxsize=1024)
def _hash(text: str, characters: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:characters]
