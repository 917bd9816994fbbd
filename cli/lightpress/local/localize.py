"""Addresses that work from this machine, in the place of those that the stack tells its functions.

A browser here reaches neither `d123.cloudfront.net` nor `BUCKET.s3.REGION.amazonaws.com` of an emulated account. What
the functions hand out (the URLs of variants, where the upload page may send to) must name the doors of this cloud.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda import LambdaClient
    from types_boto3_lambda.type_defs import FunctionConfigurationTypeDef


def localize(lambda_: LambdaClient, iam: Any, addresses: Mapping[str, str]) -> None:  # noqa: ANN401  types of its own
    """Put the local address (value) wherever a function of the cloud is told the deployed one (key)."""
    for page in lambda_.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            _open_url(lambda_, function["FunctionName"])
            _allow_batches(iam, function)
            told = function.get("Environment", {}).get("Variables", {})
            changed = {name: _replaced(value, addresses) for name, value in told.items()}
            if changed != told:
                lambda_.update_function_configuration(
                    FunctionName=function["FunctionName"], Environment={"Variables": changed}
                )


def _open_url(lambda_: LambdaClient, function: str) -> None:
    """Let the CDN ask a function's URL: the emulator's CDN signs what it asks a bucket, and not what it asks a URL."""
    for url in lambda_.list_function_url_configs(FunctionName=function)["FunctionUrlConfigs"]:
        if url["AuthType"] != "NONE":
            lambda_.update_function_url_config(FunctionName=function, AuthType="NONE")


def _allow_batches(iam: Any, function: FunctionConfigurationTypeDef) -> None:  # noqa: ANN401
    """Let a function that may send to the URL queue send ten at once: AWS knows no action of its own for that."""
    url = function.get("Environment", {}).get("Variables", {}).get("URL_QUEUE_URL")
    if url is None:
        return
    statement = {
        "Effect": "Allow",
        "Action": "sqs:SendMessageBatch",
        "Resource": f"arn:aws:sqs:*:*:{url.rpartition('/')[2]}",
    }
    iam.put_role_policy(
        RoleName=function["Role"].rpartition("/")[2],
        PolicyName="batches-on-the-local-cloud",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def _replaced(text: str, addresses: Mapping[str, str]) -> str:
    for deployed, local in addresses.items():
        text = text.replace(deployed, local)
    return text
