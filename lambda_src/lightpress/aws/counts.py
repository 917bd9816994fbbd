"""What CloudWatch has counted, by day. Which metrics, and what they cost, the stack says: it knows the list prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lightpress.operators.ports import Count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_A_DAY = 24 * 60 * 60
_COUNTED = {
    "published": "PicturesPublished",
    "failed": "PicturesFailed",
    "original_bytes": "OriginalBytes",
    "largest_bytes": "LargestBytes",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that is summed.

    Attributes:
        of: What a sum is called; several of one name are added up.
        namespace: Of the metric.
        name: Of the metric.
        dimension: Its one dimension: a name and a value.
        dollars: The price of one, if the sum is a cost; else None.
    """

    of: str
    namespace: str
    name: str
    dimension: tuple[str, str]
    dollars: float | None = None


def metrics_of(told: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The metrics of a deployment.

    Args:
        told: As `cdk.operators` writes it: `namespace` and `service` of its own metrics, and what these cost in
            dollars: a `file`, a `list`, a `picture`, an `invocation`, and a millisecond of each of `functions`.
    """
    namespace, service = told["namespace"], ("service", told["service"])
    counted = [Metric(of, namespace, name, service) for of, name in _COUNTED.items()]
    requests = [
        Metric("S3 requests", namespace, name, service, told[price])
        for name, price in (("Files", "file"), ("Lists", "list"), ("PicturesPublished", "picture"))
    ]
    functions = [
        Metric("Lambda", "AWS/Lambda", name, ("FunctionName", function), price)
        for function, of_a_millisecond in told["functions"].items()
        for name, price in (("Duration", of_a_millisecond), ("Invocations", told["invocation"]))
    ]
    return (*counted, *requests, *functions)


@dataclass(frozen=True, slots=True)
class CloudWatchCounts:
    """Sums of metrics.

    Attributes:
        cloudwatch: The client.
        metrics: Which.
        now: The time.
    """

    cloudwatch: Any
    metrics: Sequence[Metric]
    now: Callable[[], datetime]

    def days(self, most: int) -> tuple[Count, ...]:
        """GET METRIC DATA, one request: a period of a day begins at midnight (UTC)."""
        now = self.now()
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC)
        answer = self.cloudwatch.get_metric_data(
            MetricDataQueries=[_query(number, metric) for number, metric in enumerate(self.metrics)],
            StartTime=midnight - timedelta(days=most - 1),
            EndTime=midnight + timedelta(days=1),
        )
        return tuple(
            _count(self.metrics[int(result["Id"].removeprefix("m"))], at, value)
            for result in answer["MetricDataResults"]
            for at, value in zip(result["Timestamps"], result["Values"], strict=True)
        )


def _query(number: int, metric: Metric) -> dict[str, Any]:
    name, value = metric.dimension
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value}],
            },
            "Period": _A_DAY,
            "Stat": "Sum",
        },
    }


def _count(metric: Metric, at: datetime, value: float) -> Count:
    day = at.astimezone(UTC).date().isoformat()
    if metric.dollars is None:
        return Count(day, metric.of, value)
    return Count(day, metric.of, value * metric.dollars, dollars=True)
