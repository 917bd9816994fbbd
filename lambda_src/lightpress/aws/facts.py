"""What enrichers say, in the images bucket: one object for each of them and each version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.aws.images import S3Images
from lightpress.pipeline.facts import fact_from_json
from lightpress.pipeline.paths import fact_path

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from lightpress.pipeline.facts import Fact


@dataclass(frozen=True, slots=True)
class S3Facts:
    """Facts are read one by one: a recipe asks few enrichers."""

    s3: S3Client
    bucket: str

    def of(self, key: str, identity: str, enrichers: tuple[str, ...]) -> tuple[Fact, ...]:
        """GET each enricher's answer."""
        images = S3Images(self.s3, self.bucket)
        found = (images.file_at(fact_path(key, identity, enricher)) for enricher in enrichers)
        return tuple(fact_from_json(body) for body in found if body is not None)

    def keep(self, key: str, identity: str, fact: Fact) -> None:
        """PUT an answer in place of the enricher's last one."""
        self.s3.put_object(
            Bucket=self.bucket,
            Key=fact_path(key, identity, fact.enricher),
            Body=fact.to_json(),
            ContentType="application/json",
            CacheControl="no-store",
        )
