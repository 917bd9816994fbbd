"""Replication: S3 copies each original to a bucket of the owner's in another region, with its versions and deletions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_cdk import Arn, ArnFormat, Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lightpress.cdk.encryption import key_of
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.naming import resource
from lightpress.cdk.options.storage import STORAGE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aws_cdk import aws_kms as kms

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.config import Config

_RULE, _STANDARD = "Originals", "STANDARD"
_MINUTES = 15  # the only number that S3 takes
_EVERY_OBJECT = (
    "S3 names no object beforehand: it may read every original of the one bucket, and write replicas to the other."
)


class Replication(Construct):
    """The rule by which a bucket is replicated, and the role that S3 does it by.

    Who may assume the role has no condition in what AWS asks for, so it has none here (docs/decisions/0140).
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """

    def __init__(self, scope: Construct, id_: str, *, bucket: PrivateBucket, config: Config) -> None:
        """Replicate `bucket`, which keeps versions, to `replica_bucket`."""
        super().__init__(scope, id_)
        self._bucket, self._storage = bucket, config.storage
        role = iam.Role(
            self,
            "Role",
            description="Lets S3 copy originals to their replica",
            assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
        )
        policy = iam.Policy(self, "Policy", roles=[role], statements=list(self._statements(key_of(self))))
        acknowledge(policy, "AwsSolutions-IAM5", because=_EVERY_OBJECT)
        replicated = resource(bucket, s3.CfnBucket)
        replicated.replication_configuration = s3.CfnBucket.ReplicationConfigurationProperty(
            role=role.role_arn, rules=[self._rule()]
        )
        replicated.node.add_dependency(policy)  # what is uploaded before would not be replicated

    def failed(self, period: Duration) -> cloudwatch.Metric:
        """How many objects S3 could not replicate; it does not try these again."""
        return cloudwatch.Metric(
            namespace="AWS/S3",
            metric_name="OperationsFailedReplication",
            dimensions_map={
                "SourceBucket": self._bucket.bucket_name,
                "DestinationBucket": self._storage.replica_bucket,
                "RuleId": _RULE,
            },
            statistic="Sum",
            period=period,
        )

    @property
    def _replica(self) -> str:
        return f"arn:{Aws.PARTITION}:s3:::{self._storage.replica_bucket}"

    def _rule(self) -> s3.CfnBucket.ReplicationRuleProperty:
        """Deletions are replicated, too: a region that takes over would else publish what was deleted."""
        status = "Enabled"
        encrypted: dict[str, Any] = {}
        if self._storage.replica_key:
            encrypted["source_selection_criteria"] = s3.CfnBucket.SourceSelectionCriteriaProperty(
                sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(status=status)
            )
        return s3.CfnBucket.ReplicationRuleProperty(
            id=_RULE,
            status=status,
            priority=1,
            filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=""),
            delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(status=status),
            destination=self._destination(status),
            **encrypted,
        )

    def _destination(self, status: str) -> s3.CfnBucket.ReplicationDestinationProperty:
        storage, more = self._storage, dict[str, Any]()
        if storage.replica_key:
            more["encryption_configuration"] = s3.CfnBucket.EncryptionConfigurationProperty(
                replica_kms_key_id=storage.replica_key
            )
        in_time = s3.CfnBucket.ReplicationTimeValueProperty(minutes=_MINUTES) if storage.replica_time_control else None
        if in_time:
            more["replication_time"] = s3.CfnBucket.ReplicationTimeProperty(status=status, time=in_time)
        return s3.CfnBucket.ReplicationDestinationProperty(
            bucket=self._replica,
            # Without, replicas are in the class that the uploader has chosen, which may be an archive.
            storage_class=STORAGE_CLASSES.get(storage.replica_storage, _STANDARD),
            metrics=s3.CfnBucket.MetricsProperty(status=status, event_threshold=in_time),
            **more,
        )

    def _statements(self, key: kms.IKey | None) -> Iterator[iam.PolicyStatement]:
        """By the known name of the bucket: it waits for the policy."""
        originals = self._bucket.known_arn
        yield _allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], originals)
        yield _allow(
            ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
            f"{originals}/*",
        )
        yield _allow(["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], f"{self._replica}/*")
        if key is not None and self._storage.replica_key:
            there = Arn.split(self._storage.replica_key, ArnFormat.SLASH_RESOURCE_NAME).region
            yield _allow(["kms:Decrypt"], key.key_arn, by=f"s3.{Aws.REGION}", of=originals)
            # Where the replica's bucket has a bucket key, S3 asks for data keys of it.
            yield _allow(
                ["kms:Encrypt", "kms:GenerateDataKey"], self._storage.replica_key, by=f"s3.{there}", of=self._replica
            )


def _allow(actions: list[str], on: str, *, by: str = "", of: str = "") -> iam.PolicyStatement:
    """A statement. by: the service that a key is used through; of: the bucket whose objects, or whose bucket key."""
    conditions = {
        "StringEquals": {"kms:ViaService": f"{by}.{Aws.URL_SUFFIX}"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [of, f"{of}/*"]},
    }
    return iam.PolicyStatement(actions=actions, resources=[on], conditions=conditions if by else None)
