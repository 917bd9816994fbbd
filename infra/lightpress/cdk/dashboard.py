"""The dashboard answers three questions: is it well, what does it save, what does it cost.

Dollars are metric math over what is counted anyway, with the list prices that `lightpress estimate` has (`cli.prices`),
and without free tiers: they tell where the money goes, and the bill tells how much it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from lightpress.cdk.metrics import NAMESPACE, counted
from lightpress.costs.prices import MILLION, SOURCE, prices_of
from lightpress.image.outputs import WRITTEN
from lightpress.units import GB, MB

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_sqs as sqs

    from lightpress.cdk.config import Config
    from lightpress.cdk.core import Core
    from lightpress.cdk.functions import PythonFunction
    from lightpress.cdk.in_place import InPlace
    from lightpress.costs.prices import Prices

_FIVE_MINUTES = Duration.minutes(5)
_AN_HOUR = Duration.hours(1)
_A_DAY = Duration.days(1)
_MS_PER_SECOND = 1000
_WHOLE, _HALF, _THIRD, _QUARTER = 24, 12, 8, 6
_HEIGHT, _LOW = 6, 4
# CloudFront's metrics are there, wherever the stack is.
_REGION_OF_CLOUDFRONT = "us-east-1"
# HEAD twice, GET, and the manifest: as `lightpress estimate` has it.
_READS_OF_A_PICTURE = 4

Widgets = list[cloudwatch.IWidget]


class Dashboard(Construct):
    """The CloudWatch dashboard. It shows whether all is well, what is saved, and what it costs."""

    def __init__(  # noqa: PLR0913  by keyword
        self,
        scope: Construct,
        id_: str,
        *,
        core: Core,
        functions: Sequence[PythonFunction],
        in_place: InPlace | None,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, id_)
        self._core, self._config = core, core.config
        self._region = core.config.monitoring.price_region
        self._prices = prices_of(self._region)
        self._functions, self._in_place = functions, in_place
        dashboard = cloudwatch.Dashboard(
            self,
            "Board",
            dashboard_name=f"{core.config.prefix}-{Aws.REGION}",
            default_interval=_A_DAY,
            period_override=_AS_EACH_SAYS,
        )
        for row in (*self._is_it_well(alarms), *self._what_does_it_save(), *self._what_does_it_cost()):
            dashboard.add_widgets(*row)

    def _is_it_well(self, alarms: Sequence[cloudwatch.IAlarm]) -> Sequence[Widgets]:
        return (
            [_heading("Is it well?", "What each alarm means, and what to do about it: docs/operations.md.")],
            [cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=_WHOLE, height=_LOW)],
            [self._pictures(), self._time_to_publish(), self._waiting()],
            [self._failures(), self._errors(), self._stages()],
        )

    def _pictures(self) -> cloudwatch.GraphWidget:
        return _graph(
            "Pictures",
            self._count("PicturesPublished", "published"),
            self._count("PicturesFailed", "failed"),
            self._count("PicturesRemoved", "removed"),
        )

    def _time_to_publish(self) -> cloudwatch.GraphWidget:
        statistics = {"Maximum": "all", "p95": "95 of 100", "p50": "half of them"}
        return _graph(
            "From upload to published, seconds",
            *(self._count("TimeToPublish", label, statistic=statistic) for statistic, label in statistics.items()),
        )

    def _waiting(self) -> cloudwatch.GraphWidget:
        processing = self._core.processing
        oldest = processing.queue.metric_approximate_age_of_oldest_message(
            label="oldest upload, seconds", period=_FIVE_MINUTES
        )
        return _graph(
            "Waiting",
            _waiting(processing.queue, "uploads"),
            _waiting(processing.dead_letters, "failures to be recorded"),
            right=[oldest],
        )

    def _failures(self) -> cloudwatch.GraphWidget:
        return _graph("Failures by reason", self._failures_by_reason(), stacked=True)

    def _errors(self) -> cloudwatch.GraphWidget:
        return _graph(
            "Errors, throttles, retries",
            _sum("errors", [one.metric_errors(period=_FIVE_MINUTES) for one in self._functions]),
            _sum("throttles", [one.metric_throttles(period=_FIVE_MINUTES) for one in self._functions]),
            self._count("Retries", "retries"),
        )

    def _stages(self) -> cloudwatch.GraphWidget:
        stages = {"ReadTime": "read", "RenderTime": "render", "WriteTime": "write"}
        return _graph(
            "Stages of a picture, milliseconds on average",
            *(self._count(name, label, statistic="Average") for name, label in stages.items()),
            right=[self._cold_starts()],
            stacked=True,
        )

    def _what_does_it_save(self) -> Sequence[Widgets]:
        return [
            [_heading("What does it save?", "The largest variant in its smallest format, beside the original.")],
            self._bytes(),
            self._deliveries(),
            *([self._replaced()] if self._in_place is not None else []),
        ]

    def _bytes(self) -> Widgets:
        bytes_ = {
            "original": self._count("OriginalBytes", "originals", period=_AN_HOUR),
            "largest": self._count("LargestBytes", "the largest variant instead", period=_AN_HOUR),
        }
        saved = cloudwatch.MathExpression(
            expression="100 * (1 - largest / original)",
            using_metrics=bytes_,
            label="% fewer bytes than the original",
            period=_AN_HOUR,
        )
        by_format = [self._count(f"{name.capitalize()}Bytes", name, period=_AN_HOUR) for name in WRITTEN]
        return [
            _number("A view in full size", saved),
            _graph("Bytes of a view in full size", *bytes_.values()),
            _graph("Bytes written, by format", *by_format, stacked=True),
        ]

    def _deliveries(self) -> Widgets:
        errors = self._cdn("5xxErrorRate", "% errors", statistic="Average")
        return [
            _graph("Requests to the CDN", self._cdn("Requests", "requests"), width=_HALF),
            _graph("Bytes from the CDN", self._cdn("BytesDownloaded", "delivered"), right=[errors], width=_HALF),
        ]

    def _replaced(self) -> Widgets:
        return [
            _graph(
                "Bytes of existing buckets, replaced in place",
                self._count("ReplacedBytes", "before", period=_AN_HOUR),
                self._count("SavedBytes", "saved", period=_AN_HOUR),
                width=_WHOLE,
            )
        ]

    def _what_does_it_cost(self) -> Sequence[Widgets]:
        note = f"At {SOURCE}, {self._region}, without free tiers and the CDN. The bill is the truth."
        return [_heading("What does it cost?", note)], self._costs(), self._resources()

    def _costs(self) -> Widgets:
        whole = _sum("dollars", list(self._dollars(_A_DAY).values()), period=_A_DAY)
        for_a_thousand = cloudwatch.MathExpression(
            expression="1000 * dollars / published",
            using_metrics={"dollars": whole, "published": self._count("PicturesPublished", "", period=_A_DAY)},
            label="dollars for 1,000 pictures",
            period=_A_DAY,
        )
        parts = self._dollars(_AN_HOUR).values()
        return [
            _number("In the time shown", whole, for_a_thousand),
            _graph("Dollars an hour", *parts, stacked=True, width=_WHOLE - _THIRD - _QUARTER),
            _graph("Storage, dollars a month", *self._storage(), stacked=True, width=_QUARTER),
        ]

    def _resources(self) -> Widgets:
        return [
            _graph(
                "CPU of a picture, milliseconds on average",
                self._count("DecodeCpu", "decode", statistic="Average"),
                self._count("EncodeCpu", "encode", statistic="Average"),
                stacked=True,
                width=_HALF,
            ),
            _graph(
                "Memory of a renderer, MB",
                self._count("PeakMemory", "maximum", statistic="Maximum"),
                self._count("PeakMemory", "half of them", statistic="p50"),
                width=_HALF,
            ),
        ]

    def _dollars(self, period: Duration) -> Mapping[str, cloudwatch.MathExpression]:
        """The costs of each service in each period."""
        prices = self._prices
        compute = [_compute(function, prices, self._config, period) for function in self._functions]
        return {
            "lambda": _sum("Lambda", compute, period=period),
            "writes": self._dollars_of_requests(period),
            "queue": _times("SQS", self._queue_requests(period), prices.sqs_request / MILLION, period),
            "logs": _times("Logs", self._logged(period), prices.log_gb / GB, period),
        }

    def _dollars_of_requests(self, period: Duration) -> cloudwatch.MathExpression:
        counted_as = {"files": "Files", "lists": "Lists", "pictures": "PicturesPublished"}
        return cloudwatch.MathExpression(
            expression=f"(FILL(files, 0) + FILL(lists, 0) + FILL(pictures, 0)) * {self._prices.s3_write / MILLION:.9f}"
            f" + FILL(pictures, 0) * {_READS_OF_A_PICTURE * self._prices.s3_read / MILLION:.9f}",
            using_metrics={name: self._count(metric, "", period=period) for name, metric in counted_as.items()},
            label="S3 requests",
            period=period,
        )

    def _queue_requests(self, period: Duration) -> list[cloudwatch.IMetric]:
        return [
            metric(period=period, statistic="Sum")
            for queue in (self._core.processing.queue, self._core.processing.dead_letters)
            for metric in (
                queue.metric_number_of_messages_sent,
                queue.metric_number_of_messages_received,
                queue.metric_number_of_messages_deleted,
                queue.metric_number_of_empty_receives,
            )
        ]

    def _logged(self, period: Duration) -> list[cloudwatch.IMetric]:
        """Bytes that the functions log."""
        return [
            cloudwatch.Metric(
                namespace="AWS/Logs",
                metric_name="IncomingBytes",
                dimensions_map={"LogGroupName": function.log_group.log_group_name},
                statistic="Sum",
                period=period,
            )
            for function in self._functions
        ]

    def _storage(self) -> list[cloudwatch.MathExpression]:
        buckets = {"originals": self._core.originals, "variants": self._core.images}
        return [
            _times(
                name,
                [
                    cloudwatch.Metric(
                        namespace="AWS/S3",
                        metric_name="BucketSizeBytes",
                        dimensions_map={"BucketName": bucket.bucket_name, "StorageType": "StandardStorage"},
                        statistic="Average",
                        period=_A_DAY,
                    )
                ],
                self._prices.s3_month / GB,
                _A_DAY,
            )
            for name, bucket in buckets.items()
        ]

    def _count(
        self, name: str, label: str, *, statistic: str = "Sum", period: Duration = _FIVE_MINUTES
    ) -> cloudwatch.Metric:
        return counted(self._config, name, period=period, statistic=statistic, label=label or None)

    def _cold_starts(self) -> cloudwatch.IMetric:
        return self._search("ColdStart", "function_name", "cold starts", whole=True)

    def _failures_by_reason(self) -> cloudwatch.IMetric:
        return self._search("FailedByReason", "reason", "")

    def _search(self, name: str, dimension: str, label: str, *, whole: bool = False) -> cloudwatch.MathExpression:
        """Over every value that `dimension` has had, which nobody need know beforehand."""
        found = (
            f'SEARCH(\'{{{NAMESPACE},service,{dimension}}} MetricName="{name}" service="{self._config.prefix}"\', '
            f"'Sum', {_FIVE_MINUTES.to_seconds():g})"
        )
        return cloudwatch.MathExpression(
            expression=f"SUM({found})" if whole else found,
            using_metrics={},
            label=label,
            period=_FIVE_MINUTES,
        )

    def _cdn(self, name: str, label: str, *, statistic: str = "Sum") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/CloudFront",
            metric_name=name,
            dimensions_map={"DistributionId": self._core.delivery.distribution.distribution_id, "Region": "Global"},
            statistic=statistic,
            period=_AN_HOUR,
            label=label,
            region=_REGION_OF_CLOUDFRONT,
        )


_AS_EACH_SAYS = cloudwatch.PeriodOverride.INHERIT


def _heading(question: str, note: str) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(markdown=f"## {question}\n{note}", width=_WHOLE, height=2)


def _graph(
    title: str,
    *metrics: cloudwatch.IMetric,
    right: Sequence[cloudwatch.IMetric] = (),
    stacked: bool = False,
    width: int = _THIRD,
) -> cloudwatch.GraphWidget:
    zero = cloudwatch.YAxisProps(min=0, show_units=False)
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        right=list(right),
        left_y_axis=zero,
        right_y_axis=zero if right else None,
        stacked=stacked,
        width=width,
        height=_HEIGHT,
    )


def _number(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.SingleValueWidget:
    """One number over the whole time shown."""
    return cloudwatch.SingleValueWidget(
        title=title, metrics=list(metrics), set_period_to_time_range=True, width=_THIRD, height=_HEIGHT
    )


def _waiting(queue: sqs.Queue, label: str) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(label=label, period=_FIVE_MINUTES, statistic="Maximum")


def _sum(
    label: str, metrics: Sequence[cloudwatch.IMetric], period: Duration = _FIVE_MINUTES
) -> cloudwatch.MathExpression:
    return _times(label, metrics, 1, period)


def _times(
    label: str, metrics: Sequence[cloudwatch.IMetric], price: float, period: Duration
) -> cloudwatch.MathExpression:
    """The sum of all, each 0 where it is silent, times a price."""
    ids = _ids(label, len(metrics))
    total = " + ".join(f"FILL({id_}, 0)" for id_ in ids)
    return cloudwatch.MathExpression(
        expression=total if price == 1 else f"({total}) * {price:.15f}",
        using_metrics=dict(zip(ids, metrics, strict=True)),
        label=label,
        period=period,
    )


def _ids(label: str, count: int) -> list[str]:
    """Names that no other expression of the same widget has."""
    return [f"{label.lower().replace(' ', '_')}_{number}" for number in range(count)]


def _compute(function: PythonFunction, prices: Prices, config: Config, period: Duration) -> cloudwatch.MathExpression:
    """What a function takes: milliseconds times memory, and a little for each invocation."""
    name = function.node.id.lower()
    millisecond = prices.compute(config.processing.architecture) * function.memory_mb * MB / GB / _MS_PER_SECOND
    return cloudwatch.MathExpression(
        expression=f"FILL({name}_ms, 0) * {millisecond:.15f}"
        f" + FILL({name}_times, 0) * {prices.lambda_request / MILLION:.9f}",
        using_metrics={
            f"{name}_ms": function.metric_duration(period=period, statistic="Sum"),
            f"{name}_times": function.metric_invocations(period=period),
        },
        label=function.node.id,
        period=period,
    )
