"""Requests of the upload API: which files may be uploaded, under which key, and who owns a key. Pure functions.

A key is `COLLECTION/OWNER/ID/NAME`. OWNER is a hash of the identity that the authorizer gives, ID is random, and only
NAME is chosen by the caller: so nobody can overwrite, read the status of, or delete what belongs to somebody else.
COLLECTION is what the rules of `recipes.toml` match, for example to tell avatars from products.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lightpress.image.inputs import INPUTS
from lightpress.pipeline.facts import LONGEST_ALT, LONGEST_LABEL, MOST_LABELS, Words
from lightpress.pipeline.source import FOCUS, FOCUS_PATTERN, TAKEN_BACK, point_in
from lightpress.units import MB
from lightpress.uploads.fields import Number, ObjectList, Text, TextList, parse

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightpress.uploads.fields import Fields

COLLECTION = "uploads"
PART_BYTES = 8 * MB
"""Bytes of each part of a multipart upload but the last one."""
_SMALLEST_PART_BYTES = 5 * MB
"""S3's limit for each part but the last one."""
MAX_PARTS = 10_000
"""S3's limit."""

MAX_URLS = 100
"""URLs in one request."""

_PREFIX = "([A-Za-z0-9][A-Za-z0-9._-]*/){1,8}"
_COLLECTION = "[a-z0-9][a-z0-9-]{0,39}"
_SHA256 = "[A-Za-z0-9+/]{43}="
_ETAG = '"?[0-9a-f]{32}(-[0-9]{1,5})?"?'
_UNSAFE = re.compile(r"[^\w.-]+")
_MAX_NAME, _MAX_EXTENSION = 80, 10
_MAX_FILENAME = 1_024
_MAX_KEY_BYTES = 1_024
_MAX_UPLOAD_ID = 1_024
_OWNER_CHARACTERS = 16  # 80 bits


def media_types(accept: Collection[str]) -> tuple[str, ...]:
    """The media types of the formats of these names (`image.inputs.INPUTS`), the usual ones first."""
    return tuple(media_type for row in INPUTS if row.name in accept for media_type in row.media_types)


class Refused(Exception):
    """A request is refused.

    Attributes:
        status: HTTP status.
        code: For programs; stable.
        detail: What is wrong, in a sentence.
        fields: For each invalid field of the body, what is wrong with it, in a sentence.
        retry_after: In how many seconds the same request may be allowed; None if waiting does not help.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        fields: dict[str, str] | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields or {}
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What may be uploaded.

    The pipeline does not rely on it: the contents of a file decide its format (`image.decode`).

    Attributes:
        max_bytes: Bytes of one file.
        media_types: The accepted media types.
    """

    max_bytes: int
    media_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file that a caller wants to upload.

    Attributes:
        filename: Its name on the caller's side.
        size: In bytes.
        media_type: Its media type as the caller says.
        checksum: Its SHA-256 in base64, where the caller sent it.
        collection: First part of its key.
        focus: Where its subject is, as the metadata of its object say it; None where the caller does not say.
    """

    filename: str
    size: int
    media_type: str
    checksum: str | None = None
    collection: str = COLLECTION
    focus: str | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """The user metadata of its object."""
        return {FOCUS: self.focus} if self.focus else {}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload, and the ETag that S3 returned for it."""

    number: int
    etag: str


_COLLECTION_FIELD = Text(
    f"First folder of the key, which the rules of recipes.toml can match. Default: `{COLLECTION}`.",
    pattern=_COLLECTION,
    expected='1 to 40 lowercase letters, digits and hyphens, such as "avatars"',
    optional=True,
)


def upload_fields(limits: UploadLimits) -> Fields:
    """The fields that describe a file before it is uploaded."""
    return {
        "filename": Text(
            "Name of the file. The key ends with it, without the characters that are not safe there.",
            max_length=_MAX_FILENAME,
        ),
        "size": Number("Size of the file in bytes. S3 accepts no other size.", minimum=1, maximum=limits.max_bytes),
        "type": Text("Media type of the file. S3 accepts no other type.", allowed=limits.media_types),
        "checksum": Text(
            "SHA-256 of the file in base64. S3 accepts no other contents.",
            pattern=_SHA256,
            expected="the SHA-256 of the file in base64 (44 characters)",
            optional=True,
        ),
        "collection": _COLLECTION_FIELD,
        "focus": Text(
            "Where its subject is, from the left and the top: sizes that cut something off keep this point.",
            pattern=FOCUS_PATTERN,
            expected='two numbers from 0 to 1 such as "0.4,0.2"',
            optional=True,
        ),
    }


