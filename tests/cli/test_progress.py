"""How fast something goes is told by what was done within the last minute, and when it will be finished by that."""

from __future__ import annotations

import pytest

from lightpress.cli.progress import Pace


def told(*done_at: tuple[float, int], total: int | None = None) -> str:
    """What is told last, of so many done at so many seconds."""
    times = iter([at for at, _ in done_at])
    pace = Pace(lambda: next(times))
    return [pace.told(done, total) for _, done in done_at][-1]


def steadily(per_second: int, begin: int, end: int, before: int = 0) -> list[tuple[float, int]]:
    return [(float(at), before + per_second * (at - begin)) for at in range(begin, end + 1)]


def test_in_the_first_five_seconds_nothing_is_told() -> None:
    assert told((100, 0), (104.9, 50), total=1_000) == ""
    assert told((100, 0), (105, 50), total=500) == "10 a second; 45 s left at the pace of the last minute"


def test_what_is_done_already_when_it_begins_is_no_pace() -> None:
    assert told((0, 5_000), (10, 5_100), total=5_900) == "10 a second; 80 s left at the pace of the last minute"


def test_only_the_last_minute_counts() -> None:
    quick_then_slow = steadily(100, 0, 300) + steadily(2, 300, 360, before=30_000)[1:]
    assert told(*quick_then_slow, total=30_240) == "2 a second; 60 s left at the pace of the last minute"


def test_calls_at_any_moment_tell_the_same_pace() -> None:
    often = [(number / 50, number) for number in range(50 * 200)]
    assert told(*often, total=20_000).startswith("50 a second; 4 min left")


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (89, "89 s left"),
        (91, "2 min left"),
        (89 * 60, "89 min left"),
        (91 * 60, "2 h left"),
        (47 * 3_600, "47 h left"),
        (49 * 3_600, "3 days left"),
        (10 * 86_400, "10 days left"),
    ],
)
def test_what_is_left_is_told_in_the_unit_that_suits_it(left: int, text: str) -> None:
    assert told((0, 0), (10, 100), total=100 + 10 * left) == f"10 a second; {text} at the pace of the last minute"


def test_where_nothing_was_done_there_is_no_end_to_tell() -> None:
    assert told((0, 7), (30, 7), total=100) == "0 a second; no end at the pace of the last minute"


def test_where_the_end_is_not_known_or_reached_only_the_pace_is_told() -> None:
    assert told((0, 0), (10, 55)) == "6 a second in the last minute"
    assert told((0, 0), (10, 55), total=55) == "6 a second in the last minute"
