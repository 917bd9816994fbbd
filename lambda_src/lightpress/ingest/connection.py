"""A connection to an address that was checked, and to no other.

A name is looked up once. Every address it has is checked before any is connected to, and the connection is made to one
of these, by its number: a name that leads elsewhere a moment later (DNS rebinding) changes nothing. TLS is verified
against the name in the URL. Every byte that comes in comes before the deadline, or not at all.
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
from lightpress.ingest.urls import FetchReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lightpress.ingest.addresses import AddressPolicy
    from lightpress.ingest.urls import SourceUrl

    Resolve = Callable[[str], Sequence[str]]
    """The addresses of a host, as text; raises OSError."""

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

    def left(self, most: float = float("inf")) -> float:
        """How long may be waited for one thing, `most` at most; raises TimeoutError where there is no time left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole is over")
        return min(left, most)


class _Incoming(io.RawIOBase):
    """What comes in from a socket, each piece waited for only as long as the deadline lets."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001  a buffer has no name before 3.12
        self._sock.settimeout(self._deadline.left(_IDLE_SECONDS))
        return self._sock.recv_into(buffer)


@dataclass(frozen=True, slots=True)
class Wire:
    """An open connection, in the form that `http.client.HTTPResponse` reads from."""

    sock: socket.socket
    deadline: Deadline

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.settimeout(self.deadline.left(_IDLE_SECONDS))
        self.sock.sendall(data)

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        """What comes in."""
        return io.BufferedReader(_Incoming(self.sock, self.deadline), _BUFFER)


def look_up(host: str) -> Sequence[str]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


@cache
def verifying() -> ssl.SSLContext:
    """What this machine trusts. Loading it takes longer than a request: once for each container."""
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Connector:
    """Opens connections. tls: gives what to verify certificates with."""

    policy: AddressPolicy
    resolve: Resolve = look_up
    tls: Callable[[], ssl.SSLContext] = field(default=verifying)

    @contextmanager
    def open(self, link: SourceUrl, deadline: Deadline) -> Iterator[Wire]:
        """Connect to where a link leads; raises FetchFailed."""
        self.policy.check_scheme(link)
        addresses = self._addresses(link)
        for address in addresses:
            self.policy.check(address, link.port)
        with self._connected(addresses[:_MOST_ADDRESSES], link.port, deadline) as sock:
            if link.scheme == "http":
                yield Wire(sock, deadline)
            else:
                with self._encrypted(sock, link, deadline) as encrypted:
                    yield Wire(encrypted, deadline)

    def _addresses(self, link: SourceUrl) -> Sequence[str]:
        try:
            return [str(ipaddress.ip_address(link.host))]
        except ValueError:
            pass
        try:
            addresses = self.resolve(link.host)
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
