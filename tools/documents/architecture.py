"""Writes docs/architecture.md: `make docs`. A test fails where it is stale.

Resources and connections are read from the synthesized template: notifications, event sources, redrive policies,
origins, integrations, and the grants of each function's role. The diagram is in Mermaid, which GitHub and GitLab draw.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lightpress.cdk.readiness import PROJECT
from tools.markdown import line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Resources = dict[str, dict[str, Any]]

PAGE = PROJECT / "docs" / "architecture.md"
DRAWN_ENVIRONMENT = "dev"


@dataclass(frozen=True)
class Kind:
    """A kind of resource in the diagram.

    Attributes:
        name: As AWS names it.
        shape: Mermaid's brackets around a node of this kind.
        color: Of the node's outline. All are told apart with color blindness, too (Okabe and Ito).
    """

    name: str
    shape: tuple[str, str]
    color: str


_KINDS = {
    "AWS::S3::Bucket": Kind("S3 bucket", ("[(", ")]"), "#009e73"),
    "AWS::SQS::Queue": Kind("SQS queue", ("[[", "]]"), "#cc79a7"),
    "AWS::Lambda::Function": Kind("Lambda function", ("(", ")"), "#d55e00"),
    "AWS::DynamoDB::Table": Kind("DynamoDB table", ("[(", ")]"), "#0072b2"),
    "AWS::CloudFront::Distribution": Kind("CloudFront distribution", ("([", "])"), "#56b4e9"),
    "AWS::ApiGatewayV2::Api": Kind("API Gateway", ("([", "])"), "#56b4e9"),
}
# The data flow that a grant allows: to the resource, or from it.
_WRITES = {
    "s3:PutObject": "writes",
    "sqs:SendMessage": "sends",
    "dynamodb:UpdateItem": "records",
    "cloudfront:CreateInvalidation": "invalidates",
}
_READS = {"s3:GetObject": "read by"}

_HEAD = """\
# Architecture

The resources of the `dev` stack and what flows between them. Solid arrows: data and events that one resource sends to
another. Dashed arrows: data that the resource at the tip reads. Resources without a connection (alarms, log groups,
roles) are left out.

This page is written by `make docs` from the synthesized template.
"""


@dataclass(frozen=True, order=True)
class Connection:
    """Data flows from one resource to another, named by their logical ids. reads: because the other one reads it."""

    start: str
    end: str
    says: str
    reads: bool = False


@dataclass(frozen=True)
class Architecture:
    """What the diagram shows. nodes: name and kind of each resource, by logical id."""

    nodes: Mapping[str, tuple[str, Kind]]
    connections: tuple[Connection, ...]

    def rows(self) -> list[tuple[str, str, str]]:
        """From, what, and to, for each connection."""
        return sorted((self.nodes[one.start][0], one.says, self.nodes[one.end][0]) for one in self.connections)


def architecture_of(resources: Resources) -> Architecture:
    """Read it from a template's resources; those that are not connected are left out."""
    found = sorted(
        {
            connection
            for read in (_events, _event_sources, _redrives, _origins, _integrations, _grants)
            for connection in read(resources)
            if {resources[connection.start]["Type"], resources[connection.end]["Type"]} <= set(_KINDS)
            and connection.start != connection.end
        }
    )
    connected = {end for connection in found for end in (connection.start, connection.end)}
    nodes = {
        id_: (_name(id_, row), _KINDS[row["Type"]])
        for id_, row in resources.items()
        if row["Type"] in _KINDS and id_ in connected
    }
    return Architecture(nodes, tuple(found))


def _name(id_: str, row: Mapping[str, Any]) -> str:
    """The handler's module for a function; for all others the logical id."""
    if row["Type"] == "AWS::Lambda::Function":
        return str(row["Properties"]["Handler"]).split(".")[-2]
    return id_


def _events(resources: Resources) -> Iterator[Connection]:
    for id_, row in _all(resources, "AWS::S3::Bucket"):
        notifications = row.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
        for queue in {_target(one["Queue"], resources) for one in notifications}:
            yield Connection(id_, queue, "notifies")


def _event_sources(resources: Resources) -> Iterator[Connection]:
    for _, row in _all(resources, "AWS::Lambda::EventSourceMapping"):
        yield Connection(
            _target(row["EventSourceArn"], resources), _target(row["FunctionName"], resources), "delivers batches"
        )


def _redrives(resources: Resources) -> Iterator[Connection]:
    for id_, row in _all(resources, "AWS::SQS::Queue"):
        if "RedrivePolicy" in row:
            dead = row["RedrivePolicy"]["deadLetterTargetArn"]
            yield Connection(id_, _target(dead, resources), "moves dead letters")


