"""A change is announced, queued and processed; what keeps failing becomes a dead letter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.config import Config
from lightpress.cdk.layer_build import on_this_host
from lightpress.cdk.options.processing import ProcessingOptions
from tests.cdk.templates import synthesize_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cdk.templates import Template

_A_DAY = 24 * 60 * 60


def test_every_change_of_an_original_is_announced_to_the_queue(template: Template) -> None:
    announced = template.resource("UploadsBucket").properties["NotificationConfiguration"]["QueueConfigurations"]
    assert {row["Event"] for row in announced} == {
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
        "s3:LifecycleExpiration:*",
        "s3:ObjectRestore:Completed",
    }
    assert all(row["Queue"] == {"Fn::GetAtt": ["Queue", "Arn"]} for row in announced)
    assert not any("Filter" in row for row in announced)


def test_only_the_uploads_bucket_of_this_account_may_announce(template: Template) -> None:
    (announcing,) = [row for row in template.statements_about("Queue") if row.effect == "Allow"]
    assert announcing.principal == {"Service": "s3.amazonaws.com"}
    assert announcing.actions == ["sqs:SendMessage"]
    assert announcing.resources == [{"Fn::GetAtt": ["Queue", "Arn"]}]
    assert announcing.condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    uploads = template.resolve({"Fn::GetAtt": ["UploadsBucket", "Arn"]})
    assert template.resolve(announcing.condition["ArnEquals"]["aws:SourceArn"]) == uploads


def test_the_queue_lets_s3_in_before_s3_tries(template: Template) -> None:
    (policy,) = [
        row for row in template.resources("AWS::SQS::QueuePolicy") if {"Ref": "Queue"} in row.properties["Queues"]
    ]
    assert policy.id in template.resource("UploadsBucket").raw["DependsOn"]


def test_every_queue_is_encrypted(template: Template) -> None:
    assert {queue.properties.get("SqsManagedSseEnabled") for queue in template.queues()} == {True}


@pytest.mark.parametrize(
    ("queue", "handler"),
    [("Queue", "process_upload"), ("DeadLetterQueue", "record_failure"), ("PurgeQueue", "purge_deleted")],
)
def test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_take(
    template: Template, queue: str, handler: str
) -> None:
    timeout = template.function(handler).properties["Timeout"]
    assert template.resource(queue).properties["VisibilityTimeout"] >= 6 * timeout


def test_a_message_that_keeps_failing_is_set_aside_and_kept_longer_than_the_queue_would(template: Template) -> None:
    queue, dead = template.resource("Queue").properties, template.resource("DeadLetterQueue").properties
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_work_waits_ten_days_and_a_dead_letter_four_days_longer_within_what_sqs_allows(template: Template) -> None:
    """SQS keeps a message for 14 days at most, and counts a dead letter's days from its first sending.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
    """
    kept = {queue.id: queue.properties["MessageRetentionPeriod"] / _A_DAY for queue in template.queues()}
    assert max(kept.values()) <= 14
    redriven = [queue for queue in template.queues() if "RedrivePolicy" in queue.properties]
    assert redriven
    for queue in redriven:
        dead_letters = queue.properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert (kept[queue.id], kept[dead_letters]) == (10, 14), queue.id


def test_one_bad_message_does_not_take_its_batch_down(template: Template) -> None:
    mappings = template.resources("AWS::Lambda::EventSourceMapping")
    assert mappings
    for mapping in mappings:
        assert mapping.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_flood_of_uploads_cannot_take_all_of_the_accounts_concurrency(template: Template) -> None:
    most = {
        mapping.properties["EventSourceArn"]["Fn::GetAtt"][0]: mapping.properties["ScalingConfig"]["MaximumConcurrency"]
        for mapping in template.resources("AWS::Lambda::EventSourceMapping")
    }
    limits = {"Queue": 50, "DeadLetterQueue": 10, "PurgeQueue": 2, "UrlQueue": 10, "BackfillQueue": 20}
    assert all(most[queue] <= limits[queue] for queue in most)
    assert set(most) | {"UrlQueue"} == set(limits)


def test_dev_leaves_two_of_the_ten_invocations_of_a_new_account_to_viewers_while_none_backfills(
    dev: Template,
) -> None:
    most = {
        mapping.properties["EventSourceArn"]["Fn::GetAtt"][0]: mapping.properties["ScalingConfig"]["MaximumConcurrency"]
        for mapping in dev.resources("AWS::Lambda::EventSourceMapping")
    }
    assert most.pop("BackfillQueue") == 2
    assert len(most) == 4
    assert sum(most.values()) == 8


def test_no_default_reserves_concurrency_of_which_a_new_account_has_none_to_reserve(template: Template) -> None:
    # CloudFormation refuses to leave fewer than 100 unreserved:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    assert not [one.id for one in template.functions() if "ReservedConcurrentExecutions" in one.properties]


def test_every_function_has_a_role_and_a_log_of_its_own(template: Template) -> None:
    functions = template.functions()
    roles = [json.dumps(function.properties["Role"]) for function in functions]
    logs = [json.dumps(function.properties["LoggingConfig"]["LogGroup"]) for function in functions]
    assert len(set(roles)) == len(set(logs)) == len(functions)
    assert not any("ManagedPolicyArns" in role.properties for role in template.resources("AWS::IAM::Role"))


def test_logs_are_kept_for_as_long_as_the_environment_says(dev: Template, prod: Template) -> None:
    assert dev.resource("ProcessUploadLogs").properties["RetentionInDays"] == 7
    assert prod.resource("ProcessUploadLogs").properties["RetentionInDays"] == 90


def test_logs_are_structured(template: Template) -> None:
    for function in template.functions():
        assert function.properties["LoggingConfig"]["LogFormat"] == "JSON"


def test_traces_are_written_where_they_are_asked_for(prod: Template, dev: Template) -> None:
    assert prod.functions()[0].properties["TracingConfig"] == {"Mode": "Active"}
    assert "TracingConfig" not in dev.functions()[0].properties
    assert "xray:PutTraceSegments" not in json.dumps(dev.raw)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("architecture", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_the_layer_is_built_for_the_processor_and_the_python_that_the_function_runs_on(
    architecture: str, machine: str, tmp_path: Path
) -> None:
    template = synthesize_with(Config("dev", processing=ProcessingOptions(architecture=architecture)), tmp_path)
    layer = template.only("AWS::Lambda::LayerVersion")
    for function in template.functions():
        alone = function.properties["Handler"] == "lightpress.handlers.resolve.handler"
        assert function.properties.get("Layers", []) == ([] if alone else [{"Ref": layer.id}])
        assert function.properties["Architectures"] == layer.properties["CompatibleArchitectures"] == [architecture]
        assert [function.properties["Runtime"]] == layer.properties["CompatibleRuntimes"] == ["python3.13"]
    assert layer.properties["Description"].endswith(f" for {machine}-3.13")


def test_on_the_local_cloud_the_layer_is_built_for_this_host(template_of: Callable[[str], Template]) -> None:
    layer = template_of("local").only("AWS::Lambda::LayerVersion")
    assert layer.properties["Description"].endswith(f" for {on_this_host().name}")
