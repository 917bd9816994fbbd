"""The bytes of a picture: redirects, status, length, time and kind, each within its limits.

What a server says is believed where it says no, and never where it says yes: the declared length, type and encoding
only ever end a download early.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lightpress.image.inputs import input_of
from lightpress.ingest.addresses import AddressPolicy, networks
from lightpress.ingest.answer import LARGEST_HEAD, BadAnswer, CutShort, most_framing, read_answer
from lightpress.ingest.connection import Connector, Deadline, TooMuch
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.hosts import Hosts
from lightpress.ingest.urls import FetchReason, InvalidUrlError, SourceUrl, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.ingest.answer import Answer
    from lightpress.ingest.connection import Wire

_REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
_REASONS: dict[int, FetchReason] = {
    HTTPStatus.NOT_FOUND: FetchReason.NOT_FOUND,
    HTTPStatus.GONE: FetchReason.NOT_FOUND,
    HTTPStatus.UNAUTHORIZED: FetchReason.FORBIDDEN,
    HTTPStatus.PAYMENT_REQUIRED: FetchReason.FORBIDDEN,
    HTTPStatus.FORBIDDEN: FetchReason.FORBIDDEN,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: FetchReason.FORBIDDEN,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: FetchReason.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT: FetchReason.SERVER_ERROR,
    HTTPStatus.TOO_EARLY: FetchReason.SERVER_ERROR,
    HTTPStatus.TOO_MANY_REQUESTS: FetchReason.TOO_MANY_REQUESTS,
}
_MOST_REDIRECTS = 5
_ENOUGH_TO_TELL = 4_096  # by then, every format says what it is
_LONGEST_PAUSE = 900
_STORABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,198}[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a server tells that it still has the same. They say something of one URL alone.

    Attributes:
        etag: As it came.
        last_modified: As it came.
        given_by: The digest of that URL, where the one that was asked for has led there; None where it is that itself.
    """

    etag: str | None = None
    last_modified: str | None = None
    given_by: str | None = None

    def on(self, link: SourceUrl, asked_for: SourceUrl) -> Validators:
        """What they say of a link that was come to from the one that was asked for: all of it or nothing."""
        return self if (self.given_by or asked_for.digest) == link.digest else NO_VALIDATORS

    def given_on(self, link: SourceUrl, asked_for: SourceUrl) -> Validators:
        """The same, given by a link that was come to from the one that was asked for."""
        return self if link == asked_for or self == NO_VALIDATORS else replace(self, given_by=link.digest)


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A downloaded file whose first bytes are those of a picture.

    Attributes:
        data: Its bytes.
        media_type: What the first bytes say it is.
        validators: What the server gave to ask later whether the file has changed.
    """

    data: bytearray
    media_type: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class Download:
    """Downloads pictures.

    Attributes:
        connector: Opens connections.
        hosts: Limits the requests to each host.
        max_bytes: The largest file that is accepted.
        seconds: The time limit for everything, from looking up the name to the last byte. To wait for turns at hosts,
            where others of this container have theirs, is none of it, and takes no longer.
    """

    connector: Connector
    hosts: Hosts
    max_bytes: int
    seconds: float

    @classmethod
    def by(cls, options: Mapping[str, Any]) -> Download:
        """As `lightpress.cdk.url_ingest` writes the options."""
        policy = AddressPolicy(
            networks(tuple(options["allowed_networks"])), frozenset(options["ports"]), plain_http=options["plain_http"]
        )
        hosts = Hosts(options["per_host"], options["per_host_rate"])
        return cls(Connector(policy), hosts, options["max_bytes"], options["timeout_seconds"])

    def __call__(self, link: SourceUrl, validators: Validators = NO_VALIDATORS) -> Downloaded | None:
        """Get the picture of a link; None if it is still the one with these validators. Raises FetchFailed."""
        deadline, patience, asked_for = Deadline.after(self.seconds), Deadline.after(self.seconds), link
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                with self.hosts.turn(link.host, patience) as waited:
                    deadline = deadline.later(waited)
                    with self.connector.open(link, deadline, self._most_bytes) as wire:
                        found = self._exchange(wire, link, validators.on(link, asked_for))
            except TimeoutError as error:
                raise FetchFailed(FetchReason.TIMEOUT, f"{link.shown}: {self.seconds:g} s are the limit.") from error
            except CutShort as error:
                raise FetchFailed(FetchReason.INCOMPLETE, f"{link.shown} ended {error}.") from error
            except BadAnswer as error:
                raise FetchFailed(FetchReason.BAD_ANSWER, f"{link.host} answers what is not HTTP: {error}.") from error
            except TooMuch as error:
                detail = f"{link.shown} sends more than {self._most_bytes} bytes, with what is around the file."
                raise FetchFailed(FetchReason.TOO_LARGE, detail) from error
            except OSError as error:
                raise FetchFailed(FetchReason.UNREACHABLE, f"The connection to {link.host} broke: {error}.") from error
            if isinstance(found, Downloaded):
                return replace(found, validators=found.validators.given_on(link, asked_for))
            if found is None:
                return None
            link = found
        raise FetchFailed(FetchReason.TOO_MANY_REDIRECTS, f"After {_MOST_REDIRECTS} redirects, it leads further.")

    @property
    def _most_bytes(self) -> int:
        """What may come in over one connection, whatever its server says of it."""
        return self.max_bytes + most_framing(self.max_bytes) + 2 * LARGEST_HEAD

    def _exchange(self, wire: Wire, link: SourceUrl, validators: Validators) -> Downloaded | SourceUrl | None:
        """Ask once; returns the picture, where else to ask, or None if nothing has changed."""
        wire.send(_request(link, validators))
        answer = read_answer(wire.incoming)
        if answer.status in _REDIRECTS:
            return _redirect(answer, link)
        if answer.status == HTTPStatus.NOT_MODIFIED and validators != NO_VALIDATORS:
            return None
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer, link)
        return self._picture(answer, link)

    def _refusal(self, answer: Answer, link: SourceUrl) -> FetchFailed:
        status = answer.status
        others = FetchReason.SERVER_ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else FetchReason.BAD_ANSWER
        reason = _REASONS.get(status, others)
        pause = _retry_after(answer)
        if pause is not None and reason in {FetchReason.TOO_MANY_REQUESTS, FetchReason.SERVER_ERROR}:
            self.hosts.leave_alone(link.host, pause)
        return FetchFailed(reason, f"{link.shown} is answered with the status {status}.", retry_after=pause)

    def _picture(self, answer: Answer, link: SourceUrl) -> Downloaded:
        encoding = (answer.first("content-encoding") or "identity").lower()
        if encoding != "identity":
            raise FetchFailed(FetchReason.CONTENT_ENCODED, f"{link.shown} comes packed ({encoding[:40]}).")
        if answer.length is not None and answer.length > self.max_bytes:
            raise self._too_large(link)
        data, media_type = bytearray(), None
        for piece in answer.pieces:
            data += piece
            if len(data) > self.max_bytes:
                raise self._too_large(link)
            if media_type is None and len(data) >= _ENOUGH_TO_TELL:
                media_type = _media_type(data, answer, link)
        return Downloaded(data, media_type or _media_type(data, answer, link), _validators(answer))

    def _too_large(self, link: SourceUrl) -> FetchFailed:
        return FetchFailed(FetchReason.TOO_LARGE, f"{link.shown} has more than {self.max_bytes} bytes.")


def _request(link: SourceUrl, validators: Validators) -> bytes:
    """Write a request. Nothing in it is anybody's: no cookie, no credentials, not where the address came from."""
    lines = [
        f"GET {link.target} HTTP/1.1",
        f"Host: {link.authority}",
        "User-Agent: Lightpress",
        "Accept: image/*,*/*;q=0.5",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if validators.etag:
        lines.append(f"If-None-Match: {validators.etag}")
    if validators.last_modified:
        lines.append(f"If-Modified-Since: {validators.last_modified}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _redirect(answer: Answer, link: SourceUrl) -> SourceUrl:
    location = answer.first("location")
    if not location:
        raise FetchFailed(FetchReason.BAD_ANSWER, f"{link.shown} leads elsewhere, and does not say where.")
    try:
        # What is not ASCII there is UTF-8, whatever the standard says of headers.
        return parse_url(urljoin(link.url, location.encode("latin-1").decode("utf-8", "replace")))
    except InvalidUrlError as error:
        raise FetchFailed(error.reason, f"{link.shown} leads elsewhere: {error.detail}") from error
    except ValueError as error:
        raise FetchFailed(FetchReason.BAD_ANSWER, f"{link.shown} leads to what is no URL.") from error


def _media_type(data: bytearray, answer: Answer, link: SourceUrl) -> str:
    if row := input_of(bytes(data[:_ENOUGH_TO_TELL])):
        return row.media_types[0]
    called = (answer.first("content-type") or "nothing")[:60]
    raise FetchFailed(
        FetchReason.NOT_AN_IMAGE,
        f"{link.shown} does not begin as any picture that is known here; its server calls it {called!r}.",
    )


def _validators(answer: Answer) -> Validators:
    return Validators(_storable(answer.first("etag")), _storable(answer.first("last-modified")))


def _storable(value: str | None) -> str | None:
    """What cannot be kept beside an object, or sent back as it came, is not remembered."""
    return value if value and _STORABLE.fullmatch(value) else None


def _retry_after(answer: Answer) -> int | None:
    """How long the server wants to be left alone, by its own words: seconds, or a date."""
    said = answer.first("retry-after") or ""
    if said.isascii() and said.isdigit():
        return int(min(float(said), _LONGEST_PAUSE))  # int() refuses more than 4,300 digits
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, OverflowError):  # the second of numbers that no clock holds
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, min(round((at - datetime.now(UTC)).total_seconds()), _LONGEST_PAUSE))
