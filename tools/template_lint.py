"""Templates and policies for other people's rules: `python -m tools.template_lint FOLDER` (make lint-templates).

Writes to FOLDER the templates of dev, of prod, of an environment for each option alone (`ALONE`), for each recipe that
changes the stack (`RECIPES`), with all options together (`TOGETHER`), and with as much as there can be (`most`); and to
FOLDER/policies each statement of their policies once, with names in the place of references.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import lightpress.cdk  # noqa: F401  before aws_cdk

# isort: split
from aws_cdk import App

from lightpress.cdk.app import LightpressStack
from lightpress.cdk.config import ENVIRONMENTS, load_config
from lightpress.cdk.options.existing import MOST_EXISTING
from lightpress.cdk.options.webhooks import MOST_WEBHOOKS
from lightpress.cdk.readiness import RECIPES as THEIR_RECIPES
from lightpress.cdk.readiness import context_of_the_command_line
from lightpress.cdk.web_acl import WebAclStack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SIGNING_KEY = """\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAthD7m2lk/7uOZa3GO2B2
jL5rdH51jlEolOo5xHcT+8Tw5Y5tATjX1z2cgKBwXOQr0I6bE7a1FbnFS3WrO4Pf
5qEJSYEE8H7dk1x3Ddte3l9I3/Yw4kmvrXxxBnxiVZPrHlMpYtagYbhGTTVPuTWB
7TVtiwcWRFF/B3bxMb/b5Jmfc5HIw+oIQsLUpeJZ1+5H3aFKlYPzQXiC5w7xqgSr
TZEjbDoHjOA6zTeroqkbmu8Ojbwf7iC8IP7NEEdEFXHl0RRSVWO9a8yB4/aXg4Re
NYJBhgfjdDzWYocyNls6ash+mgbyK2u3MZPHuOgyGrSDU0sBo7MQ7tZcEp1/mJSL
bwIDAQAB
-----END PUBLIC KEY-----
"""
"""A public key that CloudFront takes."""

_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd"
_WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/rates/1234abcd-12ab-34cd"
_SIGNED_BY = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhooks-a1b2c3"
_AUTHORIZER = "arn:aws:lambda:eu-west-1:123456789012:function:who"
_KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_KEY_ELSEWHERE = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_JWT = """\
upload_auth = "jwt"
upload_jwt_issuer = "https://login.example.com"
upload_jwt_audiences = ["1example23456789"]"""

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
    "replica_bucket": 'replica_bucket = "my-originals-elsewhere"',
    "replica_key": 'encryption_key = "create"\nreplica_bucket = "my-originals-elsewhere"\n'
    f'replica_key = "{_KEY_ELSEWHERE}"',
    "upload_auth": 'upload_auth = "iam"',
    "url_ingest": "url_ingest = true",
    "invalidate_deleted": "invalidate_deleted = false",
    "permalinks": 'permalinks = "redirect"',
    "nightly_look": "nightly_look = false",
    "previous_days": "previous_days = 0",
    "pixel_library": "pixel_library = false",
    "extra_inputs": 'extra_inputs = ["svg", "pdf", "jxl"]',
    "face_focus": "face_focus = true",
    "detect_labels": "detect_labels = true",
    "detect_faces": "detect_faces = true",
    "alt_text_model": 'alt_text_model = "eu.amazon.nova-lite-v1:0"',
    "moderation_reject": "moderation_reject = { Explicit = 60 }",
    "resolver_start": 'resolver_start = "snapshot"',
    "access_log_days": "access_log_days = 30",
    "placeholder_while_processing": "placeholder_while_processing = true",
    "event_topic": "event_topic = true",
    "webhooks": '[[webhooks]]\nurl = "https://www.example.com/images"\n'
    'secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"',
    "attach": '[[attach]]\nbucket = "my-shop"\nsuffixes = [".jpg"]',
    "in_place": '[[in_place]]\nbucket = "my-cms"\nprefix = "media/"',
    "web_acl_rate_limit": "web_acl_rate_limit = 2000",
    "web_acl_referers": 'web_acl_referers = ["example.com"]',
    "domain_names": f'domain_names = ["images.example.com"]\ncertificate_arn = "{_CERTIFICATE}"',
    "signing_keys": f"signing_keys = ['''{SIGNING_KEY}''']",
    "upload_jwt_issuer": _JWT,
    "upload_page": f"{_JWT}\nupload_page = true",
    "operators_scope": f'{_JWT}\noperators_scope = "lightpress/operate"',
    "upload_authorizer_arn": f'upload_auth = "authorizer"\nupload_authorizer_arn = "{_AUTHORIZER}"',
    "max_uploads_per_day": 'upload_auth = "iam"\nmax_uploads_per_day = 100',
    "max_megabytes_per_day": 'upload_auth = "iam"\nmax_megabytes_per_day = 100',
    "former_copies": 'former_copies = ["thumbs/"]',
    "copies_bucket": 'former_copies = ["thumbs/"]\ncopies_bucket = "my-site"',
    "lazy_concurrency": "keep_lazy_origin = true\nlazy_concurrency = 5",
    "alarm_invocations_per_picture": "alarm_invocations_per_picture = 0",
    "allowed_origins": 'allowed_origins = ["https://www.example.com"]',
}

# Options that `ALONE` leaves out: in an environment of their own, they change the value of a property and nothing else.
# `TOGETHER` has them.
VALUES_ALONE: Mapping[str, str] = {
    "memory_mb": "memory of functions",
    "failure_memory_mb": "memory of a function",
    "timeout_seconds": "timeout of functions",
    "batch_size": "of the event sources",
    "max_concurrency": "of an event source",
    "backfill_max_concurrency": "of an event source",
    "fetch_max_concurrency": "of an event source",
    "provisioned_pollers_max": "of an event source, with provisioned_pollers",
    "max_receive_count": "of queues",
    "queue_retention_days": "of queues",
    "dead_letter_retention_days": "of queues",
    "failure_retention_days": "a lifecycle rule, and a variable of functions",
    "noncurrent_version_days": "a lifecycle rule",
    "originals_storage_days": "a lifecycle rule, with originals_storage",
    "variants_storage_days": "a lifecycle rule, with variants_storage",
    "replica_storage": "of the rule of replication, with replica_bucket",
    "replica_time_control": "of the rule of replication, with replica_bucket",
    "backfill_children": "a number in the definition of the state machine",
    "alarm_failure_percent": "a threshold",
    "alarm_queue_age_minutes": "a threshold",
    "alarm_dead_letter_age_minutes": "a threshold",
    "alarm_dead_letters": "a threshold",
    "alarm_review_hours": "a threshold, where a recipe has a gate",
    "moderation_doubt": "a variable of a function, with moderation_reject",
    "price_region": "numbers on the dashboard",
    "log_level": "a variable of functions",
    "log_retention_days": "of log groups",
    "upload_jwt_audiences": "of the authorizer, with upload_jwt_issuer",
    "upload_rate_limit": "of the API's stage",
    "upload_burst_limit": "of the API's stage",
    "upload_page_client_id": "a text in the page",
    "sign_in_origins": "a text in the page, with upload_page_client_id",
    "fetch_max_mb": "memory of a function, and a variable",
    "fetch_timeout_seconds": "timeout of a function, and a variable",
    "fetch_tries": "a variable of a function",
    "webhook_timeout_seconds": "timeout of a function, and a variable",
    "webhook_allowed_networks": "a variable of a function",
    "fetch_first_pause_seconds": "a variable of a function",
    "fetch_per_host": "a variable of a function",
    "fetch_per_host_rate": "a variable of a function",
    "fetch_ports": "a variable of a function",
    "fetch_plain_http": "a variable of a function",
    "fetch_allowed_networks": "a variable of a function",
    "price_class": "of the distribution",
    "certificate_arn": "of the distribution, with domain_names",
    "web_acl_arn": "of the distribution",
    "countries_allowed": "of the distribution",
    "countries_denied": "of the distribution",
    "origin_shield_region": "of the distribution's origins",
    "permalink_seconds": "a variable of a function",
    "invalidate_all_from": "a variable of a function",
    "resolver_provisioned": "of an alias, with resolver_start",
}
# Recipes that change what is deployed: with a gate there is what takes reviews; with lazy sizes, what makes them later.
RECIPES: Mapping[str, str] = {
    "gate": 'gate = ["malware", "moderation", "person"]',
    "lazy": 'lazy = ["w640"]',
    "copies": 'copies = { path = "thumbs/{stem}-{size}.{ext}", tags = { shop = "yes" } }',
    "dropping": 'originals = "drop_after_publish"',
    "infrequent": 'originals = "infrequent"',
    "gate-and-lazy": 'gate = ["malware", "moderation", "person"]\nlazy = ["w640"]',
}
# Every option, with another value than its default. Those that exclude each other take turns.
TOGETHER: Mapping[str, str] = {
    "together-iam": f"""
