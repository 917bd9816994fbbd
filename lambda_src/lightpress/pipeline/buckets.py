"""Whose pictures these are: which keys of which buckets are worked on, and under which names they are published."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lightpress.image import Limits, Squeezing
from lightpress.pipeline.events import Problem
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Selection:
    """Keys of a bucket: those that begin with `prefix` and end with one of `suffixes`, in capitals or not.

    No suffixes: all of them.
    """

    bucket: str
    prefix: str = ""
    suffixes: tuple[str, ...] = ()

    def takes(self, source: Source) -> bool:
        """Whether the key is one of these."""
        return (
            source.bucket == self.bucket
            and source.key.startswith(self.prefix)
            and (not self.suffixes or source.key.lower().endswith(tuple(suffix.lower() for suffix in self.suffixes)))
        )


@dataclass(frozen=True)
class Attached(Selection):
    """Pictures of an existing bucket, published as `under` and their key. The bucket is only read."""

    under: str = ""


@dataclass(frozen=True)
class InPlace(Selection):
    """Pictures of an existing bucket, each replaced by a smaller one where that saves enough.

    min_saving_percent: of the bytes; less is not worth a write. acls: whether objects have access control lists of
    their own, to be carried over.
    """

    squeezing: Squeezing = field(default_factory=Squeezing)
    min_saving_percent: int = 2
    acls: bool = False

    @property
    def digest(self) -> str:
        """12 hex digits over everything that decides whether contents are replaced."""
        decides = f"{self.squeezing.digest} {self.min_saving_percent}"
        return hashlib.sha256(decides.encode()).hexdigest()[:12]

    def saves_enough(self, before: int, after: int) -> bool:
        """Whether a file of `after` bytes is worth replacing one of `before`."""
        return (before - after) * 100 >= before * self.min_saving_percent and after < before


@dataclass(frozen=True)
class Publishing:
    """The uploads bucket, and the attached ones.

    What is published under an attached bucket's prefix is that bucket's alone: an upload with such a key would share
    its manifest with another picture.
    """

    uploads: str
    attached: tuple[Attached, ...] = ()

    def known(self, source: Source) -> Source | Problem | None:
        """The source with what it is published under."""
        if source.bucket == self.uploads:
            return self._upload(source)
        of_bucket = [one for one in self.attached if one.bucket == source.bucket]
        for one in of_bucket:
            if one.takes(source):
                return replace(source, under=one.under)
        return None if of_bucket else _unknown(source, self.uploads)

    def named(self, name: str) -> Source:
        """The source that is published as `name`."""
        for one in self.attached:
            if name.startswith(one.under):
                return Source(one.bucket, name.removeprefix(one.under), one.under)
        return Source(self.uploads, name)

    def _upload(self, source: Source) -> Source | Problem:
        for one in self.attached:
            if source.key.startswith(one.under):
                return Problem(
                    "reserved_prefix",
                    f"The key {source.key!r} begins with {one.under!r}, under which {one.bucket} is published.",
                )
        return source


@dataclass(frozen=True)
class Compressing:
    """The buckets whose pictures are replaced in place."""

    tables: tuple[InPlace, ...]

    def known(self, source: Source) -> Source | Problem | None:
        """The source, where a table selects it."""
        if any(table.takes(source) for table in self.tables):
            return source
        of_bucket = any(table.bucket == source.bucket for table in self.tables)
        return None if of_bucket else _unknown(source, ", ".join(table.bucket for table in self.tables))

    def table_for(self, source: Source) -> InPlace:
        """The first table that selects a known source."""
        return next(table for table in self.tables if table.takes(source))


def _unknown(source: Source, known: str) -> Problem:
    return Problem("unknown_bucket", f"The event is about {source.bucket}, not {known}.")


def attached_from(values: Mapping[str, Any]) -> Attached:
    """Read what `dataclasses.asdict` made of an Attached, and JSON of that."""
    return Attached(**dict(values) | {"suffixes": tuple(values["suffixes"])})


def in_place_from(values: Mapping[str, Any]) -> InPlace:
    """Read what `dataclasses.asdict` made of an InPlace, and JSON of that."""
    squeezing = values["squeezing"]
    return InPlace(
        **dict(values)
        | {
            "suffixes": tuple(values["suffixes"]),
            "squeezing": Squeezing(**dict(squeezing) | {"limits": Limits(**squeezing["limits"])}),
        }
    )
