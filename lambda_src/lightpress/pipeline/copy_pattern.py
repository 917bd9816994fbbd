"""Where copies of variants go: addresses that others expect, made of a pattern, `thumbs/{stem}-{size}.{ext}` or so.

An address follows from the key, the size and the format alone, so whoever knows these knows it before the upload.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lightpress.pipeline.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable

OF_THE_KEY = ("key", "folder", "name", "stem", "hash")
"""Placeholders that differ from key to key."""
OF_THE_VARIANT = ("size", "width", "ext")
PLACEHOLDERS = (*OF_THE_KEY, *OF_THE_VARIANT)
WAITING = "copies/"
"""Where, in the images bucket, is noted who waits for an address that another's copy has."""
RESERVED = ("i/", "m/", "r/", "b/", "c/", "held/", "reviews/", FACTS, "alike/", WAITING)
"""Folders of the images bucket, and of the CDN, that copies may not be in."""
LONGEST_ADDRESS = 1024
"""Bytes that the key of an object has at most: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
ANOTHERS, FOREIGN, TOO_LONG, ELSEWHERE = "another_original", "foreign_object", "too_long", "folder_not_for_copies"
"""Why there is no copy: another original's copy lies there, or an object that is no copy; the address is longer than S3
takes; or its folder is none that the stack lets copies be written to."""
REFUSALS = {
    ANOTHERS: "another original has its copy there",
    FOREIGN: "an object lies there that Lightpress did not write",
    TOO_LONG: "the address is longer than S3 takes",
    ELSEWHERE: "the stack does not let copies be written there",
}
COPY_MARK = "lightpress"
"""What the names begin with of the user metadata that tell whose copy an object is."""
FIVE_MINUTES = "public, max-age=300"
"""What copies are cached by, where a recipe says nothing: an address stays when its picture changes."""
SPELLED_IN_TWO_WAYS = "!$&'()*+,:;=@[\\]^|~"
"""What a page may write as it stands or percent-encoded in a path: both reach CloudFront as they are written, and are
kept there as two. Whatever else is no letter, digit or one of - . _ /, browsers encode.

