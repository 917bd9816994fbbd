"""The model of what permalinks cost is what Poisson arrivals do, and the decision that rests on it says the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tools.benchmarks.delivery import EDGE_MS, MILLION, Prices, Site, Way, month, overwrites_worth_a_purge, table, ways

PRICES, SITE = Prices(), Site()
DECISION = Path(__file__).parents[2] / "docs" / "decisions" / "0085-permalinks-are-pictures.md"


def test_the_shares_of_a_million_keys_make_up_all_views() -> None:
    assert sum(copies * rate for copies, rate in SITE.rates()) * 30 * 86_400 == pytest.approx(SITE.views)
    assert sum(copies for copies, _ in SITE.rates()) == SITE.keys * 60


@pytest.mark.parametrize(
    ("rate", "seconds", "stale"), [(0.01, 60, 600), (0.002, 3_600, 600), (0.5, 60, 0), (1e-4, 60, 600)]
)
def test_fetches_and_waits_are_those_of_300_000_random_views(rate: float, seconds: int, stale: int) -> None:
    chance = random.Random(1)  # noqa: S311  the same each time
    now = fetched_at = fetches = waits = 0.0
    for _ in range(300_000):
        now += chance.expovariate(rate)
        if now - fetched_at >= seconds:
            fetches += 1
            waits += now - fetched_at >= seconds + stale
            fetched_at = now
    assert fetches / 300_000 == pytest.approx(1 / (1 + rate * seconds), rel=0.02)
    views = rate * 30 * 86_400
    one = Site(keys=1, views=views, kinds=(1.0,), regions=(1.0,))
    found = month(one, Way("one copy", seconds, 1, 1, 1, 1, stale), PRICES)
    assert found.fetched == pytest.approx(fetches / 300_000, rel=0.02)
    assert found.waits == pytest.approx(waits / 300_000, rel=0.05, abs=1e-4)


def test_100_million_views_cost_at_most_half_of_what_redirects_cost_and_a_round_trip_less() -> None:
    redirect, _, _, week, *_ = (month(SITE, way, PRICES) for way in ways(PRICES))
    assert redirect.fetched == pytest.approx(0.94, abs=0.005)
    assert week.dollars <= redirect.dollars / 2
    assert week.mean_ms <= redirect.mean_ms - EDGE_MS


def test_purges_of_overwrites_are_worth_it_up_to_the_number_at_which_both_cost_the_same() -> None:
    overwrites = overwrites_worth_a_purge(SITE, PRICES)
    _, minute, _, week, *_ = (month(SITE, way, PRICES).dollars for way in ways(PRICES))
    assert week + overwrites * PRICES.path / MILLION == pytest.approx(minute)
    assert 10_000 < overwrites < 20_000


def test_the_decision_has_the_table_of_the_model() -> None:
    assert table(SITE, PRICES) in DECISION.read_text(encoding="utf-8")
