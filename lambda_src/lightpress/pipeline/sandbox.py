"""Renders in a child process, so that a picture that crashes, hangs or bloats a decoder harms nobody else.

A signal handler in Python cannot stop a decoder that is busy in C, and a crash would take the whole batch along. The
child inherits the file's bytes, and sends back frames: a line of JSON and the bytes of one variant. It is never sent,
and never trusted with, anything that could be executed here.
"""

from __future__ import annotations

import json
import math
import os
import resource
import select
import signal
import struct
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from lightpress.image.capture import Capture
from lightpress.image.codecs import load_codecs, load_for, load_helpers
from lightpress.image.compress import CompressionOptions, compress
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.image.lossless import pack
from lightpress.image.render import render
from lightpress.image.spec import Spec, WorkOptions
from lightpress.pipeline import confinement
from lightpress.pipeline.ports import ChildLost
from lightpress.strict_json import strict_json
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_HEADER = struct.Struct(">IQ")
_CHUNK = 1 << 20
_LARGEST_FRAME = 1 << 28
_AS_MEASURED = 2  # a decoder reserves more address space than it fills, up to this many times as much
_SPARE_BYTES = 64 * MB
_M_MMAP_MAX = -4  # of malloc.h: how many pieces may be outside the heap
_TOLD = tuple(field.name for field in fields(EncodedVariant) if field.name != "data")
# SIGTRAP is how PDFium gives up.
_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP}

