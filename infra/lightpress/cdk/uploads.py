"""Uploads: where originals land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Annotations, Duration
from aws_cdk import aws_s3 as s3

from lightpress.cdk.buckets import PrivateBucket, moved
from lightpress.cdk.component import Component
from lightpress.cdk.options.storage import INFREQUENT_ACCESS, STANDARD
from lightpress.cdk.replication import Replication
from lightpress.pipeline.recipe import DROP, INFREQUENT
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lightpress.cdk.config import Config
    from lightpress.cdk.functions import PythonFunction
    from lightpress.pipeline.recipe import RecipeBook


class Uploads(Component):
    """Keeps originals, in a bucket of our own or in `given`.

    Our own is versioned: an overwritten original can be brought back, and a version id tells contents apart.

    Attributes:
        bucket: The bucket.
        replication: What copies them to another region; None where nothing does.
    """

    def __init__(
        self, scope: Construct, id_: str, *, config: Config, recipes: RecipeBook, given: s3.IBucket | None = None
    ) -> None:
        super().__init__(scope, id_)
        _check_originals(recipes, config, given)
        self.bucket: s3.IBucket = given or _own(self, config, recipes)
        self.replication: Replication | None = None
        if config.storage.replica_bucket and isinstance(self.bucket, PrivateBucket):
            self.replication = Replication(self, "Replication", bucket=self.bucket, config=config)
            _tell_of_the_replica(self, config)
        if given is not None and recipes.drops_originals:
            Annotations.of(self).add_info_v2(
                "lightpress:originals",
                f'A recipe has originals = "{DROP}": they leave the bucket of `uploads` only if it keeps versions.',
            )
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


def drop_originals(*functions: PythonFunction, uploads: s3.IBucket) -> None:
    """Let functions remove versions of originals, one by one."""
    for function in functions:
        function.allow("s3:DeleteObjectVersion", on=uploads.arn_for_objects("*"))


def _tell_of_the_replica(scope: Construct, config: Config) -> None:
    """S3 does not replicate what lifecycle rules do."""
    if config.storage.originals_expiration_days:
        Annotations.of(scope).add_info_v2(
            "lightpress:replica",
            f"Originals expire here, and their replicas do not: set the same rule on {config.storage.replica_bucket}.",
        )


def _check_originals(recipes: RecipeBook, config: Config, given: s3.IBucket | None) -> None:
    """Refuse what contradicts what recipes say of originals; raises ConfigError."""
    storage = config.storage
    if recipes.drops_originals and storage.originals_expiration_days:
        raise ConfigError(
            f'originals_expiration_days: {storage.originals_expiration_days}, and a recipe has originals = "{DROP}": '
            "what has left never expires, so its variants would stay. Remove one of the two"
        )
    if recipes.drops_originals and storage.replica_bucket:
        raise ConfigError(
            f'replica_bucket: "{storage.replica_bucket}", and a recipe has originals = "{DROP}": S3 replicates no '
            "removal of a version, so what leaves would stay there. Remove one of the two"
        )
    if not recipes.infrequent:
        return
    if 0 < storage.originals_expiration_days <= storage.originals_storage_days:
        raise ConfigError(
            f"originals_expiration_days: {storage.originals_expiration_days} is not more than originals_storage_days "
            f'({storage.originals_storage_days}), and a recipe has originals = "{INFREQUENT}"; allowed: 0, or more '
            "than that"
        )
    if given is not None:
        raise ConfigError(
            f'originals: "{INFREQUENT}", and the bucket of `uploads` is yours: remove it, and set a rule there'
        )
    if storage.originals_storage != STANDARD:
        raise ConfigError(
            f'originals_storage: "{storage.originals_storage}" moves all originals, and a recipe has originals = '
            f'"{INFREQUENT}". Remove one of the two'
        )


def _own(scope: Construct, config: Config, recipes: RecipeBook) -> PrivateBucket:
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
            *(
                rule
                for prefix in recipes.infrequent
                for rule in moved(INFREQUENT_ACCESS, config.storage.originals_storage_days, prefix or None)
            ),
            *_expiring(config.storage.originals_expiration_days),
        ],
    )


def _expiring(days: int) -> list[s3.LifecycleRule]:
    """Expire originals. S3 notifies of it as of any deletion, so their variants are deleted, too."""
    return [s3.LifecycleRule(expiration=Duration.days(days))] if days else []
