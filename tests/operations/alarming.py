"""What CloudWatch makes of an alarm and of metrics, as far as our alarms go: math, statistics, M out of N.

An alarm is taken from the template, so it is the deployed definition that is evaluated. Whatever of it is not
understood here raises NotUnderstoodError: an alarm that this could judge wrongly has no test that passes.
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Value = float | None
"""Of one period; None where nothing was measured."""


class NotUnderstoodError(Exception):
    """An alarm uses something that is not known here."""


_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Average": fmean,
    "Minimum": min,
    "Maximum": max,
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {"GreaterThanOrEqualToThreshold": operator.ge}
_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}
_UNDERSTOOD = {
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "AlarmName",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluationPeriods",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
}


@dataclass(frozen=True)
class Measured:
    """What was measured, by name of the metric: for each period, the samples. Names are enough in one test."""

    series: Mapping[str, Sequence[Sequence[float]]]

    def periods(self) -> int:
        return max(len(samples) for samples in self.series.values())

    def of(self, name: str, statistic: str, period: int) -> Value:
        samples = self.series[name][period] if name in self.series and period < len(self.series[name]) else ()
        return _STATISTICS[statistic](samples) if samples else None


def metrics_of(alarm: Mapping[str, Any]) -> set[str]:
    """The names of the metrics that an alarm looks at."""
    if "MetricName" in alarm:
        return {alarm["MetricName"]}
    return {row["MetricStat"]["Metric"]["MetricName"] for row in alarm["Metrics"] if "MetricStat" in row}


def is_raised(alarm: Mapping[str, Any], measured: Measured) -> bool:
    """Whether the alarm has been raised at the end of any period. alarm: its properties in the template."""
    if unknown := set(alarm) - _UNDERSTOOD:
        raise NotUnderstoodError(f"{alarm['AlarmName']}: {', '.join(sorted(unknown))}")
    values = [_value(alarm, measured, period) for period in range(measured.periods())]
    periods = int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm", periods))
    breaching = [_breaches(alarm, value) for value in values]
    windows = (breaching[max(0, end - periods) : end] for end in range(1, len(breaching) + 1))
    return any(sum(window) >= needed for window in windows)


def _breaches(alarm: Mapping[str, Any], value: Value) -> bool:
    if value is None:
        if alarm["TreatMissingData"] != "notBreaching":
            raise NotUnderstoodError(alarm["TreatMissingData"])
        return False
    return _COMPARISONS[alarm["ComparisonOperator"]](value, alarm["Threshold"])


def _value(alarm: Mapping[str, Any], measured: Measured, period: int) -> Value:
    if "MetricName" in alarm:
        return measured.of(alarm["MetricName"], alarm["Statistic"], period)
    known: dict[str, Value] = {}
    result: str | None = None
    for row in alarm["Metrics"]:
        if "MetricStat" in row:
            stat = row["MetricStat"]
            known[row["Id"]] = measured.of(stat["Metric"]["MetricName"], stat["Stat"], period)
        elif row.get("ReturnData", True):
            result = row["Expression"]
    if result is None:
        raise NotUnderstoodError(f"{alarm['AlarmName']} returns no expression")
    return _calculated(ast.parse(result, mode="eval").body, known)


def _calculated(node: ast.expr, known: Mapping[str, Value]) -> Value:  # noqa: PLR0911  one for each kind of node
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return known[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(op, _calculated(left, known), _calculated(right, known))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _combined(op, _calculated(left, known), _calculated(right, known))
        case ast.Call(func=ast.Name(id="FILL"), args=[what, instead]):
            found = _calculated(what, known)
            return _calculated(instead, known) if found is None else found
        case ast.Call(func=ast.Name(id="MAX"), args=[ast.List(elts=of_each)]):
            return _largest(_calculated(one, known) for one in of_each)
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            found = _calculated(condition, known)
            return None if found is None else _calculated(then if found else otherwise, known)
    raise NotUnderstoodError(ast.unparse(node))


def _largest(values: Iterable[Value]) -> Value:
    return max((value for value in values if value is not None), default=None)


def _combined(op: ast.operator | ast.cmpop, left: Value, right: Value) -> Value:
    """As CloudWatch has it, nothing comes of what was not measured, and of a division by zero."""
    if left is None or right is None or (isinstance(op, ast.Div) and right == 0):
        return None
    return float(_OPERATORS[type(op)](left, right))
