"""A deploy takes effect in one step: everything invokes the alias of a published version, and nothing $LATEST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from lightpress.cdk.functions import RUNTIME, live_alias
from lightpress.cdk.layer import PillowLayer
from lightpress.cdk.readiness import context_of_the_command_line
from tests.cdk.templates import NO_ASSETS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cdk.templates import Template


def test_every_function_has_one_alias_named_live_of_a_version_of_its_own(template: Template) -> None:
    aliases = template.resources("AWS::Lambda::Alias")
    versions = {row.id: row.properties["FunctionName"] for row in template.resources("AWS::Lambda::Version")}
    assert {row.properties["Name"] for row in aliases} == {"live"}
    assert sorted(row.properties["FunctionName"]["Ref"] for row in aliases) == sorted(
        function.id for function in template.functions()
    )
    for alias in aliases:
        version, attribute = alias.properties["FunctionVersion"]["Fn::GetAtt"]
        assert (versions[version], attribute) == (alias.properties["FunctionName"], "Version")


def test_queues_urls_and_the_api_invoke_aliases_only(template: Template) -> None:
    invoking: list[Any] = [
        *(row.properties["FunctionName"] for row in template.resources("AWS::Lambda::EventSourceMapping")),
        *(row.properties["IntegrationUri"] for row in template.resources("AWS::ApiGatewayV2::Integration")),
    ]
    aliases = {row.id for row in template.resources("AWS::Lambda::Alias")}
    assert len(invoking) >= 3
    for reference in invoking:
        assert any(f'{{"Ref": "{alias}"}}' in json.dumps(reference) for alias in aliases), reference
    for url in template.resources("AWS::Lambda::Url"):
        assert url.properties["Qualifier"] == "live"


def test_the_mappings_of_earlier_releases_are_updated_and_not_replaced(dev: Template) -> None:
    assert {row.id for row in dev.resources("AWS::Lambda::EventSourceMapping")} == {
        "FailuresRecordFailureSqsEventSourceLightpressdevProcessingDeadLetters4C02FCE5AC63C8D4",
        "ProcessingProcessUploadSqsEventSourceLightpressdevBackfillQueueAFDF258F0D5568C5",
        "ProcessingProcessUploadSqsEventSourceLightpressdevProcessingQueue1A0A7D8FC65216F3",
        "PurgingPurgeDeletedSqsEventSourceLightpressdevPurgingQueue07326FABD71598E1",
        "UrlIngestFetchUrlSqsEventSourceLightpressdevUrlIngestQueue5CC19443B30AB275",
    }


def test_no_permission_is_on_the_function_itself(template: Template) -> None:
    functions = {function.id for function in template.functions()}
    for permission in template.resources("AWS::Lambda::Permission"):
        name = permission.properties["FunctionName"]
        assert name.get("Ref", name.get("Fn::GetAtt", [""])[0]) not in functions, permission.id


@pytest.mark.parametrize("flags", [True, False], ids=["flags of CDK", "no flags"])
def test_code_with_another_layer_is_another_version_and_the_alias_moves_to_both_at_once(
    tmp_path: Path, *, flags: bool
) -> None:
    """Also in the app of somebody who sets none of CDK's feature flags, as in a project of `lightpress init`."""
    first, again, other = (
        _version_of("print(1)", locked, tmp_path / str(number), flags=flags)
        for number, locked in enumerate(("Pillow==13.0.0", "Pillow==13.0.0", "Pillow==13.0.1"))
    )
    assert first == again != other
    assert _version_of("print(2)", "Pillow==13.0.0", tmp_path / "code", flags=flags) not in {first, other}


def _version_of(code: str, locked: str, folder: Path, *, flags: bool) -> str:
    """The logical ID of the version that the alias points to, of a function with this code and this layer."""
    folder.mkdir()
    (folder / "requirements.txt").write_text(locked, encoding="utf-8")
    context = context_of_the_command_line() if flags else {}
    app = App(context={**context, **NO_ASSETS}, outdir=str(folder / "out"))
    stack = Stack(app, "Stack")
    arm = lambda_.Architecture.ARM_64
    layer = PillowLayer(stack, "Layer", runtime=RUNTIME, architecture=arm, for_host=False, folder=folder)
    function = lambda_.Function(
        stack, "Function", code=lambda_.Code.from_inline(code), handler="index.f", runtime=RUNTIME, layers=[layer]
    )
    live_alias(stack, "Function", function, layers=[layer])
    resources = app.synth().get_stack_by_name("Stack").template["Resources"]
    (alias,) = [row for row in resources.values() if row["Type"] == "AWS::Lambda::Alias"]
    version: str = alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
    return version
