"""The front door: what somebody may upload, under which key, and whose pictures they may ask for. Pure.

A key is `COLLECTION/OWNER/NUMBER/NAME`. The owner stands in it as a hash of what the authorizer calls them, the number
is random, and only the name is theirs to choose; so nobody can write over, ask for or delete what is not their own.
The collection lets the rules of `recipes.toml` tell avatars from products.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.image.formats import INPUTS
from lightpress.uploads.fields import Number, Rows, Text, Texts, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.uploads.fields import Form

COLLECTION = "uploads"
PART_BYTES = 8 << 20
"""What a part of a large upload has: S3 wants 5 MiB at least."""
MOST_PARTS = 10_000

MOST_URLS = 100
"""What is taken in one request."""

_PREFIX = "([A-Za-z0-9][A-Za-z0-9._-]*/){1,8}"
_COLLECTION = "[a-z0-9][a-z0-9-]{0,39}"
_SHA256 = "[A-Za-z0-9+/]{43}="
_ETAG = '"?[0-9a-f]{32}(-[0-9]{1,5})?"?'
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME, _LONGEST_ENDING = 80, 10
_LONGEST_FILENAME = 1_024
_LONGEST_KEY = 1_024
_LONGEST_UPLOAD_ID = 1_024
_OWNER_CHARACTERS = 16  # 80 bits


ACCEPTED_TYPES = tuple(media_type for row in INPUTS for media_type in row.media_types)
"""The media types of all formats that are read."""


class Refused(Exception):  # noqa: N818  it is an answer, not a fault
    """What was asked for is not given. code: for programs. fields: what is wrong with each, in a sentence."""

    def __init__(self, status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields or {}


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What is accepted. The pipeline trusts none of it: the bytes decide what a file is (`image.decode`)."""

    max_bytes: int
    media_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file that somebody wants to upload. checksum: its SHA-256 in base64, if it was told."""

    filename: str
    size: int
    media_type: str
    checksum: str | None = None
    collection: str = COLLECTION


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a large upload, and the ETag that S3 gave it."""

    number: int
    etag: str


_COLLECTION_FIELD = Text(
    f"The first folder of the key, by which recipes.toml has its rules. By default `{COLLECTION}`.",
    pattern=_COLLECTION,
    such_as='"avatars"',
    optional=True,
)


def file_form(terms: UploadLimits) -> Form:
    """What must be told of a file before it is let in."""
    return {
        "filename": Text("What the file is called. What is safe of it ends the key.", most=_LONGEST_FILENAME),
        "size": Number("Its bytes: S3 takes exactly so many.", low=1, high=terms.max_bytes),
        "type": Text("Its media type: S3 takes exactly this one.", allowed=terms.media_types),
        "checksum": Text(
            "Its SHA-256, in base64: S3 takes exactly these contents.",
            pattern=_SHA256,
            such_as="the SHA-256 in base64",
            optional=True,
        ),
        "collection": _COLLECTION_FIELD,
    }


UPLOAD_FORM: Form = {
    "key": Text("As it was given when the upload began.", most=_LONGEST_KEY),
    "upload_id": Text("As it was given when the upload began.", most=_LONGEST_UPLOAD_ID),
}


