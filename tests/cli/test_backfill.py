"""A backfill: everything is finished whatever process dies, and nothing costs more than was allowed."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from lightpress.cli.backfill import AT_ONCE, LATE, Backfill, Checkpoint, Item, Limits, OtherRunError, checkpoint_at
from lightpress.cli.backfilling import dollars_of
from lightpress.cli.commands.costs import assumptions_again
from lightpress.costs.prices import prices_of
from lightpress.image.spec import Effort, Size, Spec
from lightpress.pipeline.recipe import Recipe, RecipeBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

OPTIONS = {"bucket": "pictures"}


class Killed(BaseException):
    """The program is gone, without a word."""


@dataclass
class Queue:
    """Workers settle what is sent, some seconds later. stuck: what never is. effects: how often each was made.

    looked: what was checked. asked: how many at a time. fails_after: so many reads nothing can be looked at any more.
    """

    now: float = 0.0
    takes: float = 3.0
    current: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    due: dict[str, float] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[float, str]] = field(default_factory=list)
    refuses: Callable[[str], bool] = lambda _: False
    reads: int = 0
    looked: set[str] = field(default_factory=set)
    asked: list[int] = field(default_factory=list)
    most_waiting: int = 0
    fails_after: int | None = None

    def endings(self, items: Sequence[Item]) -> Iterator[str | None]:
        self.asked.append(len(items))
        for item in items:
            if self.fails_after is not None and self.reads + 2 > self.fails_after:
                raise ConnectionError
            self.reads += 2
            self.looked.add(item.key)
            yield "ready" if item.key in self.current else None

    def send(self, items: Sequence[Item]) -> list[Item]:
        refused = [item for item in items if self.refuses(item.key)]
        for item in items:
            if item not in refused:
                self.sent.append((self.now, item.key))
                self.due.setdefault(item.key, self.now + self.takes)
        self.most_waiting = max(self.most_waiting, len(self.due))
        return refused

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for key in [key for key, due in self.due.items() if due <= self.now and key not in self.stuck]:
            del self.due[key]
            self.effects[key] += key not in self.current
            self.current.add(key)


def items(count: int, after: str = "") -> Iterator[Item]:
    for number in range(count):
        if f"{number:05}" > after:
            yield Item(f"{number:05}", 100, f"{number:05}")


def never() -> bool:
    return False


def backfill(queue: Queue, path: Path, limits: Limits | None = None, stop: Callable[[], bool] = never) -> Backfill:
    checkpoint = checkpoint_at(path, OPTIONS)
    queue.reads = 0
    return Backfill(queue, limits or Limits(rate=1e6), checkpoint, path, lambda: queue.now, queue.pass_time, stop)


def run(queue: Queue, path: Path, count: int, limits: Limits | None = None, stop: Callable[[], bool] = never) -> str:
    one = backfill(queue, path, limits, stop)
    return one.run(items(count, one.checkpoint.place))


def saved(path: Path) -> Checkpoint:
    return Checkpoint(**json.loads(path.read_text()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "checkpoint.json"


def test_everything_is_sent_once_and_seen_done(path: Path) -> None:
    queue = Queue()
    assert run(queue, path, 1234) == "finished"
    assert queue.effects == dict.fromkeys((f"{number:05}" for number in range(1234)), 1)
    assert len(queue.sent) == 1234
    assert saved(path).endings == {"ready": 1234}
    assert (saved(path).bytes, saved(path).sent) == (123_400, 1234)


def test_one_original_that_is_never_finished_holds_up_none_of_a_thousand_others(path: Path) -> None:
    queue = Queue(stuck={"00005"})
    assert run(queue, path, 1_000, Limits(rate=1e6, max_in_flight=20, timeout=900)) == "finished"
    last = max(at for at, _ in queue.sent)
    assert last < 900, "the others are sent before the one is given up, and not after"
    assert queue.most_waiting <= 20
    assert saved(path).endings == {"ready": 999, LATE: 1}


def test_what_is_as_it_should_be_costs_two_reads_and_no_message(path: Path) -> None:
    queue = Queue(current={item.key for item in items(500)})
    assert run(queue, path, 500) == "finished"
    assert not queue.sent
    assert saved(path).reads == 1000


def test_what_comes_next_is_checked_64_at_a_time_and_at_a_low_rate_no_more_than_half_a_second_sends(path: Path) -> None:
    def groups(rate: float) -> set[int]:
        queue = Queue(current={item.key for item in items(640)})
        assert run(queue, path, 640, Limits(rate=rate)) == "finished"
        return {*queue.asked} - {0}

    assert groups(1e6) == groups(128) == {64}
    assert groups(50) == {25, 640 % 25}
    assert groups(0.1) == {10}


def test_progress_counts_what_is_done_behind_one_that_is_not(path: Path) -> None:
    queue, told = Queue(stuck={"00005"}), list[tuple[int, int, int]]()
    one = backfill(queue, path, Limits(rate=1e6, timeout=900))
    one.progress = lambda checkpoint, done, in_queue: told.append((checkpoint.settled, done, in_queue))
    assert one.run(items(1_000)) == "finished"
    assert (5, 999, 1) in told
    assert told[-1] == (1_000, 1_000, 0)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_what_reading_costs_because_of_the_storage_class_counts_and_is_kept_with_the_checkpoint(path: Path) -> None:
    queue = Queue()
    limits = Limits(rate=1e6, max_dollars=2.5, retrieval=lambda item: 1.0 if item.storage == "GLACIER_IR" else 0.0)
    archived = {"00002", "00005", "00009"}
    for _ in range(2):
        one = backfill(queue, path, limits)
        rest = items(20, one.checkpoint.place)
        assert one.run(replace(item, storage="GLACIER_IR") if item.key in archived else item for item in rest) == (
            "max_dollars"
        )
    assert saved(path).retrieval == 2
    assert saved(path).sent == 9


@pytest.mark.parametrize("seed", range(8))
def test_killed_five_times_at_any_moment_it_still_ends_with_everything_made_once(path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  it decides moments
    queue = Queue()

    def die(_checkpoint: Checkpoint, _done: int, _under_way: int) -> None:
        if chance.random() < 0.02:
            raise Killed

    for _ in range(5):
        one = backfill(queue, path)
        one.progress = die
        try:
            one.run(items(3000, one.checkpoint.place))
        except Killed:
            queue.pass_time(chance.random() * 5)
    if not saved(path).finished:
        assert run(queue, path, 3000) == "finished"
    assert queue.effects == dict.fromkeys((f"{number:05}" for number in range(3000)), 1)
    assert saved(path).settled == 3000
    assert len(queue.sent) <= 3000 + 5 * 1000, "only what was under way is sent again"


@pytest.mark.parametrize("reads", [0, 1, 15, 40, 201])
def test_when_nothing_can_be_checked_any_more_the_checkpoint_stays_behind_what_is_settled(
    path: Path, reads: int
) -> None:
    current = {item.key for item in items(100)}
    queue = Queue(current=current - {"00030"}, fails_after=2 * reads)
    one = backfill(queue, path)
    with pytest.raises(ConnectionError):
        one.run(items(300))
    # It is written as it is, and not as it was a second ago.
    assert saved(path) == one.checkpoint
    settled = saved(path).settled
    assert (settled, saved(path).place) == ((0, "") if not settled else (settled, f"{settled - 1:05}"))
    assert settled == min(reads, 30)
    queue.fails_after = None
    assert run(queue, path, 300) == "finished"
    assert queue.effects == dict.fromkeys((f"{number:05}" for number in [30, *range(100, 300)]), 1)
    assert saved(path).endings == {"ready": 300}


def test_a_lost_queue_is_made_good_by_the_next_run(path: Path) -> None:
    queue = Queue(stuck={"00005"})
    stops = iter([False] * 3 + [True] * 100_000)
    one = backfill(queue, path, Limits(rate=1e6, timeout=1e9), stop=lambda: next(stops))
    one.progress = lambda checkpoint, *_: (_ for _ in ()).throw(Killed) if checkpoint.settled == 5 else None
    with pytest.raises(Killed):
        one.run(items(30, one.checkpoint.place))
    queue.due.clear()  # somebody purged it
    queue.stuck.clear()
    assert run(queue, path, 30) == "finished"
    assert len(queue.current) == 30


def test_never_more_are_under_way_than_allowed(path: Path) -> None:
    queue = Queue(takes=60)
    run(queue, path, 300, Limits(rate=1e6, max_in_flight=50))
    assert queue.most_waiting <= 50


def test_no_more_are_sent_in_a_second_than_allowed(path: Path) -> None:
    queue = Queue(takes=0.5)
    run(queue, path, 400, Limits(rate=20))
    for second in range(int(queue.now)):
        assert sum(1 for when, _ in queue.sent if second <= when < second + 1) <= 30
    assert queue.now == pytest.approx(400 / 20, abs=1)


def test_it_stops_at_the_number_of_objects_and_goes_on_from_there(path: Path) -> None:
    queue = Queue()
    assert run(queue, path, 100, Limits(rate=1e6, max_objects=37)) == "max_objects"
    assert len(queue.sent) == len(queue.current) == 37
    assert run(queue, path, 100, Limits(rate=1e6, max_objects=40)) == "max_objects"
    assert len(queue.sent) == 40, "the limit is of the whole, not of each run"
    assert run(queue, path, 100) == "finished"
    assert set(queue.effects.values()) == {1}


@pytest.mark.parametrize("allowed", [0, 1, 63, 64, 65, 200])
def test_fewer_than_64_are_checked_in_vain_where_a_limit_ends_it(path: Path, allowed: int) -> None:
    queue = Queue()
    assert run(queue, path, 1_000, Limits(rate=1e6, max_objects=allowed)) == "max_objects"
    assert len(queue.sent) == allowed
    assert allowed < len(queue.looked) < allowed + 1 + AT_ONCE == allowed + 65
    assert (saved(path).settled, saved(path).place) == (allowed, f"{allowed - 1:05}" if allowed else "")


def test_what_was_checked_beyond_a_limit_is_neither_done_nor_left_out(path: Path) -> None:
    queue = Queue(current={f"{number:05}" for number in range(20, 40)})
    assert run(queue, path, 100, Limits(rate=1e6, max_objects=15)) == "max_objects"
    assert saved(path).endings == {"ready": 15}
    assert run(queue, path, 100) == "finished"
    assert saved(path).endings == {"ready": 100}
    assert len(queue.sent) == 80


@pytest.mark.parametrize("dollars", [0.0, 0.005, 0.25, 0.99])
def test_it_never_spends_more_than_allowed(path: Path, dollars: float) -> None:
    queue = Queue(takes=20)

    def bill(sent: int, reads: int) -> float:
        return sent * 0.001 + reads * 0.000_005

    limits = Limits(rate=50, max_dollars=dollars, dollars=bill)
    assert run(queue, path, 5000, limits) == "max_dollars"
    spent = bill(len(queue.sent), saved(path).reads)
    assert spent <= dollars
    assert spent >= dollars * 0.8 or dollars < 0.01, "and what is allowed is used"


@pytest.mark.parametrize("timeout", [1.0, 1_200.0])
def test_what_waiting_for_those_that_are_never_finished_costs_is_reserved_before_they_are_sent(
    path: Path, timeout: float
) -> None:
    queue = Queue(stuck={item.key for item in items(400)})
    limits = Limits(rate=1e6, max_dollars=1.0, timeout=timeout, dollars=lambda _, reads: reads * 0.000_5)
    assert run(queue, path, 400, limits) == "max_dollars"
    assert 0.5 < saved(path).reads * 0.000_5 <= 1.0


def test_what_a_backfill_may_cost_counts_the_list_of_what_was_published_and_in_place_there_is_none() -> None:
    def million(*, in_place: bool, assume: list[str], effort: Effort = "normal") -> float:
        spec = Spec((Size("w", 640),), ("avif",), effort=effort)
        book = RecipeBook((), {"usual": Recipe("usual", replace(spec, effort="normal")), "web": Recipe("web", spec)})
        of = dollars_of(prices_of("us-east-1"), assumptions_again(assume, book, in_place=in_place), "arm64")
        return of(1_000_000, 0)

    # $0.005 for 1,000 LIST: https://aws.amazon.com/s3/pricing/
    published = million(in_place=False, assume=[])
    assert million(in_place=False, assume=["lists=3"]) == pytest.approx(published + 2 * 5)
    assert million(in_place=True, assume=["lists=3"]) == pytest.approx(million(in_place=True, assume=[]) + 3 * 5)
    assert million(in_place=False, assume=[], effort="high") > 1.2 * published
    assert million(in_place=True, assume=[], effort="high") == million(in_place=True, assume=[])


@pytest.mark.parametrize("seed", range(4))
def test_not_even_a_program_that_dies_again_and_again_sends_more_than_allowed(path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  it decides moments
    queue = Queue(takes=5)

    def die(_key: str) -> bool:
        if chance.random() < 0.05:
            raise Killed
        return False

    queue.refuses = die
    for _ in range(200):
        try:
            run(queue, path, 5000, Limits(rate=1e6, max_objects=100))
        except Killed:
            continue
        break
    assert saved(path).sent == 100
    assert len(queue.sent) <= 100


def test_stopping_settles_what_is_under_way_and_the_next_run_goes_on(path: Path) -> None:
    queue = Queue(takes=30)
    assert run(queue, path, 500, Limits(rate=20), stop=lambda: queue.now > 5) == "stopped"
    assert not queue.due
    assert 80 <= len(queue.sent) <= 140
    assert saved(path).settled == len(queue.sent)
    assert run(queue, path, 500) == "finished"
    assert len(queue.sent) == 500


def test_what_is_never_settled_is_named_and_holds_nobody_up(path: Path) -> None:
    queue = Queue(stuck={"00003", "00150"})
    assert run(queue, path, 200, Limits(rate=1e6, timeout=60)) == "finished"
    assert saved(path).late == ["00003", "00150"]
    assert saved(path).endings == {"ready": 198, LATE: 2}


def test_what_the_queue_refuses_is_sent_again(path: Path) -> None:
    refused: Counter[str] = Counter()

    def once(key: str) -> bool:
        refused[key] += 1
        return key.endswith("7") and refused[key] == 1

    queue = Queue(refuses=once)
    assert run(queue, path, 100) == "finished"
    assert len(queue.sent) == 100


@pytest.mark.parametrize("times", [1, 2, 5])
def test_what_the_queue_refuses_again_and_again_leaves_no_room_below_a_limit_for_others(path: Path, times: int) -> None:
    refused: Counter[str] = Counter()

    def refuses(key: str) -> bool:
        refused[key] += 1
        return key.endswith("7") and refused[key] <= times

    queue = Queue(refuses=refuses)
    assert run(queue, path, 500, Limits(rate=1e6, max_objects=64)) == "max_objects"
    assert len(queue.sent) == saved(path).sent == 64


def test_a_run_with_other_options_does_not_take_over_the_checkpoint(path: Path) -> None:
    Checkpoint(OPTIONS, place="x").write(path)
    assert checkpoint_at(path, OPTIONS).place == "x"
    with pytest.raises(OtherRunError, match="with other options"):
        checkpoint_at(path, {"bucket": "other"})
    path.write_text("{")
    with pytest.raises(OtherRunError, match="cannot be read"):
        checkpoint_at(path, OPTIONS)


def test_after_a_finished_run_a_new_one_begins(path: Path) -> None:
    Checkpoint(OPTIONS, place="x", finished=True).write(path)
    assert checkpoint_at(path, OPTIONS).place == ""
