"""Whose pictures these are: which keys of which buckets are worked on, and under which names they are published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lightpress.pipeline.events import Problem
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Selection:
    """A selection of the keys of a bucket.

    Attributes:
        bucket: Its name.
        prefix: What the keys begin with.
        suffixes: What the keys end with, one of these, in any case; none of them selects all keys.
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
class Publishing:
    """The uploads bucket, and the attached ones.

    What is published under an attached bucket's prefix is that bucket's alone: an upload with such a key would share
    its manifest with another picture.
    """

    uploads: str
    attached: tuple[Attached, ...] = ()

    def find_source(self, source: Source) -> Source | Problem | None:
        """The source with what it is published under."""
        if source.bucket == self.uploads:
            return self._upload(source)
        of_bucket = [one for one in self.attached if one.bucket == source.bucket]
        for one in of_bucket:
            if one.takes(source):
                return replace(source, under=one.under)
        return None if of_bucket else unknown_bucket(source, self.uploads)

    def named(self, name: str) -> Source:
        """The source that is published as `name`."""
        one = self.reserving(name)
        if one is None:
            return Source(self.uploads, name)
        return Source(one.bucket, name.removeprefix(one.under), one.under)

    def reserving(self, key: str) -> Attached | None:
        """The attached bucket that alone publishes under this key; None if an upload may have it."""
        return next((one for one in self.attached if key.startswith(one.under)), None)

    def _upload(self, source: Source) -> Source | Problem:
        attached = self.reserving(source.key)
        if attached is None:
            return source
        return Problem(
            "reserved_prefix",
            f"The key {source.key!r} begins with {attached.under!r}, under which {attached.bucket} is published.",
        )


def unknown_bucket(source: Source, bucket: str) -> Problem:
    """What is wrong with an event about a bucket that is another bucket than ours."""
    return Problem("unknown_bucket", f"The event is about {source.bucket}, not {bucket}.")


def attached_from(values: Mapping[str, Any]) -> Attached:
    """Read what `dataclasses.asdict` made of an Attached, and JSON of that."""
    return Attached(**dict(values) | {"suffixes": tuple(values["suffixes"])})
