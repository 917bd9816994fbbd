"""Batches are gathered as Lambda is documented to gather them."""

from __future__ import annotations

from lightpress.local.emulated.batching import Windows


class World:
    """A clock, and the windows."""

    def __init__(self) -> None:
        self.time = 100.0
        self.windows = Windows(now=lambda: self.time)

    def at(self, seconds: float, visible: int, *, most: int = 1_000, window: float = 20, queue: str = "purges") -> int:
        self.time = 100.0 + seconds
        return self.windows.batch(queue, visible, most, window)


def test_without_a_window_ten_messages_at_most_are_handed_over_at_once() -> None:
    world = World()
    assert [world.at(0, visible, window=0) for visible in (0, 3, 10, 500)] == [0, 3, 10, 10]
    assert world.at(0, 500, most=1, window=0) == 1


def test_a_batch_is_handed_over_20_seconds_after_its_first_message_and_no_sooner() -> None:
    world = World()
    assert [world.at(seconds, 1 + seconds) for seconds in (0, 10, 19)] == [0, 0, 0]
    assert world.at(20, 300) == 300
    assert world.at(21, 5) == 0, "the next window begins"
    assert world.at(41, 7) == 7


def test_a_full_batch_is_not_waited_for_and_what_is_more_begins_a_window_of_its_own() -> None:
    world = World()
    assert world.at(0, 5_000) == 1_000
    assert world.at(1, 999) == 0
    assert world.at(20, 999) == 0
    assert world.at(21, 999) == 999


def test_a_queue_that_was_empty_meanwhile_has_the_whole_window_again() -> None:
    world = World()
    assert [world.at(0, 1), world.at(15, 0), world.at(16, 1), world.at(30, 1)] == [0, 0, 0, 0]
    assert world.at(36, 1) == 1


def test_each_queue_has_a_window_of_its_own() -> None:
    world = World()
    assert world.at(0, 1, queue="one") == 0
    assert world.at(15, 1, queue="other") == 0
    assert world.at(20, 1, queue="one") == 1
    assert world.at(20, 1, queue="other") == 0
