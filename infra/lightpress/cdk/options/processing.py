"""Processing: the functions that publish, their queue, and what becomes of what fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.cdk.options.environment import Environment
from lightpress.cdk.options.kinds import choice, flag, integer, matching

if TYPE_CHECKING:
    from lightpress.toml_reader import Table

_EVENT_BUS = r"[A-Za-z0-9._-]{1,256}"
_INVOCATIONS_OF_A_POLLER = 10


@dataclass(frozen=True)
class ProcessingOptions(Environment):
    """How originals are worked on, and who is told."""

    # The processor of the functions. "host" is the machine and the Python that synthesize: for the local cloud alone.
    architecture: str = choice("arm64", "arm64", "x86_64", "host")
    # Lambda gives CPU in proportion to memory; 1769 MB is one whole CPU, and a picture uses one.
    memory_mb: int = integer(1769, low=512, high=10_240)
    # For a batch. One picture may take 25 s before it is stopped; what a batch has no time left for comes back.
    timeout_seconds: int = integer(60, low=60, high=900)
    # Of the account's concurrency, kept for publishing pictures and for nothing else; 0: none. Not less than
    # `max_concurrency`: what is throttled counts as a try.
    reserved_concurrency: int = integer(0, low=0, high=1000)
    # Pollers of the queue that always run, and how many there may be: they react sooner to a flood of uploads. Each is
    # paid by the hour, and hands on up to 10 batches at a time. 0: none. In place of `max_concurrency`.
    provisioned_pollers: int = integer(0, low=0, high=200)
    provisioned_pollers_max: int = integer(20, low=2, high=100)
    # How the function starts that leads from permalinks to images, and that a viewer waits for: "cold" from nothing,
    # "snapshot" from a memory image (SnapStart), "provisioned" never, for as many at once as the next option says.
    resolver_start: str = choice("cold", "cold", "snapshot", "provisioned")
    resolver_provisioned: int = integer(1, low=1, high=100)
    # Messages handed to a function at once. They are worked off one after the other: more of them save little.
    batch_size: int = integer(5, low=1, high=10)
    # Functions at work at the same time: the limit of what a flood of uploads takes from the account, and costs.
    max_concurrency: int = integer(50, low=2, high=1000)
    # Tries before a message is set aside, and looked at once more alone. It waits between them, up to 15 minutes each
    # time: 8 take half an hour. Lambda's throttling counts as a try: with fewer than 5, good messages are set aside.
    max_receive_count: int = integer(8, low=1, high=1000)
    # How long work may wait, and how long somebody has to look at what failed. The second counts from the upload too.
    queue_retention_days: int = integer(4, low=1, high=13)
    dead_letter_retention_days: int = integer(14, low=2, high=14)

    # How long the copy of what failed, and the row that tells why, are kept for somebody to look at.
    failure_retention_days: int = integer(30, low=1, high=3650)
    # Have the CDN forget the images of deleted pictures: one path each; beyond 1,000 a month, AWS takes $0.005 for it.
    invalidate_deleted: bool = flag(default=True)

    # The event bus where it is announced what became of each picture: "default" is the account's own, another must be
    # there already, "" is none. An event for each picture costs $1 a million: docs/events.md.
    event_bus: str = matching(_EVENT_BUS, such_as="default", default="default")


def check_retention(options: ProcessingOptions, table: Table) -> None:
    """What was set aside must outlast the queue."""
    if options.dead_letter_retention_days <= options.queue_retention_days:
        raise table.error(
            "dead_letter_retention_days",
            f"{options.dead_letter_retention_days} is not more than queue_retention_days "
            f"({options.queue_retention_days}): messages would be gone before anybody could look at them",
        )


def check_concurrency(options: ProcessingOptions, table: Table) -> None:
    """Whatever is handed to a function must be let in: being throttled counts as a try of each message."""
    most = options.max_concurrency
    if options.provisioned_pollers:
        if options.provisioned_pollers_max < options.provisioned_pollers or options.provisioned_pollers == 1:
            raise table.error(
                "provisioned_pollers",
                f"{options.provisioned_pollers} is not allowed; "
                f"allowed: 0, 2 to provisioned_pollers_max ({options.provisioned_pollers_max})",
            )
        if table.has("max_concurrency"):
            raise table.error(
                "max_concurrency",
                "cannot stand beside provisioned_pollers; "
                f"allowed: provisioned_pollers_max, {_INVOCATIONS_OF_A_POLLER} invocations each",
            )
        most = _INVOCATIONS_OF_A_POLLER * options.provisioned_pollers_max
    if 0 < options.reserved_concurrency < most:
        raise table.error(
            "reserved_concurrency",
            f"{options.reserved_concurrency} is less than the {most} that may be started; "
            f"allowed: 0, {most:,} to 1,000",
        )
