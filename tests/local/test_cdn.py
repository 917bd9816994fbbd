import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection

import pytest

from lightpress.local.cdn import Upstream, servers
from tests.serving import serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@dataclass
class Emulator:
    """Takes requests as they are on the wire, and answers what it is told to."""

    port: int
    answer: bytes = OK
    requests: list[bytes] = field(default_factory=list)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        emulator = Emulator(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    emulator.requests.append(connection.recv(1 << 16))
                    connection.sendall(emulator.answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield emulator
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def door(emulator: Emulator, free_port: int) -> Iterator[int]:
    found = servers(free_port, Upstream(f"http://127.0.0.1:{emulator.port}", "d1.cloudfront.net", None))
    with serving(*found):
        yield found[0].server_port


def send(port: int, request: bytes) -> bytes:
    """Send the bytes of a request, and return those of the answer until the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def lines(message: bytes) -> list[bytes]:
    return message.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_a_request_reaches_the_distribution_as_https(emulator: Emulator, door: int) -> None:
    send(door, b"GET /a HTTP/1.1\r\nHost: localhost:4580\r\nAccept: image/avif\r\nX-Forwarded-Proto: http\r\n\r\n")
    request = lines(emulator.requests[0])
    assert request[0] == b"GET /a HTTP/1.1"
    assert {b"Host: d1.cloudfront.net", b"X-Forwarded-Proto: https", b"Accept: image/avif"} <= set(request)
    assert not {b"Host: localhost:4580", b"X-Forwarded-Proto: http"} & set(request)


@pytest.mark.parametrize(
    "target",
    [b"//double//slash", b"/a/../b", b"/%C3%A9%2F%2f+", b"/\xc3\xa9", b"/?w=640&&x=%20?", b"/%"],
)
def test_the_target_is_passed_on_byte_for_byte(emulator: Emulator, door: int, target: bytes) -> None:
    send(door, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert lines(emulator.requests[0])[0] == b"GET " + target + b" HTTP/1.1"


@pytest.mark.parametrize("status", [b"403 Forbidden", b"404 Not Found", b"302 Found", b"206 Partial Content"])
def test_status_headers_and_body_come_back_unchanged(emulator: Emulator, door: int, status: bytes) -> None:
    headers = (
        b'ETag: "a"\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nLocation: https://d1.cloudfront.net/\xe9\r\nServer: s3'
    )
    emulator.answer = b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\nContent-Length: 3\r\n\r\n\x00\xff\n"
    answer = send(door, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer == emulator.answer.replace(b"\r\nContent-Length: 3", b"").replace(
        b"Server: s3", b"Server: s3\r\nContent-Length: 3"
    )


def test_what_belongs_to_one_connection_stays_there(emulator: Emulator, door: int) -> None:
    emulator.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    answer = send(door, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nUpgrade: h2c\r\n\r\n")
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    assert b"upgrade" not in emulator.requests[0].lower()
    assert emulator.requests[0].lower().count(b"connection:") == 1


@pytest.mark.parametrize(
    ("request_line", "status"),
    [(b"HEAD / HTTP/1.1", b"200 OK"), (b"GET / HTTP/1.1", b"304 Not Modified")],
)
def test_an_answer_without_a_body_keeps_its_length(
    emulator: Emulator, door: int, request_line: bytes, status: bytes
) -> None:
    emulator.answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 512\r\n\r\n"
    assert send(door, request_line + b"\r\nHost: x\r\n\r\n") == emulator.answer


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE", "PATCH"])
def test_methods_with_bodies_pass(emulator: Emulator, door: int, method: str) -> None:
    send(door, f"{method} /form HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde".encode())
    assert lines(emulator.requests[0])[0] == f"{method} /form HTTP/1.1".encode()
    assert emulator.requests[0].endswith(b"\r\n\r\nabcde")


def test_a_body_of_unknown_length_is_refused(emulator: Emulator, door: int) -> None:
    answer = send(door, b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert not emulator.requests


@pytest.mark.usefixtures("emulator")
def test_one_connection_serves_many_requests(door: int) -> None:
    connection = HTTPConnection("127.0.0.1", door, timeout=5)
    for _ in range(3):
        connection.request("GET", "/")
        own_socket = connection.sock
        assert connection.getresponse().read() == b"hi"
        assert connection.sock is own_socket
    connection.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.usefixtures("emulator")
def test_localhost_may_stand_for_either_loopback_address(
    door: int, host: str, has_address: Callable[[str], bool]
) -> None:
    if not has_address(host):
        pytest.skip(f"this machine has no {host}")
    connection = HTTPConnection(host, door, timeout=5)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"hi"
    connection.close()


@pytest.fixture
def has_address() -> Callable[[str], bool]:
    def has(host: str) -> bool:
        try:
            socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        except OSError:
            return False
        return True

    return has


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "nonsense", "half of it"],
)
def test_an_emulator_that_breaks_off_is_a_bad_gateway(emulator: Emulator, door: int, answer: bytes) -> None:
    emulator.answer = answer
    received = send(door, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 502 ")
    assert b"The local cloud does not answer" in received
