"""What a stack asks of the limits of an account: how many invocations its queues start at once, how much memory.

The constructs take their numbers from here, and `lightpress doctor` compares them with what the account has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.cdk.options.processing import INVOCATIONS_OF_A_POLLER
from lightpress.pipeline.facts import DUPLICATES
from lightpress.pipeline.gate import MALWARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.cdk.config import Config

PURGES_AT_ONCE = 2
REVIEWS_AT_ONCE = 2
FACTS_AT_ONCE = 2
ENRICHED_AT_ONCE = 5
MODERATED_AT_ONCE = 5
"""Rekognition's quota of DetectModerationLabels is 5 a second in the smaller regions, and 50 in the others."""
DELIVERIES_AT_ONCE = 5
"""Of events to one receiver of webhooks. A burst of uploads waits in its queue."""
URLS_AT_ONCE = 10
"""So many URLs an invocation takes, all at once: it waits as long as the slowest (docs/operations.md, "Fetcher")."""
_LEAST_CONCURRENCY = 2  # of an event source
_PART_OF_DEAD_LETTERS = 5
_LEAST_FETCH_MB, _OWN_FETCH_MB = 512, 256


def dead_letters_at_once(config: Config) -> int:
    """The most concurrent invocations for dead letters. After an outage, everything uploaded meanwhile may be one."""
    return max(_LEAST_CONCURRENCY, config.processing.max_concurrency // _PART_OF_DEAD_LETTERS)


def publishing_at_once(config: Config) -> int:
    """The most invocations that publish uploads at once."""
    options = config.processing
    return (
        INVOCATIONS_OF_A_POLLER * options.provisioned_pollers_max
        if options.provisioned_pollers
        else options.max_concurrency
    )


def started_at_once(config: Config, reviewers: Sequence[str] = (), enrichers: Sequence[str] = ()) -> int:
    """The most invocations that the queues start at once while no backfill is at work.

    reviewers: those of the recipes; where there are any, a queue has their reviews. enrichers: theirs as well.
    """
    options = config.processing
    return (
        publishing_at_once(config)
        + dead_letters_at_once(config)
        + (PURGES_AT_ONCE if config.delivery.invalidate_deleted else 0)
        + (REVIEWS_AT_ONCE if reviewers else 0)
        + (MODERATED_AT_ONCE if options.moderation_reject else 0)
        + _enriching_at_once(config, enrichers)
        + DELIVERIES_AT_ONCE * len(config.webhooks.webhooks)
        + (config.ingest.fetch_max_concurrency if config.ingest.url_ingest else 0)
        + (options.max_concurrency if config.existing.in_place else 0)
    )


def _enriching_at_once(config: Config, enrichers: Sequence[str]) -> int:
    if not enrichers:
        return 0
    return FACTS_AT_ONCE + ENRICHED_AT_ONCE * _asked_for_facts(config, enrichers)


def _asked_for_facts(config: Config, enrichers: Sequence[str]) -> int:
    """How many functions of the stack are asked for facts."""
    options = config.processing
    asked = (options.detect_labels, options.detect_faces, bool(options.alt_text_model), DUPLICATES in enrichers)
    return sum(asked) if enrichers else 0


def started_by_a_backfill(config: Config) -> int:
    """The most invocations that a backfill adds: those that publish what it finds, and its own."""
    return config.processing.backfill_max_concurrency + config.processing.backfill_children


def rules_of_the_default_bus(config: Config, reviewers: Sequence[str] = ()) -> int:
    """How many rules of EventBridge's default bus the stack has.

    One for each existing bucket, one for scans, and one that measures every hour how long reviews take.
    """
    for_reviews = (1 if reviewers else 0) + (1 if MALWARE in reviewers else 0)
    return len(config.existing.attach) + len(config.existing.in_place) + for_reviews


def rules_met_by_a_picture(config: Config, reviewers: Sequence[str] = (), enrichers: Sequence[str] = ()) -> int:
    """How many rules of the stack send something on at most for one picture, from its upload until it is published.

    One is that of its bucket, where existing ones are attached; one tells the result of a scan. The others are of
    events of pictures: receivers of webhooks, the topic, and whoever is asked for facts or for moderation.
    """
    of_bucket = 1 if config.existing.attach or config.existing.in_place else 0
    of_scan = 1 if MALWARE in reviewers else 0
    of_events = (
        len(config.webhooks.webhooks)
        + config.webhooks.event_topic
        + bool(config.processing.moderation_reject)
        + _asked_for_facts(config, enrichers)
    )
    return of_bucket + of_scan + of_events


def failure_memory_mb(config: Config) -> int:
    """The memory of the function that tries dead letters once more, in MB."""
    return max(config.processing.failure_memory_mb, config.processing.memory_mb)


def fetch_memory_mb(config: Config) -> int:
    """The memory of the function that fetches URLs, in MB."""
    return max(_LEAST_FETCH_MB, _OWN_FETCH_MB + URLS_AT_ONCE * config.ingest.fetch_max_mb)
