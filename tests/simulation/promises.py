"""What Lightpress promises, checked after every request that changes something, and once nothing is left to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from lightpress.aws.quarantine import copies_folder
from lightpress.delivery.notify import KINDS
from lightpress.failures.record import TRIALS
from lightpress.image.errors import REJECTIONS, UNREADABLE, Reason
from lightpress.pipeline.copies import with_copies
from lightpress.pipeline.copy_pattern import ANOTHERS
from lightpress.pipeline.events import read
from lightpress.pipeline.facts import FACTS, center_of, fact_from, fact_from_json
from lightpress.pipeline.gate import (
    PERSON,
    entry_of,
    held_folder,
    review_from_json,
    review_path,
    reviews_folder,
    revision_of_entry,
)
from lightpress.pipeline.manifest import Manifest, Status, manifest_from_json
from lightpress.pipeline.paths import (
    VARIANTS,
    fact_path,
    facts_folder,
    generation_in,
    generation_name,
    manifest_path,
    revision_of,
    short_name,
    variants_folder,
)
from lightpress.pipeline.recipe import DROP, Unanswered
from lightpress.pipeline.source import Source
from tests.simulation.cdn import shown_by
from tests.simulation.deployed import IMAGES, LATE, PREVIOUS_DAYS, PURGES, QUARANTINE, QUEUE, UPLOADS, rows
from tests.simulation.invocation import CORRECT, ERASURE, FIRST_VIEW
from tests.simulation.pictures import (
    A_FACE,
    BAD,
    COPY_FOLDERS,
    CRASHING,
    FOCUS,
    FOREIGN,
    FORMER,
    GATE_HOURS,
    HUGE,
    OTHER_FOCUS,
    RARE,
    checksum,
    closed_for,
    digests,
    rendered_by,
    rendered_by_any,
)
from tools.fakes.s3 import SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lightpress.pipeline.facts import Fact
    from lightpress.pipeline.manifest import Copy
    from lightpress.pipeline.recipe import Recipe
    from tests.simulation.cloud import Cloud
    from tests.simulation.worker import Worker
    from tools.fakes.s3 import Version
    from tools.fakes.sqs import Message

_A_DAY = 24 * 60 * 60
REASONS = {BAD: Reason.CORRUPT, CRASHING: Reason.CRASHED_DECODER, HUGE: Reason.MACHINE_LIMIT}

read_manifest = lru_cache(maxsize=4096)(manifest_from_json)
path_of, folder_of = cache(manifest_path), cache(variants_folder)


class _Lying(NamedTuple):
    """A copy: the short name of the key that it is of, and its ETag."""

    owner: str
    etag: str


@dataclass(frozen=True, slots=True)
class _Address:
    """What lies at an address for copies, and what did before that.

    struck: the owners of copies that went with a removal that was meant for another original's, of the same bytes, or
    with a replacement, and that were not written again. The ETag is of the bytes, and S3 has no other condition:
    whoever has looked at the copy before removes, or replaces, the one that another original has put there since. Its
    manifest tells of a copy that is not there, until a sweep.
    """

    lies: _Lying | None = None
    lay: _Lying | None = None
    struck: tuple[str, ...] = ()

    def is_anothers(self, now: _Lying) -> bool:
        """Whether a copy has come in place of another original's, which did not look like it."""
        return self.lies is not None and self.lies.owner != now.owner and self.lay != (now.owner, self.lies.etag)

    def after(self, now: _Lying | None) -> _Address:
        """Once something else lies there, or nothing."""
        struck = {*self.struck} - ({now.owner} if now else set())
        if self.lies is None:
            return _Address(now, self.lay, tuple(sorted(struck)))
        before = self.lay or self.lies
        by = now.owner if now else before.owner
        is_struck = before.etag == self.lies.etag and before.owner != self.lies.owner and by == before.owner
        return _Address(now, self.lies, tuple(sorted({*struck, self.lies.owner} if is_struck else struck)))


