"""The enricher `embedded`: alt text and keywords that a photographer has written into a file.

Lightroom, Bridge, digiKam and others write both as XMP, under the names that IPTC has for them:
https://www.iptc.org/std/photometadata/specification/IPTC-PhotoMetadata#alt-text-accessibility
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import boto3

NAME = "embedded"
ALT = ".//{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}AltTextAccessibility"
KEYWORDS = ".//{http://purl.org/dc/elements/1.1/}subject"
_TEXTS = ".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
_LOOKED_THROUGH = 1024 * 1024
"""Bytes: in a JPEG, XMP stands before the pixels."""


def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001  Lambda passes it
    """Answer one event `ImageReady`."""
    answer(event["detail"], client("s3"), client("sqs"), os.environ["FACT_QUEUE_URL"])


@cache
def client(service: str) -> Any:  # noqa: ANN401  boto3 has no types of its own
    """Make a client; once per container."""
    return boto3.client(service)  # type: ignore[call-overload]  # its stubs want a literal


def answer(detail: dict[str, Any], s3: Any, sqs: Any, queue_url: str) -> None:  # noqa: ANN401  see `client`
    """Read the very version that is published, and send what is written in it: also nothing, or it is asked again."""
    original, version = detail["original"], detail["facts"]["version"]
    start = s3.get_object(
        Bucket=original["bucket"], Key=original["key"], VersionId=version, Range=f"bytes=0-{_LOOKED_THROUGH - 1}"
    )
    fact = {**original, "version": version, "enricher": NAME, **written_in(start["Body"].read())}
    sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps({"fact": fact}))


def written_in(start: bytes) -> dict[str, Any]:
    """What the start of a file says: `alt` and `labels`, as docs/facts.md has them; nothing where it says neither."""
    _, mark, rest = start.partition(b"<x:xmpmeta")
    body, end, _ = rest.partition(b"</x:xmpmeta>")
    try:
        # Cut out so, it can have no DTD, and so no entities that grow without end.
        xmp = ET.fromstring(mark + body + end)  # noqa: S314  see above
    except ET.ParseError:
        return {}
    alt, labels = (_texts(xmp.find(path)) for path in (ALT, KEYWORDS))
    said: dict[str, Any] = {"alt": alt[0]} if alt else {}
    return {**said, "labels": [{"name": label} for label in labels]} if labels else said


def _texts(parent: ET.Element | None) -> list[str]:
    """The texts of a list; of one in several languages, the default comes first."""
    found = [] if parent is None else parent.findall(_TEXTS)
    return [one.text.strip() for one in found if one.text and one.text.strip()]
