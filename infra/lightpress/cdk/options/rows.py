"""The tables `attach` and `in_place` as arguments, for type checkers: docs/existing-buckets.md explains each key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Required, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_s3 as s3


class _ExistingBucket(TypedDict, total=False):
    """What both have. `bucket` is a name or a bucket of CDK, which is then told to announce its changes."""

    bucket: Required[str | s3.IBucket]
    prefix: str
    suffixes: Sequence[str]
    kms_key: str


class AttachedBucket(_ExistingBucket, total=False):
    """A bucket whose originals are published."""

    publish_under: str


class CompressedBucket(_ExistingBucket, total=False):
    """A bucket whose originals are compressed in place."""

    mode: Literal["lossless", "lossy"]
    metadata: str
    quality: Mapping[str, int]
    max_mb: int
    max_width: int
    max_height: int
    credentials: str
    min_saving_percent: int
    acls: bool
