"""An order: have the picture of a URL fetched, and kept under a key. The body of a message of the URL queue.

One message holds one URL. Several would save SQS requests ($0.11 for a million URLs, a thousandth of what a million
pictures cost), and all of them would wait for, and be fetched again with, the slowest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightpress.ingest.urls import SourceUrl

_KIND, _FETCH = "lightpress", "fetch"


@dataclass(frozen=True, slots=True)
class Order:
    """A URL to fetch.

    Attributes:
        url: The URL.
        key: The key in the uploads bucket under which the file is stored.
        again: Whether the file is stored even if it has not changed, because an operator asked for it.
        owner: Whose upload it counts as, where the upload API took the order; else empty.
    """

    url: str
    key: str
    again: bool = False
    owner: str = ""


def order_for(link: SourceUrl, prefix: str, owner: str = "") -> Order:
    """The same link under the same prefix always has the same key: an order may come twice."""
    return Order(link.url, prefix + link.name, owner=owner)


def body_of(order: Order) -> str:
    """The order as a message."""
    said = {_KIND: _FETCH, "url": order.url, "key": order.key}
    return json.dumps(said | ({"again": True} if order.again else {}) | ({"owner": order.owner} if order.owner else {}))


def order_in(body: str) -> Order | None:
    """The order in a message; None if it holds none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get(_KIND) != _FETCH:
        return None
    url, key = said.get("url"), said.get("key")
    if not (isinstance(url, str) and isinstance(key, str) and key):
        return None
    owner = said.get("owner")
    return Order(url, key, again=said.get("again") is True, owner=owner if isinstance(owner, str) else "")
