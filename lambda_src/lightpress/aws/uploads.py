"""Permissions to upload, signed in the name of the function: each is for one key and a short while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lightpress.aws.errors import is_gone
from lightpress.uploads.requests import Refused

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.uploads.requests import Part, UploadRequest

VALID_SECONDS = 900


@dataclass(frozen=True, slots=True)
class S3Uploads:
    """Signs uploads into the uploads bucket, and completes multipart uploads."""

    s3: S3Client
    bucket: str

    def form(self, key: str, file: UploadRequest) -> dict[str, Any]:
        """A form (`url` and `fields`) for exactly this key, size, type and checksum; S3 refuses any other."""
        fields = {"Content-Type": file.media_type}
        fields |= {f"x-amz-meta-{name}": value for name, value in file.metadata.items()}
        if file.checksum:
            fields |= {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": file.checksum}
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        conditions.append(["content-length-range", file.size, file.size])
        return self.s3.generate_presigned_post(
            Bucket=self.bucket, Key=key, Fields=fields, Conditions=conditions, ExpiresIn=VALID_SECONDS
        )

    def begin(self, key: str, file: UploadRequest) -> str:
        """Begin a large upload; returns its id."""
        begun = self.s3.create_multipart_upload(
            Bucket=self.bucket, Key=key, ContentType=file.media_type, Metadata=file.metadata
        )
        return begun["UploadId"]

    def part_url(self, key: str, upload_id: str, number: int, size: int) -> str:
        """Where to PUT a part of exactly so many bytes."""
        return self.s3.generate_presigned_url(
            "upload_part",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "UploadId": upload_id,
                "PartNumber": number,
                "ContentLength": size,
            },
            ExpiresIn=VALID_SECONDS,
        )

    def parts(self, key: str, upload_id: str) -> list[dict[str, Any]] | None:
        """The parts that have arrived; None if they are one file by now."""
        try:
            pages = list(self.s3.get_paginator("list_parts").paginate(Bucket=self.bucket, Key=key, UploadId=upload_id))
        except ClientError as error:
            self._check_completed(key, error)
            return None
        return [
            {"part_number": part["PartNumber"], "size": part["Size"], "etag": part["ETag"]}
            for page in pages
            for part in page.get("Parts", [])
        ]

    def complete(self, key: str, upload_id: str, parts: tuple[Part, ...], max_bytes: int) -> None:
        """Make one file of the parts, unless they are too much together; succeeds if that is done already.

        Only of those that are there when their sizes are added up: S3 refuses an ETag that another upload of the same
        part has replaced since, and one that comes later is none of them.
        """
        there = self.parts(key, upload_id)
        if there is None:
            return
        arrived = {(part["part_number"], part["etag"].strip('"')): part["size"] for part in there}
        sizes = [arrived.get((part.number, part.etag.strip('"'))) for part in parts]
        if None in sizes:
            raise Refused(409, "parts_do_not_match", "The parts are not those that have arrived.")
        size = sum(filter(None, sizes))
        if size > max_bytes:
            self.abort(key, upload_id)
            raise Refused(413, "too_large", f"The parts have {size} bytes; at most {max_bytes} are accepted.")
        try:
            self.s3.complete_multipart_upload(
                Bucket=self.bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"InvalidPart", "InvalidPartOrder", "EntityTooSmall"}:
                raise Refused(409, "parts_do_not_match", "The parts are not those that have arrived.") from error
            self._check_completed(key, error)

    def _check_completed(self, key: str, error: ClientError) -> None:
        """Raise what S3 has answered, unless it knows no such upload because that is completed.

        S3 forgets an upload once it is completed, and the answer to that may have been lost on its way: to the
        caller, or to botocore, which then asks again. A key is random and of one upload, so what is there is what
        came of it. It is listed, because a HEAD would need the right to read originals.
        """
        if not is_gone(error):
            raise error
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)  # the key itself is the first
        if not any(one["Key"] == key for one in found.get("Contents", [])):
            raise Refused(404, "not_found", "There is no such upload.") from error

    def abort(self, key: str, upload_id: str) -> None:
        """Give a large upload up; one that is gone is fine."""
        try:
            self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if not is_gone(error):
                raise

    def delete(self, key: str) -> None:
        """Delete an original; the pipeline does the rest, and old versions can be brought back for a while."""
        self.s3.delete_object(Bucket=self.bucket, Key=key)
