"""What is told to operators: one log line and a few counts for each thing that happens.

docs/operations.md has a table of the metrics. Their dimensions are the service and, of failures, the reason: nothing
that a picture or its uploader could choose, for each value is a metric of its own, and costs as one.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from lightpress.delivery.choice import VIEWERS, smallest
from lightpress.pipeline.outcomes import Action, Result
from lightpress.pipeline.timing import Timings

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.in_place.compress import CompressionOutcome
    from lightpress.ingest.errors import FetchFailed
    from lightpress.ingest.fetch import FetchOutcome
    from lightpress.ingest.orders import Order
    from lightpress.pipeline.events import Problem
    from lightpress.pipeline.failures import Failure
    from lightpress.pipeline.first_view import FirstView
    from lightpress.pipeline.manifest import Manifest, Variant
    from lightpress.pipeline.messages import Message
    from lightpress.pipeline.outcomes import Outcome
    from lightpress.pipeline.source import Source
    from lightpress.pipeline.timing import Spent

# Service, namespace and level come from the POWERTOOLS_* variables that the stack sets. Lambda ignores the `level` of a
# line whose `timestamp` is not RFC 3339.
logger = Logger(use_rfc3339=True)
# Powertools prefers Lambda's own log level, which stays at INFO: at WARN, Lambda would drop metrics (`cdk.functions`).
logging.getLogger(logger.name).setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))
metrics = Metrics()

_COUNTED_AS = {
    Action.PUBLISHED: "PicturesPublished",
    Action.HELD: "PicturesHeld",
    Action.REJECTED: "PicturesRejected",
    Action.HANDED_ON: "PicturesHandedOn",
    Action.FAILED: "PicturesFailed",
    Action.REMOVED: "PicturesRemoved",
    Action.KEPT: "PicturesUnchanged",
    Action.NOTHING: "PicturesUnchanged",
}

# Its average over any time is the part that failed: an alarm needs no arithmetic.
_FAILED_PERCENT = {Action.PUBLISHED: 0, Action.FAILED: 100}


_COUNTED_IN_PLACE_AS = {
    "replaced": "ObjectsReplaced",
    "kept": "ObjectsKept",
    "left_alone": "ObjectsLeftAlone",
    "nothing": "ObjectsUnchanged",
    "gone": "ObjectsGone",
}

_SPENT = {
    "read_ms": ("ReadTime", MetricUnit.Milliseconds),
    "render_ms": ("RenderTime", MetricUnit.Milliseconds),
    "write_ms": ("WriteTime", MetricUnit.Milliseconds),
    "decode_cpu_ms": ("DecodeCpu", MetricUnit.Milliseconds),
    "encode_cpu_ms": ("EncodeCpu", MetricUnit.Milliseconds),
    "peak_rss_mb": ("PeakMemory", MetricUnit.Megabytes),
}


@dataclass(slots=True)
class _Troubles:
    """What goes wrong with messages is told alike, whatever they are about. now: seconds since 1970."""

    stages: Timings = field(default_factory=Timings)
    now: Callable[[], float] = time.time

    def on_error(self, source: Source, error: Exception) -> None:
        """Log the failure of the world with its traceback; SQS brings the message back."""
        count_retry()
        logger.warning(
            "will be retried",
            key=source.key,
            correlation_id=_cause(source),
            exc_info=error,
            **_told(self.stages.take()),
        )

    def on_discarded(self, message: Message, problem: Problem) -> None:
        """Log what made no sense, by the message's id."""
        _count("MessagesDiscarded")
        logger.error(
            "discarded",
            correlation_id=message.id,
            message_id=message.id,
            reason=problem.reason,
            detail=problem.detail,
        )


