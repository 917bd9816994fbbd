"""One order, from the URL to the uploads bucket. From there on, it is an upload like any other.

It may be told twice, and by two at once: the key follows from the URL, what has not changed is not written, and what is
written replaces exactly what was looked at. So nobody needs to remember which orders were done.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightpress.ingest.download import NO_VALIDATORS
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.urls import BadLinkError, read_link
from lightpress.pipeline.ports import Changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.ingest.download import Downloaded, Validators
    from lightpress.ingest.orders import Order
    from lightpress.ingest.ports import Landing
    from lightpress.ingest.urls import Link

_ATTEMPTS = 3


class Did(StrEnum):
    """How an order ended well."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The end of an order. bytes: that came."""

    did: Did
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Fetching:
    """Fetches what is ordered."""

    download: Callable[[Link, Validators], Downloaded | None]
    landing: Landing

    def __call__(self, order: Order) -> Fetched:
        """Fetch; raises FetchFailed where that cannot be, and anything else where our own world fails."""
        try:
            link = read_link(order.url)
        except BadLinkError as error:
            raise FetchFailed(error.reason, error.detail) from error
        held = self.landing.look(order.key)
        picture = self.download(link, held.validators if held and not order.again else NO_VALIDATORS)
        if picture is None:
            return Fetched(Did.UNCHANGED)
        sha256 = hashlib.sha256(picture.data).hexdigest()
        for _ in range(_ATTEMPTS):
            if held and held.sha256 == sha256 and not order.again:
                return Fetched(Did.UNCHANGED, len(picture.data))
            try:
                self.landing.put(order.key, picture, sha256, link, held)
            except Changed:
                held = self.landing.look(order.key)
                continue
            return Fetched(Did.FETCHED, len(picture.data))
        raise Changed(order.key)
