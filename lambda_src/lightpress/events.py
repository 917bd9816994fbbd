"""A queue message becomes sources to look at.

A body may be an S3 notification, the same wrapped by SNS, or an EventBridge event of S3, with any number of records. A
record that cannot be read is a problem of its own and takes no other along. Lightpress itself says "look at this key"
in the form of an S3 notification, too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

from lightpress.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK = "Lightpress:Look"
_S3_EVENTS = ("ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:", "ObjectRestore:Completed", _LOOK)
_EVENTBRIDGE_EVENTS = ("Object Created", "Object Deleted", "Object Restore Completed")
_DEEPEST_WRAPPING = 3
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: JSON can say one, no key of S3 holds one


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message, or one record of it, cannot be read. reason: a code; detail: a sentence."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says: sources to look at, each once and in order, and what of it made no sense."""

    sources: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()


def read(body: str) -> Reading:
    """Read the body of a queue message. Never raises: what is wrong with it is part of the reading."""
    found = list(_in_text(body, 0))
    return Reading(
        sources=tuple(dict.fromkeys(item for item in found if isinstance(item, Source))),
        problems=tuple(item for item in found if isinstance(item, Problem)),
    )


def look_at(source: Source) -> str:
    """The body of a message that says "look at this key"."""
    bucket, key = {"name": source.bucket}, {"key": quote_plus(source.key, safe="/")}
    return json.dumps({"Records": [{"eventName": _LOOK, "s3": {"bucket": bucket, "object": key}}]})


def _in_text(text: str, depth: int) -> Iterator[Source | Problem]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        yield Problem("not_json", f"The message is not JSON: {_excerpt(text)}")
        return
    if isinstance(message, dict):
        yield from _in_message(message, depth)
    else:
        yield Problem("unknown_message", f"The message is no event: {_excerpt(text)}")


def _in_message(message: dict[str, Any], depth: int) -> Iterator[Source | Problem]:
    if isinstance(message.get("Records"), list):
        for record in message["Records"]:
            yield _in_s3_record(record)
    elif message.get("Event") == "s3:TestEvent":
        return  # S3 sends it once, when notifications are set up
    elif isinstance(message.get("Message"), str) and depth < _DEEPEST_WRAPPING:
        yield from _in_text(message["Message"], depth + 1)  # SNS
    elif message.get("source") == "aws.s3":
        yield _in_eventbridge_event(message)
    else:
        yield Problem("unknown_message", f"The message is no event of S3; it has: {_excerpt(', '.join(message))}")


def _in_s3_record(record: object) -> Source | Problem:
    name = _at(record, "eventName")
    if not isinstance(name, str) or not name.removeprefix("s3:").startswith(_S3_EVENTS):
        return Problem("unknown_event", f"No work follows from an event named {name!r}.")
    key = _at(record, "s3", "object", "key")
    # In this envelope, and in no other, keys are encoded as in a form: "a b+c" comes as "a+b%2Bc".
    return _source(_at(record, "s3", "bucket", "name"), unquote_plus(key) if isinstance(key, str) else key)


def _in_eventbridge_event(event: dict[str, Any]) -> Source | Problem:
    name = event.get("detail-type")
    if name not in _EVENTBRIDGE_EVENTS:
        return Problem("unknown_event", f"No work follows from an event named {name!r}.")
    return _source(_at(event, "detail", "bucket", "name"), _at(event, "detail", "object", "key"))


def _source(bucket: object, key: object) -> Source | Problem:
    if isinstance(bucket, str) and bucket and isinstance(key, str) and key and not _SURROGATE.search(bucket + key):
        return Source(bucket, key)
    return Problem("record_without_key", f"The record names no object: bucket {bucket!r}, key {key!r}.")


def _at(value: object, *path: str) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _excerpt(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."  # noqa: PLR2004  enough to recognise it