@dataclass(slots=True)
class ReconcileTelemetry(_Troubles):
    """Tells CloudWatch of what is published."""

    def on_done(self, outcome: Outcome) -> None:
        """Count it, and log what is published now."""
        _count(_COUNTED_AS[outcome.action])
        manifest, spent, source = outcome.manifest, self.stages.take(), outcome.source
        why = outcome.verdict or outcome.closed
        waited = self.now() - source.cause.at if source.cause and source.cause.at else None
        logger.info(
            outcome.action.value,
            key=source.key,
            correlation_id=_cause(source),
            revision=manifest and manifest.revision,
            generation=manifest and manifest.generation,
            recipe=manifest and manifest.recipe,
            reason=why and why.reason,
            detail=why and why.detail,
            waited_seconds=None if waited is None else round(waited, 3),
            **_told(spent),
            **(_sizes(manifest) if outcome.action is Action.PUBLISHED and manifest else {}),
        )
        if outcome.action in _FAILED_PERCENT:
            _count("FailureRate", _FAILED_PERCENT[outcome.action], MetricUnit.Percent)
        if outcome.action is Action.FAILED and outcome.verdict:
            _count_reason(outcome.verdict.reason)
        if outcome.action is Action.PUBLISHED and manifest:
            _count_published(manifest)
            _count_spent(spent)
            if waited is not None:
                _count("TimeToPublish", max(0, waited), MetricUnit.Seconds)

    def on_recorded(self, failure: Failure) -> None:
        """Log where everything about a failure is kept."""
        _count("FailuresRecorded")
        logger.warning(
            "recorded",
            key=failure.key,
            correlation_id=failure.correlation_id,
            subject=failure.subject,
            identity=failure.identity,
            reason=failure.reason,
            detail=failure.detail,
            attempts=failure.attempts,
            quarantine=failure.quarantine,
        )


@dataclass(slots=True)
class CompressionTelemetry(_Troubles):
    """Tells CloudWatch of what is replaced in place."""

    def on_done(self, outcome: CompressionOutcome) -> None:
        """Count it and the bytes saved, and log why the others are as they were."""
        _count(_COUNTED_IN_PLACE_AS[outcome.result])
        spent = self.stages.take()
        logger.info(
            outcome.result.value,
            bucket=outcome.source.bucket,
            key=outcome.source.key,
            correlation_id=_cause(outcome.source),
            before=outcome.before,
            after=outcome.after,
            reason=outcome.reason,
            note=outcome.note,
            version=outcome.version,
            **_told(spent),
        )
        if outcome.saved:
            _count("ReplacedBytes", outcome.before, MetricUnit.Bytes)
            _count("SavedBytes", outcome.saved, MetricUnit.Bytes)
            _count_spent(spent)


_COUNTED_FIRST_VIEW_AS = {
    Result.RENDERED: "LazyRendered",
    Result.FAILED: "LazyFailed",
    Result.LOST: "LazyLost",
    Result.NOT_OWED: "LazyNotOwed",
}


def tell_first_view(view: FirstView | None, spent: Spent) -> None:
    """Count a first view and its cost, and log what came of it; no line for what is not owed, which anybody may ask."""
    _count("FirstViews")
    result = view.result if view else Result.NOT_OWED
    if result in _COUNTED_FIRST_VIEW_AS:
        _count(_COUNTED_FIRST_VIEW_AS[result])
    if view is None or result is Result.NOT_OWED:
        return
    if view.result is Result.RENDERED:
        _count("VariantBytes", len(view.data or b""), MetricUnit.Bytes)
        _count_spent(spent)
    logger.info(
        view.result.value,
        key=view.key,
        path=view.path,
        reason=view.reason,
        bytes=len(view.data or b""),
        **_told(spent),
    )


_COUNTED_FETCHED_AS = {"fetched": "UrlsFetched", "unchanged": "UrlsUnchanged"}


