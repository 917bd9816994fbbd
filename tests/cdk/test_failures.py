"""What failed is kept privately, for as long as the environment says, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.aws.session import WAITING, longest_wait
from lightpress.cdk.config import Config
from lightpress.cdk.options.delivery import DeliveryOptions
from lightpress.cdk.options.processing import ProcessingOptions
from tests.cdk.grants import environment_of, function_id
from tests.cdk.templates import synthesize_with
from tools.benchmarks import purges

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template


def test_what_is_in_quarantine_expires_with_the_row_that_tells_of_it(tmp_path: Path) -> None:
    template = synthesize_with(Config("dev", processing=ProcessingOptions(failure_retention_days=90)), tmp_path)
    rules = template.resource("QuarantineBucket").properties["LifecycleConfiguration"]["Rules"]
    assert 90 in [rule.get("ExpirationInDays") for rule in rules]
    environment = environment_of(template.raw, function_id(template.raw, "record_failure"))
    assert environment["FAILURE_RETENTION_SECONDS"] == str(90 * 24 * 60 * 60)


def test_nobody_is_let_into_the_quarantine_by_its_policy_and_it_keeps_no_versions(template: Template) -> None:
    assert {row.effect for row in template.statements_about("QuarantineBucket")} == {"Deny"}
    assert "VersioningConfiguration" not in template.resource("QuarantineBucket").properties


def test_the_table_costs_nothing_while_nothing_fails_and_can_be_brought_back(template: Template) -> None:
    table = template.resource("FailuresTable").properties
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]} == {
        "subject": "HASH",
        "identity": "RANGE",
    }


def test_an_original_that_is_tried_once_more_gets_more_memory_and_more_time(dev: Template) -> None:
    once_more, at_first = (dev.function(name).properties for name in ("record_failure", "process_upload"))
    assert once_more["MemorySize"] == 3008 > 1.5 * at_first["MemorySize"]
    assert once_more["Timeout"] > at_first["Timeout"]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("options", "memory_mb"),
    [(ProcessingOptions(memory_mb=8_000), 8_000), (ProcessingOptions(failure_memory_mb=10_240), 10_240)],
)
def test_and_never_less_than_at_first(options: ProcessingOptions, memory_mb: int, tmp_path: Path) -> None:
    template = synthesize_with(Config("dev", processing=options), tmp_path)
    assert template.function("record_failure").properties["MemorySize"] == memory_mb


def test_a_dead_letter_is_tried_once_more_alone(template: Template) -> None:
    (mapping,) = [
        row
        for row in template.resources("AWS::Lambda::EventSourceMapping")
        if row.properties["EventSourceArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    ]
    assert mapping.properties["BatchSize"] == 1


def test_deletions_are_invalidated_in_the_cdn_unless_the_environment_says_not_to(dev: Template, tmp_path: Path) -> None:
    without = synthesize_with(Config("dev", delivery=DeliveryOptions(invalidate_deleted=False)), tmp_path)
    assert "PurgeQueue" in {queue.id for queue in dev.queues()}
    assert "PurgeQueue" not in {queue.id for queue in without.queues()}
    for handler in ("process_upload", "record_failure"):
        assert "PURGE_QUEUE_URL" in environment_of(dev.raw, function_id(dev.raw, handler))
        assert "PURGE_QUEUE_URL" not in environment_of(without.raw, function_id(without.raw, handler))


def test_a_purge_waits_until_whoever_asked_has_ended(dev: Template) -> None:
    for handler in ("process_upload", "record_failure"):
        delay = int(environment_of(dev.raw, function_id(dev.raw, handler))["PURGE_DELAY_SECONDS"])
        assert delay >= dev.function(handler).properties["Timeout"]


def test_a_purge_of_permalinks_waits_until_the_manifest_is_replaced_and_the_resolver_has_answered(
    dev: Template,
) -> None:
    last_answer = longest_wait(WAITING) + dev.function("resolve").properties["Timeout"]
    for handler in ("process_upload", "record_failure"):
        environment = environment_of(dev.raw, function_id(dev.raw, handler))
        assert last_answer <= int(environment["REFRESH_DELAY_SECONDS"]) <= 60
        assert environment["PURGE_DELAY_SECONDS"] == str(
            dev.function(handler).properties["Timeout"] + dev.function("resolve").properties["Timeout"]
        )


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("options", "seconds", "invalidates"),
    [
        (DeliveryOptions(), "604800", True),
        (DeliveryOptions(permalink_seconds=3600), "3600", True),
        (DeliveryOptions(permalink_seconds=60), "60", False),
        (DeliveryOptions(permalinks="redirect"), None, False),
        (DeliveryOptions(invalidate_deleted=False), "60", False),
    ],
)
def test_overwritten_permalinks_are_invalidated_only_where_the_cdn_keeps_them_for_more_than_a_minute(
    options: DeliveryOptions, seconds: str | None, invalidates: bool, tmp_path: Path
) -> None:
    template = synthesize_with(Config("dev", delivery=options), tmp_path).raw
    assert environment_of(template, function_id(template, "resolve")).get("PERMALINK_SECONDS") == seconds
    for handler in ("process_upload", "record_failure"):
        assert ("REFRESH_DELAY_SECONDS" in environment_of(template, function_id(template, handler))) is invalidates


def test_the_delay_of_a_purge_is_one_that_sqs_knows(tmp_path: Path) -> None:
    template = synthesize_with(Config("dev", processing=ProcessingOptions(timeout_seconds=900)), tmp_path)
    assert environment_of(template.raw, function_id(template.raw, "process_upload"))["PURGE_DELAY_SECONDS"] == "900"


@pytest.mark.parametrize("days", [1, 10, 13])
def test_purges_are_overdue_after_half_of_the_days_that_their_queue_keeps_them(days: int, tmp_path: Path) -> None:
    options = ProcessingOptions(queue_retention_days=days, dead_letter_retention_days=14)
    template = synthesize_with(Config("dev", processing=options), tmp_path)
    variables = environment_of(template.raw, function_id(template.raw, "purge_deleted"))
    kept = template.resource("PurgeQueue").properties["MessageRetentionPeriod"]
    assert (int(variables["PURGES_OVERDUE_SECONDS"]), kept) == (days * 43_200, days * 86_400)


def test_the_virtual_time_of_purges_has_the_numbers_of_the_stack(dev: Template) -> None:
    mapping = next(
        one.properties
        for one in dev.resources("AWS::Lambda::EventSourceMapping")
        if one.properties["EventSourceArn"] == {"Fn::GetAtt": ["PurgeQueue", "Arn"]}
    )
    delay = environment_of(dev.raw, function_id(dev.raw, "process_upload"))["PURGE_DELAY_SECONDS"]
    assert int(delay) == purges.DELAY_SECONDS
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (1_000, purges.WINDOW_SECONDS)
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == purges.INVOCATIONS_AT_ONCE
    assert dev.function("purge_deleted").properties["Timeout"] == purges.TIMEOUT_SECONDS
    assert dev.resource("PurgeQueue").properties["VisibilityTimeout"] == purges.VISIBLE_AGAIN_SECONDS
    assert DeliveryOptions().invalidate_all_from == purges.ALL_FROM
    overdue = environment_of(dev.raw, function_id(dev.raw, "purge_deleted"))["PURGES_OVERDUE_SECONDS"]
    assert int(overdue) == purges.OVERDUE_SECONDS
