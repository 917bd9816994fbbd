"""The tables `attach`, `in_place` and `webhooks` as arguments, for type checkers.

docs/existing-buckets.md and docs/events.md explain each key.
"""

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
    malware_plan: bool


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


class Webhook(TypedDict, total=False):
    """A receiver of events.

    Attributes:
        url: Where they are sent, https.
        events: The kinds; by default, all.
        secret_arn: Of the secret that signs them, in Secrets Manager.
        kms_key: ARN of the key that encrypts the secret; by default, AWS's own.

    """

    url: Required[str]
    events: Sequence[str]
    secret_arn: Required[str]
    kms_key: str
