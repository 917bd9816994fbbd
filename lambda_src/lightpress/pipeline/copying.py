"""Copies of variants at addresses that others expect: written after the manifest is, and made to match it.

An address belongs to whoever's copy lies there first. The copy itself says whose it is, and of which revision, so there
is nothing else to keep in step: each is written, replaced and removed only as it was looked at. What is no copy of
Lightpress is never touched.

The manifest names all addresses, those of the past as well, so that whoever looks at the key again finds what somebody
has left halfway. After the last request, the manifest is read again: if it is another by now, its copies are, too.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from lightpress.pipeline.copies import mark_of
from lightpress.pipeline.copy_pattern import ANOTHERS, ELSEWHERE, FOREIGN, TOO_LONG, is_too_long
from lightpress.pipeline.paths import short_name
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lightpress.pipeline.copy_pattern import CopyRules
    from lightpress.pipeline.manifest import Copy, Manifest
    from lightpress.pipeline.ports import Copies, Dependencies, Lies, Note, Published

_TRIES = 5


def match_copies(manifest: Manifest, dependencies: Dependencies) -> Manifest:
    """Make what lies at the addresses of a key match its manifest, which was published; returns it as it is then.

    Raises PreconditionFailed if another manifest is published by now, or somebody else works on the same addresses.
    """
    copies = dependencies.copies
    if copies is None or not (manifest.copies or manifest.past_copies):
        return manifest
    work = _Matching(manifest, dependencies, copies)
    placed = tuple(map(work.place, manifest.copies))
    for path in _past_addresses(manifest):
        work.take_away(path)
    now = work.still_published()
    wake(_of_addresses_left(manifest, copies), copies, dependencies.look_at)
    if placed == manifest.copies:
        return manifest
    told = replace(manifest, copies=placed, revision=manifest.revision + 1)
    dependencies.images.publish(told, now)
    return match_copies(told, dependencies) if any(one.refused == ANOTHERS for one in placed) else told


def _of_addresses_left(manifest: Manifest, copies: Copies) -> list[Note]:
    """The notes of those who wait for an address that a key has left, as its manifest says.

    Who waits for any other goes on waiting: two, of whom each has what the other waits for, would wake each other for
    ever. It may be one that a key claims, or one where no manifest of it looks: a copy there is removed by a sweep.
    """
    left = {short_name(path) for path in _past_addresses(manifest)}
    return [note for note in copies.waiting(manifest.key) if not note.address or note.address in left] if left else []


def _past_addresses(manifest: Manifest) -> list[str]:
    """Where nothing of a key may lie: what is there now is no past, even where a manifest of before says both."""
    claimed = {one.path for one in manifest.copies}
    return [path for path in manifest.past_copies if path not in claimed]


def wake(notes: Sequence[Note], copies: Copies, look_at: Callable[[str], None]) -> None:
    """Have those looked at who made these notes, and remove them: what they wait for may be free now.

    Whoever finds another copy there, or an old one that somebody late has written again, waits anew, and keeps the note
    of that.
    """
    for name, made in groupby(notes, key=attrgetter("waiting")):  # they are listed in the order of these names
        waiting = copies.one_waiting(name)
        if waiting is not None:
            look_at(waiting.key)
        for note in made:
            copies.remove_note(note)


@dataclass
class _Matching:
    """One worker who makes the copies of a key match a manifest.

    purged: whether the CDN was told already. noted: the addresses that it waits for, and what lies there.
    """

    manifest: Manifest
    dependencies: Dependencies
    copies: Copies
    purged: bool = False
    noted: set[tuple[str, Lies]] = field(default_factory=set)

    def place(self, copy: Copy) -> Copy:
        """Write a copy, unless it is there; returns it as it is to be told."""
        if is_too_long(copy.path):
            return replace(copy, refused=TOO_LONG)
        if not self.copies.covers(copy.path):
            return replace(copy, refused=ELSEWHERE)
        for _ in range(_TRIES):
            with suppress(PreconditionFailed):
                return replace(copy, refused=self._placed(copy))
        raise PreconditionFailed

    def _placed(self, copy: Copy) -> str | None:
        """Write it, or say why it cannot be; raises PreconditionFailed if the address has changed meanwhile."""
        variant = next(one for one in self.manifest.variants if one.path == copy.variant)
        lying = self.copies.look(copy.path)
        mark = mark_of(variant, self.manifest, self.copies.owner(self.manifest.key))
        if lying is not None and lying.owner != mark.owner:
            return self._refused(copy, lying)
        if lying is not None and lying.seal == mark.seal:
            return None
        self._give_way(lying)
        data = self.copies.variant(variant.path)
        if data is None:
            raise PreconditionFailed
        if lying is not None:
            self._purge()
        self.copies.write(copy.path, data, mark, self._rules.stored(variant.format, variant.media_type), lying)
        return None

    def _refused(self, copy: Copy, lying: Lies) -> str:
        """Wait for the owner to leave; raises PreconditionFailed to have the address looked at after that is noted.

        Not before the manifest tells of it: who is woken earlier finds nothing refused, and nobody would look later.
        """
        if lying.owner is None or self.copies.owns(lying.owner) is None:
            return FOREIGN
        if copy.refused != ANOTHERS or (copy.path, lying) in self.noted:
            return ANOTHERS
        self.copies.wait(self.manifest.key, copy.path, lying)
        self.noted.add((copy.path, lying))
        raise PreconditionFailed

    def take_away(self, path: str) -> None:
        """Remove this key's copy from an address, if one is there."""
        if is_too_long(path) or not self.copies.covers(path):
            return
        lying = self.copies.look(path)
        if lying is None or lying.owner != self.copies.owner(self.manifest.key):
            return
        self._give_way(lying)
        self._purge()
        self.copies.remove(path, lying)

    def still_published(self) -> Published:
        """The manifest as it is published; raises PreconditionFailed if another is by now, or none."""
        now = self.dependencies.images.published(self.manifest.key)
        if now is None or now.manifest != self.manifest:
            raise PreconditionFailed
        return now

    def _give_way(self, lying: Lies | None) -> None:
        """Leave a copy of a later revision to whoever has published that; raises PreconditionFailed.

        Where nobody has, it is of a stack of the same name that is gone: the revisions of this one began at 1 again.
        """
        if lying is not None and lying.revision > self.manifest.revision:
            self.still_published()

    def _purge(self) -> None:
        """Have the CDN forget what it shows at the addresses of this key, before the first of them changes."""
        if self.purged or self.dependencies.purges is None:
            return
        every = {*(one.path for one in self.manifest.copies if one.refused is None), *self.manifest.past_copies}
        for path in self.copies.purges_of(every):
            self.dependencies.purges.request_purge(path)
        self.purged = True

    @property
    def _rules(self) -> CopyRules:
        """Of the recipe that the manifest was told by; raises PreconditionFailed where it is another by now."""
        recipe = self.dependencies.recipes.recipe_for(self.manifest.key)
        rules = recipe.copies if recipe else None
        if rules is None or rules.digest != self.manifest.copied_as:
            raise PreconditionFailed
        return rules
