"""The items of a backfill: from a listing of the bucket, or from a report of S3 Inventory."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus, urlsplit

from lightpress.cli.backfill import BackfillError, Item
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectTypeDef

    from lightpress.pipeline.buckets import Selection

_FORMAT, STANDARD = "CSV", "STANDARD"
_NOT_CURRENT = "false"
_MARKER = "true"


class BadInventoryError(BackfillError):
    """The report cannot be read; the message says why."""


def listed(s3: S3Client, pictures: Selection, since: datetime | None, after: str) -> Iterator[Item]:
    """List the objects of a bucket in the order of their keys; the place of an item is its key.

    Args:
        s3: The client.
        pictures: The bucket, and which of its keys are wanted.
        since: Leaves out objects that were last modified before it; None leaves out none.
        after: The place to continue from; "" for the beginning.
    """
    for page in pages_of(s3, pictures, after):
        yield from items_of(page, pictures, since)


def pages_of(s3: S3Client, pictures: Selection, after: str) -> Iterator[Sequence[ObjectTypeDef]]:
    """What S3 lists below the prefix, a thousand at a time, wanted or not; see `listed`."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=pictures.bucket, Prefix=pictures.prefix, StartAfter=after
    )
    return (page.get("Contents", []) for page in pages)


def items_of(page: Sequence[ObjectTypeDef], pictures: Selection, since: datetime | None) -> Iterator[Item]:
    """The wanted ones of a page; see `listed`."""
    for found in page:
        if _is_wanted(found["Key"], pictures) and (since is None or found["LastModified"] >= since):
            yield Item(found["Key"], found["Size"], found["Key"], found.get("StorageClass", STANDARD))


def inventoried(s3: S3Client, url: str, pictures: Selection, since: datetime | None, after: str) -> Iterator[Item]:
    """Read the objects of a bucket from an S3 Inventory report; the place of an item is "FILE:ROW", numbers from 0.

    Args:
        s3: The client.
        url: Of the report's manifest.json, as s3://BUCKET/KEY.
        pictures: The bucket, and which of its keys are wanted.
        since: Leaves out objects that were last modified before it; None leaves out none.
        after: The place to continue from; "" for the beginning.

    Raises:
        BadInventoryError: The report is of another bucket or format, or without a needed column.
    """
    where = urlsplit(url)
    if where.scheme != "s3" or not where.path.endswith("manifest.json"):
        raise BadInventoryError(f"{url} is not a report; allowed: a URL such as s3://BUCKET/.../manifest.json")
    manifest = json.loads(_body(s3, where.netloc, where.path.lstrip("/")))
    _check(manifest, url, pictures)
    columns = [column.strip() for column in manifest["fileSchema"].split(",")]
    first_file, _, first_row = after.partition(":")
    bucket = manifest["destinationBucket"].rpartition(":")[2]
    for number, file in enumerate(manifest["files"]):
        if after and number < int(first_file):
            continue
        for row, values in enumerate(_rows(s3, bucket, file["key"])):
            if after and number == int(first_file) and row <= int(first_row):
                continue
            item = _item(dict(zip(columns, values, strict=True)), f"{number}:{row}", pictures, since)
            if item is not None:
                yield item


def _check(manifest: dict[str, str], url: str, pictures: Selection) -> None:
    if manifest.get("fileFormat") != _FORMAT:
        raise BadInventoryError(
            f"{url} is of the format {manifest.get('fileFormat')}; only CSV can be read. "
            "Have a report made as CSV, or leave out --inventory: listing costs $0.005 for each million objects"
        )
    if manifest.get("sourceBucket") != pictures.bucket:
        raise BadInventoryError(f"{url} is about {manifest.get('sourceBucket')}, not {pictures.bucket}")
    missing = {"Key", "Size"} - {column.strip() for column in manifest.get("fileSchema", "").split(",")}
    if missing:
        raise BadInventoryError(f"{url} lacks the column {', '.join(sorted(missing))}")


def _item(row: dict[str, str], place: str, pictures: Selection, since: datetime | None) -> Item | None:
    """The item of a row, or None where it is not wanted or not current. Keys are URL-encoded, with + for a space."""
    if row.get("IsLatest") == _NOT_CURRENT or row.get("IsDeleteMarker") == _MARKER:
        return None
    key, written = unquote_plus(row["Key"]), row.get("LastModifiedDate")
    if not _is_wanted(key, pictures) or (since is not None and written and _time(written) < since):
        return None
    return Item(key, int(row["Size"] or 0), place, row.get("StorageClass") or STANDARD)


def _is_wanted(key: str, pictures: Selection) -> bool:
    return not key.endswith("/") and pictures.takes(Source(pictures.bucket, key))


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _rows(s3: S3Client, bucket: str, key: str) -> Iterator[list[str]]:
    """The rows of a file, which may have millions, one by one.

    It comes to this machine's disk first: a backfill reads it for hours, and S3 would close the connection meanwhile.
    """
    with TemporaryFile() as file:
        with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            copyfileobj(body, file)
        file.seek(0)
        with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
            yield from csv.reader(text)


def _body(s3: S3Client, bucket: str, key: str) -> bytes:
    with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
        return body.read()
