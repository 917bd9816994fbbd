"""The shape of an invocation: how long one of `process_upload` takes beside its CPU, on a store that answers late.

The real handler runs in a process of its own, bound to one CPU, as a function of 1,769 MB has one. Its clients talk
HTTP to a store on this machine that answers each request after 15 to 30 ms. Each batch is also run on a store that
answers at once, in turns: what else the machine does lengthens both, so that their difference is what was waited for.
Run it as root: the function then comes before whatever else wants its CPU.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CODE = Path(__file__).resolve().parents[2] / "lambda_src"
BATCHES = (1, 10)
LATENCY_SECONDS = (0.015, 0.030)
_UPLOADS, _IMAGES, _REGION = "uploads", "images", "eu-west-1"
_EVENTS = json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}).encode()
_MISSING = b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"
_FAILED = b"<Error><Code>PreconditionFailed</Code><Message>another one</Message></Error>"


class Invocation(NamedTuple):
    """One invocation. wall_ms: from the event to the answer. cpu_ms: of the function and its children meanwhile."""

    wall_ms: float
    cpu_ms: float


class Row(NamedTuple):
    """What batches of a size take.

    Attributes:
        code: Whose code.
        batch: Originals in an invocation.
        cpu_ms: Median CPU of an original.
        waiting_ms: Of an original: the medians' difference between the store that answers late and the one at once.
        requests: Of an original.
    """

    code: str
    batch: int
    cpu_ms: float
    waiting_ms: float
    requests: float

    @property
    def ratio(self) -> float:
        """Wall time over CPU, on a machine that does nothing else."""
        return (self.cpu_ms + self.waiting_ms) / self.cpu_ms


@dataclass
class Store:
    """Objects by path, and how late they are answered for, in seconds."""

    objects: dict[str, bytes] = field(default_factory=dict)
    latency: tuple[float, float] = (0, 0)
    requests: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  not for security
    lock: Lock = field(default_factory=Lock)

    def wait(self) -> None:
        """Be as late as the store is now."""
        with self.lock:
            self.requests += 1
            seconds = self.dice.uniform(*self.latency)
        time.sleep(seconds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True

    @property
    def store(self) -> Store:
        server: Any = self.server
        store: Store = server.store
        return store

    def do_GET(self) -> None:
        """An object with its ETag, or 404."""
        self.store.wait()
        path = unquote(urlsplit(self.path).path)
        data = self.store.objects.get(path)
        if data is None and path.count("/") > 1:
            self._answer(404, _MISSING)
        else:
            self._answer(200, data or b"", ETag=_etag(data or b""))

    do_HEAD = do_GET  # noqa: N815  http.server's name

    def do_PUT(self) -> None:
        """Keep an object, under the conditions of S3."""
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.store.wait()
        path = unquote(urlsplit(self.path).path)
        held, wanted = self.store.objects.get(path), self.headers.get("If-Match")
        if (wanted and (held is None or _etag(held) != wanted)) or (held and self.headers.get("If-None-Match")):
            self._answer(412, _FAILED)
            return
        self.store.objects[path] = data
        self._answer(200, b"", ETag=_etag(data))

    def do_POST(self) -> None:
        """Take an event."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.store.wait()
        self._answer(200, _EVENTS)

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Requests are not logged."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving(store: Store) -> Iterator[str]:
    """Answer for the store; gives its origin, as in `http://127.0.0.1:PORT`."""
    server: Any = _Server(("127.0.0.1", 0), _Handler)
    server.store = store
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Function:
    """The function's process, warm once it is made."""

    def __init__(self, code: Path, origin: str, cpu: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(cpu)],
            env=_environment(code, origin),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        """Hand over an event; raises RuntimeError if a message of it fails."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the function has no pipes")
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        if said["answer"]["batchItemFailures"]:
            raise RuntimeError(f"not processed: {said['answer']}")
        return Invocation(said["wall_ms"], said["cpu_ms"])

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


# What it says goes out by a copy of stdout, and what the function logs is thrown away.
_PROGRAM = """
import contextlib, json, os, resource, sys, time, types
os.sched_setaffinity(0, {int(sys.argv[1])})
with contextlib.suppress(PermissionError):  # only root may come first
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
told = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
from lightpress.handlers.process_upload import handler
context = types.SimpleNamespace(
    function_name="process-upload", function_version="1", memory_limit_in_mb=1769, aws_request_id="request",
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:process-upload",
    get_remaining_time_in_millis=lambda: 300_000,
)
def cpu():
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return 1000 * sum(usage.ru_utime + usage.ru_stime for usage in usages)
for line in sys.stdin:
    event = json.loads(line)
    began, used = time.monotonic(), cpu()
    answer = handler(event, context)
    wall = 1000 * (time.monotonic() - began)
    print(json.dumps({"answer": answer, "wall_ms": wall, "cpu_ms": cpu() - used}), file=told, flush=True)
