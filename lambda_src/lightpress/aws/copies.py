"""Copies of variants on S3, in the images bucket or one of the owner's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from lightpress.aws.errors import find_object, on_condition
from lightpress.aws.images import S3Images
from lightpress.pipeline.copy_pattern import COPY_MARK, WAITING, purged_by
from lightpress.pipeline.paths import MANIFESTS, short_name
from lightpress.pipeline.ports import Lies, Note

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
        """PUT an empty object: its name says all."""
        note = f"{short_name(waiting)}.{short_name(path)}.{lying.revision}"
        self.s3.put_object(Bucket=self.images, Key=f"{WAITING}{self.owns(lying.owner or '')}/{note}", Body=b"")

    def variant(self, path: str) -> bytes | None:
        """GET."""
        return S3Images(self.s3, self.images).file_at(path)

    def one_waiting(self, name: str) -> Manifest | None:
        """GET; one that was erased names no key."""
        published = S3Images(self.s3, self.images).published_at(f"{MANIFESTS}{name}.json")
        return published.manifest if published and published.manifest.key else None

    def waiting(self, key: str) -> list[Note]:
        """LIST. Notes of earlier releases name no address."""
        paths = S3Images(self.s3, self.images).paths(f"{WAITING}{short_name(key)}/")
        words = {path: path.rpartition("/")[2].split(".") for path in paths}
        return [Note(path, waiting, "".join(more[:1])) for path, (waiting, *more) in words.items()]

    def remove_notes(self, notes: Iterable[Note]) -> None:
        """DELETE those."""
        S3Images(self.s3, self.images).remove(note.name for note in notes)

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