def part_form(terms: UploadLimits) -> Form:
    """What must be told of a part before it is let in."""
    most = min(MOST_PARTS, -(-terms.max_bytes // PART_BYTES))
    return {
        "part_number": Number("Its place among the parts.", low=1, high=most),
        "size": Number("Its bytes: S3 takes exactly so many.", low=1, high=PART_BYTES),
    }


PARTS_FORM: Form = {
    "parts": Rows(
        "Every part of the file.",
        {
            "part_number": Number("Its place among the parts.", low=1, high=MOST_PARTS),
            "etag": Text("The ETag that S3 answered with.", pattern=_ETAG, such_as="the ETag that S3 answered with"),
        },
        most=MOST_PARTS,
    )
}


def wanted(body: object, terms: UploadLimits) -> UploadRequest:
    """Read what somebody wants to upload; raises Refused with every field that is wrong."""
    told = _read(file_form(terms), body)
    return UploadRequest(
        told["filename"], told["size"], told["type"], told["checksum"], collection=told["collection"] or COLLECTION
    )


def upload_of(body: object) -> tuple[str, str]:
    """The key and the id of a large upload that is under way."""
    told = _read(UPLOAD_FORM, body)
    return told["key"], told["upload_id"]


def part_of(body: object, terms: UploadLimits) -> tuple[int, int]:
    """The number and the bytes of a part that somebody wants to send."""
    told = _read(part_form(terms), body)
    return told["part_number"], told["size"]


def parts_of(body: object) -> tuple[Part, ...]:
    """All parts of a large upload, in their order."""
    parts = [Part(row["part_number"], row["etag"]) for row in _read(PARTS_FORM, body)["parts"]]
    return tuple(sorted(parts, key=lambda part: part.number))


LISTING_FORM: Form = {
    "urls": Texts("Addresses of pictures, https or http.", most=MOST_URLS),
    "prefix": Text(
        "Folders below the caller's own, to put them into.", pattern=_PREFIX, such_as='"trips/2026/"', optional=True
    ),
    "collection": _COLLECTION_FIELD,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """URLs that somebody wants fetched, and where to. prefix: folders below their own; empty, or ends in a slash."""

    urls: tuple[str, ...]
    prefix: str = ""
    collection: str = COLLECTION


def listing_of(body: object) -> Listing:
    """Read a list of URLs; what each of them is worth is not looked at."""
    told = _read(LISTING_FORM, body)
    return Listing(tuple(told["urls"]), told["prefix"] or "", told["collection"] or COLLECTION)


def caller_of(event: Mapping[str, Any], auth: str) -> str:
    """Who makes a request of an HTTP API (payload 2.0), as its authorizer says; raises Refused where it says nobody.

    A Lambda authorizer of the owner's says so in the `owner` of its context.
    """
    if auth == "none":
        return "anybody"
    said = event.get("requestContext", {}).get("authorizer") or {}
    places = {"iam": ("iam", "userArn"), "jwt": ("jwt", "claims", "sub"), "authorizer": ("lambda", "owner")}
    for name in places[auth]:
        said = said.get(name) if isinstance(said, dict) else None
    if not isinstance(said, str) or not said:
        raise Refused(403, "no_owner", "The authorizer does not say who you are.")
    return said


def owner_of(identity: str) -> str:
    """How an owner stands in keys: tells nobody who it is, and holds no character that means something in a path."""
    digest = hashlib.sha256(identity.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_OWNER_CHARACTERS]


def new_key(file: UploadRequest, owner: str, number: str) -> str:
    """The key for a new file. number: random, so that a file never meets another one's key."""
    return f"{file.collection}/{owner}/{number}/{safe_name(file.filename)}"


def safe_name(filename: str) -> str:
    """The file's name as people still know it, without anything that a path, a URL or a shell could misread."""
    last = unicodedata.normalize("NFC", filename.replace("\\", "/")).rpartition("/")[2]
    stem, dot, ending = _UNSAFE.sub("-", last).strip("-.").rpartition(".")
    if not dot or len(ending) > _LONGEST_ENDING:
        stem, ending = f"{stem}{dot}{ending}", ""
    short = stem[:_LONGEST_NAME].strip("-.") or "picture"
    return f"{short}.{ending.lower()}" if ending else short


def check_owner(key: str, owner: str) -> None:
    """Raise Refused unless the key is one of the owner's. Somebody else's does not exist, as far as they are told."""
    if key.split("/")[1:2] != [owner] or len(key.encode()) > _LONGEST_KEY:
        raise Refused(404, "not_found", "There is no such picture of yours.")


def _read(form: Form, body: object) -> dict[str, Any]:
    """What is wrong is told at once."""
    if not isinstance(body, dict):
        raise Refused(400, "not_an_object", "The body must be a JSON object.")
    values, wrong = read(form, body)
    if wrong:
        raise Refused(422, "invalid", "The request has mistakes.", wrong)
    return values
