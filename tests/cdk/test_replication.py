"""Replication of originals: what S3 is told to do, and what it may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Annotations, Match

from lightpress.cdk import Lightpress
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import ACCOUNT, REGION, grants_of_role
from tests.cdk.templates import NO_ASSETS, Template, read_template
from tests.cdk.test_monitoring import alarms
from tests.cdk.test_originals import ALL, DROPS, SIZES, stack_with

if TYPE_CHECKING:
    from pathlib import Path

REPLICA = "my-originals-elsewhere"
ELSEWHERE = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
UPLOADS = f"arn:aws:s3:::lightpress-dev-uploads-{ACCOUNT}-{REGION}-an"


def template_with(folder: Path, **options: Any) -> Template:  # noqa: ANN401  of the construct
    app = App(context=NO_ASSETS, outdir=str(folder / "out"))
    recipes = folder / "recipes.toml"
    recipes.write_text(f"{ALL}{SIZES}", encoding="utf-8")
    Lightpress(Stack(app, "Pictures"), "Default", recipes=recipes, name="dev", **options)
    return read_template(app.synth().get_stack_by_name("Pictures"))


def replication_of(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template.resource("UploadsBucket").properties["ReplicationConfiguration"]
    return found


def role_of(template: Template) -> str:
    (role, _) = replication_of(template)["Role"]["Fn::GetAtt"]
    return str(role)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return template_with(tmp_path_factory.mktemp("plain"), replica_bucket=REPLICA)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return template_with(
        tmp_path_factory.mktemp("keyed"),
        replica_bucket=REPLICA,
        encryption_key="create",
        replica_key=ELSEWHERE,
        replica_storage="glacier-instant-retrieval",
        replica_time_control=True,
    )


def test_every_original_is_replicated_with_its_deletion_and_failures_are_counted(plain: Template) -> None:
    bucket = plain.resource("UploadsBucket").properties
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}, "S3 replicates nothing else"
    (rule,) = bucket["ReplicationConfiguration"]["Rules"]
    assert plain.resolve(rule["Destination"].pop("Bucket")) == f"arn:aws:s3:::{REPLICA}"
    assert rule == {
        "Id": "Originals",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Metrics": {"Status": "Enabled"}, "StorageClass": "STANDARD"},
    }


def test_s3_may_read_these_originals_and_write_those_replicas_and_nothing_more(plain: Template) -> None:
    role = plain.resource(role_of(plain))
    assert role.properties["AssumeRolePolicyDocument"]["Statement"] == [
        {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}}
    ]
    assert {(one.action, one.resource) for one in grants_of_role(plain.raw, role.id)} == {
        ("s3:GetReplicationConfiguration", UPLOADS),
        ("s3:ListBucket", UPLOADS),
        ("s3:GetObjectVersionForReplication", f"{UPLOADS}/*"),
        ("s3:GetObjectVersionAcl", f"{UPLOADS}/*"),
        ("s3:GetObjectVersionTagging", f"{UPLOADS}/*"),
        ("s3:ReplicateObject", f"arn:aws:s3:::{REPLICA}/*"),
        ("s3:ReplicateDelete", f"arn:aws:s3:::{REPLICA}/*"),
        ("s3:ReplicateTags", f"arn:aws:s3:::{REPLICA}/*"),
    }


def test_the_bucket_waits_for_what_its_role_may_do(plain: Template) -> None:
    policies = [
        one.id for one in plain.resources("AWS::IAM::Policy") if {"Ref": role_of(plain)} in one.properties["Roles"]
    ]
    assert set(policies) & set(plain.resource("UploadsBucket").raw["DependsOn"]) == set(policies)
    assert len(policies) == 1


def test_with_a_key_replicas_are_encrypted_with_one_there_in_their_class_and_in_time(keyed: Template) -> None:
    (rule,) = replication_of(keyed)["Rules"]
    assert rule["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    rule["Destination"].pop("Bucket")
    assert rule["Destination"] == {
        "EncryptionConfiguration": {"ReplicaKmsKeyID": ELSEWHERE},
        "Metrics": {"EventThreshold": {"Minutes": 15}, "Status": "Enabled"},
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        "StorageClass": "GLACIER_IR",
    }


def test_the_keys_are_used_by_s3_alone_each_in_its_region_and_for_its_bucket(keyed: Template) -> None:
    statements = [
        one
        for policy in keyed.resources("AWS::IAM::Policy")
        if {"Ref": role_of(keyed)} in policy.properties["Roles"]
        for one in policy.properties["PolicyDocument"]["Statement"]
        if "kms" in str(one["Action"])
    ]
    found = {
        (
            str(one["Action"]),
            keyed.resolve(one["Resource"]),
            keyed.resolve(one["Condition"]["StringEquals"]["kms:ViaService"]),
            *map(keyed.resolve, one["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]),
        )
        for one in statements
    }
    made = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/EncryptionKey"
    there = f"arn:aws:s3:::{REPLICA}"
    assert found == {
        ("kms:Decrypt", made, f"s3.{REGION}.amazonaws.com", UPLOADS, f"{UPLOADS}/*"),
        ("['kms:Encrypt', 'kms:GenerateDataKey']", ELSEWHERE, "s3.eu-central-1.amazonaws.com", there, f"{there}/*"),
    }


def test_an_original_that_is_not_replicated_raises_an_alarm(plain: Template) -> None:
    alarm = alarms(plain)["OriginalsAreNotReplicated"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/S3", "OperationsFailedReplication", 1)
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        "SourceBucket": {"Ref": "UploadsBucket"},
        "DestinationBucket": REPLICA,
        "RuleId": "Originals",
    }


def test_without_the_option_nothing_of_it_is_there(dev: Template) -> None:
    assert "ReplicationConfiguration" not in dev.resource("UploadsBucket").properties
    assert "OriginalsAreNotReplicated" not in alarms(dev)


def test_what_would_leave_a_replica_behind_is_refused_or_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='replica_bucket: "my-originals-elsewhere", and a recipe has originals = '):
        stack_with(tmp_path, DROPS, replica_bucket=REPLICA)
    with pytest.raises(ConfigError, match="replica_bucket: belongs to the bucket of `uploads`, which is yours"):
        stack_with(tmp_path, f"{ALL}{SIZES}", given=True, replica_bucket=REPLICA)
    stack = stack_with(tmp_path, f"{ALL}{SIZES}", replica_bucket=REPLICA, originals_expiration_days=400)
    told = f"Originals expire here, and their replicas do not: set the same rule on {REPLICA}.*"
    Annotations.from_stack(stack).has_info("*", Match.string_like_regexp(told))