def _origins(resources: Resources) -> Iterator[Connection]:
    urls = {id_: _target(row["TargetFunctionArn"], resources) for id_, row in _all(resources, "AWS::Lambda::Url")}
    for id_, row in _all(resources, "AWS::CloudFront::Distribution"):
        for origin in row["DistributionConfig"]["Origins"]:
            start = _target(origin["DomainName"], resources)
            yield Connection(urls.get(start, start), id_, "origin of", reads=True)


def _integrations(resources: Resources) -> Iterator[Connection]:
    for _, row in _all(resources, "AWS::ApiGatewayV2::Integration"):
        yield Connection(_target(row["ApiId"], resources), _target(row["IntegrationUri"], resources), "invokes")


def _grants(resources: Resources) -> Iterator[Connection]:
    functions = {_target(row["Role"], resources): id_ for id_, row in _all(resources, "AWS::Lambda::Function")}
    for _, policy in _all(resources, "AWS::IAM::Policy"):
        for role in policy["Roles"]:
            function = functions.get(_target(role, resources))
            for statement in policy["PolicyDocument"]["Statement"] if function else ():
                yield from _granted(str(function), statement, resources)


def _granted(function: str, statement: Mapping[str, Any], resources: Resources) -> Iterator[Connection]:
    for where in _listed(statement["Resource"]):
        target = _target(where, resources, "")
        for action in _listed(statement["Action"]) if target else ():
            if action in _WRITES:
                yield Connection(function, target, _WRITES[action])
            if action in _READS:
                yield Connection(target, function, _READS[action], reads=True)


def _all(resources: Resources, type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((id_, row["Properties"]) for id_, row in resources.items() if row["Type"] == type_)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401  a value of a template
    return value if isinstance(value, list) else [value]


def _target(value: Any, resources: Resources, otherwise: str | None = None) -> str:  # noqa: ANN401  a value of a template
    """The logical id of the resource that a value refers to, or `otherwise`.

    Raises:
        ValueError: It refers to none, and there is no `otherwise`.
    """
    for id_ in _references(value):
        if id_ in resources and resources[id_]["Type"] == "AWS::Lambda::Alias":
            return _target(resources[id_]["Properties"]["FunctionName"], resources)
        if id_ in resources:
            return id_
    if otherwise is None:
        raise ValueError(f"{value!r} refers to no resource")
    return otherwise


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401  a value of a template
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str):
            yield value["Ref"]
        elif "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        else:
            for part in value.values():
                yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def diagram(architecture: Architecture) -> str:
    """The diagram in Mermaid's syntax, as a fenced block."""
    names = {id_: name for id_, (name, _) in architecture.nodes.items()}
    nodes = [
        f'    {name}{kind.shape[0]}"{name}<br>{kind.name}"{kind.shape[1]}:::{_class(kind)}'
        for name, kind in sorted(architecture.nodes.values(), key=lambda node: node[0])
    ]
    classes = [f"    classDef {_class(kind)} stroke:{kind.color},stroke-width:2px" for kind in _KINDS.values()]
    flows = [
        f"    {names[one.start]} {'-.->' if one.reads else '-->'}|{one.says}| {names[one.end]}"
        for one in architecture.connections
    ]
    return "\n".join(["```mermaid", "flowchart TB", *nodes, *flows, *dict.fromkeys(classes), "```"])


def _class(kind: Kind) -> str:
    """A name that Mermaid takes for a class."""
    return kind.name.replace(" ", "_")


def page(resources: Resources) -> str:
    """The page as it should be."""
    architecture = architecture_of(resources)
    drawn = diagram(architecture)
    rows = [line(("from", "", "to")), line(["---"] * 3), *map(line, architecture.rows())]
    return "\n".join([_HEAD, drawn, "", "## Connections", "", *rows, ""])


def _resources() -> Resources:
    """Of the environment that is drawn. Its layer is not built."""
    from lightpress.cdk.app import make_app  # noqa: PLC0415  synthesizes where it is run itself

    with TemporaryDirectory() as folder:
        context = {"env": DRAWN_ENVIRONMENT, "aws:cdk:bundling-stacks": []}
        stack = make_app(context, folder).synth().get_stack_by_name(f"Lightpress-{DRAWN_ENVIRONMENT}")
        template = json.loads(Path(stack.template_full_path).read_text(encoding="utf-8"))
    resources: Resources = template["Resources"]
    return resources


if __name__ == "__main__":
    PAGE.write_text(page(_resources()), encoding="utf-8")
