"""The check of the bucket that originals are replicated to: where it is not as it must be, S3 refuses the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lightpress.cli.doctor.check import Finding, blocks, note, ok

if TYPE_CHECKING:
    from lightpress.cli.doctor.check import Place

_NOT_THERE, _FORBIDDEN = "404", "403"


def replica(place: Place) -> Finding:
    """It is there, keeps versions, and is in another region, where the key of its replicas is."""
    storage, bucket = place.config.storage, place.config.storage.replica_bucket
    if not bucket:
        return ok("not wanted")
    s3 = place.client("s3")
    try:
        region = s3.head_bucket(Bucket=bucket).get("BucketRegion", "")
    except ClientError as error:
        return _refused(bucket, error)
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        return blocks(
            f"{bucket} keeps no versions, and S3 replicates to no such bucket: aws s3api put-bucket-versioning "
            f"--bucket {bucket} --versioning-configuration Status=Enabled"
        )
    if region and storage.replica_key and storage.replica_key.split(":")[3] != region:
        return blocks(f"replica_key is not in {region}, where {bucket} is: name a key of that region.")
    if region == place.region:
        return note(f"{bucket} is in {region}, as the stack is: where that region is gone, both are.")
    return ok(f"{bucket} keeps versions{f', in {region}' if region else ''}")


def _refused(bucket: str, error: ClientError) -> Finding:
    code = error.response["Error"]["Code"]
    if code == _NOT_THERE:
        return blocks(
            f"{bucket} does not exist: aws s3 mb s3://{bucket} --region ANOTHER, and then aws s3api "
            f"put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
        )
    if code == _FORBIDDEN:
        return note(
            f"{bucket} may not be looked at: if it is of another account, its policy has to allow the role of the "
            "replication, and it has to keep versions."
        )
    raise error
