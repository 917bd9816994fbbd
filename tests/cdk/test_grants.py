"""The reader of grants that the least-privilege tests rely on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cdk.grants import (
    ACCOUNT,
    REGION,
    Grant,
    NotUnderstoodError,
    allows,
    environment_of,
    function_id,
    grants_of,
    resolve,
)

_A_BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketNamePrefix": "pictures"}}
_A_QUEUE = {"Type": "AWS::SQS::Queue"}
_ARN_OF_THE_BUCKET = f"arn:aws:s3:::pictures-{ACCOUNT}-{REGION}-an"


def _template(*statements: dict[str, Any], role: dict[str, Any] | None = None) -> dict[str, Any]:
    """A function `F` with a role whose policy holds these statements."""
    return {
        "Resources": {
            "Bucket": _A_BUCKET,
            "Queue": _A_QUEUE,
            "Role": {"Type": "AWS::IAM::Role", "Properties": role or {}},
            "Policy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": list(statements)}},
            },
            "F": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Handler": "lightpress.handlers.some.handler",
                    "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Environment": {"Variables": {"BUCKET": {"Ref": "Bucket"}, "QUEUE_URL": {"Ref": "Queue"}}},
                },
            },
        }
    }


def _allow(action: str | list[str], resource: object, **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_every_action_on_every_resource_of_a_statement_is_a_grant() -> None:
    objects = {"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*"]]}
    template = _template(
        _allow(["s3:GetObject", "s3:PutObject"], [objects, "arn:aws:s3:::other/*"]),
        _allow("sqs:SendMessage", {"Fn::GetAtt": ["Queue", "Arn"]}),
    )
    assert grants_of(template, "F") == {
        Grant("s3:GetObject", f"{_ARN_OF_THE_BUCKET}/*"),
        Grant("s3:PutObject", f"{_ARN_OF_THE_BUCKET}/*"),
        Grant("s3:GetObject", "arn:aws:s3:::other/*"),
        Grant("s3:PutObject", "arn:aws:s3:::other/*"),
        Grant("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:Queue"),
    }


def test_a_policy_within_the_role_counts_too() -> None:
    inline = {"PolicyDocument": {"Statement": [_allow("s3:ListBucket", "arn:aws:s3:::b")]}}
    assert grants_of(_template(role={"Policies": [inline]}), "F") == {Grant("s3:ListBucket", "arn:aws:s3:::b")}


def test_another_roles_policy_does_not_count() -> None:
    template = _template(_allow("s3:GetObject", "*"))
    template["Resources"]["Policy"]["Properties"]["Roles"] = [{"Ref": "AnotherRole"}]
    assert grants_of(template, "F") == frozenset()


def test_the_environment_holds_names_and_urls() -> None:
    assert environment_of(_template(), "F") == {
        "BUCKET": f"pictures-{ACCOUNT}-{REGION}-an",
        "QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/Queue",
    }


def test_a_function_is_found_by_its_handler() -> None:
    assert function_id(_template(), "some") == "F"


@pytest.mark.parametrize(
    ("pattern", "resource", "covered"),
    [
        ("arn:aws:s3:::b/i/*", "arn:aws:s3:::b/i/x/y.jpg", True),
        ("arn:aws:s3:::b/i/*", "arn:aws:s3:::b/m/x.json", False),
        ("arn:aws:s3:::b/i/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/i/x", False),
        ("arn:aws:s3:::b/i?", "arn:aws:s3:::b/i1", True),
        ("arn:aws:s3:::b/[ab]", "arn:aws:s3:::b/a", False),
        ("arn:aws:s3:::b/[ab]", "arn:aws:s3:::b/[ab]", True),
        ("*", "arn:aws:s3:::b/a\nb", True),
    ],
)
def test_wildcards_mean_what_iam_means(pattern: str, resource: str, covered: bool) -> None:
    assert Grant("s3:GetObject", pattern).covers("s3:GetObject", resource) is covered


def test_actions_match_in_any_case_and_resources_do_not() -> None:
    grant = Grant("s3:Get*", "arn:aws:s3:::b/A")
    assert allows([grant], "S3:getobject", "arn:aws:s3:::b/A")
    assert not allows([grant], "s3:GetObject", "arn:aws:s3:::b/a")
    assert not allows([grant], "s3:PutObject", "arn:aws:s3:::b/A")
    assert not allows([], "s3:GetObject", "arn:aws:s3:::b/A")


def test_text_is_put_together_as_cloudformation_does_it() -> None:
    template = _template()
    assert resolve(template, {"Fn::Sub": "x-${AWS::AccountId}-${Bucket}"}) == (
        f"x-{ACCOUNT}-pictures-{ACCOUNT}-{REGION}-an"
    )
    template["Resources"]["Bucket"]["Properties"] = {"BucketName": {"Fn::Join": ["-", ["b", {"Ref": "AWS::Region"}]]}}
    assert resolve(template, {"Ref": "Bucket"}) == f"b-{REGION}"


@pytest.mark.parametrize(
    "statement",
    [
        _allow("s3:GetObject", "*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        _allow("s3:GetObject", "*", Effect="Deny"),
        {"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"},
        _allow("s3:GetObject", {"Fn::ImportValue": "x"}),
        _allow("s3:GetObject", {"Fn::GetAtt": ["Bucket", "WebsiteURL"]}),
    ],
)
def test_what_is_not_understood_is_refused_and_not_passed_over(statement: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstoodError):
        grants_of(_template(statement), "F")


def test_managed_policies_are_refused_because_nobody_can_see_what_is_in_them() -> None:
    with pytest.raises(NotUnderstoodError, match="managed policies"):
        grants_of(_template(role={"ManagedPolicyArns": ["arn:aws:iam::aws:policy/X"]}), "F")
