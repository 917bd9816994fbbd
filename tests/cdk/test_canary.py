"""With the option `canary_minutes`, CodeDeploy moves each alias, and one of its alarms brings the old version back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.canary import CONFIGURATIONS
from lightpress.cdk.config import load_config
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.toml_reader import ConfigError
from tests.cdk.templates import synthesize_with
from tests.cdk.test_enriching import synthesized
from tests.operations.alarming import Measured, is_raised, metrics_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cdk.templates import Resource, Template

_OPTIONS = """
canary_minutes = 15
url_ingest = true
resolver_start = "provisioned"
[[in_place]]
bucket = "my-cms"
"""
_RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
gate = ["moderation", "person"]
facts = ["likeness", "labels", "faces", "alt", "duplicates"]
sizes = { w640 = { width = 640 } }
"""
_ALL: dict[str, Any] = {
    "canary_minutes": 15,
    "url_ingest": True,
    "moderation_reject": {"Explicit": 60},
    "detect_labels": True,
    "detect_faces": True,
    "alt_text_model": "eu.amazon.nova-lite-v1:0",
    "in_place": [{"bucket": "my-cms"}],
    "webhooks": [
        {
            "url": f"https://{name}.example.com/",
            "secret_arn": f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-AbCdEf",
        }
        for name in ("one", "two")
    ],
}
# Each handler of its arguments gets a message, in a stack that tells it nothing, so that it fails at everything.
_FAIL = """
import importlib, json, sys
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"
    get_remaining_time_in_millis = staticmethod(lambda: 60_000)
record = {"messageId": "1", "body": "{}", "receiptHandle": "r", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
          "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"}}
for name in sys.argv[1:]:
    try:
        importlib.import_module(f"lightpress.handlers.{name}").handler({"Records": [record]}, Context())
    except Exception:
        print(json.dumps({"raised": name}))
    print(json.dumps({"end_of": name}))
"""


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template with canaries of 15 minutes, of everything but the resolver, which is kept initialized."""
    folder = tmp_path_factory.mktemp("canary")
    (folder / "dev.toml").write_text(_OPTIONS, encoding="utf-8")
    return synthesize_with(load_config(folder / "dev.toml"), folder / "out")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A stack with every function that takes messages, and canaries."""
    return synthesized(tmp_path_factory.mktemp("everything"), _RECIPES, **_ALL)


def takers(template: Template) -> list[str]:
    """The handlers that get messages, once for each queue."""
    targets = [
        json.dumps(row.properties["FunctionName"]) for row in template.resources("AWS::Lambda::EventSourceMapping")
    ]
    aliases = {row.id: handler_of(template, row) for row in template.resources("AWS::Lambda::Alias")}
    functions = {row.id: row.properties["Handler"].split(".")[-2] for row in template.functions()}
    named = {f'"{id_}"': handler for id_, handler in (aliases | functions).items()}
    found = [handler for target in targets for id_, handler in named.items() if id_ in target]
    assert len(found) == len(targets)
    return found


def handler_of(template: Template, alias: Resource) -> str:
    """Which function an alias is of, such as "process_upload"."""
    handler: str = template.resource(alias.properties["FunctionName"]["Ref"]).properties["Handler"]
    return handler.split(".")[-2]


def groups(template: Template) -> dict[str, Resource]:
    """The deployment groups, by the handler of the function whose alias they move."""
    moved = {}
    for alias in template.resources("AWS::Lambda::Alias"):
        policy = alias.raw.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate")
        if policy:
            moved[handler_of(template, alias)] = template.resource(policy["DeploymentGroupName"]["Ref"])
    return moved


def alarms_of(template: Template, group: Resource) -> dict[str, dict[str, Any]]:
    """The alarms that end its deployments, by name."""
    rows = [template.resource(alarm["Name"]["Ref"]) for alarm in group.properties["AlarmConfiguration"]["Alarms"]]
    return {row.properties["AlarmName"]: row.properties for row in rows}


