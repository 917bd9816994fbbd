"""What `lightpress doctor` says of a template that is not deployed yet is what the template has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.cdk.config import ENVIRONMENTS, load_config
from lightpress.cli.doctor import cloudfront, lambda_quotas, names
from lightpress.cli.doctor.check import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cdk.templates import Template


def test_the_buckets_memory_and_names_that_are_checked_are_those_of_the_template(
    template_of: Callable[[str], Template],
) -> None:
    template = template_of("dev")
    place = Place(load_config(ENVIRONMENTS / "dev.toml"), lambda _: None, "REGION", "ACCOUNT")
    largest = max(function.properties["MemorySize"] for function in template.functions())
    assert largest == lambda_quotas.largest_function_mb(place) == 3_008
    prefixes = {bucket.properties["BucketNamePrefix"] for bucket in template.buckets()}
    assert {name.removesuffix("-ACCOUNT-REGION-an") for name in names.bucket_names(place)} == prefixes
    given = {
        template.resolve(resource.properties[config]["Name"]).partition("${")[0]
        for kind, config in (
            ("AWS::CloudFront::OriginAccessControl", "OriginAccessControlConfig"),
            ("AWS::CloudFront::CachePolicy", "CachePolicyConfig"),
            ("AWS::CloudFront::ResponseHeadersPolicy", "ResponseHeadersPolicyConfig"),
        )
        for resource in template.resources(kind)
    }
    assert all(
        any(name.startswith(name_of.removesuffix("REGION")) for name in given)
        for name_of in cloudfront.names_given(place)
    )
