"""What everything around the picture core costs: events, manifest, child process, log; S3 and SQS are in memory."""

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
from lightpress.image import Size, Spec, render
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.messages import Message, MessageProcessor
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import Dependencies, reconcile
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from lightpress.telemetry import ReconcileTelemetry
from tools.benchmarks.pictures import WIDTHS
from tools.fakes.s3 import Bucket, SimulatedS3
from tools.fakes.sqs import Queue, SimulatedSqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FORMATS = ("avif", "webp", "jpeg")
_UPLOADS, _IMAGES, _QUEUE, _DEAD_LETTERS = "uploads", "images", "queue", "dead-letters"


class Overhead(NamedTuple):
    """Median CPU of one picture, in milliseconds: the core alone, in one process; and all of it, with its child."""

    picture: str
    core_ms: float
    all_ms: float

    @property
    def part(self) -> float:
        """What is around the core, as a part of the core."""
        return self.all_ms / self.core_ms - 1


def measure(picture: Path, turns: int) -> Overhead:
    """Both, in turns, so that whatever else the machine does troubles both alike."""
    data = picture.read_bytes()
    spec = Spec(tuple(Size(f"w{width}", width) for width in WIDTHS), _FORMATS)
    core: Callable[[], object] = lambda: list(render(data, spec).renditions)  # noqa: E731
    core()
    whole = _pipeline(data, spec)
    whole()
    pairs = [(_cpu_ms(core), _cpu_ms(whole)) for _ in range(turns)]
    return Overhead(picture.name, median(pair[0] for pair in pairs), median(pair[1] for pair in pairs))


def table(found: list[Overhead]) -> str:
    """A row for each picture, and the median of all."""
    lines = ["| | core, ms | all, ms | around it |", "|---|--:|--:|--:|"]
    lines += [f"| {one.picture} | {one.core_ms:.0f} | {one.all_ms:.0f} | {one.part:.1%} |" for one in found]
    return "\n".join([*lines, f"| median | | | {median(one.part for one in found):.1%} |"])


def _pipeline(data: bytes, spec: Spec) -> Callable[[], object]:
    """From a queue message to the published manifest; each call is about a new upload of the same picture."""
    buckets = {_UPLOADS: Bucket(), _IMAGES: Bucket()}
    s3: Any = SimulatedS3(buckets)
    sqs: Any = SimulatedSqs({_QUEUE: Queue(_QUEUE), _DEAD_LETTERS: Queue(_DEAD_LETTERS)})
    recipe = Recipe("web", spec)
    recipes = RecipeBook((Rule("**", recipe),), {"web": recipe})
    world = Dependencies(
        S3Originals(s3), S3Images(s3, _IMAGES), recipes, partial(render_in_sandbox, bounds=SandboxLimits())
    )
    process = MessageProcessor(
        Publishing(_UPLOADS).known,
        partial(reconcile, world=world),
        SqsDeadLetters(sqs, _DEAD_LETTERS),
        SqsQueue(sqs, _QUEUE),
        ReconcileTelemetry(),
    )

    def one() -> None:
        key = f"{time.monotonic_ns()}.jpg"
        buckets[_UPLOADS].put(key, data)
        record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": _UPLOADS}, "object": {"key": key}}}
        with _unheard():
            process(Message("1", json.dumps({"Records": [record]})))
        if not any(path.startswith("m/") for path in buckets[_IMAGES].keys):
            raise RuntimeError(f"nothing was published of {key}")
        buckets[_IMAGES].keys.clear()

    return one


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Log lines are written, and go nowhere."""
    heard = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(heard, 1)
        os.close(heard)
        os.close(nowhere)


def _cpu_ms(work: Callable[[], object]) -> float:
    before = _cpu_seconds()
    work()
    return 1000 * (_cpu_seconds() - before)


def _cpu_seconds() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
