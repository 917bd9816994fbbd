"""What a function of a template may do, and what its environment says: read as AWS would, in one account and region.

    grants = grants_of(template, function_id(template, "process_upload"))
    allows(grants, "s3:GetObject", "arn:aws:s3:::some-bucket/some/key")

Whatever it does not understand, it refuses: a condition or a function that it passed over could hide a grant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ACCOUNT = "123456789012"
REGION = "eu-west-1"

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}",
}
# What a grant may be bound to and still cover what a function does.
_NARROWER: list[dict[str, Any]] = [{}, {"StringEqualsIfExists": {"events:source": "lightpress"}}]
_QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{{}}"


class NotUnderstoodError(Exception):
    """A template says something that this module cannot read."""


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource; both may hold the wildcards of IAM, * and ?."""

    action: str
    resource: str

    def covers(self, action: str, resource: str) -> bool:
        """Whether this grant allows that. Actions are compared as IAM does it: case does not matter."""
        return _matches(self.action.lower(), action.lower()) and _matches(self.resource, resource)


def allows(grants: Iterable[Grant], action: str, resource: str) -> bool:
    """Whether any of the grants covers the action on the resource."""
    return any(grant.covers(action, resource) for grant in grants)


def function_id(template: Mapping[str, Any], handler: str) -> str:
    """The logical id of the function that runs `lightpress.handlers.HANDLER`."""
    wanted = f"lightpress.handlers.{handler}.handler"
    (found,) = [
        id_
        for id_, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function" and resource["Properties"]["Handler"] == wanted
    ]
    return str(found)


def grants_of(template: Mapping[str, Any], function: str) -> frozenset[Grant]:
    """Everything that the function's role allows it."""
    return grants_of_role(template, template["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0])


def grants_of_role(template: Mapping[str, Any], role_id: str) -> frozenset[Grant]:
    """Everything that a role allows whoever assumes it."""
    return frozenset(
        Grant(action, resolve(template, resource))
        for statement in _statements(template, role_id)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    )


def environment_of(template: Mapping[str, Any], function: str) -> dict[str, str]:
    """The environment variables that the function finds."""
    variables = template["Resources"][function]["Properties"].get("Environment", {}).get("Variables", {})
    return {name: resolve(template, value) for name, value in variables.items()}


def resolve(template: Mapping[str, Any], value: Any) -> str:  # noqa: ANN401  a template's
    """The text that CloudFormation would put where `value` stands."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise NotUnderstoodError(f"{value!r} is neither text nor a function")
    ((function, argument),) = value.items()
    if function == "Ref":
        return _reference(template, argument)
    if function == "Fn::GetAtt":
        return _attribute(template, *argument)
    if function == "Fn::Join":
        separator, parts = argument
        return str(separator).join(resolve(template, part) for part in parts)
    if function == "Fn::Sub" and isinstance(argument, str):
        return re.sub(r"\$\{([^}]+)\}", lambda match: _reference(template, match[1]), argument)
    raise NotUnderstoodError(f"{function} of {argument!r}")


def _reference(template: Mapping[str, Any], name: str) -> str:
    if name in _PSEUDO:
        return _PSEUDO[name]
    physical = _name(template, name)
    if _type(template, name) == "AWS::Lambda::Alias":
        alias = template["Resources"][name]["Properties"]
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{resolve(template, alias['FunctionName'])}:{alias['Name']}"
    if _type(template, name) == "AWS::StepFunctions::StateMachine":
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{physical}"
    return _QUEUE_URL.format(physical) if _type(template, name) == "AWS::SQS::Queue" else physical


def _attribute(template: Mapping[str, Any], id_: str, attribute: str) -> str:
    arn = _ARNS.get(_type(template, id_))
    if attribute == "Name" and _type(template, id_) == "AWS::StepFunctions::StateMachine":
        return _name(template, id_)
    if attribute == "Arn" and arn:
        return arn.format(_name(template, id_))
    if attribute == "QueueName":
        return _name(template, id_)
    if attribute == "DomainName":
        return f"{id_}.cloudfront.net"
    raise NotUnderstoodError(f"{attribute} of {id_}, which is an {_type(template, id_)}")


def _name(template: Mapping[str, Any], id_: str) -> str:
    """The physical name: the one the template gives, or the logical id where CloudFormation would invent one."""
    properties = template["Resources"][id_].get("Properties", {})
    if "BucketNamePrefix" in properties:
        return f"{properties['BucketNamePrefix']}-{ACCOUNT}-{REGION}-an"
    return resolve(template, properties["BucketName"]) if "BucketName" in properties else id_


def _type(template: Mapping[str, Any], id_: str) -> str:
    return str(template["Resources"][id_]["Type"])


def _statements(template: Mapping[str, Any], role_id: str) -> Iterator[Mapping[str, Any]]:
    for document in _policy_documents(template, role_id):
        for statement in document["Statement"]:
            unknown = set(statement) - {"Action", "Effect", "Resource", "Sid", "Condition"}
            if unknown or statement.get("Condition", {}) not in _NARROWER or statement["Effect"] != "Allow":
                raise NotUnderstoodError(f"{statement!r} does more than allow actions on resources")
            yield statement


def _policy_documents(template: Mapping[str, Any], role_id: str) -> Iterator[Mapping[str, Any]]:
    role = template["Resources"][role_id]["Properties"]
    if role.get("ManagedPolicyArns"):
        raise NotUnderstoodError(f"{role_id} has managed policies, whose contents are not in the template")
    yield from (policy["PolicyDocument"] for policy in role.get("Policies", []))
    for resource in template["Resources"].values():
        attached = resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
        if attached and {"Ref": role_id} in resource["Properties"].get("Roles", []):
            yield resource["Properties"]["PolicyDocument"]


def _matches(pattern: str, text: str) -> bool:
    wildcards = {"*": ".*", "?": "."}
    regex = "".join(wildcards.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def as_list(value: Any) -> list[Any]:  # noqa: ANN401  a template's
    """What a template may write as one value or as a list of them."""
    return value if isinstance(value, list) else [value]
