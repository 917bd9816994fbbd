"""Who a caller is, by the events that AWS documents.

The fields of `requestContext.authorizer.iam` are those of aws-lambda-go (events/apigw.go) and of Powertools' sample
tests/events/apiGatewayProxyV2IamEvent.json, whose values these are.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lightpress.uploads.callers import caller_of
from lightpress.uploads.requests import Refused, owner_of

# https://github.com/aws-powertools/powertools-lambda-python/blob/develop/tests/events/apiGatewayProxyV2IamEvent.json
# AWS documents the same fields, without values:
# https://docs.aws.amazon.com/powertools/typescript/2.13.1/api/types/_aws-lambda-powertools_parser.types.APIGatewayProxyEventV2.html
IDENTITY_POOL: dict[str, Any] = {
    "accessKey": "ARIA2ZJZYVUEREEIHAKY",
    "accountId": "1234567890",
    "callerId": "AROA7ZJZYVRE7C3DUXHH6:CognitoIdentityCredentials",
    "cognitoIdentity": {
        "amr": ["foo"],
        "identityId": "us-east-1:3f291106-8703-466b-8f2b-3ecee1ca56ce",
        "identityPoolId": "us-east-1:4f291106-8703-466b-8f2b-3ecee1ca56ce",
    },
    "principalOrgId": "AwsOrgId",
    "userArn": "arn:aws:iam::1234567890:user/Admin",
    "userId": "AROA2ZJZYVRE7Y3TUXHH6",
}
ROLE = "arn:aws:sts::123456789012:assumed-role/uploader"
SINGLE_SIGN_ON = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Editors_0123456789abcdef"


def identity(**changes: Any) -> str:  # noqa: ANN401  JSON's
    """Who a caller is by an event of the IAM authorizer."""
    described = copy.deepcopy(IDENTITY_POOL) | {"cognitoIdentity": None} | changes
    return caller_of({"requestContext": {"authorizer": {"iam": described}}}, "iam")


def test_two_users_of_one_identity_pool_are_two_owners_though_their_arn_is_one() -> None:
    alice = IDENTITY_POOL["cognitoIdentity"]
    bob = alice | {"identityId": "us-east-1:00000000-8703-466b-8f2b-3ecee1ca56ce"}
    assert identity(cognitoIdentity=alice) == "us-east-1:3f291106-8703-466b-8f2b-3ecee1ca56ce"
    assert owner_of(identity(cognitoIdentity=alice)) != owner_of(identity(cognitoIdentity=bob))


def test_two_sessions_of_one_role_are_one_owner() -> None:
    assert identity(userArn=f"{ROLE}/i-0abcd1234") == identity(userArn=f"{ROLE}/deploy@ci") == ROLE


def test_two_people_who_signed_in_by_identity_center_are_two_owners() -> None:
    assert identity(userArn=f"{SINGLE_SIGN_ON}/a@example.com") != identity(userArn=f"{SINGLE_SIGN_ON}/b@example.com")


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::1234567890:user/Admin",
        "arn:aws:iam::123456789012:user/division/alice",
        "arn:aws:sts::123456789012:federated-user/alice",
        "arn:aws:iam::123456789012:root",
    ],
)
def test_any_other_principal_is_its_arn(arn: str) -> None:
    assert identity(userArn=arn) == arn


def test_two_roles_are_two_owners_and_so_is_a_role_of_another_account_or_partition() -> None:
    arns = [f"{ROLE}/s", f"{ROLE}s/s", f"{ROLE.replace('123', '321')}/s", f"{ROLE.replace('aws:', 'aws-cn:', 1)}/s"]
    assert len({identity(userArn=arn) for arn in arns}) == 4


@pytest.mark.parametrize("described", [{"identityId": ""}, {"identityId": 7}, {}, "us-east-1:x"])
def test_an_identity_that_is_none_does_not_count(described: object) -> None:
    assert identity(cognitoIdentity=described, userArn=f"{ROLE}/s") == ROLE


@pytest.mark.parametrize("arn", [None, "", 7])
def test_a_caller_without_an_arn_is_refused(arn: object) -> None:
    with pytest.raises(Refused, match="does not say who you are") as refused:
        identity(userArn=arn)
    assert (refused.value.status, refused.value.code) == (403, "no_owner")
