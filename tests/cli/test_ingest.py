"""`lightpress ingest`: every line is ordered or named, and nothing is forgotten whenever the command dies."""

from __future__ import annotations

import io
import os
import tracemalloc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from lightpress.cli.ingest import (
    BadPrefixError,
    Checkpoint,
    Ingest,
    NotSentError,
    OtherListError,
    Progress,
    count_lines,
)
from lightpress.cli.main import app
from lightpress.ingest.orders import Order, order_for, order_in
from lightpress.ingest.urls import parse_url
from tests.cli.deployed import REGION, deployed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass
class Queue:
    """Takes orders. busy: so many times it takes only half of them. dies_at: an order that ends the program.

    done: how many were fetched. deepest: the most that ever waited.
    """

    taken: list[Order] = field(default_factory=list)
    busy: int = 0
    dies_at: str = "-"
    done: int = 0
    asked: int = 0
    deepest: int = 0

    def waiting(self) -> int:
        self.asked += 1
        return len(self.taken) - self.done

    def fetch(self, count: int) -> None:
        self.done = min(len(self.taken), self.done + count)

    def send(self, orders: Sequence[Order]) -> list[int]:
        assert len(orders) <= 10
        if any(self.dies_at in order.url for order in orders):
            raise KeyboardInterrupt
        refused = range(0, len(orders), 2) if self.busy > 0 else range(0)
        self.busy -= 1
        self.taken += [order for place, order in enumerate(orders) if place not in refused]
        self.deepest = max(self.deepest, len(self.taken) - self.done)
        return list(refused)


def url(number: int) -> str:
    return f"https://example.com/{number}.jpg"


def listing(path: Path, count: int) -> Path:
    path.write_text("".join(f"{url(number)}\n" for number in range(count)), encoding="utf-8")
    return path


def ingest(queue: Queue, file: Path, prefix: str = "") -> Progress:
    run = Ingest(queue, prefix, Checkpoint.of(file, prefix, file.parent / "kept"), pause=lambda _: None)
    with file.open("rb") as lines:
        return run(lines)


def test_a_list_longer_than_the_queue_is_to_be_is_sent_as_it_drains(tmp_path: Path) -> None:
    file, queue, paused = listing(tmp_path / "urls.txt", 5_003), Queue(), list[float]()

    def pause(seconds: float) -> None:
        paused.append(seconds)
        queue.fetch(150)

    run = Ingest(queue, "", Checkpoint(None), pause=pause, most_waiting=400)
    with file.open("rb") as lines:
        done = run(lines)
    assert done.sent == len({order.url for order in queue.taken}) == 5_003
    assert 390 < queue.deepest <= 400
    assert sum(paused) >= (5_003 - 400) / 150
    assert queue.asked < 5_003 / 10, "it is not asked for each batch"


def test_who_dies_while_the_queue_is_full_goes_on_behind_what_is_in_it(tmp_path: Path) -> None:
    file, queue = listing(tmp_path / "urls.txt", 1_000), Queue()

    def ingest_until_full() -> None:
        def pause(_: float) -> None:
            raise KeyboardInterrupt

        run = Ingest(queue, "", Checkpoint.of(file, "", tmp_path / "kept"), pause=pause, most_waiting=300)
        with file.open("rb") as lines:
            run(lines)

    with pytest.raises(KeyboardInterrupt):
        ingest_until_full()
    assert len(queue.taken) == 300
    queue.done = 300
    assert ingest(queue, file).sent == 1_000
    assert len(queue.taken) == 1_000, "none twice"


def test_a_queue_that_may_hold_less_than_a_request_brings_still_comes_to_the_end(tmp_path: Path) -> None:
    file, queue = listing(tmp_path / "urls.txt", 35), Queue()
    run = Ingest(queue, "", Checkpoint(None), pause=lambda _: queue.fetch(10), most_waiting=1)
    with file.open("rb") as lines:
        assert run(lines).sent == 35
    assert queue.deepest == 10