"""


def measure(originals: Sequence[Path], turns: int, codes: Mapping[str, Path]) -> list[Row]:
    """Run batches of each size with each code, late and at once, in turns; `codes` are folders like `lambda_src`."""
    store = Store()
    pictures = [original.read_bytes() for original in originals]
    cpu = max(os.sched_getaffinity(0))
    found: dict[tuple[str, int, bool], list[Invocation]] = {}
    asked: dict[tuple[str, int], list[float]] = {}
    with serving(store) as origin:
        functions = {name: Function(code, origin, cpu) for name, code in codes.items()}
        try:
            for turn in range(-1, turns):  # the first makes everything warm, and does not count
                for batch in BATCHES:
                    for name in sorted(functions, reverse=bool(turn % 2)):
                        for late in (False, True):
                            store.latency = LATENCY_SECONDS if late else (0, 0)
                            event = _event(store, pictures, turn, batch)
                            invocation = functions[name].invoke(event)
                            if turn >= 0:
                                found.setdefault((name, batch, late), []).append(invocation)
                                asked.setdefault((name, batch), []).append(store.requests / batch)
        finally:
            for function in functions.values():
                function.end()
    return [_row(name, batch, found, asked[name, batch]) for batch in BATCHES for name in codes]


def table(rows: Sequence[Row]) -> str:
    """As Markdown: milliseconds of an original."""
    lines = ["| originals | code | requests | CPU ms | waiting ms | wall / CPU |", "|--:|---|--:|--:|--:|--:|"]
    lines += [
        f"| {row.batch} | {row.code} | {row.requests:.1f} | {row.cpu_ms:.0f} | {row.waiting_ms:.0f} | {row.ratio:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


def _row(name: str, batch: int, found: Mapping[tuple[str, int, bool], list[Invocation]], asked: Sequence[float]) -> Row:
    late, at_once = found[name, batch, True], found[name, batch, False]
    cpu = median(one.cpu_ms for one in (*late, *at_once)) / batch
    waited = median(
        (slow.wall_ms - slow.cpu_ms) - (fast.wall_ms - fast.cpu_ms) for slow, fast in zip(late, at_once, strict=True)
    )
    return Row(name, batch, cpu, waited / batch, median(asked))


def _event(store: Store, pictures: Sequence[bytes], turn: int, batch: int) -> dict[str, Any]:
    """New uploads, and the messages about them; the same pictures in each turn's batches of a size."""
    store.objects.clear()
    store.requests = 0
    keys = [f"{time.monotonic_ns()}.jpg" for _ in range(batch)]
    for number, key in enumerate(keys):
        picked = pictures[((turn + 1) if batch == 1 else number) % len(pictures)]
        store.objects[f"/{_UPLOADS}/{key}"] = picked
    return {"Records": [_record(number, key) for number, key in enumerate(keys)]}


def _record(number: int, key: str) -> dict[str, Any]:
    notice = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": _UPLOADS}, "object": {"key": key}}}
    return {
        "messageId": f"id-{number}",
        "receiptHandle": "receipt",
        "body": json.dumps({"Records": [notice]}),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(int(time.time() * 1000))},
        "eventSourceARN": f"arn:aws:sqs:{_REGION}:123456789012:work",
    }


def _environment(code: Path, origin: str) -> dict[str, str]:
    queue = f"https://sqs.{_REGION}.amazonaws.com/123456789012"
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(code),
        "AWS_LAMBDA_FUNCTION_NAME": "process-upload",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": origin,
        "UPLOADS_BUCKET": _UPLOADS,
        "IMAGES_BUCKET": _IMAGES,
        "QUEUE_URL": f"{queue}/work",
        "DEAD_LETTER_QUEUE_URL": f"{queue}/dead",
        "EVENT_BUS": "default",
        "CDN_BASE_URL": "https://example.com",
        "POWERTOOLS_SERVICE_NAME": "lightpress",
        "POWERTOOLS_METRICS_NAMESPACE": "lightpress",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(32 * 1000 * 1000),
        "MALLOC_TRIM_THRESHOLD_": str(256 * 1000 * 1000),
    }


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
