"""Keeping: how long, where and how encrypted everything is kept, and what outlives the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import Environment
from lightpress.cdk.options.kinds import choice, flag, integer, matching

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

_STORAGES = ("standard", "infrequent-access", "intelligent-tiering", "glacier-instant-retrieval")
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OWN_KEY = rf"create|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:key/({_UUID}|mrk-[0-9a-f]{{32}})"
CREATE = "create"


@dataclass(frozen=True)
class KeepingOptions(Environment):
    """What becomes of what is stored."""

    # What becomes of the buckets, with everything in them, when the stack is deleted. "destroy" needs empty buckets.
    removal: str = choice("destroy", "retain", "destroy")
    # Refuses to delete the stack until it is switched off.
    termination_protection: bool = flag(default=False)
    # Old versions of overwritten and deleted originals can be brought back for so long.
    noncurrent_version_days: int = integer(30, low=1, high=3650)

    # Where originals go when they are older than so many days. They are read again only when a recipe changes.
    originals_storage: str = choice("standard", *_STORAGES)
    originals_storage_days: int = integer(30, low=30, high=3650)
    # Originals are deleted so many days after their upload, and with them what was published of them; 0: never. There
    # is no such option for images alone: pages would point to what their pictures still promise.
    originals_expiration_days: int = integer(0, low=0, high=36_500)
    # Where images go when they are older than so many days. S3 moves only those of 128 KB and more, and reading costs.
    variants_storage: str = choice("standard", *_STORAGES)
    variants_storage_days: int = integer(30, low=30, high=3650)
    # Encrypts buckets, queues, the table, the topic and logs: "create" makes a key, an ARN names one of yours in the
    # stack's region, whose policy must say what docs/encryption.md says. "": keys that AWS keeps.
    encryption_key: str = matching(
        _OWN_KEY,
        such_as='create" or "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    )

    # "account-regional" buckets have names that nobody else can take. Some regions have only "global" ones.
    bucket_namespace: str = choice("account-regional", "account-regional", "global")


def check_lifecycle(options: KeepingOptions, table: Table) -> None:
    """S3 refuses to move what it would delete before."""
    expires = options.originals_expiration_days
    if expires and options.originals_storage != "standard" and expires <= options.originals_storage_days:
        raise table.error(
            "originals_expiration_days",
            f"{expires} is not more than originals_storage_days ({options.originals_storage_days}); "
            f'allowed: 0, more than that, or originals_storage = "standard"',
        )
