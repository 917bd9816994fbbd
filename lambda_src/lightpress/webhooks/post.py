"""A POST over TLS, to an address that was checked. Redirects are not followed: a receiver is where its URL says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.ingest.answer import LARGEST_HEAD, BadAnswer, CutShort, read_answer
from lightpress.ingest.connection import Deadline, TooMuch
from lightpress.ingest.errors import FetchFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.ingest.connection import Connector
    from lightpress.ingest.urls import SourceUrl


class NotAnsweredError(Exception):
    """Nobody answers, or nobody who could be understood. The message may be logged."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver said. retry_after: how many seconds it wants to be left alone; None if it does not say."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """Sends POST requests.

    Attributes:
        connector: Opens connections.
        seconds: The time limit for everything, from looking up the name to the answer.
    """

    connector: Connector
    seconds: float

    def __call__(self, url: SourceUrl, fields: Mapping[str, str], body: bytes) -> Answered:
        """Send JSON; what the answer has besides its head is not read. Raises NotAnsweredError."""
        deadline = Deadline.after(self.seconds)
        try:
            # What may come in: the heads of an answer, and nothing that a receiver could go on with forever.
            with self.connector.open(url, deadline, 2 * LARGEST_HEAD) as wire:
                wire.send(_request(url, fields, body))
                answer = read_answer(wire.incoming)
        except TimeoutError as error:
            raise NotAnsweredError(f"{url.shown} does not answer within {self.seconds:g} s") from error
        except (FetchFailed, BadAnswer, CutShort) as error:
            raise NotAnsweredError(f"{url.shown}: {error}") from error
        except TooMuch as error:
            raise NotAnsweredError(f"{url.shown} answers without an end") from error
        except OSError as error:
            raise NotAnsweredError(f"the connection to {url.host} broke: {error}") from error
        return Answered(answer.status, _seconds(answer.first("retry-after")))


def _request(url: SourceUrl, fields: Mapping[str, str], body: bytes) -> bytes:
    head = [
        f"POST {url.target} HTTP/1.1",
        f"Host: {url.authority}",
        "User-Agent: Lightpress",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in fields.items()),
    ]
    return "\r\n".join([*head, "", ""]).encode("ascii") + body


def _seconds(said: str | None) -> int | None:
    """`Retry-After` in seconds; a date is passed over, and the pause is our own."""
    return int(said[:9]) if said and said.isascii() and said.isdigit() else None
