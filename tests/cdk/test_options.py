"""The deployer's options, one by one and all at once: what each changes, and that nothing else is lost by it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from aws_cdk import App
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk.app import LightpressStack
from lightpress.cdk.config import Config, load_config
from lightpress.cdk.options.countries import COUNTRIES
from lightpress.cdk.options.delivery import is_rsa_2048
from lightpress.cdk.readiness import context_of_the_command_line
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import ACCOUNT, REGION, environment_of, grants_of
from tests.cdk.templates import NO_ASSETS, synthesize_with
from tests.handlers import conftest as names
from tests.handlers.recorder import needs
from tests.handlers.test_recorded_calls import RESOLVE_OR_WAIT
from tests.pages import blocks
from tools.template_lint import SIGNING_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cdk.templates import Resource, Template

_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd"
_WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/rates/1234abcd-12ab-34cd"
_KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

# Every option at once that another does not exclude; the ones that are a choice of two take turns.
EVERYTHING = f"""
domain_names = ["images.example.com", "pictures.example.org"]
certificate_arn = "{_CERTIFICATE}"
web_acl_arn = "{_WEB_ACL}"
access_log_days = 30
countries_allowed = ["DE", "FR"]
origin_shield_region = "eu-central-1"
signing_keys = ['''{SIGNING_KEY}''']
placeholder_while_processing = true
originals_storage = "intelligent-tiering"
originals_expiration_days = 365
variants_storage = "infrequent-access"
variants_storage_days = 60
encryption_key = "create"
reserved_concurrency = 220
provisioned_pollers = 2
canary_minutes = 10
pixel_library = false
resolver_start = "snapshot"
upload_auth = "iam"
monthly_budget_dollars = 100
max_uploads_per_day = 200
lazy_concurrency = 5
keep_lazy_origin = true
attach = [{{ bucket = "my-shop" }}]
"""


@pytest.fixture
def with_options(tmp_path: Path) -> Callable[[str], Template]:
    """The template of an environment whose file says this."""

    def of(options: str) -> Template:
        return synthesize_with(_config(tmp_path, options), tmp_path / "out")

    return of


def _config(folder: Path, options: str) -> Config:
    path = folder / "staging.toml"
    path.write_text(options, encoding="utf-8")
    return load_config(path)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template with all options at once."""
    folder = tmp_path_factory.mktemp("everything")
    return synthesize_with(_config(folder, EVERYTHING), folder / "out")