# What the parent process needs of the function's memory, and what a child gets however small the function is.
_PARENT_MB = 300
_SMALLEST_CHILD_MB = 256


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What one picture may use.

    Attributes:
        cpu_seconds: CPU time; a picture that takes more is rejected.
        wall_seconds: until the child is killed, which is a transient error.
        memory_mb: address space of the child, in MB, beside that of its parent; to need more is a transient error.
    """

    cpu_seconds: int = 20
    wall_seconds: float = 25.0
    memory_mb: int = 1_400


@dataclass(frozen=True, slots=True)
class Cost:
    """What the child process of one original used.

    Attributes:
        cpu_ms: CPU time, in milliseconds.
        peak_rss_mb: Peak resident memory, in MB.
        decoding_ms: Of the CPU time, what passed before the first variant was begun; 0 if it never was.
        open: Which of `confinement.STEPS` the kernel has refused.
        library_missing: Whether the pixel library was wanted, and there is none for this system or processor.
    """

    cpu_ms: int
    peak_rss_mb: int
    decoding_ms: int = 0
    open: tuple[str, ...] = ()
    library_missing: bool = False


def _unobserved(_: Cost) -> None:
    """Nobody wants to know."""


OptionsT = TypeVar("OptionsT", bound=WorkOptions)


class Child(Generic[OptionsT]):
    """A process that works on one original. As a context manager it is gone when the block ends; then `cost` is known.

    Args:
        data: The file.
        options: What the work is told beside the file.
        limits: What the process may use.
        work: What it does: `image.render` or `image.compress`.
        on_cost: Called with the cost, once the process has ended.
    """

    def __init__(
        self,
        data: bytes,
        options: OptionsT,
        limits: SandboxLimits,
        work: Callable[[bytes, OptionsT], RenderResult],
        on_cost: Callable[[Cost], None] = _unobserved,
    ) -> None:
        self.cost = Cost(0, 0)
        self._decoding_ms = 0
        self._open: tuple[str, ...] = ()
        self._on_cost = on_cost
        self._deadline = time.monotonic() + limits.wall_seconds
        # Once here rather than in every child, and with the first picture rather than at the cold start.
        load_codecs(options.formats)  # a sixth of a small picture's CPU
        load_helpers()
        if options.finds_faces:
            from lightpress.image.faces import load_faces  # noqa: PLC0415  few recipes ask for it

            load_faces()
        self._library_missing = options.native and _has_no_codecs()
        confinement.prepare()
        self._pipe, theirs = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            self._pid = os.fork()
        except OSError:
            os.close(self._pipe)
            os.close(theirs)
            raise
        if self._pid == 0:
            os.close(self._pipe)
            _work(theirs, data, options, limits, work)
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def result(self) -> RenderResult:
        """The facts, once the child has sent them, and the variants as it finishes them.

        Raises PictureRejected also where the picture crashes a decoder or takes too much CPU; ChildLost where the
        machine lacked memory or time.
        """
        answers = self._answers()
        return RenderResult(next(answers), answers)  # started: from here on, closing or dropping it ends the child

    def _answers(self) -> Generator[Any]:
        """The facts of the original, then its variants."""
        try:
            said, _ = self._frame()
            self._open = tuple(step for step in confinement.STEPS if step in said["open"])
            said, _ = self._frame()
            self._decoding_ms = said.pop("cpu_ms")
            load_codecs((said["format"],))  # for the next of its kind: phones send many alike
            yield _info_from(said)
            while (frame := self._frame())[0] != {"done": True}:
                said, data = frame
                yield EncodedVariant(**said | {"names": tuple(said["names"])}, data=data)
        finally:
            self.end()

    def end(self) -> None:
        """End the child if it still runs, and take note of its cost."""
        if self._pid != 0:
            os.kill(self._pid, signal.SIGKILL)
            self._bury(0)

    def _bury(self, options: int) -> int | None:
        """Once the child has ended, note its cost and return the signal that killed it, or 0; None while it lives."""
        pid, status, usage = os.wait4(self._pid, options)
        if pid == 0:
            return None
        os.close(self._pipe)
        self._pid = 0
        peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        cpu_ms = round((usage.ru_utime + usage.ru_stime) * 1000)
        self.cost = Cost(cpu_ms, round(peak_bytes / MB), self._decoding_ms, self._open, self._library_missing)
        self._on_cost(self.cost)
        return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

    def _frame(self) -> tuple[dict[str, Any], bytes]:
        text_length, data_length = _HEADER.unpack(self._exactly(_HEADER.size))
        if max(text_length, data_length) > _LARGEST_FRAME:
            raise ChildLost("it sent nonsense")
        try:
            said = strict_json(self._exactly(text_length))
        except ValueError:
            raise ChildLost("it sent nonsense") from None
        data = self._exactly(data_length)
        if "rejected" in said:
            raise PictureRejected(Reason(said["rejected"]), said["detail"])
        if "lost" in said:
            raise ChildLost(said["lost"])
        return said, data

    def _exactly(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._pipe], [], [], left)[0]:
                raise ChildLost("it took too long")
            chunk = os.read(self._pipe, min(_CHUNK, count - len(received)))
            if not chunk:
                raise self._verdict()
            received += chunk
        return bytes(received)

    def _verdict(self) -> Exception:
        """Whose fault it is that the child closed the pipe before it was done."""
        while (died_of := self._bury(os.WNOHANG)) is None:  # so that it dies of its own cause, not of ours
            if time.monotonic() > self._deadline:
                return ChildLost("it closed the pipe and lives on")
            time.sleep(0.001)
        if died_of == signal.SIGXCPU:
            return PictureRejected(Reason.TOO_SLOW, "The picture used up the CPU time that one picture may take.")
        if died_of in _CRASHES:
            name = signal.Signals(died_of).name
            return PictureRejected(Reason.CRASHED_DECODER, f"A decoder or encoder crashed over it ({name}).")
        return ChildLost(f"signal {died_of}" if died_of else "it exited early")


def limits_within(function_memory_mb: int) -> SandboxLimits:
    """What a child may use in a function of so many megabytes, beside the parent process."""
    return SandboxLimits(memory_mb=max(_SMALLEST_CHILD_MB, function_memory_mb - _PARENT_MB))


def render_and_pack(data: bytes, spec: Spec) -> RenderResult:
    """Do what `image.render` does, and pack without loss; only for a process that ends (see `image.lossless`)."""
    return render(data, spec, pack=pack)


def render_in_sandbox(
    data: bytes,
    spec: Spec,
    limits: SandboxLimits,
    on_cost: Callable[[Cost], None] = _unobserved,
    *,
    native: bool = True,
) -> RenderResult:
    """Do what `image.render` does, in a child process; raises as `Child.result` does. native: see `Spec`."""
    return Child(data, replace(spec, native=native), limits, render_and_pack, on_cost).result()


def compress_in_sandbox(
    data: bytes, options: CompressionOptions, limits: SandboxLimits, on_cost: Callable[[Cost], None] = _unobserved
) -> RenderResult:
    """Do what `image.compress` does, in a child process; raises as `Child.result` does."""
    return Child(data, options, limits, partial(compress, pack=pack), on_cost).result()


def _work(
    pipe: int,
    data: bytes,
    options: OptionsT,
    limits: SandboxLimits,
    work: Callable[[bytes, OptionsT], RenderResult],
) -> NoReturn:
    """All that the child does. It leaves by _exit, so that nothing of the parent's is flushed or cleaned up twice."""
    try:
        room = _limit(limits)
        _keep_large_pieces()
        load_for(data, options.accept)
        _send(pipe, {"open": confinement.confine(pipe)})
        _answer(pipe, partial(work, data, options), room)
    finally:
        os._exit(1)  # reached only if even the answer failed


