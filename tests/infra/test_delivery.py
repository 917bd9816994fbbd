"""Variants are served to everybody, from close by, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.infra.grants import ACCOUNT

if TYPE_CHECKING:
    from tests.infra.templates import Resource, Template


def test_the_cdn_and_no_other_reads_variants_and_nothing_else(template: Template) -> None:
    (reading,) = [row for row in template.statements_about("ImagesBucket") if row.effect == "Allow"]
    assert reading.principal == {"Service": "cloudfront.amazonaws.com"}
    assert reading.actions == ["s3:GetObject"]
    images = template.resolve({"Fn::GetAtt": ["ImagesBucket", "Arn"]})
    assert [template.resolve(resource) for resource in reading.resources] == [f"{images}/i/*"]
    (distribution,) = reading.condition["StringEquals"].values()
    assert template.resolve(distribution) == f"arn:aws:cloudfront::{ACCOUNT}:distribution/Distribution"


def test_the_cdn_signs_what_it_asks_the_bucket(template: Template) -> None:
    (origin,) = _distribution(template)["Origins"]
    access = template.only("AWS::CloudFront::OriginAccessControl")
    assert origin["OriginAccessControlId"] == {"Fn::GetAtt": [access.id, "Id"]}
    assert access.properties["OriginAccessControlConfig"]["SigningBehavior"] == "always"


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
    assert {(row["ErrorCode"], row["ErrorCachingMinTTL"]) for row in errors} == {(403, 10), (404, 10)}


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
    function = template.only("AWS::CloudFront::Function")
    return [*named, (function, function.properties["Name"])]
