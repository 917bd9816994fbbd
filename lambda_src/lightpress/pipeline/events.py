"""A queue message becomes sources to look at.

A body may be an S3 notification, the same wrapped by SNS, or an EventBridge event of S3, with any number of records. A
record that cannot be read is a problem of its own and takes no other along. Lightpress itself says "look at this key"
in the form of an S3 notification, too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote_plus, unquote_plus

from lightpress.pipeline.source import Cause, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    FindSource = Callable[[Source], "Source | Problem | None"]
    """A source as it is to be worked on; None where nothing is to be done; a problem where it is nobody's."""

_LOOK, _RETRY = "Lightpress:Look", "Lightpress:Retry"
_LATE = "lightpressLate"
_S3_EVENTS = ("ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:", "ObjectRestore:Completed", _LOOK, _RETRY)
_EVENTBRIDGE_EVENTS = ("Object Created", "Object Deleted", "Object Restore Completed")
_DEEPEST_WRAPPING = 3
_LONGEST_EXCERPT = 200
_LONGEST_ID = 64
_LATEST = 1 << 33  # the year 2242: no event comes from there, and all up to it can be written again
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: JSON can say one, no key of S3 holds one


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message, or one record of it, cannot be read.

    Attributes:
        reason: A code.
        detail: The reason in a sentence.
        part: The text of that message or record, which gives the same problem when it is read alone.
    """

    reason: str
    detail: str
    part: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of a message.

    Attributes:
        sources: The sources to reconcile, each once and in order.
        problems: What could not be read.
        retries: Those of the sources that an operator wants tried again although they have failed.
        late: Those of the sources where somebody may have left variants behind.
    """

    sources: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()
    retries: frozenset[Source] = frozenset()
    late: frozenset[Source] = frozenset()

    def about(self, find_source: FindSource) -> Reading:
        """The same, as far as somebody knows the sources: nobody else's bucket is touched."""
        found = {source: find_source(source) for source in self.sources}
        if all(one is source for source, one in found.items()):
            return self
        ours = {source: one for source, one in found.items() if isinstance(one, Source)}
        problems = (
            replace(one, part=reconcile_message(source)) for source, one in found.items() if isinstance(one, Problem)
        )
        retries = frozenset(one for source, one in ours.items() if source in self.retries)
        late = frozenset(one for source, one in ours.items() if source in self.late)
        return Reading(tuple(ours.values()), (*self.problems, *problems), retries, late)


@dataclass(frozen=True, slots=True)
class _Look:
    """A source that Lightpress itself wants looked at.

    Attributes:
        source: The source.
        retry: Also if it has failed as it is.
        late: Also at the variants that somebody may have left behind there.
    """

    source: Source
    retry: bool
    late: bool


_Found: TypeAlias = Source | _Look | Problem


def read(body: str) -> Reading:
    """Read the body of a queue message. Never raises: what is wrong with it is part of the reading."""
    found = list(_in_text(body, 0))
    looks = [item for item in found if isinstance(item, _Look)]
    sources = (item.source if isinstance(item, _Look) else item for item in found if not isinstance(item, Problem))
    return Reading(
        sources=tuple(dict.fromkeys(sources)),
        problems=tuple(item for item in found if isinstance(item, Problem)),
        retries=frozenset(look.source for look in looks if look.retry),
        late=frozenset(look.source for look in looks if look.late),
    )


def reconcile_message(source: Source, *, retry: bool = False, late: bool = False) -> str:
    """The body of a message that says "look at this key".

    Args:
        source: The key.
        retry: Also if it has failed as it is.
        late: Also at the variants that somebody may have left behind there.
    """
    bucket, key = {"name": source.bucket}, {"key": quote_plus(source.key, safe="/")}
    record = {"eventName": _RETRY if retry else _LOOK, "s3": {"bucket": bucket, "object": key}}
    asked = {_LATE: True} if late else {}  # a field and no other event: releases that do not know it look all the same
    return json.dumps({"Records": [record | asked | _because(source.cause)]})