https://url.spec.whatwg.org/#path-percent-encode-set
"""
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}/")
_PART = re.compile(r"\{([^{}]*)\}")
_LITERAL = re.compile(r"[A-Za-z0-9!_.'()/-]*")


@dataclass(frozen=True, slots=True)
class CopyPattern:
    """A pattern, as it is written in a recipe.

    Attributes:
        text: With placeholders in braces (`PLACEHOLDERS`).
    """

    text: str

    @property
    def folder(self) -> str:
        """The folder that all addresses begin with, with "/" at its end; "" where the pattern begins with none."""
        found = _FOLDER.match(self.text)
        return found[0] if found else ""

    @property
    def named(self) -> tuple[str, ...]:
        """What is in braces."""
        return tuple(_PART.findall(self.text))

    @property
    def tells_keys_apart(self) -> bool:
        """Whether two keys can have different addresses at all."""
        return not set(OF_THE_KEY).isdisjoint(self.named)

    def problem(self) -> str | None:
        """Why nothing could be copied there, in words for the author of the recipe; None if it could be."""
        unknown = [name for name in self.named if name not in PLACEHOLDERS]
        dots = {"", ".", ".."} & set(self.text.split("/"))
        found = (
            (bool(unknown), f"names {{{unknown[0] if unknown else ''}}}; allowed: {_listed(PLACEHOLDERS)}"),
            (
                not _LITERAL.fullmatch(_PART.sub("", self.text)),
                "has characters besides letters, digits and ! _ . ' ( ) / - outside of its placeholders",
            ),
            (
                not self.folder,
                'must begin with a folder without placeholders, such as "thumbs/{stem}-{size}.{ext}"',
            ),
            (
                self.folder in RESERVED,
                f"begins with {self.folder}, which is Lightpress's own; not allowed: {', '.join(RESERVED)}",
            ),
            (bool(dots), "has an empty name, or one of dots alone, between slashes"),
            (
                not self.tells_keys_apart,
                f"is one address for all originals: name one of {_listed(OF_THE_KEY)}, which tell them apart",
            ),
        )
        return next((said for is_so, said in found if is_so), None)

    def address(self, key: str, short_name: str, size: str, width: int, extension: str) -> str:
        """The key of the copy of a variant.

        Args:
            key: Of the original.
            short_name: The same in 26 letters and digits (`manifest.short_name`).
            size: Its name.
            width: Of the size, in pixels, as its recipe has it.
            extension: Of the format.
        """
        folder, _, name = key.rpartition("/")
        values = {
            "key": key,
            "folder": folder,
            "name": name,
            "stem": name.rpartition(".")[0] or name,
            "hash": short_name,
            "size": size,
            "width": str(width),
            "ext": extension,
        }
        text = self.text if folder else self.text.replace("{folder}/", "")
        return _PART.sub(lambda found: values[found[1]], text)

    def ambiguous(self, variants: Iterable[tuple[str, int, str]]) -> tuple[str, str] | None:
        """Two variants of one original that would share an address; None if all differ.

        variants: Size, width and extension of each.
        """
        seen: dict[str, str] = {}
        for size, width, extension in variants:
            said = f"{size}.{extension}"
            address = self.address("folder/name.jpg", "hash", size, width, extension)
            if address in seen:
                return seen[address], said
            seen[address] = said
        return None


@dataclass(frozen=True, slots=True)
class Stored:
    """How a copy is stored.

    Attributes:
        content_type: Its media type.
        cache_control: What caches are told.
        tags: Tags of the object.
        metadata: User metadata of the object.
    """

    content_type: str
    cache_control: str = FIVE_MINUTES
    tags: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CopyRules:
    """What a recipe says of copies.

    Attributes:
        pattern: Their addresses.
        cache_control: The header that they are stored with.
        content_types: The media type of formats that are to have another than their own.
        tags: Tags of each.
        metadata: User metadata of each.
    """

    pattern: CopyPattern
    cache_control: str = FIVE_MINUTES
    content_types: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()

    @cached_property
    def digest(self) -> str:
        """8 hex digits over how copies are stored, wherever they are."""
        said = json.dumps(asdict(replace(self, pattern=CopyPattern(""))), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def stored(self, form: str, media_type: str) -> Stored:
        """How the copy of a variant is stored. form: its format; media_type: and its own media type."""
        content_type = dict(self.content_types).get(form, media_type)
        return Stored(content_type, self.cache_control, self.tags, self.metadata)


def is_too_long(address: str) -> bool:
    """Whether S3 takes no such key."""
    return len(address.encode()) > LONGEST_ADDRESS


def purged_by(addresses: Iterable[str], folder: str) -> tuple[str, ...]:
    """What to invalidate of the CDN for copies of one key: by one wildcard, or address by address.

    One path costs as much as another, and what a wildcard takes along is fetched anew. Only where the addresses of a
    key begin with nothing but the folder of all copies, a wildcard would take everything along.

    A wildcard ends before what can be spelled in two ways, so that it takes both along, unless that leaves a folder
    alone: such paths remain, to be spelled out.
    """
    every = sorted(addresses)
    if len(every) > 1:
        shared = _common(every[0], every[-1])
        if shared.startswith(folder) and len(shared) > len(folder):
            return (f"{_spelled_in_one_way(shared) or shared}*",)
    return tuple(dict.fromkeys(_purge_of(one) for one in every))


def _purge_of(address: str) -> str:
    start = _spelled_in_one_way(address)
    return f"{start}*" if start and start != address else address


def _spelled_in_one_way(address: str) -> str:
    """What an address begins with that has one spelling; "" if that is a folder alone, or nothing, and more follows."""
    found = next((at for at, one in enumerate(address) if one in SPELLED_IN_TWO_WAYS), len(address))
    start = address[:found]
    return "" if start != address and start.endswith("/") else start


def _common(first: str, last: str) -> str:
    """What two texts begin with; of sorted texts, all between them begin so, too."""
    count = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:count]


def _listed(placeholders: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in placeholders)
