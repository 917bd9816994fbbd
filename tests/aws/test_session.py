"""A connection that stalls costs a request some seconds, and an invocation neither its time nor its batch."""

from __future__ import annotations

import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import HTTPClientError

from lightpress.aws import session
from lightpress.aws.session import SERVICES, WAITING, WAITING_FOR_VIEWER, client, longest_wait, s3_client
from lightpress.composition import enrich, moderate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCES = Path(__file__).parents[2] / "lambda_src"
_HEAD = 'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n'

BUSY = 20.0
"""The seconds that a busy machine may add; without our values, a stalled connection takes 60 at least."""


@contextmanager
def server(stalls: int, trickle: float = 0.0) -> Iterator[str]:
    """Accepts, and sends nothing on the first connections; later ones answer, with pauses within the body."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=50)
    accepted: list[socket.socket] = []

    def answer(connection: socket.socket, number: int) -> None:
        while number >= stalls and (data := connection.recv(1 << 16)):
            if b"\r\n\r\n" in data:
                body = b"data" if data.startswith(b"GET") else b""
                connection.sendall(_HEAD.format(len(body)).encode())
                for byte in body:
                    time.sleep(trickle)
                    connection.sendall(bytes([byte]))
                connection.close()
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            accepted.append(connection)
            threading.Thread(target=answer, args=(connection, len(accepted) - 1), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
        for connection in accepted:
            connection.close()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    session.session.cache_clear()


def get(s3: Any) -> bytes:  # noqa: ANN401
    data: bytes = s3.get_object(Bucket="b", Key="k")["Body"].read()
    return data


def put(s3: Any) -> None:  # noqa: ANN401
    s3.put_object(Bucket="b", Key="k", Body=b"data")


def client_of(url: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    return s3_client(config.merge(Config(s3={"addressing_style": "path"})))


def seconds_of(request: Callable[[Any], object], s3: Any) -> float:  # noqa: ANN401
    began = time.monotonic()
    request(s3)
    return time.monotonic() - began


@pytest.mark.parametrize(("request_", "least", "most"), [(get, 2, 3.5), (put, 4, 5.5)])
def test_for_a_viewer_an_s3_that_does_not_answer_is_given_up_after_two_attempts_of_a_second(
    request_: Callable[[Any], object], least: float, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(stalls=99) as url:
        began = time.monotonic()
        with pytest.raises(HTTPClientError):
            seconds_of(request_, client_of(url, WAITING_FOR_VIEWER, monkeypatch))
        assert least <= time.monotonic() - began < most + BUSY


def test_one_stalled_connection_costs_7_seconds_and_the_next_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(stalls=1) as one, server(stalls=1) as other, ThreadPoolExecutor(2) as pool:
        clients = [client_of(url, WAITING, monkeypatch) for url in (one, other)]
        assert all(7 <= seconds < 10.5 + BUSY for seconds in pool.map(seconds_of, (get, put), clients))


def test_a_body_that_comes_slowly_is_waited_for_longer_than_one_read_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(stalls=0, trickle=0.7) as url:
        assert seconds_of(get, client_of(url, WAITING_FOR_VIEWER, monkeypatch)) > 2


OF_FUNCTIONS = {
    "lightpress.aws.session.WAITING": (30, 27),
    "lightpress.aws.session.WAITING_IN_API": (15, 13),
    "lightpress.aws.session.WAITING_FOR_VIEWER": (6, 5),
    "lightpress.aws.session.WAITING_FOR_COPIES": (180, 123),
    "lightpress.composition.enrich._WAITING": (60, 43),
    "lightpress.composition.moderate._WAITING": (90, 51),
}
"""By name: the seconds that its function may take, and those of a request to which nobody answers."""


@pytest.mark.parametrize("name", OF_FUNCTIONS)
def test_a_request_that_nobody_answers_ends_before_its_function(name: str) -> None:
    module, _, constant = name.rpartition(".")
    seconds, most = OF_FUNCTIONS[name]
    assert longest_wait(getattr(import_module(module), constant)) == most < seconds


def test_no_other_waiting_is_in_the_code_than_what_is_asked_here() -> None:
    found = {
        f"{'.'.join(path.relative_to(SOURCES).with_suffix('').parts)}.{name}"
        for path in SOURCES.rglob("*.py")
        for name in re.findall(r"^(\w+) = waiting\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    calls = sum(len(re.findall(r"\bwaiting\(connect", path.read_text("utf-8"))) for path in SOURCES.rglob("*.py"))
    assert found == {*OF_FUNCTIONS}
    assert calls == len(OF_FUNCTIONS)


@pytest.mark.parametrize("service", SERVICES)
def test_every_client_of_a_function_waits_a_bounded_time(service: str) -> None:
    """Of every service that the code makes clients of: tests/handlers/test_imports.py holds the list to it."""
    for made in (client(service), client(service, config=Config(max_pool_connections=2))):
        config: Any = made.meta.config
        assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (3, 7, 3)


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (partial(enrich.seeing.__wrapped__, "rekognition"), 43),
        (partial(enrich.seeing.__wrapped__, "bedrock-runtime"), 43),
        (moderate.rekognition.__wrapped__, 51),
    ],
    ids=["labels and faces", "alt text", "moderation"],
)
def test_clients_of_services_that_look_at_pictures_wait_as_their_functions_can(
    make: Callable[[], Any], most: float
) -> None:
    assert longest_wait(make().meta.config) == most
