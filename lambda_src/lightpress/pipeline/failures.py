"""What is known of a failure, on its way from the queue to the failures table.

Verdict   what is wrong with these contents under this recipe; nobody needs to find it out again
DeadLetter    a message of the dead-letter queue
Trial     a try at rendering that may never end
Failure   a row of the failures table
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lightpress.image.errors import REJECTIONS, UNREADABLE, PictureRejected, Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """A picture of this identity cannot become what the recipe of this digest asks for.

    Attributes:
        identity: of the original.
        digest: of what in the recipe decided it (`Recipe.digest_for`).
        reason: the code.
        detail: the reason in a sentence.
    """

    identity: str
    digest: str
    reason: Reason
    detail: str

    def is_on(self, identity: str, digest: str) -> bool:
        """Whether it was passed on these contents under this recipe."""
        return (self.identity, self.digest) == (identity, digest)

    @property
    def is_on_contents(self) -> bool:
        """Whether it stays true as long as they are the same.

        Not, where nobody could read them at that time, or where a reviewer, who may think again, has rejected them.
        """
        return self.reason not in UNREADABLE and self.reason not in REJECTIONS

    def rejection(self) -> PictureRejected:
        """The same, as the picture core says it."""
        return PictureRejected(self.reason, self.detail)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that SQS moved to the dead-letter queue, or a part of one that no retry can help.

    Attributes:
        body: of the message, or of a message of that part alone.
        message_id: of the message in the queue.
        reason: the code why it is here; None where SQS moved it after too many receives.
        detail: the reason in a sentence; None as well.
        verdict: on its source, where it was rejected.
        attempts: deliveries so far, in both queues.
        first_at: when the message was sent, in seconds since 1970.
        request_ids: of the invocations that gave it up.
    """

    body: str
    message_id: str
    reason: str | None = None
    detail: str | None = None
    verdict: Verdict | None = None
    attempts: int = 1
    first_at: int = 0
    request_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """The tries of one dead letter at one original under one recipe.

    Other dead letters count for themselves: several of one key may be tried at once, and none of them is to blame.

    Attributes:
        subject: The source, as in `Failure`.
        identity: Of the original.
        digest: Of the recipe; where the original could not be read, the reason for that instead.
        message_id: Of the dead letter's message.
    """

    subject: str
    identity: str
    digest: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A row of the failures table: one for each subject and identity. Times are in seconds since 1970.

    Attributes:
        subject: "BUCKET/KEY" of an original, or "message:ID" of a message that makes no sense.
        identity: Of the original's contents; of a message, a hash of the part that makes no sense; with `url`, a hash
            of that.
        reason: A code.
        detail: The reason in a sentence.
        attempts: Deliveries of the message so far, in both queues.
        first_at: When the message was sent.
        last_at: When the failure was recorded.
        expires_at: When the row is deleted.
        bucket: The source's bucket; None for a message.
        key: The source's key; None for a message.
        digest: Of what in the recipe decided it (`Recipe.digest_for`); None if that was not the recipe.
        request_ids: Of the invocations that gave up.
        quarantine: Key of the copy in the quarantine bucket; None if the original is too large to be copied, cannot be
            read, or never arrived.
        url: The URL that was to be fetched and stored under the key; None for an upload.
        correlation_id: Of the last upload (`source.Cause`), or the id of the message.
        ordered_again: Whether the upload API has taken an order for the URL since.
    """

    subject: str
    identity: str
    reason: str
    detail: str
    attempts: int
    first_at: int
    last_at: int
    expires_at: int
    bucket: str | None = None
    key: str | None = None
    digest: str | None = None
    request_ids: tuple[str, ...] = ()
    quarantine: str | None = None
    url: str | None = None
    correlation_id: str | None = None
    ordered_again: bool = False


def subject_of_picture(bucket: str, key: str) -> str:
    """Name a source in the failures table. No bucket's name has a slash or a colon."""
    return f"{bucket}/{key}"


def subject_of_message(message_id: str) -> str:
    """Name a message in the failures table."""
    return f"message:{message_id}"


def identity_of_url(url: str) -> str:
    """Name the failure of a URL, beside its subject."""
    return fingerprint(url)


def fingerprint(text: str) -> str:
    """A short hash: parts of one message differ in it."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
