"""Checks of what Lambda lets this account have."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from lightpress.cdk.account_limits import (
    failure_memory_mb,
    fetch_memory_mb,
    started_at_once,
    started_by_a_backfill,
)
from lightpress.cli.doctor.check import Finding, Place, blocks, note, ok
from lightpress.cli.doctor.service_quotas import CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: 100 stay unreserved.
_STAYS_UNRESERVED = 100
# New accounts have less than https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html says:
# https://github.com/aws-samples/serverless-rag-demo/pull/124
_MEMORY_OF_NEW_ACCOUNTS = 3_008
_USUAL_CONCURRENCY = 1_000


def concurrency(place: Place) -> Finding:
    """The account has room for the functions that may run at once."""
    limit = place.client("lambda").get_account_settings()["AccountLimit"]
    taken = dict(_taken(place))
    free = limit["UnreservedConcurrentExecutions"] - (0 if place.is_deployed else sum(taken.values()))
    if taken and free < _STAYS_UNRESERVED:
        said, it = " and ".join(f"{key} = {count}" for key, count in taken.items()), "them" if len(taken) > 1 else "it"
        return blocks(
            f"{said} {'leave' if len(taken) > 1 else 'leaves'} {free} of the account's "
            f"{limit['ConcurrentExecutions']} unreserved, and Lambda keeps {_STAYS_UNRESERVED}: lower {it}, or "
            f"{_more_than(sum(taken.values()))}"
        )
    wanted, more = started_at_once(place.config, place.reviewers, place.enrichers), started_by_a_backfill(place.config)
    started = f"the queues start {wanted} at most, and a backfill {more} more"
    if limit["ConcurrentExecutions"] <= wanted:
        return note(
            f"The account may run {limit['ConcurrentExecutions']} functions at once, and {started}"
            f": uploads wait, and viewers may too. {_more_than(wanted + more)}"
        )
    return ok(f"{limit['ConcurrentExecutions']} at once; {started}")


def _taken(place: Place) -> Iterator[tuple[str, int]]:
    """What the options take away from all other functions of the account, by their names.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    processing, delivery = place.config.processing, place.config.delivery
    if processing.reserved_concurrency:
        yield "reserved_concurrency", processing.reserved_concurrency
    if delivery.lazy_concurrency and (place.lazy or delivery.keep_lazy_origin):
        yield "lazy_concurrency", delivery.lazy_concurrency


def _more_than(started: int) -> str:
    """The command that asks for the concurrency that the settings need, and what stays for viewers beside it."""
    return CONCURRENCY.increase(_USUAL_CONCURRENCY * ceil((started + _STAYS_UNRESERVED) / _USUAL_CONCURRENCY))


def memory(place: Place) -> Finding:
    """The account may have functions as large as ours. AWS has no API that tells: functions that exist do."""
    wanted = largest_function_mb(place)
    if wanted <= _MEMORY_OF_NEW_ACCOUNTS:
        return ok(f"{wanted:,} MB at most, which every account may have")
    largest = max(_memory_sizes(place), default=0)
    if largest > _MEMORY_OF_NEW_ACCOUNTS:
        return ok(f"{wanted:,} MB at most; the account has a function of {largest:,} MB")
    return note(
        f"The largest function gets {wanted:,} MB, and new accounts may have {_MEMORY_OF_NEW_ACCOUNTS:,} MB, which AWS "
        'does not tell: if the deployment fails with "less than or equal to 3008", set memory_mb and failure_memory_mb '
        f"to {_MEMORY_OF_NEW_ACCOUNTS} at most, and fetch_max_mb to 275, in "
        f"{place.config.environment}.toml, or ask AWS Support for more memory."
    )


def largest_function_mb(place: Place) -> int:
    """The memory of the largest function of the stack, in MB."""
    config = place.config
    return max(failure_memory_mb(config), fetch_memory_mb(config) if config.ingest.url_ingest else 0)


def _memory_sizes(place: Place) -> Iterator[int]:
    for page in place.client("lambda").get_paginator("list_functions").paginate():
        yield from (function["MemorySize"] for function in page["Functions"])
