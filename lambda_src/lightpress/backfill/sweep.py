"""What no manifest refers to, found and removed while functions run: by `lightpress sweep`, and by the state machine.

    dead       variants of a generation that is neither published nor the one before, of a past revision
    stranded   variants of a later revision, a day old, left by a worker that was killed. Another worker may be about to
               publish them all the same, so the manifest is first published again, unchanged, with a later revision,
               which makes them dead. Where they are younger, somebody is at work, and all but what is dead stays
    previous   variants of the generation before, that pages may still show: kept for as many days as `previous_days`
               says from when they were replaced. The manifest is first published again without them, which makes them
               dead
    ownerless  variants without a manifest, a day old, when no worker should be writing them any more. One may be, of an
               original that came just now, so a tombstone without a name is published first, which makes them dead
    uncopied   manifests whose copies (docs/how-to/copies.md) are not all there: their keys are sent to the queue
    astray     copies that no manifest names, a day old; they are removed as they were looked at
    sourceless manifests without an original, because a notification was lost: their keys are sent to the queue
    unfinished manifests of what was deleted, rejected or held, with dead or stranded variants: their keys are sent to
               the queue, and nothing is removed. As long as a variant is there, whoever comes by tells the CDN to
               forget them; and what is held is listed under its revision

The keys that are sent to the queue are processed by `lightpress.pipeline.reconcile`, as uploads are.

Whether a variant was listed before or after its manifest was read does not matter: revisions only grow, so what is dead
for an older manifest is dead for a newer one, and everything else is removed behind a conditional write alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from lightpress.backfill.at_once import on_threads
from lightpress.pipeline.copies import mark_of
from lightpress.pipeline.copy_pattern import is_too_long
from lightpress.pipeline.dropping import has_left
from lightpress.pipeline.manifest import Manifest, Status
from lightpress.pipeline.paths import MANIFESTS, generation_in, revision_of
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lightpress.backfill.at_once import AtOnce
    from lightpress.backfill.hashes import Hash
    from lightpress.backfill.ports import Listed
    from lightpress.pipeline.ports import Copies, Lies, Originals, Published
    from lightpress.pipeline.source import Source

_A_DAY = 24 * 60 * 60
LONGEST_LIFE_SECONDS = _A_DAY
"""Longer than any worker lives: what is older has been left."""

DEAD, STRANDED, PREVIOUS, OWNERLESS, ASTRAY = "dead", "stranded", "previous", "ownerless", "astray"
KINDS = (DEAD, STRANDED, PREVIOUS, OWNERLESS, ASTRAY)
SOURCELESS, UNCOPIED, UNFINISHED = "sourceless", "uncopied", "unfinished"


class SweptImages(Protocol):
    """The images bucket, by paths: a sweep knows no keys before it has read a manifest."""

    def published_at(self, path: str) -> Published | None:
        """The manifest at a path."""

    def publish_at(self, path: str, manifest: Manifest, replacing: Published | None) -> None:
        """Replace exactly the manifest `replacing` (None: none); raises PreconditionFailed if another is stored."""

    def remove(self, paths: Iterable[str]) -> None:
        """Remove objects; what is already gone is fine."""


@dataclass
class Found:
    """What a sweep found and did.

    Attributes:
        files: Variants and copies by kind: dead, stranded, previous, ownerless, astray.
        bytes: Of these, by kind.
        manifests: Manifests read.
        keys: Manifests that are sourceless, uncopied or unfinished, by kind.
        named: Their keys and kinds.
        handed_over: Keys sent to the queue.
        refused: Keys that the queue did not accept: the next sweep finds them.
        removed: Variants removed, and copies.
    """

    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    manifests: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    named: list[tuple[str, str]] = field(default_factory=list)
    handed_over: int = 0
    refused: int = 0
    removed: int = 0

    @property
    def sourceless(self) -> list[str]:
        """Keys of manifests without an original, as far as they are named."""
        return [key for key, kind in self.named if kind == SOURCELESS]

    @property
    def uncopied(self) -> list[str]:
        """Keys of manifests whose copies are not all there, as far as they are named."""
        return [key for key, kind in self.named if kind == UNCOPIED]

    def note(self, kind: str, stored: Iterable[Listed]) -> None:
        """Add variants, or copies, to the counts of a kind."""
        for one in stored:
            self.files[kind] += 1
            self.bytes[kind] += one.size

    def note_key(self, key: str, kind: str) -> None:
        """Add a manifest."""
        self.keys[kind] += 1
        self.named.append((key, kind))


@dataclass(frozen=True, slots=True)
class Judged:
    """What is amiss with one hash.

    Attributes:
        one: The hash.
        published: Its manifest; None if there is none.
        dead, stranded, previous, ownerless: Its variants of these kinds.
        sourceless, uncopied, unfinished: Whether its manifest is.
    """

    one: Hash
    published: Published | None
    dead: tuple[Listed, ...] = ()
    stranded: tuple[Listed, ...] = ()
    previous: tuple[Listed, ...] = ()
    ownerless: tuple[Listed, ...] = ()
    sourceless: bool = False
    uncopied: bool = False
    unfinished: bool = False

    @property
    def key(self) -> str:
        """That the manifest names; "" if there is none, or it names none."""
        return self.published.manifest.key if self.published else ""

    @property
    def to_send(self) -> bool:
        """Whether the workflow is to look at its key."""
        return self.sourceless or self.uncopied or self.unfinished


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Judges hashes, and removes what is nobody's.

    Attributes:
        images: The images bucket.
        originals: Where originals are.
        source_of: The source that is published under a name.
        copies: Where copies are; None where there are none.
        now: The time, in seconds since 1970.
        previous_days: For how many days replaced variants are kept; None until they are replaced again.
        at_once: Has several judged, looked at or removed at once.
    """

    images: SweptImages
    originals: Originals
    source_of: Callable[[str], Source]
    copies: Copies | None
    now: Callable[[], float]
    previous_days: int | None
    at_once: AtOnce = field(default_factory=on_threads)

    def judge_all(self, some: Sequence[Hash]) -> list[Judged]:
        """Judge several, at once. Two requests for each: the manifest, and the original."""
        return list(self.at_once(self.judge, some))

    def judge(self, one: Hash) -> Judged:
        """Find what is amiss with a hash; nothing changes.

        The manifest is read even where the listing has none: it may have been published since.
        """
        published = self.images.published_at(one.manifest)
        if published is None:
            return Judged(one, None, ownerless=one.variants)
        manifest = published.manifest
        kept = {manifest.generation, manifest.previous}
        others = [item for item in one.variants if generation_in(item.key) not in kept]
        return Judged(
            one,
            published,
            dead=tuple(item for item in others if _revision(item) <= manifest.revision),
            stranded=tuple(item for item in others if _revision(item) > manifest.revision),
            previous=self._kept_long_enough(one, published),
            sourceless=manifest.status is not Status.DELETED and self._is_gone(manifest),
            uncopied=manifest.status is Status.READY and self._lacks_copies(manifest),
            unfinished=bool(others and manifest.key) and _ends_by_workflow(manifest),
        )

    def _kept_long_enough(self, one: Hash, published: Published) -> tuple[Listed, ...]:
        """Variants of the generation before, where they have been kept for long enough.

        They were replaced when the manifest was written, or before that: it is written again for less. Beside none that
        is published they stay: whoever withdraws the picture knows by them that the CDN may keep some.
        """
        if self.previous_days is None or published.modified > self.now() - self.previous_days * _A_DAY:
            return ()
        if not published.manifest.variants:
            return ()
        return tuple(item for item in one.variants if generation_in(item.key) == published.manifest.previous)

    def remove(self, judged: Iterable[Judged]) -> int:
        """Remove the variants of hashes that are nobody's; returns how many."""
        paths = [item.key for removable in self.at_once(self._removable, list(judged)) for item in removable]
        self.images.remove(paths)
        return len(paths)

    def _removable(self, judged: Judged) -> tuple[Listed, ...]:
        """What can be published no more: of what may still be, only once a conditional write has seen to that."""
        if judged.published is None:
            return judged.ownerless if self._are_left(judged.ownerless) and self._bury(judged) else ()
        if judged.unfinished:
            return ()
        if judged.stranded and not self._are_left(judged.stranded):
            return judged.dead  # whoever writes them would lose a race, and render once more
        overtaken = (*judged.stranded, *judged.previous)
        if overtaken and self._overtake(judged.published, judged):
            return (*judged.dead, *overtaken)
        return judged.dead

    def _overtake(self, published: Published, judged: Judged) -> bool:
        """Publish the manifest with a later revision: variants written for the revisions up to it become dead.

        So do those of the generation before, where it names that no more. For these alone it keeps its revision, which
        was announced: it says the same of the picture.
        """
        manifest = published.manifest
        latest = max(map(_revision, judged.stranded), default=manifest.revision)
        previous = None if judged.previous else manifest.previous
        return self._publishes(judged.one.manifest, replace(manifest, revision=latest, previous=previous), published)

    def _bury(self, judged: Judged) -> bool:
        """Publish a tombstone, of a key that nobody knows: a worker that is writing finds it, and begins anew."""
        latest = max(map(_revision, judged.ownerless))
        return self._publishes(judged.one.manifest, Manifest("", Status.DELETED, latest), None)

    def _publishes(self, path: str, manifest: Manifest, replacing: Published | None) -> bool:
        try:
            self.images.publish_at(path, manifest, replacing)
        except PreconditionFailed:
            return False  # a worker has published: the rest is for the next sweep
        return True

    def _are_left(self, variants: Sequence[Listed]) -> bool:
        return bool(variants) and all(_is_left(item, self.now()) for item in variants)

    def _is_gone(self, manifest: Manifest) -> bool:
        source = self.source_of(manifest.key)
        try:
            original = self.originals.head(source)
            return original is None and not has_left(source, manifest, original, self.originals)
        except PreconditionFailed:
            return False  # it changes while it is looked at

    def _lacks_copies(self, manifest: Manifest) -> bool:
        """Whether a copy is missing, was refused and need not be any more, or is of other bytes or headers."""
        if self.copies is None:
            return False
        copies, owner = self.copies, self.copies.owner(manifest.key)
        seals = {variant.path: mark_of(variant, manifest, owner).seal for variant in manifest.variants}
        for one in manifest.copies:
            lying = copies.look(one.path) if not is_too_long(one.path) and copies.covers(one.path) else None
            theirs = lying is not None and lying.owner != owner
            if one.refused and lying and theirs:
                continue  # as the manifest says
            if lying is None or theirs or lying.seal != seals[one.variant]:
                return True
        return False


