"""Run with: python -m pytest (needs boto3, pytest and pillow). Pillow writes the files, botocore knows AWS's forms."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from embedded import answer, written_in
from PIL import Image

CAT = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">
<Iptc4xmpCore:AltTextAccessibility><rdf:Alt>
  <rdf:li xml:lang="x-default">A cat sleeps on a mat.</rdf:li><rdf:li xml:lang="de">Eine Katze schläft.</rdf:li>
</rdf:Alt></Iptc4xmpCore:AltTextAccessibility>
<dc:subject><rdf:Bag><rdf:li>cat</rdf:li><rdf:li> mat </rdf:li><rdf:li/></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
SAID = {"alt": "A cat sleeps on a mat.", "labels": [{"name": "cat"}, {"name": "mat"}]}


def photo(xmp: str) -> bytes:
    """A JPEG of noise with XMP in it."""
    file = io.BytesIO()
    Image.effect_noise((300, 200), 80).save(file, "JPEG", xmp=xmp.encode())
    return file.getvalue()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (photo(CAT), SAID),
        (photo(CAT.replace("Iptc4xmpCore:Alt", "Iptc4xmpCore:Old")), {"labels": SAID["labels"]}),
        (photo(CAT.replace("</rdf:RDF>", "")), {}),
        (photo("<x:xmpmeta"), {}),
        (photo(""), {}),
        (b"no picture", {}),
    ],
    ids=["both", "keywords alone", "broken", "cut off", "without", "no picture"],
)
def test_what_is_written_in_a_file_is_read_and_nothing_else_stops_it(file: bytes, said: dict[str, Any]) -> None:
    assert written_in(file) == said


def test_the_published_version_is_read_and_one_message_says_what_is_in_it() -> None:
    clients = [boto3.client(name, region_name="eu-west-1") for name in ("s3", "sqs")]
    original = {"bucket": "uploads", "key": "trips/cat.jpg"}
    message = {"fact": {**original, "version": "v1", "enricher": "embedded", **SAID}}
    file = photo(CAT)
    with Stubber(clients[0]) as s3, Stubber(clients[1]) as sqs:
        s3.add_response(
            "get_object",
            {"Body": StreamingBody(io.BytesIO(file), len(file))},
            {"Bucket": "uploads", "Key": "trips/cat.jpg", "VersionId": "v1", "Range": "bytes=0-1048575"},
        )
        sent = {"QueueUrl": "https://queue", "MessageBody": json.dumps(message)}
        sqs.add_response("send_message", {"MessageId": "1"}, sent)
        answer({"original": original, "facts": {"version": "v1"}}, *clients, "https://queue")
        s3.assert_no_pending_responses()
        sqs.assert_no_pending_responses()
