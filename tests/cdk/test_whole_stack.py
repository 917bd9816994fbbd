"""What holds for every resource, whatever the stack is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cdk.templates import Statement, Template

_POLICIES = ("AWS::IAM::Policy", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")


def test_every_bucket_queue_and_topic_is_spoken_to_over_tls_only(template: Template) -> None:
    for resource in (*template.buckets(), *template.queues(), *template.resources("AWS::SNS::Topic")):
        assert any(map(_refuses_plain_http, template.statements_about(resource.id))), resource.id


def test_no_policy_allows_every_action(template: Template) -> None:
    for statement in _allowing(template):
        assert not [action for action in statement.actions if "*" in action], statement


def test_no_policy_is_about_every_resource_but_the_one_for_traces(template: Template) -> None:
    about_everything = [statement for statement in _allowing(template) if "*" in statement.resources]
    actions = {action for statement in about_everything for action in statement.actions}
    of_step_functions = {"xray:GetSamplingRules", "xray:GetSamplingTargets"}
    assert actions <= {"xray:PutTraceSegments", "xray:PutTelemetryRecords", *of_step_functions}


def test_there_are_our_functions_and_nothing_that_custom_resources_would_bring(template: Template) -> None:
    handlers = {function.properties["Handler"] for function in template.functions()}
    of_some = {"lightpress.handlers.upload_api.handler", "lightpress.handlers.fetch_url.handler", "serve.handler"}
    assert handlers - of_some == {
        "lightpress.handlers.backfill.handler",
        "lightpress.handlers.process_upload.handler",
        "lightpress.handlers.record_failure.handler",
        "lightpress.handlers.purge_deleted.handler",
        "lightpress.handlers.resolve.handler",
    }
    types = {resource.type for resource in template.resources()}
    assert not [type_ for type_ in types if type_.startswith(("Custom::", "AWS::CloudFormation::"))]


def test_prod_is_not_deleted_by_accident(prod: Template, dev: Template) -> None:
    assert prod.termination_protection
    assert not dev.termination_protection


def _refuses_plain_http(statement: Statement) -> bool:
    return (
        statement.effect == "Deny"
        and statement.principal in ("*", {"AWS": "*"})
        and statement.condition == {"Bool": {"aws:SecureTransport": "false"}}
        and statement.actions in (["s3:*"], ["sqs:*"], ["sns:Publish"])
    )


def _allowing(template: Template) -> list[Statement]:
    return [statement for statement in template.statements(*_POLICIES) if statement.effect == "Allow"]