@pytest.mark.nightly
def test_with_every_option_neither_cdk_nag_nor_cfn_lint_finds_anything(everything: Template, tmp_path: Path) -> None:
    app = App(context={**context_of_the_command_line(), **NO_ASSETS}, outdir=str(tmp_path / "out"))
    LightpressStack(app, "Lightpress", config=_config(tmp_path, EVERYTHING))
    report = AwsSolutionsChecks(app).validate_scope(app)
    found = [
        (violation.rule_name, [resource.construct_path for resource in violation.violating_resources])
        for violation in report.violations
    ]
    assert found == []
    linted = lint(json.dumps(everything.raw), config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W3005"]))
    assert [str(match) for match in linted] == []


def test_unless_an_option_says_so_no_function_asks_for_more_than_the_3008_mb_of_a_new_account(
    with_options: Callable[[str], Template],
) -> None:
    template = with_options(EVERYTHING + 'url_ingest = true\n[[in_place]]\nbucket = "my-cms"\n')
    memory = {one.properties["Handler"].split(".")[-2]: one.properties["MemorySize"] for one in template.functions()}
    assert set(memory) == {"process_upload", "record_failure", "resolve", "purge_deleted", "upload_api", "fetch_url",
                           "compress_in_place", "backfill", "render_lazy"}  # fmt: skip
    assert max(memory.values()) == memory["record_failure"] == 3008


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("chosen", "platform"), [("DEBUG", "DEBUG"), ("INFO", "INFO"), ("WARN", "INFO"), ("ERROR", "INFO")]
)
def test_no_log_level_makes_lambda_drop_metrics_which_have_none(
    chosen: str, platform: str, with_options: Callable[[str], Template]
) -> None:
    function = with_options(f'log_level = "{chosen}"').function("process_upload").properties
    assert function["LoggingConfig"]["ApplicationLogLevel"] == platform
    assert function["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == chosen


def test_no_finding_about_the_cdn_is_waved_through_where_its_option_is_chosen(everything: Template) -> None:
    assert not re.findall(r"AwsSolutions-CFR[1-4]", json.dumps(everything.raw))


def test_a_name_of_ones_own_is_in_every_address_and_in_the_certificate_for_it(everything: Template) -> None:
    cdn = _cdn(everything)
    assert cdn["Aliases"] == ["images.example.com", "pictures.example.org"]
    assert cdn["ViewerCertificate"] == {
        "AcmCertificateArn": _CERTIFICATE,
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    outputs = everything.raw["Outputs"]
    assert outputs["CdnBaseUrl"]["Value"] == "https://images.example.com"
    assert outputs["CdnDomainName"]["Value"] == {"Fn::GetAtt": ["Distribution", "DomainName"]}
    variables = everything.function("upload_api").properties["Environment"]["Variables"]
    assert variables["CDN_BASE_URL"] == "https://images.example.com"


def test_a_web_acl_countries_and_a_shield_stand_before_the_origins(everything: Template) -> None:
    cdn = _cdn(everything)
    assert cdn["WebACLId"] == _WEB_ACL
    assert cdn["Restrictions"] == {"GeoRestriction": {"Locations": ["DE", "FR"], "RestrictionType": "whitelist"}}
    shields = [origin["OriginShield"] for origin in cdn["Origins"]]
    assert shields == [{"Enabled": True, "OriginShieldRegion": "eu-central-1"}] * 3


def test_access_logs_are_private_and_go_again(everything: Template) -> None:
    assert _cdn(everything)["Logging"]["Bucket"] == {"Fn::GetAtt": ["AccesslogsBucket", "RegionalDomainName"]}
    logs = everything.resource("AccesslogsBucket").properties
    assert set(logs["PublicAccessBlockConfiguration"].values()) == {True}
    assert 30 in [rule.get("ExpirationInDays") for rule in logs["LifecycleConfiguration"]["Rules"]]
    # CloudFront gives what it writes to the bucket's owner by an access list.
    assert logs["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerPreferred"}]


def test_without_a_signature_nobody_sees_a_private_picture_by_either_address(everything: Template) -> None:
    group = everything.only("AWS::CloudFront::KeyGroup")
    key = everything.only("AWS::CloudFront::PublicKey")
    assert key.properties["PublicKeyConfig"]["EncodedKey"] == SIGNING_KEY
    assert group.properties["KeyGroupConfig"]["Items"] == [{"Ref": key.id}]
    for name in (key.properties["PublicKeyConfig"]["Name"], group.properties["KeyGroupConfig"]["Name"]):
        assert {"Ref": "AWS::Region"} in name["Fn::Join"][1], "a second stack elsewhere would find it taken"
    behaviours = [_cdn(everything)["DefaultCacheBehavior"], *_cdn(everything)["CacheBehaviors"]]
    assert [behaviour["TrustedKeyGroups"] for behaviour in behaviours] == [[{"Ref": group.id}]] * 2
    assert everything.raw["Outputs"]["SigningKeyId0"]["Value"] == {"Ref": key.id}


@pytest.mark.sampled(1)
def test_a_picture_is_for_everybody_unless_the_options_say_otherwise(template: Template) -> None:
    assert not template.resources("AWS::CloudFront::KeyGroup", "AWS::CloudFront::PublicKey")
    assert "TrustedKeyGroups" not in json.dumps(template.raw)
    assert "Restrictions" not in _cdn(template)
    assert "Logging" not in _cdn(template)


def test_originals_and_images_move_to_cheaper_storage_and_manifests_stay(everything: Template) -> None:
    originals = _rules(everything, "UploadsBucket")
    assert [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}] in [
        r.get("Transitions") for r in originals
    ]
    (moving,) = [rule for rule in _rules(everything, "ImagesBucket") if "Transitions" in rule]
    assert moving["Prefix"] == "i/"
    assert moving["Transitions"] == [{"StorageClass": "STANDARD_IA", "TransitionInDays": 60}]


