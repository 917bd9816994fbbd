"""A connection to an address that was checked, and to no other.

A name is looked up once. Every address it has is checked before any is connected to, and the connection is made to one
of these, by its number: a name that leads elsewhere a moment later (DNS rebinding) changes nothing. TLS is verified
against the name in the URL. Every byte that comes in comes before the deadline, or not at all, and only so many come in
as were agreed on: both hold below whatever reads them.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.names import LookUps, look_up
from lightpress.ingest.urls import FetchReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lightpress.ingest.addresses import AddressPolicy
    from lightpress.ingest.names import Resolve
    from lightpress.ingest.urls import SourceUrl

_MOST_ADDRESSES = 4
_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 10.0
_BUFFER = 1 << 16


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of all patience, by `time.monotonic`."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    def later(self, seconds: float) -> Deadline:
        """So much later."""
        return Deadline(self.at + seconds)

    def left(self, most: float = float("inf")) -> float:
        """How long may be waited for one thing, `most` at most; raises TimeoutError where there is no time left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole is over")
        return min(left, most)


class TooMuch(Exception):
    """More bytes came in than may."""


class _Incoming(io.RawIOBase):
    """What comes in from a socket: at most so many bytes, each piece waited for only as long as the deadline lets."""

    def __init__(self, sock: socket.socket, deadline: Deadline, most_bytes: int) -> None:
        super().__init__()
        self._sock, self._deadline, self._left = sock, deadline, most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001  a buffer has no name before 3.12
        self._sock.settimeout(self._deadline.left(_IDLE_SECONDS))
        # One more than may come tells that there is more; nothing is read after it.
        count = self._sock.recv_into(buffer, min(len(buffer), self._left + 1)) if self._left >= 0 else 0
        self._left -= count
        if self._left < 0:
            raise TooMuch
        return count


@dataclass(frozen=True, slots=True)
class Wire:
    """An open connection.

    Attributes:
        sock: The socket, encrypted where the URL is https.
        deadline: When the whole download must be done.
        incoming: What the server sends, to be read like a file; raises TooMuch, TimeoutError and OSError.
    """

    sock: socket.socket
    deadline: Deadline
    incoming: io.BufferedReader

    @classmethod
    def over(cls, sock: socket.socket, deadline: Deadline, most_bytes: int) -> Wire:
        """Read at most `most_bytes` from a connected socket."""
        return cls(sock, deadline, io.BufferedReader(_Incoming(sock, deadline, most_bytes), _BUFFER))

    def send(self, data: bytes) -> None:
        """Send all of `data`; raises TimeoutError and OSError."""
        self.sock.settimeout(self.deadline.left(_IDLE_SECONDS))
        self.sock.sendall(data)


@cache
def verifying() -> ssl.SSLContext:
    """What this machine trusts. Loading it takes longer than a request: once for each container."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Connector:
    """Opens connections.

    Attributes:
        policy: Which addresses may be connected to.
        resolve: Looks up the addresses of a host name.
        tls: Gives the context to verify certificates with.
        look_ups: Limits how many look-ups are under way at once.
    """

    policy: AddressPolicy
    resolve: Resolve = look_up
    tls: Callable[[], ssl.SSLContext] = field(default=verifying)
    look_ups: LookUps = field(default_factory=LookUps)

    @contextmanager
    def open(self, link: SourceUrl, deadline: Deadline, most_bytes: int) -> Iterator[Wire]:
        """Connect to where a link leads, to read `most_bytes` at most; raises FetchFailed."""
        self.policy.check_scheme(link)
        addresses = self._addresses(link, deadline)
        for address in addresses:
            self.policy.check(address, link.port)
        with self._connected(addresses[:_MOST_ADDRESSES], link.port, deadline) as sock:
            if link.scheme == "http":
                yield Wire.over(sock, deadline, most_bytes)
            else:
                with self._encrypted(sock, link, deadline) as encrypted:
                    yield Wire.over(encrypted, deadline, most_bytes)

    def _addresses(self, link: SourceUrl, deadline: Deadline) -> Sequence[str]:
        try:
            return [str(ipaddress.ip_address(link.host))]
        except ValueError:
            pass
        try:
            addresses = self.look_ups(self.resolve, link.host, deadline.left())
        except TimeoutError:
            raise
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise FetchFailed(FetchReason.UNREACHABLE, f"{link.host} cannot be looked up just now.") from error
            raise FetchFailed(FetchReason.UNKNOWN_HOST, f"{link.host} has no address.") from error
        except (OSError, UnicodeError) as error:
            raise FetchFailed(FetchReason.UNREACHABLE, f"{link.host} cannot be looked up: {error}.") from error
        if not addresses:
            raise FetchFailed(FetchReason.UNKNOWN_HOST, f"{link.host} has no address.")
        return addresses

    def _connected(self, addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
        """Connect to the first that answers. An address in numbers is not looked up again."""
        problems = []
        for address in addresses:
            try:
                sock = socket.create_connection((address, port), timeout=deadline.left(_CONNECT_SECONDS))
            except OSError as error:
                problems.append(error)
                continue
            peer = sock.getpeername()[0]
            if ipaddress.ip_address(peer) != ipaddress.ip_address(address):
                sock.close()
                raise FetchFailed(FetchReason.BLOCKED_ADDRESS, f"{address} was asked for, and {peer} answered.")
            return sock
        if all(isinstance(problem, TimeoutError) for problem in problems):
            raise FetchFailed(FetchReason.TIMEOUT, f"Nobody answers at {addresses[0]}.") from problems[-1]
        raise FetchFailed(FetchReason.UNREACHABLE, f"{addresses[0]}: {problems[-1]}.") from problems[-1]

    def _encrypted(self, sock: socket.socket, link: SourceUrl, deadline: Deadline) -> ssl.SSLSocket:
        sock.settimeout(deadline.left(_IDLE_SECONDS))
        try:
            return self.tls().wrap_socket(sock, server_hostname=link.host)
        except ssl.SSLCertVerificationError as error:
            raise FetchFailed(
                FetchReason.BAD_CERTIFICATE, f"The certificate of {link.host} is refused: {error.verify_message}."
            ) from error
        except TimeoutError as error:
            raise FetchFailed(FetchReason.TIMEOUT, f"{link.host} does not answer to TLS.") from error
        except OSError as error:
            raise FetchFailed(FetchReason.UNREACHABLE, f"{link.host} does not speak TLS: {error}.") from error
