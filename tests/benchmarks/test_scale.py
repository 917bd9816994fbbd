"""The simulation of queue, pollers and scaling rate, against queueing theory and arithmetic."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from lightpress.costs.prices import prices_of
from tools.benchmarks.scale import (
    Function,
    Load,
    Outcome,
    Pollers,
    bill,
    choice,
    lags,
    parameters,
    provisioned,
    simulate,
    standard,
)

SECOND = Function(batch=1, original_seconds=1.0, batch_seconds=0, spread=0, cold_seconds=0, account=10**9, ramp=10**9)
RANDOM = Function(batch=1, original_seconds=1.0, batch_seconds=0, spread=1, cold_seconds=0, account=10**9, ramp=10**9)


def servers(count: int) -> Pollers:
    """A constant concurrency."""
    return Pollers("fixed", count, start=count, per_minute=0, most=count)


def mean(outcome: Outcome) -> float:
    return sum(outcome.waits) / len(outcome.waits)


def steady(rate: float, originals: int = 80_000) -> Load:
    return Load("steady", rate=rate, seconds=originals / rate)


def erlang_c(count: int, load: float) -> float:
    """The probability of waiting in an M/M/c queue (Erlang, 1917)."""
    last = load**count / math.factorial(count) * count / (count - load)
    return last / (sum(load**n / math.factorial(n) for n in range(count)) + last)


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_one_server_with_constant_durations_waits_as_pollaczek_and_khinchine_say(load: float) -> None:
    assert mean(simulate(steady(load), servers(1), SECOND)) == pytest.approx(load / (2 * (1 - load)), rel=0.06)


@pytest.mark.nightly
@pytest.mark.parametrize("load", [0.5, 0.8])
def test_one_server_with_exponential_durations_waits_twice_as_long(load: float) -> None:
    assert mean(simulate(steady(load), servers(1), RANDOM)) == pytest.approx(load / (1 - load), rel=0.06)


@pytest.mark.nightly
@pytest.mark.parametrize(("count", "load"), [(5, 4.0), (20, 18.0)])
def test_many_servers_with_exponential_durations_wait_as_erlang_says(count: int, load: float) -> None:
    expected = erlang_c(count, load) / (count - load)
    assert mean(simulate(steady(load), servers(count), RANDOM)) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(("count", "load"), [(5, 4.0), (20, 18.0)])
def test_waits_of_many_servers_with_constant_durations_agree_with_cosmetatos_approximation(
    count: int, load: float
) -> None:
    """M/D/c, by the approximation of Cosmetatos (1975)."""
    use = load / count
    correction = 1 + (1 - use) * (count - 1) * (math.sqrt(4 + 5 * count) - 2) / (16 * use * count)
    expected = 0.5 * correction * erlang_c(count, load) / (count - load)
    assert mean(simulate(steady(load), servers(count), SECOND)) == pytest.approx(expected, rel=0.1)


def test_mean_concurrency_agrees_with_littles_law() -> None:
    assert simulate(steady(12.0), servers(20), RANDOM).busy == pytest.approx(12.0, rel=0.03)


def test_without_a_limit_no_original_waits() -> None:
    assert simulate(steady(12.0, 5_000), servers(1_000), SECOND).wait(1.0) == 0


def test_a_burst_at_constant_concurrency_is_processed_in_rounds() -> None:
    outcome = simulate(Load("burst", burst=1_000), servers(100), SECOND)
    assert (outcome.finished, outcome.wait(0.5), outcome.wait(1.0)) == (10.0, 5.0, 9.0)
    assert (outcome.most, outcome.environments, outcome.invocations, outcome.seconds) == (100, 100, 1_000, 1_000.0)


def test_originals_of_a_batch_are_processed_one_after_the_other() -> None:
    outcome = simulate(Load("burst", burst=8), servers(2), Function(**{**vars(SECOND), "batch": 4}))
    assert list(outcome.waits) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert outcome.invocations == 2


def test_standard_pollers_grow_by_300_a_minute_and_provisioned_ones_by_1000_up_to_their_limit() -> None:
    slow = Function(**{**vars(SECOND), "original_seconds": 10_000.0})

    def at_once_after(seconds: float, pollers: Pollers) -> int:
        outcome = simulate(Load("burst", burst=5_000), pollers, slow)
        return sum(wait <= seconds + 1e-6 for wait in outcome.waits)

    assert [at_once_after(seconds, standard(10_000)) for seconds in (0, 60, 120, 249, 600)] == [5, 305, 605, 1250, 1250]
    assert at_once_after(600, standard(400)) == 400
    assert [at_once_after(seconds, provisioned(20, 300)) for seconds in (0, 60, 168, 600)] == [200, 1200, 3000, 3000]


def test_execution_environments_start_by_1000_at_once_and_then_100_a_second() -> None:
    slow = Function(**{**vars(SECOND), "original_seconds": 10_000.0, "ramp": 1_000})
    outcome = simulate(Load("burst", burst=5_000), servers(4_000), slow)
    assert [sum(wait <= at + 1e-6 for wait in outcome.waits) for at in (0, 1, 10, 30, 60)] == [
        1000,
        1100,
        2000,
        4000,
        4000,
    ]


def test_the_account_limits_concurrency_and_each_environment_has_one_cold_start() -> None:
    small = Function(**{**vars(SECOND), "account": 30, "cold_seconds": 2.0})
    outcome = simulate(Load("burst", burst=90), servers(100), small)
    assert outcome.most == 30
    assert (outcome.wait(0), outcome.wait(0.5), outcome.wait(1.0), outcome.finished) == (2.0, 3.0, 4.0, 5.0)


def test_the_same_seed_gives_the_same_outcome() -> None:
    first, second, other = (simulate(steady(5.0, 2_000), standard(50), seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_a_load_beyond_the_capacity_falls_behind() -> None:
    load = Load("too much", rate=20.0, seconds=600)
    assert lags(simulate(load, servers(10), SECOND), load)
    assert not lags(simulate(load, servers(30), SECOND), load)


def test_the_first_choice_within_the_wait_limit_is_taken() -> None:
    load = Load("small", rate=20.0, seconds=900)
    found = choice(load, max_wait=10)
    assert found is not None
    assert found[0] == standard(50)
    assert choice(Load("burst", burst=20_000), max_wait=0.1) is None


def test_costs_are_seconds_and_requests_at_their_prices() -> None:
    outcome = simulate(Load("burst", burst=1_000), servers(100), SECOND)
    prices = prices_of("us-east-1")
    found = bill(outcome, provisioned(20, 100), prices, memory_mb=1_024)
    assert found.function == pytest.approx(1_000 * prices.lambda_arm64 + 1_000 / 1e6 * prices.lambda_request)
    assert found.pollers == pytest.approx(20 * 0.00925)
    assert found.rest == pytest.approx(1_000 / 1e6 * (9 * 5 + 4 * 0.4 + 3 * 0.4 + 1) + 1_000 * 2_700 / 2**30 * 0.5)


def test_provisioned_pollers_are_billed_as_they_grow_and_the_least_of_them_for_an_hour() -> None:
    slow = Function(**{**vars(SECOND), "original_seconds": 10_000.0})
    load, pollers = Load("burst", burst=5_000), provisioned(20, 300)
    outcome = simulate(load, pollers, slow)
    # 20 pollers at once, 100 more a minute, so 300 after 168 s. The 2,000th begins after 108 s; the last when it ends.
    assert outcome.finished == pytest.approx(20_108)
    seconds = 168 * (20 + 300) / 2 + (20_108 - 168) * 300
    assert bill(outcome, pollers).pollers == pytest.approx(seconds / 3_600 * 0.00925, rel=1e-3)
    quick = simulate(Load("burst", burst=1_200), pollers, replace(SECOND, original_seconds=36.0))
    # By 36 s, 800 have begun, and pollers are 80. Then 200 end and as many begin, and the last 200 within 6 s more,
    # half of them as others end: 90 pollers, for 36 s. All of it takes 78 s, and 20 pollers are billed for an hour.
    seconds = 42 * (20 + 90) / 2 + 36 * 90
    assert quick.finished == pytest.approx(78)
    assert bill(quick, pollers).pollers == pytest.approx((20 * (3_600 - 78) + seconds) / 3_600 * 0.00925, rel=1e-3)
    assert bill(simulate(load, standard(400), slow), standard(400)).pollers == 0


def test_every_parameter_has_its_source() -> None:
    text = parameters()
    for name in ("start = 5", "per_minute = 300", "most = 1250", "per_minute = 1000", "most = 20000", "ramp = 1000"):
        assert name in text
    assert all(": " in line for line in text.splitlines() if line.startswith("  "))
