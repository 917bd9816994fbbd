"""The bytes of fetched URLs count for whoever asked for them, as those of uploads do, once they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightpress.ingest.orders import Order
    from lightpress.uploads.quota import DailyQuota


@dataclass(frozen=True, slots=True)
class CountedBytes:
    """Counts the bytes that came for an order, before anything is stored (`Fetcher.count`).

    Once it is stored, whoever comes back for an order may be told that nothing has changed, and would count nothing. An
    order that is fetched twice, because its message came twice or could not be counted, counts twice: too much, never
    too little.
    """

    quota: DailyQuota

    def __call__(self, order: Order, size: int) -> None:
        """Count; raises any error of the counters: the order is then tried again."""
        if order.owner:
            self.quota.count(order.owner, size)
