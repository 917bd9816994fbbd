"""`lightpress gate`: what waits for a reviewer, and what a person says of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lightpress.aws.images import S3Images
from lightpress.aws.reviews import S3Reviews
from lightpress.operators.answers import programs_of
from lightpress.pipeline.gate import HELD, Review, entry_of, review_path
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.review_messages import review_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.manifest import Manifest

_PAUSE = 0.5
_LINK_SECONDS = 900
_WAITING, _CHANGED = "waiting", "changed"


class NoGateError(Exception):
    """No recipe of the deployment has a gate."""


class NotReviewedError(Exception):
    """Nothing would come of a review. Its text says why, and what to do."""


class NotThereError(NotReviewedError):
    """There is no original to review."""

    def __init__(self) -> None:
        super().__init__("there is no original")


class NotAskedError(NotReviewedError):
    """What is held does not wait for this reviewer."""

    def __init__(self, reviewer: str, gate: tuple[str, ...]) -> None:
        answer = " or ".join(f"--reviewer {name}" for name in gate)
        super().__init__(f"it waits for {', '.join(gate)}, and not for {reviewer}: answer with {answer}")


class StaysRejectedError(NotReviewedError):
    """A program may not take back its rejection."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            f"{', '.join(names)} {_have(names)} rejected this version, and what a program rejects stays rejected: "
            "overwrite the original, and the next version is reviewed anew"
        )


@dataclass(frozen=True)
class Held:
    """A picture that waits.

    Attributes:
        key: Of the original.
        version: Of what waits, as reviews name it.
        bytes: Size of the original.
        missing: The reviewers who have not answered.
        since: When it was held.
        until: How long it is waited for them; None where they have time for ever.
        link: Where a browser finds the original itself, for a quarter of an hour.
    """

    key: str
    version: str
    bytes: int
    missing: tuple[str, ...]
    since: datetime
    link: str
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        return {
            "key": self.key,
            "version": self.version,
            "bytes": self.bytes,
            "missing": self.missing,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "link": self.link,
        }


@dataclass(frozen=True)
class Reviewed:
    """What came of a review.

    Attributes:
        key: Of the original.
        version: That was reviewed.
        state: The status of its manifest, once it is what the review asks for; "waiting" until then; "changed" where
            the original is another one by now.
    """

    key: str
    version: str
    state: str

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        return {"key": self.key, "version": self.version, "status": self.state}


