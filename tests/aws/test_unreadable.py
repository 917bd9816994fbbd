"""What S3 answers where an original is there and cannot be read, and what becomes of that."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lightpress.aws.originals import S3Originals
from lightpress.aws.quarantine import S3Quarantine
from lightpress.aws.unreadable import why_closed
from lightpress.image.errors import Reason
from lightpress.pipeline.ports import PreconditionFailed, Unreadable
from lightpress.pipeline.source import Closed, Original, Source

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

HERE = Source("uploads", "a.jpg")
ETAG = '"0123"'
SEEN = Original("v1", ETAG, 6)
FIRST_BYTE = {"Bucket": "uploads", "Key": "a.jpg", "IfMatch": ETAG, "Range": "bytes=0-0"}
LIST = {"Bucket": "uploads", "Prefix": "a.jpg", "MaxKeys": 1}
WANTS_KEY = (
    "The object was stored using a form of Server Side Encryption. "
    "The correct parameters must be provided to retrieve the object."
)

REFUSALS = {
    "an archive": ("InvalidObjectState", 403, "", Reason.ARCHIVED),
    "a customer's key": ("InvalidRequest", 400, WANTS_KEY, Reason.CUSTOMER_KEY),
    "another account's object": ("AccessDenied", 403, "Access Denied", Reason.ACCESS_DENIED),
    "a disabled key": ("KMS.DisabledException", 400, "arn:aws:kms:...:key/1 is disabled.", Reason.ACCESS_DENIED),
    "a deleted key": ("KMS.NotFoundException", 400, "Key does not exist", Reason.ACCESS_DENIED),
    "an account that may do nothing": ("AllAccessDisabled", 403, "All access is disabled.", Reason.ACCESS_DENIED),
    "a key that may not be used": ("KMS.AccessDeniedException", 400, "is not authorized.", Reason.ACCESS_DENIED),
    "a key for something else": ("KMS.InvalidKeyUsageException", 400, "is not for this.", Reason.ACCESS_DENIED),
    "a key to be deleted": ("KMS.KMSInvalidStateException", 400, "is pending deletion.", Reason.ACCESS_DENIED),
}
# The client library tries most of them again by itself.
FAULTS = {
    "an expired token": ("ExpiredToken", 400),
    "a wrong clock": ("RequestTimeTooSkewed", 403),
    "a wrong signature": ("SignatureDoesNotMatch", 403),
    "another bad request": ("InvalidRequest", 400),
    "a key that is asked too often": ("ThrottlingException", 400),
    "an outage": ("InternalError", 500),
}


@pytest.fixture
def s3(s3: S3Client) -> S3Client:
    s3.create_bucket(Bucket="quarantine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return s3


def look(s3: S3Client) -> Original:
    original = S3Originals(s3).head(HERE)
    assert original is not None
    return original


def versions(**differing: Any) -> dict[str, Any]:  # noqa: ANN401  as boto3 has it
    return {"Versions": [{"Key": "a.jpg", "VersionId": "v1", "IsLatest": True, "ETag": ETAG, "Size": 6} | differing]}


# What a HEAD tells of archives.


@pytest.mark.parametrize("kind", ["GLACIER", "DEEP_ARCHIVE"])
def test_what_is_in_an_archive_is_seen_without_reading_it(s3: S3Client, kind: Any) -> None:  # noqa: ANN401  a literal
    s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one", StorageClass=kind)
    original = look(s3)
    assert original.closed is not None
    assert (original.size, original.closed.reason) == (3, Reason.ARCHIVED)
    assert f"in the storage class {kind}: restore it" in original.closed.detail
    with Stubber(s3), pytest.raises(Unreadable):  # nothing is asked
        S3Originals(s3).read(HERE, original)


@pytest.mark.parametrize("kind", ["STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "ONEZONE_IA"])
def test_every_other_storage_class_is_read(s3: S3Client, kind: Any) -> None:  # noqa: ANN401  a literal
    s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one", StorageClass=kind)
    assert look(s3).closed is None
    assert S3Originals(s3).read(HERE, look(s3)) == b"one"


def test_what_is_restored_is_read_and_is_the_same_original(s3: S3Client) -> None:
    s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one", StorageClass="GLACIER")
    before = look(s3)
    s3.restore_object(Bucket="uploads", Key="a.jpg", RestoreRequest={"Days": 1})
    after = look(s3)
    assert (after.identity, after.closed) == (before.identity, None)
    assert S3Originals(s3).read(HERE, after) == b"one"
    assert S3Quarantine(s3, "quarantine").keep(HERE, after, "r-1")


HEADS: dict[str, tuple[dict[str, Any], str | None]] = {
    "an archive tier": ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, "restore it"),
    "the deepest tier": ({"ArchiveStatus": "DEEP_ARCHIVE_ACCESS"}, "in the tier DEEP_ARCHIVE_ACCESS"),
    "an active tier": ({"StorageClass": "INTELLIGENT_TIERING"}, None),
    "back from a tier": ({"StorageClass": "INTELLIGENT_TIERING", "Restore": 'ongoing-request="false"'}, None),
    "on its way": ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'}, "being restored"),
    "with a copy": (
        {"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="false", expiry-date="Sun, 29 Nov 2026"'},
        None,
    ),
}


@pytest.mark.parametrize(("head", "detail"), HEADS.values(), ids=HEADS)
def test_archived_objects_are_distinguished_from_those_being_restored(
    s3: S3Client, head: dict[str, Any], detail: str | None
) -> None:
    with Stubber(s3) as answers:
        answers.add_response("head_object", {"ETag": ETAG, "ContentLength": 6, "VersionId": "v1"} | head)
        closed = look(s3).closed
    assert (closed and closed.reason) == (Reason.ARCHIVED if detail else None)
    assert (detail or "") in (closed.detail if closed else "")


# What only reading tells.


@pytest.mark.parametrize(("code", "status", "words", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_that_is_about_the_object_is_its_own_answer(
    s3: S3Client, code: str, status: int, words: str, reason: Reason
) -> None:
    with Stubber(s3) as answers:
        answers.add_client_error("get_object", code, words, status)
        with pytest.raises(Unreadable) as unreadable:
            S3Originals(s3).read(HERE, SEEN)
    assert unreadable.value.closed.reason is reason
    assert words not in unreadable.value.closed.detail or not words, "its words name keys and roles"


@pytest.mark.parametrize(("code", "status"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_ours_is_none_of_the_object(s3: S3Client, code: str, status: int) -> None:
    with Stubber(s3) as answers:
        answers.add_client_error("get_object", code, "", status)
        with pytest.raises(ClientError, match=code):
            S3Originals(s3).read(HERE, SEEN)


def test_an_archive_that_only_reading_finds_is_named(s3: S3Client) -> None:
    with Stubber(s3) as answers:
        answers.add_client_error(
            "get_object", "InvalidObjectState", "", 403, modeled_fields={"AccessTier": "ARCHIVE_ACCESS"}
        )
        with pytest.raises(Unreadable, match="in the tier ARCHIVE_ACCESS"):
            S3Originals(s3).read(HERE, SEEN)
        answers.add_client_error("get_object", "InvalidObjectState", "", 403)
        with pytest.raises(Unreadable, match="in an archive"):
            S3Originals(s3).read(HERE, SEEN)


# Where a HEAD has no words for its refusal.


@pytest.mark.parametrize("refused", [400, 403])
@pytest.mark.parametrize(("code", "status", "words", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_head_is_refused_is_named_by_its_version_and_asked_again(  # noqa: PLR0913, PLR0917  a table's columns
    s3: S3Client, refused: int, code: str, status: int, words: str, reason: Reason
) -> None:
    with Stubber(s3) as answers:
        answers.add_client_error("head_object", str(refused), "", refused)
        answers.add_response("list_object_versions", versions(), LIST)
        answers.add_client_error("get_object", code, words, status, expected_params=FIRST_BYTE)
        original = look(s3)
        answers.assert_no_pending_responses()
    assert original.closed is not None
    assert original == Original("v1", ETAG, 6, Closed(reason, original.closed.detail))


@pytest.mark.parametrize("refused", [400, 403])
@pytest.mark.parametrize(("code", "status"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_ours_is_raised_as_it_is(s3: S3Client, refused: int, code: str, status: int) -> None:
    for asked in range(2):
        with Stubber(s3) as answers:
            answers.add_client_error("head_object", str(refused), "", refused)
            if asked:
                answers.add_response("list_object_versions", versions(), LIST)
            answers.add_client_error("get_object" if asked else "list_object_versions", code, "", status)
            with pytest.raises(ClientError, match=code):
                S3Originals(s3).head(HERE)


def test_without_versions_it_is_named_by_its_etag(s3: S3Client) -> None:
    with Stubber(s3) as answers:
        answers.add_client_error("head_object", "400", "", 400)
        answers.add_response("list_object_versions", versions(VersionId="null"), LIST)
        answers.add_client_error("get_object", "InvalidRequest", WANTS_KEY, 400)
        assert look(s3).identity == "0123"


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"DeleteMarkers": [{"Key": "a.jpg", "VersionId": "v2", "IsLatest": True}]},
        versions(Key="a.jpg.bak"),
        versions(IsLatest=False),
    ],
    ids=["nothing", "a delete marker", "a longer key", "an older version"],
)
def test_an_object_that_no_list_has_is_gone_even_if_head_is_denied(s3: S3Client, found: dict[str, Any]) -> None:
    with Stubber(s3) as answers:
        answers.add_client_error("head_object", "403", "", 403)
        answers.add_response("list_object_versions", found, LIST)
        assert S3Originals(s3).head(HERE) is None


def test_the_answer_to_a_question_is_not_left_open(s3: S3Client) -> None:
    body = io.BytesIO(b"1")
    with Stubber(s3) as answers:
        answers.add_response("get_object", {"Body": body})
        assert why_closed(s3, HERE, "e") is None
    assert body.closed


@pytest.mark.parametrize("answer", [None, "PreconditionFailed", "InvalidRange"])
def test_what_can_be_read_by_then_or_is_another_has_changed(s3: S3Client, answer: str | None) -> None:
    statuses = {"PreconditionFailed": 412, "InvalidRange": 416}
    with Stubber(s3) as answers:
        answers.add_client_error("head_object", "400", "", 400)
        answers.add_response("list_object_versions", versions(), LIST)
        if answer:
            answers.add_client_error("get_object", answer, "", statuses[answer])
        else:
            answers.add_response("get_object", {"Body": io.BytesIO(b"1")})
        with pytest.raises(PreconditionFailed):
            S3Originals(s3).head(HERE)


# What cannot be copied.


@pytest.mark.parametrize(("code", "status", "words", "reason"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("copied", ["AccessDenied", "ObjectNotInActiveTierError", "InvalidRequest"])
def test_no_copy_can_be_made_of_what_cannot_be_read(  # noqa: PLR0913, PLR0917  a table's columns
    s3: S3Client, copied: str, code: str, status: int, words: str, reason: Reason
) -> None:
    with Stubber(s3) as answers:
        answers.add_client_error("copy_object", copied, "", 400 if copied == "InvalidRequest" else 403)
        answers.add_client_error("get_object", code, words, status, expected_params=FIRST_BYTE)
        with pytest.raises(Unreadable) as unreadable:
            S3Quarantine(s3, "quarantine").keep(HERE, SEEN, "r-1")
        answers.assert_no_pending_responses()
    assert unreadable.value.closed.reason is reason


def test_where_the_copy_may_not_be_written_that_is_no_fault_of_the_original(s3: S3Client) -> None:
    original = Original("v1", s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one")["ETag"], 3)
    with Stubber(s3) as answers:
        answers.add_client_error("copy_object", "AccessDenied", "not authorized to perform: s3:PutObject", 403)
        answers.add_response("get_object", {"Body": io.BytesIO(b"1")}, FIRST_BYTE | {"IfMatch": original.etag})
        with pytest.raises(ClientError, match="s3:PutObject"):
            S3Quarantine(s3, "quarantine").keep(HERE, original, "r-1")


def test_an_outage_of_copies_is_no_question_about_the_original(s3: S3Client) -> None:
    with Stubber(s3) as answers:  # nothing else is asked
        answers.add_client_error("copy_object", "InternalError", "", 500)
        with pytest.raises(ClientError, match="InternalError"):
            S3Quarantine(s3, "quarantine").keep(HERE, SEEN, "r-1")


def test_what_is_in_an_archive_is_not_copied(s3: S3Client) -> None:
    etag = s3.put_object(Bucket="uploads", Key="a.jpg", Body=b"one", StorageClass="GLACIER")["ETag"]
    with pytest.raises(Unreadable, match="archived"):
        S3Quarantine(s3, "quarantine").keep(HERE, Original("v1", etag, 3), "r-1")
