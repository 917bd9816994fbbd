"""What an attack can cost at most, by hand-made sums."""

from __future__ import annotations

import pytest

from lightpress.cdk.web_acl import WINDOW_SECONDS as WINDOW_OF_THE_RULE
from lightpress.cli.project import PROJECT
from lightpress.costs.attack import NO_PICTURE, NOT_OWED, PICTURE, WINDOW_SECONDS, Attack, attack_table
from lightpress.costs.prices import prices_of

PRICES = prices_of("us-east-1")


def test_a_million_addresses_of_no_picture_cost_two_dollars_and_a_million_pictures_of_100_kb_nine() -> None:
    # CloudFront 1.00, the edge function 0.10, Lambda 0.20 and 10 ms of 1 GB, a GET 0.40, 0.5 GB sent
    by_hand = 1.00 + 0.10 + 0.20 + 0.010 * 13.3334 + 0.40 + 500 / 1.073741824 / 1000 * 0.085
    assert NO_PICTURE.dollars(PRICES) * 1e6 == pytest.approx(by_hand)
    assert PICTURE.dollars(PRICES) * 1e6 == pytest.approx(1.10 + 100 / 1.073741824 * 0.085)
    assert NOT_OWED.dollars(PRICES) > NO_PICTURE.dollars(PRICES)


def test_of_10000_requests_a_second_of_one_address_a_web_acl_lets_2000_in_five_minutes_pass() -> None:
    attack = Attack(PICTURE, 10_000, 1)
    passing = 2_000 * 12 * PICTURE.dollars(PRICES)
    looking = 36 * 0.60
    assert attack.per_hour(PRICES, 2_000) == pytest.approx(passing + looking + 6 / 730)
    assert attack.per_hour(PRICES) == pytest.approx(36e6 * PICTURE.dollars(PRICES))


def test_from_so_many_addresses_that_no_limit_binds_the_web_acl_only_costs() -> None:
    attack = Attack(NO_PICTURE, 1_000, 10_000)
    assert attack.per_hour(PRICES, 2_000) == pytest.approx(attack.per_hour(PRICES) + 3.6 * 0.60 + 6 / 730)


def test_the_window_is_that_of_the_rule_and_the_page_has_the_table() -> None:
    assert WINDOW_SECONDS == WINDOW_OF_THE_RULE
    assert attack_table(PRICES) in (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
