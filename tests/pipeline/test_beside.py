"""Work beside the workflow: some of it at once, all of it waited for, and no failure unheard."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lightpress.pipeline.beside import ABREAST, AtOnce, Begun


class Slow:
    """Ends only when it is told to; counts how many are at it."""

    def __init__(self) -> None:
        self.begun, self.may_end, self.done = threading.Semaphore(0), threading.Event(), list[int]()

    def __call__(self, number: int) -> None:
        self.begun.release()
        assert self.may_end.wait(10)
        self.done.append(number)


def test_several_are_done_at_once_and_finishing_waits_for_all() -> None:
    slow = Slow()
    with ThreadPoolExecutor(ABREAST) as threads:
        begun = Begun(threads)
        for number in range(ABREAST):
            begun.begin(slow, number)
        assert all(slow.begun.acquire(timeout=10) for _ in range(ABREAST))
        assert slow.done == []
        slow.may_end.set()
        begun.finish()
        assert sorted(slow.done) == list(range(ABREAST))


def test_no_more_than_those_are_held_in_memory() -> None:
    slow = Slow()
    with ThreadPoolExecutor(ABREAST) as threads:
        begun = Begun(threads)
        for number in range(ABREAST):
            begun.begin(slow, number)
        waits = threading.Thread(target=begun.begin, args=(slow, ABREAST))
        waits.start()
        waits.join(0.2)
        assert waits.is_alive()
        slow.may_end.set()
        waits.join(10)
        begun.finish()
    assert sorted(slow.done) == list(range(ABREAST + 1))


def test_what_fails_beside_is_heard_by_whoever_waits() -> None:
    def fail() -> None:
        raise ValueError("no")

    with ThreadPoolExecutor(ABREAST) as threads:
        begun = Begun(threads)
        begun.begin(fail)
        with pytest.raises(ValueError, match="no"):
            begun.finish()


def test_without_helpers_it_is_done_by_the_time_it_is_begun() -> None:
    done: list[int] = []
    with AtOnce() as helper:
        begun = Begun(helper)
        for number in range(2 * ABREAST):
            begun.begin(done.append, number)
            assert done[-1] == number
        begun.finish()
