"""The bytes of fetched URLs count for whoever asked for them, as those of uploads do, once they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.ingest.fetch import FetchOutcome
    from lightpress.ingest.orders import Order
    from lightpress.uploads.quota import DailyQuota


@dataclass(frozen=True, slots=True)
class CountedFetch:
    """Fetches an order, and counts the bytes that came.

    An order that is fetched twice, because its message came twice or could not be counted, counts twice: too much,
    never too little.
    """

    fetch: Callable[[Order], FetchOutcome]
    quota: DailyQuota

    def __call__(self, order: Order) -> FetchOutcome:
        """Fetch; raises what `fetch` raises, and any error of the counters: the order is then tried again."""
        outcome = self.fetch(order)
        if order.owner and outcome.bytes:
            self.quota.count(order.owner, outcome.bytes)
        return outcome
