"""What `lightpress doctor` says of a template that is not deployed yet is what the template has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.account_limits import (
    rules_met_by_a_picture,
    rules_of_the_default_bus,
    started_at_once,
    started_by_a_backfill,
)
from lightpress.cdk.config import ENVIRONMENTS, Config, load_config
from lightpress.cdk.options.delivery import DeliveryOptions
from lightpress.cdk.options.existing import Existing, ExistingOptions
from lightpress.cdk.options.ingest import IngestOptions
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.cli.doctor import cloudfront, lambda_quotas, names
from lightpress.cli.doctor.check import Place
from lightpress.in_place.buckets import InPlace
from lightpress.pipeline.recipe_file import load_recipes
from tests.cdk.templates import Template, synthesize_with
from tools.template_lint import environments_in
from tools.template_lint import template_of as template_of_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


ATTACHED = Existing(InPlace("my-cms", suffixes=(".jpg",)))


@pytest.mark.parametrize(
    "config",
    [
        load_config(ENVIRONMENTS / "dev.toml"),
        load_config(ENVIRONMENTS / "prod.toml"),
        Config(
            "dev",
            processing=ProcessingOptions(provisioned_pollers=2, provisioned_pollers_max=3, max_concurrency=23),
            ingest=IngestOptions(url_ingest=True, fetch_max_mb=300),
            existing=ExistingOptions(in_place=(ATTACHED,)),
        ),
    ],
    ids=["dev", "prod", "with pollers and an existing bucket"],
)
def test_the_invocations_and_the_memory_that_are_compared_with_the_account_are_those_of_the_template(
    config: Config, tmp_path: Path
) -> None:
    template = synthesize_with(config, tmp_path)
    mappings = [one.properties for one in template.resources("AWS::Lambda::EventSourceMapping")]
    most = {
        one["EventSourceArn"]["Fn::GetAtt"][0]: one["ScalingConfig"]["MaximumConcurrency"]
        if "ScalingConfig" in one
        else 10 * one["ProvisionedPollerConfig"]["MaximumPollers"]
        for one in mappings
    }
    by_backfills = most.pop("BackfillQueue")
    assert started_at_once(config) == sum(most.values())
    assert started_by_a_backfill(config) == by_backfills + config.processing.backfill_children
    place = Place(config, lambda _: None, "REGION", "ACCOUNT")
    assert lambda_quotas.largest_function_mb(place) == max(one.properties["MemorySize"] for one in template.functions())


def test_reviews_and_rules_that_are_compared_with_the_account_are_those_of_the_template(tmp_path: Path) -> None:
    environment = environments_in(tmp_path)["together-iam"]
    template = Template(template_of_environment(environment, tmp_path / "out"), termination_protection=True)
    config, recipes = load_config(environment.options), load_recipes(environment.recipes)
    reviewers = recipes.reviewers
    assert reviewers == ("malware", "moderation", "person")
    rules = [one for one in template.resources("AWS::Events::Rule") if "EventBusName" not in one.properties]
    assert rules_of_the_default_bus(config, reviewers) == len(rules) == 4
    assert rules_of_the_default_bus(config) == len(rules) - 2
    patterns = [one for one in template.resources("AWS::Events::Rule") if "EventPattern" in one.properties]
    of_buckets = len(config.existing.attach) + len(config.existing.in_place)
    assert rules_met_by_a_picture(config, reviewers, recipes.enrichers) == len(patterns) - of_buckets + 1
    most = [
        one.properties["ScalingConfig"]["MaximumConcurrency"]
        if "ScalingConfig" in one.properties
        else 10 * one.properties["ProvisionedPollerConfig"]["MaximumPollers"]
        for one in template.resources("AWS::Lambda::EventSourceMapping")
    ]
    assert (
        started_at_once(config, reviewers, recipes.enrichers) == sum(most) - config.processing.backfill_max_concurrency
    )


def test_the_bucket_of_access_logs_is_checked_where_the_template_has_one(tmp_path: Path) -> None:
    config = Config("dev", delivery=DeliveryOptions(access_log_days=30))
    place = Place(config, lambda _: None, "REGION", "ACCOUNT")
    prefixes = {bucket.properties["BucketNamePrefix"] for bucket in synthesize_with(config, tmp_path).buckets()}
    assert {name.removesuffix("-ACCOUNT-REGION-an") for name in names.bucket_names(place)} == prefixes
    assert len(prefixes) == 4


def test_the_buckets_memory_and_names_that_are_checked_are_those_of_the_template(
    template_of: Callable[[str], Template],
) -> None:
    template = template_of("dev")
    place = Place(load_config(ENVIRONMENTS / "dev.toml"), lambda _: None, "REGION", "ACCOUNT")
    largest = max(function.properties["MemorySize"] for function in template.functions())
    assert largest == lambda_quotas.largest_function_mb(place) == 3_008
    prefixes = {bucket.properties["BucketNamePrefix"] for bucket in template.buckets()}
    assert {name.removesuffix("-ACCOUNT-REGION-an") for name in names.bucket_names(place)} == prefixes
    dashboard = template.only("AWS::CloudWatch::Dashboard").properties["DashboardName"]
    assert dashboard == {"Fn::Join": ["", [names.dashboard_name(place).removesuffix("REGION"), {"Ref": "AWS::Region"}]]}
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
