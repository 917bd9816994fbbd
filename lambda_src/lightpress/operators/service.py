"""What an operator asks and orders, as JSON."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from lightpress.backfill.run import NANOS, NO_LIMIT
from lightpress.delivery.permalink import permalink
from lightpress.delivery.summary import message_for, summary_of
from lightpress.failures.again import came_and_left, message_of, tells
from lightpress.failures.discarding import discard
from lightpress.operators.answers import (
    answerable,
    check_is_asked,
    check_is_not_final,
    check_may_answer,
    programs_of,
)
from lightpress.pipeline.failures import subject_of_picture
from lightpress.pipeline.gate import LONGEST_DETAIL, MODERATION, PERSON, Review, entry_of
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.review_messages import review_message
from lightpress.pipeline.source import Source
from lightpress.uploads.fields import Text
from lightpress.uploads.requests import Refused, read_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.backfill.run import Run
    from lightpress.failures.discarding import Copies
    from lightpress.operators.ports import (
        Count,
        Counts,
        Entry,
        FailureRows,
        History,
        Manifests,
        Retries,
        ReviewQueue,
        Runs,
        Version,
        WaitingList,
    )
    from lightpress.pipeline.buckets import Publishing
    from lightpress.pipeline.failures import Failure
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.recipe import RecipeBook

Answer = dict[str, Any]

MOST_VERSIONS, MOST_FAILURES, MOST_ROWS, MOST_HELD, MOST_RUNS, DAYS = 20, 100, 10_000, 100, 20, 7
_LISTED = 50_000  # some 5 of the 29 seconds that the function has
_AT_ONCE = 8
_LONGEST = 2_200  # a key of S3 in UTF-8, with the name of its bucket
_UNKNOWN, _PROCESSING = "unknown", "processing"

FAILURE_FIELDS: Mapping[str, Text] = {
    "subject": Text("The `subject` of the failure.", max_length=_LONGEST),
    "identity": Text("The `identity` of the failure.", max_length=_LONGEST),
}

REVIEW_FIELDS: Mapping[str, Text] = {
    "key": Text("The `key` of what waits, or of what is published.", max_length=_LONGEST),
    "version": Text("The `version` that was looked at.", max_length=_LONGEST),
    "detail": Text("Why, a sentence for whoever uploaded it.", max_length=LONGEST_DETAIL, optional=True),
    "reviewer": Text(
        f'In whose name: "{PERSON}", the default, or "{MODERATION}" where the program is not sure. '
        "One whom the gate of the picture names.",
        max_length=64,
        optional=True,
    ),
}


@dataclass(frozen=True)
class OperatorService:
    """Answers operators. Keys of all owners are theirs to see.

    Attributes:
        publishing: Which keys are of which buckets.
        cdn_base_url: Address of the CDN, without a slash at its end.
        manifests: The manifests.
        history: The versions of originals.
        rows: The failures table.
        copies: The copies in quarantine.
        retries: The queues that retries go to.
        waiting: What waits for reviewers.
        reviews: Where reviews come in.
        recipes: The recipes, which say whom what is published already asks.
        runs: The runs of backfills.
        counts: What was counted.
    """

    publishing: Publishing
    cdn_base_url: str
    manifests: Manifests
    history: History
    rows: FailureRows
    copies: Copies
    retries: Retries
    waiting: WaitingList
    reviews: ReviewQueue
    recipes: RecipeBook
    runs: Runs
    counts: Counts

    def picture(self, key: str) -> Answer:
        """All that is known of a key; raises Refused (404) for one that was never heard of."""
        source = self.publishing.named(key)
        published = self.manifests.published(key)
        manifest = published.manifest if published else None
        versions = self._versions(source, MOST_VERSIONS)
        failures = sorted(self.rows.of(subject_of_picture(source.bucket, source.key)), key=_newest_first)
        if manifest is None and not versions and not failures:
            raise Refused(404, "not_found", "There is no original with this key, and never was one that is known of.")
        return {
            "key": key,
            "permalink": f"{self.cdn_base_url}{permalink(key)}",
            "status": _status(manifest, versions),
            "title": message_for(manifest.reason) if manifest and manifest.reason else None,
            "revision": manifest.revision if manifest else None,
            "recipe": manifest.recipe if manifest else None,
            "held_for": list(manifest.gate) if manifest else [],
            "focus": manifest.focus if manifest else None,
            **summary_of(manifest, lambda variant: {"url": f"{self.cdn_base_url}/{variant.path}"}),
            "versions": [asdict(version) for version in versions],
            "failures": [_failure(one) for one in failures],
        }

    def failures(self, reason: str, prefix: str) -> Answer:
        """The newest failures that are still true. more: whether there are others that were not looked at."""
        rows = list(islice(self.rows.all(), MOST_ROWS + 1))
        wanted = [row for row in rows if (not reason or row.reason == reason) and (row.key or "").startswith(prefix)]
        newest = sorted(wanted, key=_newest_first)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            still = list(pool.map(self._is_still_true, newest[:MOST_FAILURES]))
        found = [row for row, is_true in zip(newest, still, strict=False) if is_true]
        more = len(rows) > MOST_ROWS or len(newest) > MOST_FAILURES
        return {"failures": [_failure(one) for one in found], "more": more}

    def retry(self, body: object) -> Answer:
        """Send a failure to its queue again. Its row stays until what comes of it replaces it.

        Raises Refused (409) for a message that made no sense: there is no original to look at, and only whoever sent it
        knows for which queue it was.
        """
        failure = self._named(body)
        if failure.key is None:
            words = "It is of a message that made no sense, and of no original."
            raise Refused(409, "no_original", f"{words} Its copy in quarantine is the message, for whoever sent it.")
        if not self.retries.send(message_of(failure), url=failure.url is not None):
            raise Refused(409, "not_fetched", "This deployment does not fetch URLs.")
        return {"subject": failure.subject, "identity": failure.identity, "status": "sent"}

    def discard(self, body: object) -> Answer:
        """Delete a row and its copy in quarantine."""
        failure = self._named(body)
        if not discard(failure, self.rows, self.copies):
            raise Refused(409, "failed_again", "It failed again since it was listed: list it anew.")
        return {"subject": failure.subject, "identity": failure.identity, "status": "discarded"}

    def held(self) -> Answer:
        """What waits for reviewers, the longest first. more: whether there are others that were not looked at."""
        entries = self.waiting.entries(_LISTED)
        oldest = sorted(entries, key=lambda entry: (entry.since, entry.path))[:MOST_HELD]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = [one for one in pool.map(self._held, oldest) if one is not None]
        return {"held": found, "more": len(entries) > MOST_HELD}

    def review(self, body: object, *, approved: bool) -> Answer:
        """Say in a reviewer's name that a version may be published, or may not; what comes of it takes seconds.

        Raises Refused (409) where nothing would come of it: of what is published, held or failed now, this is no
        version; its gate does not name the reviewer; a program has rejected it; or no recipe has a gate.
        """
        fields = read_fields(REVIEW_FIELDS, body)
        key, version = fields["key"], fields["version"]
        published = self.manifests.published(key)
        if published is None or not published.manifest.is_of(version):
            raise Refused(409, "changed", "It was overwritten or deleted since it was listed: list it anew.")
        review = Review(fields["reviewer"] or PERSON, approved, fields["detail"] or "")
        self._check_counts(review, key, version, published.manifest)
        if not self.reviews.send(review_message(self.publishing.named(key), version, review)):
            raise Refused(409, "no_gate", "No recipe of this deployment has a gate.")
        return {"key": key, "version": version, "status": "sent"}

    def backfills(self) -> Answer:
        """The runs of the last 90 days, of backfills and of what else the same machine does, the newest first."""
        newest = sorted(self.runs.all(), key=lambda run: -run.paced)
        return {"backfills": [_run(one) for one in newest[:MOST_RUNS]], "more": len(newest) > MOST_RUNS}

    def days(self) -> Answer:
        """What was counted in the last days, by day."""
        counts = self.counts.days(DAYS)
        days = sorted({count.day for count in counts}, reverse=True)
        return {"days": [_day(day, [count for count in counts if count.day == day]) for day in days]}

    def _check_counts(self, review: Review, key: str, version: str, manifest: Manifest) -> None:
        """Raise Refused unless something comes of a review."""
        check_may_answer(review.reviewer)
        gate = self._gate_of(key, manifest)
        check_is_asked(review, gate)
        if review.approved:
            check_is_not_final(review, self.waiting.standing(key, version, programs_of(gate)).rejection)

    def _gate_of(self, key: str, manifest: Manifest) -> tuple[str, ...]:
        """Whom a picture asks: what is not held may be rejected by those whom its recipe asks now."""
        if manifest.status is Status.HELD:
            return manifest.gate
        recipe = self.recipes.recipe_for(key)
        return recipe.gate if recipe else ()

    def _named(self, body: object) -> Failure:
        fields = read_fields(FAILURE_FIELDS, body)
        for failure in self.rows.of(fields["subject"]):
            if failure.identity == fields["identity"]:
                return failure
        raise Refused(404, "not_found", "There is no such failure: it was retried or discarded meanwhile.")

    def _held(self, entry: Entry) -> Answer | None:
        """One that waits; None if the entry is of another revision than that of now."""
        key = self.waiting.key_of(entry)
        published = self.manifests.published(key) if key is not None else None
        manifest = published.manifest if published else None
        if manifest is None or manifest.status is not Status.HELD or manifest.source is None:
            return None
        if entry.path != entry_of(manifest):
            return None
        version = manifest.source.identity
        return {
            "key": manifest.key,
            "version": version,
            "bytes": manifest.source.bytes,
            "held_for": list(self.waiting.standing(manifest.key, version, manifest.gate).missing),
            "answerable": list(answerable(manifest.gate)),
            "since": entry.since,
            "until": manifest.held_until,
        }

    def _is_still_true(self, failure: Failure) -> bool:
        """Whether the original was not replaced, deleted or published since; of a URL, whether nothing came since."""
        if failure.bucket is None or failure.key is None:
            return True
        source = self.publishing.find_source(Source(failure.bucket, failure.key))
        newest = self._versions(Source(failure.bucket, failure.key), 1) if failure.url is not None else ()
        if newest and not newest[0].deleted:
            return newest[0].at < failure.last_at
        published = self.manifests.published(source.name) if isinstance(source, Source) else None
        if failure.url is not None:
            return came_and_left(published, failure) is None
        return published is not None and tells(published.manifest, failure)

    def _versions(self, source: Source, most: int) -> tuple[Version, ...]:
        """Of the uploads bucket alone: whether attached ones keep versions is their owner's affair."""
        own = source.bucket == self.publishing.uploads
        return self.history.versions(source.bucket, source.key, most) if own else ()


