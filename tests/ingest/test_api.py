"""Orders by URL: what is accepted and refused, and the status of a key whose URL could not be fetched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.ingest.api import UrlIngestApi
from lightpress.ingest.orders import order_for
from lightpress.ingest.urls import parse_url
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.failures import Failure, fingerprint
from lightpress.pipeline.recipe import Rule
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.uploads.keys import IGNORED, PublishedKeys
from lightpress.uploads.quota import DailyQuota, Usage
from tests.uploads.fakes import FakeCounters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightpress.ingest.orders import Order

KEY = "trips/cat.jpg"
KEYS = PublishedKeys(Publishing("uploads"), load_recipes(LAMBDA_SRC / "recipes.toml"))


@dataclass
class Queue:
    """Loses what it is told to, by its place."""

    lost: tuple[int, ...] = ()
    sent: list[Order] = field(default_factory=list)

    def send(self, orders: Sequence[Order]) -> list[int]:
        self.sent += [order for place, order in enumerate(orders) if place not in self.lost]
        return list(self.lost)


@dataclass
class Table:
    rows: list[Failure] = field(default_factory=list)

    def of(self, subject: str) -> list[Failure]:
        return [row for row in self.rows if row.subject == subject]

    def order_again(self, subject: str, identity: str, *, ordered: bool) -> None:
        self.rows = [
            replace(row, ordered_again=ordered) if (row.subject, row.identity) == (subject, identity) else row
            for row in self.rows
        ]


def failure(
    reason: str, *, url: str | None = "https://example.com/cat.jpg", subject: str = f"uploads/{KEY}"
) -> Failure:
    return Failure(subject, "i", reason, f"It is {reason}.", attempts=1, first_at=1, last_at=2, expires_at=3, url=url)


def test_a_url_that_the_queue_did_not_take_again_is_failed_as_before() -> None:
    url = "https://example.com/cat.jpg"
    key = order_for(parse_url(url), "uploads/me/").key
    row = replace(failure("timeout", url=url, subject=f"uploads/{key}"), identity=fingerprint(url))
    for lost, status in (((), "processing"), ((0,), "failed")):
        mine = api(Queue(lost), rows=[row])
        mine.accept({"urls": [url]}, "me")
        assert mine.failed(key).get("status", "processing") == status


class Away(Queue):
    def send(self, orders: Sequence[Order]) -> list[int]:
        raise ConnectionError(f"the queue is away, and takes none of {len(orders)}")


def test_where_the_queue_is_away_a_url_is_failed_as_before() -> None:
    url = "https://example.com/cat.jpg"
    key = order_for(parse_url(url), "uploads/me/").key
    row = replace(failure("timeout", url=url, subject=f"uploads/{key}"), identity=fingerprint(url))
    mine = api(Away(), rows=[row])
    with pytest.raises(ConnectionError):
        mine.accept({"urls": [url]}, "me")
    assert mine.failed(key)["status"] == "failed"


def api(queue: Queue | None = None, rows: Sequence[Failure] = (), keys: PublishedKeys = KEYS) -> UrlIngestApi:
    return UrlIngestApi(queue or Queue(), Table(list(rows)), "uploads", keys, lambda key: {"key": key})


def test_the_last_failure_of_a_url_is_reported_in_a_sentence() -> None:
    told = api(rows=[failure("not_found"), failure("forbidden")]).failed(KEY)
    assert (told["status"], told["reason"], told["detail"]) == ("failed", "forbidden", "It is forbidden.")
    assert told["title"]
    assert told["title"] != "The picture could not be fetched."


def test_a_reason_of_a_later_release_has_a_sentence_too() -> None:
    assert api(rows=[failure("too_new")]).failed(KEY)["title"] == "The picture could not be fetched."


@pytest.mark.parametrize(
    "row", [failure("corrupt", url=None), failure("not_found", subject="uploads/other.jpg"), None], ids=repr
)
def test_nothing_is_reported_of_fetched_pictures_and_of_other_keys(row: Failure | None) -> None:
    assert api(rows=[row] if row else []).failed(KEY) == {}


def test_each_url_is_accepted_or_refused_by_its_index_and_in_order() -> None:
    queue = Queue(lost=(0,))
    urls = ["https://example.com/lost.jpg", "ftp://example.com/a.jpg", " https://example.com/b.jpg ", "nonsense"]
    answer: dict[str, Any] = api(queue).accept({"urls": urls}, "me")
    assert [one["index"] for one in answer["refused"]] == [0, 1, 3]
    assert [one["index"] for one in answer["accepted"]] == [2]
    assert [order.url for order in queue.sent] == ["https://example.com/b.jpg"]


def test_urls_count_as_files_of_a_day_and_where_none_is_accepted_nobody_counts() -> None:
    counters = FakeCounters()
    mine = replace(api(), quota=DailyQuota(Usage(3, 0), counters, lambda: datetime(2026, 1, 1, 12, tzinfo=UTC)))
    assert mine.accept({"urls": ["nonsense"]}, "me")["quota"] is None
    assert counters.used == {}
    urls = ["https://example.com/a.jpg", "nonsense", "https://example.com/b.jpg"]
    assert mine.accept({"urls": urls}, "me")["quota"]["uploads_left"] == 1
    assert list(counters.used.values()) == [Usage(2, 0)]


def test_a_url_whose_key_the_recipes_ignore_is_refused_before_anything_is_fetched() -> None:
    recipes = replace(KEYS.recipes, rules=(Rule("drafts/**", None), *KEYS.recipes.rules))
    queue = Queue()
    mine = api(queue, keys=replace(KEYS, recipes=recipes))
    urls = ["https://example.com/b.jpg"]
    assert [one["reason"] for one in mine.accept({"urls": urls, "collection": "drafts"}, "me")["refused"]] == [IGNORED]
    assert queue.sent == []
    assert len(mine.accept({"urls": urls}, "me")["accepted"]) == len(queue.sent) == 1