extra_inputs = ["svg", "pdf", "jxl"]
face_focus = true
detect_labels = true
detect_faces = true
alt_text_model = "eu.amazon.nova-lite-v1:0"
moderation_reject = {{ Explicit = 60 }}
moderation_doubt = {{ Violence = 50 }}
memory_mb = 2048
failure_memory_mb = 3000
timeout_seconds = 120
batch_size = 10
reserved_concurrency = 400
provisioned_pollers = 3
provisioned_pollers_max = 30
max_receive_count = 6
queue_retention_days = 7
dead_letter_retention_days = 12
failure_retention_days = 60
backfill_max_concurrency = 30
backfill_children = 5
event_bus = "pictures"
event_topic = true
webhooks = [{{ url = "https://www.example.com/images", secret_arn = "{_SIGNED_BY}" }}]
webhook_timeout_seconds = 20
webhook_allowed_networks = ["10.0.0.0/8"]
canary_minutes = 10
alarm_email = "you@example.com"
alarm_failure_percent = 30
alarm_queue_age_minutes = 30
alarm_dead_letter_age_minutes = 90
alarm_dead_letters = 5
alarm_review_hours = 12
alarm_invocations_per_picture = 6
monthly_budget_dollars = 100
price_region = "eu-west-1"
log_level = "WARN"
log_retention_days = 90
tracing = true
removal = "retain"
termination_protection = true
noncurrent_version_days = 60
previous_days = 60
originals_storage = "intelligent-tiering"
originals_storage_days = 60
originals_expiration_days = 365
variants_storage = "infrequent-access"
variants_storage_days = 60
encryption_key = "create"
replica_bucket = "my-originals-elsewhere"
replica_key = "{_KEY_ELSEWHERE}"
replica_storage = "glacier-instant-retrieval"
replica_time_control = true
allowed_origins = ["https://www.example.com"]
upload_auth = "iam"
upload_rate_limit = 100
upload_burst_limit = 200
max_uploads_per_day = 200
max_megabytes_per_day = 2000
url_ingest = true
fetch_max_concurrency = 20
fetch_max_mb = 64
fetch_timeout_seconds = 60
fetch_tries = 5
fetch_first_pause_seconds = 30
fetch_per_host = 2
fetch_per_host_rate = 5
fetch_ports = [443]
fetch_plain_http = true
fetch_allowed_networks = ["10.0.0.0/8"]
price_class = "all"
domain_names = ["images.example.com", "pictures.example.org"]
certificate_arn = "{_CERTIFICATE}"
web_acl_arn = "{_WEB_ACL}"
access_log_days = 30
countries_allowed = ["DE", "FR"]
origin_shield_region = "eu-west-1"
signing_keys = ['''{SIGNING_KEY}''']
permalink_seconds = 3600
placeholder_while_processing = true
invalidate_all_from = 500
resolver_start = "snapshot"
lazy_concurrency = 5
keep_lazy_origin = true
former_copies = ["thumbs/", "old.thumbs/"]
copies_bucket = "my-site"
attach = [{{ bucket = "my-shop", kms_key = "{_KEY}" }}]
in_place = [{{ bucket = "my-cms", prefix = "media/", kms_key = "{_KEY}", acls = true }}]
""",
    "together-jwt": f"""
