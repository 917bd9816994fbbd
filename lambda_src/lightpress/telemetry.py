"""What is told to operators: one log line and a few counts for each thing that happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lightpress.reconcile import Did

if TYPE_CHECKING:
    from lightpress.compress import Compression
    from lightpress.events import Problem
    from lightpress.failures import Failure
    from lightpress.fetch.failed import FetchFailed
    from lightpress.fetch.story import Fetched
    from lightpress.orders import Order
    from lightpress.process import Message
    from lightpress.reconcile import Outcome
    from lightpress.source import Source

# Service, namespace and level come from the POWERTOOLS_* and LOG_LEVEL variables that the stack sets.
logger = Logger()
metrics = Metrics()

_COUNTED_AS = {
    Did.PUBLISHED: "PicturesPublished",
    Did.REJECTED: "PicturesRejected",
    Did.FAILED: "PicturesFailed",
    Did.REMOVED: "PicturesRemoved",
    Did.NOTHING: "PicturesUnchanged",
}

# Its average over any time is the part that failed: an alarm needs no arithmetic.
_FAILED_PERCENT = {Did.PUBLISHED: 0, Did.FAILED: 100}


_COUNTED_IN_PLACE_AS = {
    "replaced": "ObjectsReplaced",
    "kept": "ObjectsKept",
    "left_alone": "ObjectsLeftAlone",
    "nothing": "ObjectsUnchanged",
    "gone": "ObjectsGone",
}


class _Troubles:
    """What goes wrong with messages is told alike, whatever they are about."""

    def stumbled(self, source: Source, error: Exception) -> None:
        """Log the failure of the world with its traceback; SQS brings the message back."""
        _count("Retries")
        logger.warning("will be retried", key=source.key, exc_info=error)

    def discarded(self, message: Message, problem: Problem) -> None:
        """Log what made no sense, by the message's id."""
        _count("MessagesDiscarded")
        logger.error("discarded", message_id=message.id, reason=problem.reason, detail=problem.detail)


class PowertoolsObserver(_Troubles):
    """Tells CloudWatch of what is published."""

    def settled(self, outcome: Outcome) -> None:
        """Count it, and log what is published now."""
        _count(_COUNTED_AS[outcome.did])
        manifest = outcome.manifest
        logger.info(
            outcome.did.value,
            key=outcome.source.key,
            revision=manifest and manifest.revision,
            generation=manifest and manifest.generation,
            reason=outcome.verdict and outcome.verdict.reason,
            detail=outcome.verdict and outcome.verdict.detail,
        )
        if outcome.did in _FAILED_PERCENT:
            _count("FailureRate", _FAILED_PERCENT[outcome.did], MetricUnit.Percent)
        if outcome.did is Did.PUBLISHED and manifest and manifest.source:
            _count("OriginalBytes", manifest.source.bytes, MetricUnit.Bytes)
            _count("VariantBytes", _stored_bytes(outcome), MetricUnit.Bytes)

    def recorded(self, failure: Failure) -> None:
        """Log where everything about a failure is kept."""
        _count("FailuresRecorded")
        logger.warning(
            "recorded",
            subject=failure.subject,
            identity=failure.identity,
            reason=failure.reason,
            detail=failure.detail,
            attempts=failure.attempts,
            quarantine=failure.quarantine,
        )


class CompressionObserver(_Troubles):
    """Tells CloudWatch of what is replaced in place."""

    def settled(self, outcome: Compression) -> None:
        """Count it and the bytes saved, and log why the others are as they were."""
        _count(_COUNTED_IN_PLACE_AS[outcome.did])
        logger.info(
            outcome.did.value,
            bucket=outcome.source.bucket,
            key=outcome.source.key,
            before=outcome.before,
            after=outcome.after,
            reason=outcome.reason,
            note=outcome.note,
            version=outcome.version,
        )
        if outcome.saved:
            _count("ReplacedBytes", outcome.before, MetricUnit.Bytes)
            _count("SavedBytes", outcome.saved, MetricUnit.Bytes)


_COUNTED_FETCHED_AS = {"fetched": "UrlsFetched", "unchanged": "UrlsUnchanged"}


class FetchObserver:
    """Tells CloudWatch of what is fetched. No query of a URL gets into a log: it may be somebody's signature."""

    def fetched(self, order: Order, outcome: Fetched) -> None:
        """Count it and its bytes."""
        _count(_COUNTED_FETCHED_AS[outcome.did])
        _count("FetchedBytes", outcome.bytes, MetricUnit.Bytes)
        logger.info(outcome.did.value, key=order.key, bytes=outcome.bytes)

    def failed(self, order: Order, failure: FetchFailed, *, for_good: bool) -> None:
        """Log why; it is on its way to be recorded, or tried again."""
        _count("UrlsFailed" if for_good else "FetchRetries")
        logger.info(
            "failed" if for_good else "will be fetched again",
            key=order.key,
            reason=failure.reason,
            detail=failure.detail,
        )

    def stumbled(self, message_id: str, error: Exception) -> None:
        """Log the failure of our own world with its traceback; SQS brings the message back."""
        _count("Retries")
        logger.warning("will be retried", message_id=message_id, exc_info=error)


def _count(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    metrics.add_metric(name=name, unit=unit, value=value)


def _stored_bytes(outcome: Outcome) -> int:
    """Names that share a file count once."""
    variants = outcome.manifest.variants if outcome.manifest else ()
    return sum({variant.path: variant.bytes for variant in variants}.values())
