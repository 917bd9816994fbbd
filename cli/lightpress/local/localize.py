"""Replaces the addresses of AWS in the functions' environment variables by addresses of this machine.

A browser cannot reach `d123.cloudfront.net` or `BUCKET.s3.REGION.amazonaws.com` of an emulated account. The URLs that
functions return (of variants, and of the bucket that the upload page sends to) must be those of this cloud.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_lambda import LambdaClient
    from types_boto3_lambda.type_defs import FunctionConfigurationTypeDef

_SENT_IN_BATCHES = ("URL_QUEUE_URL", "HINTS_QUEUE_URL")


def localize(lambda_: LambdaClient, iam: Any, addresses: Mapping[str, str]) -> None:  # noqa: ANN401  types of its own
    """Replace deployed addresses (keys) by local ones (values) in the variables of every function."""
    for page in lambda_.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            _open_url(lambda_, function["FunctionName"])
            _allow_batches(iam, function)
            variables = function.get("Environment", {}).get("Variables", {})
            changed = {name: _replaced(value, addresses) for name, value in variables.items()}
            if changed != variables:
                lambda_.update_function_configuration(
                    FunctionName=function["FunctionName"], Environment={"Variables": changed}
                )


def _open_url(lambda_: LambdaClient, function: str) -> None:
    """Make a function's URL public: the emulator's CDN signs requests to buckets, but not to function URLs."""
    for url in lambda_.list_function_url_configs(FunctionName=function)["FunctionUrlConfigs"]:
        if url["AuthType"] != "NONE":
            lambda_.update_function_url_config(FunctionName=function, AuthType="NONE")


def _allow_batches(iam: Any, function: FunctionConfigurationTypeDef) -> None:  # noqa: ANN401
    """Allow batches to a function that may send to such a queue: the emulator has an action for them, AWS has not."""
    variables = function.get("Environment", {}).get("Variables", {})
    url = next((variables[name] for name in _SENT_IN_BATCHES if name in variables), None)
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
