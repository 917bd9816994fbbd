"""`lightpress ingest`: sends a list of URLs, one on each line, to the URL queue.

The list is read as a stream. Ten URLs are sent in a request, and several requests at a time; the checkpoint advances
only past what SQS has accepted. After a crash some URLs may be sent twice, which changes nothing: the key follows from
the URL, and an unchanged original is not written again.

No more is sent than the queue drains: SQS deletes a message that has waited for its retention, without a dead letter,
and the end of a long list would be lost.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

from lightpress.client.faults import FAULTS, sentence_of
from lightpress.ingest.orders import order_for
from lightpress.ingest.urls import InvalidUrlError, parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from lightpress.ingest.orders import Order

BATCH = 10
"""Messages that SQS accepts in one request."""

MOST_WAITING = 20_000
"""URLs in the queue beyond which no more are sent. By default, functions fetch 100 a second and more: three minutes."""

_SENDERS = 8
_MOST_UNDER_WAY = 4 * _SENDERS
_LONGEST_LINE = 1 << 14
_SAVED_EVERY_SECONDS = 1.0
_TRIES = 6
_FIRST_PAUSE = 0.2
_QUEUE_PAUSE = 5.0
_COMMENT = "#"
_LONGEST_PREFIX = 512


class NotSentError(Exception):
    """SQS did not accept some URLs, or did not answer; the message says what to do."""


class OtherListError(Exception):
    """The list has changed since the checkpoint was written; the message says what to do."""


class BadPrefixError(Exception):
    """A prefix with which no key may begin; the message says what is allowed."""


class Queue(Protocol):
    """Where URLs are sent to: the URL queue."""

    def send(self, orders: Sequence[Order]) -> list[int]:
        """Send up to ten orders; returns the indices of those that SQS did not accept."""

    def waiting(self) -> int:
        """How many orders wait or are worked on, about."""


@dataclass
class Progress:
    """How far a list has been sent.

    Attributes:
        list: Size and time of the file, which tell a changed list.
        offset: Bytes of the file before which everything is sent.
        line: The number of the last line that is sent.
        sent: URLs sent.
        refused: Lines that hold no URL.
    """

    list: str = ""
    offset: int = 0
    line: int = 0
    sent: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """Where the progress of a list is kept. path: of the file; None for standard input, which keeps none."""

    path: Path | None
    list: str = ""

    @classmethod
    def of(cls, file: Path, prefix: str, folder: Path) -> Checkpoint:
        """The checkpoint of a list that is sent under a prefix; its file is in `folder`."""
        found = file.stat()
        name = hashlib.sha256(f"{file.resolve()}\n{prefix}".encode()).hexdigest()[:16]
        return cls(folder / f"{name}.json", f"{found.st_size} bytes, {found.st_mtime_ns}")

    def read(self) -> Progress:
        """Read the progress; raises OtherListError."""
        if self.path is None:
            return Progress(self.list)
        try:
            found = Progress(**json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Progress(self.list)
        except (ValueError, TypeError) as error:
            raise OtherListError(f"{self.path} cannot be read ({error}); remove it to start over.") from error
        if found.list != self.list:
            raise OtherListError(
                f"The list has changed since line {found.line} of it was sent. Remove {self.path} to start over: "
                "a URL that is sent twice is not fetched twice."
            )
        return found

    def write(self, progress: Progress) -> None:
        """Replace the file atomically: a program that is killed leaves the former one."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(asdict(progress), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)

    def remove(self) -> None:
        """Remove the file of a list that is sent completely."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


@dataclass
class _Batch:
    """Some lines of a list.

    Attributes:
        orders: One for each URL in them.
        offset: Bytes up to the end of the lines.
        line: The number of the last line.
        refused: Lines that hold no URL.
    """

    orders: list[Order] = field(default_factory=list)
    offset: int = 0
    line: int = 0
    refused: int = 0


@dataclass
class Ingest:
    """Sends one list.

    Attributes:
        queue: Where to.
        prefix: Of all keys.
        checkpoint: Where the progress is kept.
        refused: Called for each line that holds no URL, with its number and why.
        moved: Called with the progress.
        pause: Waits for so many seconds.
        most_waiting: Orders in the queue beyond which no more are sent. As SQS counts late, what is sent within a
            minute may come on top.
    """

    queue: Queue
    prefix: str
    checkpoint: Checkpoint
    refused: Callable[[int, str], None] = lambda _line, _why: None
    moved: Callable[[Progress], None] = lambda _progress: None
    pause: Callable[[float], None] = time.sleep
    most_waiting: int = MOST_WAITING
    _room: int = 0
    _under_way: deque[tuple[_Batch, Future[None]]] = field(default_factory=deque)
    _saved_at: float = float("-inf")

    def __call__(self, lines: BinaryIO) -> Progress:
        """Send the lines after the checkpoint; raises NotSentError, OtherListError, BadPrefixError."""
        check_prefix(self.prefix)
        progress = self.checkpoint.read()
        if progress.offset:
            lines.seek(progress.offset)
        try:
            with ThreadPoolExecutor(_SENDERS) as pool:
                self._send_all(lines, progress, pool)
        except FAULTS as error:
            raise NotSentError(f"{sentence_of(error)} {self._goes_on(progress)}") from error
        finally:
            self.checkpoint.write(progress)
        self.checkpoint.remove()
        return progress

    def _send_all(self, lines: BinaryIO, progress: Progress, pool: ThreadPoolExecutor) -> None:
        try:
            for batch in self._batches(lines, progress.offset, progress.line):
                self._wait_for_room(batch, progress)
                self._under_way.append((batch, pool.submit(self._send, batch.orders)))
                if len(self._under_way) >= _MOST_UNDER_WAY:
                    self._settle(progress)
            while self._under_way:
                self._settle(progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # each would wait for its timeout
            raise

    def _wait_for_room(self, batch: _Batch, progress: Progress) -> None:
        """Ask how deep the queue is once for as many orders as it had room for, and wait while it has none."""
        self._room -= len(batch.orders)
        if self._room >= 0 or not batch.orders:
            return
        while self._under_way:
            self._settle(progress)
        while (waiting := self.queue.waiting()) > 0 and waiting + len(batch.orders) > self.most_waiting:
            self.checkpoint.write(progress)
            self.pause(_QUEUE_PAUSE)
        self._room = self.most_waiting - waiting - len(batch.orders)

    def _goes_on(self, progress: Progress) -> str:
        if self.checkpoint.path is None:
            return "Then send the whole list again: a URL that is sent twice is not fetched twice."
        return f"Then run the same command again: it continues after line {progress.line}."

    def _settle(self, progress: Progress) -> None:
        """Wait for the first batch, and advance the progress past it."""
        batch, sending = self._under_way.popleft()
        sending.result()
        progress.offset, progress.line = batch.offset, batch.line
        progress.sent += len(batch.orders)
        progress.refused += batch.refused
        if time.monotonic() - self._saved_at >= _SAVED_EVERY_SECONDS:
            self.checkpoint.write(progress)
            self._saved_at = time.monotonic()
        self.moved(progress)

    def _send(self, orders: Sequence[Order]) -> None:
        for attempt in range(_TRIES):
            if attempt:
                self.pause(_FIRST_PAUSE * 2**attempt)
            refused = self.queue.send(orders) if orders else []
            orders = [orders[place] for place in refused]
            if not orders:
                return
        raise NotSentError(
            f"SQS did not accept {len(orders)} URLs in {_TRIES} attempts. Run the command again to continue."
        )

    def _batches(self, lines: BinaryIO, offset: int, line: int) -> Iterator[_Batch]:
        batch = _Batch(offset=offset, line=line)
        continued = False
        while raw := lines.readline(_LONGEST_LINE):
            batch.offset += len(raw)
            beginning, continued = not continued, not raw.endswith(b"\n")
            if not beginning:
                continue  # the rest of a line longer than any URL, whose beginning was refused
            batch.line += 1
            self._take(raw, batch)
            # A list of comments must advance, too.
            if len(batch.orders) == BATCH or batch.line - line >= _MOST_UNDER_WAY * BATCH:
                yield batch
                line = batch.line
                batch = _Batch(offset=batch.offset, line=line)
        yield batch

    def _take(self, raw: bytes, batch: _Batch) -> None:
        try:
            text = _text(raw, first=batch.line == 1)
            if text and not text.startswith(_COMMENT):
                batch.orders.append(order_for(parse_url(text), self.prefix))
        except InvalidUrlError as error:
            batch.refused += 1
            self.refused(batch.line, error.detail)
        except UnicodeDecodeError:
            batch.refused += 1
            self.refused(batch.line, "The line is not UTF-8.")


def check_prefix(prefix: str) -> None:
    """Raise BadPrefixError if keys may not begin with the prefix."""
    if prefix.startswith("/") or not prefix.isprintable() or len(prefix.encode(errors="replace")) > _LONGEST_PREFIX:
        raise BadPrefixError(
            f"{prefix!r} is not allowed as a prefix; allowed: printable text such as trips/, without / at the start, "
            f"up to {_LONGEST_PREFIX} bytes."
        )


def count_lines(file: Path) -> int:
    """The number of lines of a file."""
    with file.open("rb") as lines:
        return sum(piece.count(b"\n") for piece in iter(lambda: lines.read(1 << 20), b""))


def _text(raw: bytes, *, first: bool) -> str:
    return raw.decode("utf-8-sig" if first else "utf-8").strip()
