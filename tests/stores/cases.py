"""What S3 and DynamoDB answer, as far as Lightpress depends on it: for the simulation, moto and the local cloud alike.

Each case is a sentence, what is asked, and what AWS answers. Where an emulator is known to answer something else,
`differs` says what, with a source for what AWS does: the case then fails as soon as the emulator does it right.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

KEY_SCHEMA = ("subject", "identity")
SIMULATION, MOTO, MINISTACK = "the simulation", "moto", "ministack"


@dataclass(frozen=True)
class Place:
    """Where a case is tried: a bucket with versions, one without, and a table, all to itself."""

    s3: S3Client
    dynamodb: DynamoDBClient
    versioned: str
    plain: str
    table: str

    def put(self, bucket: str, data: bytes = b"1", **conditions: Any) -> Any:  # noqa: ANN401  boto3's answer
        return self.s3.put_object(Bucket=bucket, Key="k", Body=data, **conditions)

    def data(self, bucket: str, **which: Any) -> bytes:  # noqa: ANN401  boto3's arguments
        return self.s3.get_object(**{"Bucket": bucket, "Key": "k", **which})["Body"].read()

    def copy(self, **conditions: Any) -> bytes:  # noqa: ANN401  boto3's arguments
        source: Any = {"Bucket": self.versioned, "Key": "k", **conditions.pop("which", {})}
        self.s3.copy_object(Bucket=self.plain, Key="copy", CopySource=source, **conditions)
        return self.data(self.plain, Key="copy")

    def restored(self) -> Any:  # noqa: ANN401  boto3's answer
        """Put something into an archive, have it restored, and wait for that; returns its HEAD."""
        self.put(self.versioned, StorageClass="GLACIER")
        self.s3.restore_object(Bucket=self.versioned, Key="k", RestoreRequest={"Days": 1})
        while True:
            head = self.s3.head_object(Bucket=self.versioned, Key="k")
            if 'ongoing-request="true"' not in head["Restore"]:
                return head
            time.sleep(0.2)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def update(self, expression: str, **more: Any) -> Any:  # noqa: ANN401  boto3's answer
        return self.dynamodb.update_item(TableName=self.table, Key=ROW, UpdateExpression=expression, **more)

    def row(self) -> dict[str, Any]:
        found = self.dynamodb.get_item(TableName=self.table, Key=ROW, ConsistentRead=True).get("Item", {})
        return {name: value for name, value in found.items() if name not in KEY_SCHEMA}


ROW: Any = {"subject": {"S": "uploads/k"}, "identity": {"S": "v1"}}
ONE, TWO = {"N": "1"}, {"N": "2"}


@dataclass(frozen=True)
class Case:
    """A sentence, what is asked, and the answer. differs: by emulator, its answer, and the source for that of AWS."""

    says: str
    ask: Callable[[Place], object]
    answer: object
    differs: dict[str, tuple[object, str]] = field(default_factory=dict)

    def check(self, place: Place, who: str) -> None:
        """Ask, and compare."""
        expected = self.differs.get(who, (self.answer, ""))[0]
        found = answer_of(self.ask, place)
        assert found == expected, f"{self.says}: {who} answers {found!r}, and not {expected!r}"


def answer_of(ask: Callable[[Place], object], place: Place) -> object:
    """The answer, or a refusal as `404 NoSuchKey`."""
    try:
        return ask(place)
    except ClientError as error:
        return f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Error']['Code']}"


CASES: list[Case] = []


def _case(
    says: str, answer: object, **differs: tuple[object, str]
) -> Callable[[Callable[[Place], object]], Callable[[Place], object]]:
    def add(ask: Callable[[Place], object]) -> Callable[[Place], object]:
        CASES.append(Case(says, ask, answer, differs))
        return ask

    return add


# Conditional writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html


@_case("If-None-Match is met where nothing is", b"1")
def _(place: Place) -> object:
    place.put(place.plain, IfNoneMatch="*")
    return place.data(place.plain)


@_case("If-None-Match is not met where something is", "412 PreconditionFailed")
def _(place: Place) -> object:
    place.put(place.plain)
    return place.put(place.plain, b"2", IfNoneMatch="*")


@_case("what did not meet its condition changed nothing", b"1")
def _(place: Place) -> object:
    place.put(place.plain)
    answer_of(lambda place: place.put(place.plain, b"2", IfNoneMatch="*"), place)
    return place.data(place.plain)


@_case("If-None-Match is met where the newest version is a delete marker", b"2")
def _(place: Place) -> object:
    place.put(place.versioned)
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    place.put(place.versioned, b"2", IfNoneMatch="*")
    return place.data(place.versioned)


@_case("If-Match is met by the ETag of what is there", b"2")
def _(place: Place) -> object:
    place.put(place.plain, b"2", IfMatch=place.put(place.plain)["ETag"])
    return place.data(place.plain)


@_case("If-Match is not met by the ETag of what was there", "412 PreconditionFailed")
def _(place: Place) -> object:
    before = place.put(place.plain)["ETag"]
    place.put(place.plain, b"2")
    return place.put(place.plain, b"3", IfMatch=before)


@_case("If-Match is met again by what was there once more: an ETag knows contents alone", b"3")
def _(place: Place) -> object:
    before = place.put(place.plain)["ETag"]
    place.put(place.plain, b"2")
    place.put(place.plain, b"1")
    place.put(place.plain, b"3", IfMatch=before)
    return place.data(place.plain)


@_case("If-Match where nothing is says so", "404 NoSuchKey")
def _(place: Place) -> object:
    return place.put(place.plain, IfMatch='"d41d8cd98f00b204e9800998ecf8427e"')


@_case("If-Match where the newest version is a delete marker says that nothing is there", "404 NoSuchKey")
def _(place: Place) -> object:
    before = place.put(place.versioned)["ETag"]
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    return place.put(place.versioned, IfMatch=before)


# Reading, versions and delete markers.


@_case("a HEAD of nothing is a 404 without words", "404 404")
def _(place: Place) -> object:
    return place.s3.head_object(Bucket=place.plain, Key="k")


@_case("a GET of nothing says what is missing", "404 NoSuchKey")
def _(place: Place) -> object:
    return place.data(place.plain)


@_case("a GET from no bucket says what is missing", "404 NoSuchBucket")
def _(place: Place) -> object:
    return place.data(f"{place.plain}-not-there")


@_case("a HEAD of a bucket that is not there is a 404", "404 404")
def _(place: Place) -> object:
    return place.s3.head_bucket(Bucket=f"{place.plain}-not-there")


@_case("a HEAD tells length and ETag", (1, '"c4ca4238a0b923820dcc509a6f75849b"'))
def _(place: Place) -> object:
    place.put(place.plain)
    head = place.s3.head_object(Bucket=place.plain, Key="k")
    return head["ContentLength"], head["ETag"]


@_case("without versions, no version is named", (False, False))
def _(place: Place) -> object:
    written = "VersionId" in place.put(place.plain)
    return written, "VersionId" in place.s3.head_object(Bucket=place.plain, Key="k")


@_case("the same contents again are another version with the same ETag", (True, True))
def _(place: Place) -> object:
    first, second = place.put(place.versioned), place.put(place.versioned)
    return first["VersionId"] != second["VersionId"], first["ETag"] == second["ETag"]


@_case("a HEAD names the newest version", "the newest")
def _(place: Place) -> object:
    place.put(place.versioned)
    newest = place.put(place.versioned, b"2")["VersionId"]
    named = place.s3.head_object(Bucket=place.versioned, Key="k")["VersionId"]
    return "the newest" if named == newest else named


@_case("a GET with If-Match reads these contents", b"1")
def _(place: Place) -> object:
    return place.data(place.plain, IfMatch=place.put(place.plain)["ETag"])


@_case("a GET with If-Match does not read others", "412 PreconditionFailed")
def _(place: Place) -> object:
    before = place.put(place.plain)["ETag"]
    place.put(place.plain, b"2")
    return place.data(place.plain, IfMatch=before)


@_case("an old version can be read by its name", b"1")
def _(place: Place) -> object:
    old = place.put(place.versioned)["VersionId"]
    place.put(place.versioned, b"2")
    return place.data(place.versioned, VersionId=old)


@_case("what was deleted is gone to a HEAD", "404 404")
def _(place: Place) -> object:
    place.put(place.versioned)
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    return place.s3.head_object(Bucket=place.versioned, Key="k")


@_case("what was deleted is gone to a GET with If-Match", "404 NoSuchKey")
def _(place: Place) -> object:
    before = place.put(place.versioned)["ETag"]
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    return place.data(place.versioned, IfMatch=before)


@_case(
    "a delete marker cannot be read by its name",
    "405 MethodNotAllowed",
    moto=("404 NoSuchVersion", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html"),
)
def _(place: Place) -> object:
    place.put(place.versioned)
    marker = place.s3.delete_object(Bucket=place.versioned, Key="k")
    return place.data(place.versioned, VersionId=marker["VersionId"])


@_case("without its delete marker, the version before is the newest again", b"1")
def _(place: Place) -> object:
    place.put(place.versioned)
    marker = place.s3.delete_object(Bucket=place.versioned, Key="k")
    place.s3.delete_object(Bucket=place.versioned, Key="k", VersionId=marker["VersionId"])
    return place.data(place.versioned)


@_case("a version deleted by its name leaves no delete marker, and the one below is the newest", (b"1", 1))
def _(place: Place) -> object:
    place.put(place.versioned)
    newer = place.put(place.versioned, b"2")["VersionId"]
    place.s3.delete_object(Bucket=place.versioned, Key="k", VersionId=newer)
    listed = place.s3.list_object_versions(Bucket=place.versioned, Prefix="k")
    return place.data(place.versioned), len(listed["Versions"]) + len(listed.get("DeleteMarkers", []))


@_case("a version that is gone can be deleted by its name again", "gone")
def _(place: Place) -> object:
    version = place.put(place.versioned)["VersionId"]
    for _ in range(2):
        place.s3.delete_object(Bucket=place.versioned, Key="k", VersionId=version)
    return "gone" if not place.keys(place.versioned) else place.keys(place.versioned)


@_case(
    "deleting a key that holds nothing leaves a delete marker where there are versions",
    [("a delete marker", "k", True)],
    moto=([], "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html"),
)
def _(place: Place) -> object:
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    return _first_version(place, place.versioned)


@_case("of two that are asked for, the newest of a key comes with the one below", ("a delete marker", "the version"))
def _(place: Place) -> object:
    version = place.put(place.versioned)["VersionId"]
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    place.s3.put_object(Bucket=place.versioned, Key="kk", Body=b"1")
    found = place.s3.list_object_versions(Bucket=place.versioned, Prefix="k", MaxKeys=2)
    below = ["the version" for one in found["Versions"] if one["VersionId"] == version]
    return "a delete marker" if found["DeleteMarkers"][0]["IsLatest"] else "none", *below


@_case("deleting nothing, alone or among others, is fine", [])
def _(place: Place) -> object:
    place.put(place.plain)
    place.s3.delete_object(Bucket=place.plain, Key="never")
    objects: Any = [{"Key": "never"}, {"Key": "k"}]
    answer = place.s3.delete_objects(Bucket=place.plain, Delete={"Objects": objects, "Quiet": True})
    return [*answer.get("Errors", []), *place.keys(place.plain)]


@_case("the first byte can be read alone", b"1")
def _(place: Place) -> object:
    place.put(place.plain, b"123")
    return place.data(place.plain, Range="bytes=0-0")


@_case("where there is nothing to read, there is no first byte", "416 InvalidRange")
def _(place: Place) -> object:
    place.put(place.plain, b"")
    return place.data(place.plain, Range="bytes=0-0")


@_case("a GET of the first byte of nothing says what is missing", "404 NoSuchKey")
def _(place: Place) -> object:
    return place.data(place.plain, Range="bytes=0-0")


# Archives: https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html


@_case("a HEAD of what is in an archive names it, and no copy", ("GLACIER", None))
def _(place: Place) -> object:
    place.put(place.plain, StorageClass="GLACIER")
    head = place.s3.head_object(Bucket=place.plain, Key="k")
    return head["StorageClass"], head.get("Restore")


@_case("a GET of what is in an archive is refused", "403 InvalidObjectState")
def _(place: Place) -> object:
    place.put(place.plain, StorageClass="DEEP_ARCHIVE")
    return place.data(place.plain)


@_case("and so it is of other contents than those that are expected", "403 InvalidObjectState")
def _(place: Place) -> object:
    before = place.put(place.plain)["ETag"]
    place.put(place.plain, b"2", StorageClass="GLACIER")
    return place.data(place.plain, IfMatch=before)


@_case(
    "what is in an archive cannot be copied",
    "403 ObjectNotInActiveTierError",
    ministack=("403 InvalidObjectState", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"),
)
def _(place: Place) -> object:
    place.put(place.versioned, StorageClass="GLACIER")
    return place.copy()


@_case("GLACIER_IR is read as any other", b"1")
def _(place: Place) -> object:
    place.put(place.plain, StorageClass="GLACIER_IR")
    return place.data(place.plain)


@_case("what was restored can be read, and a HEAD says so", (b"1", "GLACIER", True))
def _(place: Place) -> object:
    head = place.restored()
    return place.data(place.versioned), head["StorageClass"], 'ongoing-request="false"' in head["Restore"]


@_case(
    "what was restored can be copied",
    b"1",
    ministack=(
        "403 InvalidObjectState",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html",
    ),
)
def _(place: Place) -> object:
    place.restored()
    return place.copy()


# Keys that owners send along: https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-s3-c-encryption.html

_OWNERS_KEY: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}


@_case(
    "a HEAD of what only its owner's key opens is a 400 without words",
    "400 400",
    moto=("a HEAD", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"),
)
def _(place: Place) -> object:
    place.put(place.plain, **_OWNERS_KEY)
    return place.s3.head_object(Bucket=place.plain, Key="k") and "a HEAD"


@_case(
    "a GET of it says that the request lacks something",
    "400 InvalidRequest",
    moto=(b"1", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"),
)
def _(place: Place) -> object:
    place.put(place.plain, **_OWNERS_KEY)
    return place.data(place.plain, Range="bytes=0-0")


@_case(
    "a copy of it says the same",
    "400 InvalidRequest",
    moto=(b"1", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"),
)
def _(place: Place) -> object:
    place.put(place.versioned, **_OWNERS_KEY)
    return place.copy()


@_case("a list of its versions tells length, version and ETag", (1, True, True))
def _(place: Place) -> object:
    newest = place.put(place.versioned, **_OWNERS_KEY)
    (listed,) = place.s3.list_object_versions(Bucket=place.versioned, Prefix="k", MaxKeys=1)["Versions"]
    return listed["Size"], listed["VersionId"] == newest["VersionId"], listed["ETag"] == newest["ETag"]


# Versions: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html


def _first_version(place: Place, bucket: str) -> object:
    """The first of all versions and delete markers: its kind, and what it says."""
    found = place.s3.list_object_versions(Bucket=bucket, Prefix="k", MaxKeys=1)
    kinds: Any = {"a version": found.get("Versions", []), "a delete marker": found.get("DeleteMarkers", [])}
    return [(kind, one["Key"], one["IsLatest"]) for kind, some in kinds.items() for one in some]


@_case("of the versions of keys that begin alike, the newest of the shortest is listed first", "the newest")
def _(place: Place) -> object:
    place.s3.put_object(Bucket=place.versioned, Key="k2", Body=b"1")
    place.put(place.versioned)
    newest = place.put(place.versioned, b"2")["VersionId"]
    (listed,) = place.s3.list_object_versions(Bucket=place.versioned, Prefix="k", MaxKeys=1)["Versions"]
    return "the newest" if (listed["Key"], listed["VersionId"], listed["IsLatest"]) == ("k", newest, True) else listed


@_case("a delete marker is listed as one, and first", [("a delete marker", "k", True)])
def _(place: Place) -> object:
    place.put(place.versioned)
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    return _first_version(place, place.versioned)


@_case("without versions, the only one is listed as `null`", ("null", True))
def _(place: Place) -> object:
    place.put(place.plain)
    place.put(place.plain, b"2")
    (listed,) = place.s3.list_object_versions(Bucket=place.plain, Prefix="k", MaxKeys=1)["Versions"]
    return listed["VersionId"], listed["IsLatest"]


@_case("nothing has no versions", [])
def _(place: Place) -> object:
    return _first_version(place, place.plain)


# Listing: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html


@_case("a list is in the order of keys, and of one prefix alone", ["i/a/1", "i/a/10", "i/a/2"])
def _(place: Place) -> object:
    for key in ("i/a/2", "i/ab/1", "i/a/10", "m/a", "i/a/1"):
        place.s3.put_object(Bucket=place.plain, Key=key, Body=b"")
    return place.keys(place.plain, "i/a/")


@_case("a list has no deleted keys", ["b"])
def _(place: Place) -> object:
    for key in ("a", "b"):
        place.s3.put_object(Bucket=place.versioned, Key=key, Body=b"")
    place.s3.delete_object(Bucket=place.versioned, Key="a")
    return place.keys(place.versioned)


@_case("a list goes on where it stopped", (True, ["a", "b"], ["c"]))
def _(place: Place) -> object:
    for key in "abc":
        place.s3.put_object(Bucket=place.plain, Key=key, Body=b"")
    first = place.s3.list_objects_v2(Bucket=place.plain, MaxKeys=2)
    rest = place.s3.list_objects_v2(Bucket=place.plain, ContinuationToken=first["NextContinuationToken"])
    return first["IsTruncated"], *([item["Key"] for item in page["Contents"]] for page in (first, rest))


@_case("what was just written is read and listed at once", (b"2", ["k"]))
def _(place: Place) -> object:
    place.put(place.plain)
    place.put(place.plain, b"2")
    return place.data(place.plain), place.keys(place.plain)


# Copies: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html


@_case("a copy with If-Match on its source copies these contents", b"1")
def _(place: Place) -> object:
    return place.copy(CopySourceIfMatch=place.put(place.versioned)["ETag"])


@_case(
    "a copy with If-Match on its source does not copy others",
    "412 PreconditionFailed",
    moto=(b"2", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"),
)
def _(place: Place) -> object:
    before = place.put(place.versioned)["ETag"]
    place.put(place.versioned, b"2")
    return place.copy(CopySourceIfMatch=before)


@_case("an old version can be copied by its name", b"1")
def _(place: Place) -> object:
    old = place.put(place.versioned)["VersionId"]
    place.put(place.versioned, b"2")
    return place.copy(which={"VersionId": old})


@_case("nothing cannot be copied", "404 NoSuchKey")
def _(place: Place) -> object:
    return place.copy()


@_case("what was deleted cannot be copied", "404 NoSuchKey")
def _(place: Place) -> object:
    before = place.put(place.versioned)["ETag"]
    place.s3.delete_object(Bucket=place.versioned, Key="k")
    return place.copy(CopySourceIfMatch=before)


# DynamoDB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html


@_case("ADD begins at nothing, and tells the new number", (ONE, TWO))
def _(place: Place) -> object:
    def count() -> Any:  # noqa: ANN401  a typed value
        answer = place.update("ADD trials :one", ExpressionAttributeValues={":one": ONE}, ReturnValues="UPDATED_NEW")
        return answer["Attributes"]["trials"]

    return count(), count()


@_case("ADD takes away, too", {"trials": {"N": "-1"}})
def _(place: Place) -> object:
    place.update("ADD trials :less", ExpressionAttributeValues={":less": {"N": "-1"}})
    return place.row()


@_case("ADD collects a set", {"request_ids": ["a", "b"]})
def _(place: Place) -> object:
    for ids in (["a"], ["a", "b"]):
        place.update("ADD request_ids :ids", ExpressionAttributeValues={":ids": {"SS": ids}})
    return {name: sorted(value["SS"]) for name, value in place.row().items()}


@_case("if_not_exists keeps what was there first", {"first_at": ONE, "last_at": TWO})
def _(place: Place) -> object:
    for now in (ONE, TWO):
        place.update(
            "SET first_at = if_not_exists(first_at, :now), last_at = :now", ExpressionAttributeValues={":now": now}
        )
    return place.row()


@_case("one update sets, removes and adds, by names of one's own", {"reason": {"S": "corrupt"}, "tries": TWO})
def _(place: Place) -> object:
    place.update("ADD tries :one, trials :one", ExpressionAttributeValues={":one": ONE})
    place.update(
        "SET #reason = :reason REMOVE #trials ADD tries :one",
        ExpressionAttributeNames={"#reason": "reason", "#trials": "trials"},
        ExpressionAttributeValues={":reason": {"S": "corrupt"}, ":one": ONE},
    )
    return place.row()


@_case("removing what is not there is fine", {})
def _(place: Place) -> object:
    place.update("REMOVE trials")
    return place.row()


@_case(
    "a put under the condition that nothing is there is refused where something is",
    "400 ConditionalCheckFailedException",
)
def _(place: Place) -> object:
    for _ in range(2):
        place.dynamodb.put_item(TableName=place.table, Item=ROW, ConditionExpression="attribute_not_exists(subject)")
    return place.row()


@_case("an update under the condition of a value is refused where it is another", "400 ConditionalCheckFailedException")
def _(place: Place) -> object:
    place.update("SET revision = :two", ExpressionAttributeValues={":two": TWO})
    return place.update(
        "SET revision = :two",
        ConditionExpression="revision = :one",
        ExpressionAttributeValues={":one": ONE, ":two": TWO},
    )


@_case("an update under the condition of a value is made where it is that", {"revision": TWO})
def _(place: Place) -> object:
    place.update("SET revision = :one", ExpressionAttributeValues={":one": ONE})
    place.update(
        "SET revision = :two",
        ConditionExpression="attribute_exists(revision) AND revision < :two",
        ExpressionAttributeValues={":two": TWO},
    )
    return place.row()


@_case(
    "deleting a row that is not there is fine, but not under the condition that it is",
    "400 ConditionalCheckFailedException",
)
def _(place: Place) -> object:
    place.dynamodb.delete_item(TableName=place.table, Key=ROW)
    return place.dynamodb.delete_item(TableName=place.table, Key=ROW, ConditionExpression="attribute_exists(subject)")


@_case("a query finds the rows of one subject, in the order of their identities", ["v1", "v2"])
def _(place: Place) -> object:
    for subject, identity in (("uploads/k", "v2"), ("uploads/other", "v3"), ("uploads/k", "v1")):
        item: Any = {"subject": {"S": subject}, "identity": {"S": identity}}
        place.dynamodb.put_item(TableName=place.table, Item=item)
    pages = place.dynamodb.get_paginator("query").paginate(
        TableName=place.table,
        KeyConditionExpression="subject = :subject",
        ExpressionAttributeValues={":subject": {"S": "uploads/k"}},
        ConsistentRead=True,
    )
    return [item["identity"]["S"] for page in pages for item in page["Items"]]
