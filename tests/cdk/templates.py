"""Templates as the tests ask about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_cdk import App

from lightpress.cdk.app import LightpressStack, make_app
from lightpress.cdk.readiness import context_of_the_command_line
from tests.cdk.grants import as_list, function_id, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_cdk.cx_api import CloudFormationStackArtifact

    from lightpress.cdk.config import Config

# In the context of an app: leave the layer unbuilt, for its hash is known without.
NO_LAYER: dict[str, object] = {"aws:cdk:bundling-stacks": []}
# And leave what is deployed where it is: of each template, 650 files would be copied.
NO_ASSETS = {**NO_LAYER, "aws:cdk:disable-asset-staging": True}

GATED_RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
gate = ["malware", "person"]
sizes = { w640 = { width = 640 } }
"""

_SYNTHESIZED: dict[str, Template] = {}


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    id: str
    type: str
    raw: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.raw.get("Properties", {})
        return properties


@dataclass(frozen=True)
class Statement:
    """One statement of a policy; actions and resources are lists, however the template writes them."""

    effect: str
    principal: Any
    actions: list[str]
    resources: list[Any]
    condition: dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A synthesized template, and the stack's entry in the assembly that it came with."""

    raw: dict[str, Any]
    termination_protection: bool

    def resources(self, *types: str) -> list[Resource]:
        """All resources, or those of some types."""
        all_of_them = (Resource(id_, raw["Type"], raw) for id_, raw in self.raw["Resources"].items())
        return [resource for resource in all_of_them if not types or resource.type in types]

    def only(self, type_: str) -> Resource:
        """The one resource of a type."""
        (resource,) = self.resources(type_)
        return resource

    def resource(self, id_: str) -> Resource:
        """The resource with this logical id."""
        return Resource(id_, self.raw["Resources"][id_]["Type"], self.raw["Resources"][id_])

    def statements(self, *types: str) -> list[Statement]:
        """All statements of the policies of some types."""
        return [statement for policy in self.resources(*types) for statement in _statements(policy)]

    def statements_about(self, id_: str) -> list[Statement]:
        """The statements of the resource policy of a bucket, queue or topic."""
        reference = {"Ref": id_}
        attached = [
            policy
            for policy in self.resources("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
            if reference
            in (
                policy.properties.get("Bucket"),
                *policy.properties.get("Queues", []),
                *policy.properties.get("Topics", []),
            )
        ]
        return [statement for policy in attached for statement in _statements(policy)]

    def resolve(self, value: Any) -> str:  # noqa: ANN401  a template's
        """The text that CloudFormation would put where `value` stands."""
        return resolve(self.raw, value)

    def buckets(self) -> list[Resource]:
        return self.resources("AWS::S3::Bucket")

    def queues(self) -> list[Resource]:
        return self.resources("AWS::SQS::Queue")

    def functions(self) -> list[Resource]:
        return self.resources("AWS::Lambda::Function")

    def function(self, handler: str) -> Resource:
        """The function that runs `lightpress.handlers.HANDLER`."""
        return self.resource(function_id(self.raw, handler))


def synthesize(environment: str, outdir: Path) -> Template:
    """The template of an environment."""
    assembly = make_app({"env": environment, **NO_ASSETS}, str(outdir)).synth()
    return read_template(assembly.get_stack_by_name(f"Lightpress-{environment}"))


def synthesize_with(config: Config, outdir: Path) -> Template:
    """The template of an environment that has no file: synthesized once in a process."""
    described = repr(config)  # several options are dictionaries, which have no hash
    if described not in _SYNTHESIZED:
        _SYNTHESIZED[described] = _synthesize(config, outdir)
    return _SYNTHESIZED[described]


def stage(config: Config, outdir: Path) -> None:
    """Copy to `outdir` what is deployed, but for the layer."""
    _synthesize(config, outdir, NO_LAYER)


def _synthesize(config: Config, outdir: Path, context: Mapping[str, object] = NO_ASSETS) -> Template:
    app = App(context={**context_of_the_command_line(), **context}, outdir=str(outdir))
    LightpressStack(app, "Lightpress", config=config)
    return read_template(app.synth().get_stack_by_name("Lightpress"))


def read_template(stack: CloudFormationStackArtifact) -> Template:
    raw = json.loads(Path(stack.template_full_path).read_text(encoding="utf-8"))
    return Template(raw, bool(stack.termination_protection))


def _statements(policy: Resource) -> Iterator[Statement]:
    for raw in policy.properties["PolicyDocument"]["Statement"]:
        yield Statement(
            effect=raw["Effect"],
            principal=raw.get("Principal"),
            actions=as_list(raw["Action"]),
            resources=as_list(raw["Resource"]),
            condition=raw.get("Condition", {}),
        )
