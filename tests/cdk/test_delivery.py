"""Variants are served to everybody, from close by, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightpress.cdk.config import Config
from lightpress.cdk.options.delivery import DeliveryOptions
from tests.cdk.grants import ACCOUNT, function_id, grants_of
from tests.cdk.templates import synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Resource, Template


def test_the_cdn_and_no_other_reads_variants_and_nothing_else(template: Template) -> None:
    allowed = [row for row in template.statements_about("ImagesBucket") if row.effect == "Allow"]
    images = template.resolve({"Fn::GetAtt": ["ImagesBucket", "Arn"]})
    granted = {(row.actions[0], template.resolve(row.resources[0])) for row in allowed}
    assert granted == {("s3:GetObject", f"{images}/i/*"), ("s3:ListBucket", images)}, "404 for what is not there"
    for row in allowed:
        assert row.principal == {"Service": "cloudfront.amazonaws.com"}
        (distribution,) = row.condition["StringEquals"].values()
        assert template.resolve(distribution) == f"arn:aws:cloudfront::{ACCOUNT}:distribution/Distribution"


def test_the_cdn_signs_what_it_asks_the_bucket(template: Template) -> None:
    access = {one.id: one for one in template.resources("AWS::CloudFront::OriginAccessControl")}
    used = [origin["OriginAccessControlId"]["Fn::GetAtt"][0] for origin in _distribution(template)["Origins"]]
    assert sorted(used) == sorted(access)
    assert {one.properties["OriginAccessControlConfig"]["SigningBehavior"] for one in access.values()} == {"always"}


def test_the_resolver_answers_the_cdn_alone(template: Template) -> None:
    assert template.only("AWS::Lambda::Url").properties["AuthType"] == "AWS_IAM"
    lets = [one.properties for one in template.resources("AWS::Lambda::Permission")]
    from_cdn = [one for one in lets if one["Principal"] == "cloudfront.amazonaws.com"]
    assert {one["Action"] for one in from_cdn} == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
    assert all("Distribution" in str(one["SourceArn"]) for one in from_cdn)
    others = [one for one in lets if "FunctionUrl" in one["Action"] and one not in from_cdn]
    assert not others


def test_a_resolver_that_redirects_reads_manifests_and_no_pictures(dev: Template, tmp_path: Path) -> None:
    redirecting = synthesize_with(Config("dev", delivery=DeliveryOptions(permalinks="redirect")), tmp_path)
    read = [
        {
            grant.resource.rpartition("images")[2].partition("/")[2]
            for grant in grants_of(template.raw, function_id(template.raw, "resolve"))
            if grant.action == "s3:GetObject"
        }
        for template in (dev, redirecting)
    ]
    assert read == [{"m/*", "i/*"}, {"m/*"}]


def test_images_come_from_the_bucket_and_every_other_address_is_a_permalink(template: Template) -> None:
    origins = {origin["Id"]: origin for origin in _distribution(template)["Origins"]}
    (images,) = _distribution(template)["CacheBehaviors"]
    assert images["PathPattern"] == "/i/*"
    assert "S3OriginConfig" in origins[images["TargetOriginId"]]
    default = _distribution(template)["DefaultCacheBehavior"]
    assert "CustomOriginConfig" in origins[default["TargetOriginId"]]
    same = (
        "CachePolicyId",
        "FunctionAssociations",
        "ResponseHeadersPolicyId",
        "ViewerProtocolPolicy",
        "AllowedMethods",
    )
    assert {name: images[name] for name in same} == {name: default[name] for name in same}


def test_only_the_path_decides_what_the_cdn_keeps(template: Template) -> None:
    policy = template.only("AWS::CloudFront::CachePolicy")
    assert _distribution(template)["DefaultCacheBehavior"]["CachePolicyId"] == {"Ref": policy.id}
    key = policy.properties["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key == {
        "CookiesConfig": {"CookieBehavior": "none"},
        "HeadersConfig": {"HeaderBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
        "EnableAcceptEncodingBrotli": False,
        "EnableAcceptEncodingGzip": False,
    }


def test_viewers_are_led_to_https_and_may_only_look(template: Template) -> None:
    behaviour = _distribution(template)["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert set(behaviour["AllowedMethods"]) == {"GET", "HEAD"}
    assert _distribution(template)["HttpVersion"] == "http2and3"


def test_every_request_passes_the_edge_function(template: Template) -> None:
    (association,) = _distribution(template)["DefaultCacheBehavior"]["FunctionAssociations"]
    function = template.only("AWS::CloudFront::Function")
    assert association == {
        "EventType": "viewer-request",
        "FunctionARN": {"Fn::GetAtt": [function.id, "FunctionARN"]},
    }


def test_a_picture_opened_on_its_own_can_run_nothing(template: Template) -> None:
    headers = template.only("AWS::CloudFront::ResponseHeadersPolicy").properties["ResponseHeadersPolicyConfig"]
    security = headers["SecurityHeadersConfig"]
    assert security["ContentSecurityPolicy"]["ContentSecurityPolicy"] == "default-src 'none'; sandbox"
    assert security["ContentTypeOptions"] == {"Override": True}
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000


def test_what_is_not_there_yet_is_asked_for_again_soon(template: Template) -> None:
    errors = _distribution(template)["CustomErrorResponses"]
    assert {(row["ErrorCode"], row["ErrorCachingMinTTL"]) for row in errors} == {(403, 1), (404, 1)}


def test_a_second_stack_in_another_region_finds_no_name_taken(template: Template) -> None:
    for resource, name in _names_that_all_regions_share(template):
        assert {"Ref": "AWS::Region"} in name["Fn::Join"][1], resource.id


def _distribution(template: Template) -> dict[str, Any]:
    configuration: dict[str, Any] = template.only("AWS::CloudFront::Distribution").properties["DistributionConfig"]
    return configuration


def _names_that_all_regions_share(template: Template) -> list[tuple[Resource, Any]]:
    where = {
        "AWS::CloudFront::OriginAccessControl": "OriginAccessControlConfig",
        "AWS::CloudFront::CachePolicy": "CachePolicyConfig",
        "AWS::CloudFront::ResponseHeadersPolicy": "ResponseHeadersPolicyConfig",
    }
    named = [(resource, resource.properties[where[resource.type]]["Name"]) for resource in template.resources(*where)]
    # Those that CDK names hold the stack's id, which holds no region; see `_global_name` for ours.
    named = [(resource, name) for resource, name in named if isinstance(name, dict)]
    function = template.only("AWS::CloudFront::Function")
    return [*named, (function, function.properties["Name"])]
