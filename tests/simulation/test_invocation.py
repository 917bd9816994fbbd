"""Functions run in the simulation as in Lambda, and leave nothing behind that only a collection of garbage frees."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation import randomly
from tests.simulation.invocation import Containers
from tools.fakes.sqs import Message, Queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.fakes.wire import Wire

QUEUE = Queue("process")
BATCH = (Message(1, "a"),)


class Built:
    """Counts how often a function was built that asks for one thing and then does something."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.times, self.then = 0, then

    def __call__(self, wire: Wire) -> Callable[[Message], None]:
        self.times += 1

        def work(message: Message) -> None:
            wire("Get", message.body, lambda: None)
            self.then()

        return work


@pytest.fixture
def begin() -> Callable[[Built], Any]:
    containers = Containers()
    return lambda built: containers.begin(built, "a release", QUEUE, BATCH)


def worked_off(invocation: Any) -> None:  # noqa: ANN401  by whatever function
    while invocation.waits_for is not None:
        invocation.hear(None)


def test_a_function_is_built_once_for_three_invocations_of_which_each_begins_after_the_last(
    begin: Callable[[Built], Any],
) -> None:
    built = Built()
    for _ in range(3):
        worked_off(begin(built))
    assert built.times == 1


def test_two_invocations_at_once_are_of_two_functions(begin: Callable[[Built], Any]) -> None:
    built = Built()
    for invocation in [begin(built), begin(built)]:
        worked_off(invocation)
    assert built.times == 2


def test_a_function_that_failed_goes_on_and_one_that_died_does_not(begin: Callable[[Built], Any]) -> None:
    built = Built(then=lambda: int("no number"))
    worked_off(begin(built))
    begin(built).abandon()
    assert built.times == 1
    worked_off(begin(built))
    assert built.times == 2


def test_a_schedule_leaves_1000_objects_at_most_to_the_collection_of_garbage() -> None:
    """What knows each other, such as an error and the frames of its traceback, is let go of by hand."""
    numbers = range(20)
    randomly.run(0)
    gc.collect()
    gc.disable()
    try:
        for number in numbers:
            randomly.run(number)
        assert gc.collect() <= 1_000 * len(numbers)
    finally:
        gc.enable()
