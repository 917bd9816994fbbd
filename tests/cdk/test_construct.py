"""`Lightpress` in a stranger's app: two in one stack, what is there already, and arguments that may not be."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, CfnResource, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk import Lightpress
from lightpress.cdk.config import Config
from lightpress.cdk.naming import resource
from lightpress.toml_reader import ConfigError
from tests.cdk.grants import as_list
from tests.cdk.templates import NO_ASSETS, Template, read_template
from tools.template_lint import SIGNING_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from constructs import IConstruct

ACCOUNT = {"account": "123456789012", "region": "eu-west-1"}
NAMES = ("BucketName", "BucketNamePrefix", "AlarmName", "DashboardName", "Name")


@dataclass(frozen=True)
class Strangers:
    """Stacks of somebody else: one with a bucket and a CDN of its own, and one whose CDN is of no app."""

    site: Template
    other: Template
    images: Lightpress
    avatars: Lightpress


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Strangers:
    app = App(context=NO_ASSETS, outdir=str(tmp_path_factory.mktemp("strangers")))
    site = Stack(app, "Site")
    cdn = cloudfront.Distribution(
        site, "Cdn", default_behavior=cloudfront.BehaviorOptions(origin=origins.HttpOrigin("www.example.com"))
    )
    given = s3.Bucket(site, "Given", encryption_key=kms.Key(site, "Key"))
    images = Lightpress(site, "Images", upload_auth="iam", allowed_origins=("https://www.example.com",))
    avatars = Lightpress(
        site,
        "Avatars",
        uploads=given,
        distribution=cdn,
        path="/avatars",
        url_ingest=True,
        recipes=lazy_recipes(tmp_path_factory.mktemp("recipes")),
        encryption_key="create",
        permalinks="redirect",
        attach=[{"bucket": s3.Bucket(site, "Shop"), "publish_under": "shop/"}],
    )
    images.on_ready(targets.SqsQueue(sqs.Queue(site, "Ready")), under="trips/")
    avatars.grant_upload(iam.Role(site, "Uploader", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")))
    other = Stack(app, "Other")
    theirs = cloudfront.Distribution.from_distribution_attributes(
        other, "Theirs", distribution_id="E123", domain_name="d123.cloudfront.net"
    )
    Lightpress(
        other, "Images", distribution=theirs, domain_names=["www.example.com"], signing_keys=[SIGNING_KEY], name="other"
    )
    assembly = app.synth()
    site_template, other_template = (read_template(assembly.get_stack_by_name(name)) for name in ("Site", "Other"))
    return Strangers(site_template, other_template, images, avatars)


def lazy_recipes(folder: Path) -> Path:
    """Recipes of a stranger: AVIF is made when somebody first asks for it."""
    path = folder / "recipes.toml"
    path.write_text(
        '[[rules]]\npath = "**"\nrecipe = "face"\n'
        '[recipes.face]\nformats = ["avif", "jpeg"]\nlazy = ["avif"]\nsizes.large = { width = 800 }\n',
        encoding="utf-8",
    )
    return path


def test_three_in_two_stacks_share_no_name(strangers: Strangers) -> None:
    named = [
        json.dumps(value)
        for template in (strangers.site, strangers.other)
        for resource in template.resources()
        for value in names_in(resource.properties)
        if "lightpress-" in json.dumps(value) and resource.type != "AWS::Logs::QueryDefinition"
    ]
    assert len(named) > 60
    assert [name for name, count in Counter(named).items() if count > 1] == []
    services = {
        function.properties["Environment"]["Variables"].get("POWERTOOLS_SERVICE_NAME")
        for template in (strangers.site, strangers.other)
        for function in template.functions()
        if "lightpress.handlers" in function.properties.get("Handler", "")
    }
    assert len(services) == 3, "each has its own metrics"


def names_in(value: Any) -> Iterator[Any]:  # noqa: ANN401  a template's
    """The names that the properties of a resource give."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key in NAMES:
            yield inner
        yield from names_in(inner)


def test_what_holds_data_is_pinned_under_the_id_of_its_construct(strangers: Strangers) -> None:
    ids = {resource.id for resource in strangers.site.resources()}
    for name in ("ImagesBucket", "QuarantineBucket", "FailuresTable", "Queue", "DeadLetterQueue", "RunsTable"):
        assert {f"Images{name}", f"Avatars{name}"} <= ids
    assert {"ImagesUploadsBucket", "ImagesDistribution"} <= ids
    assert not {"AvatarsUploadsBucket", "AvatarsDistribution"} & ids, "those are there already"
    assert {"ImagesCdnBaseUrl", "AvatarsCdnBaseUrl", "ImagesUploadApiUrl"} <= set(strangers.site.raw["Outputs"])