@dataclass(frozen=True, slots=True)
class CopySweeper:
    """Judges what lies in folders for copies, and removes what no manifest names.

    Attributes:
        images: The images bucket.
        copies: Where copies are.
        now: The time, in seconds since 1970.
        at_once: Has several looked at or removed at once.
    """

    images: SweptImages
    copies: Copies
    now: Callable[[], float]
    at_once: AtOnce = field(default_factory=on_threads)

    def astray(self, some: Sequence[Listed]) -> list[tuple[Listed, Lies]]:
        """Those that no manifest names: each is of the key that it says it is of.

        What is not a day old is not looked at. Of the rest, each is looked at once, and a manifest is read once for all
        of its copies.
        """
        old = [stored for stored in some if _is_left(stored, self.now())]
        looked = zip(old, self.at_once(self.copies.look, [stored.key for stored in old]), strict=True)
        ours = [(stored, lying, _owner_of(lying, self.copies)) for stored, lying in looked]
        manifests = self._manifests(name for _, _, name in ours if name)
        return [
            (stored, lying)
            for stored, lying, name in ours
            if lying and name and not _names(manifests[name], stored.key)
        ]

    def _manifests(self, names: Iterable[str]) -> dict[str, Manifest | None]:
        """What is published of keys, by their short names."""
        several = sorted(set(names))
        found = self.at_once(self.images.published_at, [f"{MANIFESTS}{name}.json" for name in several])
        return {name: one.manifest if one else None for name, one in zip(several, found, strict=True)}

    def remove(self, astray: Sequence[tuple[Listed, Lies]]) -> int:
        """Remove copies as they were looked at; returns how many.

        Manifests are swept after that: one may name such a copy by now, whose publisher found it there and left it, or
        tell of one that was refused for it.
        """
        return sum(self.at_once(self._remove, astray))

    def _remove(self, astray: tuple[Listed, Lies]) -> bool:
        stored, lying = astray
        try:
            self.copies.remove(stored.key, lying)
        except PreconditionFailed:
            return False  # it is another one by now: for the next sweep
        return True


