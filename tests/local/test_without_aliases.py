"""What the emulator deploys is the template with functions in the place of their aliases."""

from __future__ import annotations

import json
from typing import Any

from lightpress.local.without_aliases import without_aliases

_NAME = {"Fn::Select": [6, {"Fn::Split": [":", {"Ref": "Live"}]}]}
TEMPLATE: dict[str, Any] = {
    "Outputs": {"Name": {"Value": {"Ref": "Function"}}},
    "Resources": {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}},
        "Version": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Function"}}},
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
                "Name": "live",
            },
        },
        "Source": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Fn::Join": ["", [_NAME, ":live"]]}, "BatchSize": 5},
        },
        "Url": {
            "Type": "AWS::Lambda::Url",
            "DependsOn": ["Live"],
            "Properties": {"Qualifier": "live", "TargetFunctionArn": {"Fn::GetAtt": ["Function", "Arn"]}},
        },
        "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"IntegrationUri": {"Ref": "Live"}}},
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "Threshold": 1,
                "Metrics": [
                    {"Id": "sum", "Expression": "FILL(a, 0)"},
                    {"Id": "a", "MetricStat": {"Metric": {"MetricName": "Failed"}, "Period": 300, "Stat": "Sum"}},
                ],
            },
        },
    },
}


def test_nothing_refers_to_an_alias_or_a_version() -> None:
    resources = without_aliases(TEMPLATE)["Resources"]
    assert set(resources) == {"Function", "Source", "Url", "Integration", "Alarm"}
    assert not {name for name in ('"Live"', '"Version"', "live") if name in json.dumps(resources)}


def test_sources_urls_and_integrations_invoke_the_function_itself() -> None:
    resources = without_aliases(TEMPLATE)["Resources"]
    assert resources["Source"]["Properties"] == {"FunctionName": {"Ref": "Function"}, "BatchSize": 5}
    assert resources["Url"] == {
        "Type": "AWS::Lambda::Url",
        "Properties": {"TargetFunctionArn": {"Fn::GetAtt": ["Function", "Arn"]}},
    }
    assert resources["Integration"]["Properties"] == {"IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]}}


def test_an_alarm_on_an_expression_becomes_one_on_its_first_metric() -> None:
    alarm = without_aliases(TEMPLATE)["Resources"]["Alarm"]["Properties"]
    assert alarm == {"Threshold": 1, "MetricName": "Failed", "Period": 300, "Statistic": "Sum"}


def test_a_template_without_aliases_is_deployed_as_it_is() -> None:
    plain = {"Resources": {"Function": TEMPLATE["Resources"]["Function"]}, "Outputs": TEMPLATE["Outputs"]}
    assert without_aliases(plain) == plain
