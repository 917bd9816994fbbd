"""An existing bucket on S3: everything an object was stored with stays, and what may not be touched is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.ledger import LEDGER, S3Ledger, ledger_path
from lightpress.aws.objects import SEAL, S3Objects
from lightpress.in_place.objects import Claim, CompressionMark, LedgerEntry, ObjectState, Obstacle, crc32_of
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.source import Source
from tests.aws.conftest import REGION

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEY = "a b/ü+%.jpg"
LARGE, SMALL = b"a large picture", b"small"
LOSSLESS = CompressionMark("0123456789ab", lossy=False)
STORED: dict[str, Any] = {
    "CacheControl": "max-age=60",
    "ContentDisposition": 'inline; filename="a.jpg"',
    "ContentLanguage": "de",
    "ContentType": "image/jpeg",
    "Expires": 1_900_000_000,
    "Metadata": {"owner": "somebody", "color": "blue=green"},
    "ServerSideEncryption": "aws:kms",
    "SSEKMSKeyId": f"arn:aws:kms:{REGION}:123456789012:key/some",
    "BucketKeyEnabled": True,
    "StorageClass": "STANDARD_IA",
    "WebsiteRedirectLocation": "/elsewhere",
}


@pytest.fixture
def s3(s3: S3Client) -> S3Client:
    """Buckets without access control lists, as all have been since 2023."""
    for bucket in ("plain", "uploads"):
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        )
    return s3


def look(s3: S3Client, bucket: str = "plain", *, acls: bool = False) -> ObjectState:
    state = existing(s3, bucket, acls=acls).head(Source(bucket, KEY))
    assert state is not None
    return state


def put(s3: S3Client, bucket: str = "plain", body: bytes = LARGE, **stored: Any) -> None:  # noqa: ANN401  as boto3 takes it
    s3.put_object(Bucket=bucket, Key=KEY, Body=body, **stored)


def replace(s3: S3Client, bucket: str = "plain", mark: CompressionMark = LOSSLESS, *, acls: bool = False) -> None:
    state = look(s3, bucket, acls=acls)
    existing(s3, bucket, acls=acls).replace(Source(bucket, KEY), state, SMALL, mark)


def existing(s3: S3Client, bucket: str, *, acls: bool) -> S3Objects:
    return S3Objects(s3, frozenset({bucket} if acls else ()))


def test_everything_that_an_object_was_stored_with_stays(s3: S3Client) -> None:
    put(s3, **STORED)
    before: dict[str, Any] = {**s3.head_object(Bucket="plain", Key=KEY)}
    replace(s3)
    after: dict[str, Any] = {**s3.head_object(Bucket="plain", Key=KEY)}
    assert s3.get_object(Bucket="plain", Key=KEY)["Body"].read() == SMALL
    for name in set(before) - {"ETag", "ContentLength", "LastModified", "ResponseMetadata", "Metadata"}:
        assert after.get(name) == before[name], name
    assert {name: value for name, value in after["Metadata"].items() if name != SEAL} == STORED["Metadata"]
    assert after["StorageClass"] == "STANDARD_IA"
    assert after["SSEKMSKeyId"] == STORED["SSEKMSKeyId"]


def test_tags_stay(s3: S3Client) -> None:
    put(s3, Tagging="team=web&note=a%20%2B%20b%3Dc")
    replace(s3)
    tags = s3.get_object_tagging(Bucket="plain", Key=KEY)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "web", "note": "a + b=c"}


def test_a_replaced_object_is_sealed_and_others_are_not(s3: S3Client) -> None:
    put(s3)
    assert look(s3).mark is None
    replace(s3, mark=CompressionMark("0123456789ab", lossy=True))
    assert look(s3).mark == CompressionMark("0123456789ab", lossy=True)


def test_a_seal_counts_only_on_the_bytes_that_it_was_written_for(s3: S3Client) -> None:
    put(s3)
    replace(s3)
    metadata = s3.head_object(Bucket="plain", Key=KEY)["Metadata"]
    put(s3, body=b"other", Metadata=metadata)  # as long as the sealed bytes
    assert look(s3).mark is None
    put(s3, body=SMALL, Metadata=metadata)
    assert look(s3).mark == LOSSLESS
    put(s3, body=SMALL, Metadata={SEAL: "0123456789ab lossless"})
    assert look(s3).mark is None


def test_of_a_copy_in_parts_the_seal_is_a_claim(s3: S3Client) -> None:
    """S3 keeps the metadata, and computes checksums of parts, or none."""
    put(s3)
    replace(s3)
    metadata = s3.head_object(Bucket="plain", Key=KEY)["Metadata"]
    upload = s3.create_multipart_upload(Bucket="plain", Key=KEY, Metadata=metadata)["UploadId"]
    part = s3.upload_part_copy(
        Bucket="plain", Key=KEY, UploadId=upload, PartNumber=1, CopySource={"Bucket": "plain", "Key": KEY}
    )
    s3.complete_multipart_upload(
        Bucket="plain",
        Key=KEY,
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]},
    )
    found = look(s3)
    assert (found.mark, found.claim) == (None, Claim(LOSSLESS, crc32_of(SMALL)))
    assert found.claim is not None
    assert found.claim.is_on(SMALL)
    assert not found.claim.is_on(b"other")
    put(s3, body=LARGE, Metadata=metadata)
    assert look(s3).claim is None, "it is not even as long"


def test_a_newer_upload_is_never_overwritten(s3: S3Client) -> None:
    put(s3)
    state = look(s3)
    put(s3, body=b"newer")
    with pytest.raises(PreconditionFailed):
        S3Objects(s3).replace(Source("plain", KEY), state, SMALL, LOSSLESS)
    with pytest.raises(PreconditionFailed):
        S3Objects(s3).read(Source("plain", KEY), state)
    assert s3.get_object(Bucket="plain", Key=KEY)["Body"].read() == b"newer"


def test_a_deleted_object_is_not_brought_back(s3: S3Client) -> None:
    put(s3)
    state = look(s3)
    s3.delete_object(Bucket="plain", Key=KEY)
    with pytest.raises(PreconditionFailed):
        S3Objects(s3).replace(Source("plain", KEY), state, SMALL, LOSSLESS)
    assert S3Objects(s3).head(Source("plain", KEY)) is None


def test_the_old_version_stays_where_versions_are_kept(s3: S3Client) -> None:
    put(s3, "uploads")
    version = look(s3, "uploads").version
    assert version
    replace(s3, "uploads")
    assert s3.get_object(Bucket="uploads", Key=KEY, VersionId=version)["Body"].read() == LARGE
    put(s3, "plain")
    assert look(s3, "plain").version is None


def test_a_change_of_metadata_alone_makes_another_thing_of_it(s3: S3Client) -> None:
    put(s3)
    before = look(s3)
    assert look(s3) == before
    put(s3, CacheControl="no-cache")
    after = look(s3)
    assert after.etag == before.etag
    assert after != before


@pytest.mark.parametrize(
    ("stored", "obstacle"),
    [
        ({"ContentEncoding": "gzip"}, Obstacle.ENCODED),
        ({"StorageClass": "GLACIER_IR"}, Obstacle.ARCHIVED),
        ({"StorageClass": "DEEP_ARCHIVE"}, Obstacle.ARCHIVED),
        ({"ChecksumAlgorithm": "SHA256"}, Obstacle.CHECKSUM),
        ({"ChecksumAlgorithm": "CRC32"}, None),
        ({"Metadata": {"title": "=?UTF-8?B?w7w=?="}}, Obstacle.METADATA),
        ({"Metadata": {"long": "x" * 1_995}}, Obstacle.METADATA),
        ({"Metadata": {"long": "x" * 1_900}}, None),
        ({"StorageClass": "STANDARD_IA"}, None),
    ],
)
def test_what_may_not_be_replaced_is_known_from_its_head(
    s3: S3Client, stored: dict[str, Any], obstacle: Obstacle | None
) -> None:
    put(s3, **stored)
    assert look(s3).obstacle is obstacle


@pytest.mark.parametrize(("date", "obstacle"), [("Wed, 21 Oct 2015 07:28:00 GMT", None), ("never", Obstacle.METADATA)])
def test_a_date_that_no_sdk_can_say_may_not_be_replaced_and_a_sound_one_may(
    s3: S3Client, date: str, obstacle: Obstacle | None
) -> None:
    def say(params: dict[str, Any], **_event: object) -> None:
        """As a program without an SDK can."""
        params["headers"]["Expires"] = date

    s3.meta.events.register("before-call.s3.PutObject", say)
    put(s3)
    s3.meta.events.unregister("before-call.s3.PutObject", say)
    assert s3.head_object(Bucket="plain", Key=KEY).get("ExpiresString") == date
    assert look(s3).obstacle is obstacle


@pytest.mark.parametrize(
    "lock",
    [
        {"ObjectLockLegalHoldStatus": "ON"},
        {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2099-01-01T00:00:00Z"},
    ],
)
def test_what_is_locked_may_not_be_replaced(s3: S3Client, lock: dict[str, Any]) -> None:
    s3.create_bucket(
        Bucket="locked",
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=True,
        ObjectOwnership="BucketOwnerEnforced",
    )
    put(s3, "locked", **lock)
    assert look(s3, "locked", acls=True).obstacle is Obstacle.LOCKED


def test_access_control_lists_are_carried_over_where_that_is_said(s3: S3Client) -> None:
    put(s3, "images")
    assert look(s3, "images").obstacle is Obstacle.ACL
    put(s3, "images", ACL="public-read")
    before = s3.get_object_acl(Bucket="images", Key=KEY)["Grants"]
    assert len(before) == 2
    replace(s3, "images", acls=True)
    after = s3.get_object_acl(Bucket="images", Key=KEY)["Grants"]
    assert sorted(map(str, after)) == sorted(map(str, before))


def test_a_missing_bucket_is_no_missing_object(s3: S3Client) -> None:
    with pytest.raises(s3.exceptions.ClientError):
        S3Objects(s3).head(Source("nobodys", KEY))


def test_the_ledger_keeps_the_last_entry_of_each_key(s3: S3Client) -> None:
    ledger, source = S3Ledger(s3, "images"), Source("plain", KEY)
    assert ledger.last_entry(source) is None
    ledger.record(source, LedgerEntry("etag", "digest", note="as small as it gets: ü"))
    entry = LedgerEntry("etag", "digest", 1, 100, 60, version="v1")
    ledger.record(source, entry)
    assert ledger.last_entry(source) == entry
    assert ledger.last_entry(Source("other", KEY)) is None
    assert ledger_path(source).startswith(LEDGER)


def test_an_object_tells_since_when_it_is_there(s3: S3Client) -> None:
    put(s3)
    assert look(s3).written == s3.head_object(Bucket="plain", Key=KEY)["LastModified"].timestamp()