architecture = "x86_64"
max_concurrency = 100
nightly_look = false
event_bus = ""
pixel_library = false
dashboard = false
saved_queries = false
encryption_key = "{_KEY}"
bucket_namespace = "global"
{_JWT}
upload_page = true
upload_page_client_id = "1example23456789"
sign_in_origins = ["https://album.auth.eu-west-1.amazoncognito.com"]
operators_scope = "lightpress/operate"
url_ingest = true
web_acl_rate_limit = 2000
web_acl_referers = ["example.com"]
countries_denied = ["AQ"]
permalinks = "redirect"
invalidate_deleted = false
former_copies = ["thumbs/"]
resolver_start = "provisioned"
resolver_provisioned = 2
attach = [{{ bucket = "my-shop" }}]
in_place = [{{ bucket = "my-cms", prefix = "media/" }}]
""",
    "together-authorizer": f"""
upload_auth = "authorizer"
upload_authorizer_arn = "{_AUTHORIZER}"
upload_page = true
operators_scope = "lightpress/operate"
moderation_reject = {{ "Hate Symbols" = 70 }}
encryption_key = "create"
url_ingest = true
attach = [{{ bucket = "my-shop" }}]
in_place = [{{ bucket = "my-cms", prefix = "media/" }}]
""",
}
_ACCEPTING = 'accept = ["jpeg", "svg", "pdf", "jxl"]'
_CUT_AROUND_FACES = ', face = { width = 96, height = 96, fit = "cover", focus = "faces" }'
_ASKING = 'facts = ["labels", "faces", "alt"]'
_RECIPES_FILE = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
{lines}
sizes = {{ w320 = {{ width = 320 }}, w640 = {{ width = 640 }}{more} }}
"""
_ASKING_ALL = 'facts = ["labels", "faces", "alt", "likeness", "duplicates"]'
_MOST_LINES = "\n".join((RECIPES["gate-and-lazy"], _ACCEPTING, _ASKING_ALL))
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
    "AWS::SNS::Topic": f"arn:aws:sns:{_HERE}:lightpress",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{_HERE}:table/lightpress",
    "AWS::Events::Rule": f"arn:aws:events:{_HERE}:rule/lightpress",
    "AWS::IAM::Role": "arn:aws:iam::123456789012:role/lightpress",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_HERE}:function:lightpress",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_HERE}:log-group:lightpress:*",
    "AWS::KMS::Key": f"arn:aws:kms:{_HERE}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{_HERE}:stateMachine:lightpress",
}
# Of what a reference alone is an ARN.
_REFERENCES = {
    "AWS::Lambda::Alias": f"arn:aws:lambda:{_HERE}:function:lightpress:live",
    "AWS::SNS::Topic": _ARNS["AWS::SNS::Topic"],
    "AWS::StepFunctions::StateMachine": _ARNS["AWS::StepFunctions::StateMachine"],
}
# Where a resource has the policy of who may use it: type -> property.
_POLICIES_OF_RESOURCES = {
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
}


