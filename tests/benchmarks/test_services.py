"""What S3 and EventBridge take, against arithmetic, and against the simulation of single requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightpress.cdk.readiness import PROJECT
from tools.benchmarks import partitions
from tools.benchmarks.scale import (
    CASES,
    Case,
    Function,
    Load,
    Pollers,
    binding,
    lags,
    limits,
    row_of,
    simulate,
    standard,
)
from tools.benchmarks.services import Service, Throttle, put_events, services

TEN = Service("ten a second", 1, 10, "")
SECOND = Function(batch=1, original_seconds=1.0, batch_seconds=0, spread=0, cold_seconds=0, account=10**9, ramp=10**9)
TENTH = 0.1


def servers(count: int) -> Pollers:
    """A constant concurrency."""
    return Pollers("fixed", count, start=count, per_minute=0, most=count)


def test_what_does_not_fit_into_a_second_waits_for_the_next_with_room() -> None:
    throttle = Throttle(TEN)
    assert [throttle.take(0.5, 4) for _ in range(2)] == [0.5, 0.5]
    assert throttle.take(0.5, 4) == pytest.approx(1.2), "two of them in this second, two in the next"
    assert throttle.take(3.0, 1) == 3.0, "who comes later finds room"
    assert throttle.take(0.5, 35) == pytest.approx(4.8), "eight, ten, nine around the one, and eight more"
    assert sum(throttle.taken.values()) == throttle.asked == 48
    assert max(throttle.taken.values()) == 10


def test_twice_as_many_are_taken_once_a_partition_was_full_for_long_enough() -> None:
    throttle = Throttle(replace(TEN, splits=3))
    assert throttle.take(0.0, 30) == pytest.approx(3.0)
    assert throttle.take(0.0, 60) == pytest.approx(6.0), "twenty a second from the fourth on"
    assert throttle.take(0.0, 40) == pytest.approx(7.0), "and forty after three more"


def test_a_partition_bounds_how_many_are_published_and_all_workers_are_billed_for_waiting() -> None:
    """100 workers could do 100 a second; of 10 a second, each has to wait 10 seconds."""
    outcome = simulate(Load("burst", burst=1_000), servers(100), SECOND, (TEN,))
    assert outcome.finished == pytest.approx(100, rel=0.02)
    assert outcome.seconds_each == pytest.approx(10, rel=0.1)
    assert simulate(Load("burst", burst=1_000), servers(100), SECOND).finished == 10


@pytest.mark.parametrize(("workers", "billed"), [(400, 1.03), (1_000, 2.58)])
def test_what_is_billed_is_what_the_simulation_of_single_requests_says(workers: int, billed: float) -> None:
    """A tenth of the workers at a tenth of the rate, over fifteen minutes: within a tenth."""
    slow = replace(services()[0], rate=350.0, splits=float("inf"))
    count = round(workers * TENTH)
    found = simulate(Load("burst", burst=35_000), servers(count), Function(cold_seconds=0, batch_seconds=0), (slow,))
    assert found.seconds_each == pytest.approx(billed, rel=0.03)
    single = partitions.simulate(count, "retries", partitions.Bucket(350.0))
    assert found.seconds_each == pytest.approx(single.billed_each, rel=TENTH)


def test_the_limits_of_regions_are_those_of_the_quotas_page() -> None:
    assert [put_events(region).rate for region in ("us-east-1", "eu-central-1", "eu-west-2", "eu-north-1", "new")] == [
        10_000,
        2_400,
        1_200,
        600,
        400,
    ]
    images, _, uploads, _ = services(partitions=8)
    assert round(images.originals) == 3_111, "28,000 PUT a second, nine for each original"
    assert round(uploads.originals) == 14_667


IN_THE_MANUAL = [
    ("event source", False),
    ("concurrency of the account", False),
    ("", True),
    ("S3, images bucket, PUT", True),
    ("", True),
    ("S3, images bucket, PUT", True),
    ("", True),
    ("event source", False),
    ("concurrency of the account", False),
    ("S3, images bucket, PUT", False),
    ("S3, images bucket, PUT", True),
    ("", True),
    ("EventBridge, PutEvents", False),
]
"""Of each of `CASES`: what binds, and whether the load holds all the same."""


@pytest.mark.nightly  # some minutes
@pytest.mark.parametrize(
    ("case", "bound", "holds"), [(one, *told) for one, told in zip(CASES, IN_THE_MANUAL, strict=True)]
)
def test_a_million_and_ten_million_an_hour_take_pollers_concurrency_partitions_and_events(
    case: Case, bound: str, holds: bool
) -> None:
    found = case.outcome()
    assert (binding(case, found), not lags(found, case.load)) == (bound, holds)
    assert row_of(case, found) in (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_a_million_an_hour_hold_on_a_new_bucket_and_not_in_an_account_of_ten() -> None:
    """By three minutes of an hour."""
    load = Load("1,000,000 an hour", rate=1_000_000 / 3_600, seconds=180)
    new, small = Case(load, standard(400)), Case(load, standard(10), account=10)
    found = new.outcome()
    assert not lags(found, load)
    assert found.wait(0.99) < 60
    found = small.outcome()
    assert binding(small, found) == "concurrency of the account"
    assert len(found.waits) / found.finished == pytest.approx(10 / 0.54, rel=0.05)


def test_the_table_has_a_row_for_each_case() -> None:
    small = Load("ten", burst=10)
    rows = limits([replace(case, load=small) for case in CASES]).splitlines()
    assert len(rows) == 2 + len(CASES)
    assert "| provisioned, 20 to 400 | 5,000 | eu-central-1 | 8 | 9 |" in rows[-1]
