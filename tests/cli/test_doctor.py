"""`lightpress doctor`: each thing that stops a deployment is named before, with what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from moto import mock_aws
from typer.testing import CliRunner

from lightpress.cdk.config import Config
from lightpress.cdk.options.delivery import DeliveryOptions
from lightpress.cdk.options.existing import Existing, ExistingOptions
from lightpress.cdk.options.ingest import IngestOptions
from lightpress.cdk.options.monitoring import MonitoringOptions
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.cdk.options.storage import StorageOptions
from lightpress.cli.doctor.check import Check, Finding, Place, State, note, run_checks
from lightpress.cli.doctor.picture import ACCEPT, became, delivered, drawn
from lightpress.cli.doctor.places import UnknownEnvironmentError, place_in_account
from lightpress.cli.doctor.table import CHECKS
from lightpress.cli.main import app
from lightpress.cli.project import PROJECT
from lightpress.in_place.buckets import InPlace
from lightpress.pipeline.buckets import Attached
from lightpress.pipeline.manifest import Manifest, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd"
DOMAIN, DISTRIBUTION = "images.example.com", "d111.cloudfront.net"
OWN_DOMAIN = DeliveryOptions(domain_names=(DOMAIN,), certificate_arn=CERTIFICATE)


def refusal(code: str, operation: str = "Get") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, operation)


@dataclass
class Service:
    """A client of boto3 that answers each operation with what is given, or raises it."""

    answers: Mapping[str, Any]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        answer = self.answers[operation]

        def ask(**arguments: Any) -> Any:  # noqa: ANN401
            found = answer(arguments) if callable(answer) else answer
            if isinstance(found, Exception):
                raise found
            return found

        return ask

    def get_paginator(self, operation: str) -> Service:
        return Service({"paginate": [self.answers[operation]]})


@dataclass
class Account:
    """Answers for every service; by default, those of an account in which nothing is in the way."""

    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    regions: list[tuple[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        usual: dict[str, dict[str, Any]] = {
            "sts": {"get_caller_identity": {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"}},
            "ssm": {"get_parameter": {"Parameter": {"Value": "28"}}},
            "lambda": {
                "get_account_settings": limits(1000),
                "list_functions": {"Functions": [{"MemorySize": 128}, {"MemorySize": 4096}]},
                "get_event_source_mapping": {"State": "Enabled"},
            },
            "s3": {
                "head_bucket": refusal("404"),
                "get_bucket_notification_configuration": {},
                "get_bucket_encryption": encrypted_with(""),
            },
            "cloudwatch": {"list_dashboards": {"DashboardEntries": [{"DashboardName": "lightpress-dev-eu-west-12"}]}},
            "cloudfront": {
                "list_functions": {"FunctionList": {"Quantity": 0}},
                "list_origin_access_controls": {"OriginAccessControlList": {"Items": [{"Name": "other"}]}},
                "list_cache_policies": {"CachePolicyList": {}},
                "list_response_headers_policies": {"ResponseHeadersPolicyList": {}},
            },
            "acm": {"describe_certificate": certificate()},
            "route53": {
                "list_hosted_zones_by_name": lambda asked: {
                    "HostedZones": [{"Name": "example.com.", "Id": "/hostedzone/Z"}]
                    if asked["DNSName"] == "example.com."
                    else [{"Name": "zzz.org.", "Id": "/hostedzone/Y"}]
                },
                "list_resource_record_sets": records(AliasTarget={"DNSName": f"{DISTRIBUTION}."}),
            },
            "service-quotas": {"get_service_quota": quotas({})},
            "events": {"describe_event_bus": {}, "list_rules": {"Rules": [{"Name": "one"}]}},
            "cloudformation": {
                "list_stack_resources": {
                    "StackResourceSummaries": [
                        {"ResourceType": "AWS::SNS::Topic", "PhysicalResourceId": "arn:topic"},
                        {"ResourceType": "AWS::KMS::Key", "PhysicalResourceId": "made-here"},
                        {"ResourceType": "AWS::Lambda::EventSourceMapping", "PhysicalResourceId": "one"},
                        {"ResourceType": "AWS::Lambda::EventSourceMapping", "PhysicalResourceId": "two"},
                    ]
                }
            },
            "sns": {
                "list_subscriptions_by_topic": {
                    "Subscriptions": [{"Endpoint": "me@example.com", "SubscriptionArn": "arn:aws:sns:confirmed"}]
                }
            },
        }
        self.services = {name: usual.get(name, {}) | self.services.get(name, {}) for name in usual}

    def client(self, service: str, region: str | None = None) -> Service:
        self.regions.append((service, region))
        return Service(self.services[service])


def encrypted_with(key: str) -> dict[str, Any]:
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}}


def limits(concurrency: int, unreserved: int | None = None) -> dict[str, Any]:
    unreserved = concurrency if unreserved is None else unreserved
    return {"AccountLimit": {"ConcurrentExecutions": concurrency, "UnreservedConcurrentExecutions": unreserved}}


def certificate(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    usual = {
        "Status": "ISSUED",
        "DomainName": "example.com",
        "SubjectAlternativeNames": ["*.example.com"],
        "NotAfter": datetime.now(UTC) + timedelta(days=200),
    }
    return {"Certificate": usual | changes}


def records(**record: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"ResourceRecordSets": [{"Name": f"{DOMAIN}.", "Type": "CNAME", **record}]}


def place(account: Account | None = None, **changes: Any) -> Place:  # noqa: ANN401
    return replace(
        Place(Config("dev"), (account or Account()).client, "eu-west-1", "123456789012"),
        **changes,
    )


def found(name: str, where: Place) -> Finding:
    (check,) = (check for check in CHECKS if check.name == name)
    ((_, finding),) = run_checks([check], where)
    return finding


def config(**options: Any) -> Config:  # noqa: ANN401
    return replace(Config("dev"), **options)


def test_where_nothing_is_in_the_way_nothing_blocks_before_the_first_deployment() -> None:
    findings = {check.name: finding for check, finding in run_checks(CHECKS, place())}
    assert list(findings) == [check.name for check in CHECKS]
    assert {name for name, finding in findings.items() if finding.state is not State.OK} == {"alarm mail"}


def deployed(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    outputs = {"CdnDomainName": DISTRIBUTION, "ImagesBucketName": "images", "AlarmTopicArn": "arn:topic"}
    return {"status": "UPDATE_COMPLETE", "outputs": outputs} | changes


def being_made(kind: str) -> dict[str, Any]:
    """A stack that is updated, with a resource that CloudFormation has only begun to make."""
    summary = {"ResourceType": kind, "ResourceStatus": "CREATE_IN_PROGRESS"}
    return {"cloudformation": {"list_stack_resources": {"StackResourceSummaries": [summary]}}}


def keyed(key: str) -> Config:
    return config(storage=StorageOptions(encryption_key=key))


def quotas(changed: dict[str, float | ClientError]) -> Any:  # noqa: ANN401  a function from what is asked
    """Those of EventBridge in eu-central-1, some changed; by their codes."""
    usual: dict[str, float | ClientError] = {"L-9B653E91": 2_400.0, "L-5540C5E3": 4_500.0, "L-244521F2": 300.0}

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["ServiceCode"] == "events"
        value = (usual | changed)[asked["QuotaCode"]]
        if isinstance(value, ClientError):
            raise value
        return {"Quota": {"Value": value}}

    return answer


def replicated(replica_key: str = "") -> Config:
    return config(storage=StorageOptions(replica_bucket="elsewhere", replica_key=replica_key))


def many_rules(count: int) -> dict[str, Any]:
    return {"Rules": [{"Name": str(number)} for number in range(count)]}


ATTACHED = ExistingOptions(attach=(Existing(Attached("my-shop")),), in_place=(Existing(InPlace("my-cms")),))
MADE = "arn:aws:kms:eu-west-1:123456789012:key/made-here"
NO_RULES = refusal("ServerSideEncryptionConfigurationNotFoundError")
MORE, WANTED = "aws service-quotas request-service-quota-increase --service-code events", "--desired-value"
AGAIN, LATE = f"the rest is tried again, and billed meanwhile. {MORE}", f"the rest comes late. {MORE}"
DELETE = "delete rules that nothing uses (aws events list-rules)"
PROVISIONED = ProcessingOptions(provisioned_pollers=20, provisioned_pollers_max=400)
IN_FRANKFURT: dict[str, Any] = {
    "head_bucket": {"BucketRegion": "eu-central-1"},
    "get_bucket_versioning": {"Status": "Enabled"},
}
BLOCKS, NOTE, OK = State.BLOCKS, State.NOTE, State.OK
CASES: list[tuple[str, dict[str, dict[str, Any]], dict[str, Any], State, str]] = [
    ("region", {}, {"region": None}, BLOCKS, "No region is set: export AWS_DEFAULT_REGION"),
    (
        "credentials",
        {"sts": {"get_caller_identity": NoCredentialsError()}},
        {},
        BLOCKS,
        "There are no valid AWS credentials",
    ),
    (
        "CDK bootstrap",
        {"ssm": {"get_parameter": refusal("ParameterNotFound")}},
        {},
        BLOCKS,
        "npx aws-cdk@2 bootstrap; in a clone, make bootstrap ENV=dev",
    ),
    (
        "CDK bootstrap",
        {"ssm": {"get_parameter": {"Parameter": {"Value": "5"}}}},
        {},
        BLOCKS,
        "version 5, and 6 is needed",
    ),
    ("CDK bootstrap", {"ssm": {"get_parameter": refusal("AccessDenied")}}, {}, NOTE, "It takes ssm:GetParameter."),
    ("stack", {}, deployed(), OK, "Lightpress-dev is deployed"),
    ("stack", {}, {"status": "ROLLBACK_COMPLETE"}, BLOCKS, "delete-stack --stack-name Lightpress-dev"),
    ("stack", {}, {"status": "UPDATE_ROLLBACK_FAILED"}, BLOCKS, "continue-update-rollback --stack-name Lightpress-dev"),
    ("stack", {}, {"status": "UPDATE_IN_PROGRESS"}, NOTE, "wait until that has ended"),
    ("concurrency", {"lambda": {"get_account_settings": limits(10)}}, {}, NOTE, "may run 10 functions at once"),
    (
        "concurrency",
        {"lambda": {"get_account_settings": limits(1000, 119)}},
        {"config": config(processing=ProcessingOptions(reserved_concurrency=20, max_concurrency=10))},
        BLOCKS,
        "reserved_concurrency = 20 leaves 99 of the account's 1000 unreserved, and Lambda keeps 100",
    ),
    (
        "concurrency",
        {"lambda": {"get_account_settings": limits(1000)}},
        {"config": config(delivery=DeliveryOptions(lazy_concurrency=901)), "lazy": True},
        BLOCKS,
        "lazy_concurrency = 901 leaves 99 of the account's 1000 unreserved, and Lambda keeps 100: lower it, or",
    ),
    (
        "concurrency",
        {"lambda": {"get_account_settings": limits(1000)}},
        {
            "config": config(
                delivery=DeliveryOptions(lazy_concurrency=101, keep_lazy_origin=True),
                processing=ProcessingOptions(reserved_concurrency=800),
            )
        },
        BLOCKS,
        "reserved_concurrency = 800 and lazy_concurrency = 101 leave 99 of the account's 1000 unreserved",
    ),
    # Without a lazy recipe, there is no function to reserve it for.
    (
        "concurrency",
        {"lambda": {"get_account_settings": limits(1000)}},
        {"config": config(delivery=DeliveryOptions(lazy_concurrency=901))},
        OK,
        "1000 at once",
    ),
    (
        "concurrency",
        {"lambda": {"get_account_settings": limits(11)}},
        {"config": config(ingest=IngestOptions(url_ingest=True), processing=ProcessingOptions(max_concurrency=10))},
        NOTE,
        "request-service-quota-increase --service-code lambda",
    ),
    (
        "memory",
        {"lambda": {"list_functions": {"Functions": [{"MemorySize": 3008}]}}},
        {"config": config(processing=ProcessingOptions(failure_memory_mb=3009))},
        NOTE,
        "gets 3,009 MB, and new accounts may have 3,008 MB",
    ),
    (
        "memory",
        {"lambda": {"list_functions": {"Functions": []}}},
        {"config": config(processing=ProcessingOptions(memory_mb=1504))},
        OK,
        "3,008 MB at most",
    ),
    (
        "concurrency",
        {"lambda": {"get_account_settings": limits(15)}},
        {"config": config(processing=ProcessingOptions(max_concurrency=10)), "reviewers": ("person",)},
        NOTE,
        "may run 15 functions at once, and the queues start 16 at most",
    ),
    (
        "bucket names",
        {},
        {"config": Config("twelve-chars"), "region": "ap-southeast-1"},
        BLOCKS,
        "-an has 65 characters, and S3 takes 63: choose a name of the environment that is 2 shorter",
    ),
    ("bucket names", {}, {"config": Config("twelve-chars"), "region": "eu-central-1"}, OK, "free"),
    ("event sources", {}, {}, OK, "after the deployment"),
    ("event sources", {}, deployed(), OK, "2 are enabled"),
    (
        "event sources",
        {
            "lambda": {
                "get_event_source_mapping": lambda asked: {"State": "Disabled" if asked["UUID"] == "two" else "Enabled"}
            }
        },
        deployed(),
        BLOCKS,
        "are Disabled, and messages wait: aws lambda update-event-source-mapping --enabled --uuid two",
    ),
    (
        "event sources",
        {"lambda": {"get_event_source_mapping": {"State": "Disabled"}}},
        deployed(),
        BLOCKS,
        "are Disabled, and messages wait: aws lambda update-event-source-mapping --enabled --uuid one; aws lambda",
    ),
    ("event sources", being_made("AWS::Lambda::EventSourceMapping"), deployed(), OK, "0 are enabled"),
    (
        "key",
        {"s3": {"get_bucket_encryption": encrypted_with("arn:aws:kms:eu-west-1:123456789012:key/made-here")}}
        | being_made("AWS::KMS::Key"),
        deployed(config=keyed("create")),
        BLOCKS,
        "what is stored is encrypted with arn:aws:kms",
    ),
    (
        "concurrency",
        {"lambda": {"get_account_settings": limits(1_000)}},
        {"config": config(processing=PROVISIONED)},
        NOTE,
        "--quota-code L-B99A9384 --desired-value 5000",
    ),
    ("messages in flight", {}, {"config": config(processing=PROVISIONED)}, OK, "20,000 of some 120,000"),
    (
        "messages in flight",
        {},
        {
            "config": config(
                processing=ProcessingOptions(provisioned_pollers=2, provisioned_pollers_max=2_000, batch_size=10)
            )
        },
        NOTE,
        "200,000 messages may be worked on at once",
    ),
    ("events", {}, {}, OK, "130 pictures a second at most; 2,400 events are taken, and 4,500 sent on"),
    ("events", {}, {"config": config(processing=ProcessingOptions(event_bus=""))}, OK, "no events are sent"),
    (
        "events",
        {},
        {"config": config(processing=PROVISIONED)},
        NOTE,
        f"7,444 pictures a second, and EventBridge takes 2,400 events: {AGAIN} --quota-code L-9B653E91 {WANTED} 7500",
    ),
    (
        "events",
        {"service-quotas": {"get_service_quota": quotas({"L-9B653E91": 10_000, "L-5540C5E3": 7_444})}},
        {"config": config(processing=PROVISIONED, existing=ATTACHED)},
        OK,
        "7,444 sent on",
    ),
    (
        "events",
        {"service-quotas": {"get_service_quota": quotas({"L-9B653E91": 10_000, "L-5540C5E3": 14_887})}},
        {"config": config(processing=PROVISIONED, existing=ATTACHED), "reviewers": ("malware",)},
        NOTE,
        f"2 rules send something for each, and EventBridge sends 14,887: {LATE} --quota-code L-5540C5E3 {WANTED} 14900",
    ),
    (
        "events",
        {
            "service-quotas": {
                "get_service_quota": refusal("NoSuchResourceException"),
                "get_aws_default_service_quota": quotas({"L-9B653E91": 10_000}),
            }
        },
        {},
        OK,
        "10,000 events are taken",
    ),
    (
        "events",
        {"service-quotas": {"get_service_quota": refusal("AccessDeniedException")}},
        {},
        NOTE,
        "It takes servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota.",
    ),
    (
        "rules",
        {
            "service-quotas": {"get_service_quota": quotas({"L-244521F2": 100})},
            "events": {"list_rules": many_rules(99)},
        },
        {"config": config(existing=ATTACHED)},
        NOTE,
        f"100 are allowed: {DELETE}, or {MORE} --quota-code L-244521F2 {WANTED} 102",
    ),
    (
        "rules",
        {"service-quotas": {"get_service_quota": refusal("AccessDeniedException")}},
        {"config": config(existing=ATTACHED)},
        OK,
        "1 of 300 rules by default, and 2 more",
    ),
    ("rules", {}, {}, OK, "not needed"),
    ("rules", {}, {"config": config(existing=ATTACHED)}, OK, "1 of 300 rules, and 2 more"),
    ("rules", {"events": {"list_rules": many_rules(298)}}, {"config": config(existing=ATTACHED)}, OK, "298 of 300"),
    (
        "rules",
        {"events": {"list_rules": many_rules(299)}},
        {"config": config(existing=ATTACHED)},
        NOTE,
        "has 299 rules",
    ),
    ("rules", {"events": {"list_rules": many_rules(300)}}, {"reviewers": ("malware",)}, NOTE, "needs 2 more"),
    (
        "rules",
        {"events": {"list_rules": many_rules(300)}},
        deployed(config=config(existing=ATTACHED)),
        OK,
        "the stack has",
    ),
    ("bucket names", {"s3": {"head_bucket": {}}}, {}, BLOCKS, "lightpress-dev-uploads-123456789012-eu-west-1-an"),
    ("bucket names", {"s3": {"head_bucket": refusal("403")}}, {}, BLOCKS, "is of another account: choose another name"),
    ("bucket names", {"s3": {"head_bucket": {}}}, deployed(), OK, "those of the stack"),
    (
        "dashboard name",
        {"cloudwatch": {"list_dashboards": {"DashboardEntries": [{"DashboardName": "lightpress-dev-eu-west-1"}]}}},
        {},
        BLOCKS,
        "delete-dashboards --dashboard-names lightpress-dev-eu-west-1",
    ),
    ("replica", {}, {}, OK, "not wanted"),
    ("replica", {"s3": IN_FRANKFURT}, {"config": replicated()}, OK, "elsewhere keeps versions, in eu-central-1"),
    (
        "replica",
        {"s3": IN_FRANKFURT | {"get_bucket_versioning": {}}},
        {"config": replicated()},
        BLOCKS,
        "put-bucket-versioning --bucket elsewhere --versioning-configuration Status=Enabled",
    ),
    (
        "replica",
        {"s3": IN_FRANKFURT | {"head_bucket": refusal("404")}},
        {"config": replicated()},
        BLOCKS,
        "elsewhere does not exist: aws s3 mb s3://elsewhere --region ANOTHER",
    ),
    (
        "replica",
        {"s3": IN_FRANKFURT | {"head_bucket": refusal("403")}},
        {"config": replicated()},
        NOTE,
        "if it is of another account, its policy has to allow the role",
    ),
    (
        "replica",
        {"s3": IN_FRANKFURT | {"head_bucket": {"BucketRegion": "eu-west-1"}}},
        {"config": replicated()},
        NOTE,
        "is in eu-west-1, as the stack is",
    ),
    (
        "replica",
        {"s3": IN_FRANKFURT},
        {"config": replicated(replica_key="arn:aws:kms:eu-west-3:123456789012:key/made-here")},
        BLOCKS,
        "replica_key is not in eu-central-1, where elsewhere is",
    ),
    ("key", {}, {"config": keyed("create")}, OK, "create"),
    ("key", {}, deployed(), OK, "those of AWS"),
    ("key", {"s3": {"get_bucket_encryption": NO_RULES}}, deployed(), OK, "those of AWS"),
    ("key", {}, deployed(config=keyed("create")), OK, "what is stored is readable without"),
    ("key", {"s3": {"get_bucket_encryption": encrypted_with(MADE)}}, deployed(config=keyed("create")), OK, MADE),
    ("key", {"s3": {"get_bucket_encryption": encrypted_with(MADE)}}, deployed(config=keyed(MADE)), OK, MADE),
    ("key", {"s3": {"get_bucket_encryption": encrypted_with(MADE)}}, deployed(), BLOCKS, "set encryption_key back"),
    (
        "key",
        {"s3": {"get_bucket_encryption": encrypted_with(f"{MADE}-no-more")}},
        deployed(config=keyed("create")),
        BLOCKS,
        f"encrypted with {MADE}-no-more",
    ),
    ("dashboard name", {}, {"config": config(monitoring=MonitoringOptions(dashboard=False))}, OK, "not wanted"),
    (
        "CloudFront names",
        {
            "cloudfront": {
                "list_origin_access_controls": {
                    "OriginAccessControlList": {"Items": [{"Name": "lightpress-dev-images-eu-west-1"}]}
                }
            }
        },
        {},
        BLOCKS,
        "lightpress-dev-images-eu-west-1 is there already",
    ),
    (
        "CloudFront quotas",
        {"cloudfront": {"list_functions": {"FunctionList": {"Items": [{"Name": str(n)} for n in range(100)]}}}},
        {},
        NOTE,
        "CloudFront has 100 functions, and 100 are allowed by default",
    ),
    ("certificate", {}, {"config": config(delivery=OWN_DOMAIN)}, OK, "issued, for images.example.com"),
    (
        "certificate",
        {"acm": {"describe_certificate": certificate(Status="PENDING_VALIDATION")}},
        {"config": config(delivery=OWN_DOMAIN)},
        BLOCKS,
        "The certificate is PENDING_VALIDATION: add its CNAME records",
    ),
    (
        "certificate",
        {"acm": {"describe_certificate": certificate(SubjectAlternativeNames=["*.www.example.com", "*.com"])}},
        {"config": config(delivery=OWN_DOMAIN)},
        BLOCKS,
        "The certificate is not for images.example.com",
    ),
    (
        "certificate",
        {"acm": {"describe_certificate": certificate(NotAfter=datetime.now(UTC) + timedelta(days=9))}},
        {"config": config(delivery=OWN_DOMAIN)},
        NOTE,
        "The certificate ends on",
    ),
    ("domain names", {}, {"config": config(delivery=OWN_DOMAIN)}, OK, "after the deployment, point the names"),
    ("domain names", {}, deployed(config=config(delivery=OWN_DOMAIN)), OK, f"{DOMAIN} point to {DISTRIBUTION}"),
    (
        "domain names",
        {"route53": {"list_resource_record_sets": records(ResourceRecords=[{"Value": "d222.cloudfront.net"}])}},
        deployed(config=config(delivery=OWN_DOMAIN)),
        NOTE,
        f"No hosted zone of this account points {DOMAIN} to {DISTRIBUTION}",
    ),
    (
        "event bus",
        {"events": {"describe_event_bus": refusal("ResourceNotFoundException")}},
        {"config": config(processing=ProcessingOptions(event_bus="shop"))},
        BLOCKS,
        "aws events create-event-bus --name shop",
    ),
    (
        "alarm mail",
        {},
        deployed(config=config(monitoring=MonitoringOptions(alarm_email="me@example.com"))),
        OK,
        "me@example.com has confirmed",
    ),
    (
        "alarm mail",
        {
            "sns": {
                "list_subscriptions_by_topic": {
                    "Subscriptions": [{"Endpoint": "me@example.com", "SubscriptionArn": "PendingConfirmation"}]
                }
            }
        },
        deployed(config=config(monitoring=MonitoringOptions(alarm_email="me@example.com"))),
        NOTE,
        "me@example.com has not confirmed: open the mail",
    ),
    (
        "alarm mail",
        {
            "sns": {
                "list_subscriptions_by_topic": {
                    "Subscriptions": [{"Endpoint": "you@example.com", "SubscriptionArn": "arn:aws:sns:confirmed"}]
                }
            }
        },
        deployed(config=config(monitoring=MonitoringOptions(alarm_email="me@example.com"))),
        NOTE,
        "days: aws sns subscribe --topic-arn arn:topic --protocol email --notification-endpoint me@example.com",
    ),
]


@pytest.mark.parametrize(("name", "services", "changes", "state", "text"), CASES)
def test_each_obstacle_is_named_with_what_to_do(
    name: str, services: dict[str, dict[str, Any]], changes: dict[str, Any], state: State, text: str
) -> None:
    finding = found(name, place(Account(services), **changes))
    assert finding.state is state, finding
    assert text in finding.text


def test_certificates_of_cloudfront_are_asked_for_in_us_east_1_whatever_the_region() -> None:
    account = Account()
    found("certificate", place(account, config=config(delivery=OWN_DOMAIN)))
    assert account.regions == [("acm", "us-east-1")]


def test_nothing_else_is_asked_without_region_or_credentials() -> None:
    asked: list[str] = []

    def client(service: str, region: str | None = None) -> Service:
        asked.append(f"{service} {region}")
        raise NoCredentialsError

    assert [check.name for check, _ in run_checks(CHECKS, place(client=client))] == ["region", "credentials"]
    assert [check.name for check, _ in run_checks(CHECKS, place(client=client, region=None))] == ["region"]
    assert asked == ["sts None"]


def test_what_the_local_cloud_does_not_know_is_not_held_against_it() -> None:
    def refuse(_: Place) -> Finding:
        raise refusal("InvalidAction")

    ((_, finding),) = run_checks([Check("a", refuse)], place(local=True))
    assert (finding.state, finding.text) == (NOTE, "not checked: the local cloud does not know this")


def test_every_check_names_its_iam_actions_and_the_documentation_lists_them() -> None:
    documented = (PROJECT / "docs" / "doctor.md").read_text(encoding="utf-8")
    for check in CHECKS:
        row = f"| {check.name} | " + ", ".join(f"`{action}`" for action in check.actions)
        assert row in documented, row
    assert len({check.name for check in CHECKS}) == len(CHECKS)


# An image.


@pytest.mark.parametrize(
    ("media_type", "data", "browser", "state", "text"),
    [
        ("image/png", drawn(), "a program", OK, "image/png, 640 x 480"),
        ("image/avif", drawn(), "Safari 14", BLOCKS, "sent image/avif to a browser that does not list it"),
        ("image/webp", drawn(), "a program", BLOCKS, "sent image/webp to a browser that does not list it"),
        ("image/avif", drawn()[:500], "Chrome", BLOCKS, "as image/avif cannot be decoded"),
        ("text/html", b"<html>", "Chrome", BLOCKS, "as text/html cannot be decoded"),
    ],
)
def test_a_browser_must_get_what_it_can_show(
    media_type: str, data: bytes, browser: str, state: State, text: str
) -> None:
    finding = delivered(media_type, data, ACCEPT[browser])
    assert finding.state is state
    assert text in finding.text


# The command.


def test_an_image_that_its_recipe_holds_back_is_no_failure() -> None:
    held = Manifest("lightpress-doctor/1.png", Status.HELD, 1, gate=("malware", "person"))
    assert became(held, 2.0) == note("not tried: it is held until it is reviewed (malware, person), as its recipe says")
    failed = Manifest("lightpress-doctor/1.png", Status.FAILED, 1, reason="corrupt", detail="Truncated.")
    assert became(failed, 2.0).text == "It failed: corrupt. Truncated."


def test_the_command_prints_a_line_for_each_check_and_fails_where_something_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    where = place(Account({"ssm": {"get_parameter": refusal("ParameterNotFound")}}))
    monkeypatch.setattr("lightpress.cli.doctor.places.place_in_account", lambda _: where)
    result = CliRunner().invoke(app, ["doctor", "dev"])
    assert result.exit_code == 1
    assert "blocks CDK bootstrap        The account is not prepared for CDK in eu-west-1: npx" in result.stdout
    assert len(result.stdout.splitlines()) == len(CHECKS)
    lines = [json.loads(line) for line in CliRunner().invoke(app, ["doctor", "dev", "--json"]).stdout.splitlines()]
    assert {"check": "region", "state": "ok", "text": "eu-west-1"} in lines


def test_without_obstacles_the_exit_code_is_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lightpress.cli.doctor.places.place_in_account", lambda _: place())
    assert CliRunner().invoke(app, ["doctor", "dev"]).exit_code == 0


def test_an_unknown_environment_is_refused_with_those_that_there_are() -> None:
    result = CliRunner().invoke(app, ["doctor", "nowhere"], env={"COLUMNS": "200"})
    assert result.exit_code == 1
    assert "There is no environment 'nowhere'; allowed: dev, local, prod" in result.output


def test_in_a_project_the_environments_and_recipes_are_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "shop"), "--env", "staging"]).exit_code == 0
    monkeypatch.chdir(tmp_path / "shop")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    boto3.setup_default_session()
    path = tmp_path / "shop" / "environments" / "staging.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("max_concurrency = 2", "max_concurrency = 3", 1))
    where = place_in_account("staging")
    assert (where.config.environment, where.config.processing.max_concurrency) == ("staging", 3)
    assert where.reviewers == ()
    (tmp_path / "shop" / "recipes.toml").write_text(
        '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\ngate = ["moderation"]\nwidths = [320]\n'
    )
    assert place_in_account("staging").reviewers == ("moderation",)
    with pytest.raises(UnknownEnvironmentError, match=r"There is no environment 'prod'; allowed: staging$"):
        place_in_account("prod")


def test_an_account_is_read_with_what_is_deployed_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    described = {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": [{"OutputKey": "A", "OutputValue": "1"}]}]}
    with mock_aws():
        boto3.setup_default_session()
        monkeypatch.setattr(
            "lightpress.cli.doctor.places.client_in_account",
            lambda service, region=None: (
                Service({"describe_stacks": described})
                if service == "cloudformation"
                else boto3.client(service, region_name=region)
            ),
        )
        where = place_in_account("dev")
    assert (where.region, where.account, where.status) == ("eu-west-1", "123456789012", "CREATE_COMPLETE")
    assert (where.outputs, where.is_deployed) == ({"A": "1"}, True)
    with pytest.raises(UnknownEnvironmentError):
        place_in_account("nowhere")


def test_a_stack_of_which_only_a_change_set_was_made_is_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a deploy that somebody did not approve: the names of its buckets are still to be looked at."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    planned = {"cloudformation": {"describe_stacks": {"Stacks": [{"StackStatus": "REVIEW_IN_PROGRESS"}]}}}
    monkeypatch.setattr("lightpress.cli.doctor.places.client_in_account", Account(planned).client)
    where = place_in_account("dev")
    assert (where.account, where.status, where.is_deployed) == ("123456789012", None, False)
    assert found("stack", where).text == "Lightpress-dev is not deployed yet"
