"""GuardDuty's Malware Protection for S3, for the emulator, which has none. It imports the standard library only.

As AWS documents it (https://docs.aws.amazon.com/guardduty/latest/ug/, read on 30 November 2026):
- gdu-malware-protection-s3.html: each new object or version is scanned in a bucket that has a plan, of which a bucket
  has one, below the plan's prefixes;
- monitoring-malware-protection-s3-scans-gdu.html: five results, each with the status of its scan;
- monitor-with-eventbridge-s3-malware-protection.html: the event that tells of a result;
- monitor-enable-s3-object-tagging-malware-protection.html: the tag, for a plan that asks for it;
- malware-protection-s3-iam-policy-prerequisite.html: GuardDuty reads by the role of the plan, hears of objects through
  EventBridge, which it switches on, and puts an object of its own into the bucket to try the role.

It has no engine. A threat is the test file of EICAR (https://www.eicar.org/download-anti-malware-testfile/): its 68
characters, with nothing but white space after them, 128 at most. The three results that say that nobody has looked come
of the names of files (`NAMED`); `ACCESS_DENIED` also where the role may not read the object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = "malware-protection-plan.guardduty.amazonaws.com"
"""What assumes the role of a plan, and manages the rule that brings it the events of the bucket."""
DETAIL_TYPE = "GuardDuty Malware Protection Object Scan Result"
TAG = "GuardDutyMalwareScanStatus"
TEST_OBJECT = "malware-protection-resource-validation-object"
CLEAN, INFECTED, DENIED = "NO_THREATS_FOUND", "THREATS_FOUND", "ACCESS_DENIED"
SCAN_STATUS = {
    CLEAN: "COMPLETED",
    INFECTED: "COMPLETED",
    "UNSUPPORTED": "SKIPPED",
    DENIED: "SKIPPED",
    "FAILED": "FAILED",
}
"""Each result, and the status of a scan that has it."""
NAMED = {"scan-unsupported": "UNSUPPORTED", "scan-access-denied": DENIED, "scan-failed": "FAILED"}
"""What a file's name contains, and what its scan comes to."""

# In two parts, so that no scanner takes this file for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_LONGEST = 128
_RULES = "rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3scan"
_TO_HEAR = ("PutRule", "DeleteRule", "PutTargets", "RemoveTargets", "DescribeRule", "ListTargetsByRule")
_TO_TELL = ("PutBucketNotification", "GetBucketNotification", "ListBucket")
_TO_READ = ("GetObject", "GetObjectVersion")
_TO_TAG = ("PutObjectTagging", "GetObjectTagging", "PutObjectVersionTagging", "GetObjectVersionTagging")
_THREAT = "EICAR-Test-File (not a virus)"


@dataclass(frozen=True)
class Plan:
    """A protection plan.

    Attributes:
        arn: Its own.
        bucket: What is scanned.
        prefixes: Only keys that begin with one of these; all, if there are none.
        role: The ARN of the role that GuardDuty reads by.
        tags: Whether the result becomes a tag of the object.
    """

    arn: str
    bucket: str
    prefixes: tuple[str, ...]
    role: str
    tags: bool

    @classmethod
    def of(cls, arn: str, properties: dict[str, Any]) -> Plan:
        """Read the properties of an `AWS::GuardDuty::MalwareProtectionPlan`."""
        bucket = properties["ProtectedResource"]["S3Bucket"]
        tagging = (properties.get("Actions") or {}).get("Tagging") or {}
        prefixes = tuple(bucket.get("ObjectPrefixes") or ())
        return cls(arn, bucket["BucketName"], prefixes, properties["Role"], tagging.get("Status") == "ENABLED")

    def covers(self, key: str) -> bool:
        return not self.prefixes or key.startswith(self.prefixes)

    def needs(self) -> Iterator[tuple[str, str]]:
        """What its role has to be allowed, as actions and resources: AWS's policy for it."""
        account = ":".join(self.arn.split(":")[3:5])
        bucket = f"arn:aws:s3:::{self.bucket}"
        scanned = f"{bucket}/{self.prefixes[0] if self.prefixes else ''}object"
        yield from ((f"events:{action}", f"arn:aws:events:{account}:{_RULES}") for action in _TO_HEAR)
        yield from ((f"s3:{action}", bucket) for action in _TO_TELL)
        yield "s3:PutObject", f"{bucket}/{TEST_OBJECT}"
        yield from ((f"s3:{action}", scanned) for action in (*_TO_READ, *(_TO_TAG if self.tags else ())))


class OnePlanForEachBucket(ValueError):
    """A bucket has a plan already."""


@dataclass
class Plans:
    """All plans, and how an emulator that keeps its state writes them down. by_arn: their properties."""

    by_arn: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, arn: str, properties: dict[str, Any]) -> Plan:
        """Make or change a plan, which keeps its bucket: an update takes none. Raises OnePlanForEachBucket.

        https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateMalwareProtectionPlan.html
        """
        if arn in self.by_arn:
            bucket = properties["ProtectedResource"]["S3Bucket"] | {"BucketName": Plan.of(arn, self.by_arn[arn]).bucket}
            properties = properties | {"ProtectedResource": {"S3Bucket": bucket}}
        plan = Plan.of(arn, properties)
        other = self.of_bucket(plan.bucket)
        if other is not None and other.arn != arn:
            raise OnePlanForEachBucket(f"{plan.bucket} has a protection plan already: {other.arn}")
        self.by_arn[arn] = properties
        return plan

    def remove(self, arn: str) -> None:
        self.by_arn.pop(arn, None)

    def of_bucket(self, bucket: str) -> Plan | None:
        """The plan of a bucket; None without one."""
        plans = (Plan.of(arn, properties) for arn, properties in self.by_arn.items())
        return next((plan for plan in plans if plan.bucket == bucket), None)

    def get_state(self) -> dict[str, Any]:
        """The emulator's name for what it writes when it ends."""
        return {"plans": self.by_arn}

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """The emulator's name for how it begins from that."""
        self.by_arn.update(state.get("plans", {}))

    def reset(self) -> None:
        """The emulator's name for forgetting everything."""
        self.by_arn.clear()


def result_of(key: str, body: bytes | None) -> str:
    """What a scan comes to. body: of the object; None where the plan's role may not read it."""
    name = key.rpartition("/")[2]
    if body is None:
        return DENIED
    named = next((result for part, result in NAMED.items() if part in name), None)
    return named or (INFECTED if _is_test_file(body) else CLEAN)


def _is_test_file(body: bytes) -> bool:
    return len(body) <= _LONGEST and body.rstrip() == EICAR


def detail_of(bucket: str, key: str, etag: str, version: str | None, result: str) -> dict[str, Any]:
    """The `detail` of the event that tells of a result. version: None in a bucket without versions."""
    threats = [{"name": _THREAT}] if result == INFECTED else None
    return {
        "schemaVersion": "1.0",
        "scanStatus": SCAN_STATUS[result],
        "resourceType": "S3_OBJECT",
        "s3ObjectDetails": {
            "bucketName": bucket,
            "objectKey": key,
            "eTag": etag,
            "versionId": version,
            "s3Throttled": False,
        },
        "scanResultDetails": {"scanResultStatus": result, "threats": threats},
    }
