"""Runs a function in a child process with limits: the reference decodes hostile files, too."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_MIB = 1 << 20
_CHUNK = 1 << 16
_STDERR = 2


class LostError(Exception):
    """The child did not answer: it was killed, ran out of memory, or took too long."""


def confined(work: Callable[[], Any], *, memory_mb: int, seconds: float) -> Any:  # noqa: ANN401  it is JSON
    """What `work` returns in a child process; it must be JSON.

    Args:
        work: The function to run.
        memory_mb: Address space of the child, in MiB (on Linux).
        seconds: Wall-clock time that it may take.

    Raises:
        LostError: The child did not answer, or `work` raised an exception.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _child(work, writing, memory_mb)
    os.close(writing)
    try:
        message = json.loads(_answer(reading, time.monotonic() + seconds))
    except ValueError as error:
        raise LostError("it was killed") from error
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if "error" in message:
        raise LostError(message["error"])
    return message["answer"]


def _child(work: Callable[[], Any], writing: int, memory_mb: int) -> NoReturn:
    try:
        _silence()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_AS, (memory_mb * _MIB, memory_mb * _MIB))
        try:
            answer = {"answer": work()}
        except Exception as error:  # noqa: BLE001  the parent raises it
            answer = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
    finally:
        os._exit(0)


def _silence() -> None:
    """Decoders in C write warnings to stderr, thousands of lines for some files."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, _STDERR)
    os.close(devnull)


def _answer(reading: int, deadline: float) -> str:
    received = bytearray()
    while select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(reading, _CHUNK)
        if not chunk:
            return received.decode()
        received += chunk
    raise LostError("it took too long")
