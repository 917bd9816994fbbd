"""Clients of the local cloud, which cannot connect to AWS by mistake."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import boto3.session
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudfront import CloudFrontClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient

REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105  no secret: the emulator accepts this one

_CONFIG = Config(
    s3={"addressing_style": "path"},  # bucket.localhost does not resolve everywhere
    retries={"mode": "standard", "max_attempts": 3},
    proxies={},  # even if HTTP_PROXY is set
    max_pool_connections=32,  # commands read many objects at the same time
)


class _Arguments(TypedDict):
    endpoint_url: str
    verify: str | None
    config: Config


@dataclass(frozen=True, slots=True)
class Session:
    """Makes boto3 clients of a local cloud. ca_bundle: PEM file of the certificate authority; None without TLS."""

    endpoint_url: str
    ca_bundle: Path | None

    def client(self, service: str) -> Any:  # noqa: ANN401  boto3's, by the name of the service
        """A client of any service; the methods below have types."""
        make: Callable[..., Any] = _boto3_session().client
        return self.s3() if service == "s3" else make(service, **self._arguments())

    def cloudformation(self) -> CloudFormationClient:
        return _boto3_session().client("cloudformation", **self._arguments())

    def s3(self) -> S3Client:
        arguments = self._arguments()
        # By default, presigned forms have signatures of version 2, which regions opened since 2014 do not accept.
        arguments["config"] = _CONFIG.merge(Config(signature_version="s3v4"))
        return _boto3_session().client("s3", **arguments)

    def sqs(self) -> SQSClient:
        return _boto3_session().client("sqs", **self._arguments())

    def cloudfront(self) -> CloudFrontClient:
        return _boto3_session().client("cloudfront", **self._arguments())

    def dynamodb(self) -> DynamoDBClient:
        return _boto3_session().client("dynamodb", **self._arguments())

    def iam(self) -> Any:  # noqa: ANN401  its types are not installed
        return _boto3_session().client("iam", **self._arguments())

    def lambda_(self) -> LambdaClient:
        return _boto3_session().client("lambda", **self._arguments())

    def apis(self) -> Any:  # noqa: ANN401  its types are not installed
        return _boto3_session().client("apigatewayv2", **self._arguments())

    def logs(self) -> CloudWatchLogsClient:
        return _boto3_session().client("logs", **self._arguments())

    def ssm(self) -> SSMClient:
        return _boto3_session().client("ssm", **self._arguments())

    def _arguments(self) -> _Arguments:
        return {
            "endpoint_url": self.endpoint_url,
            "verify": str(self.ca_bundle) if self.ca_bundle else None,
            "config": _CONFIG,
        }


def _boto3_session() -> boto3.session.Session:
    """Make a session that ignores the user's AWS settings: AWS_PROFILE and others are neither used nor in the way."""
    variables = botocore.session.Session.SESSION_VARIABLES
    ignored = {name: (None, None, default, conversion) for name, (_, _, default, conversion) in variables.items()}
    ignored |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return boto3.session.Session(
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name=REGION,
        botocore_session=botocore.session.Session(session_vars=ignored),
    )