@dataclass(frozen=True)
class Environment:
    """What a template is synthesized of.

    Attributes:
        options: The file with them.
        recipes: The file with them.

    """

    options: Path
    recipes: Path = THEIR_RECIPES


def template_of(environment: Environment, outdir: Path) -> dict[str, Any]:
    """The template of an environment. Assets are not built."""
    app = App(context={**context_of_the_command_line(), "aws:cdk:bundling-stacks": []}, outdir=str(outdir))
    LightpressStack(app, "Lightpress", config=load_config(environment.options), recipes=environment.recipes)
    return _synthesized(app)


def template_of_web_acl(options: Path, outdir: Path) -> dict[str, Any]:
    """The template of the stack with the web ACL alone."""
    app = App(context=context_of_the_command_line(), outdir=str(outdir))
    WebAclStack(app, "Lightpress-WebAcl", config=load_config(options))
    return _synthesized(app)


def _synthesized(app: App) -> dict[str, Any]:
    template: dict[str, Any] = json.loads(Path(app.synth().stacks[0].template_full_path).read_text(encoding="utf-8"))
    return template


def policies(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The documents of all policies, by logical ID, without references. Who may assume a role is none of them."""
    return {**identity_policies(template), **resource_policies(template)}


def identity_policies(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The documents of the policies of roles, by logical ID, without references."""
    resources = template["Resources"]
    found = {
        id_: without_references(row["Properties"]["PolicyDocument"], resources)
        for id_, row in resources.items()
        if row["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
    }
    for id_, row in resources.items():
        if row["Type"] == "AWS::IAM::Role":
            for policy in row["Properties"].get("Policies", []):
                found[f"{id_}{policy['PolicyName']}"] = without_references(policy["PolicyDocument"], resources)
    return found


def resource_policies(template: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The documents of the policies of buckets, queues, topics and keys, by logical ID, without references."""
    resources = template["Resources"]
    return {
        id_: without_references(row["Properties"][_POLICIES_OF_RESOURCES[row["Type"]]], resources)
        for id_, row in resources.items()
        if row["Type"] in _POLICIES_OF_RESOURCES
    }


def statements(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each statement as a policy of its own, with the name of the policy that it is of."""
    for name, document in documents.items():
        for statement in document["Statement"]:
            yield name, {"Version": document["Version"], "Statement": [statement]}


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
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    known: set[str] = set()
    with TemporaryDirectory() as scratch:
        for name, template in _templates(Path(scratch)):
            _write(folder / f"{name}.template.json", template)
            for policy, statement in statements(policies(template)):
                if (text := json.dumps(statement, sort_keys=True)) not in known:
                    known.add(text)
                    _write(folder / "policies" / f"{len(known)}.{name}.{policy}.json", statement)


def _templates(scratch: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    environments = environments_in(scratch)
    for number, (name, environment) in enumerate(environments.items()):
        yield name, template_of(environment, scratch / str(number))
    yield "web-acl", template_of_web_acl(environments["together-jwt"].options, scratch / "web-acl")


def environments_in(folder: Path) -> dict[str, Environment]:
    """All of them by name: those of the project, and files written to `folder`."""
    found = {name: Environment(ENVIRONMENTS / f"{name}.toml") for name in ("dev", "prod")}
    for number, (name, lines) in enumerate({**ALONE, **TOGETHER}.items()):
        found[name] = Environment(_text(folder / f"options{number}.toml", lines))
    plain = _text(folder / "plain.toml", "")
    for name, lines in RECIPES.items():
        found[name] = Environment(
            plain, _text(folder / f"{name}.recipes.toml", _RECIPES_FILE.format(lines=lines, more=""))
        )
    found["moderation_reject"] = replace(found["moderation_reject"], recipes=found["gate"].recipes)
    found["together-authorizer"] = replace(found["together-authorizer"], recipes=found["gate-and-lazy"].recipes)
    # A gate needs invalidate_deleted, which the third environment has not.
    everything = "\n".join((RECIPES["gate-and-lazy"], _ACCEPTING, _ASKING))
    asking = tuple((name, _ASKING) for name in ("detect_labels", "detect_faces", "alt_text_model"))
    changed = ("together-iam", everything), ("extra_inputs", _ACCEPTING), ("face_focus", ""), *asking
    for name, lines in changed:
        more = _CUT_AROUND_FACES if name in {"together-iam", "face_focus"} else ""
        recipes = _text(folder / f"{name}.recipes.toml", _RECIPES_FILE.format(lines=lines, more=more))
        found[name] = replace(found[name], recipes=recipes)
    found["most"] = Environment(
        _text(folder / "most.toml", most()),
        _text(folder / "most.recipes.toml", _RECIPES_FILE.format(lines=_MOST_LINES, more=_CUT_AROUND_FACES)),
    )
    return found


def most() -> str:
    """The options of the largest stack: those of "together-iam", people who sign in, and as many tables as may be."""
    taken = ("upload_auth", "provisioned_pollers", "attach", "in_place", "webhooks")
    lines = [line for line in TOGETHER["together-iam"].splitlines() if not line.startswith(taken)]
    lines += [_JWT, "upload_page = true", 'operators_scope = "lightpress/operate"']
    for number in range(MOST_EXISTING):
        lines.append(f'[[attach]]\nbucket = "my-shop-{number}"\nkms_key = "{_KEY}"')
        lines.append(f'[[in_place]]\nbucket = "my-cms-{number}"\nkms_key = "{_KEY}"')
    lines += [
        f'[[webhooks]]\nurl = "https://www{number}.example.com/images"\nsecret_arn = "{_SIGNED_BY}"'
        for number in range(MOST_WEBHOOKS)
    ]
    return "\n".join(lines)


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


if __name__ == "__main__":
    os.environ["CDK_VALIDATION"] = "false"
    write(Path(sys.argv[1]))
