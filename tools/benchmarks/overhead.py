"""CPU time of the pipeline around the image core: events, manifest, child process, log. S3 and SQS are in memory."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import time
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from lightpress.aws.dead_letters import SqsDeadLetters, SqsQueue
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.messages import Message, MessageProcessor
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from lightpress.telemetry import ReconcileTelemetry
from tools.benchmarks.originals import WIDTHS
from tools.fakes.s3 import Bucket, SimulatedS3
from tools.fakes.sqs import Queue, SimulatedSqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FORMATS = ("avif", "webp", "jpeg")
_UPLOADS, _IMAGES, _QUEUE, _DEAD_LETTERS = "uploads", "images", "queue", "dead-letters"


class Overhead(NamedTuple):
    """Median CPU time of one original.

    Attributes:
        original: Its file name.
        core_ms: The image core alone, in one process, in milliseconds.
        all_ms: All that a message takes, the child process included, in milliseconds.
    """

    original: str
    core_ms: float
    all_ms: float

    @property
    def share(self) -> float:
        """CPU time around the core, as a share of that of the core."""
        return self.all_ms / self.core_ms - 1


def measure(original: Path, turns: int) -> Overhead:
    """Measure both in turns, so that other load on the machine affects both alike."""
    data = original.read_bytes()
    spec = Spec(tuple(Size(f"w{width}", width) for width in WIDTHS), _FORMATS)
    core: Callable[[], object] = lambda: list(render(data, spec).variants)  # noqa: E731
    core()
    whole = pipeline(data, spec)
    whole()
    pairs = [(cpu_ms(core), cpu_ms(whole)) for _ in range(turns)]
    return Overhead(original.name, median(pair[0] for pair in pairs), median(pair[1] for pair in pairs))


def table(found: list[Overhead]) -> str:
    """As Markdown: a row for each original, and the median of all."""
    lines = ["| | core, ms | all, ms | around it |", "|---|--:|--:|--:|"]
    lines += [f"| {one.original} | {one.core_ms:.0f} | {one.all_ms:.0f} | {one.share:.1%} |" for one in found]
    return "\n".join([*lines, f"| median | | | {median(one.share for one in found):.1%} |"])


def pipeline(data: bytes, spec: Spec) -> Callable[[], object]:
    """From a queue message to the published manifest; each call processes a new upload of the same original."""
    buckets = {_UPLOADS: Bucket(), _IMAGES: Bucket()}
    s3: Any = SimulatedS3(buckets)
    sqs: Any = SimulatedSqs({_QUEUE: Queue(_QUEUE), _DEAD_LETTERS: Queue(_DEAD_LETTERS)})
    recipe = Recipe("web", spec)
    recipes = RecipeBook((Rule("**", recipe),), {"web": recipe})
    world = Dependencies(
        S3Originals(s3), S3Images(s3, _IMAGES), recipes, partial(render_in_sandbox, limits=SandboxLimits())
    )
    process = MessageProcessor(
        Publishing(_UPLOADS).find_source,
        partial(reconcile, dependencies=world),
        SqsDeadLetters(sqs, _DEAD_LETTERS),
        SqsQueue(sqs, _QUEUE),
        ReconcileTelemetry(),
    )

    def one() -> None:
        key = f"{time.monotonic_ns()}.jpg"
        buckets[_UPLOADS].put(key, data)
        record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": _UPLOADS}, "object": {"key": key}}}
        with _log_discarded():
            process(Message("1", json.dumps({"Records": [record]})))
        if not any(path.startswith("m/") for path in buckets[_IMAGES].keys):
            raise RuntimeError(f"nothing was published of {key}")
        buckets[_IMAGES].keys.clear()

    return one


@contextlib.contextmanager
def _log_discarded() -> Iterator[None]:
    """Log lines are written to /dev/null."""
    stdout = os.dup(1)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    try:
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
        os.close(devnull)


def cpu_ms(work: Callable[[], object]) -> float:
    """CPU time of this process and its children, in milliseconds."""
    before = _cpu_seconds()
    work()
    return 1000 * (_cpu_seconds() - before)


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
