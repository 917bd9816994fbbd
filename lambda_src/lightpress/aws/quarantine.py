"""The quarantine bucket on S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.aws.errors import on_condition
from lightpress.aws.unreadable import is_refusal, why_closed
from lightpress.pipeline.failures import fingerprint
from lightpress.pipeline.ports import Unreadable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.pipeline.source import Original, Source

PICTURES = "pictures/"
MESSAGES = "messages/"
_LARGEST_COPY = 5 << 30  # one request of S3 copies no more; cutting it up takes longer than a function may run


def copies_folder(source: Source) -> str:
    """The folder, in the quarantine bucket, of all copies of what a key held."""
    return f"{PICTURES}{fingerprint(f'{source.bucket}/{source.key}')}/"


@dataclass(frozen=True, slots=True)
class S3Quarantine:
    """Keeps copies of what failed, each under a key of its own, which says nothing of the original's.

    No two rows of the failures table ever name the same copy: whoever has deleted or replaced one may delete its copy,
    whatever is being recorded meanwhile.
    """

    s3: S3Client
    bucket: str

    def keep(self, source: Source, original: Original, name: str) -> str | None:
        """COPY with If-Match on the source: never the bytes of another upload. Nothing of it passes through here."""
        if original.size > _LARGEST_COPY:
            return None
        path = f"{copies_folder(source)}{fingerprint(f'{original.identity} {name}')}"
        try:
            with on_condition():
                self._copy(source, original, path)
        except ClientError as error:
            # Reading may be refused as well as writing, in the same words; archives have their own words for copies.
            if is_refusal(error) and (closed := why_closed(self.s3, source, original.etag)):
                raise Unreadable(closed) from error
            raise
        return path

    def _copy(self, source: Source, original: Original, path: str) -> None:
        self.s3.copy_object(
            Bucket=self.bucket,
            Key=path,
            CopySource={"Bucket": source.bucket, "Key": source.key},
            CopySourceIfMatch=original.etag,
            TaggingDirective="REPLACE",  # by nothing: to copy tags takes grants on both sides
        )

    def remove(self, path: str) -> None:
        """DELETE a copy."""
        self.s3.delete_object(Bucket=self.bucket, Key=path)

    def keep_message(self, message_id: str, part: str, name: str) -> str:
        """PUT the text; returns the key."""
        path = f"{MESSAGES}{fingerprint(message_id)}/{fingerprint(f'{part} {name}')}"
        body = part.encode(errors="surrogatepass")
        self.s3.put_object(Bucket=self.bucket, Key=path, Body=body, ContentType="text/plain; charset=utf-8")
        return path
