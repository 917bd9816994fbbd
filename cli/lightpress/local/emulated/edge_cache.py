"""What CloudFront keeps at its edges, for the emulator, which keeps nothing. It imports the standard library only.

As AWS documents it, for one edge location:
- https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html: `s-maxage` before `max-age`, and
  the cache policy's default (a year) without either; a copy that has expired is asked for again with its ETag, behind
  the viewer's back within `stale-while-revalidate`, and served where the origin fails;
- RangeGETs.html: a range is cut out of a copy; of an origin that knows no ranges, the first viewer gets everything;
- HTTPStatusCodes.html: an error is kept for as long as it says, and for at least the time that the distribution says;
- Invalidation.html: paths, of which a `*` at the end stands for whatever follows;
- InvalidationLimits.html: 15 of those in progress at a time, here for five seconds each.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    Answer = tuple[int, str, dict[str, Any], bytes]
    Ask = Callable[[dict[str, str]], Awaitable[Answer]]

_A_YEAR = 31_536_000
_MOST_COPIES = 2_000
_OK, _PARTIAL, _NOT_MODIFIED, _ERROR, _UNSATISFIABLE, _FAULT = 200, 206, 304, 400, 416, 500
_KEPT = {200, 301, 302, 307, 308, 403, 404, 405, 410, 414}
_LEAST_OF_ERRORS = 1  # second; `infra/lightpress/cdk/delivery.py` (`_briefly`)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_MOST_WILDCARDS, _IN_PROGRESS_SECONDS = 15, 5
_CONDITIONS = ("if-none-match", "if-modified-since", "range")


@dataclass(frozen=True)
class Copy:
    """An answer that is kept.

    Attributes:
        answer: Status, reason, headers with names in lower case, and body.
        kept_at: When it was kept or confirmed.
        seconds: How long it is fresh.
        stale_seconds: For how long it is served after that while it is asked for again.
    """

    answer: Answer
    kept_at: float
    seconds: int
    stale_seconds: int


@dataclass
class Invalidations:
    """Those in progress. now: the time in seconds; ends: when each wildcard path is done."""

    now: Callable[[], float] = time.monotonic
    ends: list[float] = field(default_factory=list)

    def takes(self, paths: Iterable[str]) -> bool:
        """Whether these can be begun; if so, they are."""
        wildcards = sum(path.endswith("*") for path in paths)
        self.ends = [end for end in self.ends if end > self.now()]
        if len(self.ends) + wildcards > _MOST_WILDCARDS:
            return False
        self.ends += [self.now() + _IN_PROGRESS_SECONDS] * wildcards
        return True


@dataclass
class EdgeCache:
    """The copies of one edge location, by distribution and path.

    Attributes:
        now: The time in seconds.
        copies: The copies, the one that was used last at the end.
        behind: Questions to the origin that no viewer waits for.
    """

    now: Callable[[], float] = time.monotonic
    copies: OrderedDict[tuple[str, str], Copy] = field(default_factory=OrderedDict)
    behind: set[asyncio.Task[Answer]] = field(default_factory=set)

    async def answer(self, place: tuple[str, str], method: str, headers: dict[str, str], ask: Ask) -> Answer:
        """Answer a GET or HEAD with a copy, or with what the origin says.

        Args:
            place: The distribution and the path after the edge function.
            method: GET or HEAD. What is answered to HEAD is not kept.
            headers: Of the request, with names in lower case.
            ask: Asks the origin, with other headers.
        """
        copy = self.copies.get(place)
        if copy is None:
            answer = await ask(headers)
            if method == "GET":
                self._keep(place, answer)
            return answer
        self.copies.move_to_end(place)
        age = self.now() - copy.kept_at
        if age >= copy.seconds + copy.stale_seconds:
            plain = {name: value for name, value in headers.items() if name not in _CONDITIONS}
            return _suited(await self._asked_again(place, copy, plain, ask), headers, None)
        if age >= copy.seconds:
            self._ask_behind(place, copy, ask)
        return _suited(copy.answer, headers, int(age))

    def forget(self, distribution: str, paths: Iterable[str]) -> None:
        """Invalidate paths."""
        exact = {path for path in paths if not path.endswith("*")}
        beginnings = tuple(path[:-1] for path in paths if path.endswith("*"))
        for place in list(self.copies):
            if place[0] == distribution and (place[1] in exact or place[1].startswith(beginnings)):
                del self.copies[place]

    def _ask_behind(self, place: tuple[str, str], copy: Copy, ask: Ask) -> None:
        if not self.behind:  # one at a time is enough for one machine
            task = asyncio.ensure_future(self._asked_again(place, copy, {}, ask))
            self.behind.add(task)
            task.add_done_callback(self.behind.discard)

    async def _asked_again(self, place: tuple[str, str], copy: Copy, headers: dict[str, str], ask: Ask) -> Answer:
        """What the origin says now; the copy where it has not changed, or where the origin fails."""
        etag = copy.answer[2].get("etag")
        answer = await ask(headers | ({"if-none-match": str(etag)} if etag else {}))
        if answer[0] >= _FAULT:
            return copy.answer
        if answer[0] == _NOT_MODIFIED:
            answer = (*copy.answer[:2], copy.answer[2] | answer[2], copy.answer[3])
        if self.copies.get(place) is copy:  # not invalidated meanwhile
            del self.copies[place]
            self._keep(place, answer)
        return answer

    def _keep(self, place: tuple[str, str], answer: Answer) -> None:
        status, _, headers, _ = answer
        seconds, stale_seconds = _life(status, str(headers.get("cache-control", "")))
        if status not in _KEPT or seconds <= 0:
            return
        self.copies[place] = Copy(answer, self.now(), seconds, stale_seconds)
        while len(self.copies) > _MOST_COPIES:
            self.copies.popitem(last=False)


def _life(status: int, cache_control: str) -> tuple[int, int]:
    """How many seconds an answer is kept, and for how many it may be served after that."""
    said = {name: value for name, _, value in (part.strip().partition("=") for part in cache_control.split(","))}
    if {"no-store", "no-cache", "private"} & set(said):
        return 0, 0
    seconds = int(said.get("s-maxage") or said.get("max-age") or (0 if status >= _ERROR else _A_YEAR))
    least = _LEAST_OF_ERRORS if status >= _ERROR else 0
    return max(seconds, least), int(said.get("stale-while-revalidate", "0"))


def _suited(answer: Answer, headers: dict[str, str], age: int | None) -> Answer:
    """A copy as this viewer wants it: that it has it already, or a part of it. age: of a copy, in seconds."""
    status, reason, own, body = answer
    own = own if age is None else own | {"age": str(age)}
    if status != _OK:
        return status, reason, own, body
    if own.get("etag") and str(own["etag"]) in headers.get("if-none-match", ""):
        return _NOT_MODIFIED, "Not Modified", {name: own[name] for name in own if name != "content-length"}, b""
    wanted = _RANGE.fullmatch(headers.get("range", ""))
    return _part(own, body, *wanted.groups()) if wanted else (status, reason, own, body)


def _part(headers: dict[str, Any], body: bytes, first: str, last: str) -> Answer:
    """Bytes of a body: from the first to the last, or so many at its end where there is no first."""
    if not first and not last:
        return _OK, "OK", headers, body
    start = int(first) if first else max(len(body) - int(last), 0)
    end = min(int(last), len(body) - 1) if first and last else len(body) - 1
    without_length = {name: headers[name] for name in headers if name != "content-length"}
    if start > end:
        return _UNSATISFIABLE, "Range Not Satisfiable", without_length | {"content-range": f"bytes */{len(body)}"}, b""
    part = without_length | {"content-range": f"bytes {start}-{end}/{len(body)}", "accept-ranges": "bytes"}
    return _PARTIAL, "Partial Content", part, body[start : end + 1]