class FetchObserver:
    """Tells CloudWatch of what is fetched. No query of a URL gets into a log: it may be somebody's signature."""

    def on_fetched(self, order: Order, outcome: FetchOutcome) -> None:
        """Count it and its bytes."""
        _count(_COUNTED_FETCHED_AS[outcome.result])
        _count("FetchedBytes", outcome.bytes, MetricUnit.Bytes)
        logger.info(outcome.result.value, key=order.key, bytes=outcome.bytes)

    def on_failed(self, order: Order, failure: FetchFailed, *, for_good: bool) -> None:
        """Log why; it is on its way to be recorded, or tried again."""
        _count("UrlsFailed" if for_good else "FetchRetries")
        logger.info(
            "failed" if for_good else "will be fetched again",
            key=order.key,
            reason=failure.reason,
            detail=failure.detail,
        )

    def on_error(self, message_id: str, error: Exception) -> None:
        """Log the failure of our own world with its traceback; SQS brings the message back."""
        count_retry()
        logger.warning("will be retried", message_id=message_id, exc_info=error)


def _count(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    metrics.add_metric(name=name, unit=unit, value=value)


def count_retry() -> None:
    """Count what this function failed at and SQS brings back: of all functions together, and once more of this one.

    The second is what a gradual deployment of the function looks at (`lightpress.cdk.canary`).
    """
    _count("Retries")
    if function := os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
        with single_metric(
            "Retries",
            MetricUnit.Count,
            1,
            namespace=metrics.namespace,
            default_dimensions={"service": metrics.service or "", "function_name": function},
        ):
            pass


def count_age(sent_at: float) -> None:
    """Measure how old a dead letter is that comes back: SQS leaves it out once it was received three times.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    _count("DeadLetterAge", max(0, time.time() - sent_at), MetricUnit.Seconds)


def _count_reason(reason: str) -> None:
    """Once more by its reason, in a line of its own: failures are few."""
    with single_metric(
        "FailedByReason",
        MetricUnit.Count,
        1,
        namespace=metrics.namespace,
        default_dimensions={"service": metrics.service or "", "reason": reason},
    ):
        pass


def _count_published(manifest: Manifest) -> None:
    files = _files(manifest)
    _count("Files", len(files))
    _count("Lists", int(manifest.revision > 1))  # of its variants, for dead ones: a new key has none
    _count("VariantBytes", sum(file.bytes for file in files), MetricUnit.Bytes)
    for format_ in dict.fromkeys(file.format for file in files):
        bytes_of_it = sum(file.bytes for file in files if file.format == format_)
        _count(f"{format_.capitalize()}Bytes", bytes_of_it, MetricUnit.Bytes)
    if manifest.source:
        _count("OriginalBytes", manifest.source.bytes, MetricUnit.Bytes)
        _count("LargestBytes", _largest_bytes(manifest), MetricUnit.Bytes)


def _count_spent(spent: Spent) -> None:
    for name, (metric, unit) in _SPENT.items():
        _count(metric, getattr(spent, name), unit)
    _count("SandboxOpen", len(spent.sandbox_open))
    _count("PixelLibraryMissing", int(spent.library_missing))


def _sizes(manifest: Manifest) -> dict[str, Any]:
    files = _files(manifest)
    return {
        "original_bytes": manifest.source and manifest.source.bytes,
        "original_format": manifest.source and manifest.source.format,
        "files": len(files),
        "variant_bytes": sum(file.bytes for file in files),
        "largest_bytes": _largest_bytes(manifest),
    }


def _largest_bytes(manifest: Manifest) -> int:
    """What a browser that reads every format loads in place of the original: of the most pixels, what it is served.

    Where that is made at its first view, nobody knows its bytes yet: then nothing is said to be saved.
    """
    most = max((file.width * file.height for file in manifest.showable), default=0)
    served = smallest([file for file in manifest.showable if file.width * file.height == most], VIEWERS[0])
    unknown = manifest.source.bytes if manifest.source else 0
    return (unknown if served.bytes is None else served.bytes) if served else 0


def _files(manifest: Manifest) -> list[Variant]:
    """Names that share a file count once."""
    return list({variant.path: variant for variant in manifest.variants}.values())


def _told(spent: Spent) -> dict[str, Any]:
    """Milliseconds in whole numbers, and nothing of what never happened."""
    told = {name: value for name, value in asdict(spent).items() if value}
    return {name: value if isinstance(value, tuple) else round(value) for name, value in told.items()}


def _cause(source: Source) -> str | None:
    return source.cause.id if source.cause else None
