"""The scheduled look: whenever a message is lost, a night that comes after looks at what it was about."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from lightpress.backfill.nightly import WITHIN_HOURS, nightly_run
from lightpress.backfill.ports import Listed
from lightpress.backfill.run import job_from_json
from lightpress.pipeline.buckets import Publishing

if TYPE_CHECKING:
    from lightpress.backfill.run import Job

HOUR, DAY = 3_600, 86_400


def job(night: float, retention_days: int, *, at_any_age: bool = False) -> Job:
    return nightly_run("r", Publishing("uploads"), night, retention_days, at_any_age=at_any_age).job


def looks(uploaded: float, nights: list[float], retention_days: int, *, at_any_age: bool = False) -> list[float]:
    """The nights that look at what was uploaded at that time."""
    listed = Listed("a.jpg", uploaded)
    return [night for night in nights if job(night, retention_days, at_any_age=at_any_age).wants(listed)]


@pytest.mark.parametrize("retention_days", [1, 2, 3, 4, 10, 13])
def test_what_is_lost_at_once_or_when_the_queue_keeps_it_no_longer_is_looked_at_in_the_next_two_nights(
    retention_days: int,
) -> None:
    """Each night begins up to an hour late (the window of the schedule), and leaves alone what is an hour old."""
    chance = random.Random(7)  # noqa: S311  it decides when nights begin
    nights = [day * DAY + chance.random() * HOUR for day in range(40)]
    for hours in range(24, 24 * 5):
        uploaded, expired = hours * HOUR, hours * HOUR + retention_days * DAY
        found = looks(uploaded, nights, retention_days)
        for lost in (uploaded, expired):
            assert sum(lost < night <= lost + WITHIN_HOURS * HOUR for night in found) >= 2


def test_an_upload_is_looked_at_four_times_and_not_every_night() -> None:
    nights = [float(day * DAY) for day in range(40)]
    for hour in range(2, 22):
        uploaded = 20 * DAY + hour * HOUR
        assert len(looks(uploaded, nights, retention_days=10)) == 4
        assert len(looks(uploaded, nights, retention_days=1)) == 3


def test_where_somebody_may_answer_late_every_night_looks_until_the_message_would_have_expired() -> None:
    nights = [float(day * DAY) for day in range(40)]
    for hour in range(2, 22):
        assert len(looks(20 * DAY + hour * HOUR, nights, retention_days=10, at_any_age=True)) == 12


def test_a_look_is_the_same_job_once_its_row_was_written_and_read() -> None:
    made = job(20.0 * DAY, 10)
    assert made.skips == (10.0 * DAY, 20.0 * DAY - 50 * HOUR)
    assert job_from_json(made.to_json()) == made
