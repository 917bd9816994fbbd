"""The check of the key: what another one has encrypted, the functions could read no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.cli.doctor.check import Finding, Place, blocks, ok
from lightpress.client.stack import resources_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_CREATE = "create"
_NO_RULES = "ServerSideEncryptionConfigurationNotFoundError"


def key(place: Place) -> Finding:
    """The key that encrypts the images bucket is the one that `encryption_key` says, or none was in use."""
    chosen = place.config.storage.encryption_key
    if not place.is_deployed:
        return ok(chosen or "those of AWS")
    used = _key_of(place, place.outputs["ImagesBucketName"])
    if not used:
        return ok(f"{chosen}; what is stored is readable without" if chosen else "those of AWS")
    if used == chosen or (chosen == _CREATE and _id(used) in set(_made(place))):
        return ok(used)
    return blocks(
        f'encryption_key is "{chosen}", and what is stored is encrypted with {used}, which the functions could use no '
        'more: set encryption_key back, or see "Changing it later" in docs/encryption.md.'
    )


def _key_of(place: Place, bucket: str) -> str:
    """The ARN of the key by which a bucket encrypts; "" for those of AWS."""
    try:
        found = place.client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != _NO_RULES:
            raise
        return ""
    return str(found[0].get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", ""))


def _made(place: Place) -> Iterator[str]:
    """The ids of the keys that the stack has made."""
    made = resources_of(place.stack, place.client("cloudformation"))
    return (one["PhysicalResourceId"] for one in made if one["ResourceType"] == "AWS::KMS::Key")


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