def _because(cause: Cause | None) -> dict[str, Any]:
    """A cause in the words of S3."""
    if cause is None:
        return {}
    at = {"eventTime": datetime.fromtimestamp(cause.at, UTC).isoformat()} if cause.at else {}
    return at | {"responseElements": {"x-amz-request-id": cause.id}}


def _in_text(text: str, depth: int) -> Iterator[_Found]:
    for found in _in_body(text, depth):
        yield replace(found, part=text) if isinstance(found, Problem) and not found.part else found


def _in_body(text: str, depth: int) -> Iterator[_Found]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        yield Problem("not_json", f"The message is not JSON: {_excerpt(text)}")
        return
    if isinstance(message, dict):
        yield from _in_message(message, depth)
    else:
        yield Problem("unknown_message", f"The message is no event: {_excerpt(text)}")


def _in_message(message: dict[str, Any], depth: int) -> Iterator[_Found]:
    if isinstance(message.get("Records"), list):
        for record in message["Records"]:
            found = _in_s3_record(record)
            yield replace(found, part=_alone(record)) if isinstance(found, Problem) else found
    elif message.get("Event") == "s3:TestEvent":
        return  # S3 sends it once, when notifications are set up
    elif isinstance(message.get("Message"), str) and depth < _DEEPEST_WRAPPING:
        yield from _in_text(message["Message"], depth + 1)  # SNS
    elif message.get("source") == "aws.s3":
        yield _in_eventbridge_event(message)
    else:
        yield Problem("unknown_message", f"The message is no event of S3; it has: {_excerpt(', '.join(message))}")


def _in_s3_record(record: object) -> _Found:
    name = _at(record, "eventName")
    if not isinstance(name, str) or not name.removeprefix("s3:").startswith(_S3_EVENTS):
        return Problem("unknown_event", f"No work follows from an event named {_excerpt(repr(name))}.")
    key = _at(record, "s3", "object", "key")
    # In this envelope, and in no other, keys are encoded as in a form: "a b+c" comes as "a+b%2Bc".
    found = _source(
        _at(record, "s3", "bucket", "name"),
        unquote_plus(key) if isinstance(key, str) else key,
        _cause(_at(record, "responseElements", "x-amz-request-id"), _at(record, "eventTime")),
    )
    if name not in {_LOOK, _RETRY} or isinstance(found, Problem):
        return found
    return _Look(found, retry=name == _RETRY, late=_at(record, _LATE) is True)


def _in_eventbridge_event(event: dict[str, Any]) -> Source | Problem:
    name = event.get("detail-type")
    if name not in _EVENTBRIDGE_EVENTS:
        return Problem("unknown_event", f"No work follows from an event named {_excerpt(repr(name))}.")
    cause = _cause(_at(event, "detail", "request-id"), event.get("time"))
    return _source(_at(event, "detail", "bucket", "name"), _at(event, "detail", "object", "key"), cause)


def _source(bucket: object, key: object, cause: Cause | None) -> Source | Problem:
    if isinstance(bucket, str) and bucket and isinstance(key, str) and key and not _SURROGATE.search(bucket + key):
        return Source(bucket, key, cause=cause)
    return Problem(
        "record_without_key",
        f"The record names no object: bucket {_excerpt(repr(bucket))}, key {_excerpt(repr(key))}.",
    )


def _cause(id_: object, time: object) -> Cause | None:
    """None where S3 names no request, as where it deletes what has expired."""
    if not isinstance(id_, str) or not id_.isprintable() or not 0 < len(id_) <= _LONGEST_ID:
        return None
    return Cause(id_, _seconds(time))


def _seconds(time: object) -> float:
    """Since 1970; 0 where `time` is none."""
    try:
        seconds = datetime.fromisoformat(time).timestamp() if isinstance(time, str) else 0
    except (ValueError, OverflowError):
        return 0
    return seconds if 0 < seconds < _LATEST else 0


def _alone(record: object) -> str:
    """A message of this record alone; empty, so that the whole is kept, where it is too deep to be written again."""
    try:
        return json.dumps({"Records": [record]})
    except RecursionError:
        return ""


def _at(value: object, *path: str) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _excerpt(text: str) -> str:
    """Enough to recognise it, of characters that can be stored."""
    text = _SURROGATE.sub("\ufffd", text)
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}..."
