"""What may not change by accident: CloudFormation replaces, and so empties or moves, what gets another logical id."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.readiness import PROJECT
from tests.cdk.templates import NO_ASSETS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cdk.templates import Template

_KEEPS = {
    "UploadsBucket": "AWS::S3::Bucket",
    "ImagesBucket": "AWS::S3::Bucket",
    "Queue": "AWS::SQS::Queue",
    "DeadLetterQueue": "AWS::SQS::Queue",
    "PurgeQueue": "AWS::SQS::Queue",
    "BackfillQueue": "AWS::SQS::Queue",
    "RunsTable": "AWS::DynamoDB::Table",
    "BackfillLogs": "AWS::Logs::LogGroup",
    "QuarantineBucket": "AWS::S3::Bucket",
    "FailuresTable": "AWS::DynamoDB::Table",
    "AlarmTopic": "AWS::SNS::Topic",
    "ProcessUploadLogs": "AWS::Logs::LogGroup",
    "RecordFailureLogs": "AWS::Logs::LogGroup",
    "PurgeDeletedLogs": "AWS::Logs::LogGroup",
    "ResolverLogs": "AWS::Logs::LogGroup",
    "Distribution": "AWS::CloudFront::Distribution",
}
# Of a bucket, table, queue or key, what CloudFormation cannot change without making another one. From the "Update
# requires: Replacement" of the properties in the CloudFormation Template Reference.
_REPLACED_WITH = {
    "AWS::S3::Bucket": {"BucketName", "BucketNamePrefix", "BucketNamespace", "ObjectLockEnabled"},
    "AWS::DynamoDB::Table": {"TableName", "KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes"},
    "AWS::SQS::Queue": {"QueueName", "FifoQueue"},
    "AWS::KMS::Key": {"KeySpec", "KeyUsage", "MultiRegion", "Origin"},
}
_ROWS: dict[str, object] = {
    "KeySchema": [
        {"AttributeName": "subject", "KeyType": "HASH"},
        {"AttributeName": "identity", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "subject", "AttributeType": "S"},
        {"AttributeName": "identity", "AttributeType": "S"},
    ],
}


def _named(name: str) -> dict[str, object]:
    return {"BucketNamePrefix": name, "BucketNamespace": "account-regional"}


def _identities(environment: str) -> dict[str, dict[str, object]]:
    """What exists in deployed accounts under these logical ids: a change of a row here loses somebody's data."""
    return {
        "UploadsBucket": _named(f"lightpress-{environment}-uploads"),
        "ImagesBucket": _named(f"lightpress-{environment}-images"),
        "QuarantineBucket": _named(f"lightpress-{environment}-quarantine"),
        "FailuresTable": _ROWS,
        "Queue": {},
        "DeadLetterQueue": {},
        "PurgeQueue": {},
        "BackfillQueue": {},
        "RunsTable": {
            "KeySchema": [{"AttributeName": "run", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "run", "AttributeType": "S"}],
        },
        "MonitoringKey61F0DC42": {},
    }


_KEEPS_OF_THE_API = {
    "UploadApi": "AWS::ApiGatewayV2::Api",
    "UploadApiFunctionLogs": "AWS::Logs::LogGroup",
    "UploadApiAccessLogs": "AWS::Logs::LogGroup",
}


_KEEPS_OF_URLS = {"UrlQueue": "AWS::SQS::Queue", "FetchUrlLogs": "AWS::Logs::LogGroup"}


def test_what_holds_data_or_an_address_keeps_its_logical_id(template: Template) -> None:
    wanted = _KEEPS | (_KEEPS_OF_THE_API if "UploadApi" in template.raw["Resources"] else {})
    wanted |= {"UploadPageLogs": "AWS::Logs::LogGroup"} if "UploadPageLogs" in template.raw["Resources"] else {}
    counters = {"UploadCountersTable": "AWS::DynamoDB::Table"}
    wanted |= counters if "UploadCountersTable" in template.raw["Resources"] else {}
    wanted |= _KEEPS_OF_URLS if "UrlQueue" in template.raw["Resources"] else {}
    kept = {resource.id: resource.type for resource in template.resources(*wanted.values())}
    assert kept == wanted


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_no_deploy_replaces_a_bucket_a_table_a_queue_or_a_key(
    environment: str, template_of: Callable[[str], Template]
) -> None:
    template = template_of(environment)
    wanted = _identities(environment) | ({"UrlQueue": {}} if environment == "dev" else {})
    found = {
        resource.id: {name: value for name, value in resource.properties.items() if name in _REPLACED_WITH[kind]}
        for kind in _REPLACED_WITH
        for resource in template.resources(kind)
    }
    assert found == wanted


def test_the_outputs_name_every_resource_that_an_operator_needs(template: Template) -> None:
    assert set(template.raw["Outputs"]) - {"UploadApiUrl", "UploadCountersTableName", "UrlQueueUrl"} == {
        "UploadsBucketName",
        "ImagesBucketName",
        "QueueUrl",
        "DeadLetterQueueUrl",
        "ProcessUploadFunctionName",
        "RecordFailureFunctionName",
        "QuarantineBucketName",
        "FailuresTableName",
        "RunsTableName",
        "BackfillMachineArn",
        "AlarmTopicArn",
        "CdnBaseUrl",
        "DistributionId",
        "RecipesDigest",
        "Retention",
        "PurgeQueueUrl",
    }
    base_url = template.raw["Outputs"]["CdnBaseUrl"]["Value"]
    assert base_url == {"Fn::Join": ["", ["https://", {"Fn::GetAtt": ["Distribution", "DomainName"]}]]}


@pytest.mark.nightly
def test_the_same_checkout_always_synthesizes_to_the_same_bytes(tmp_path: Path) -> None:
    first = _synthesized_by_a_process_of_its_own(tmp_path / "first", hash_seed="1")
    second = _synthesized_by_a_process_of_its_own(tmp_path / "second", hash_seed="2")
    assert set(first) >= {"Lightpress-dev.template.json", "manifest.json", "tree.json"}
    assert first == second


def _synthesized_by_a_process_of_its_own(outdir: Path, *, hash_seed: str) -> dict[str, bytes]:
    told = {"CDK_OUTDIR": str(outdir), "CDK_CONTEXT_JSON": json.dumps(NO_ASSETS), "PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, "app.py"], cwd=PROJECT, env={**os.environ, **told}, check=True)
    return {str(path.relative_to(outdir)): path.read_bytes() for path in outdir.rglob("*") if path.is_file()}
