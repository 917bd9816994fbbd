"""How many pictures the loop of `lightpress backfill` publishes, and sees published, each second, over HTTP.

    python -m tools.benchmarks looping

A server in a process of its own answers for S3 and SQS: each request after 30 ms, one in a hundred after 200 ms. Its
queue is worked off by so many functions, each of which publishes a picture in 0.6 seconds. The loop is the product's
own, and so are its clients.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config

from lightpress.cli import backfilling
from lightpress.cli.backfill import Limits
from lightpress.client.deployment import Deployment
from lightpress.client.waiting import WAITING
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.events import read
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_LATENCY, _SLOW_LATENCY, _SLOW_ONES = 0.03, 0.2, 0.01
_EACH = 0.6
_UPLOADS, _IMAGES = "uploads", "images"
_ETAG = "0123456789abcdef0123456789abcdef"
_RECIPE = Recipe("web", Spec((Size("w10", 10),), ("jpeg",)))
_BOOK = RecipeBook((Rule("**", _RECIPE),), {"web": _RECIPE})
_STARTED_WITHIN = 10.0

SETTINGS = ((50.0, 20, 1_000), (50.0, 300, 1_500), (1_000.0, 600, 3_000))
"""`--rate`, functions, originals."""


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        rate: `--rate`.
        functions: How many publish.
        originals: How many there were, all of them stale.
        seconds: Until all were seen to be published.
        cpu: Seconds of this process.
        reads: GET and HEAD requests.
    """

    rate: float
    functions: int
    originals: int
    seconds: float
    cpu: float
    reads: int

    @property
    def shown(self) -> str:
        """As a row of Markdown."""
        each = f"{self.reads / self.originals:.1f} | {1_000 * self.cpu / self.originals:.1f}"
        return f"| {self.rate:g} | {self.functions} | {self.originals / self.seconds:.0f} | {each} |"


HEAD = "| `--rate` | functions | pictures/s | reads of each | CPU of each, ms |\n|--:|--:|--:|--:|--:|"


@dataclass
class _Cloud:
    """What the server knows: when each picture is published. functions: when each of them is free."""

    originals: int
    functions: int
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311  it decides latencies
    published: dict[str, float] = field(default_factory=dict)
    free: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        source = PublishedSource(_ETAG, 4)
        made = [Manifest("", Status.READY, revision, source, "web", "old") for revision in (1, 2)]
        self.old, self.new = made[0].to_json(), replace(made[1], digest=_RECIPE.digest).to_json()
        self.keys = [f"{number:08}.jpg" for number in range(self.originals)]
        self.key_of = {manifest_path(key): key for key in self.keys}
        self.free = [0.0] * self.functions

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        try:
            while True:
                method, target, body = await _request(reader)
                await asyncio.sleep(_SLOW_LATENCY if self.chance.random() < _SLOW_ONES else _LATENCY)
                kind, answer = self.answer(method, target, body)
                head = f'HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nETag: "{_ETAG}"\r\nContent-Length: {len(answer)}'
                writer.write(f"{head}\r\n\r\n".encode() + (b"" if method == "HEAD" else answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, method: str, target: str, body: bytes) -> tuple[str, bytes]:
        """The type and the body of the answer to a request."""
        url = urlsplit(target)
        if method == "POST":
            return "application/x-amz-json-1.0", self.accept(json.loads(body)["Entries"])
        if method == "HEAD":
            return "image/jpeg", b"data"
        if "list-type" in url.query:
            return "application/xml", self.listing()
        key = self.key_of[unquote(url.path).removeprefix(f"/{_IMAGES}/")]
        return "application/json", self.new if self.published.get(key, time.time() + 1) <= time.time() else self.old

    def listing(self) -> bytes:
        """All keys on one page."""
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>4</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            for key in self.keys
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def accept(self, entries: list[dict[str, str]]) -> bytes:
        """Give each message to the function that is free first."""
        for entry in entries:
            (source,) = read(entry["MessageBody"]).sources
            first = min(range(self.functions), key=self.free.__getitem__)
            self.free[first] = max(self.free[first], time.time()) + _EACH
            self.published.setdefault(source.key, self.free[first])
        done = [{"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": ""} for entry in entries]
        return json.dumps({"Successful": done, "Failed": []}).encode()


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.split("\r\n")
    method, target, _ = lines[0].split(" ")
    lengths = [int(line.split(":")[1]) for line in lines[1:] if line.lower().startswith("content-length:")]
    return method, target, await reader.readexactly(lengths[0]) if lengths else b""


async def _listen(cloud: _Cloud, ready: Any) -> None:  # noqa: ANN401  the end of a pipe
    server = await asyncio.start_server(cloud.serve, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


def _run_server(originals: int, functions: int, ready: Any) -> None:  # noqa: ANN401  the end of a pipe
    asyncio.run(_listen(_Cloud(originals, functions), ready))


@contextmanager
def _server(originals: int, functions: int) -> Iterator[str]:
    """A server in a process of its own; its URL."""
    spawn = get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_run_server, args=(originals, functions, there), daemon=True)
    process.start()
    try:
        if not here.poll(_STARTED_WITHIN):
            raise TimeoutError("the server has not started")
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _client(service: str, url: str) -> Any:  # noqa: ANN401  of S3 or SQS
    make: Any = boto3.client
    config = WAITING.merge(Config(s3={"addressing_style": "path"}))
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    return make(service, endpoint_url=url, config=config, **keys)


def measured(rate: float, functions: int, originals: int) -> Row:
    """Run the loop once."""
    with _server(originals, functions) as url, TemporaryDirectory() as folder:
        queue, s3 = f"{url}/queue", _client("s3", url)
        deployment = Deployment(
            _UPLOADS, _IMAGES, "", "", queue, "", s3, lambda: _client("sqs", url), lambda: _client("dynamodb", url)
        )
        job = backfilling.job_for(
            deployment, bucket=None, prefix="", mode="variants", since=None, inventory=None, recipes=_BOOK
        )
        began, cpu = time.monotonic(), time.process_time()
        _, checkpoint = backfilling.run(job, Limits(rate=rate), Path(folder), lambda: False, lambda *_: None)
        assert checkpoint.endings == {"ready": originals}  # noqa: S101
        seconds = time.monotonic() - began
        return Row(rate, functions, originals, seconds, time.process_time() - cpu, checkpoint.reads)
