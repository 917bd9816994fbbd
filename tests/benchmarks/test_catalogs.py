"""Three catalogs cost less than before, by the models, and the page has what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.benchmarks import delivery
from tools.benchmarks.catalogs import CATALOGS, Catalog, before, now, refetched, table

HEROES, SHOP, ARCHIVE = CATALOGS
FAQ = Path(__file__).parents[2] / "docs" / "faq.md"


@pytest.mark.parametrize(
    ("catalog", "share"), [(HEROES, 0.4), (SHOP, 0.4), (ARCHIVE, 0.7)], ids=lambda one: str(one)[:30]
)
def test_each_costs_so_much_less_and_nothing_of_it_more_but_the_cache_that_many_deletions_take(
    catalog: Catalog, share: float
) -> None:
    was, is_now = before(catalog), now(catalog)
    assert is_now.total < share * was.total
    assert (is_now.uploads, is_now.keeping, is_now.views) <= (was.uploads, was.keeping, was.views)


def test_only_the_archive_is_lazy_since_only_there_it_is_cheaper() -> None:
    assert [(now(one).keeping < before(one).keeping) for one in CATALOGS] == [False, False, True]


def test_what_is_fetched_anew_is_no_more_than_the_copies_that_there_can_be() -> None:
    fetch = delivery.ways(delivery.Prices())[3].fetch / delivery.MILLION
    for catalog in CATALOGS:
        copies = min(catalog.pictures * 60, catalog.views * 7 / 30)
        assert 0 < refetched(catalog) < copies * fetch


def test_the_page_has_the_table() -> None:
    assert table() in FAQ.read_text(encoding="utf-8")
