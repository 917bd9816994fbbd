"""Messages that say what reviewers say: of programs and people of the owner's own, and of GuardDuty."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.gate import LONGEST_DETAIL, MALWARE, Review
from lightpress.pipeline.reviewing import ReviewOf
from lightpress.pipeline.source import Source
from lightpress.strict_json import strict_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.pipeline.events import FindSource

SCANNED = "GuardDuty Malware Protection Object Scan Result"
"""The `detail-type` of GuardDuty's events.

https://docs.aws.amazon.com/guardduty/latest/ug/monitor-with-eventbridge-s3-malware-protection.html
"""
# Of five results, two are answers. UNSUPPORTED, ACCESS_DENIED and FAILED say that nobody has looked.
_ANSWERS = {"NO_THREATS_FOUND": True, "THREATS_FOUND": False}
_NO_VERSION = "null"


class NotAReview(Exception):
    """A message is none that anybody should have sent: its sender is at fault."""


class NotOurs(Exception):
    """A scan is of an object that is not published here: GuardDuty scans buckets whole, or by prefixes alone."""


class NoAnswer(Exception):
    """A scan came to no answer: the picture stays held, and a person has to look at it or at the scan."""


def review_message(source: Source, identity: str, review: Review) -> str:
    """The body of a message that says what a reviewer says (docs/how-to/moderation.md).

    Args:
        source: Where the original lies.
        identity: The version that was reviewed: its version id, or its ETag in a bucket without versions.
        review: What the reviewer says.
    """
    said = {"reviewer": review.reviewer, "approved": review.approved, "detail": review.detail}
    return json.dumps({"review": {"bucket": source.bucket, "key": source.key, "version": identity, **said}})


def read_review(body: str, find_source: FindSource, said_at: int = 0) -> ReviewOf:
    """Read the body of a message.

    Args:
        body: What `review_message` returns, or an event of GuardDuty.
        find_source: Knows which sources are ours.
        said_at: When the message was sent, in milliseconds since 1970.

    Raises:
        NotAReview: It is neither, or a review of an object that is not ours.
        NotOurs: It is a scan of an object that is not ours.
        NoAnswer: It is a scan without an answer.
    """
    try:
        message = strict_json(body)
        is_scan = message.get("detail-type") == SCANNED
        source, identity, review = _scanned(message["detail"]) if is_scan else _said(message["review"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise NotAReview(f"The message is no review: {error!r}") from error
    found = find_source(source)
    if not isinstance(found, Source):
        what = f"{source.bucket}/{source.key}, which is not published here."
        raise NotOurs(f"The scan is of {what}") if is_scan else NotAReview(f"The review is about {what}")
    if isinstance(review, NoAnswer):
        raise review
    return ReviewOf(found, identity, replace(review, said_at=said_at))


def _said(said: Mapping[str, Any]) -> tuple[Source, str, Review]:
    approved = said["approved"]
    if not isinstance(approved, bool):
        raise TypeError(f"approved is {approved!r}, neither true nor false")
    review = Review(_text(said, "reviewer"), approved, str(said.get("detail") or "")[:LONGEST_DETAIL])
    return Source(_text(said, "bucket"), _text(said, "key")), _text(said, "version"), review


def _text(values: Mapping[str, Any], name: str) -> str:
    text = values[name]
    if not isinstance(text, str) or not text:
        raise TypeError(f"{name} is {text!r}, and must be text")
    return text


def _scanned(detail: Mapping[str, Any]) -> tuple[Source, str, Review | NoAnswer]:
    scanned, result = detail["s3ObjectDetails"], detail["scanResultDetails"]
    source = Source(_text(scanned, "bucketName"), _text(scanned, "objectKey"))
    status = result["scanResultStatus"]
    if status not in _ANSWERS:
        return source, "", NoAnswer(f"GuardDuty came to no answer about {source.bucket}/{source.key}: {status}.")
    version = scanned.get("versionId")
    identity = version if version and version != _NO_VERSION else _text(scanned, "eTag").strip('"')
    approved = _ANSWERS[status]
    return source, identity, Review(MALWARE, approved, "" if approved else "A malware scan found a threat.")
