"""The template as the emulator can deploy it: functions without versions, and alarms without metric math.

The emulator updates a function's code and settings at once, so that its $LATEST is what the alias `live` stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALIAS, _VERSION = "AWS::Lambda::Alias", "AWS::Lambda::Version"


def without_aliases(template: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which everything refers to functions in place of their aliases."""
    resources: Mapping[str, Any] = template["Resources"]
    functions = {id_: row["Properties"]["FunctionName"]["Ref"] for id_, row in _all(resources, _ALIAS)}
    kept = {id_: row for id_, row in resources.items() if row["Type"] not in {_ALIAS, _VERSION}}
    return {**template, "Resources": {id_: _resource(row, functions) for id_, row in kept.items()}}


def _all(resources: Mapping[str, Any], type_: str) -> list[tuple[str, Any]]:
    return [(id_, row) for id_, row in resources.items() if row["Type"] == type_]


def _resource(row: Mapping[str, Any], functions: Mapping[str, str]) -> dict[str, Any]:
    properties = dict(row.get("Properties", {}))
    if row["Type"] == "AWS::Lambda::EventSourceMapping":
        properties["FunctionName"] = _function_name(properties["FunctionName"], functions)
    if row["Type"] == "AWS::Lambda::Url":
        properties.pop("Qualifier", None)
    if row["Type"] == "AWS::CloudWatch::Alarm":
        properties = _without_math(properties)
    rest = {name: value for name, value in row.items() if name not in {"Properties", "DependsOn"}}
    after = [id_ for id_ in row.get("DependsOn", []) if id_ not in functions]
    return {
        **rest,
        **({"DependsOn": after} if after else {}),
        "Properties": _without_aliases(properties, functions),
    }


def _function_name(value: Any, functions: Mapping[str, str]) -> Any:  # noqa: ANN401  values of a template
    """Of an event source: CDK takes the function's name out of the alias's ARN, and adds the alias."""
    found = [functions[id_] for id_ in _references(value) if id_ in functions]
    return {"Ref": found[0]} if found else value


def _without_aliases(value: Any, functions: Mapping[str, str]) -> Any:  # noqa: ANN401  values of a template
    if isinstance(value, list):
        return [_without_aliases(part, functions) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in functions:
        return {"Fn::GetAtt": [functions[value["Ref"]], "Arn"]}
    return {name: _without_aliases(part, functions) for name, part in value.items()}


def _references(value: Any) -> list[str]:  # noqa: ANN401  a value of a template
    if isinstance(value, dict):
        return [value["Ref"]] if "Ref" in value else [id_ for part in value.values() for id_ in _references(part)]
    return [id_ for part in value for id_ in _references(part)] if isinstance(value, list) else []


def _without_math(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """The alarm on the first metric of its expression: nobody waits for an alarm of the local cloud."""
    measured = [row["MetricStat"] for row in alarm.get("Metrics", []) if "MetricStat" in row]
    if not measured:
        return dict(alarm)
    first = {**measured[0]["Metric"], "Period": measured[0]["Period"], "Statistic": measured[0]["Stat"]}
    return {**{name: value for name, value in alarm.items() if name != "Metrics"}, **first}
