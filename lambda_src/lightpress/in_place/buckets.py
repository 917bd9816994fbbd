"""Which objects of existing buckets are compressed in place, and how."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lightpress.image.compress import CompressionOptions
from lightpress.image.limits import Limits
from lightpress.pipeline.buckets import Selection, unknown_bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.pipeline.events import Problem
    from lightpress.pipeline.source import Source


@dataclass(frozen=True)
class InPlace(Selection):
    """Objects of an existing bucket that are replaced by smaller files.

    Attributes:
        options: What may be changed about a file.
        min_saving_percent: The least saving, in percent of the object's bytes, that is worth a write.
        acls: Whether objects have access control lists of their own, which are carried over.
    """

    options: CompressionOptions = field(default_factory=CompressionOptions)
    min_saving_percent: int = 2
    acls: bool = False

    @property
    def digest(self) -> str:
        """12 hex digits over everything that decides whether contents are replaced."""
        decides = f"{self.options.digest} {self.min_saving_percent}"
        return hashlib.sha256(decides.encode()).hexdigest()[:12]

    def saves_enough(self, before: int, after: int) -> bool:
        """Whether a file of `after` bytes is worth replacing one of `before`."""
        return (before - after) * 100 >= before * self.min_saving_percent and after < before


@dataclass(frozen=True)
class Compressing:
    """The buckets whose pictures are replaced in place."""

    tables: tuple[InPlace, ...]

    def find_source(self, source: Source) -> Source | Problem | None:
        """The source, where a table selects it."""
        if any(table.takes(source) for table in self.tables):
            return source
        of_bucket = any(table.bucket == source.bucket for table in self.tables)
        return None if of_bucket else unknown_bucket(source, ", ".join(table.bucket for table in self.tables))

    def table_for(self, source: Source) -> InPlace:
        """The first table that selects a known source."""
        return next(table for table in self.tables if table.takes(source))


def in_place_from(values: Mapping[str, Any]) -> InPlace:
    """Read an InPlace from the JSON of its `dataclasses.asdict`. Release 0.1.0 called `options` `squeezing`."""
    rest = dict(values)
    options = rest.pop("options", None) or rest.pop("squeezing")
    limits = Limits(**options["limits"])
    suffixes = tuple(rest.pop("suffixes"))
    return InPlace(**rest, suffixes=suffixes, options=CompressionOptions(**dict(options) | {"limits": limits}))
