"""The workflow of an upload: make what is published of a source match what the source holds now.

An event is only a hint to look here. Create, overwrite, delete, duplicate, late and reordered events, retries and a
changed recipe are all the same call; a source that is already published as it should be costs two requests. Nothing is
locked: the only coordination is that a manifest replaces exactly the manifest that was read.

The order of the steps is what makes this safe; `tests/simulation` breaks each of them and watches it fail.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from lightpress.image.errors import REJECTIONS, UNREADABLE, PictureRejected, Reason
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.beside import Begun
from lightpress.pipeline.copies import with_copies
from lightpress.pipeline.copying import match_copies
from lightpress.pipeline.dropping import has_left
from lightpress.pipeline.failures import Verdict
from lightpress.pipeline.file_names import saved_as
from lightpress.pipeline.gate import NO_GATE
from lightpress.pipeline.leftovers import forget_unseen, has_variants, is_gone_for_good, remove_dead, swept, unlist
from lightpress.pipeline.manifest import Manifest, Publication, Status, variants_of
from lightpress.pipeline.outcomes import ATTEMPTS, Action, Outcome, TooManyConflicts
from lightpress.pipeline.owed import owed_of
from lightpress.pipeline.paths import permalinks_folder, variant_path
from lightpress.pipeline.ports import PreconditionFailed, Unreadable
from lightpress.pipeline.recipe import Unanswered
from lightpress.pipeline.settled import facts_told, is_overdue, is_settled, outlives, retold, suggested_by
from lightpress.pipeline.source import Closed

if TYPE_CHECKING:
    from lightpress.image.job import RenderResult
    from lightpress.pipeline.facts import Fact, Point
    from lightpress.pipeline.gate import Standing
    from lightpress.pipeline.manifest import Variant
    from lightpress.pipeline.ports import Dependencies, Published
    from lightpress.pipeline.recipe import Recipe
    from lightpress.pipeline.source import Original, Source


class Recorder(Protocol):
    """Whoever has the last word on a picture that is rejected, and writes it down."""

    def before_reading(self, source: Source, original: Original, recipe: Recipe) -> None:
        """Hear that the original is about to be read and rendered; raises PictureRejected if that is in vain."""

    def denied(self, source: Source, original: Original, closed: Closed) -> None:
        """Hear that access is denied, which may be mended; raises Unreadable until it has been often enough."""

    def record(self, source: Source, original: Original, verdict: Verdict, *, revision: int, copied: bool) -> None:
        """Keep the verdict and, if it is to be copied, the original. revision: of the manifest that will tell of it.

        Raises PreconditionFailed if the source holds something else by now, and Unreadable if it cannot be copied.
        """


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt found, and what it works with.

    Attributes:
        source: where the original lies.
        original: what the source held at the first look.
        recipe: what is to be made of it.
        published: the manifest that this attempt would replace; None where there is none.
        dependencies: the ports of the workflow.
        recorder: has the last word on a rejection; None where a rejection is handed on.
        again: an attempt before this one may have left variants.
        standing: what reviewers have said of the original.
        facts: what enrichers have said of it.
    """

    source: Source
    original: Original
    recipe: Recipe
    published: Published | None
    dependencies: Dependencies
    recorder: Recorder | None
    again: bool = False
    standing: Standing = NO_GATE
    facts: tuple[Fact, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether nothing may be published before it is reviewed. What is published already, by any recipe, stays."""
        shown = self.published.manifest if self.published else None
        is_shown = shown is not None and shown.status is Status.READY and shown.is_of(self.original.identity)
        return self.standing.is_open and not self.standing.overdue and not is_shown

    @property
    def held_at(self) -> int | None:
        """Since when these reviewers are waited for about these contents; None where the recipe says for ever."""
        if self.recipe.until(0) is None:
            return None
        shown = self.published.manifest if self.published else None
        waits = shown is not None and shown.is_of(self.original.identity) and shown.gate == self.recipe.gate
        return (shown.held_at if shown and waits else None) or round(self.dependencies.now())

    @property
    def lifts_a_rejection(self) -> bool:
        """Whether somebody may have recorded that these contents are rejected, now or before others were published."""
        shown = self.published.manifest if self.published else None
        if shown is not None and shown.is_of(self.original.identity):
            return shown.is_rejected
        reviews = self.dependencies.reviews
        return reviews is not None and reviews.is_recorded(self.source.name, self.original.identity)

    @property
    def publication(self) -> Publication:
        """What the next manifest says in any case."""
        return Publication(
            key=self.source.name,
            revision=_next_revision(self.published),
            identity=self.original.identity,
            bytes=self.original.size,
            recipe=self.recipe.name,
            digest=self.recipe.digest,
            previous=_last_generation(self.published),
            correction=self._kept.correction if self._kept else None,
            words=self._kept.words if self._kept else None,
            enrichers=self.recipe.enrichers,
            facts=self.facts,
            suggested=suggested_by(self.facts, self.recipe, self.focus),
            lazy=self.recipe.spec.lazy,
        )

    @property
    def focus(self) -> Point | None:
        """Where somebody says that the subject is."""
        return (self._kept and self._kept.correction) or self.original.focus

    @property
    def _kept(self) -> Manifest | None:
        """The manifest whose corrections stay: what was said of other contents says nothing of these."""
        return (
            self.published.manifest
            if self.published and self.published.manifest.is_of(self.original.identity)
            else None
        )

    def look_again(self) -> Original:
        """Look once more; raises PreconditionFailed if the source holds another original by now.

        A bucket without versions can have an old ETag again between two looks.
        """
        now = self.dependencies.originals.head(self.source)
        if now is None or now.identity != self.original.identity:
            raise PreconditionFailed
        return now

    def ask_again(self) -> None:
        """Ask reviewers and enrichers once more; raises PreconditionFailed if one has said something else by now.

        What is published at the second look may agree with what they say then, and whoever was to look finds nothing to
        do: they may have taken back what they said, and said it again, between two looks.
        """
        if self.published is None:
            return
        now = _standing(self.source, self.original, self.recipe, None, self.dependencies)
        if now != replace(self.standing, overdue=False):
            raise PreconditionFailed
        if _facts(self.source, self.original.identity, self.recipe, self.dependencies) != self.facts:
            raise PreconditionFailed


def reconcile(
    source: Source,
    dependencies: Dependencies,
    *,
    recorder: Recorder | None = None,
    retry: bool = False,
    redelivered: bool = False,
) -> Outcome:
    """Bring what is published of `source` up to date.

    A picture that is rejected is recorded, and then published as failed, so that a failed manifest always has its
    record. Without a recorder, the rejection is the outcome, and so is one that reviewers have taken back: a recorder
    removes its record once the picture is published. retry: also try again what has failed as it is. What
    failed because it could not be read is tried again by every attempt that does not see the same. redelivered: another
    attempt had the message before, and may have died or failed halfway: the variants it left behind are removed.

    Raises TooManyConflicts after `ATTEMPTS` lost races, and whatever the dependencies raise: a later try may succeed.
    """
    for number in range(ATTEMPTS):
        with suppress(PreconditionFailed):
            return _attempt(source, dependencies, recorder, retry=retry, again=redelivered or number > 0)
    raise TooManyConflicts(f"{source} changed during each of {ATTEMPTS} attempts")


def _attempt(
    source: Source, dependencies: Dependencies, recorder: Recorder | None, *, retry: bool, again: bool
) -> Outcome:
    published = dependencies.images.published(source.name)  # The manifest first: later publications are noticed,
    original = dependencies.originals.head(source)  # then the source: it is at least as new as the manifest.
    recipe = dependencies.recipes.recipe_for(source.name)
    if published is not None and has_left(source, published.manifest, original, dependencies.originals):
        if not _is_rejected(source, published.manifest, recipe, dependencies):
            return _left(source, original, published, dependencies, recipe, again=again)
        original = None  # there is nothing to put into quarantine: it ends as a deletion does
    if published is not None and published.manifest.original_dropped is not None:
        _take_away(source, published.manifest, dependencies)
    if original is None or recipe is None:
        return _withdraw(source, published, dependencies, ignored=recipe is None, again=again)
    # Whoever reviews it later, or says more of it, has it looked at again.
    standing = _standing(source, original, recipe, published, dependencies)
    facts = _facts(source, original.identity, recipe, dependencies)
    attempt = Attempt(source, original, recipe, published, dependencies, recorder, again, standing, facts)
    if published is not None and is_settled(published.manifest, original, recipe, standing, facts, retry=retry):
        return _retell(published, attempt)
    if published is not None and published.manifest.is_withdrawn:
        remove_dead(published.manifest, dependencies)  # Once it is replaced, nobody knows what to invalidate.
    return _update(attempt)


def _left(  # noqa: PLR0913  all that was found
    source: Source,
    original: Original | None,
    published: Published,
    dependencies: Dependencies,
    recipe: Recipe | None,
    *,
    again: bool,
) -> Outcome:
    """Leave the variants of an original that has left as they are, whatever recipes say by now.

    Enrichers look at variants, and mostly answer once the original has left: what they say is told all the same. Copies
    are made of variants, too.
    """
    manifest = facts_told(source, published.manifest, dependencies.facts)
    manifest = with_copies(manifest, recipe, published.manifest)
    if manifest != published.manifest:
        manifest = _retold_as_it_is(manifest, published, dependencies, again=again)
        _ask_enrichers_again(source, manifest, dependencies)
        return Outcome(source, Action.RETOLD, manifest, original=original)
    manifest = _looked_at_again(published, dependencies, again=again)
    return Outcome(source, Action.NOTHING, manifest, original=original)


def _ask_enrichers_again(source: Source, manifest: Manifest, dependencies: Dependencies) -> None:
    """Raise PreconditionFailed if one has said something else since, as `Attempt.ask_again` does."""
    if facts_told(source, manifest, dependencies.facts) != manifest:
        raise PreconditionFailed


def _retold_as_it_is(manifest: Manifest, published: Published, dependencies: Dependencies, *, again: bool) -> Manifest:
    """Publish the same variants, with other things said of them, and finish what somebody may have left halfway.

    Returns the manifest as it is then; raises PreconditionFailed if another is published by now.
    """
    manifest = replace(manifest, revision=_next_revision(published))
    dependencies.images.publish(manifest, published)
    if again:  # an attempt before this one may have lost its race against the manifest that the original left by
        now = dependencies.images.published(manifest.key)
        if now is None or now.manifest != manifest:
            raise PreconditionFailed
        manifest = swept(now, dependencies)
    return match_copies(manifest, dependencies)


def _looked_at_again(published: Published, dependencies: Dependencies, *, again: bool) -> Manifest:
    """Finish what somebody may have left halfway, and try what was refused; returns the manifest as it is then."""
    manifest = swept(published, dependencies) if again else published.manifest
    if again or any(one.refused for one in manifest.copies):
        return match_copies(manifest, dependencies)
    return manifest


def _is_rejected(source: Source, manifest: Manifest, recipe: Recipe | None, dependencies: Dependencies) -> bool:
    """Whether a reviewer rejects what has left, of a recipe that has a gate since then."""
    if recipe is None or not recipe.gate or manifest.source is None:
        return False
    standing = dependencies.reviewed.standing(source.name, manifest.source.identity, recipe.gate)
    return standing.rejection is not None


def _take_away(source: Source, manifest: Manifest, dependencies: Dependencies) -> None:
    """Remove the version that leaves, if it is still there: once this manifest is replaced, nobody knows that it does.

    Whoever was about to remove it could do so when it is an original again. What is gone is not removed once more: S3
    may tell of that, too, and each attempt over what lies there by now would make another message, and so another
    attempt, as long as that cannot be read.
    """
    if manifest.source is not None and dependencies.originals.holds(source, manifest.source.identity):
        dependencies.originals.remove(source, manifest.source.identity)


def _standing(
    source: Source, original: Original, recipe: Recipe, published: Published | None, dependencies: Dependencies
) -> Standing:
    if not recipe.gate:
        return NO_GATE
    standing = dependencies.reviewed.standing(source.name, original.identity, recipe.gate)
    is_late = published is not None and is_overdue(published.manifest, original, recipe, dependencies.now)
    return replace(standing, overdue=is_late)


def _facts(source: Source, identity: str, recipe: Recipe, dependencies: Dependencies) -> tuple[Fact, ...]:
    if not recipe.enrichers:
        return ()
    return dependencies.enriched.of(source.name, identity, recipe.enrichers)


def _retell(published: Published, attempt: Attempt) -> Outcome:
    """Publish the same variants with what enrichers say now, under a revision of its own, so that an event tells it.

    Nothing is rendered, and the generation stays. Where they say nothing new, there is nothing to do.
    """
    manifest = retold(published.manifest, attempt.recipe, attempt.facts)
    if manifest == published.manifest:
        shown = _looked_at_again(published, attempt.dependencies, again=attempt.again)
        return Outcome(attempt.source, Action.NOTHING, shown, original=attempt.original)
    manifest = _publish(replace(manifest, revision=_next_revision(published)), attempt)
    return Outcome(attempt.source, Action.RETOLD, manifest, original=attempt.original)


def _update(attempt: Attempt) -> Outcome:
    """Publish the variants, or what a rejection comes to; or hold it until it is reviewed."""
    if attempt.recorder is None and attempt.lifts_a_rejection:
        return Outcome(attempt.source, Action.HANDED_ON, attempt.published.manifest if attempt.published else None)
    if attempt.waits:
        return _hold(attempt)
    try:
        _check_allowed(attempt.standing, attempt.recipe)
        manifest = _rendered(attempt)
    except PictureRejected as rejected:
        return _rejected(attempt, rejected)
    manifest = _publish(manifest, attempt)
    return Outcome(attempt.source, Action.PUBLISHED, manifest, original=attempt.original)


def _hold(attempt: Attempt) -> Outcome:
    """Publish that it waits for its reviewers. Nothing of it is rendered, so nothing of it can be fetched."""
    since = attempt.held_at
    manifest = attempt.publication.held(attempt.recipe.gate, since, attempt.recipe.until(since))
    attempt.dependencies.reviewed.list_as_held(manifest)
    manifest = _publish(manifest, attempt)
    return Outcome(attempt.source, Action.HELD, manifest)


def _check_allowed(standing: Standing, recipe: Recipe) -> None:
    """Raise PictureRejected if a reviewer has rejected it, or if none has answered and the recipe says so."""
    if standing.rejection is not None:
        detail = standing.rejection.detail or f"It was rejected by {standing.rejection.reviewer}."
        raise PictureRejected(Reason.REJECTED_BY_GATE, detail)
    if standing.is_open and standing.overdue and recipe.unanswered is Unanswered.REJECT:
        raise PictureRejected(
            Reason.NOT_REVIEWED, f"{', '.join(standing.missing)}: no answer within {_hours(recipe.gate_hours)}."
        )


def _hours(count: float) -> str:
    return "an hour" if count == 1 else f"{count:g} hours"


def _rejected(attempt: Attempt, rejected: PictureRejected) -> Outcome:
    """Keep what is published, hand the verdict on, or record it and publish the failure."""
    published = attempt.published.manifest if attempt.published else None
    if attempt.published is not None and outlives(attempt.published.manifest, attempt.original, rejected):
        kept = _kept_unread(attempt.published, attempt)
        closed = Closed(rejected.reason, rejected.detail)
        return Outcome(attempt.source, Action.KEPT, kept, closed=closed)
    digest = attempt.recipe.digest_for(rejected.reason)
    verdict = Verdict(attempt.original.identity, digest, rejected.reason, rejected.detail)
    if attempt.recorder is None:
        return Outcome(attempt.source, Action.REJECTED, published, verdict)
    _record(attempt, attempt.recorder, verdict)
    publication = replace(attempt.publication, digest=verdict.digest)
    if rejected.reason in REJECTIONS:
        publication = replace(publication, previous=None)  # pages may not show what was published before either
    manifest = publication.failed(rejected)
    manifest = _publish(manifest, attempt)
    return Outcome(attempt.source, Action.FAILED, manifest, verdict)


def _kept_unread(published: Published, attempt: Attempt) -> Manifest:
    """Leave what is published as it is, but for copies, which are made of variants; returns it as it is then."""
    manifest = with_copies(published.manifest, attempt.recipe, published.manifest)
    if manifest == published.manifest:
        return _looked_at_again(published, attempt.dependencies, again=attempt.again)
    return _retold_as_it_is(manifest, published, attempt.dependencies, again=attempt.again)


def _publish(manifest: Manifest, attempt: Attempt) -> Manifest:
    """Replace the manifest that was read, and remove what is dead by that, where anything can be.

    Copies of its variants come last. Returns the manifest as it is then: it tells where there could be none.

    The CDN is told first of what it shows and must not show any more, and a late look is asked for first where somebody
    may be rendering for the old manifest: told later, neither might ever be. No more than two requests lie between that
    and the manifest: a look that comes earlier finds what was there before.

    Raises PreconditionFailed if another manifest or another original is there by now, or reviewers say something else.
    """
    manifest = with_copies(manifest, attempt.recipe, attempt.published.manifest if attempt.published else None)
    forget_unseen(manifest, attempt.published, attempt.dependencies)
    _look_later(attempt.source, attempt.published, attempt.dependencies)
    if attempt.dependencies.refreshes is not None and _takes_away(manifest, attempt.published):
        attempt.dependencies.refreshes.request_purge(permalinks_folder(manifest.key))
    attempt.dependencies.images.publish(manifest, attempt.published)
    unlist(attempt.published, attempt.dependencies)
    attempt.look_again()
    attempt.ask_again()
    failed_halfway = manifest.status is Status.FAILED  # as rendering may have
    if attempt.published is not None or attempt.again or failed_halfway:
        remove_dead(manifest, attempt.dependencies, attempt.published)
    return match_copies(manifest, attempt.dependencies)


def _look_later(source: Source, published: Published | None, dependencies: Dependencies) -> None:
    """Have the key looked at once nobody renders any more what the manifest owes that is about to be replaced."""
    if dependencies.late_looks is not None and published is not None and published.manifest.lazy:
        dependencies.late_looks.request_look(source)


def _takes_away(manifest: Manifest, published: Published | None) -> bool:
    """Whether permalinks show a picture that they must not show any more. Another recipe shows the same picture."""
    shown = published.manifest if published else None
    if shown is None or shown.source is None or shown.status is not Status.READY:
        return False
    if manifest.status is not Status.READY or manifest.source is None:
        return True
    is_led_elsewhere = manifest.source.suggested != shown.source.suggested
    said, had = (manifest.source.identity, manifest.correction), (shown.source.identity, shown.source.correction)
    return said != had or is_led_elsewhere


def _withdraw(
    source: Source, published: Published | None, dependencies: Dependencies, *, ignored: bool, again: bool
) -> Outcome:
    """Publish that there is nothing, even where nothing ever was: a late create must meet a newer revision.

    Only for a key that the recipes say to leave alone, nothing is published where nothing was, nor anything left over.
    """
    if published is None and ignored and not (again and has_variants(source.name, dependencies.images)):
        return Outcome(source, Action.NOTHING, None)
    if published is not None and is_gone_for_good(published.manifest, dependencies.images):
        manifest = match_copies(published.manifest, dependencies) if again else published.manifest
        return Outcome(source, Action.NOTHING, manifest)
    tombstone = Manifest(source.name, Status.DELETED, _next_revision(published))
    tombstone = with_copies(tombstone, None, published.manifest if published else None)
    forget_unseen(tombstone, published, dependencies)
    _look_later(source, published, dependencies)
    dependencies.images.publish(tombstone, published)
    unlist(published, dependencies)
    remove_dead(tombstone, dependencies)
    tombstone = match_copies(tombstone, dependencies)
    if not ignored and dependencies.originals.head(source) is not None:
        raise PreconditionFailed
    return Outcome(source, Action.REMOVED, tombstone)


def _rendered(attempt: Attempt) -> Manifest:
    """Write the variants and return the manifest that would publish them."""
    _check_worth_reading(attempt)
    if attempt.recorder is not None:
        attempt.recorder.before_reading(attempt.source, attempt.original, attempt.recipe)
    publication = attempt.publication
    spec = attempt.recipe.spec.with_subject(publication.suggested).kept_in_focus(attempt.focus)
    result = attempt.dependencies.render(_read(attempt), spec)
    made = _written(result, publication, attempt.dependencies)
    return publication.ready(result.original, made, owed_of(spec, result.original, made, publication))


def _check_worth_reading(attempt: Attempt) -> None:
    if attempt.source.key.endswith("/"):
        raise PictureRejected(Reason.FOLDER, "The key ends in a slash: it marks a folder.")
    attempt.recipe.spec.limits.check_bytes(attempt.original.size)


def _read(attempt: Attempt) -> bytes:
    """The bytes. What cannot be read is rejected; where access is denied, only after several tries."""
    try:
        return attempt.dependencies.originals.read(attempt.source, attempt.original)
    except Unreadable as unreadable:
        _check_for_good(attempt, unreadable)
        raise PictureRejected(unreadable.closed.reason, unreadable.closed.detail) from unreadable


def _record(attempt: Attempt, recorder: Recorder, verdict: Verdict) -> None:
    """Have a verdict recorded, with a copy of the original where it can be read.

    What may be taken back is noted first: whoever publishes these contents later hands them to a recorder.
    """
    if verdict.reason in REJECTIONS:
        attempt.dependencies.reviewed.note_recorded(attempt.source.name, attempt.original.identity)
    keep = partial(recorder.record, attempt.source, attempt.original, verdict, revision=attempt.publication.revision)
    try:
        keep(copied=verdict.reason not in UNREADABLE)
    except Unreadable as unreadable:
        _check_for_good(attempt, unreadable)
        keep(copied=False)


def _check_for_good(attempt: Attempt, unreadable: Unreadable) -> None:
    """Raise unless it is this original that cannot be read, and that is the last word on it.

    A refused read does not say which version it is about: another may have been written before it, and be gone after
    it. A look tells the version and that it is archived or under a customer's key in one answer, so only a look that
    says the same is believed. A denial is not always seen by a look (a KMS key denies reading alone); it takes as many
    tries as the recorder asks for.
    """
    now, closed = attempt.look_again(), unreadable.closed
    if closed.reason is Reason.ACCESS_DENIED:
        if attempt.recorder is None:
            raise unreadable
        attempt.recorder.denied(attempt.source, attempt.original, closed)
    elif now.closed is None or now.closed.reason is not closed.reason:
        raise PreconditionFailed


def _written(result: RenderResult, publication: Publication, dependencies: Dependencies) -> tuple[Variant, ...]:
    """Write each variant while the next ones are rendered; returns the entries of the manifest once all are there."""
    made: list[Variant] = []
    with dependencies.helping() as helper:
        writes = Begun(helper)
        with closing(result.variants) as encoded:
            for variant in encoded:
                path = variant_path(publication.key, publication.generation, variant)
                entries = variants_of(variant, path)
                name = saved_as(publication.key, OUTPUTS[variant.format].extension)
                writes.begin(dependencies.images.write, path, variant.data, entries[0].media_type, name)
                made += entries
        writes.finish()
    return tuple(made)


def _next_revision(published: Published | None) -> int:
    return published.manifest.revision + 1 if published else 1


def _last_generation(published: Published | None) -> str | None:
    return published.manifest.generation or published.manifest.previous if published else None