@dataclass(frozen=True)
class Gate:
    """The gate of a deployment.

    Attributes:
        deployment: Which.
        sleep: Waits for so many seconds.
    """

    deployment: Deployment
    sleep: Callable[[float], None] = time.sleep

    def held(self, prefix: str = "") -> Iterator[Held]:
        """Everything that waits, in no order. Entries of what waits no more are left out."""
        images = S3Images(self.deployment.s3, self.deployment.images_bucket)
        pages = self.deployment.s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.deployment.images_bucket, Prefix=HELD):
            for item in page.get("Contents", []):
                entry = images.file_at(item["Key"])
                key = str(json.loads(entry)["key"]) if entry else None
                if key is None or not key.startswith(prefix):
                    continue
                manifest = self.deployment.manifest(key)
                if manifest is not None and item["Key"] == entry_of(manifest):
                    yield from self._held(manifest, item["LastModified"])

    def _held(self, manifest: Manifest, since: datetime) -> Iterator[Held]:
        if manifest.status is not Status.HELD or manifest.source is None:
            return
        version = manifest.source.identity
        standing = self._reviews.standing(manifest.key, version, manifest.gate)
        link = self._link(manifest.key, version)
        until = manifest.held_until
        end = datetime.fromtimestamp(until, UTC) if until is not None else None
        yield Held(manifest.key, version, manifest.source.bytes, standing.missing, since, link, end)

    @property
    def _reviews(self) -> S3Reviews:
        return S3Reviews(self.deployment.s3, self.deployment.images_bucket)

    def _link(self, name: str, version: str) -> str:
        source = self.deployment.publishing.named(name)
        original = self.deployment.original(name)
        versioned = original is not None and original.identity == version and original.etag.strip('"') not in version
        return self.deployment.s3.generate_presigned_url(
            "get_object",
            Params={"Bucket": source.bucket, "Key": source.key} | ({"VersionId": version} if versioned else {}),
            ExpiresIn=_LINK_SECONDS,
        )

    def say(self, key: str, review: Review, version: str | None = None) -> str:
        """Send a review of a version, by default that of now; returns the version.

        Raises NoGateError, and NotReviewedError where nothing would come of it.
        """
        if self.deployment.review_queue_url is None:
            raise NoGateError
        if version is None:
            original = self.deployment.original(key)
            if original is None:
                raise NotThereError
            version = original.identity
        self._check_counts(key, version, review)
        self.deployment.sqs().send_message(
            QueueUrl=self.deployment.review_queue_url,
            MessageBody=review_message(self.deployment.publishing.named(key), version, review),
        )
        return version

    def _check_counts(self, key: str, version: str, review: Review) -> None:
        """Raise NotReviewedError where it is certain: whom a picture asks that is not held, its recipe alone says."""
        manifest = self.deployment.manifest(key)
        held = manifest is not None and manifest.status is Status.HELD and manifest.is_of(version)
        if manifest is not None and held and review.reviewer not in manifest.gate:
            raise NotAskedError(review.reviewer, manifest.gate)
        if review.approved:
            asked = manifest.gate if manifest is not None and held else ()
            if programs := self._programs_of(key, version, (review.reviewer, *asked)):
                raise StaysRejectedError(programs)

    def wait(self, key: str, version: str, review: Review, *, timeout: float) -> Reviewed:
        """Wait until what is published agrees with a review, for so many seconds."""
        deadline = time.monotonic() + timeout
        state = self._state(key, version, review)
        while state == _WAITING and time.monotonic() < deadline:
            self.sleep(_PAUSE)
            state = self._state(key, version, review)
        return Reviewed(key, version, state)

    def doubt(self, key: str, version: str, review: Review) -> str:
        """Why nothing may come of a review that is kept, in words; "" where it is not kept yet, or is waited for."""
        manifest = self.deployment.manifest(key)
        kept = self._reviews.standing(key, version, (review.reviewer,)).missing == ()
        if manifest is None or not manifest.is_of(version) or manifest.status is Status.HELD or not kept:
            return ""
        programs = self._programs_against(key, version) if review.approved else ()
        if programs:
            return f"{', '.join(programs)} {_have(programs)} rejected this version, too, and may not think again"
        return f"the review is kept, and changes nothing unless the gate of its recipe names {review.reviewer}"

    def _programs_against(self, key: str, version: str) -> tuple[str, ...]:
        """All programs that have rejected a version, whether its recipe asks them or not."""
        folder = review_path(key, version, "").removesuffix(".json")
        paths = S3Images(self.deployment.s3, self.deployment.images_bucket).paths(folder)
        names = (path.removeprefix(folder).removesuffix(".json") for path in paths)
        return self._programs_of(key, version, names)

    def _programs_of(self, key: str, version: str, names: Iterable[str]) -> tuple[str, ...]:
        """Those of reviewers that are programs and have rejected a version."""
        programs = programs_of(tuple(dict.fromkeys(names)))
        return tuple(name for name in programs if self._reviews.standing(key, version, (name,)).rejection)

    def _state(self, key: str, version: str, review: Review) -> str:
        manifest = self.deployment.manifest(key)
        if manifest is None or not manifest.is_of(version):
            original = self.deployment.original(key)
            return _WAITING if original is not None and original.identity == version else _CHANGED
        if not review.approved:
            return Status.FAILED if manifest.is_rejected else _WAITING
        if manifest.status is Status.HELD:
            standing = self._reviews.standing(key, version, manifest.gate)
            others = standing.missing and review.reviewer not in standing.missing
            return Status.HELD if others else _WAITING
        return _WAITING if manifest.is_rejected else manifest.status


def _have(names: tuple[str, ...]) -> str:
    return "has" if len(names) == 1 else "have"
