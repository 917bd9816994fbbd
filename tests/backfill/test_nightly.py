"""The scheduled look: whenever a message is lost, a night that comes after looks at what it was about."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from lightpress.backfill.nightly import WITHIN_DAYS, nightly_run
from lightpress.backfill.ports import Listed
from lightpress.backfill.run import job_from_json
from lightpress.pipeline.buckets import Publishing

if TYPE_CHECKING:
    from lightpress.backfill.run import Job

HOUR, DAY = 3_600, 86_400


def job(night: float, retention_days: int) -> Job:
    return nightly_run("r", Publishing("uploads"), night, retention_days + WITHIN_DAYS).job


def looks(uploaded: float, nights: list[float], retention_days: int) -> list[float]:
    """The nights that look at what was uploaded at that time."""
    return [night for night in nights if job(night, retention_days).wants(Listed("a.jpg", uploaded))]


@pytest.mark.parametrize("retention_days", [1, 2, 3, 4, 10, 13])
def test_what_is_lost_at_once_or_when_the_queue_keeps_it_no_longer_is_looked_at_within_two_days(
    retention_days: int,
) -> None:
    """Each night begins up to an hour late (the window of the schedule), and leaves alone what is an hour old."""
    chance = random.Random(7)  # noqa: S311  it decides when nights begin
    nights = [day * DAY + chance.random() * HOUR for day in range(40)]
    for hours in range(24, 24 * 5, 5):
        uploaded, expired = hours * HOUR, hours * HOUR + retention_days * DAY
        found = looks(uploaded, nights, retention_days)
        assert any(uploaded < night <= uploaded + WITHIN_DAYS * DAY for night in found)
        assert any(expired < night <= expired + WITHIN_DAYS * DAY for night in found)


def test_an_upload_is_looked_at_four_times_and_not_every_night() -> None:
    nights = [float(day * DAY) for day in range(40)]
    assert {len(looks(20 * DAY + hour * HOUR, nights, retention_days=10)) for hour in range(1, 23)} == {4}
    assert {len(looks(20 * DAY + hour * HOUR, nights, retention_days=1)) for hour in range(1, 23)} == {3}


def test_a_look_is_the_same_job_once_its_row_was_written_and_read() -> None:
    made = job(20.0 * DAY, 10)
    assert made.skips == (10.0 * DAY, 18.0 * DAY)
    assert job_from_json(made.to_json()) == made
