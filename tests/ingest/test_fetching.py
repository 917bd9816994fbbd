"""Orders from beginning to end: each once or twice, alone or by two at once, with the same result."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from lightpress.ingest.batch import FetchBatch
from lightpress.ingest.connection import Deadline
from lightpress.ingest.download import NO_VALIDATORS, Downloaded, Validators
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.fetch import Fetcher, FetchOutcome, FetchResult
from lightpress.ingest.hosts import Hosts
from lightpress.ingest.orders import Order, body_of, order_for
from lightpress.ingest.ports import StoredUpload
from lightpress.ingest.urls import FetchReason, SourceUrl, parse_url
from lightpress.pipeline.events import Problem
from lightpress.pipeline.messages import Message
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from lightpress.pipeline.failures import DeadLetter

LINK = parse_url("https://example.com/cat.jpg")
ORDER = order_for(LINK, "")
AGAIN = Order(ORDER.url, ORDER.key, again=True)


@dataclass
class Web:
    """The other side: what is there, and how often it was asked for."""

    data: bytes = b"cat"
    etag: str | None = '"1"'
    asked: int = 0
    known: list[Validators] = field(default_factory=list)

    def __call__(self, _: SourceUrl, known: Validators) -> Downloaded | None:
        self.asked += 1
        self.known.append(known)
        if self.etag and known.etag == self.etag:
            return None
        return Downloaded(bytearray(self.data), "image/jpeg", Validators(self.etag))


@dataclass
class Bucket:
    """Where pictures land. writes: of all keys. meanwhile: done once, right before the next write."""

    held: dict[str, StoredUpload] = field(default_factory=dict)
    writes: int = 0
    meanwhile: bytes | None = None

    def head(self, key: str) -> StoredUpload | None:
        return self.held.get(key)

    def put(self, key: str, picture: Downloaded, sha256: str, _: SourceUrl, replacing: StoredUpload | None) -> None:
        if self.meanwhile is not None:
            self._write(key, hashlib.sha256(self.meanwhile).hexdigest(), NO_VALIDATORS)
            self.meanwhile = None
        if self.held.get(key) != replacing:
            raise PreconditionFailed
        self._write(key, sha256, picture.validators)

    def _write(self, key: str, sha256: str, validators: Validators) -> None:
        self.writes += 1
        self.held[key] = StoredUpload(f"etag-{self.writes}", sha256, validators)


def test_what_has_not_changed_costs_no_write() -> None:
    web, bucket = Web(), Bucket()
    fetch = Fetcher(web, bucket)
    told = [fetch(ORDER) for _ in range(3)]
    assert [one.result for one in told] == [FetchResult.FETCHED, FetchResult.UNCHANGED, FetchResult.UNCHANGED]
    assert [one.bytes for one in told] == [told[0].bytes, 0, 0]
    assert told[0].bytes > 0
    assert (bucket.writes, web.known[1]) == (1, Validators('"1"'))


def test_nor_where_the_server_cannot_tell() -> None:
    web, bucket = Web(etag=None), Bucket()
    fetch = Fetcher(web, bucket)
    assert [fetch(ORDER).result for _ in range(2)] == [FetchResult.FETCHED, FetchResult.UNCHANGED]
    assert (bucket.writes, web.known) == (1, [NO_VALIDATORS, NO_VALIDATORS])


def test_what_has_changed_replaces_what_was_there() -> None:
    web, bucket = Web(), Bucket()
    fetch = Fetcher(web, bucket)
    fetch(ORDER)
    web.data, web.etag = b"another cat", '"2"'
    assert fetch(ORDER).result is FetchResult.FETCHED
    assert bucket.held[ORDER.key].sha256 == hashlib.sha256(b"another cat").hexdigest()


def test_an_operator_who_tries_again_sees_it_written() -> None:
    web, bucket = Web(), Bucket()
    fetch = Fetcher(web, bucket)
    fetch(ORDER)
    assert fetch(AGAIN).result is FetchResult.FETCHED
    assert (bucket.writes, web.known[1]) == (2, NO_VALIDATORS)


def test_what_was_deleted_since_is_fetched_as_if_for_the_first_time_and_written() -> None:
    web, bucket = Web(), Bucket()
    fetch = Fetcher(web, bucket)
    fetch(ORDER)
    del bucket.held[ORDER.key]
    assert fetch(ORDER).result is FetchResult.FETCHED
    assert (bucket.writes, web.known[1]) == (2, NO_VALIDATORS)


def test_of_two_at_once_that_download_the_same_one_writes() -> None:
    web, bucket = Web(), Bucket(meanwhile=b"cat")
    assert Fetcher(web, bucket)(ORDER).result is FetchResult.UNCHANGED
    assert (bucket.writes, web.asked) == (1, 1)


def test_of_two_at_once_the_last_download_stays_however_late_the_other_one_comes_to_its_end() -> None:
    """It downloads, and before it writes, somebody else downloads and writes what is there by now."""
    web, bucket = Web(data=b"old cat"), Bucket(meanwhile=b"new cat")
    fetch = Fetcher(web, bucket)
    with pytest.raises(PreconditionFailed):  # so that its message comes back
        fetch(ORDER)
    assert bucket.held[ORDER.key].sha256 == hashlib.sha256(b"new cat").hexdigest()
    web.data = b"new cat"
    assert fetch(ORDER).result is FetchResult.UNCHANGED
    assert bucket.writes == 1


def test_an_order_to_write_in_any_case_whose_write_has_lost_its_answer_ends() -> None:
    """botocore asks again, and the condition fails: for what it has written itself."""
    web, bucket = Web(), Bucket()
    fetch = Fetcher(web, bucket)
    fetch(ORDER)
    bucket.meanwhile = b"cat"
    assert fetch(AGAIN).result is FetchResult.UNCHANGED
    assert bucket.writes == 2


def test_bytes_that_could_not_be_counted_are_counted_when_the_order_comes_back() -> None:
    """By then its server would say that nothing has changed, if the picture were stored already: nothing would come."""
    counted: list[int] = []
    outage = [True]

    def count(order: Order, size: int) -> None:
        assert order == ORDER
        if outage.pop() if outage else False:
            raise ConnectionError("the counters are away")
        counted.append(size)

    fetch = Fetcher(Web(), Bucket(), count)
    with pytest.raises(ConnectionError):
        fetch(ORDER)
    assert [fetch(ORDER).result for _ in range(2)] == [FetchResult.FETCHED, FetchResult.UNCHANGED]
    assert counted == [len(b"cat")]


def test_an_order_for_what_is_no_url_fails_without_a_request() -> None:
    web = Web()
    with pytest.raises(FetchFailed, match="invalid_url"):
        Fetcher(web, Bucket())(Order("https://user:secret@example.com/", "k"))
    assert web.asked == 0


@dataclass
class Diary:
    """Everything that a batch tells of itself, to whomever."""

    pauses: dict[str, int] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    entries: list[tuple[str, str]] = field(default_factory=list)
    deaf: bool = False

    def hold_back(self, receipt: str, seconds: int) -> None:
        self.pauses[receipt] = seconds

    def send(self, dead_letter: DeadLetter) -> None:
        if self.deaf:
            raise ConnectionError("the queue is away")
        self.letters.append(dead_letter)

    def on_fetched(self, order: Order, outcome: FetchOutcome) -> None:
        self.entries.append((outcome.result, order.key))

    def on_failed(self, order: Order, failure: FetchFailed, *, for_good: bool) -> None:
        self.entries.append((f"{failure.reason}{'' if for_good else '?'}", order.key))

    def on_error(self, message_id: str, error: Exception) -> None:
        self.entries.append((type(error).__name__, message_id))


@dataclass
class Script:
    """How each order ends, by its key; fetched unless said."""

    endings: dict[str, Exception] = field(default_factory=dict)

    def __call__(self, order: Order) -> FetchOutcome:
        if order.key in self.endings:
            raise self.endings[order.key]
        return FetchOutcome(FetchResult.FETCHED, 1)


def message(key: str, received: int = 1) -> Message:
    return Message(f"id-{key}", body_of(Order("https://example.com/", key)), f"receipt-{key}", received, 7, "request")


def work(diary: Diary, script: Script, **options: int) -> FetchBatch:
    settings = {"threads": 4, "tries": 5, "first_pause": 16, "seconds": 10} | options
    return FetchBatch(script, script, diary, diary, diary, **settings)


def always() -> float:
    return 300.0


def test_of_a_batch_only_transient_errors_are_retried() -> None:
    diary = Diary()
    script = Script(
        {
            "missing": FetchFailed(FetchReason.NOT_FOUND, "Gone."),
            "busy": FetchFailed(FetchReason.SERVER_ERROR, "TooManyRequests."),
            "ours": ConnectionError("S3 is away"),
        }
    )
    back = work(diary, script)([message(key) for key in ("good", "missing", "busy", "ours")], always)
    assert set(back) == {"id-busy", "id-ours"}
    assert set(diary.entries) == {
        ("fetched", "good"),
        ("not_found", "missing"),
        ("server_error?", "busy"),
        ("ConnectionError", "id-ours"),
    }
    (dead_letter,) = diary.letters
    assert (
        dead_letter.reason,
        dead_letter.detail,
        dead_letter.attempts,
        dead_letter.first_at,
        dead_letter.request_ids,
    ) == (
        "not_found",
        "Gone.",
        1,
        7,
        ("request",),
    )
    assert set(diary.pauses) == {"receipt-busy", "receipt-ours"}


def test_pauses_grow_and_the_last_try_is_the_last() -> None:
    diary = Diary()
    working = work(diary, Script({"busy": FetchFailed(FetchReason.UNREACHABLE, "TooManyRequests.")}))
    pauses = []
    for received in range(1, 5):
        assert working([message("busy", received)], always)
        pauses.append(diary.pauses["receipt-busy"])
    assert all(8 * 2**n <= pause <= 16 * 2**n for n, pause in enumerate(pauses))
    assert working([message("busy", 5)], always) == []
    assert [dead_letter.reason for dead_letter in diary.letters] == ["unreachable"]


def test_what_is_slow_is_not_tried_as_often() -> None:
    diary = Diary()
    working = work(diary, Script({"slow": FetchFailed(FetchReason.TIMEOUT, "Slow.")}))
    assert [bool(working([message("slow", received)], always)) for received in (1, 2, 3)] == [True, True, False]


def test_a_server_that_says_when_to_come_back_is_believed() -> None:
    diary = Diary()
    failure = FetchFailed(FetchReason.TOO_MANY_REQUESTS, "TooManyRequests.", retry_after=120)
    working = work(diary, Script({"busy": failure}))
    working([message("busy", 1)], always)
    assert diary.pauses["receipt-busy"] == 120
    working([message("busy", 2)], always)
    assert 120 < diary.pauses["receipt-busy"] <= 120 + 32


def test_what_a_server_wants_to_be_left_alone_for_longer_than_sqs_can_hide_it_pauses_for_12_hours() -> None:
    diary = Diary()
    failure = FetchFailed(FetchReason.TOO_MANY_REQUESTS, "TooManyRequests.", retry_after=100_000)
    work(diary, Script({"busy": failure}))([message("busy")], always)
    assert diary.pauses == {"receipt-busy": 12 * 3600}


def test_to_come_back_unasked_because_of_others_is_no_try_but_does_not_go_on_for_ever() -> None:
    diary = Diary()
    failure = FetchFailed(FetchReason.TOO_MANY_REQUESTS, "TooManyRequests.", retry_after=1, asked=False)
    working = work(diary, Script({"busy": failure}))
    backs = [bool(working([message("busy", received)], always)) for received in range(1, 14)]
    assert backs == [True] * 12 + [False]


@pytest.mark.parametrize(("received", "needed"), [(1, 2 * 10 + 15), (6, 10 + 15)], ids=["with a wait", "alone"])
def test_what_there_is_no_time_for_is_not_begun(received: int, needed: float) -> None:
    """Beside others, a URL may wait for its turn at its host, as long as it may then take; alone, it does not."""
    diary = Diary()
    working = work(diary, Script())
    assert working([message("late", received)], lambda: needed - 0.1) == ["id-late"]
    assert (diary.entries, diary.pauses) == ([], {"receipt-late": 0})
    assert working([message("late", received)], lambda: needed) == []
    assert diary.entries == [("fetched", "late")]


def test_what_never_came_to_an_end_is_fetched_alone_and_the_others_go_back_at_once() -> None:
    diary, together, alone = Diary(), Script(), Script({"guilty": FetchFailed(FetchReason.UNFINISHED, "It died.")})
    working = replace(work(diary, together), fetch_alone=alone)
    batch = [message("new"), message("guilty", 6), message("innocent", 6), message("tried", 5)]
    assert set(working(batch, always)) == {"id-new", "id-tried"}
    assert diary.pauses == {"receipt-new": 0, "receipt-tried": 0}
    assert diary.entries == [("unfinished", "guilty"), ("fetched", "innocent")]
    assert [(dead_letter.reason, dead_letter.attempts) for dead_letter in diary.letters] == [("unfinished", 6)]
    assert working([message("new"), message("tried", 5)], always) == []


def test_of_those_that_are_fetched_alone_the_one_that_has_waited_the_longest_is_the_first() -> None:
    diary = Diary()
    assert work(diary, Script())([message("younger", 6), message("older", 9), message("youngest", 6)], always) == []
    assert diary.entries == [("fetched", "older"), ("fetched", "younger"), ("fetched", "youngest")]


def test_a_failure_that_cannot_become_a_dead_letter_is_retried() -> None:
    diary = Diary(deaf=True)
    back = work(diary, Script({"missing": FetchFailed(FetchReason.NOT_FOUND, "Gone.")}))([message("missing")], always)
    assert back == ["id-missing"]
    assert diary.entries == [("ConnectionError", "id-missing")]


def test_what_is_no_order_is_set_aside() -> None:
    diary = Diary()
    assert work(diary, Script())([Message("m", "hello")], always) == []
    (dead_letter,) = diary.letters
    assert (dead_letter.body, dead_letter.reason) == ("hello", Problem("unknown_message", "").reason)
    assert dead_letter.request_ids == (), "it was taken for no request"


def test_no_host_is_asked_more_often_at_once_than_is_allowed_and_others_do_not_wait() -> None:
    hosts, lock, now, most = Hosts(2, 10_000), threading.Lock(), 0, 0

    def ask() -> None:
        nonlocal now, most
        with hosts.turn("slow.example", Deadline.after(10)):
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.01)
            with lock:
                now -= 1

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    with hosts.turn("other.example", Deadline.after(0.5)):
        pass
    for thread in threads:
        thread.join()
    assert most == 2


def test_no_host_is_asked_more_often_in_a_second_than_is_allowed() -> None:
    hosts = Hosts(10, rate=50)
    begins = []
    for _ in range(5):
        with hosts.turn("a.example", Deadline.after(10)):
            begins.append(time.monotonic())
    assert all(later - earlier >= 0.019 for earlier, later in pairwise(begins))


def test_a_host_that_wants_to_be_left_alone_is_until_its_time_has_come() -> None:
    clock = [100.0]
    hosts = Hosts(1, 1000, lambda: clock[0])
    hosts.leave_alone("a.example", 30)
    with pytest.raises(FetchFailed) as failure, hosts.turn("a.example", Deadline.after(1)):
        pass
    assert failure.value.retry_after == 30
    clock[0] = 130.0
    with hosts.turn("a.example", Deadline.after(1)):
        pass


def test_whoever_gets_no_turn_in_time_was_not_asked() -> None:
    hosts = Hosts(1, 1000)
    first, second = (hosts.turn("a.example", Deadline.after(seconds)) for seconds in (1, 0.05))
    with first, pytest.raises(FetchFailed) as failure, second:
        pass
    assert (failure.value.reason, failure.value.asked) == (FetchReason.TOO_MANY_REQUESTS, False)


def test_a_turn_tells_how_long_it_was_waited_for() -> None:
    hosts, waits = Hosts(10, rate=5), []
    for _ in range(2):
        with hosts.turn("a.example", Deadline.after(10)) as waited:
            waits.append(waited)
    assert waits[0] < 0.1 <= waits[1] <= 5


def test_hosts_that_nobody_asks_any_more_are_forgotten() -> None:
    clock = [0.0]
    hosts = Hosts(1, 1000, lambda: clock[0])
    for number in range(25_000):
        clock[0] += 1
        with hosts.turn(f"{number}.example", Deadline.after(1)):
            pass
    assert len(hosts._known) < 10_100  # noqa: SLF001
