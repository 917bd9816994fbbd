"""One order, from the URL to the uploads bucket. From there on, it is an upload like any other.

It may be told twice, and by two at once: the key follows from the URL, what has not changed is not written, and what is
written replaces exactly what was looked at before the download. So nobody needs to remember which orders were done, and
an old download never replaces a newer one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightpress.ingest.download import NO_VALIDATORS
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.urls import InvalidUrlError, parse_url
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.ingest.download import Downloaded, Validators
    from lightpress.ingest.orders import Order
    from lightpress.ingest.ports import StoredUpload, UploadStore
    from lightpress.ingest.urls import SourceUrl


class FetchResult(StrEnum):
    """How an order ended well."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """The end of an order. bytes: that came."""

    result: FetchResult
    bytes: int


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Downloads what an order names, and stores it under the order's key unless it is there already.

    Attributes:
        download: Gets the picture of a link; None if it is still the one with the validators.
        landing: Where it is stored.
        count: Is told of how many bytes have come, before they are stored.
    """

    download: Callable[[SourceUrl, Validators], Downloaded | None]
    landing: UploadStore
    count: Callable[[Order, int], None] = lambda *_: None

    def __call__(self, order: Order) -> FetchOutcome:
        """Fetch; raises FetchFailed where that cannot be, and any other exception for a transient error of ours.

        That is also PreconditionFailed, where something else has come under the key meanwhile.
        """
        try:
            link = parse_url(order.url)
        except InvalidUrlError as error:
            raise FetchFailed(error.reason, error.detail) from error
        held = self.landing.head(order.key)
        picture = self.download(link, held.validators if held and not order.again else NO_VALIDATORS)
        if picture is None:
            return FetchOutcome(FetchResult.UNCHANGED, 0)
        self.count(order, len(picture.data))
        sha256 = hashlib.sha256(picture.data).hexdigest()
        if _holds(held, sha256) and not order.again:
            return FetchOutcome(FetchResult.UNCHANGED, len(picture.data))
        try:
            self.landing.put(order.key, picture, sha256, link, held)
        except PreconditionFailed:
            # What has come meanwhile may have been downloaded later. Unless it is the same, all begins anew.
            if not _holds(self.landing.head(order.key), sha256):
                raise
            return FetchOutcome(FetchResult.UNCHANGED, len(picture.data))
        return FetchOutcome(FetchResult.FETCHED, len(picture.data))


def _holds(held: StoredUpload | None, sha256: str) -> bool:
    return held is not None and held.sha256 == sha256
