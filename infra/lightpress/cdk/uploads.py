"""Uploads: where originals land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from lightpress.cdk.buckets import PrivateBucket, moved
from lightpress.cdk.component import Component

if TYPE_CHECKING:
    from constructs import Construct

    from lightpress.cdk.config import Config


class Uploads(Component):
    """Keeps originals. Versioned: an overwritten one can be brought back, and a version id tells contents apart."""

    def __init__(self, scope: Construct, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_)
        self.bucket = PrivateBucket(
            self,
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
        self.outputs = {"UploadsBucketName": self.bucket.bucket_name}

    def accept_from(self, *origins: str) -> None:
        """Let pages of these sites upload by form (POST) or script (PUT), and read the ETag of what they uploaded."""
        self.bucket.add_cors_rule(
            allowed_origins=list(origins),
            allowed_methods=[s3.HttpMethods.POST, s3.HttpMethods.PUT],
            allowed_headers=["*"],
            exposed_headers=["ETag"],
            max_age=3600,
        )


def _expiring(days: int) -> list[s3.LifecycleRule]:
    """Expire originals. S3 notifies of it as of any deletion, so their variants are deleted, too."""
    return [s3.LifecycleRule(expiration=Duration.days(days))] if days else []