def _answer(pipe: int, work: Callable[[], RenderResult], room: float) -> None:
    try:
        result = work()
        _send(pipe, asdict(result.original) | {"cpu_ms": round(time.process_time() * 1000)})
        for variant in result.variants:
            _send(pipe, {name: getattr(variant, name) for name in _TOLD}, variant.data)
        _send(pipe, {"done": True})
    except PictureRejected as rejected:
        if _memory_may_have_been_short(rejected, room):
            _send(pipe, {"lost": f"a decoder gave up where memory was short: {rejected.detail}"})
        else:
            _send(pipe, {"rejected": rejected.reason, "detail": rejected.detail})
    except BaseException as error:  # noqa: BLE001  this is the end of the process: the parent is told, whatever it is
        _send(pipe, {"lost": f"{type(error).__name__}: {error}"})
    os._exit(0)


def _memory_may_have_been_short(rejected: PictureRejected, room: float) -> bool:
    """Whether a decoder that speaks of damage may mean that it got no memory: most do not tell the two apart."""
    return rejected.memory is not None and rejected.memory * _AS_MEASURED + _SPARE_BYTES > room


def _has_no_codecs() -> bool:
    """Load the pixel library, and the codecs that it works with; whether one of them is missing."""
    from lightpress.image.plane_codecs import plane_codecs  # noqa: PLC0415  no cold start should pay for ctypes

    return plane_codecs() is None


def _limit(limits: SandboxLimits) -> float:
    """Bound what this process may use; returns how many bytes of memory it may still ask for."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    if sys.platform != "linux":  # macOS knows the limit and refuses to set it
        return math.inf
    room = limits.memory_mb * MB
    # The limit counts what the parent reserved, too, filled or not: none of it is this picture's.
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + room,) * 2)
    return room


def _keep_large_pieces() -> None:
    """Have the C library keep freed pieces above 32 MB, too, which it would give back and get again, to be cleared.

    Here alone: the parent would keep the memory of the largest file that it ever read.
    """
    import ctypes  # noqa: PLC0415  loaded by `confinement.prepare`

    with suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_M_MMAP_MAX, 0)


def _address_space() -> int:
    """How many bytes this process has asked for so far."""
    with open("/proc/self/statm", "rb") as pages:  # noqa: PTH123  one read, and no more imports in the child
        return int(pages.read().split()[0]) * resource.getpagesize()


def _send(pipe: int, said: dict[str, Any], data: bytes = b"") -> None:
    text = json.dumps(said).encode()
    for part in (_HEADER.pack(len(text), len(data)), text, data):
        view = memoryview(part)
        while view:
            view = view[os.write(pipe, view) :]


def _info_from(said: dict[str, Any]) -> OriginalInfo:
    """The facts of an original, from JSON, which has lists where there are tuples."""
    focus, capture = said["focus"] and tuple(said["focus"]), said["capture"]
    if capture:
        capture = Capture(**capture | {"place": capture["place"] and tuple(capture["place"])})
    return OriginalInfo(**said | {"notes": tuple(said["notes"]), "focus": focus, "capture": capture})
