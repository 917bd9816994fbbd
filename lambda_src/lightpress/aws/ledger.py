"""The ledger on S3: small objects in the images bucket, beside the manifests, which no viewer can ask for."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.aws.errors import is_gone
from lightpress.in_place.objects import LedgerEntry
from lightpress.pipeline.paths import manifest_path

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.pipeline.source import Source

LEDGER = "c/"


@dataclass(frozen=True, slots=True)
class S3Ledger:
    """Keeps the last entry on each key, for people to read, too."""

    s3: S3Client
    bucket: str

    def last_entry(self, source: Source) -> LedgerEntry | None:
        """GET the last entry on a source; None if there is none."""
        try:
            response = self.s3.get_object(Bucket=self.bucket, Key=ledger_path(source))
        except ClientError as error:
            if is_gone(error):
                return None
            raise
        with response["Body"] as body:
            values = json.loads(body.read())
        return LedgerEntry(**{row.name: values[row.name] for row in fields(LedgerEntry) if row.name in values})

    def record(self, source: Source, entry: LedgerEntry) -> None:
        """PUT the entry in place of the last one."""
        values = {"bucket": source.bucket, "key": source.key} | asdict(entry)
        self.s3.put_object(
            Bucket=self.bucket,
            Key=ledger_path(source),
            Body=json.dumps(values, ensure_ascii=False).encode(),
            ContentType="application/json",
            CacheControl="no-store",
        )


def ledger_path(source: Source) -> str:
    """Where the entry on a source lies. No bucket's name has a slash, so no two sources share one."""
    return LEDGER + manifest_path(f"{source.bucket}/{source.key}").rpartition("/")[2]
