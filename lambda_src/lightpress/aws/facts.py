"""What enrichers say, in the images bucket: one object for each of them and each version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.aws.errors import on_condition
from lightpress.aws.images import S3Images
from lightpress.pipeline.facts import FACTS, fact_from_json, said_at_of
from lightpress.pipeline.paths import fact_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from lightpress.pipeline.facts import Fact


@dataclass(frozen=True, slots=True)
class S3Facts:
    """Facts are read one by one: a recipe asks few enrichers."""

    s3: S3Client
    bucket: str

    def of(self, key: str, identity: str, enrichers: tuple[str, ...]) -> tuple[Fact, ...]:
        """GET each enricher's answer."""
        found = (self._images.file_at(fact_path(key, identity, enricher)) for enricher in enrichers)
        return tuple(fact_from_json(body) for body in found if body is not None)

    def paths(self) -> Iterator[str]:
        """ListObjectsV2: where the answers about all pictures lie."""
        return self._images.paths(FACTS)

    def take_out(self, path: str, leaves: Callable[[str], bool]) -> int:
        """Take the keys that leave out of an answer; returns how many it named.

        Raises PreconditionFailed where the enricher has said something else meanwhile.
        """
        found = self._images.found_at(path)
        if found is None:
            return 0
        fact = fact_from_json(found.data)
        left = fact.without(leaves)
        if left is not fact:
            with on_condition():
                self._put(path, left, said_at_of(found.data), IfMatch=found.etag)
        return len(fact.looks_like) - len(left.looks_like)

    def keep(self, key: str, identity: str, fact: Fact, said_at: int) -> None:
        """GET, and PUT with If-Match, or If-None-Match where the enricher has not said anything yet."""
        path = fact_path(key, identity, fact.enricher)
        found = self._images.found_at(path)
        if found is not None and (said_at_of(found.data) or round(found.modified * 1000)) > said_at:
            return
        with on_condition():
            self._put(path, fact, said_at, **({"IfMatch": found.etag} if found else {"IfNoneMatch": "*"}))

    @property
    def _images(self) -> S3Images:
        return S3Images(self.s3, self.bucket)

    def _put(self, path: str, fact: Fact, said_at: int, **condition: Any) -> None:  # noqa: ANN401  as boto3 takes it
        self.s3.put_object(
            Bucket=self.bucket,
            Key=path,
            Body=fact.to_json(said_at),
            ContentType="application/json",
            CacheControl="no-store",
            **condition,
        )