def test_nothing_waits_for_itself(strangers: Strangers) -> None:
    for template in (strangers.site, strangers.other):
        names = set(template.raw["Resources"])
        waits = {name: names & set(references_in(row)) for name, row in template.raw["Resources"].items()}
        assert sum(map(len, waits.values())) > 100
        assert set(TopologicalSorter(waits).static_order()) == names


def references_in(value: Any) -> Iterator[str]:  # noqa: ANN401  a template's
    """What a part of a resource refers to: by Ref, Fn::GetAtt, Fn::Sub or DependsOn; pseudo parameters too."""
    if isinstance(value, list):
        yield from chain.from_iterable(map(references_in, value))
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in {"Ref", "DependsOn"}:
            yield from as_list(inner)
        elif key == "Fn::GetAtt":
            yield inner[0]
        elif key == "Fn::Sub":
            yield from re.findall(r"\$\{(\w+)", as_list(inner)[0])
        yield from references_in(inner)


@pytest.mark.nightly
def test_cloudformation_can_create_both(strangers: Strangers) -> None:
    for template in (strangers.site, strangers.other):
        found = lint(json.dumps(template.raw), config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W"]))
        assert [str(match) for match in found] == []


def test_an_existing_distribution_gets_two_behaviors_and_serves_what_it_served(strangers: Strangers) -> None:
    (cdn,) = [one for one in strangers.site.resources("AWS::CloudFront::Distribution") if one.id.startswith("Cdn")]
    config = cdn.properties["DistributionConfig"]
    assert [one["PathPattern"] for one in config["CacheBehaviors"]] == ["/avatars/i/*", "/avatars/*"]
    domains = {origin["Id"]: origin["DomainName"] for origin in config["Origins"]}
    assert domains[config["DefaultCacheBehavior"]["TargetOriginId"]] == "www.example.com"
    (group,) = config["OriginGroups"]["Items"]
    lazily, permalinks = (one["TargetOriginId"] for one in config["CacheBehaviors"])
    assert lazily == group["Id"]
    variants, renderer = (domains[member["OriginId"]] for member in group["Members"]["Items"])
    assert variants == {"Fn::GetAtt": ["AvatarsImagesBucket", "RegionalDomainName"]}
    assert "RenderLazy" in json.dumps(renderer)
    assert "ResolverAliasFunctionUrl" in json.dumps(domains[permalinks])
    base_url = strangers.site.raw["Outputs"]["AvatarsCdnBaseUrl"]["Value"]
    assert base_url == {"Fn::Join": ["", ["https://", {"Fn::GetAtt": [cdn.id, "DomainName"]}, "/avatars"]]}


def test_every_function_behind_an_existing_distribution_knows_the_path_for_its_redirects(strangers: Strangers) -> None:
    """Each with a function URL, which only CDNs ask; the other Lightpress of the app has a distribution of its own."""
    urls = [json.dumps(row.properties["TargetFunctionArn"]) for row in strangers.site.resources("AWS::Lambda::Url")]
    asked = [one for one in strangers.site.functions() if any(f'"{one.id}"' in url for url in urls)]
    assert len(asked) == len(urls)
    paths = [
        (one.properties["Handler"].split(".")[-2], one.properties["Environment"]["Variables"].get("CDN_PATH"))
        for one in asked
    ]
    assert sorted(paths, key=str) == [("render_lazy", "/avatars"), ("resolve", "/avatars"), ("resolve", None)]


def test_a_distribution_of_no_app_is_let_in_and_the_outputs_say_what_to_add(strangers: Strangers) -> None:
    outputs = {name: row["Value"] for name, row in strangers.other.raw["Outputs"].items()}
    added = {name for name in outputs if name.startswith("ImagesCdn")}
    assert added == {
        f"ImagesCdn{name}"
        for name in (
            *("BaseUrl", "DomainName", "EdgeFunctionArn", "CachePolicyId", "ResponseHeadersPolicyId", "KeyGroupId"),
            *("VariantsPattern", "VariantsOrigin", "VariantsAccessId"),
            *("PermalinksPattern", "PermalinksOrigin", "PermalinksAccessId"),
        )
    }
    assert outputs["ImagesCdnBaseUrl"] == "https://www.example.com/pictures"
    assert not strangers.other.resources("AWS::CloudFront::Distribution")
    arn = "arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/E123"
    permissions = [
        row.properties
        for row in strangers.other.resources("AWS::Lambda::Permission")
        if row.properties["Principal"] == "cloudfront.amazonaws.com"
    ]
    assert {row["Action"] for row in permissions} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    readers = strangers.other.statements_about("ImagesImagesBucket")
    conditions = [one.condition["StringEquals"]["AWS:SourceArn"] for one in readers if one.effect == "Allow"]
    assert {shown(value) for value in [*conditions, *(row["SourceArn"] for row in permissions)]} == {arn}


def shown(value: Any) -> str:  # noqa: ANN401  a template's
    """A joined text, with references in angle brackets."""
    return "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in value["Fn::Join"][1])


def test_a_given_bucket_announces_its_changes_and_lends_its_key(strangers: Strangers) -> None:
    rules = [rule.properties for rule in strangers.site.resources("AWS::Events::Rule")]
    buckets = [rule["EventPattern"]["detail"]["bucket"]["name"] for rule in rules if "bucket" in str(rule)]
    (given,) = [bucket.id for bucket in strangers.site.buckets() if bucket.id.startswith("Given")]
    assert [{"Ref": given}] in buckets
    announced = {
        row.properties["BucketName"]["Ref"] for row in strangers.site.resources("Custom::S3BucketNotifications")
    }
    assert len(announced) == 2
    assert given in announced
    (key,) = [row.id for row in strangers.site.resources("AWS::KMS::Key") if row.id.startswith("Key")]
    assert users_of(strangers.site, key) == {
        *("AvatarsBackfillBackfill", "AvatarsFailuresRecordFailure", "AvatarsProcessingProcessUpload"),
        *("AvatarsUrlIngestFetchUrl", "AvatarsDeliveryLazyRenderLazy", "Uploader"),
    }
    (events,) = [one for one in key_policy(strangers.site, "AvatarsEncryptionKey") if "events." in json.dumps(one)]
    assert "kms:GenerateDataKey" in events["Action"], "EventBridge fills an encrypted queue"


def users_of(template: Template, key: str) -> set[str]:
    """Whose policies name a key: the beginnings of their ids."""
    reference = {"Fn::GetAtt": [key, "Arn"]}
    policies = [
        row.id
        for row in template.resources("AWS::IAM::Policy")
        for one in row.properties["PolicyDocument"]["Statement"]
        if reference in as_list(one["Resource"])
    ]
    return {id_.partition("RoleDefaultPolicy")[0].partition("DefaultPolicy")[0] for id_ in policies}


def key_policy(template: Template, id_: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = template.resource(id_).properties["KeyPolicy"]["Statement"]
    return statements


def test_on_ready_sends_events_of_that_lightpress_and_of_these_keys_alone(strangers: Strangers) -> None:
    (rule,) = [rule for rule in strangers.site.resources("AWS::Events::Rule") if "OnReady" in rule.id]
    assert rule.properties["EventPattern"] == {
        "source": ["lightpress"],
        "detail-type": ["ImageReady"],
        "detail": {"deployment": [f"lightpress-{strangers.images.name}"], "key": [{"prefix": "trips/"}]},
    }
    assert strangers.images.name != strangers.avatars.name
    assert len(strangers.images.name) <= 10


def test_every_part_that_is_promised_is_there(strangers: Strangers) -> None:
    images = strangers.images
    parts = (images.uploads, images.images, images.distribution, images.queue, images.dead_letters)
    assert [logical_id_of(part) for part in parts] == [
        *("ImagesUploadsBucket", "ImagesImagesBucket", "ImagesDistribution", "ImagesQueue", "ImagesDeadLetterQueue")
    ]
    assert {function.label for function in images.functions} >= {"ProcessUpload", "RecordFailure", "UploadApi"}


def logical_id_of(part: IConstruct) -> str:
    id_: str = Stack.of(part).resolve(resource(part, CfnResource).logical_id)
    return id_


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=NO_ASSETS), "Site", env=ACCOUNT)


