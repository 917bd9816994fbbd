"""Templates and policies for other people's rules: `python -m tools.template_lint FOLDER` (make lint-templates).

Writes the templates of dev, of prod and of an environment for each option alone to FOLDER, and the policies of the
functions' roles to FOLDER/policies, with names in the place of references.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import lightpress.cdk  # noqa: F401  before aws_cdk

# isort: split
from aws_cdk import App

from lightpress.cdk.app import LightpressStack
from lightpress.cdk.config import ENVIRONMENTS, load_config
from lightpress.cdk.readiness import context_of_the_command_line

if TYPE_CHECKING:
    from collections.abc import Mapping

# The lines of an environment's file that choose one option, with what it cannot be without.
ALONE: Mapping[str, str] = {
    "keep_lazy_origin": "keep_lazy_origin = true",
    "architecture": 'architecture = "x86_64"',
    "reserved_concurrency": "reserved_concurrency = 100",
    "provisioned_pollers": "provisioned_pollers = 2",
    "event_bus": 'event_bus = ""',
    "canary_minutes": "canary_minutes = 5",
    "alarm_email": 'alarm_email = "you@example.com"',
    "monthly_budget_dollars": "monthly_budget_dollars = 100",
    "dashboard": "dashboard = false",
    "saved_queries": "saved_queries = false",
    "tracing": "tracing = true",
    "removal": 'removal = "retain"',
    "termination_protection": "termination_protection = true",
    "originals_storage": 'originals_storage = "glacier-instant-retrieval"',
    "originals_expiration_days": "originals_expiration_days = 365",
    "variants_storage": 'variants_storage = "intelligent-tiering"',
    "encryption_key": 'encryption_key = "create"',
    "bucket_namespace": 'bucket_namespace = "global"',
    "upload_auth": 'upload_auth = "iam"',
    "url_ingest": "url_ingest = true",
    "invalidate_deleted": "invalidate_deleted = false",
    "permalinks": 'permalinks = "redirect"',
    "nightly_look": "nightly_look = false",
    "pixel_library": "pixel_library = false",
    "resolver_start": 'resolver_start = "snapshot"',
    "access_log_days": "access_log_days = 30",
    "placeholder_while_processing": "placeholder_while_processing = true",
    "event_topic": "event_topic = true",
    "webhooks": '[[webhooks]]\nurl = "https://www.example.com/images"\n'
    'secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"',
    "attach": '[[attach]]\nbucket = "my-shop"\nsuffixes = [".jpg"]',
    "in_place": '[[in_place]]\nbucket = "my-cms"\nprefix = "media/"',
}
_NAMES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}
_HERE = "eu-west-1:123456789012"
_ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::lightpress",
    "AWS::SQS::Queue": f"arn:aws:sqs:{_HERE}:lightpress",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{_HERE}:table/lightpress",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_HERE}:log-group:lightpress:*",
    "AWS::KMS::Key": f"arn:aws:kms:{_HERE}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}
_REFERENCES = {
    "AWS::Lambda::Alias": f"arn:aws:lambda:{_HERE}:function:lightpress:live",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{_HERE}:stateMachine:lightpress",
}


def template_of(environment: Path, outdir: Path) -> dict[str, Any]:
    """The template of an environment's file. Assets are not built."""
    app = App(context={**context_of_the_command_line(), "aws:cdk:bundling-stacks": []}, outdir=str(outdir))
    LightpressStack(app, "Lightpress", config=load_config(environment))
    template: dict[str, Any] = json.loads(Path(app.synth().stacks[0].template_full_path).read_text(encoding="utf-8"))
    return template


def identity_policies(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The documents of the policies of roles, by logical ID, without references."""
    resources = template["Resources"]
    return {
        id_: without_references(row["Properties"]["PolicyDocument"], resources)
        for id_, row in resources.items()
        if row["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
    }


def without_references(value: Any, resources: Mapping[str, Any]) -> Any:  # noqa: ANN401  a value of a template
    """The value with names in the place of what it refers to among `resources`, the template's own."""
    if isinstance(value, list):
        return [without_references(part, resources) for part in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        type_ = resources.get(value["Ref"], {}).get("Type", "")
        return _REFERENCES.get(type_) or _NAMES.get(value["Ref"], "lightpress")
    if "Fn::GetAtt" in value:
        return _ARNS.get(resources[value["Fn::GetAtt"][0]]["Type"], "lightpress")
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(without_references(part, resources) for part in parts)
    return {name: without_references(part, resources) for name, part in value.items()}


def write(folder: Path) -> None:
    """Write everything to `folder`, which may exist."""
    policies = folder / "policies"
    policies.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        for number, (name, file) in enumerate(_environments(Path(scratch)).items()):
            template = template_of(file, Path(scratch) / str(number))
            _write(folder / f"{name}.template.json", template)
            for id_, document in identity_policies(template).items():
                _write(policies / f"{name}-{id_}.json", document)


def _environments(scratch: Path) -> dict[str, Path]:
    """Files by name: those of the project, and one for each option alone."""
    files = {name: ENVIRONMENTS / f"{name}.toml" for name in ("dev", "prod")}
    for number, (option, lines) in enumerate(ALONE.items()):
        files[option] = scratch / f"alone{number}.toml"
        files[option].write_text(lines, encoding="utf-8")
    return files


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


if __name__ == "__main__":
    os.environ["CDK_VALIDATION"] = "false"
    write(Path(sys.argv[1]))
