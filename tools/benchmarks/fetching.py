"""URLs fetched per second by URL ingest, by number of threads, against a urllib3 pool that checks no addresses.

A server in a process of its own answers each request after 0.2 s, as distant servers do, with 300 kB. URL ingest opens
a new connection for every request, because the URLs of a list rarely share a host for long; so does the pool here.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import urllib3

from lightpress.ingest.addresses import AddressPolicy
from lightpress.ingest.connection import Connector
from lightpress.ingest.download import Download
from lightpress.ingest.hosts import Hosts
from lightpress.ingest.urls import parse_url
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LATENCY_SECONDS, PICTURE_BYTES = 0.2, 300_000
THREADS = (1, 4, 10, 20, 40)
_BEGIN = b"\xff\xd8\xff\xe0"
_LIMIT_BYTES = 32 * MB


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        client: "Lightpress" or "urllib3".
        threads: Number of threads.
        urls: How many URLs were fetched.
        seconds: Wall-clock time for all of them.
        cpu_ms: CPU time of the client's process for each URL, in milliseconds.
    """

    client: str
    threads: int
    urls: int
    seconds: float
    cpu_ms: float

    @property
    def rate(self) -> float:
        """URLs per second."""
        return self.urls / self.seconds


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer after the latency, with the signature of a JPEG file and zeros."""
        time.sleep(LATENCY_SECONDS)
        self.send_response(200)
        self.send_header("Content-Length", str(PICTURE_BYTES))
        self.end_headers()
        self.wfile.write(_BEGIN + bytes(PICTURE_BYTES - len(_BEGIN)))

    def log_message(self, *_: object) -> None:
        """Requests are not logged."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def _serve(connection: Any) -> None:  # noqa: ANN401  a multiprocessing connection
    server = _Server(("127.0.0.1", 0), _Handler)
    connection.send(server.server_address[1])
    server.serve_forever()


@contextmanager
def _distant_server() -> Iterator[str]:
    """A server with latency; gives its origin, as in `http://127.0.0.1:PORT`."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def _lightpress(_: int) -> Callable[[str], int]:
    policy = AddressPolicy((ip_network("127.0.0.0/8"),), plain_http=True)
    download = Download(Connector(policy), Hosts(1_000, 100_000), _LIMIT_BYTES, 30)

    def fetch(url: str) -> int:
        found = download(parse_url(url))
        return len(found.data) if found else 0

    return fetch


def _plain(threads: int) -> Callable[[str], int]:
    pool = urllib3.PoolManager(maxsize=threads)

    def fetch(url: str) -> int:
        return len(pool.request("GET", url, headers={"Connection": "close"}, retries=False).data)

    return fetch


def measure(urls: int = 200) -> list[Row]:
    """Fetch `urls` URLs by each number of threads (10 for each thread where that is less), in turns."""
    rows = []
    with _distant_server() as origin:
        for threads in THREADS:
            count = min(urls, 10 * threads)
            for client, fetch in (("Lightpress", _lightpress(threads)), ("urllib3", _plain(threads))):
                began, cpu = time.monotonic(), os.times()
                with ThreadPoolExecutor(threads) as pool:
                    sizes = list(pool.map(fetch, (f"{origin}/{number}.jpg" for number in range(count))))
                seconds, used = time.monotonic() - began, os.times()
                if set(sizes) != {PICTURE_BYTES}:
                    raise ValueError(f"{client} got {set(sizes)} bytes")
                spent = used.user + used.system - cpu.user - cpu.system
                rows.append(Row(client, threads, count, seconds, 1_000 * spent / count))
    return rows


def table(rows: list[Row]) -> str:
    """As Markdown, a row for each number of threads."""
    head = "| threads | Lightpress, URLs/s | urllib3, URLs/s | Lightpress, CPU ms | urllib3, CPU ms |"
    lines = [head, "|--:|--:|--:|--:|--:|"]
    for ours, plain in zip(rows[::2], rows[1::2], strict=True):
        lines.append(
            f"| {ours.threads} | {ours.rate:.1f} | {plain.rate:.1f} | {ours.cpu_ms:.1f} | {plain.cpu_ms:.1f} |"
        )
    return "\n".join(lines)
