"""Copies of variants on S3, in the images bucket or one of the owner's."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from lightpress.aws.errors import find_object, on_condition
from lightpress.aws.images import S3Images
from lightpress.pipeline.copy_pattern import COPY_MARK, WAITING, purged_by
from lightpress.pipeline.paths import MANIFESTS, short_name
from lightpress.pipeline.ports import Lies, Note, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_s3 import S3Client

    from lightpress.pipeline.copy_pattern import Stored
    from lightpress.pipeline.manifest import Manifest

_OWNER, _REVISION, _SEAL = f"{COPY_MARK}-copy-of", f"{COPY_MARK}-revision", f"{COPY_MARK}-seal"
_DEPLOYMENT_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class S3Copies:
    """Copies say themselves whose they are, in their user metadata.

    Attributes:
        s3: The client.
        bucket: Where copies go.
        images: The images bucket: where is noted who waits. Its name tells one deployment from another.
        folders: Those of copies, each with "/" at its end.
    """

    s3: S3Client
    bucket: str
    images: str
    folders: tuple[str, ...]

    def owner(self, key: str) -> str:
        """The short name of the key, and one of the deployment: several may share a bucket."""
        return f"{short_name(key)}.{self._deployment}"

    def owns(self, owner: str) -> str | None:
        """The first of the two, if the second is this deployment's."""
        name, _, deployment = owner.partition(".")
        return name if deployment == self._deployment else None

    def covers(self, path: str) -> bool:
        """Whether the stack may write there."""
        return path.startswith(self.folders)

    def look(self, path: str) -> Lies | None:
        """HEAD."""
        head = find_object(self.s3, self.bucket, path)
        if head is None:
            return None
        said = head.get("Metadata", {})
        revision = said.get(_REVISION, "")
        if _OWNER not in said or not revision.isdecimal():
            return Lies(head["ETag"])
        return Lies(head["ETag"], said[_OWNER], int(revision), said.get(_SEAL, ""))

    def write(self, path: str, data: bytes, mark: Lies, how: Stored, replacing: Lies | None) -> None:
        """PUT with If-Match, or If-None-Match where nothing is there."""
        more: dict[str, Any] = {"IfMatch": replacing.etag} if replacing else {"IfNoneMatch": "*"}
        more |= {"Tagging": urlencode(how.tags)} if how.tags else {}
        marked = {_OWNER: str(mark.owner), _REVISION: str(mark.revision), _SEAL: mark.seal}
        with on_condition():
            self.s3.put_object(
                Bucket=self.bucket,
                Key=path,
                Body=data,
                ContentType=how.content_type,
                CacheControl=how.cache_control,
                Metadata={**dict(how.metadata), **marked},
                **more,
            )

    def remove(self, path: str, lying: Lies) -> None:
        """DELETE with If-Match."""
        with on_condition():
            self.s3.delete_object(Bucket=self.bucket, Key=path, IfMatch=lying.etag)

    def wait(self, waiting: str, path: str, lying: Lies) -> None:
        """PUT: the name says all, and the contents are others each time, so that the ETag is."""
        note = f"{WAITING}{self.owns(lying.owner or '')}/{short_name(waiting)}.{short_name(path)}"
        self.s3.put_object(Bucket=self.images, Key=note, Body=uuid4().bytes)

    def variant(self, path: str) -> bytes | None:
        """GET."""
        return S3Images(self.s3, self.images).file_at(path)

    def one_waiting(self, name: str) -> Manifest | None:
        """GET; one that was erased names no key."""
        published = S3Images(self.s3, self.images).published_at(f"{MANIFESTS}{name}.json")
        return published.manifest if published and published.manifest.key else None

    def waiting(self, key: str) -> list[Note]:
        """LIST. Notes of earlier releases name no address."""
        listing = self.s3.get_paginator("list_objects_v2")
        pages = listing.paginate(Bucket=self.images, Prefix=f"{WAITING}{short_name(key)}/")
        return [_note(one["Key"], one["ETag"]) for page in pages for one in page.get("Contents", [])]

    def remove_note(self, note: Note) -> None:
        """DELETE with If-Match."""
        with suppress(PreconditionFailed), on_condition():
            self.s3.delete_object(Bucket=self.images, Key=note.name, IfMatch=note.etag)

    def purges_of(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Of each folder by itself; none where copies are in a bucket that the CDN does not read."""
        if self.bucket != self.images:
            return ()
        every = sorted(paths)
        return tuple(
            purge
            for folder in self.folders
            for purge in purged_by((path for path in every if path.startswith(folder)), folder)
        )

    @property
    def _deployment(self) -> str:
        return short_name(self.images)[:_DEPLOYMENT_CHARACTERS]


def _note(path: str, etag: str) -> Note:
    waiting, *more = path.rpartition("/")[2].split(".")
    return Note(path, etag, waiting, "".join(more[:1]))