def test_unless_the_option_says_so_aliases_move_in_one_step(template: Template) -> None:
    assert not template.resources("AWS::CodeDeploy::DeploymentGroup")
    assert not any("UpdatePolicy" in alias.raw for alias in template.resources("AWS::Lambda::Alias"))


def test_every_alias_is_moved_by_steps_but_that_with_provisioned_concurrency_which_lambda_refuses(
    canary: Template,
) -> None:
    handlers = {handler_of(canary, alias) for alias in canary.resources("AWS::Lambda::Alias")}
    assert handlers - set(groups(canary)) == {"resolve"}
    assert len(handlers) == 7


@pytest.mark.sampled(1)
@pytest.mark.parametrize("minutes", sorted(CONFIGURATIONS))
def test_a_tenth_runs_the_new_version_for_5_10_15_or_30_minutes(
    minutes: int, tmp_path: Path, with_minutes: Callable[[int, Path], Template]
) -> None:
    names = {
        json.dumps(group.properties["DeploymentConfigName"])
        for group in with_minutes(minutes, tmp_path).resources("AWS::CodeDeploy::DeploymentGroup")
    }
    assert names == {f'"CodeDeployDefault.LambdaCanary10Percent{minutes}Minutes"'}


@pytest.fixture
def with_minutes() -> Callable[[int, Path], Template]:
    """The template with canaries of so many minutes."""

    def of(minutes: int, folder: Path) -> Template:
        (folder / "dev.toml").write_text(f"canary_minutes = {minutes}", encoding="utf-8")
        return synthesize_with(load_config(folder / "dev.toml"), folder / "out")

    return of


