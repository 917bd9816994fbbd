"""What S3 answers about an upload, and what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lightpress.aws.originals import S3Originals, is_there
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.source import Original, Source
from tests.pipeline.keys import NASTY_KEYS

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

HERE = Source("uploads", "a.jpg")
PLAIN = Source("plain", "a.jpg")


def there(s3: S3Client, source: Source) -> Original:
    original = S3Originals(s3).head(source)
    assert original is not None
    return original


def test_with_versions_a_source_is_its_version(s3: S3Client) -> None:
    first = s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"same")
    assert there(s3, HERE) == Original(first["VersionId"], first["ETag"], 4)
    second = s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"same")
    assert there(s3, HERE).identity == second["VersionId"] != first["VersionId"]


def test_without_versions_a_source_is_its_etag(s3: S3Client) -> None:
    put = s3.put_object(Bucket="plain", Key="a.jpg", Body=b"one")
    assert there(s3, PLAIN) == Original(put["ETag"].strip('"'), put["ETag"], 3)
    s3.put_object(Bucket="plain", Key="a.jpg", Body=b"two")
    assert there(s3, PLAIN).identity != put["ETag"].strip('"')


def test_a_name_is_there_whatever_comes_before_and_after_it(s3: S3Client) -> None:
    for key in ("a.jpg", "b.jpg", "b.jpg2", "c.jpg2"):
        s3.put_object(Bucket="plain", Key=key, Body=b"one")
    assert [is_there(s3, "plain", key) for key in ("b.jpg", "b.jpg2", "c.jpg", "b")] == [True, True, False, False]


def test_without_versions_another_focus_is_another_source(s3: S3Client) -> None:
    identities = []
    for focus in ("0.4,0.2", "0.4,0.3", "0.5,0.2"):
        s3.put_object(Bucket="plain", Key="a.jpg", Body=b"same", Metadata={"focus": focus})
        identities.append(there(s3, PLAIN).identity)
    assert [identity.split()[1] for identity in identities] == ["focus=0.4,0.2", "focus=0.4,0.3", "focus=0.5,0.2"]


def test_where_versions_are_suspended_a_source_is_its_etag_too(s3: S3Client) -> None:
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Suspended"})
    identities = set()
    for body in (b"one", b"two"):
        s3.put_object(Bucket="uploads", Key="a.jpg", Body=body)
        identities.add(there(s3, HERE).identity)
    assert len(identities) == 2
    assert "null" not in identities


def test_a_key_that_was_never_there_is_gone(s3: S3Client) -> None:
    assert S3Originals(s3).head(HERE) is None


@pytest.mark.parametrize("source", [HERE, PLAIN], ids=["delete marker", "deleted"])
def test_a_deleted_key_is_gone(s3: S3Client, source: Source) -> None:
    s3.put_object(Bucket=source.bucket, Key=source.key, Body=b"one")
    s3.delete_object(Bucket=source.bucket, Key=source.key)
    assert S3Originals(s3).head(source) is None


def test_a_missing_bucket_is_a_fault_and_not_a_deletion(s3: S3Client) -> None:
    with pytest.raises(ClientError):
        S3Originals(s3).head(Source("no-such-bucket", "a.jpg"))


def test_it_is_one_even_though_s3_answers_as_if_the_key_were_missing(s3_client: S3Client) -> None:
    # A HEAD has no body, hence no NoSuchBucket: AWS answers 404 and nothing else to both. moto is more talkative.
    with Stubber(s3_client) as stub:
        stub.add_client_error("head_object", "404", "Not Found", 404)
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        with pytest.raises(ClientError):
            S3Originals(s3_client).head(HERE)
        stub.add_client_error("head_object", "404", "Not Found", 404)
        stub.add_response("head_bucket", {})
        assert S3Originals(s3_client).head(HERE) is None


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_any_other_answer_is_a_fault_and_not_a_deletion(s3_client: S3Client, status: int) -> None:
    with Stubber(s3_client) as stub:
        stub.add_client_error("head_object", str(status), "", status)
        if status in {400, 403}:  # which may be about the object, and is asked again with words
            stub.add_client_error("list_object_versions", "ExpiredToken", "The provided token has expired.", status)
        with pytest.raises(ClientError):
            S3Originals(s3_client).head(HERE)


def test_every_key_is_found_and_read(s3: S3Client) -> None:
    for key in NASTY_KEYS:
        s3.put_object(Bucket="uploads", Key=key, Body=key.encode())
    for key in NASTY_KEYS:
        source = Source("uploads", key)
        assert S3Originals(s3).read(source, there(s3, source)) == key.encode()


def test_exactly_the_bytes_that_head_saw_are_read(s3: S3Client) -> None:
    s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one")
    seen = there(s3, HERE)
    assert S3Originals(s3).read(HERE, seen) == b"one"
    s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"two")
    with pytest.raises(PreconditionFailed):
        S3Originals(s3).read(HERE, seen)


def test_what_is_deleted_before_it_is_read_has_changed(s3: S3Client) -> None:
    s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one")
    seen = there(s3, HERE)
    s3.delete_object(Bucket="uploads", Key="a.jpg")
    with pytest.raises(PreconditionFailed):
        S3Originals(s3).read(HERE, seen)


def test_reading_from_a_missing_bucket_is_a_fault(s3: S3Client) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Originals(s3).read(Source("no-such-bucket", "a.jpg"), Original("v", '"e"', 1))


@pytest.mark.parametrize("status", [403, 500, 503])
def test_an_error_while_reading_is_a_fault(s3_client: S3Client, status: int) -> None:
    with Stubber(s3_client) as stub:
        stub.add_client_error("get_object", "Refused", "", status)
        with pytest.raises(ClientError):
            S3Originals(s3_client).read(HERE, Original("v", '"e"', 1))


def test_whether_a_version_is_there_is_told_also_of_an_older_one_and_of_one_that_may_not_be_looked_at(
    s3: S3Client,
) -> None:
    old, new = (s3.put_object(Bucket="uploads", Key="a.jpg", Body=body)["VersionId"] for body in (b"old", b"new"))
    originals = S3Originals(s3)
    assert [originals.identity_of(HERE, version) for version in (new, old, "never")] == [new, old, None]
    s3.delete_object(Bucket="uploads", Key="a.jpg")  # HEAD says 404, and the versions are there
    assert [originals.identity_of(HERE, version) for version in (new, "never")] == [new, None]
    with Stubber(s3) as stub:  # a bucket policy may deny HEAD of what is not scanned
        stub.add_client_error("head_object", "403", http_status_code=403)
        listed = {"Versions": [{"Key": "a.jpg", "VersionId": new, "ETag": "e"}]}
        stub.add_response("list_object_versions", listed, {"Bucket": "uploads", "Prefix": "a.jpg"})
        assert originals.identity_of(HERE, new) == new
        stub.add_client_error("head_object", "500", http_status_code=500)
        with pytest.raises(ClientError, match="500"):
            originals.identity_of(HERE, new)


def test_an_upload_with_a_focus_is_found_by_its_etag_alone_too(
    s3: S3Client,
) -> None:
    s3.put_object(Bucket="plain", Key="a.jpg", Body=b"one", Metadata={"focus": "0.4,0.2"})
    original = there(s3, PLAIN)
    originals = S3Originals(s3)
    assert originals.identity_of(PLAIN, original.etag.strip('"')) == original.identity
    assert originals.identity_of(PLAIN, original.identity) == original.identity
    assert originals.identity_of(PLAIN, "0" * 32) is None


def test_a_version_is_there_until_it_is_removed_and_one_of_a_longer_key_is_another(s3: S3Client) -> None:
    first, second, of_another = (
        s3.put_object(Bucket="uploads", Key=key, Body=b"one")["VersionId"] for key in ("a.jpg", "a.jpg", "a.jpg.png")
    )
    originals = S3Originals(s3)
    assert [originals.holds(HERE, version) for version in (first, second, of_another)] == [True, True, False]
    originals.remove(HERE, first)
    assert [originals.holds(HERE, version) for version in (first, second)] == [False, True]


@pytest.mark.parametrize("of_longer_keys", ["Versions", "DeleteMarkers"])
def test_of_a_key_one_page_is_listed_whatever_of_longer_keys_is_on_it(s3_client: S3Client, of_longer_keys: str) -> None:
    others = [{"Key": f"a.jpg{number}", "VersionId": f"v{number}", "IsLatest": True} for number in range(3)]
    page = {of_longer_keys: others, "IsTruncated": True, "NextKeyMarker": "a.jpg2", "NextVersionIdMarker": "v2"}
    with Stubber(s3_client) as stub:
        stub.add_response("list_object_versions", page, {"Bucket": "uploads", "Prefix": "a.jpg"})  # and no second page
        assert not S3Originals(s3_client).holds(HERE, "v1")


def test_a_version_that_may_not_be_removed_stays_and_any_other_error_is_raised(s3: S3Client) -> None:
    version = s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one")["VersionId"]
    originals = S3Originals(s3)
    with Stubber(s3) as stub:  # Object Lock, or a bucket policy
        stub.add_client_error("delete_object", "AccessDenied", http_status_code=403)
        assert not originals.remove(HERE, version)
        stub.add_client_error("delete_object", "SlowDown", http_status_code=503)
        with pytest.raises(ClientError, match="SlowDown"):
            originals.remove(HERE, version)
    assert originals.remove(HERE, version)
    assert originals.head(HERE) is None