def test_what_expires_is_the_original_and_never_an_image_alone(everything: Template) -> None:
    assert [r["ExpirationInDays"] for r in _rules(everything, "UploadsBucket") if "ExpirationInDays" in r] == [365]
    of_images = [rule for rule in _rules(everything, "ImagesBucket") if "ExpirationInDays" in rule]
    assert [rule["Prefix"] for rule in of_images] == ["b/"], "files of backfills, and nothing that anybody sees"
    announced = everything.resource("UploadsBucket").properties["NotificationConfiguration"]["QueueConfigurations"]
    assert "s3:LifecycleExpiration:*" in {row["Event"] for row in announced}, "what was published would stay"


@pytest.mark.sampled(1)
@pytest.mark.parametrize("kms_key", ["create", _KEY])
def test_one_key_encrypts_everything_that_is_kept(with_options: Callable[[str], Template], kms_key: str) -> None:
    template = with_options(f'encryption_key = "{kms_key}"\naccess_log_days = 1')
    created = kms_key == "create"
    assert len(template.resources("AWS::KMS::Key")) == (1 if created else 0)
    arn = {"Fn::GetAtt": ["EncryptionKey", "Arn"]} if created else _KEY
    used = [
        *(
            rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
            for bucket in template.buckets()
            for rule in bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        ),
        *(queue.properties["KmsMasterKeyId"] for queue in template.queues()),
        *(group.properties["KmsKeyId"] for group in template.resources("AWS::Logs::LogGroup")),
        template.only("AWS::SNS::Topic").properties["KmsMasterKeyId"],
        *(
            table.properties["SSESpecification"]["KMSMasterKeyId"]
            for table in template.resources("AWS::DynamoDB::Table")
        ),
    ]
    assert len(used) >= 4 + 3 + 4 + 2
    assert {_id_or_arn(one) for one in used} == {_id_or_arn(arn)}