@pytest.mark.parametrize("minutes", [-5, 1, 7, 60])
def test_no_other_number_of_minutes_is_taken(minutes: int, tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text(f"canary_minutes = {minutes}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"canary_minutes: -?\d+ is not (allowed|between 0 and 30)"):
        load_config(tmp_path / "dev.toml")
    assert ProcessingOptions().canary_minutes == 0


def test_a_failure_a_stop_and_an_alarm_bring_the_old_version_back(canary: Template) -> None:
    for group in groups(canary).values():
        assert group.properties["AutoRollbackConfiguration"] == {
            "Enabled": True,
            "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"],
        }
        assert group.properties["AlarmConfiguration"]["Enabled"] is True


def test_one_error_of_the_new_version_ends_the_deployment_and_none_of_the_old_one_does(canary: Template) -> None:
    versions = {row.properties["FunctionName"]["Ref"]: row.id for row in canary.resources("AWS::Lambda::Version")}
    for handler, group in groups(canary).items():
        function = canary.function(handler).id
        (errors,) = [alarm for name, alarm in alarms_of(canary, group).items() if name.endswith("Errors")]
        assert {row["Name"]: row["Value"] for row in errors["Dimensions"]} == {
            "FunctionName": {"Ref": function},
            "Resource": {"Fn::Join": ["", [{"Ref": function}, ":live"]]},
            "ExecutedVersion": {"Fn::GetAtt": [versions[function], "Version"]},
        }
        assert is_raised(errors, Measured({"Errors": ((0,), (1,))}))
        assert not is_raised(errors, Measured({"Errors": ((0,), (), (0,))}))


def retries_of(template: Template, handler: str) -> dict[str, Any]:
    """The alarm on what a function fails at."""
    (found,) = [row for name, row in alarms_of(template, groups(template)[handler]).items() if name.endswith("Retries")]
    return found


def test_what_each_function_with_a_queue_fails_at_ends_its_deployment(everything: Template) -> None:
    handlers = sorted(set(takers(everything)))
    assert {"take_review", "take_fact", "moderate", "deliver_webhook", "detect_labels", "process_upload"} <= {*handlers}
    for handler in handlers:
        alarm = retries_of(everything, handler)
        rows = [row["MetricStat"]["Metric"] for row in alarm["Metrics"] if "MetricStat" in row]
        (retries,) = [row for row in rows if row["MetricName"] == "Retries"]
        dimensions = {row["Name"]: row["Value"] for row in retries["Dimensions"]}
        assert dimensions == {"service": "lightpress-dev", "function_name": {"Ref": everything.function(handler).id}}
        assert len(rows) == 1 + takers(everything).count(handler)
        assert len(rows) <= 10, "CloudWatch takes no alarm on more metrics"
        assert metrics_of(alarm) == {"Retries", "NumberOfMessagesReceived"}
    other = set(groups(everything)) - set(handlers)
    assert not [one for one in other for name in alarms_of(everything, groups(everything)[one]) if "Retries" in name]


def test_a_version_that_fails_at_each_message_is_seen_by_an_alarm_whichever_function_it_is_of(
    everything: Template,
) -> None:
    """It raises, so that Lambda counts an error, or counts what it fails at by the name of the function."""
    handlers = sorted(set(takers(everything)))
    variables = {
        "POWERTOOLS_SERVICE_NAME": "s",
        "POWERTOOLS_METRICS_NAMESPACE": "Lightpress",
        "PATH": os.environ["PATH"],
    }
    told = {**variables, "AWS_LAMBDA_FUNCTION_NAME": "its-name", "PYTHONPATH": str(LAMBDA_SRC)}
    ran = subprocess.run([sys.executable, "-c", _FAIL, *handlers], env=told, check=True, capture_output=True, text=True)
    seen: dict[str, bool] = {}
    so_far: list[dict[str, Any]] = []
    for line in map(json.loads, ran.stdout.splitlines()):
        if "end_of" not in line:
            so_far.append(line)
            continue
        seen[line["end_of"]] = any(
            "raised" in one or (one.get("Retries") == [1.0] and one.get("function_name") == "its-name")
            for one in so_far
        )
        so_far = []
    assert seen == dict.fromkeys(handlers, True)


def test_a_version_that_fails_at_everything_is_noticed_at_a_tenth_and_three_retries_in_a_hundred_are_not(
    canary: Template,
) -> None:
    retries = retries_of(canary, "record_failure")
    assert is_raised(retries, Measured({"Retries": ((10,), (10,)), "NumberOfMessagesReceived": ((100,), (100,))}))
    assert is_raised(retries, Measured({"Retries": ((3,), (), (3,))})), "SQS has not counted yet"
    assert not is_raised(retries, Measured({"Retries": ((3,),) * 3, "NumberOfMessagesReceived": ((100,),) * 3}))
    assert not is_raised(retries, Measured({"Retries": ((2,), (2,), (2,))}))
    once = Measured({"Retries": ((50,), (0,), (0,)), "NumberOfMessagesReceived": ((60,),) * 3})
    assert not is_raised(retries, once)


def test_codedeploy_may_move_this_alias_and_look_at_alarms_and_nothing_else(canary: Template) -> None:
    policies = {
        json.dumps(row.properties["Roles"]): row
        for row in canary.resources("AWS::IAM::Policy")
        if "lambda:UpdateAlias" in json.dumps(row.properties)
    }
    assert len(policies) == 6
    for handler, group in groups(canary).items():
        role = canary.resource(group.properties["ServiceRoleArn"]["Fn::GetAtt"][0])
        assert "ManagedPolicyArns" not in role.properties
        assert "codedeploy.amazonaws.com" in json.dumps(role.properties["AssumeRolePolicyDocument"])
        policy = policies[json.dumps([{"Ref": role.id}])]
        moves, looks = policy.properties["PolicyDocument"]["Statement"]
        assert moves["Action"] == ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
        function = {"Fn::GetAtt": [canary.function(handler).id, "Arn"]}
        assert moves["Resource"] == [function, {"Fn::Join": ["", [function, ":*"]]}]
        assert (looks["Action"], looks["Resource"]) == ("cloudwatch:DescribeAlarms", "*")
        assert policy.id in group.raw["DependsOn"], "the first deployment would not be allowed yet"