class Promises:
    """`broken` collects every promise that was not kept, as it happens."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.broken: list[str] = []
        self.contents: dict[str, bytes] = {}
        self.nonsense: set[str] = set()
        self.interrupted: Counter[str] = Counter()
        self.denials: Counter[str] = Counter()
        self._closed: dict[str, frozenset[Reason]] = {}
        self._changes: Counter[str] = Counter()
        self._gone_at: dict[str, int] = {}
        self._newest_shown: Counter[str] = Counter()
        self._shown: dict[str, bytes] = {}
        self._seen_by_viewers: set[str] = set()
        self._unmade: set[str] = set()  # generations that were published before any of their variants was made
        self._owed: dict[str, frozenset[bytes]] = {}
        self._made: dict[str, bytes] = {}
        self._stillborn: set[str] = set()
        self._last_made: dict[str, Version | None] = {}
        self._withdrawn_at: Counter[str] = Counter()
        self._unheard: set[str] = set()
        self._lost: set[str] = set()
        self._looks_lost: dict[str, int] = {}
        self._erased: dict[str, int] = {}
        self._facts: dict[tuple[str, str, str], tuple[Fact, ...]] = {}
        self._in_time: dict[tuple[str, str, str], int] = {}
        self._last_in_time: dict[tuple[str, str, str], int] = {}
        self._held_since: dict[tuple[str, str], int] = {}
        self._said: dict[tuple[str, str, str], tuple[tuple[bool, bool], ...]] = {}
        """Of each key, version and reviewer: what was said, in that order, and whether it counts for sure. It need not
        where the key has changed since: in a bucket without versions, a version may come back that was gone when it was
        taken."""
        self._wanted: dict[str, str] = {}
        self._undecided: set[str] = set()
        self._seen_by_erasers: set[str] = set()
        self._discarded: set[tuple[str, ...]] = set()
        """The rows that operators have discarded as they had been shown to them, and that nobody has recorded since."""
        self._came_back: Counter[str] = Counter()
        self._may_leave: set[str] = set()
        self._lay_there: dict[str, frozenset[str]] = {}
        self._versions: dict[str, tuple[Version, ...]] = {}  # that these are the identities of
        self.foreign: dict[str, bytes] = {}
        self._addresses: dict[str, _Address] = {}
        self._replaced_at: dict[tuple[str, str], int] = {}
        """Of each key and generation: when it became the one before."""

    @property
    def owed(self) -> list[str]:
        """The paths of all lazy variants that ever were owed: what viewers may ask for."""
        return sorted(self._owed)

    def uploaded(self, key: str, version: Version) -> None:
        """Remember what was uploaded under which identity."""
        erased = self._cloud.images.data(path_of(key))
        if erased is not None:
            self._shown.setdefault(key, erased)  # by an operator, before anybody had uploaded anything
        self.removed(key)
        self._wants(key, version)
        self.contents[identity_of(version)] = version.data or b""
        self.closed(version)

    def closed(self, version: Version) -> None:
        """Remember why a version could not be read, if it could not."""
        if why := closed_for(version):
            identity = identity_of(version)
            self._closed[identity] = self._closed.get(identity, frozenset()) | {why}

    def _wants(self, key: str, version: Version) -> None:
        """Remember what is to be published of a key."""
        self._wanted[key] = identity_of(version)
        self._undecided.discard(key)

    def lies_there(self, key: str) -> None:
        """Remember which versions lie under a key after a client or S3 has changed that."""
        versions = self._cloud.uploads.keys.get(key, ())
        if versions is not self._versions.get(key):
            self._versions[key], self._lay_there[key] = versions, frozenset(map(identity_of, versions))

    def deleted(self, key: str) -> None:
        """Remember that nothing is to be published of a key."""
        self._wanted.pop(key, None)
        self._undecided.discard(key)

    def brought_back(self, key: str, version: Version) -> None:
        """Remember that an older version is to be published again.

        One that is about to leave counts as gone: it stays published, unless somebody has seen that it was deleted.
        """
        self._changes[key] += 1
        self._came_back[identity_of(version)] = 2 * self._cloud.uploads.written + 1
        self._wants(key, version)
        manifest = self.manifest(key)
        if manifest is not None and manifest.original_dropped is not None and manifest.is_of(identity_of(version)):
            self._undecided.add(key)

    def reviewed(self, key: str, identity: str, reviewer: str, *, approved: bool) -> None:
        """Remember what a reviewer has said of a version."""
        said = (key, identity, reviewer)
        self._said[said] = (*self._said.get(said, ()), (approved, True))

    def enriched(self, key: str, identity: str, values: Mapping[str, Any]) -> None:
        """Remember what an enricher has said of a version, and whether it was published then."""
        fact = fact_from(values)
        said = (key, identity, fact.enricher)
        self._facts[said] = (*(one for one in self._facts.get(said, ()) if one != fact), fact)
        manifest = self.manifest(key)
        self._last_in_time.pop(said, None)
        if manifest is not None and manifest.status is Status.READY and manifest.is_of(identity):
            self._in_time[said] = self._last_in_time[said] = self._changes[key]

    def denied(self, what: str) -> None:
        """Remember that the last instance was denied to read it."""
        self.denials[what.removeprefix(f"{UPLOADS}/")] += 1

    def lost(self, message: Message) -> None:
        """Remember that SQS has forgotten a message, which may have been a look at words that somebody has said."""
        self._lost.add(message.body)
        if "Look" in message.body:
            self._looks_lost |= {source.key: self._changes[source.key] for source in read(message.body).sources}

    def is_being_erased(self, key: str) -> None:
        """Remember that an operator has begun to erase what there is of a key."""
        self._seen_by_erasers.add(key)

    def erased(self, key: str, since: int) -> None:
        """Remember that an operator was told that nothing is left of what a key held. since: its changes until then."""
        self._erased[key] = since
        if self.is_erased(key):
            self._check_erased(key)

    def is_erased(self, key: str) -> bool:
        """Whether somebody was told so, and no client has changed what it holds since."""
        return self._erased.get(key) == self._changes[key]

    def changes(self, key: str) -> int:
        """How often clients have changed what a key holds."""
        return self._changes[key]

    def discarded(self, *row: str) -> None:
        """Remember that an operator has discarded a row of the failures table."""
        self._discarded.add(row)

    def removed(self, key: str) -> None:
        """Remember that what a key holds has changed. What was said before need not count where it comes back."""
        self._changes[key] += 1
        for said, answers in self._said.items():
            if said[0] == key:
                self._said[said] = tuple((approved, False) for approved, _ in answers)

    def snapshot(self) -> object:
        """What decides about promises later on."""
        patience = sorted((key, min(count, TRIALS)) for key, count in self.denials.items())
        gone, shown = sorted(self._gone_at.items()), sorted(self._newest_shown.items())
        unheard, erased = sorted(self._unheard), sorted(filter(self.is_erased, self._erased))
        said = sorted(self._said.items())
        facts = sorted((who, repr(answers)) for who, answers in self._facts.items()), sorted(self._in_time.items())
        last = sorted(self._last_in_time.items())
        held = sorted(self._held_since.items())
        more = (
            sorted(self.foreign.items()),
            sorted(self._looks_lost.items()),
            sorted(self._discarded),
            sorted(self._addresses.items()),
            *facts,
            last,
            *self._lazy_snapshot(),
            *self._dropping_snapshot(),
        )
        return gone, shown, held, sorted(self._seen_by_viewers), patience, unheard, erased, said, *more

    def _lazy_snapshot(self) -> tuple[object, ...]:
        if not self._cloud.lazy:
            return ()
        return sorted(self._made.items()), sorted(self._stillborn), sorted(self._withdrawn_at.items())

    def _dropping_snapshot(self) -> tuple[object, ...]:
        if not self._cloud.dropping:
            return ()
        wanted, there = sorted(self._wanted.items()), sorted((key, sorted(ids)) for key, ids in self._lay_there.items())
        open_ends = sorted(self._undecided), sorted(self._seen_by_erasers)
        return wanted, there, *open_ends, sorted(self._came_back.items()), sorted(self._may_leave), bool(self._lost)

    def save(self) -> Mapping[str, Any]:
        """A copy of all that is remembered."""
        return {name: value.copy() for name, value in vars(self).items() if name != "_cloud"}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Remember that, and nothing else."""
        vars(self).update({name: value.copy() for name, value in saved.items()})

    def manifest(self, key: str) -> Manifest | None:
        """What is published."""
        body = self._cloud.images.data(path_of(key))
        return read_manifest(body) if body else None

    # At every instant.

    def check_now(self, what: str, by: str) -> None:
        """After a request that changed `what`. by: the queue of the worker that made it."""
        self._check_all_erased()
        self._check_leaving(by)
        if self._discarded:
            self._discarded -= {row for row, item in self._cloud.failures.items.items() if "reason" in item}
        if self._cloud.lazy:
            self._check_served(what)
        self._check_owners()
        if (what, by) == (QUEUE, CORRECT):
            self._unheard -= {source.key for source in read(self._cloud.queue.messages[-1].body).sources}
        if self._cloud.gated and what.startswith(f"{IMAGES}/{VARIANTS}"):
            self._check_may_be_fetched(what.removeprefix(f"{IMAGES}/"))
        if what == PURGES:
            self._check_purged(self._cloud.purges.messages[-1:])
        elif self._cloud.lazy:
            self._check_purged(self._cloud.purges.messages)  # each waits until what its sender does next is done
        if what.startswith((IMAGES, QUARANTINE)):
            self._check_published(what, by)

    def _check_purged(self, purges: Sequence[Message]) -> None:
        """The CDN was told to forget what is withdrawn, or is about to be while no file of it is left."""
        told = {message.body for message in purges}
        for key in self._seen_by_viewers & self._cloud.keys if told else ():
            manifest = self.manifest(key)
            is_told = manifest is not None and (manifest.is_withdrawn or not self._generations(key))
            if is_told and folder_of(key) in told:
                self._seen_by_viewers.discard(key)

    def _check_published(self, what: str, by: str) -> None:
        """What is published of each key is what it may be, and may follow what was."""
        for key in sorted(self._cloud.keys):
            body = self._cloud.images.data(path_of(key))
            if not body:
                continue
            manifest = read_manifest(body)
            if manifest.source and manifest.source.identity not in self.contents:
                self._break(key, "what is published is of nothing that ever was")
                continue
            before = self._shown.get(key)
            if body != before:
                by_whom = by if what.endswith(path_of(key)) else ""  # an erasure may have written of a key nobody knew
                self._check_corrected(key, manifest, read_manifest(before) if before else None, by_whom)
                self._ask_again(key, manifest)
                self._check_forgotten(key, manifest, read_manifest(before) if before else None)
                self._check_not_refused(key, manifest, read_manifest(before) if before else None)
                self._check_outlives(key, manifest, read_manifest(before) if before else None)
                self._check_not_held_anew(key, manifest, read_manifest(before) if before else None)
                self._check_kept(key, manifest, read_manifest(before) if before else None)
            self._check_variants(key, manifest)
            if body != before:
                self._shown[key] = body
                self._check_never_back(key, manifest)
                self._check_recorded(key, manifest)
                self._check_listed(key, manifest)
                self._note_held(key, manifest)
                self._check_may_leave(key, manifest, read_manifest(before) if before else None)

    def _check_owners(self) -> None:
        """Nothing of somebody else's is ever overwritten or removed, and no copy by another's."""
        if not self._cloud.copying:
            return
        for path, data in self.foreign.items():
            if self._cloud.images.data(path) != data:
                self._break(path, "what somebody else had put there was touched")
        lying = {path: _Lying(owner, self._cloud.images.keys[path][-1].etag) for path, owner in self._copies()}
        for path in lying.keys() | self._addresses.keys():
            address, now = self._addresses.get(path, _Address()), lying.get(path)
            if now != address.lies:
                if now is not None and address.is_anothers(now):
                    self._break(path, "one original's copy was overwritten by another's")
                self._addresses[path] = address.after(now)

    def _copies(self) -> list[tuple[str, str]]:
        """The address of each copy, and the short name of the key that it is of."""
        return [
            (path, versions[-1].metadata["lightpress-copy-of"].partition(".")[0])
            for path, versions in self._cloud.images.keys.items()
            if path.startswith(COPY_FOLDERS) and "lightpress-copy-of" in versions[-1].metadata
        ]

    def _check_copies(self) -> None:
        """The copies at their addresses are those that manifests name, and the CDN keeps no others."""
        if not self._cloud.copying or self._cloud.untold:
            return
        lying = dict(self._copies())
        for key in sorted(self._cloud.keys):
            manifest = self.manifest(key)
            told = manifest.copies if manifest else ()
            self._check_wanted(key, manifest)
            for copy in told:
                self._check_told_copy(key, copy, lying)
            named = {copy.path for copy in told if copy.refused is None}
            past = set(manifest.past_copies) if manifest else set()
            for path in [path for path, owner in lying.items() if owner == short_name(key) and path not in named]:
                # What a stack of before has left where no manifest of this one looks, `lightpress sweep` removes.
                if path in past or self._cloud.images.data(path) != FORMER:
                    self._break(key, "a copy is left over")
        for path, kept in sorted(self._cloud.cdn.copied.items()):
            if kept != self._cloud.images.data(path) and not kept.startswith(FOREIGN):
                self._break(path, "the CDN keeps a copy that is none any more")

    def _check_told_copy(self, key: str, copy: Copy, lying: Mapping[str, str]) -> None:
        """What a manifest says of a copy is so. lying: the short name of whose copy lies at each address."""
        is_its_own = lying.get(copy.path) == short_name(key)
        if copy.refused is not None:
            is_over = copy.refused == ANOTHERS and (is_its_own or copy.path not in lying)
            if is_over and self._looks_lost.get(key) != self._changes[key]:  # else a sweep has it looked at
                self._break(key, f"it was refused for {copy.refused}, which is over")
        elif short_name(key) in self._addresses.get(copy.path, _Address()).struck:
            return
        elif not is_its_own:
            self._break(key, "there is no copy where its manifest says so")
        elif self._cloud.images.data(copy.path) != self._cloud.images.data(copy.variant):
            self._break(key, "a copy is not what it is a copy of")

    def _check_wanted(self, key: str, manifest: Manifest | None) -> None:
        """A manifest names the copies that the newest recipes ask for."""
        if manifest is None:
            return
        wanted = with_copies(manifest, self._cloud.recipe_for(key), manifest)
        if manifest.status is Status.READY and manifest.copies != wanted.copies:
            self._break(key, "its copies are not those of the newest recipe")
        if manifest.status is not Status.READY and manifest.copies:
            self._break(key, "copies are told of what is not published")

    def _check_leaving(self, by: str) -> None:
        """Nothing is taken away from the bucket of originals that is not published, and may leave."""
        for key in sorted(self._cloud.keys) if self._cloud.dropping else ():
            before, versions = self._lay_there.get(key, frozenset()), self._cloud.uploads.keys.get(key)
            if versions is not None and versions is self._versions.get(key):
                continue  # nothing has changed there
            self.lies_there(key)
            if by != ERASURE and not before - self._lay_there[key] <= self._may_leave:
                self._break(key, "an original was taken away that is not to leave")

    def _check_may_leave(self, key: str, manifest: Manifest, before: Manifest | None) -> None:
        """A manifest says that an original leaves only after it was announced, and of what every recipe may drop."""
        if manifest.original_dropped is None or (before is not None and before.original_dropped is not None):
            return
        assert manifest.source is not None
        self._may_leave.add(manifest.source.identity)
        if manifest.status is not Status.READY:
            self._break(key, "what is not published leaves")
        if self._cloud.bus.newest.get(key) != (manifest.revision, KINDS[manifest.status]):
            self._break(key, "an original leaves before it is announced")
        if not manifest.follows_correction:
            self._break(key, "an original leaves before its correction is followed")

    def _check_variants(self, key: str, manifest: Manifest) -> None:
        """What a manifest names is there, and is what it should be."""
        if manifest.status is not Status.READY:
            return
        assert manifest.source is not None
        assert manifest.digest is not None
        generations = self._generations(key)
        if generations:
            self._seen_by_viewers.add(key)
        folder = f"{folder_of(key)}{manifest.generation}/"
        source, contents = manifest.source, self.contents[manifest.source.identity]
        expected = rendered_by(manifest.digest, contents, source.correction, source.suggested)
        if {variant.name for variant in manifest.offered} != expected.keys():
            self._break(key, "the manifest does not name every variant")
        if self._cloud.lazy:
            self._check_lazy(key, manifest, folder, contents)
        for variant in manifest.variants:
            data = self._cloud.images.data(variant.path)
            if data is None:
                self._break(key, "the manifest names a missing variant")
            elif data != expected.get(variant.name) or checksum(data) != variant.sha256:
                self._break(key, "a variant is not what its manifest says")
            elif not variant.path.startswith(folder):
                self._break(key, "a variant lies in somebody else's folder")
        self._check_previous(key, manifest, generations)

    def _check_previous(self, key: str, manifest: Manifest, generations: set[str]) -> None:
        """The generation that a manifest names besides its own is there, where any of it was made."""
        if not manifest.variants and manifest.generation:
            self._unmade.add(manifest.generation)
        if manifest.previous and manifest.previous not in generations | self._unmade:
            self._break(key, "the generation before is gone while pages may still show it")

    def _check_kept(self, key: str, manifest: Manifest, before: Manifest | None) -> None:
        """Pages may show the generation before for as many days as is said, or until one more has been replaced."""
        if manifest.previous:
            self._replaced_at.setdefault((key, manifest.previous), self._cloud.now)
        if before is None or before.previous is None or manifest.is_withdrawn:
            return
        is_one_more = before.generation is not None and manifest.previous == before.generation
        if not is_one_more and manifest.previous != before.previous and not self._is_outdated(key, before.previous):
            self._break(key, "the generation before is taken away too early")

    def _is_outdated(self, key: str, previous: str) -> bool:
        return self._cloud.now - self._replaced_at[key, previous] >= PREVIOUS_DAYS * _A_DAY

    def _check_lazy(self, key: str, manifest: Manifest, folder: str, contents: bytes) -> None:
        """Each lazy variant is absent, or what it should be; and nothing else lies beside the variants."""
        for variant in manifest.lazy:
            focus, suggested = (
                (manifest.source.correction, manifest.source.suggested) if manifest.source else (None, None)
            )
            right = rendered_by_any(contents, variant.name, variant.width, focus, suggested)
            self._owed[variant.path] = right
            data = self._cloud.images.data(variant.path)
            if data is not None and (data not in right or data != self._made.setdefault(variant.path, data)):
                self._break(key, "a lazy variant is not what it should be, or was another one before")
            elif not variant.path.startswith(folder):
                self._break(key, "a lazy variant would lie in somebody else's folder")
        named = {variant.path for variant in manifest.offered}
        if any(path.startswith(folder) and path not in named for path in self._cloud.images.keys):
            self._break(key, "something lies there that the manifest does not name")

    def _check_served(self, what: str) -> None:
        """A viewer of a lazy variant gets what it should be, and nothing that was deleted before it was made."""
        path = what.removeprefix(f"{IMAGES}/")
        if path != what and path in self._owed and self._is_changed(path) and not self._is_shown(path):
            self._stillborn.add(path)
        data = self._cloud.stores.edge.get(what)
        if data is not None and data not in self._owed.get(what, ()):
            self._break(what, "a viewer was served something else")
        if data is not None and what in self._stillborn:
            self._break(what, "a viewer was served what was deleted or replaced before it was made")

    def _is_changed(self, path: str) -> bool:
        """Whether a request has made or removed it: one that is refused, since another was first, has done neither."""
        before = self._last_made.get(path)
        now = self._last_made[path] = self._cloud.images.newest(path)
        return now is None or now is not before

    def _is_shown(self, path: str) -> bool:
        """Whether the generation of a variant is published, or the one before."""
        key = next(key for key in self._cloud.keys if path.startswith(folder_of(key)))
        manifest = self.manifest(key)
        return manifest is not None and generation_in(path) in {manifest.generation, manifest.previous}

    def ended(self, worker: Worker) -> None:
        """Whoever made a variant that nobody shows any more has removed it, if nothing failed."""
        if worker.queue == CORRECT:
            self._check_told(worker)
        if worker.queue != FIRST_VIEW or not self._cloud.calm:
            return
        path = worker.batch[0].body
        others = (other for other in self._cloud.workers if other is not worker and other.queue == FIRST_VIEW)
        if path in self._stillborn and self._cloud.images.data(path) and path not in {o.batch[0].body for o in others}:
            self._break(path, "it was made in vain, and is left over")

    def _check_corrected(self, key: str, manifest: Manifest, before: Manifest | None, by: str) -> None:
        """What was said of some contents is kept as long as they are published, and says nothing of others."""
        if by == CORRECT:
            self._unheard.add(key)
            return
        identity = manifest.source.identity if manifest.source else None
        same = before if before and identity and before.is_of(identity) else None
        kept = same and same.correction
        if manifest.words != (same and same.words):
            self._break(key, "what somebody has said of it was lost" if same else "words were said of another picture")
        if manifest.correction != kept:
            self._break(
                key, "a corrected focus was lost" if kept else "a focus was corrected that is another picture's"
            )

    def _ask_again(self, key: str, manifest: Manifest) -> None:
        """What is not published for a while is asked about anew then: what was said before that need not count."""
        for said in [said for said in self._in_time if said[0] == key]:
            if manifest.status is not Status.READY or not manifest.is_of(said[1]):
                del self._in_time[said]
                self._last_in_time.pop(said, None)

    def _check_told(self, worker: Worker) -> None:
        """Whoever wrote a corrected focus has asked for a look after it, if nothing failed."""
        others = any(other.queue == CORRECT for other in self._cloud.workers if other is not worker)
        if self._cloud.calm and self._unheard and not others:
            self._break(min(self._unheard), "a focus was corrected, and nobody was told")

    def _check_all_erased(self) -> None:
        for key in self._erased:
            if self.is_erased(key):
                self._check_erased(key)

    def _check_erased(self, key: str) -> None:
        """Nothing is left of what was erased, and nothing comes back; of its manifest, no name."""
        manifest = self.manifest(key)
        copies = copies_folder(Source(UPLOADS, key))
        left = {
            "versions": key in self._cloud.uploads.keys,
            "variants": bool(self._generations(key)),
            "a manifest": manifest is not None and (manifest.status is not Status.DELETED or bool(manifest.key)),
            "a row": any(subject == f"{UPLOADS}/{key}" for subject, _ in self._cloud.failures.items),
            "a copy": any(path.startswith(copies) for path in self._cloud.quarantine.keys),
            "a fact": any(path.startswith(facts_folder(key)) for path in self._cloud.images.keys),
            "a review": any(path.startswith(reviews_folder(key)) for path in self._cloud.images.keys),
            "a copy of a variant": short_name(key) in dict(self._copies()).values(),
            "an address of a copy": bool(manifest and (manifest.copies or manifest.past_copies)),
            "an entry of what waits": any(path.startswith(held_folder(key)) for path in self._cloud.images.keys),
            "its name in what is said of another picture": self._cloud.enriched and self._is_named(key),
        }
        if found := [what for what, is_left in left.items() if is_left]:
            self._break(key, f"erased, and there is {', '.join(found)}")

    def _is_named(self, key: str) -> bool:
        """Whether what an enricher has said of another picture names a key, where it lies or where it is told."""
        manifests = filter(None, map(self.manifest, sorted(self._cloud.keys - {key})))
        told = [fact for manifest in manifests for fact in manifest.facts]
        kept = [
            data
            for path in self._cloud.images.keys
            if path.startswith(FACTS) and (data := self._cloud.images.data(path))
        ]
        return any(key in fact.looks_like for fact in [*told, *map(fact_from_json, kept)])

    def _check_may_be_fetched(self, path: str) -> None:
        """Nothing lies where the CDN reads that a person has never approved."""
        if self._cloud.images.data(path) is None:
            return
        points = (None, FOCUS, OTHER_FOCUS, center_of((fact_from(A_FACE),)))
        names = {
            generation_name(revision_of(generation_in(path)), identity, digest, point, lazy)
            for (_, identity, reviewer), answers in self._said.items()
            if reviewer == PERSON and any(approved for approved, _ in answers)
            for digest, lazy in digests()
            for point in points
        }
        names |= {
            generation_name(revision_of(generation_in(path)), identity, digest, point, lazy)
            for key, identity in self._held_since
            if self._cloud.unanswered is Unanswered.PUBLISH and self._was_asked_long_ago(key, identity)
            for digest, lazy in digests()
            for point in points
        }
        if generation_in(path) not in names:
            self._break(path, "it can be fetched, and nobody has approved it")

    def _check_not_held_anew(self, key: str, manifest: Manifest, before: Manifest | None) -> None:
        """What was rejected because nobody reviewed it is not held once more, unless an operator asks for that."""
        if before is None or before.reason != Reason.NOT_REVIEWED:
            return
        if self._cloud.happened["retry"] or self._cloud.happened["opened"]:  # who opens it has it tried again
            return
        if manifest.status is Status.HELD and before.source and manifest.is_of(before.source.identity):
            self._break(key, "it was rejected because nobody reviewed it, and is held once more")

    def _note_held(self, key: str, manifest: Manifest) -> None:
        """Remember since when reviewers know of a version."""
        if manifest.status is Status.HELD and manifest.source:
            self._held_since.setdefault((key, manifest.source.identity), self._cloud.now)

    def _was_asked_long_ago(self, key: str, identity: str) -> bool:
        """Whether reviewers have had as long as the recipe says."""
        since = self._held_since.get((key, identity))
        return since is not None and self._cloud.now - since >= GATE_HOURS * 3600

    def _check_listed(self, key: str, manifest: Manifest) -> None:
        """What waits for its reviewers is in the list of what waits."""
        if manifest.status is Status.HELD and self._cloud.images.data(entry_of(manifest)) is None:
            self._break(key, "held, and no reviewer can find it")

    def _check_forgotten(self, key: str, manifest: Manifest, before: Manifest | None) -> None:
        """The CDN is told to forget what was shown and deleted before anything takes its place."""
        was_withdrawn = before is not None and before.is_withdrawn
        if was_withdrawn and not manifest.is_withdrawn and key in self._seen_by_viewers:
            self._break(key, "published anew, and the CDN was never told to forget what was withdrawn")

    def _check_not_refused(self, key: str, manifest: Manifest, before: Manifest | None) -> None:
        """What is published of some contents is not taken away because their format is no longer accepted."""
        if before is None or before.status is not Status.READY or manifest.reason != Reason.FORMAT_NOT_ACCEPTED:
            return
        assert manifest.source is not None
        if before.is_of(manifest.source.identity):
            self._break(key, "published, and then refused for its format")

    def _check_outlives(self, key: str, manifest: Manifest, before: Manifest | None) -> None:
        """What is published of some contents is not taken away because they cannot be read any more."""
        if manifest.reason not in UNREADABLE or before is None or before.status is not Status.READY:
            return
        assert manifest.source is not None
        assert before.source is not None
        if manifest.source.identity == before.source.identity:
            self._break(key, "it cannot be read now, and what was published of it was taken away")

    def _check_never_back(self, key: str, manifest: Manifest) -> None:
        """What is published never goes back to an older version, nor to what was deleted."""
        if manifest.is_withdrawn:
            self._withdrawn_at[key] = manifest.revision
        if manifest.status is Status.DELETED:
            if self._cloud.uploads.newest(key) is None:
                self._gone_at[key] = self._changes[key]
            return
        assert manifest.source is not None
        if self._gone_at.get(key) == self._changes[key]:
            self._break(key, "what was deleted came back")
        if self._cloud.versioned:
            place = self._place_of(manifest.source.identity)
            if place < self._newest_shown[key]:
                self._break(key, "went back to an older version")
            self._newest_shown[key] = place

    def _place_of(self, identity: str) -> int:
        """Of a version, in the order in which versions came to be published; those brought back are in between."""
        return self._came_back[identity] or 2 * int(identity.removeprefix("v"))

    def _check_recorded(self, key: str, manifest: Manifest) -> None:
        """A manifest says `failed` only when somebody can look at the failure, and at what failed."""
        if manifest.status is not Status.FAILED or self._cloud.is_changed_while_erased(key):
            return  # in the latter case whoever publishes it finds out next that what failed is gone
        assert manifest.source is not None
        version = self._cloud.uploads.newest(key)
        is_gone = version is None or identity_of(version) != manifest.source.identity
        if key in self._seen_by_erasers and is_gone and not self._cloud.is_being_erased(key):
            return  # the same, after an operator who was interrupted
        subject = f"{UPLOADS}/{key}"
        found = [
            row
            for row in rows(self._cloud.failures)
            if (row["subject"], row["identity"]) == (subject, manifest.source.identity)
        ]
        contents = self.contents[manifest.source.identity]
        was_closed = self._closed.get(manifest.source.identity, frozenset())
        if not found:
            if (subject, manifest.source.identity) not in self._discarded:
                self._break(key, "failed, and there is no record of it")
        elif found[0]["reason"] != manifest.reason and not (was_closed | REJECTIONS) & {
            found[0]["reason"],
            manifest.reason,
        }:
            # Of what is bad, and then cannot be read, two letters may tell either: both are true, and a row holds one.
            self._break(key, f"the record says {found[0]['reason']}, the manifest {manifest.reason}")
        elif not (was_closed and "quarantine" not in found[0]) and self._copy_of(found[0]) != contents:
            self._break(key, "failed, and what failed is not in quarantine")
        if manifest.reason in UNREADABLE:
            self._check_closed(key, was_closed, manifest.reason)
        else:
            self._check_reason(key, contents, manifest.reason)

    def _copy_of(self, row: Mapping[str, str]) -> bytes | None:
        return self._cloud.quarantine.data(row.get("quarantine", ""))

    def _check_closed(self, key: str, was_closed: frozenset[Reason], reason: str | None) -> None:
        """It fails as unreadable only if it was, and as denied only after patience; a fault may cost a try of it."""
        if reason not in was_closed:
            self._break(key, f"failed for {reason}, which it never was")
        tries = self.denials[key] + self.interrupted[key] + (not self._cloud.calm)
        if reason == Reason.ACCESS_DENIED and tries < TRIALS:
            self._break(key, f"given up after {tries} tries of the last instance")

    def _check_reason(self, key: str, contents: bytes, reason: str | None) -> None:
        if reason in REJECTIONS:
            return  # who has rejected it is checked with the reviews
        expected = next((reason for kind, reason in REASONS.items() if contents.startswith(kind)), None)
        if contents.startswith(RARE) and reason == Reason.FORMAT_NOT_ACCEPTED:
            return  # some recipe did not accept it; which one counts is checked at rest
        patience_ran_out = reason == Reason.MACHINE_LIMIT and self.interrupted[key] >= TRIALS
        if reason != expected and not patience_ran_out:
            self._break(key, f"failed for {reason}, and should " + (f"for {expected}" if expected else "not have"))

    def told(self, key: str, revision: int, kind: str) -> None:
        """Nothing is announced that is not published, or was."""
        manifest = self.manifest(key)
        published = (manifest.revision, KINDS[manifest.status]) if manifest else (0, "")
        if revision > published[0] or (revision == published[0] and kind != published[1]):
            self._break(key, "announced, and not published")

    # At rest.

    def check_swept(self) -> None:
        """Once somebody has swept at last, no variant is left over, whatever went wrong."""
        if left := self.leftovers():
            self._break("*", f"{left} generations are left over after a sweep")
        for key in sorted(self._cloud.keys):
            manifest = self.manifest(key)
            if manifest is None or manifest.previous not in self._generations(key) or not manifest.variants:
                continue  # nothing lies there, or it tells that the CDN may keep some
            written = self._cloud.images.keys[path_of(key)][-1].modified.timestamp() - LATE
            if self._cloud.now - written >= PREVIOUS_DAYS * _A_DAY:
                self._break(key, "the generation before is kept for longer than is said")

    def check_settled(self) -> None:  # noqa: C901  one promise after another
        """Once nothing is left to do, every key has come to exactly one end, and so has every message."""
        for key in sorted(self._cloud.keys):
            manifest, source, recipe = self.manifest(key), self._cloud.uploads.newest(key), self._cloud.recipe_for(key)
            if recipe is None and manifest is None:
                self._check_swept(key, manifest)
                continue
            if self._cloud.dropping and source is None and self._has_left(key, manifest):
                self._check_left(key, manifest)
            elif source is None or recipe is None:
                if not self._is_half_erased(key, manifest):
                    self._check_gone(key, manifest)
            elif manifest is None or not manifest.is_of(identity_of(source)):
                self._break(key, "what is published is not of the newest version")
            elif not self._is_of_recipe(manifest, source, recipe):
                self._break(key, "what is published is not of the newest recipe")
            else:
                self._check_end(key, manifest, source)
                self._check_recorded(key, manifest)
                self._check_has_left(key, manifest, recipe)
            if self._cloud.gated and manifest and source and recipe:
                self._check_reviewed(key, manifest, source, recipe)
            if self._cloud.enriched and manifest and source and recipe and manifest.status is Status.READY:
                self._check_enriched(key, manifest, source, recipe)
            self._check_swept(key, manifest)
            self._check_lifted(key, manifest)
            if manifest and not self._is_announced(key, manifest):
                self._break(key, "what is published was never announced")
            self._check_followed(key, manifest, source, recipe)
        self._check_nonsense()
        self._check_quarantine()
        self._check_kept_by_cdn()
        self._check_copies()
        if self._cloud.gated:
            self._check_list()

    def _check_list(self) -> None:
        """What is listed waits by that, or may still come to, or is removed when it is counted next."""
        images = replace(self._cloud.images, keys=dict(self._cloud.images.keys), announce=lambda *_: None)
        s3: Any = SimulatedS3({IMAGES: images})
        self._cloud.code.waiting.S3Waiting(s3, IMAGES, map).measure()
        for key in sorted(self._cloud.keys):
            manifest = self.manifest(key)
            if manifest is None:
                continue
            listed = {path for path in images.keys if path.startswith(held_folder(key)) and images.newest(path)}
            dead = {path for path in listed if revision_of_entry(path) <= manifest.revision}
            if dead - ({entry_of(manifest)} if manifest.status is Status.HELD else set()):
                self._break(key, "it waits no more, and is listed for ever")

    def _has_left(self, key: str, manifest: Manifest | None) -> bool:
        """Whether what a key held is to have left, and not to be deleted.

        Where an operator was interrupted who erases it, only a repetition decides.
        """
        if key in self._seen_by_erasers:
            return manifest is not None and manifest.original_dropped is not None
        is_gone = key in self._undecided and manifest is not None and manifest.status is Status.DELETED
        return key in self._wanted and not is_gone

    def _is_half_erased(self, key: str, manifest: Manifest | None) -> bool:
        """Whether a manifest says no more that its original has left, by an operator who was interrupted then.

        Nothing is listed of the key in which a backfill could find it: a repetition ends that, or a sweep.
        """
        if key not in self._seen_by_erasers or manifest is None or manifest.source is None:
            return False
        is_unmarked = manifest.status is Status.READY and manifest.original_dropped is None
        return is_unmarked and manifest.source.identity in self._may_leave

    def _check_left(self, key: str, manifest: Manifest | None) -> None:
        """What has left by our own hand stays published, by whatever recipe.

        What came later may be gone again: an operator has removed it, and was interrupted.
        """
        wanted = None if key in self._seen_by_erasers else self._wanted.get(key)
        if manifest is None or manifest.status is not Status.READY or not (wanted is None or manifest.is_of(wanted)):
            self._break(key, "its original has left, and it is not published")
        elif manifest.original_dropped is None:
            self._break(key, "its original has left, and nothing says so")
        elif not manifest.follows_correction:
            self._break(key, "its original has left, and its correction is never followed")
        else:
            self._check_variants(key, manifest)
            if self._cloud.enriched and manifest.source is not None:
                self._check_facts(key, manifest, manifest.source.identity, is_readable=True)

    def _check_has_left(self, key: str, manifest: Manifest, recipe: Recipe) -> None:
        """What may leave has left, unless it would uncover an older version, or nobody was told to come back.

        Where a message was lost that would have told, it stays until a backfill: a night takes no original away. What
        nobody can read now, and faces have been seen in since, stays until it is cut around them.
        """
        *below, newest = self._cloud.uploads.keys[key]
        if self._cloud.enriched and closed_for(newest):
            return
        uncovers = not self._cloud.versioned or (below and below[-1].data is not None)
        if recipe.originals != DROP or uncovers or self._cloud.untold or self._lost:
            return
        if manifest.status is Status.READY and manifest.digest == recipe.digest and manifest.follows_correction:
            self._break(key, "its original was to leave, and is still there")

    def _check_lifted(self, key: str, manifest: Manifest | None) -> None:
        """No row says that what is published, or held, is rejected."""
        if manifest is None or manifest.source is None or manifest.status is Status.FAILED:
            return
        subject = (f"{UPLOADS}/{key}", manifest.source.identity)
        found = [row for row in rows(self._cloud.failures) if (row["subject"], row["identity"]) == subject]
        if found and found[0]["reason"] in REJECTIONS:
            self._break(key, "nobody rejects it any more, and its record says so")

    def _is_announced(self, key: str, manifest: Manifest) -> bool:
        """Whether it is; of a tombstone that was erased, the deletion is enough: its revision may be a later one.

        Nothing has to be said of what was erased before anybody heard of it: recipes may ignore it; or a message was
        lost, and neither the bucket nor the tombstone names the key any more, so that no night finds it; or the
        tombstone does because whoever erases it was interrupted, and only a repetition ends that. Nor of words whose
        writer died before asking for a look, until it repeats them; or whose look was lost.
        """
        revision, kind = self._cloud.bus.newest.get(key, (0, ""))
        is_erased = not manifest.key or (manifest.status is Status.DELETED and key in self._seen_by_erasers)
        if (is_erased and not kind) or self._looks_lost.get(key) == self._changes[key]:
            return True
        if manifest.words is not None and key in self._unheard:
            return True
        is_this = revision == manifest.revision or (is_erased and revision <= manifest.revision)
        return is_this and kind == KINDS[manifest.status]

    def is_stale(self, key: str) -> bool:
        """Whether something else is to be published of what a key holds, or nothing any more; not of what is gone."""
        source, recipe, manifest = self._cloud.uploads.newest(key), self._cloud.recipe_for(key), self.manifest(key)
        if source is None or (manifest and manifest.original_dropped and manifest.is_of(identity_of(source))):
            return False  # what is about to leave counts as gone
        if recipe is None:
            return manifest is not None and manifest.status is not Status.DELETED
        is_of_it = manifest is not None and manifest.is_of(identity_of(source))
        return not is_of_it or (manifest is not None and not self._is_of_recipe(manifest, source, recipe))

    def _is_of_recipe(self, manifest: Manifest, source: Version, recipe: Recipe) -> bool:
        """Of the newest one; or it stays as it was, for the newest one would refuse it, or nobody can read it."""
        refused = _is_refused(source, recipe)
        if manifest.reason == Reason.FORMAT_NOT_ACCEPTED:
            return refused
        if manifest.status is Status.HELD or manifest.is_rejected:
            return manifest.is_rejected or manifest.gate == recipe.gate
        if self._cloud.backfills is not None and manifest.reason in UNREADABLE:
            was = self._closed.get(identity_of(source), frozenset())
            return closed_for(source) is not None and manifest.reason in was  # a run tells that, and leaves it so
        may_be_older = refused or closed_for(source) is not None
        if any((one.name, one.format) not in recipe.spec.lazy for one in manifest.lazy) and not may_be_older:
            return False
        return manifest.digest == recipe.digest or (may_be_older and manifest.status is Status.READY)

    def _check_followed(
        self, key: str, manifest: Manifest | None, source: Version | None, recipe: Recipe | None
    ) -> None:
        """A corrected focus is followed, unless nobody can read the picture, or its corrector died over it."""
        if manifest is None or manifest.follows_correction or key in self._unheard or not (source and recipe):
            return
        if not closed_for(source) and not _is_refused(source, recipe):
            self._break(key, "a corrected focus was never followed")

    def _check_end(self, key: str, manifest: Manifest, source: Version) -> None:
        """Exactly one: published, or failed and recorded."""
        may_be_published = not any((source.data or b"").startswith(kind) for kind in REASONS)
        if manifest.reason in UNREADABLE and not closed_for(source):
            self._break(key, "it can be read, and stays failed as if it could not")
        if manifest.status is Status.READY and not may_be_published:
            self._break(key, "published, and cannot be")
        if manifest.status is Status.DELETED:
            self._break(key, "the source is there, and nothing is published")
        self._check_variants(key, manifest)
        self._check_recorded(key, manifest)

    def _check_reviewed(self, key: str, manifest: Manifest, source: Version, recipe: Recipe) -> None:
        """Held while reviews are missing, failed where one has rejected it, and neither where all have approved it."""
        kept = {reviewer: self._kept_review(key, source, reviewer) for reviewer in recipe.gate}
        for reviewer, approved in kept.items():
            answers = self._said.get((key, identity_of(source), reviewer), ())
            sure = [said for said, is_sure in answers if is_sure]
            possible = {said for said, _ in answers} | (set() if sure else {None})
            if sure:
                possible &= {sure[-1]} if reviewer == PERSON else {False} if False in sure else {True, False}
            if approved not in possible:
                self._break(key, f"what {reviewer} has said is not what counts")
        if False in kept.values():
            self._check_taken_away(key, manifest)
        elif manifest.is_rejected and not self._is_rightly_unreviewed(
            key, manifest, source, missing=None in kept.values()
        ):
            self._break(key, "nobody rejects it, and it stays rejected")
        elif kept[PERSON] is None and manifest.status is not Status.HELD and not manifest.is_rejected:
            self._check_published_unreviewed(key, manifest, source)
        elif manifest.status is Status.HELD and self._cloud.is_overdue:
            self._break(key, "its reviewers have had time enough, and it is still held")
        elif manifest.status is Status.HELD and None not in kept.values():
            self._break(key, "all have approved it, and it is still held")

    def check_in_vain(self, keys: Iterable[str]) -> None:
        """What one night after the other hints at is what nobody can read, though a look at it does not say so."""
        for key in sorted(keys):
            newest = self._cloud.uploads.newest(key)
            if newest is None or not closed_for(newest):
                self._break(key, "it is looked at every night, and nothing comes of it")

    def _check_enriched(self, key: str, manifest: Manifest, source: Version, recipe: Recipe) -> None:
        """What is published says what enrichers have said of these contents, unless nobody can read them."""
        if manifest.digest != recipe.digest or _is_refused(source, recipe):
            return
        if manifest.enrichers != recipe.enrichers:
            self._break(key, "it does not ask the enrichers of its recipe")
        is_readable = not closed_for(source)
        self._check_facts(key, manifest, identity_of(source), is_readable=is_readable)
        follows_faces = manifest.correction is None and is_readable
        if follows_faces and manifest.source and manifest.source.suggested != center_of(manifest.facts):
            self._break(key, "it is not cut around the faces that are seen")

    def _check_facts(self, key: str, manifest: Manifest, identity: str, *, is_readable: bool) -> None:
        """What was asked is told as it was said last, also of what has left since; not where it cannot be cut anew."""
        for enricher in manifest.enrichers:
            said = (key, identity, enricher)
            told = next((fact for fact in manifest.facts if fact.enricher == enricher), None)
            body = self._cloud.images.data(fact_path(*said))
            if told is not None and not any(_is_of(told, fact) for fact in self._facts.get(said, ())):
                self._break(key, f"it tells what {enricher} has not said of it")
            if body is not None and told is None and is_readable:
                self._break(key, f"it does not tell what {enricher} has said")
            if self._in_time.get(said) == self._changes[key] and told is None and is_readable:
                self._break(key, f"what {enricher} has said in time was lost")
            is_last = self._last_in_time.get(said) == self._changes[key]
            if is_last and told is not None and is_readable and not _is_of(told, self._facts[said][-1]):
                self._break(key, f"it tells what {enricher} has thought of again since")
            if body is not None and told is not None and fact_from_json(body) != told and is_readable:
                self._break(key, f"it does not tell the last that {enricher} has said")

    def _is_rightly_unreviewed(self, key: str, manifest: Manifest, source: Version, *, missing: bool) -> bool:
        rightly = self._cloud.unanswered is Unanswered.REJECT and manifest.reason == Reason.NOT_REVIEWED and missing
        return rightly and self._was_asked_long_ago(key, identity_of(source))

    def _check_published_unreviewed(self, key: str, manifest: Manifest, source: Version) -> None:
        """It is in time, where the recipe says so; and what cannot be rendered fails for that."""
        rightly = self._cloud.unanswered is Unanswered.PUBLISH and self._was_asked_long_ago(key, identity_of(source))
        if not rightly:
            self._break(key, f"nobody has approved it, and it is {manifest.status}")

    def _kept_review(self, key: str, source: Version, reviewer: str) -> bool | None:
        body = self._cloud.images.data(review_path(key, identity_of(source), reviewer))
        return review_from_json(body).approved if body else None

    def _check_taken_away(self, key: str, manifest: Manifest) -> None:
        if not manifest.is_rejected:
            self._break(key, "rejected, and it has not failed for that")
        if self._generations(key):
            self._break(key, "rejected, and variants are left over")
        if key in self._seen_by_viewers:
            self._break(key, "rejected, and the CDN was never told to forget it")

    def _check_gone(self, key: str, manifest: Manifest | None) -> None:
        # Of what was deleted while no recipe wanted it, there is no tombstone before somebody looks; none lists it.
        is_unknown = manifest is None and self._cloud.backfills is not None
        if not is_unknown and (manifest is None or manifest.status is not Status.DELETED):
            self._break(key, "deleted, and still published")
        if self._generations(key):
            self._break(key, "deleted, and variants are left over")
        if key in self._seen_by_viewers:
            self._break(key, "deleted, and the CDN was never told to forget it")

    def _check_kept_by_cdn(self) -> None:
        """No permalink shows what was overwritten, deleted, or has failed since; no lazy variant what was withdrawn."""
        for key, revision in sorted(self._withdrawn_at.items()):
            kept = (path for path in self._cloud.cdn.lazy_copies if path.startswith(folder_of(key)))
            if any(revision_of(generation_in(path)) <= revision for path in kept):
                self._break(key, "the CDN keeps a lazy variant of what was withdrawn")
        for key, shown in sorted(self._cloud.cdn.copies.items()):
            manifest = self.manifest(key)
            if manifest is None or manifest.status is not Status.READY or shown_by(manifest) != shown:
                self._break(key, "the CDN shows what is not published any more")

    def _check_swept(self, key: str, manifest: Manifest | None) -> None:
        """No variants are left that nobody will ever publish or show."""
        if self._dead(key, manifest) and not self._cloud.untold:
            self._break(key, "dead variants are left over")

    def _check_nonsense(self) -> None:
        """What makes no sense is kept word for word, with a record that says where."""
        kept = {
            self._cloud.quarantine.data(row.get("quarantine", ""))
            for row in rows(self._cloud.failures)
            if row["subject"].startswith("message:")
        }
        for body in sorted(self.nonsense):
            if body.encode() not in kept:
                self._break(body, "makes no sense, and is not recorded")

    def _check_quarantine(self) -> None:
        """Where nothing went wrong, nothing is in quarantine that no row names; else it expires there."""
        named = {row.get("quarantine") for row in rows(self._cloud.failures)}
        if self._cloud.calm and not self._seen_by_erasers and not self._cloud.quarantine.keys.keys() <= named:
            self._break("*", "a copy is left over in quarantine")

    def leftovers(self) -> int:
        """How many generations nobody will ever publish or show: what `lightpress sweep` would remove."""
        return sum(len(self._dead(key, self.manifest(key))) for key in self._cloud.keys)

    def _dead(self, key: str, manifest: Manifest | None) -> set[str]:
        return self._generations(key) - ({manifest.generation, manifest.previous} if manifest else set())

    def _generations(self, key: str) -> set[str]:
        folder = folder_of(key)
        return {path.removeprefix(folder).split("/")[0] for path in self._cloud.images.keys if path.startswith(folder)}

    def _break(self, key: str, what: str) -> None:
        self.broken.append(f"{key}: {what}")
        self._cloud.timeline.add("PROMISE", f"broken for {key}", what)


def _is_of(told: Fact, said: Fact) -> bool:
    """Whether a fact is what was said, or less: without pictures that look alike and are gone."""
    return told == replace(said, looks_like=tuple(key for key in said.looks_like if key in told.looks_like))


def _is_refused(source: Version, recipe: Recipe) -> bool:
    """Whether a recipe does not accept the format of a version."""
    return (source.data or b"").startswith(RARE) and "jpeg2000" not in recipe.spec.accept


def identity_of(version: Version) -> str:
    """As `lightpress.pipeline.source.Original` has it."""
    return version.id or version.etag.strip('"')
