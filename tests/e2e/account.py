"""A stack that is deployed already: in an AWS account, or in a local cloud that is running."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from lightpress.local import Outputs
from lightpress.local.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudfront import CloudFrontClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient


class AccountSession(Session):
    """Makes boto3 clients of the account whose credentials are in use; everything else is as boto3 finds it."""

    def cloudformation(self) -> CloudFormationClient:
        return boto3.client("cloudformation")

    def s3(self) -> S3Client:
        return boto3.client("s3", config=Config(signature_version="s3v4", max_pool_connections=32))

    def sqs(self) -> SQSClient:
        return boto3.client("sqs")

    def cloudfront(self) -> CloudFrontClient:
        return boto3.client("cloudfront")

    def dynamodb(self) -> DynamoDBClient:
        return boto3.client("dynamodb")

    def lambda_(self) -> LambdaClient:
        return boto3.client("lambda")

    def logs(self) -> CloudWatchLogsClient:
        return boto3.client("logs")

    def ssm(self) -> SSMClient:
        return boto3.client("ssm")


class InAccount(Outputs):
    """The same, of a stack in an account."""

    def session(self) -> Session:
        return AccountSession(self.endpoint_url, None)


def given_outputs(path: Path) -> Outputs:
    """Read what `make deploy` writes (.local/ENV.json), or what the local cloud does (.local/outputs.json)."""
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "endpoint_url" in told:
        return Outputs.from_file(path)
    (stack,) = told
    region = boto3.session.Session().region_name
    if region is None:
        pytest.exit("Say where the stack is: AWS_REGION=...", returncode=4)
    return in_account(stack, told[stack], region)


def in_account(stack: str, outputs: dict[str, str], region: str) -> InAccount:
    """The outputs of a stack as they are: nothing is put in the place of AWS's own addresses."""
    endpoint = f"https://s3.{region}.amazonaws.com"  # in path style: tests speak to a bucket as /BUCKET/KEY
    local = Outputs.of_stack(stack, outputs, endpoint_url=endpoint, ca_bundle=None, cdn_port=0)
    own = replace(
        local,
        region=region,
        cdn_base_url=outputs["CdnBaseUrl"],
        upload_api_url=outputs.get("UploadApiUrl"),
        queues={"main": outputs["QueueUrl"], "dead_letter": outputs["DeadLetterQueueUrl"]},
    )
    return InAccount(**{field.name: getattr(own, field.name) for field in fields(own)})


def signed(cloud: Outputs, method: str, url: str, body: str | None) -> dict[str, str]:
    """The headers of a request of the upload API: signed in an account, where `upload_auth` is "iam"."""
    headers = {"content-type": "application/json"}
    credentials = boto3.session.Session().get_credentials() if isinstance(cloud, InAccount) else None
    if credentials is None:
        return headers
    request = AWSRequest(method, url, headers=headers, data=body or "")
    SigV4Auth(credentials, "execute-api", cloud.region).add_auth(request)
    return dict(request.headers.items())
