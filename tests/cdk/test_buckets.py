"""What holds for every bucket, and who may do what with the originals in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cdk.templates import Template

# Retained when it leaves the stack; removed when the deploy that creates it fails.
_KEPT = "RetainExceptOnCreate"


def test_every_bucket_is_private(template: Template) -> None:
    for bucket in template.buckets():
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}, bucket.id
        assert len(bucket.properties["PublicAccessBlockConfiguration"]) == 4, bucket.id
        assert bucket.properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], (
            bucket.id
        )


def test_every_bucket_is_encrypted(template: Template) -> None:
    for bucket in template.buckets():
        (rule,) = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", bucket.id


def test_an_overwritten_original_can_be_brought_back(template: Template) -> None:
    assert template.resource("UploadsBucket").properties["VersioningConfiguration"] == {"Status": "Enabled"}


def test_old_versions_of_originals_and_abandoned_uploads_do_not_pile_up(prod: Template) -> None:
    rules = prod.resource("UploadsBucket").properties["LifecycleConfiguration"]["Rules"]
    assert {"NoncurrentDays": 30} in [rule.get("NoncurrentVersionExpiration") for rule in rules]
    assert not any("ExpirationInDays" in rule for rule in rules), "an original itself never expires"
    for bucket in prod.buckets():
        rules = bucket.properties["LifecycleConfiguration"]["Rules"]
        assert {"DaysAfterInitiation": 7} in [rule.get("AbortIncompleteMultipartUpload") for rule in rules], bucket.id


def test_originals_of_prod_are_moved_to_intelligent_tiering_after_30_days_and_those_of_dev_stay(
    dev: Template, prod: Template
) -> None:
    def moves(template: Template) -> list[tuple[str, int]]:
        rules = template.resource("UploadsBucket").properties["LifecycleConfiguration"]["Rules"]
        return [
            (move["StorageClass"], move["TransitionInDays"]) for rule in rules for move in rule.get("Transitions", [])
        ]

    assert (moves(prod), moves(dev)) == ([("INTELLIGENT_TIERING", 30)], [])


def test_originals_images_and_logs_survive_the_stack_in_prod(prod: Template) -> None:
    kept = {resource.id for resource in prod.resources() if resource.raw.get("DeletionPolicy") == _KEPT}
    assert kept == {
        "UploadsBucket",
        "ImagesBucket",
        "QuarantineBucket",
        "FailuresTable",
        "RunsTable",
        "BackfillLogs",
        "ProcessUploadLogs",
        "RecordFailureLogs",
        "ResolverLogs",
        "PurgeDeletedLogs",
    }
    assert kept == {resource.id for resource in prod.resources() if resource.raw.get("UpdateReplacePolicy") == "Retain"}


def test_nothing_that_a_failed_first_deploy_created_stands_in_the_way_of_the_next(prod: Template) -> None:
    assert not [resource.id for resource in prod.resources() if resource.raw.get("DeletionPolicy") == "Retain"]


@pytest.mark.parametrize("environment", ["dev", "local"])
def test_nothing_is_left_behind_where_things_are_only_tried_out(
    environment: str, template_of: Callable[[str], Template]
) -> None:
    assert not [r.id for r in template_of(environment).resources() if "Retain" in r.raw.get("DeletionPolicy", "")]


def test_pages_may_upload_and_learn_what_they_uploaded(dev: Template) -> None:
    (rule,) = dev.resource("UploadsBucket").properties["CorsConfiguration"]["CorsRules"]
    assert set(rule["AllowedMethods"]) == {"POST", "PUT"}
    assert rule["ExposedHeaders"] == ["ETag"]


def test_no_page_may_upload_to_prod_until_its_site_is_named(prod: Template) -> None:
    assert "CorsConfiguration" not in prod.resource("UploadsBucket").properties


def test_nobody_is_let_into_the_uploads_bucket_by_its_policy(template: Template) -> None:
    assert {row.effect for row in template.statements_about("UploadsBucket")} == {"Deny"}


def test_bucket_names_in_an_account_cannot_be_taken_by_another(dev: Template, prod: Template) -> None:
    for template in (dev, prod):
        for bucket in template.buckets():
            assert bucket.properties["BucketNamespace"] == "account-regional"
            assert bucket.properties["BucketNamePrefix"].startswith("lightpress-")


def test_the_local_cloud_is_asked_for_nothing_it_does_not_know(template_of: Callable[[str], Template]) -> None:
    buckets = template_of("local").buckets()
    assert all("BucketNamePrefix" not in bucket.properties and "BucketName" in bucket.properties for bucket in buckets)