MULTIPART_FIELDS: Fields = {
    "key": Text("The `key` that began the upload.", max_length=_MAX_KEY_BYTES),
    "upload_id": Text("The `upload_id` that began the upload.", max_length=_MAX_UPLOAD_ID),
}


def part_fields(limits: UploadLimits) -> Fields:
    """The fields that describe a part before it is uploaded."""
    most = min(MAX_PARTS, -(-limits.max_bytes // PART_BYTES))
    return {
        "part_number": Number("Number of the part, from 1.", minimum=1, maximum=most),
        "size": Number("Size of the part in bytes. S3 accepts no other size.", minimum=1, maximum=PART_BYTES),
    }


COMPLETE_FIELDS: Fields = {
    "parts": ObjectList(
        "All parts of the file, in any order.",
        {
            "part_number": Number("Number of the part, from 1.", minimum=1, maximum=MAX_PARTS),
            "etag": Text(
                "The ETag that S3 returned for the part.",
                pattern=_ETAG,
                expected="the ETag that S3 returned for the part",
            ),
        },
        max_items=MAX_PARTS,
    )
}


def parse_upload_request(body: object, limits: UploadLimits) -> UploadRequest:
    """Read the description of a file; raises Refused with every invalid field."""
    values = read_fields(upload_fields(limits), body)
    return UploadRequest(
        values["filename"],
        values["size"],
        values["type"],
        values["checksum"],
        collection=values["collection"] or COLLECTION,
        focus=values["focus"],
    )


def parse_multipart_upload(body: object) -> tuple[str, str]:
    """Read the key and the upload id of a multipart upload."""
    values = read_fields(MULTIPART_FIELDS, body)
    return values["key"], values["upload_id"]


def parse_part_request(body: object, limits: UploadLimits) -> tuple[int, int]:
    """Read the number and the size, in bytes, of a part that is to be uploaded."""
    values = read_fields(part_fields(limits), body)
    return values["part_number"], values["size"]


def check_part(number: int, size: int, whole: int) -> None:
    """Raise Refused for a part that does not fit into a file of `whole` bytes, after parts as small as S3 allows.

    Otherwise parts of an upload that nobody completes, which are kept for a week, could exceed what was reserved.
    """
    most = whole - (number - 1) * _SMALLEST_PART_BYTES
    if size > most:
        words = f"The upload began with {whole} bytes, so part {number} can have "
        raise Refused(409, "part_too_large", f"{words}{f'at most {most}' if most > 0 else 'none of them'}.")


def parse_parts(body: object) -> tuple[Part, ...]:
    """Read all parts of a multipart upload; returns them in ascending order."""
    parts = [Part(row["part_number"], row["etag"]) for row in read_fields(COMPLETE_FIELDS, body)["parts"]]
    return tuple(sorted(parts, key=lambda part: part.number))


CORRECTION_FIELDS: Fields = {
    FOCUS: Text(
        "Where its subject is, from the left and the top: sizes that cut something off keep this point, whatever the "
        f'recipe or the upload says. `"{TAKEN_BACK}"` takes back what was said after the upload.',
        pattern=f"(?:{FOCUS_PATTERN}|{TAKEN_BACK})",
        expected=f'two numbers from 0 to 1 such as "0.4,0.2", or "{TAKEN_BACK}"',
        optional=True,
    ),
    "alt": Text(
        "The text for those who do not see it, whatever enrichers say; empty where it only decorates a page. "
        f'`"{TAKEN_BACK}"` takes back what was said.',
        max_length=LONGEST_ALT,
        optional=True,
        may_be_empty=True,
    ),
    "labels": Text(
        f'What is in it, separated by commas. `"{TAKEN_BACK}"` takes back what was said.',
        max_length=MOST_LABELS * LONGEST_LABEL,
        optional=True,
        may_be_empty=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody says of a published picture.

    Attributes:
        focus: Where its subject is; `TAKEN_BACK` takes back what was said; None if nothing is said of it.
        alt: The text; the same two as well.
        labels: Separated by commas; the same two as well.
    """

    focus: str | None = None
    alt: str | None = None
    labels: str | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """Where the subject is; None where a correction is taken back."""
        return None if self.focus is None or self.focus == TAKEN_BACK else point_in(self.focus)

    def words(self, before: Words) -> Words:
        """What is said, after what was said before."""
        if self.alt is not None:
            before = replace(before, alt=None if self.alt == TAKEN_BACK else " ".join(self.alt.split()))
        if self.labels is not None:
            before = replace(before, labels=None if self.labels == TAKEN_BACK else labels_in(self.labels))
        return before


def labels_in(text: str) -> tuple[str, ...]:
    """Labels that are separated by commas, each once."""
    names = (" ".join(name.split())[:LONGEST_LABEL] for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_LABELS]


def parse_correction(body: object) -> Correction:
    """Read what is said of a published picture."""
    correction = Correction(**read_fields(CORRECTION_FIELDS, body))
    if correction == Correction():
        errors = {FOCUS: f"{FOCUS} is missing, and so are alt and labels: say at least one of them."}
        raise Refused(422, "invalid", "Some fields are missing or invalid.", errors)
    return correction


INGEST_FIELDS: Fields = {
    "urls": TextList("URLs of originals, https or http.", max_items=MAX_URLS),
    "prefix": Text(
        "Folders below the caller's own to store them in.",
        pattern=_PREFIX,
        expected='1 to 8 folders, each followed by a slash, such as "trips/2026/"',
        optional=True,
    ),
    "collection": _COLLECTION_FIELD,
}


@dataclass(frozen=True, slots=True)
class UrlList:
    """URLs that a caller wants fetched.

    Attributes:
        urls: As the caller wrote them, not yet validated.
        prefix: Folders below the caller's own; empty, or ends in a slash.
        collection: First part of the keys.
    """

    urls: tuple[str, ...]
    prefix: str = ""
    collection: str = COLLECTION


def parse_url_list(body: object) -> UrlList:
    """Read a list of URLs. Each URL is validated later and refused on its own."""
    values = read_fields(INGEST_FIELDS, body)
    return UrlList(tuple(values["urls"]), values["prefix"] or "", values["collection"] or COLLECTION)


def owner_of(identity: str) -> str:
    """Hash an identity for use in keys: it reveals nothing, and holds no character that means something in a path."""
    digest = hashlib.sha256(identity.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_OWNER_CHARACTERS]


def multipart_id(random_id: str, size: int) -> str:
    """The id for the key of a multipart upload: it holds the size of the file, which S3 does not keep."""
    return f"{random_id}.{size}"


def size_in(key: str) -> int | None:
    """The size, in bytes, that a multipart upload was begun with; None where its key does not tell."""
    found = re.fullmatch(r"[^/]+/[^/]+/[^/]+\.([1-9][0-9]{0,11})/[^/]+", key)
    return int(found[1]) if found else None


def new_key(file: UploadRequest, owner: str, random_id: str) -> str:
    """Build the key for a new file. The random id keeps it from colliding with the key of another file."""
    return f"{file.collection}/{owner}/{random_id}/{safe_name(file.filename)}"


def safe_name(filename: str) -> str:
    """Reduce a file name to what no path, URL or shell misreads; people still recognize it."""
    last = unicodedata.normalize("NFC", filename.replace("\\", "/")).rpartition("/")[2]
    stem, dot, extension = _UNSAFE.sub("-", last).strip("-.").rpartition(".")
    if not dot or len(extension) > _MAX_EXTENSION:
        stem, extension = f"{stem}{dot}{extension}", ""
    short = stem[:_MAX_NAME].strip("-.") or "picture"
    return f"{short}.{extension.lower()}" if extension else short


def check_owner(key: str, owner: str) -> None:
    """Raise Refused unless the key is the owner's. Another owner's key is answered like one that does not exist."""
    if key.split("/")[1:2] != [owner] or len(key.encode()) > _MAX_KEY_BYTES:
        raise Refused(404, "not_found", "You have no original with this key.")


def read_fields(fields: Fields, body: object) -> dict[str, Any]:
    """Read the fields of a body; raises Refused with all that is wrong at once."""
    if not isinstance(body, dict):
        raise Refused(400, "not_an_object", "The body must be a JSON object.")
    values, errors = parse(fields, body)
    if errors:
        raise Refused(422, "invalid", "Some fields are missing or invalid.", errors)
    return values
