"""`lightpress ingest`: a list of URLs, a line each, becomes orders in the URL queue.

The list is never held as a whole. Orders are sent ten to a request and several requests at a time; the checkpoint moves
only behind what SQS has taken. Whoever goes on after a crash may send some twice, which changes nothing: the key
follows from the URL, and what has not changed is not written.
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
"""Messages that SQS takes at once."""

_SENDERS = 8
_MOST_UNDER_WAY = 4 * _SENDERS
_LONGEST_LINE = 1 << 14
_SAVED_EVERY_SECONDS = 1.0
_TRIES = 6
_FIRST_PAUSE = 0.2
_COMMENT = "#"
_LONGEST_PREFIX = 512


class NotSentError(Exception):
    """SQS did not take some orders, or could not be asked; the message says what to do."""


class OtherListError(Exception):
    """The checkpoint is of the list as it was before; the message says what to do."""


class BadPrefixError(Exception):
    """No key can begin so."""


class Queue(Protocol):
    """The URL queue."""

    def send(self, orders: Sequence[Order]) -> list[int]:
        """Have URLs fetched; returns which of them, by their places, the queue did not take."""


@dataclass
class Progress:
    """How far a list is. offset: bytes; everything before is sent. list: by what it is told from a changed one."""

    list: str = ""
    offset: int = 0
    line: int = 0
    sent: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """Where the progress of a list is kept; nowhere, if it comes from a pipe. path: of that file."""

    path: Path | None
    list: str = ""

    @classmethod
    def of(cls, file: Path, prefix: str, folder: Path) -> Checkpoint:
        """The checkpoint of a list that goes to a prefix."""
        found = file.stat()
        name = hashlib.sha256(f"{file.resolve()}\n{prefix}".encode()).hexdigest()[:16]
        return cls(folder / f"{name}.json", f"{found.st_size} bytes, {found.st_mtime_ns}")

    def read(self) -> Progress:
        """How far it is; raises OtherListError."""
        if self.path is None:
            return Progress(self.list)
        try:
            found = Progress(**json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Progress(self.list)
        except (ValueError, TypeError) as error:
            raise OtherListError(f"{self.path} cannot be read ({error}); remove it to begin anew.") from error
        if found.list != self.list:
            raise OtherListError(
                f"The list has changed since line {found.line} of it was sent. Remove {self.path} to begin anew: "
                "what is sent twice is not fetched twice."
            )
        return found

    def write(self, progress: Progress) -> None:
        """Write so that whoever dies on the way leaves the file before, whole."""
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
        """The list is through."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


@dataclass
class _Batch:
    """Some lines: the orders in them, and how far one is behind them."""

    orders: list[Order] = field(default_factory=list)
    offset: int = 0
    line: int = 0
    refused: int = 0


@dataclass
class Ingest:
    """Sends one list. refused: hears of every line that holds no URL. moved: hears of the progress."""

    queue: Queue
    prefix: str
    checkpoint: Checkpoint
    refused: Callable[[int, str], None] = lambda _line, _why: None
    moved: Callable[[Progress], None] = lambda _progress: None
    pause: Callable[[float], None] = time.sleep
    _under_way: deque[tuple[_Batch, Future[None]]] = field(default_factory=deque)
    _saved_at: float = float("-inf")

    def __call__(self, lines: BinaryIO) -> Progress:
        """Send all that is not sent yet; raises NotSentError, OtherListError, BadPrefixError."""
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
                self._under_way.append((batch, pool.submit(self._send, batch.orders)))
                if len(self._under_way) >= _MOST_UNDER_WAY:
                    self._settle(progress)
            while self._under_way:
                self._settle(progress)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # each would wait for an answer that does not come
            raise

    def _goes_on(self, progress: Progress) -> str:
        if self.checkpoint.path is None:
            return "Then send the whole list again: what is ordered twice is not fetched twice."
        return f"Then run the same command again: it goes on after line {progress.line}."

    def _settle(self, progress: Progress) -> None:
        """Wait for the first batch, and move behind it."""
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
        raise NotSentError(f"SQS did not take {len(orders)} orders, in {_TRIES} tries. Repeat the command to go on.")

    def _batches(self, lines: BinaryIO, offset: int, line: int) -> Iterator[_Batch]:
        batch = _Batch(offset=offset, line=line)
        continued = False
        while raw := lines.readline(_LONGEST_LINE):
            batch.offset += len(raw)
            beginning, continued = not continued, not raw.endswith(b"\n")
            if not beginning:
                continue  # of a line that is longer than any URL, and was refused by its beginning
            batch.line += 1
            self._take(raw, batch)
            # A list of comments must move, too.
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
    """Raise BadPrefixError where keys may not begin so."""
    if prefix.startswith("/") or not prefix.isprintable() or len(prefix.encode(errors="replace")) > _LONGEST_PREFIX:
        raise BadPrefixError(f"{prefix!r} is no prefix; it must be such as trips/, of {_LONGEST_PREFIX} bytes at most.")


def count_lines(file: Path) -> int:
    """How many lines a list has."""
    with file.open("rb") as lines:
        return sum(piece.count(b"\n") for piece in iter(lambda: lines.read(1 << 20), b""))


def _text(raw: bytes, *, first: bool) -> str:
    return raw.decode("utf-8-sig" if first else "utf-8").strip()