def _elsewhere(stack: Stack, **where: str) -> s3.IBucket:
    return s3.Bucket.from_bucket_attributes(stack, "There", bucket_name="there", **where)  # type: ignore[arg-type]


def _of_another_stack(stack: Stack) -> cloudfront.Distribution:
    there = Stack(stack.node.root, "There", env=ACCOUNT)  # type: ignore[arg-type]
    behavior = cloudfront.BehaviorOptions(origin=origins.HttpOrigin("www.example.com"))
    return cloudfront.Distribution(there, "Cdn", default_behavior=behavior)


def _cdn(stack: Stack) -> cloudfront.IDistribution:
    return cloudfront.Distribution.from_distribution_attributes(stack, "D", distribution_id="E", domain_name="d.net")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (lambda _: {"price_class": "300"}, "price_class: '300' is not allowed"),
        (lambda _: {"prize_class": "100"}, "prize_class: is not a known key; did you mean 'price_class'?"),
        (lambda _: {"max_concurrency": "8"}, "max_concurrency: '8' is not a whole number"),
        (lambda _: {"name": "Much_too_long"}, "name: 'Much_too_long' does not match"),
        (lambda _: {"termination_protection": True}, "termination_protection: is an argument of the stack"),
        (lambda _: {"config": Config("dev"), "price_class": "100"}, "config: excludes price_class"),
        (lambda s: {"uploads": s3.Bucket(s, "B"), "originals_storage": "standard"}, "originals_storage: belongs to"),
        (lambda s: {"uploads": _elsewhere(s, account="210987654321")}, "uploads: the bucket is in the account 2109"),
        (
            lambda s: {"attach": [{"bucket": _elsewhere(s, region="us-east-1")}]},
            "attach[0].bucket: the bucket is in the region us-east-1, and this stack in eu-west-1",
        ),
        (lambda s: {"attach": [{"bucket": s3.Bucket(s, "B")}]}, "attach[0].publish_under: it is missing"),
        (lambda s: {"distribution": _cdn(s), "path": "/i"}, "path: '/i' is not allowed"),
        (lambda _: {"path": "/photos"}, "path: '/photos' is a part of a distribution of yours; allowed: with"),
        (lambda s: {"distribution": _cdn(s), "web_acl_arn": "arn:x"}, "web_acl_arn: "),
        (lambda s: {"distribution": _cdn(s), "price_class": "100"}, "price_class: belongs to the distribution"),
        (lambda s: {"distribution": _of_another_stack(s)}, "distribution: it is in the stack There"),
    ],
)
def test_an_argument_that_may_not_be_is_named_with_what_is_allowed(
    stack: Stack, arguments: Callable[[Stack], dict[str, Any]], said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        Lightpress(stack, "Images", **arguments(stack))
    assert str(error.value).startswith(f'Lightpress "Images": {said}')


def test_without_an_event_bus_on_ready_is_refused(stack: Stack) -> None:
    images = Lightpress(stack, "Images", event_bus="")
    with pytest.raises(ConfigError, match='"Images": event_bus: on_ready needs one'):
        images.on_ready(targets.SqsQueue(sqs.Queue(stack, "Ready")))


def test_a_queue_that_no_recipe_needs_is_refused_by_its_name(stack: Stack) -> None:
    images = Lightpress(stack, "Images")
    with pytest.raises(ConfigError, match="fact_queue: no recipe asks an enricher"):
        assert images.fact_queue
    with pytest.raises(ConfigError, match="review_queue: no recipe has a gate"):
        assert images.review_queue
    with pytest.raises(ConfigError, match="missing: no recipe has 'labels' in facts; allowed: none"):
        images.on_ready(targets.SqsQueue(sqs.Queue(stack, "Ready")), missing="labels")


@pytest.mark.parametrize(("name", "longer"), [("twelve-chars", 2), ("ten-chars-", 0)])
def test_a_name_that_makes_a_bucket_longer_than_63_characters_is_refused_where_the_region_is_known(
    name: str, longer: int
) -> None:
    far = Stack(App(context=NO_ASSETS), "Far", env={"account": "123456789012", "region": "ap-southeast-1"})
    if not longer:
        Lightpress(far, "Images", name=name)
        return
    with pytest.raises(ConfigError, match=f"would have 65 characters; allowed: 63. .* {longer} shorter"):
        Lightpress(far, "Images", name=name)


def test_lazy_variants_are_refused_behind_a_distribution_that_nobody_can_add_an_origin_group_to(
    stack: Stack, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match='Lightpress "Images": distribution: recipes with lazy variants need one'):
        Lightpress(stack, "Images", distribution=_cdn(stack), recipes=lazy_recipes(tmp_path))