def test_access_logs_are_written_to_a_bucket_with_a_key_of_its_own(with_options: Callable[[str], Template]) -> None:
    """Without kms:Decrypt, AWS writes no log there: docs.aws.amazon.com, "Required key policy for SSE-KMS buckets"."""
    template = with_options('encryption_key = "create"\naccess_log_days = 1')
    (encrypted,) = template.resource("AccesslogsBucket").properties["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    assert encrypted["BucketKeyEnabled"] is True
    (writes,) = (
        row
        for row in template.only("AWS::KMS::Key").properties["KeyPolicy"]["Statement"]
        if row["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    )
    assert writes["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


@pytest.mark.nightly
def test_each_function_may_do_with_the_key_what_its_other_grants_need(with_options: Callable[[str], Template]) -> None:
    template = with_options(f'encryption_key = "{_KEY}"\nupload_auth = "iam"\nplaceholder_while_processing = true')
    reads, writes = {"kms:Decrypt"}, {"kms:Decrypt", "kms:GenerateDataKey"}
    table = {"kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"}
    wanted = {
        "process_upload": writes,
        "record_failure": writes | table,
        "backfill": writes | table,
        "purge_deleted": reads,
        "resolve": reads,
        "upload_api": writes,
    }
    for handler, actions in wanted.items():
        grants = grants_of(template.raw, template.function(handler).id)
        assert {grant.action for grant in grants if grant.resource == _KEY} == actions, handler
    without_key = with_options('upload_auth = "iam"')
    assert not [g for f in without_key.functions() if "serve" not in f.properties["Handler"]
                for g in grants_of(without_key.raw, f.id) if g.action.startswith("kms:")]  # fmt: skip


# What the caller of an action needs of the key of what it acts on:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
_OPENS, _SEALS = {"kms:Decrypt"}, {"kms:Decrypt", "kms:GenerateDataKey"}
_OF_KEYS = {
    "s3:GetObject": _OPENS,
    "s3:PutObject": _SEALS,
    "sqs:ReceiveMessage": _OPENS,
    "sqs:SendMessage": _SEALS,
    "dynamodb:": _SEALS | {"kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"},
}


_SIGNED = """
upload_auth = "iam"
url_ingest = true
max_uploads_per_day = 9
max_megabytes_per_day = 9
in_place = [{ bucket = "my-cms", suffixes = [".jpg"] }]
"""
_WITH_TOKENS = """
upload_auth = "jwt"
upload_jwt_issuer = "https://login.example.com"
upload_jwt_audiences = ["a"]
operators_scope = "operate"
"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("more", [_SIGNED, _WITH_TOKENS], ids=["IAM, URLs, quotas and in place", "operators"])
def test_whoever_reads_or_writes_a_table_a_queue_or_a_bucket_may_do_with_its_key_what_that_takes(
    with_options: Callable[[str], Template], more: str
) -> None:
    template = with_options(f'encryption_key = "create"\n{more}')
    (key,) = template.resources("AWS::KMS::Key")
    for function in template.functions():
        grants = grants_of(template.raw, function.id)
        granted = {one.action for one in grants if one.action.startswith("kms:") and key.id in one.resource}
        ours = [one for one in grants if "my-cms" not in one.resource]
        wanted = [need for one in ours for action, need in _OF_KEYS.items() if one.action.startswith(action)]
        assert granted == set().union(*wanted), function.id


@pytest.mark.nightly
def test_budgets_and_eventbridge_may_use_the_key_where_they_send_to_what_it_encrypts(
    with_options: Callable[[str], Template],
) -> None:
    plain = with_options('encryption_key = "create"')
    assert not {"budgets.amazonaws.com", "events.amazonaws.com"} & set(_services_of_the_key(plain))
    template = with_options('encryption_key = "create"\nmonthly_budget_dollars = 9\nattach = [{ bucket = "my-shop" }]')
    services = _services_of_the_key(template)
    account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert services["budgets.amazonaws.com"] == [account]
    # Neither need send aws:SourceAccount to KMS: a statement that requires it would allow nothing.
    assert services["events.amazonaws.com"] == [{}]
    assert [list(condition) for condition in services["cloudfront.amazonaws.com"]] == [["ArnLike"]]


def test_the_page_about_keys_says_what_a_created_key_says(everything: Template) -> None:
    (written,) = blocks("encryption.md", "json")
    documented = json.loads(written.replace("REGION", REGION).replace("ACCOUNT", ACCOUNT))
    created = everything.resource("EncryptionKey").properties["KeyPolicy"]["Statement"]
    assert _plain(everything, documented) == _plain(everything, created)


def test_pollers_of_ones_own_take_the_place_of_the_limit(everything: Template) -> None:
    mappings = {m.properties["EventSourceArn"]["Fn::GetAtt"][0]: m.properties
                for m in everything.resources("AWS::Lambda::EventSourceMapping")}  # fmt: skip
    assert mappings["Queue"]["ProvisionedPollerConfig"] == {"MinimumPollers": 2, "MaximumPollers": 20}
    assert "ScalingConfig" not in mappings["Queue"]
    assert mappings["DeadLetterQueue"]["ScalingConfig"] == {"MaximumConcurrency": 10}


def test_concurrency_is_kept_for_publishing_and_for_lazy_variants_alone(everything: Template) -> None:
    kept = {f.properties["Handler"]: f.properties.get("ReservedConcurrentExecutions") for f in everything.functions()}
    assert {handler: count for handler, count in kept.items() if count} == {
        "lightpress.handlers.process_upload.handler": 220,
        "lightpress.handlers.render_lazy.handler": 5,
    }


def test_the_resolver_starts_from_a_memory_image_by_the_version_that_has_one(everything: Template) -> None:
    assert everything.function("resolve").properties["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    _url_is_of_the_alias(everything)
    assert "ProvisionedConcurrencyConfig" not in _alias(everything).properties


def test_the_resolver_is_always_there_where_that_is_paid_for(with_options: Callable[[str], Template]) -> None:
    template = with_options('resolver_start = "provisioned"\nresolver_provisioned = 3')
    alias = _alias(template).properties
    assert alias["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 3}
    assert "SnapStart" not in template.function("resolve").properties
    _url_is_of_the_alias(template)


def test_to_show_a_placeholder_the_resolver_sees_names_and_no_contents(everything: Template) -> None:
    resolver = everything.function("resolve")
    buckets = {names.UPLOADS: "PLACEHOLDERS_BUCKET", names.IMAGES: "IMAGES_BUCKET"}
    environment = environment_of(everything.raw, resolver.id)
    asked = set()
    for need in needs(RESOLVE_OR_WAIT):
        name, slash, objects = need.resource.partition("/")
        asked.add((need.action, f"arn:aws:s3:::{environment[buckets[name]]}{slash}{objects}"))
    granted = {(grant.action, grant.resource) for grant in grants_of(everything.raw, resolver.id)}
    assert {(action, on) for action, on in granted if action.startswith("s3:")} == asked
    assert len(resolver.properties["Layers"]) == 1, "it reads the recipes, and a step of theirs may need Pillow"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('domain_names = ["images.example.com"]', "certificate_arn: it is missing: domain_names need a certificate"),
        (f'certificate_arn = "{_CERTIFICATE}"', "domain_names: they are missing: certificate_arn is for names"),
        (
            'domain_names = ["https://x.com"]',
            "domain_names: 'https://x.com' is not allowed; allowed: a list of such as",
        ),
        ('domain_names = ["*.example.com"]', "domain_names: '*.example.com' is not allowed"),
        (
            'certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"',
            "certificate_arn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1' is not allowed; allowed",
        ),
        (
            'web_acl_arn = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/x/1"',
            "web_acl_arn: 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/x/1' is not allowed; allowed: such as",
        ),
        ("access_log_days = -1", "access_log_days: -1 is not between 0 and 3650"),
        (
            'countries_allowed = ["Germany"]',
            "countries_allowed: 'Germany' is no country of ISO 3166; allowed: two capital letters, such as",
        ),
        ('countries_denied = ["UK"]', "countries_denied: 'UK' is no country of ISO 3166; did you mean 'GB'?"),
        ('countries_denied = ["de"]', "countries_denied: 'de' is no country of ISO 3166; did you mean 'DE'?"),
        (
            'countries_allowed = ["DE"]\ncountries_denied = ["FR"]',
            "countries_denied: cannot stand beside countries_allowed; allowed: one of both",
        ),
        ('origin_shield_region = "eu-west-3"', "origin_shield_region: 'eu-west-3' is not allowed; did you mean"),
        ('signing_keys = ["abc"]', "signing_keys: not all of it is such a key; allowed: up to 5 RSA keys"),
        ("placeholder_while_processing = 1", "placeholder_while_processing: 1 is not true or false"),
        ('originals_storage = "glacier"', "originals_storage: 'glacier' is not allowed; "),
        ("variants_expiration_days = 9", "variants_expiration_days: is not a known key; "),
        ("variants_storage_days = 29", "variants_storage_days: 29 is not between 30 and 3650"),
        (
            'originals_storage = "infrequent-access"\noriginals_expiration_days = 30',
            "originals_expiration_days: 30 is not more than originals_storage_days (30); allowed: 0, more than that",
        ),
        ('encryption_key = "alias/mine"', "encryption_key: 'alias/mine' is not allowed; allowed: such as \"create\""),
        (
            "reserved_concurrency = 49",
            "reserved_concurrency: 49 is less than the 70 that may be started; allowed",
        ),
        (
            "reserved_concurrency = 100\nprovisioned_pollers = 2",
            "reserved_concurrency: 100 is less than the 220 that may be started; allowed: 0, 220 to 21,000",
        ),
        (
            "reserved_concurrency = 20000\nprovisioned_pollers = 2\nprovisioned_pollers_max = 2000",
            "reserved_concurrency: 20000 is less than the 20020 that may be started; allowed: 0, 20,020 to 21,000",
        ),
        (
            "provisioned_pollers = 2\nprovisioned_pollers_max = 2001",
            "provisioned_pollers_max: 2001 is not between 2 and 2000",
        ),
        ("provisioned_pollers = 1", "provisioned_pollers: 1 is not allowed; allowed: 0, 2 to provisioned_pollers_max"),
        (
            "provisioned_pollers = 21",
            "provisioned_pollers: 21 is not allowed; allowed: 0, 2 to",
        ),
        (
            "provisioned_pollers = 2\nmax_concurrency = 9",
            "max_concurrency: cannot stand beside provisioned_pollers; allowed: provisioned_pollers_max",
        ),
        ('resolver_start = "warm"', "resolver_start: 'warm' is not allowed; "),
        ("resolver_provisioned = 0", "resolver_provisioned: 0 is not between 1 and 100"),
    ],
)
def test_what_cannot_work_is_refused_with_its_key_and_what_is_allowed(
    tmp_path: Path, options: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'staging.toml: {message}')}"):
        _config(tmp_path, options)


@pytest.mark.parametrize(
    "pem",
    [
        SIGNING_KEY.replace("PUBLIC", "PRIVATE"),
        SIGNING_KEY.replace("PUBLIC", "RSA PUBLIC"),
        SIGNING_KEY[:-40],
        SIGNING_KEY.replace("MIIB", "MIIC"),
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
        "",
    ],
)
def test_only_the_public_half_of_a_key_that_the_cdn_takes_is_one(pem: str) -> None:
    assert is_rsa_2048(SIGNING_KEY)
    assert not is_rsa_2048(pem)


def _cdn(template: Template) -> dict[str, Any]:
    configuration: dict[str, Any] = template.only("AWS::CloudFront::Distribution").properties["DistributionConfig"]
    return configuration


def _services_of_the_key(template: Template) -> dict[str, list[Any]]:
    """The conditions of the statements of the key's policy, by service."""
    found: dict[str, list[Any]] = {}
    for row in template.resource("EncryptionKey").properties["KeyPolicy"]["Statement"]:
        services = row["Principal"].get("Service", [])
        for service in [services] if isinstance(services, str | dict) else services:
            found.setdefault(str(service), []).append(row.get("Condition", {}))
    return found


def _rules(template: Template, bucket: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = template.resource(bucket).properties["LifecycleConfiguration"]["Rules"]
    return rules


def _id_or_arn(value: Any) -> str:  # noqa: ANN401  a template's
    """Whichever way a resource refers to a key."""
    return value if isinstance(value, str) else (value.get("Ref") or value["Fn::GetAtt"][0])


def _url_is_of_the_alias(template: Template) -> None:
    assert _alias(template).properties["Name"] == "live"
    from_cdn = [one.properties for one in template.resources("AWS::Lambda::Permission")
                if one.properties["Principal"] == "cloudfront.amazonaws.com"]  # fmt: skip
    urls = template.resources("AWS::Lambda::Url")
    assert len(from_cdn) == 2 * len(urls)
    for url in urls:
        assert (url.properties["Qualifier"], url.properties["AuthType"]) == ("live", "AWS_IAM")
        of_the_url = {"Fn::GetAtt": [url.id, "FunctionArn"]}
        permitted = [one for one in from_cdn if one["FunctionName"] == of_the_url]
        assert len(permitted) == 2, "of the alias: the URL has no other function"


def _alias(template: Template) -> Resource:
    """The alias of the resolver."""
    resolver = {"Ref": template.function("resolve").id}
    (alias,) = [one for one in template.resources("AWS::Lambda::Alias") if one.properties["FunctionName"] == resolver]
    return alias


def _plain(template: Template, statements: list[dict[str, Any]]) -> list[str]:
    """Statements as text, in one order and with everything that a template works out worked out."""

    def plain(value: Any) -> Any:  # noqa: ANN401  a template's
        if isinstance(value, dict) and set(value) & {"Ref", "Fn::Join", "Fn::GetAtt", "Fn::Sub"}:
            return template.resolve(value)
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value

    return sorted(json.dumps(plain(statement), sort_keys=True) for statement in statements)


def test_the_countries_are_those_that_aws_knows_but_for_former_ones() -> None:
    shape: Any = botocore.session.get_session().get_service_model("route53domains").shape_for("CountryCode")
    former_or_reserved = {"AC", "AN", "TP"}
    registrants_never_live_there = {"UM"}
    assert (set(shape.enum) - former_or_reserved) | registrants_never_live_there == COUNTRIES
