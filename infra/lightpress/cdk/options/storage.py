"""Options of storage: what is kept where, for how long, and encrypted with which key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.option_types import choice, flag, integer, matching

if TYPE_CHECKING:
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
_OWN_KEY = rf"create|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:key/({_UUID}|mrk-[0-9a-f]{{32}})"


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
        doc="For how many days variants are kept that were replaced, for pages that still show them; then the weekly "
        'sweep removes them: docs/operations.md, "The weekly sweep". 0 keeps them until they are replaced once more, '
        "and there is no weekly sweep.",
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


_OF_THE_UPLOADS_BUCKET = (
    "noncurrent_version_days",
    "originals_storage",
    "originals_storage_days",
    "originals_expiration_days",
)


def check_own_uploads(table: Table) -> None:
    """Reject options of an uploads bucket that is somebody else's."""
    for key in _OF_THE_UPLOADS_BUCKET:
        if table.has(key):
            raise table.error(key, "belongs to the bucket of `uploads`, which is yours: set a lifecycle rule there")


def check_lifecycle(options: StorageOptions, table: Table) -> None:
    """Reject an expiration before the transition, which S3 would reject."""
    expires = options.originals_expiration_days
    if expires and options.originals_storage != STANDARD and expires <= options.originals_storage_days:
        raise table.error(
            "originals_expiration_days",
            f"{expires} is not more than originals_storage_days ({options.originals_storage_days}); "
            f'allowed: 0, more than that, or originals_storage = "standard"',
        )
