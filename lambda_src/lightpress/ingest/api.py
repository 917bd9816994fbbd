"""Pictures by URL, for those who may upload: what is accepted, and what became of it before there is a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lightpress.ingest.orders import order_for
from lightpress.ingest.urls import FETCH_MESSAGES, InvalidUrlError, parse_url
from lightpress.pipeline.failures import identity_of_url, subject_of_picture
from lightpress.uploads.quota import Usage
from lightpress.uploads.requests import Refused, parse_url_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.ingest.orders import Order
    from lightpress.ingest.ports import Orders
    from lightpress.pipeline.failures import Failure
    from lightpress.uploads.keys import PublishedKeys
    from lightpress.uploads.quota import DailyQuota

_NOT_QUEUED = {"reason": "not_queued", "detail": "The queue did not take it; ask again."}


class KnownFailures(Protocol):
    """The failures table, as far as it is asked here."""

    def of(self, subject: str) -> list[Failure]:
        """The failures of one subject, the last one last."""

    def order_again(self, subject: str, identity: str, *, ordered: bool) -> None:
        """Mark a failure as one whose URL was ordered since, until it is recorded anew; nothing if there is none."""


@dataclass(frozen=True, slots=True)
class UrlIngestApi:
    """Takes orders for the uploads bucket.

    Attributes:
        orders: The URL queue.
        failures: The failures table.
        uploads_bucket: Its name.
        keys: Under which keys originals may be stored.
        addresses: Returns the addresses of a key, as every answer of the API has them.
        quota: What each owner may upload in a day; None for any amount. How large a file is at a URL is not known
            here: URLs count as files now, and their bytes once they are fetched (`ingest.counted`).
    """

    orders: Orders
    failures: KnownFailures
    uploads_bucket: str
    keys: PublishedKeys
    addresses: Callable[[str], dict[str, Any]]
    quota: DailyQuota | None = None

    def accept(self, body: object, owner: str) -> dict[str, Any]:
        """Have URLs fetched: those that can be read are accepted, each with its key; the others refused, by index."""
        listing = parse_url_list(body)
        folder = f"{listing.collection}/{owner}/{listing.prefix}"
        self.keys.check_prefix(folder)
        accepted: list[tuple[int, Order]] = []
        refused: list[dict[str, Any]] = []
        for index, url in enumerate(listing.urls):
            try:
                accepted.append((index, self._order(url, folder, owner)))
            except (InvalidUrlError, Refused) as error:
                reason = error.code if isinstance(error, Refused) else error.reason
                refused.append({"index": index, "reason": reason, "detail": error.detail})
        quota = self.quota.reserve(owner, Usage(len(accepted), 0)) if self.quota and accepted else None
        lost = self._send([order for _, order in accepted])
        refused += [{"index": accepted[place][0], **_NOT_QUEUED} for place in lost]
        return {
            "accepted": [
                {"index": index, **self.addresses(order.key)}
                for place, (index, order) in enumerate(accepted)
                if place not in lost
            ],
            "refused": sorted(refused, key=lambda one: one["index"]),
            "quota": quota,
        }

    def _order(self, url: str, folder: str, owner: str) -> Order:
        order = order_for(parse_url(url.strip()), folder, owner)
        self.keys.check(order.key)
        return order

    def _send(self, orders: list[Order]) -> set[int]:
        """Send orders; returns which of them, by their places, the queue did not take."""
        # Marked before it is sent: afterwards, it could have failed again already.
        self._mark(orders, ordered=True)
        try:
            lost = set(self.orders.send(orders))
        except Exception:
            self._mark(orders, ordered=False)  # also what was taken: the caller does not know either, and orders again
            raise
        self._mark([orders[place] for place in lost], ordered=False)
        return lost

    def _mark(self, orders: list[Order], *, ordered: bool) -> None:
        for order in orders:
            subject = subject_of_picture(self.uploads_bucket, order.key)
            self.failures.order_again(subject, identity_of_url(order.url), ordered=ordered)

    def failed(self, key: str) -> dict[str, Any]:
        """What is told of a key whose URL could not be fetched, and was not ordered since; nothing of any other."""
        found = [one for one in self.failures.of(subject_of_picture(self.uploads_bucket, key)) if one.url is not None]
        if not found or found[-1].ordered_again:
            return {}
        last = found[-1]
        words = {reason.value: sentence for reason, sentence in FETCH_MESSAGES.items()}
        title = words.get(last.reason, "The picture could not be fetched.")
        return {"status": "failed", "reason": last.reason, "title": title, "detail": last.detail}
