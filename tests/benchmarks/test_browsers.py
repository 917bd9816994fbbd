"""Which browsers show what: the kinds that `delivery.choice` knows are all that there are."""

from __future__ import annotations

import pytest

from tools.benchmarks.browsers import Browser, shares, table, unforeseen

BOTH, WEBP, NONE = frozenset({"avif", "webp"}), frozenset({"webp"}), frozenset[str]()
FOUND = [
    Browser("chrome", "142", 60.25, BOTH),
    Browser("firefox", "145", 10.0, BOTH),
    Browser("ios_saf", "15.6-15.8", 0.5, WEBP),
    Browser("ie", "11", 0.25, NONE),
]


def test_shares_are_added_up_by_what_a_browser_shows() -> None:
    assert shares(FOUND) == pytest.approx({BOTH: 70.25, WEBP: 0.5, NONE: 0.25})


def test_the_table_names_every_kind_of_browser_and_what_is_not_known() -> None:
    rows = table(FOUND, "caniuse-lite 1").splitlines()
    assert rows[2:] == [
        "| AVIF and WebP | 70.25 % |",
        "| WebP | 0.50 % |",
        "| neither | 0.25 % |",
        "| not known | 29.00 % |",
    ]


def test_a_browser_that_shows_avif_and_not_webp_would_be_noticed() -> None:
    odd = Browser("odd", "1", 0.1, frozenset({"avif"}))
    assert unforeseen([*FOUND, odd]) == [odd]
    assert unforeseen(FOUND) == []
