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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

COLLECTION = "uploads"
PART_BYTES = 8 << 20
"""What a part of a large upload has: S3 wants 5 MiB at least."""
MOST_PARTS = 10_000

MOST_URLS = 100
"""What is taken in one request."""

_PREFIX = re.compile(r"(?=.{1,200}$)([A-Za-z0-9][A-Za-z0-9._-]*/){1,8}")
_COLLECTION = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SHA256 = re.compile(r"[A-Za-z0-9+/]{43}=")
_ETAG = re.compile(r'"?[0-9a-f]{32}(-[0-9]{1,5})?"?')
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_NAME, _LONGEST_ENDING = 80, 10
_LONGEST_FILENAME = 1_024
_LONGEST_UPLOAD_ID = 1_024
_OWNER_CHARACTERS = 16  # 80 bits


# By the names of `image.formats.INPUTS`: what browsers call such files. Some call the rarer ones nothing at all.
MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    "jpeg": ("image/jpeg",),
    "png": ("image/png", "image/apng"),
    "gif": ("image/gif",),
    "webp": ("image/webp",),
    "avif": ("image/avif",),
    "heic": ("image/heic", "image/heif"),
    "tiff": ("image/tiff",),
    "jpeg2000": ("image/jp2", "image/jpx"),
    "psd": ("image/vnd.adobe.photoshop",),
    "ico": ("image/x-icon", "image/vnd.microsoft.icon"),
    "bmp": ("image/bmp",),
}
ACCEPTED_TYPES = tuple(media_type for types in MEDIA_TYPES.values() for media_type in types)


class Refused(Exception):  # noqa: N818  it is an answer, not a fault
    """What was asked for is not given. code: for programs. fields: what is wrong with each, in a sentence."""

    def __init__(self, status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields or {}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is accepted. The pipeline trusts none of it: the bytes decide what a file is (`image.decode`)."""

    max_bytes: int
    media_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
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


def wanted(body: object, terms: Terms) -> Wanted:
    """Read what somebody wants to upload; raises Refused with every field that is wrong."""
    form = _Form(body)
    result = Wanted(
        filename=form.text("filename", most=_LONGEST_FILENAME),
        size=form.number("size", low=1, high=terms.max_bytes),
        media_type=form.text("type", allowed=terms.media_types),
        checksum=form.text("checksum", pattern=_SHA256, such_as="the SHA-256 in base64", optional=True) or None,
        collection=form.text("collection", pattern=_COLLECTION, such_as='"avatars"', optional=True) or COLLECTION,
    )
    form.close()
    return result


def upload_of(body: object) -> tuple[str, str]:
    """The key and the id of a large upload that is under way."""
    form = _Form(body)
    result = form.text("key", most=_LONGEST_FILENAME), form.text("upload_id", most=_LONGEST_UPLOAD_ID)
    form.close()
    return result


def part_of(body: object, terms: Terms) -> tuple[int, int]:
    """The number and the bytes of a part that somebody wants to send."""
    form = _Form(body)
    most = min(MOST_PARTS, -(-terms.max_bytes // PART_BYTES))
    result = form.number("part_number", low=1, high=most), form.number("size", low=1, high=PART_BYTES)
    form.close()
    return result


def parts_of(body: object) -> tuple[Part, ...]:
    """All parts of a large upload, in their order."""
    form = _Form(body)
    parts = form.listed("parts", _part)
    form.close()
    return tuple(sorted(parts, key=lambda part: part.number))


@dataclass(frozen=True, slots=True)
class Listing:
    """URLs that somebody wants fetched, and where to. prefix: folders below their own; empty, or ends in a slash."""

    urls: tuple[str, ...]
    prefix: str = ""
    collection: str = COLLECTION


def listing_of(body: object) -> Listing:
    """Read a list of URLs; what each of them is worth is not looked at."""
    form = _Form(body)
    result = Listing(
        urls=form.texts("urls", most=MOST_URLS),
        prefix=form.text("prefix", pattern=_PREFIX, such_as='"trips/2026/"', optional=True),
        collection=form.text("collection", pattern=_COLLECTION, such_as='"avatars"', optional=True) or COLLECTION,
    )
    form.close()
    return result


def _part(value: object) -> Part | None:
    if not isinstance(value, dict):
        return None
    number, etag = value.get("part_number"), value.get("etag")
    if not isinstance(number, int) or not 1 <= number <= MOST_PARTS:
        return None
    return Part(number, etag) if isinstance(etag, str) and _ETAG.fullmatch(etag) else None


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


def new_key(file: Wanted, owner: str, number: str) -> str:
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
    if key.split("/")[1:2] != [owner]:
        raise Refused(404, "not_found", "There is no such picture of yours.")


class _Form:
    """The fields of a request's body; what is wrong is collected, and told at once."""

    def __init__(self, body: object) -> None:
        if not isinstance(body, dict):
            raise Refused(400, "not_an_object", "The body must be a JSON object.")
        self._body: dict[str, Any] = body
        self._wrong: dict[str, str] = {}

    def text(  # noqa: PLR0913  by keyword
        self,
        name: str,
        *,
        most: int = 200,
        pattern: re.Pattern[str] | None = None,
        such_as: str = "",
        allowed: Iterable[str] = (),
        optional: bool = False,
    ) -> str:
        value, choices = self._body.get(name), tuple(allowed)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or not value:
            self._wrong[name] = f"{name} must be a text."
        elif len(value) > most:
            self._wrong[name] = f"{name} may have at most {most} characters."
        elif choices and value not in choices:
            self._wrong[name] = f"{name} {value!r} is not accepted. Accepted: {', '.join(choices)}."
        elif pattern and not pattern.fullmatch(value):
            self._wrong[name] = f"{name} must be such as {such_as}."
        else:
            return value
        return ""

    def number(self, name: str, *, low: int, high: int) -> int:
        value = self._body.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong[name] = f"{name} must be a whole number from {low} to {high}."
        return low

    def texts(self, name: str, *, most: int) -> tuple[str, ...]:
        values = self._body.get(name)
        if isinstance(values, list) and 0 < len(values) <= most and all(isinstance(value, str) for value in values):
            return tuple(values)
        self._wrong[name] = f"{name} must be a list of 1 to {most} texts."
        return ()

    def listed(self, name: str, read: Callable[[object], Part | None]) -> list[Part]:
        values = self._body.get(name)
        read_values = [read(value) for value in values] if isinstance(values, list) else []
        found = [value for value in read_values if value is not None]
        if not found or len(found) != len(read_values):
            self._wrong[name] = f"{name} must be a list of parts, each with its part_number and etag."
        return found

    def close(self) -> None:
        if self._wrong:
            raise Refused(422, "invalid", "The request has mistakes.", self._wrong)
