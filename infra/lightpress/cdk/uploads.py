"""Uploads: where originals land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Annotations, Duration
from aws_cdk import aws_s3 as s3

from lightpress.cdk.buckets import PrivateBucket, moved
from lightpress.cdk.component import Component

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction


class Uploads(Component):
    """Keeps originals, in a bucket of our own or in `given`.

    Our own is versioned: an overwritten original can be brought back, and a version id tells contents apart.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, given: s3.IBucket | None = None) -> None:
        super().__init__(scope, id_)
        self.bucket: s3.IBucket = given or _own(self, config)
        self.outputs = {"UploadsBucketName": self.bucket.bucket_name}

    def accept_from(self, *origins: str) -> None:
        """Let pages of these sites upload by form (POST) or script (PUT), and read the ETag of what they uploaded."""
        if not isinstance(self.bucket, s3.Bucket):
            Annotations.of(self).add_warning_v2(
                "lightpress:cors",
                f"Pages of {', '.join(origins)} can upload once the bucket of `uploads`, which is not of this app, "
                "allows it: docs/construct.md has the CORS rule.",
            )
            return
        self.bucket.add_cors_rule(
            allowed_origins=list(origins),
            allowed_methods=[s3.HttpMethods.POST, s3.HttpMethods.PUT],
            allowed_headers=["*"],
            exposed_headers=["ETag"],
            max_age=3600,
        )

    def share_key(self, readers: Sequence[PythonFunction], writers: Sequence[PythonFunction]) -> None:
        """Let functions use the key of a given bucket: one that is our own has that of everything else."""
        key = None if isinstance(self.bucket, PrivateBucket) else self.bucket.encryption_key
        if key is None:
            return
        for function in readers:
            function.allow("kms:Decrypt", on=key.key_arn)
        for function in writers:
            function.allow("kms:Decrypt", "kms:GenerateDataKey", on=key.key_arn)


def _own(scope: Construct, config: Config) -> PrivateBucket:
    return PrivateBucket(
        scope,
        "Originals",
        holds="uploads",
        config=config,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                noncurrent_version_expiration=Duration.days(config.storage.noncurrent_version_days),
                # A deleted original whose versions have all expired leaves a marker, which slows listings down.
                expired_object_delete_marker=True,
            ),
            *moved(config.storage.originals_storage, config.storage.originals_storage_days),
            *_expiring(config.storage.originals_expiration_days),
        ],
    )


def _expiring(days: int) -> list[s3.LifecycleRule]:
    """Expire originals. S3 notifies of it as of any deletion, so their variants are deleted, too."""
    return [s3.LifecycleRule(expiration=Duration.days(days))] if days else []
