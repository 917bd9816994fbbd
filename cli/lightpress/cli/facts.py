"""The JSON objects that --json prints instead of a table: the same facts, under names that stay."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lightpress.backfill.run import NANOS
from lightpress.backfill.sweep import KINDS, SOURCELESS, UNCOPIED, UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightpress.backfill.plan import Plan
    from lightpress.backfill.results import Report
    from lightpress.backfill.run import Run
    from lightpress.backfill.sweep import Found
    from lightpress.cli.backfill import Checkpoint
    from lightpress.cli.backfilling import Forecast
    from lightpress.cli.failures import Retry
    from lightpress.costs.bill import Bill, Use
    from lightpress.costs.estimate import Assumptions, Estimate
    from lightpress.costs.prices import Prices
    from lightpress.local import Status
    from lightpress.pipeline.failures import Failure

_CENT_DIGITS = 4
"""Decimals of dollars: a hundredth of a cent."""


def facts_of_sweep(found: Found) -> dict[str, Any]:
    """Of a sweep: what was found, in variants and bytes by kind, and what was removed."""
    return {
        "manifests": found.manifests,
        "variants": {kind: found.files[kind] for kind in KINDS},
        "bytes": {kind: found.bytes[kind] for kind in KINDS},
        "without_original": found.sourceless,
        "without_copies": found.uncopied,
        "keys": {kind: found.keys[kind] for kind in (SOURCELESS, UNCOPIED, UNFINISHED)},
        "removed": found.removed,
        "sent_to_queue": found.handed_over,
        "refused_by_queue": found.refused,
    }


def facts_of_plan(plan: Plan, total: int, dollars: Callable[[int], float]) -> dict[str, Any]:
    """Of a plan: originals and variants by what would become of them, and the cost. total: manifests there are."""
    return {
        "manifests": total,
        "read": plan.seen,
        "originals": dict(plan.pictures),
        "examples": plan.examples,
        "variants": dict(plan.variants),
        "to_render": plan.to_render,
        "not_rendered": plan.not_rendered,
        "without_original": plan.without_original,
        "dollars": round(dollars(plan.to_render), _CENT_DIGITS),
    }


def facts_of_estimate(bill: Estimate, assumed: Assumptions, prices: Prices) -> dict[str, Any]:
    """Of an estimate: each line in dollars, the sums, and what they rest on."""
    lines = [
        {"name": line.name, "dollars": round(line.dollars, _CENT_DIGITS), "monthly": line.monthly, "how": line.how}
        for line in bill.lines
    ]
    sums = {"dollars_once": round(bill.once, _CENT_DIGITS), "dollars_monthly": round(bill.monthly, _CENT_DIGITS)}
    return {
        "originals": bill.pictures,
        **sums,
        "lines": lines,
        "assumptions": asdict(assumed),
        "prices": asdict(prices),
    }


def facts_of_bill(bill: Bill, kept: float | None, assumed: Assumptions, use: Use, prices: Prices) -> dict[str, Any]:
    """Of a bill over months: each line in dollars, the sum, and what they rest on.

    kept: The sum where originals are kept as they are; None if they are.
    """
    return {
        **asdict(bill.arrival),
        **asdict(bill.keeping),
        "dollars": round(bill.dollars, _CENT_DIGITS),
        "dollars_if_kept": round(bill.dollars if kept is None else kept, _CENT_DIGITS),
        "lines": [asdict(item) | {"dollars": round(item.dollars, _CENT_DIGITS)} for item in bill.items],
        "assumptions": asdict(assumed) | asdict(use),
        "prices": asdict(prices),
    }


def facts_of_forecast(
    found: Forecast, dollars: Callable[[int, int], float], rate: float, checks_a_second: float = math.inf
) -> dict[str, Any]:
    """Of a dry run: what a backfill would send, what that costs, and how long it takes at least."""
    return asdict(found) | {
        "to_send": found.todo,
        "dollars": round(dollars(found.todo, found.reads) + found.retrieval_of_todo, _CENT_DIGITS),
        "hours": round(found.hours(rate, checks_a_second), _CENT_DIGITS),
    }


def facts_of_backfill(checkpoint: Checkpoint, ended: str, dollars: Callable[[int, int], float]) -> dict[str, Any]:
    """Of a backfill: how it ended, and what was done, in this run and those that it continues."""
    return {
        "ended": ended,
        "done": checkpoint.settled,
        "endings": checkpoint.endings,
        "sent": checkpoint.sent,
        "reads": checkpoint.reads,
        "bytes": checkpoint.bytes,
        "dollars": round(dollars(checkpoint.sent, checkpoint.reads) + checkpoint.retrieval, _CENT_DIGITS),
        "late": checkpoint.late,
    }


def facts_of_run(run: Run, report: Report) -> dict[str, Any]:
    """Of a backfill on the state machine: how it ended, what each pass found, and what stayed as it was."""
    return {
        "ended": report.ended,
        "sent": run.sent,
        "dollars": round(run.spent / NANOS, _CENT_DIGITS),
        "passes": [asdict(one) for one in report.passes],
        "left": [{"bucket": bucket, "key": key, "reason": reason} for bucket, key, reason in report.left],
        "unfinished": [
            {"bucket": bucket, "after": after, "until": until} for bucket, after, until in report.unfinished
        ],
    }


def facts_of_retry(retry: Retry) -> dict[str, Any]:
    """Of a failure that was sent again: its key, and what became of it; null if that is not known yet."""
    return {"key": retry.failure.key, "status": retry.ending}


def facts_of_discarding(discarded: int, kept: Iterable[Failure]) -> dict[str, Any]:
    """Of discarded failures: how many, and the subjects of those that were kept because they failed again."""
    return {"discarded": discarded, "kept": [failure.subject for failure in kept]}


def facts_of_local_cloud(status: Status) -> dict[str, Any]:
    """Of the local cloud: whether it runs and is healthy, where, since when, and its processes."""
    return {
        "running": status.running,
        "healthy": status.healthy,
        "endpoint_url": status.endpoint_url,
        "since": status.since.isoformat() if status.since else None,
        "pids": dict(status.pids),
    }