def test_every_url_is_ordered_once_and_bad_lines_are_named_by_number(tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_bytes(
        b"\xef\xbb\xbfhttps://example.com/a.jpg\r\n# a comment\n\n  https://example.com/b.jpg  \nftp://example.com/c\n"
        b"\xff\xfe\nhttps://user:secret@example.com/\nhttps://example.com/d.jpg"
    )
    queue = Queue()
    named: dict[int, str] = {}
    run = Ingest(queue, "trips/", Checkpoint(None), refused=lambda line, why: named.update({line: why}))
    with file.open("rb") as lines:
        done = run(lines)
    assert {order.url for order in queue.taken} == {f"https://example.com/{name}.jpg" for name in "abd"}
    assert all(order == order_for(parse_url(order.url), "trips/") for order in queue.taken)
    assert (done.sent, done.refused) == (3, 3)
    assert set(named) == {5, 6, 7}
    assert "ftp" in named[5]
    assert "secret" not in named[7]


def test_what_the_queue_does_not_take_is_sent_again(tmp_path: Path) -> None:
    queue = Queue(busy=3)
    assert ingest(queue, listing(tmp_path / "urls.txt", 95)).sent == 95
    assert sorted(order.url for order in queue.taken) == sorted(url(number) for number in range(95))


def test_a_queue_that_accepts_nothing_is_reported_and_the_rest_can_follow(tmp_path: Path) -> None:
    file = listing(tmp_path / "urls.txt", 40)
    with pytest.raises(
        NotSentError, match=r"SQS did not accept \d+ URLs in 6 attempts\. Run the command again to continue"
    ):
        ingest(Queue(busy=10_000), file)
    queue = Queue()
    ingest(queue, file)
    assert {order.url for order in queue.taken} == {url(number) for number in range(40)}


@pytest.mark.parametrize("dies_at", [0, 7, 555, 999])
def test_whenever_the_command_dies_the_next_one_goes_on_and_nothing_is_forgotten(tmp_path: Path, dies_at: int) -> None:
    file = listing(tmp_path / "urls.txt", 1000)
    first, second = Queue(dies_at=f"/{dies_at}.jpg"), Queue()
    with pytest.raises(KeyboardInterrupt):
        ingest(first, file)
    done = ingest(second, file)
    assert {order.url for order in first.taken + second.taken} == {url(number) for number in range(1000)}
    assert len(first.taken) + len(second.taken) <= 1000 + 320, "some are sent twice, and no more than were under way"
    assert (done.sent, done.line) == (1000, 1000)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_list_that_has_changed_since_is_not_gone_on_with(tmp_path: Path) -> None:
    file = listing(tmp_path / "urls.txt", 1000)
    with pytest.raises(KeyboardInterrupt):
        ingest(Queue(dies_at="/900.jpg"), file)
    file.write_text("https://example.com/new.jpg\n", encoding="utf-8")
    os.utime(file, (1, 1))
    with pytest.raises(OtherListError, match="start over"):
        ingest(Queue(), file)
    other = Queue()
    assert ingest(other, file, "elsewhere/").sent == 1, "another prefix is another run"


@pytest.mark.parametrize("prefix", ["/a", "a\n", "a" * 513])
def test_what_no_key_can_begin_with_is_refused_before_anything_is_sent(tmp_path: Path, prefix: str) -> None:
    queue = Queue()
    with pytest.raises(BadPrefixError):
        ingest(queue, listing(tmp_path / "urls.txt", 20), prefix)
    assert queue.taken == []


class Endless(io.RawIOBase):
    """A list of so many lines that is nowhere: it comes as it is read."""

    def __init__(self, count: int) -> None:
        self.left, self.rest = count, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001  a buffer has no name before 3.12
        while len(self.rest) < len(buffer) and self.left:
            self.left -= 1
            self.rest += f"{url(self.left)}\n".encode()
        data, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


@dataclass
class Counter:
    """A queue that keeps nothing."""

    count: int = 0

    def send(self, orders: Sequence[Order]) -> list[int]:
        self.count += len(orders)
        return []

    def waiting(self) -> int:
        return 0


@pytest.mark.nightly
def test_a_long_list_takes_no_more_memory_than_a_short_one() -> None:
    def peak(lines: int) -> int:
        tracemalloc.start()
        counter = Counter()
        Ingest(counter, "", Checkpoint(None))(io.BufferedReader(Endless(lines)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    short = peak(2_000)
    assert peak(10_000) < 1.5 * short
    assert short < 2 << 20


def test_a_line_that_is_longer_than_any_url_is_refused_once_and_never_held_as_a_whole() -> None:
    named: list[int] = []
    done = Ingest(Queue(), "", Checkpoint(None), refused=lambda line, _: named.append(line))(
        io.BytesIO(b"x" * 40_000 + b"\nhttps://example.com/a.jpg\n")
    )
    assert (done.sent, done.refused, done.line, named) == (1, 1, 2, [1])


def test_lines_are_counted(tmp_path: Path) -> None:
    assert count_lines(listing(tmp_path / "urls.txt", 7)) == 7


def test_the_command_orders_and_says_what_it_could_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    file = tmp_path / "urls.txt"
    file.write_text(f"{url(1)}\nnonsense\n{url(2)}\n", encoding="utf-8")
    with deployed() as rig:
        result = CliRunner().invoke(app, ["ingest", str(file), "--prefix", "a/", "--env", "dev"])
        assert (result.exit_code, result.stdout) == (1, "2 URLs queued, 1 lines refused\n")
        assert "line 2: 'nonsense' is no URL" in result.stderr
        assert {order.url for body in rig.ordered() if (order := order_in(body))} == {url(1), url(2)}
        piped = CliRunner().invoke(app, ["ingest", "-", "--env", "dev"], input=f"{url(3)}\n")
        assert (piped.exit_code, piped.stdout) == (0, "1 URLs queued, 0 lines refused\n")
