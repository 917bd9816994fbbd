"""The uploads bucket on S3, where fetched pictures land."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from lightpress.aws.errors import head_object, is_gone, on_condition
from lightpress.ingest.download import Validators
from lightpress.ingest.ports import StoredUpload

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.ingest.download import Downloaded
    from lightpress.ingest.urls import SourceUrl

SOURCE, SHA256, ETAG, MODIFIED = "source-url", "source-sha256", "source-etag", "source-modified"
GIVEN_BY = "source-redirect"
_LONGEST_SOURCE = 1_024  # all metadata of an object together: 2 KB


@dataclass(frozen=True, slots=True)
class S3UploadStore:
    """Looks at keys of the uploads bucket, and writes them; it reads no picture, and removes none."""

    s3: S3Client
    bucket: str

    def head(self, key: str) -> StoredUpload | None:
        """HEAD: what was written beside the bytes."""
        try:
            head = head_object(self.s3, self.bucket, key)
        except ClientError as error:
            if is_gone(error):  # or the bucket is: the PUT, which follows in any case, finds out
                return None
            raise
        said = head["Metadata"]
        validators = Validators(said.get(ETAG), said.get(MODIFIED), said.get(GIVEN_BY))
        return StoredUpload(head["ETag"], said.get(SHA256), validators)

    def put(self, key: str, picture: Downloaded, sha256: str, link: SourceUrl, replacing: StoredUpload | None) -> None:
        """PUT with If-Match, or If-None-Match where there was nothing."""
        metadata = {
            SOURCE: link.shown[:_LONGEST_SOURCE],
            SHA256: sha256,
            ETAG: picture.validators.etag,
            MODIFIED: picture.validators.last_modified,
            GIVEN_BY: picture.validators.given_by,
        }
        condition: dict[str, Any] = {"IfMatch": replacing.etag} if replacing else {"IfNoneMatch": "*"}
        with on_condition():
            self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=cast("bytes", picture.data),  # botocore takes it as it is; a copy would double the memory
                ContentType=picture.media_type,
                Metadata={name: value for name, value in metadata.items() if value},
                **condition,
            )
