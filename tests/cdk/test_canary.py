"""With the option `canary_minutes`, CodeDeploy moves each alias, and one of its alarms brings the old version back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.canary import CONFIGURATIONS
from lightpress.cdk.config import load_config
from lightpress.cdk.options.processing import ProcessingOptions
from lightpress.toml_reader import ConfigError
from tests.cdk.templates import synthesize_with
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
_TAKE_MESSAGES = {"process_upload", "record_failure", "fetch_url", "compress_in_place"}
_RETRIES = "lightpress-dev-canary-Retries"


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template with canaries of 15 minutes, of everything but the resolver, which is kept initialized."""
    folder = tmp_path_factory.mktemp("canary")
    (folder / "dev.toml").write_text(_OPTIONS, encoding="utf-8")
    return synthesize_with(load_config(folder / "dev.toml"), folder / "out")


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
        (errors,) = [alarm for name, alarm in alarms_of(canary, group).items() if name != _RETRIES]
        assert {row["Name"]: row["Value"] for row in errors["Dimensions"]} == {
            "FunctionName": {"Ref": function},
            "Resource": {"Fn::Join": ["", [{"Ref": function}, ":live"]]},
            "ExecutedVersion": {"Fn::GetAtt": [versions[function], "Version"]},
        }
        assert is_raised(errors, Measured({"Errors": ((0,), (1,))}))
        assert not is_raised(errors, Measured({"Errors": ((0,), (), (0,))}))


def test_many_retries_end_the_deployments_of_functions_that_take_messages(canary: Template) -> None:
    watched = {handler for handler, group in groups(canary).items() if _RETRIES in alarms_of(canary, group)}
    assert watched == _TAKE_MESSAGES


def test_a_version_that_fails_at_everything_is_noticed_at_a_tenth_and_three_retries_in_a_hundred_are_not(
    canary: Template,
) -> None:
    retries = alarms_of(canary, groups(canary)["process_upload"])[_RETRIES]
    assert metrics_of(retries) >= {"Retries", "PicturesPublished", "PicturesFailed", "ObjectsReplaced"}
    assert is_raised(retries, Measured({"Retries": ((10,), (10,)), "PicturesPublished": ((90,), (90,))}))
    assert is_raised(retries, Measured({"Retries": ((3,), (), (3,))}))
    assert not is_raised(retries, Measured({"Retries": ((3,), (3,), (3,)), "PicturesPublished": ((97,),) * 3}))
    assert not is_raised(retries, Measured({"Retries": ((2,), (2,), (2,))}))
    assert not is_raised(retries, Measured({"Retries": ((50,), (0,), (0,)), "PicturesPublished": ((9,),) * 3}))


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
