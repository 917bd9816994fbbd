"""Options of storage: what is kept where, for how long, and encrypted with which key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import prefix_of
from lightpress.cdk.options.option_types import choice, flag, integer, matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.toml_reader import Table

STANDARD = "standard"
INFREQUENT_ACCESS = "infrequent-access"
# The storage classes that objects can be moved to: option value -> S3's name. A new one needs a row here, and no more.
# All of them can be read at once; classes that need a restore first could not be processed again.
STORAGE_CLASSES = {
    INFREQUENT_ACCESS: "STANDARD_IA",
    "intelligent-tiering": "INTELLIGENT_TIERING",
    "glacier-instant-retrieval": "GLACIER_IR",
}
CREATE = "create"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY_ARN = rf"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:key/({_UUID}|mrk-[0-9a-f]{{32}})"
_OWN_KEY = f"create|{_KEY_ARN}"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"


@dataclass(frozen=True)
class StorageOptions:
    """What is kept where, for how long, and encrypted with which key."""

    removal: str = choice(
        "destroy",
        "retain",
        "destroy",
        doc="What happens to buckets, the failures table and logs when the stack is deleted. "
        '"destroy" deletes them, which works for empty buckets only.',
    )
    termination_protection: bool = flag(
        default=False, doc="Refuse to delete the stack until this is set to false again and deployed."
    )
    noncurrent_version_days: int = integer(
        30, low=1, high=3650, doc="How long the previous versions of overwritten and deleted originals are kept."
    )
    originals_storage: str = choice(
        STANDARD,
        STANDARD,
        *STORAGE_CLASSES,
        doc="S3 storage class that originals are moved to after `originals_storage_days`. They are read again only "
        "when a recipe changes.",
    )
    originals_storage_days: int = integer(
        30,
        low=30,
        high=3650,
        doc="Age at which originals are moved to `originals_storage`, in days; and those of recipes with "
        '`originals = "infrequent"`.',
    )
    originals_expiration_days: int = integer(
        0,
        low=0,
        high=36_500,
        doc="Age at which originals are deleted, in days, and their variants with them; 0 is never. Variants have no "
        "expiration of their own, because manifests would still list the deleted ones.",
    )
    variants_storage: str = choice(
        STANDARD,
        STANDARD,
        *STORAGE_CLASSES,
        doc="S3 storage class that variants are moved to after `variants_storage_days`. S3 moves only objects of 128 "
        "KB and more, and most classes charge for reading.",
    )
    variants_storage_days: int = integer(
        30, low=30, high=3650, doc="Age at which variants are moved to `variants_storage`, in days."
    )
    previous_days: int = integer(
        30,
        low=0,
        high=3650,
        doc="For how many days the last variants that were replaced are kept, for pages that still show them; then the "
        'weekly sweep removes them: docs/operations.md, "The weekly sweep". 0 keeps them until they are replaced once '
        "more, and there is no weekly sweep.",
    )
    encryption_key: str = matching(
        _OWN_KEY,
        such_as='create" or "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
        doc='KMS key for buckets, queues, the failures table, the alarm topic and logs. "create" creates one, an ARN '
        "names one of yours in the stack's region, whose key policy must allow what docs/encryption.md lists. "
        '"" uses keys owned by AWS.',
    )
    bucket_namespace: str = choice(
        "account-regional",
        "account-regional",
        "global",
        doc='Namespace of the bucket names. No other account can take "account-regional" ones; some regions support '
        'only "global" ones. Changing it would replace the buckets: '
        "docs/deploying.md.",
    )
    replica_bucket: str = matching(
        _BUCKET,
        such_as="my-originals-elsewhere",
        doc="A bucket of yours in another region, which keeps versions, that S3 replicates each new original to, with "
        'its deletion: docs/operations.md, "A region is gone". "" replicates nothing.',
    )
    replica_key: str = matching(
        _KEY_ARN,
        such_as="arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        doc="KMS key, in the region of `replica_bucket`, that encrypts replicas; needed with `encryption_key`.",
    )
    replica_storage: str = choice(
        STANDARD,
        STANDARD,
        *STORAGE_CLASSES,
        doc="S3 storage class of replicas. They are read when they are needed, and most classes charge for that.",
    )
    replica_time_control: bool = flag(
        default=False,
        doc="S3 Replication Time Control: AWS promises that 99.9 % of originals are replicated within 15 minutes, for "
        "$0.015 a GB. Without, most are, and nothing is promised.",
    )


_OF_THE_UPLOADS_BUCKET = (
    "noncurrent_version_days",
    "originals_storage",
    "originals_storage_days",
    "originals_expiration_days",
    "replica_bucket",
)


def check_own_uploads(table: Table) -> None:
    """Reject options of an uploads bucket that is somebody else's."""
    for key in _OF_THE_UPLOADS_BUCKET:
        if table.has(key):
            raise table.error(key, "belongs to the bucket of `uploads`, which is yours: set a lifecycle rule there")


def check_replica(options: StorageOptions, taken: Sequence[str], environment: str, table: Table) -> None:
    """Reject a replica that S3 would refuse, or whose objects would be published here; taken: buckets with others."""
    bucket = options.replica_bucket
    if not bucket:
        for key in ("replica_key", "replica_storage", "replica_time_control"):
            if table.has(key):
                raise table.error(key, "there is no replica; allowed: with replica_bucket")
        return
    own = prefix_of(environment)
    if bucket.startswith(f"{own}-") and not bucket.startswith(f"{own}-uploads-"):
        raise table.error("replica_bucket", f"{bucket!r} is named like one of the stack's own buckets")
    if bucket in taken:
        raise table.error("replica_bucket", f"{bucket!r} is in use by another option, and replicas would be published")
    if bool(options.encryption_key) != bool(options.replica_key):
        raise table.error(
            "replica_key",
            "it is missing, and S3 needs a key for replicas of what a key encrypts"
            if options.encryption_key
            else "originals are not encrypted with a key of yours; allowed: with encryption_key, or the default "
            "encryption of replica_bucket",
        )


def check_lifecycle(options: StorageOptions, table: Table) -> None:
    """Reject an expiration before the transition, which S3 would reject."""
    expires = options.originals_expiration_days
    if expires and options.originals_storage != STANDARD and expires <= options.originals_storage_days:
        raise table.error(
            "originals_expiration_days",
            f"{expires} is not more than originals_storage_days ({options.originals_storage_days}); "
            f'allowed: 0, more than that, or originals_storage = "standard"',
        )
