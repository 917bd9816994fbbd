"""The model of S3's partitions, against arithmetic, and what backing off as a fleet is worth."""

from __future__ import annotations

import pytest

from tools.benchmarks.partitions import PARTITION, POLICIES, Bucket, Policy, Work, simulate

SCALE = 0.04
BUCKET = Bucket(PARTITION * SCALE)
MOST = BUCKET.rate / Work().puts


@pytest.mark.parametrize("policy", POLICIES)
def test_where_s3_takes_everything_the_rate_is_that_of_the_workers_and_nothing_is_billed_but_work(
    policy: Policy,
) -> None:
    each = Work().cpu + Work().puts * Work().put_seconds
    found = simulate(20, policy, Bucket(1e9), seconds=300)
    assert found.rate == pytest.approx(20 / each, rel=0.03)
    assert found.billed_each == pytest.approx(each, rel=0.01)
    assert (found.refused, found.failed) == (0, 0)


@pytest.mark.nightly
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("workers", [12, 40])
def test_no_policy_publishes_more_than_a_partition_takes(workers: int, policy: Policy) -> None:
    found = simulate(workers, policy, BUCKET, seconds=600)
    assert 0.75 * MOST < found.rate < 1.01 * MOST
    assert found.puts - found.refused <= BUCKET.rate * 600.2


@pytest.mark.nightly
def test_a_fleet_that_backs_off_publishes_as_much_and_is_billed_half_of_what_retries_are() -> None:
    retries, fleet = (simulate(40, policy, BUCKET, seconds=1_800) for policy in ("retries", "fleet"))
    assert fleet.rate > 0.93 * retries.rate
    assert fleet.billed_each < 0.5 * retries.billed_each
    assert fleet.failing < 0.2 * retries.failing


def test_workers_that_are_just_enough_do_as_well_as_the_fleet_without_anybody_who_watches() -> None:
    fleet, fewer = simulate(40, "fleet", BUCKET, seconds=1_800), simulate(11, "retries", BUCKET, seconds=1_800)
    assert fewer.rate > fleet.rate
    assert fewer.billed_each < 1.02 * fleet.billed_each  # floats add up otherwise before Python 3.12


def test_once_s3_has_split_the_partition_all_workers_publish() -> None:
    split = simulate(40, "retries", Bucket(BUCKET.rate, split_after=300), seconds=600)
    assert split.rate > 2 * simulate(40, "retries", BUCKET, seconds=600).rate
