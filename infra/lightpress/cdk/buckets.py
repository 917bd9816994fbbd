"""The one way a bucket is made here: private, encrypted, TLS only, and known by name before it exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_cdk import Aws, CfnParameter, CfnRule, CfnRuleAssertion, Duration, Fn, Stack, Token
from aws_cdk import aws_s3 as s3

from lightpress.cdk.encryption import key_of
from lightpress.cdk.findings import acknowledge
from lightpress.cdk.naming import logical_id_of, pin, removal_policy
from lightpress.cdk.options.storage import STANDARD, STORAGE_CLASSES
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms
    from constructs import Construct

    from lightpress.cdk.config import Config

_A_WEEK = Duration.days(7)
_MOST_CHARACTERS = 63
_ACCOUNT = "123456789012"  # as long as any


# The parts of an upload that was never completed are invisible, and billed until they are aborted.
_ABORTED_UPLOADS = s3.LifecycleRule(abort_incomplete_multipart_upload_after=_A_WEEK)
_NO_ACCESS_LOG = (
    "Every change of an original reaches the queue and the function's log. An access log would need its own bucket; "
    "CloudTrail's data events record who read what, for those who have to prove it."
)


@dataclass(frozen=True)
class _Name:
    """A bucket's name: `name` with the account and the region, in one of the namespaces of S3."""

    name: str
    everywhere_unique: bool

    @property
    def properties(self) -> dict[str, Any]:
        """The arguments of `s3.Bucket`."""
        if self.everywhere_unique:
            return {"bucket_name": self.physical}
        return {"bucket_name_prefix": self.name, "bucket_namespace": s3.BucketNamespace.ACCOUNT_REGIONAL}

    @property
    def physical(self) -> str:
        return f"{self.name}-{Aws.ACCOUNT_ID}-{Aws.REGION}{self._suffix}"

    @property
    def _suffix(self) -> str:
        return "" if self.everywhere_unique else "-an"

    def check(self, region: str) -> None:
        """Refuse what is longer than S3 allows, where the region is known; raises ConfigError."""
        characters = len(f"{self.name}-{_ACCOUNT}-{region}{self._suffix}")
        if not Token.is_unresolved(region) and characters > _MOST_CHARACTERS:
            raise ConfigError(
                f"name: buckets named {self.name}-ACCOUNT-{region}{self._suffix} would have {characters} characters; "
                f"allowed: {_MOST_CHARACTERS}. Choose a name that is {characters - _MOST_CHARACTERS} shorter"
            )


class PrivateBucket(s3.Bucket):
    """A bucket that only its own account reads and writes.

    Args:
        holds: What it keeps, in one word: a part of its name, and of its logical id.
        versioned: Whether replaced and deleted objects are kept as noncurrent versions.
        lifecycle_rules: Besides the one that aborts uploads which are not completed within a week.
        ownership: Whether objects may have ACLs, which CloudFront's standard logs need.

    Attributes:
        known_arn: The ARN without a reference to the bucket, for a policy that the bucket itself waits for.
        logical_id: Its logical id in the template.

    """

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        holds: str,
        config: Config,
        versioned: bool = False,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
        ownership: s3.ObjectOwnership = s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    ) -> None:
        name = _Name(f"{config.prefix}-{holds}", everywhere_unique=config.storage.bucket_namespace == "global")
        name.check(Stack.of(scope).region)
        super().__init__(
            scope,
            id_,
            **name.properties,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=ownership,
            **_encryption(key_of(scope)),
            enforce_ssl=True,
            versioned=versioned,
            lifecycle_rules=[_ABORTED_UPLOADS, *lifecycle_rules],
            removal_policy=removal_policy(config),
        )
        self.known_arn = f"arn:{Aws.PARTITION}:s3:::{name.physical}"
        pin(self, f"{holds.capitalize()}Bucket")
        self.logical_id = logical_id_of(self, f"{holds.capitalize()}Bucket")
        acknowledge(self, "AwsSolutions-S1", because=_NO_ACCESS_LOG)


def _encryption(key: kms.IKey | None) -> dict[str, Any]:
    """The arguments of `s3.Bucket` for encryption with the stack's key, or with keys of S3 where there is none."""
    if key is None:
        return {"encryption": s3.BucketEncryption.S3_MANAGED}
    # With a bucket key, one request to KMS serves many objects.
    return {"encryption": s3.BucketEncryption.KMS, "encryption_key": key, "bucket_key_enabled": True}


def guard_names(scope: Construct, config: Config) -> None:
    """Refuse a deploy that would replace every bucket by an empty one, because its namespace has changed.

    The parameter keeps the value of the first deploy, unless a deploy names another one (docs/decisions/0059).
    """
    namespace = config.storage.bucket_namespace
    deployed = CfnParameter(
        scope,
        "BucketNamespace",
        default=namespace,
        allowed_values=["account-regional", "global"],
        description="The option bucket_namespace at the first deploy",
    )
    guard = CfnRule(
        scope,
        "BucketsAreNotReplaced",
        assertions=[
            CfnRuleAssertion(
                assert_=Fn.condition_equals(deployed.value_as_string, namespace),
                assert_description="bucket_namespace differs from what is deployed: every bucket would be replaced by "
                "an empty one. Set it back, or see docs/deploying.md.",
            )
        ],
    )
    pin(deployed, "BucketNamespace")
    pin(guard, "BucketsAreNotReplaced")


def moved(storage: str, days: int, prefix: str | None = None) -> list[s3.LifecycleRule]:
    """The rule that moves what is older than so many days to another storage; none for "standard"."""
    if storage == STANDARD:
        return []
    storage_class = s3.StorageClass(STORAGE_CLASSES[storage])
    move = s3.Transition(storage_class=storage_class, transition_after=Duration.days(days))
    return [s3.LifecycleRule(prefix=prefix, transitions=[move])]
