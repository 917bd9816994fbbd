"""What a child process gives up before it looks at a stranger's bytes.

Whoever takes over a decoder is left in a process that has no credentials, no file and no connection, but one pipe.
Linux only; elsewhere, nothing is given up. What a kernel refuses is named and left out: publishing pictures does not
depend on it. docs/security.md lists what code in the child can still do.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from lightpress.pipeline.system_calls import filter_for

if TYPE_CHECKING:
    from collections.abc import Callable

CREDENTIALS, DESCRIPTORS, FILES, SYSTEM_CALLS = STEPS = ("credentials", "descriptors", "files", "system_calls")
"""What is given up, in this order, as logs and metrics name it where a kernel refuses it."""

_OVERWRITTEN = 40  # characters
# AWS's secret keys have 40 characters, session tokens hundreds. What is shorter is an emulator's ("test"), no secret,
# and may be a word of the picture's own bytes.
_SHORTEST_SECRET = 20
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2


def prepare() -> None:
    """Load what `confine` needs, in the parent, whose children would each pay for it."""
    import ctypes  # noqa: F401, PLC0415  no cold start should pay for it


def confine(pipe: int) -> tuple[str, ...]:
    """Give everything up but memory, CPU, and the pipe; returns those of `STEPS` that could not be done.

    Nothing can be opened afterwards, and so no module imported.
    """
    if sys.platform != "linux":
        return STEPS
    steps: dict[str, Callable[[], None]] = {
        CREDENTIALS: _forget_credentials,
        DESCRIPTORS: lambda: _close_all_but(pipe),
        FILES: _open_nothing_more,
        SYSTEM_CALLS: _refuse_system_calls,
    }
    return tuple(name for name, step in steps.items() if not _done(step))


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except (OSError, ValueError, AttributeError):  # AttributeError: another C library than glibc
        return False
    return True


def _forget_credentials() -> None:
    """Overwrite what makes credentials valid, wherever it is in this process's memory, and leave it no environment.

    A fork inherits many copies: in the block that /proc/self/environ shows, in the clients, in headers of requests long
    sent. Of temporary credentials, as functions have them, it is the session token: without it, AWS takes neither the
    key nor what is derived from it for signing. Its end will do; nobody guesses 240 bits.
    """
    secret = os.environ.get("AWS_SESSION_TOKEN") or os.environ.get("AWS_SECRET_ACCESS_KEY") or ""
    os.environ.clear()
    gc.freeze()  # nothing that was inherited is freed from now on: no memory is unmapped while it is looked through
    if len(secret) >= _SHORTEST_SECRET:
        _overwrite(secret[-_OVERWRITTEN:].encode())


def _overwrite(piece: bytes) -> None:
    """Overwrite each copy as it is found, and what is looked for, `piece`, last."""
    import ctypes  # noqa: PLC0415  loaded by `prepare`

    memmem = ctypes.CDLL(None).memmem
    memmem.restype, memmem.argtypes = (
        ctypes.c_void_p,
        (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t),
    )
    itself = ctypes.cast(ctypes.c_char_p(piece), ctypes.c_void_p).value or 0
    for begin, end in _writable_memory():
        at = memmem(begin, end - begin, piece, len(piece))
        while at is not None:
            if at != itself:
                ctypes.memset(at, 0, len(piece))
            at = memmem(at + 1, end - at - 1, piece, len(piece))
    ctypes.memset(itself, 0, len(piece))


def _writable_memory() -> list[tuple[int, int]]:
    """Where it begins and ends. What is shared is the parent's, too; what cannot be written holds libraries."""
    with open("/proc/self/maps", "rb") as maps:  # noqa: PTH123  one read, and no more imports in the child
        lines = [line.split(maxsplit=2) for line in maps.read().splitlines()]
    areas = [area.split(b"-") for area, allowed, _ in lines if allowed.startswith(b"rw") and allowed.endswith(b"p")]
    return [(int(begin, 16), int(end, 16)) for begin, end in areas]


def _close_all_but(pipe: int) -> None:
    """Close connections to S3 and whatever else was inherited; reading and writing elsewhere goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in {0, 1, 2} - {pipe}:
        os.dup2(nowhere, stream)
    for descriptor in {*map(int, os.listdir("/proc/self/fd"))} - {0, 1, 2, pipe}:  # noqa: PTH208  as above
        with suppress(OSError):  # that of the listing is closed
            os.close(descriptor)


def _open_nothing_more() -> None:
    """Have no more descriptors: no file, not even to read, no socket, no pipe; and write into no file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _refuse_system_calls() -> None:
    """Have the kernel refuse what needs no descriptor and no decoder needs; raises OSError if it will not."""
    import ctypes  # noqa: PLC0415  loaded by `prepare`

    lines = filter_for(os.uname().machine, os.getpid())
    if lines is None:
        raise OSError("no table of system calls for this machine")

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_char_p))

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    program = Program(len(lines) // 8, lines)
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")
