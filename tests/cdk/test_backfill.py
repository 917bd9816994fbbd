"""The state machine of backfills, what may start it, and what it may do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from lightpress.cdk.backfill_machine import Names, definition
from lightpress.cdk.config import Config
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.cdk.options.storage import StorageOptions
from tests.cdk.grants import ACCOUNT, REGION, environment_of, function_id, grants_of_role
from tests.cdk.templates import synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template

_NAMES = Names(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:F:live", "images", "aws")
_MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:BackfillMachine"


def _machine_of(template: Template) -> dict[str, Any]:
    machine: dict[str, Any] = json.loads(
        template.resolve(template.resource("BackfillMachine").properties["DefinitionString"])
    )
    return machine


def _linted(text: str) -> list[str]:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": text, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"},
    }
    return [
        str(match) for match in lint(json.dumps({"Resources": {"M": machine}}), config=ManualArgs(regions=[REGION]))
    ]


CHOSEN = Config(
    "dev", processing=ProcessingOptions(queue_retention_days=5, max_concurrency=7, backfill_max_concurrency=3)
)


def test_its_definition_is_in_amazons_states_language() -> None:
    """In the template, names are put together by CloudFormation, and cfn-lint does not look into that."""
    text = definition(_NAMES, 10)
    assert _linted(text) == []
    assert _linted(text.replace('"Type":"Wait"', '"Type":"Sleep"'))


def test_it_invokes_the_function_by_its_alias_and_reads_rows_from_the_images_bucket(template: Template) -> None:
    states = _machine_of(template)["States"]
    function = function_id(template.raw, "backfill")
    images = environment_of(template.raw, function)["IMAGES_BUCKET"]
    tasks = [states[name] for name in ("Begin", "Plan", "Settle", "Drain")]
    tasks.append(states["EachShard"]["ItemProcessor"]["States"]["Step"])
    assert {task["Parameters"]["FunctionName"] for task in tasks} == {
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:live"
    }
    assert states["EachShard"]["ItemReader"]["Parameters"] == {"Bucket": images, "Key.$": "$.csv"}


def test_what_the_children_of_a_map_return_together_stays_below_what_a_state_may_hand_on(template: Template) -> None:
    """256 KiB: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    each = _machine_of(template)["States"]["EachShard"]["ItemProcessor"]["States"]["Done"]["Result"]
    assert 1_000 * (len(json.dumps(each)) + 2) < 256 * 1024


def test_children_wait_longer_than_an_express_execution_lasts_so_they_are_standard(template: Template) -> None:
    each = _machine_of(template)["States"]["EachShard"]
    assert each["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert each["ToleratedFailurePercentage"] == 100


def test_it_may_invoke_its_function_read_its_files_and_start_its_own_children_and_nothing_else(dev: Template) -> None:
    role = dev.resource("BackfillMachine").properties["RoleArn"]["Fn::GetAtt"][0]
    function = function_id(dev.raw, "backfill")
    images = environment_of(dev.raw, function)["IMAGES_BUCKET"]
    children = f"{_MACHINE.replace(':stateMachine:', ':execution:')}/*"
    assert {(grant.action, grant.resource) for grant in grants_of_role(dev.raw, role)} == {
        ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:live"),
        ("s3:GetObject", f"arn:aws:s3:::{images}/b/*"),
        ("states:StartExecution", _MACHINE),
        ("states:DescribeExecution", children),
        ("states:StopExecution", children),
    }


def test_every_night_and_every_week_it_is_started_by_schedules_that_may_do_nothing_else(dev: Template) -> None:
    schedules = [one.properties for one in dev.resources("AWS::Scheduler::Schedule")]
    assert {one["ScheduleExpression"]: json.loads(one["Target"]["Input"]) for one in schedules} == {
        "cron(30 2 * * ? *)": {"nightly": True},
        "cron(30 4 ? * SUN *)": {"weekly": True},
    }
    for schedule in schedules:
        assert dev.resolve(schedule["Target"]["Arn"]) == _MACHINE
        role = schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]
        assert {(grant.action, grant.resource) for grant in grants_of_role(dev.raw, role)} == {
            ("states:StartExecution", _MACHINE)
        }


def test_the_nightly_look_knows_how_long_a_message_waits(tmp_path: Path) -> None:
    template = synthesize_with(CHOSEN, tmp_path)
    assert environment_of(template.raw, function_id(template.raw, "backfill"))["QUEUE_RETENTION_DAYS"] == "5"


def test_the_weekly_sweep_knows_for_how_long_replaced_variants_are_kept(dev: Template) -> None:
    assert environment_of(dev.raw, function_id(dev.raw, "backfill"))["PREVIOUS_DAYS"] == "30"
    assert json.loads(dev.raw["Outputs"]["Retention"]["Value"])["previous"] == 30


@pytest.mark.parametrize(
    ("nightly", "days", "left"),
    [(True, 0, {"nightly"}), (False, 30, {"weekly"}), (False, 0, set())],
)
def test_each_schedule_is_switched_off_by_its_own_option(
    tmp_path: Path, days: int, left: set[str], *, nightly: bool
) -> None:
    processing, storage = ProcessingOptions(nightly_look=nightly), StorageOptions(previous_days=days)
    template = synthesize_with(Config("dev", processing=processing, storage=storage), tmp_path)
    schedules = template.resources("AWS::Scheduler::Schedule")
    assert {name for one in schedules for name in json.loads(one.properties["Target"]["Input"])} == left


def test_hints_have_a_queue_and_a_concurrency_of_their_own_and_their_dead_letters_are_those_of_uploads(
    tmp_path: Path,
) -> None:
    template = synthesize_with(CHOSEN, tmp_path)
    mappings = {
        mapping.properties["EventSourceArn"]["Fn::GetAtt"][0]: mapping.properties
        for mapping in template.resources("AWS::Lambda::EventSourceMapping")
    }
    uploads, hints = mappings["Queue"], mappings["BackfillQueue"]
    assert uploads["FunctionName"] == hints["FunctionName"]
    assert (uploads["ScalingConfig"], hints["ScalingConfig"]) == ({"MaximumConcurrency": 7}, {"MaximumConcurrency": 3})
    redrive = template.resource("BackfillQueue").properties["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}


@pytest.mark.parametrize("type_", ["AWS::DynamoDB::Table", "AWS::StepFunctions::StateMachine"])
def test_at_rest_nothing_of_it_is_billed_by_the_hour(dev: Template, type_: str) -> None:
    for resource in dev.resources(type_):
        assert "ProvisionedThroughput" not in resource.properties
        assert resource.properties.get("BillingMode", "PAY_PER_REQUEST") == "PAY_PER_REQUEST"


def test_the_files_of_a_run_expire_after_90_days_and_nothing_else_of_the_images_bucket_does(dev: Template) -> None:
    rules = dev.resource("ImagesBucket").properties["LifecycleConfiguration"]["Rules"]
    assert [rule for rule in rules if "ExpirationInDays" in rule] == [
        {"ExpirationInDays": 90, "Prefix": "b/", "Status": "Enabled"}
    ]