def note(found: Found, judged: Iterable[Judged]) -> None:
    """Add what was judged to what was found."""
    for one in judged:
        found.manifests += one.published is not None
        found.note(DEAD, one.dead)
        found.note(STRANDED, one.stranded)
        found.note(PREVIOUS, one.previous)
        found.note(OWNERLESS, one.ownerless)
        if one.sourceless:
            found.note_key(one.key, SOURCELESS)
        if one.uncopied:
            found.note_key(one.key, UNCOPIED)
        if one.unfinished:
            found.note_key(one.key, UNFINISHED)


def sources_of(judged: Iterable[Judged], source_of: Callable[[str], Source]) -> tuple[list[Source], list[Source]]:
    """What the workflow is to look at; and what also at what was left halfway there, as `Hints.send` has it."""
    to_send = [one for one in judged if one.to_send]
    late = [source_of(one.key) for one in to_send if one.uncopied or one.unfinished]
    return [source_of(one.key) for one in to_send if not (one.uncopied or one.unfinished)], late


def _is_left(stored: Listed, now: float) -> bool:
    """Whether nobody may be writing what it belongs to any more."""
    return stored.modified < now - LONGEST_LIFE_SECONDS


def _names(manifest: Manifest | None, path: str) -> bool:
    """Whether a copy at an address is to be there."""
    return manifest is not None and any(one.path == path for one in manifest.copies)


def _owner_of(lying: Lies | None, copies: Copies) -> str | None:
    """The short name of the key that a copy is of; None for what is no copy of this deployment."""
    return copies.owns(lying.owner) if lying and lying.owner else None


def _ends_by_workflow(manifest: Manifest) -> bool:
    """Whether removing variants of it, or publishing it again, is more than that."""
    return manifest.is_withdrawn or manifest.status is Status.HELD


def _revision(variant: Listed) -> int:
    return revision_of(generation_in(variant.key))