def _status(manifest: Manifest | None, versions: tuple[Version, ...]) -> str:
    """Of the manifest, if that is of what is there now."""
    if manifest is None:
        return _PROCESSING if versions and not versions[0].deleted else _UNKNOWN
    if not versions or (versions[0].deleted and manifest.source is None):
        return str(manifest.status)
    of = manifest.source.identity.split(" ")[0] if manifest.source else ""  # without the focus that was chosen by hand
    return str(manifest.status) if of == versions[0].identity else _PROCESSING


def _newest_first(failure: Failure) -> tuple[int, str]:
    return (-failure.last_at, failure.subject)


def _failure(failure: Failure) -> Answer:
    said = ("subject", "identity", "key", "bucket", "reason", "detail", "attempts", "first_at", "last_at", "url")
    return {name: getattr(failure, name) for name in said} | {"in_quarantine": failure.quarantine is not None}


def _run(run: Run) -> Answer:
    return {
        "name": run.name,
        "task": run.job.task,
        "buckets": [one.bucket for one in run.job.pictures],
        "pass": run.number,
        "attempts": run.attempts,
        "sent": run.sent,
        "objects_left": _left(run.objects_left),
        "dollars_spent": run.spent / NANOS,
        "dollars_left": None if _left(run.nanos_left) is None else run.nanos_left / NANOS,
        "rate": run.rate,
        "stopped": run.stopped,
        "ended": run.ended,
    }


def _left(number: int) -> int | None:
    """None where nothing is limited: what was taken from no limit is still more than there can be."""
    return None if number > NO_LIMIT // 2 else number


def _day(day: str, counts: list[Count]) -> Answer:
    values = {count.of: count.value for count in counts if not count.dollars}
    dollars: dict[str, float] = {}
    for count in counts:
        if count.dollars:
            dollars[count.of] = dollars.get(count.of, 0.0) + count.value
    return {
        "day": day,
        "published": int(values.get("published", 0)),
        "failed": int(values.get("failed", 0)),
        "original_bytes": int(values.get("original_bytes", 0)),
        "largest_bytes": int(values.get("largest_bytes", 0)),
        "dollars": {name: round(value, 6) for name, value in sorted(dollars.items())},
    }
