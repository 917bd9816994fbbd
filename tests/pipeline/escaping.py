"""What code in the child may try, once it has taken over a decoder. Each is tried in a real child process.

python -m tests.pipeline.escaping FOLDER here      what becomes of each, as JSON
python -m tests.pipeline.escaping FOLDER lambda    the same where prctl is refused, as it is in Lambda
python -m tests.pipeline.escaping FOLDER free      the same in a process that nothing confines
python -m tests.pipeline.escaping FOLDER memory    in how many places credentials are, in parent and child
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.session import Session

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.job import OriginalInfo, RenderResult
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.confinement import CREDENTIALS, DESCRIPTORS, FILES, SYSTEM_CALLS
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.sandbox import Child, SandboxLimits
from tests.pipeline.test_sandbox import children

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from lightpress.image.job import EncodedVariant

NOTHING = Spec((Size("a", 8),), ("jpeg",))
LIBC = ctypes.CDLL(None, use_errno=True)
_PTRACE_SEIZE, _IPC_PRIVATE, _F_SETOWN, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 0x4206, 0, 8, 38, 22
_PROCESS_VM_READV = {"x86_64": 310, "aarch64": 270}
_PTRACE = {"x86_64": 101, "aarch64": 117}
_PRCTL = {"x86_64": (0xC000003E, 157), "aarch64": (0xC00000B7, 167)}


@dataclass(frozen=True)
class Parent:
    """What a child knows of its parent: a listener that it could reach, and a connection that the parent has open."""

    pid: int
    address: tuple[str, int]
    connection: int
    folder: str


@dataclass(frozen=True)
class Attempt:
    """tries: raises OSError where it is refused, and LookupError where nothing is found.

    refused_by: the step of the confinement that is why; None if it is allowed.
    traces: whether kernels may keep it to processes with rights to trace others (Yama).
    """

    tries: Callable[[Parent], object]
    refused_by: str | None = None
    traces: bool = False


def _in_the_environment(_: Parent) -> None:
    os.environ["AWS_SESSION_TOKEN"]


def _in_the_environment_of_c(_: Parent) -> None:
    LIBC.getenv.restype = ctypes.c_char_p
    if LIBC.getenv(b"AWS_SESSION_TOKEN") is None:
        raise LookupError


def _read(path: str) -> Callable[[Parent], object]:
    return lambda parent: Path(path.format(parent=parent.pid)).read_bytes()


def _connects(parent: Parent) -> None:
    socket.create_connection(parent.address, timeout=5)


def _sends_to_a_path(parent: Parent) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.sendto(b"", f"{parent.folder}/socket")


def _sends_on_what_is_open(parent: Parent) -> None:
    os.write(parent.connection, b"GET / HTTP/1.1\r\n\r\n")


def _writes_a_file(parent: Parent) -> None:
    Path(parent.folder, "written").write_text("here")


def _makes_an_empty_file(parent: Parent) -> None:
    os.mknod(f"{parent.folder}/made")


def _reads_memory_of_the_parent(parent: Parent) -> None:
    here = struct.pack("@PN", id(ATTEMPTS), 8)  # the same in the parent, of which this process is a copy
    _checked(LIBC.syscall(_PROCESS_VM_READV[platform.machine()], parent.pid, here, 1, here, 1, 0))


def _traces_the_parent(parent: Parent) -> None:
    _checked(LIBC.syscall(_PTRACE[platform.machine()], _PTRACE_SEIZE, parent.pid, 0, 0))


def _has_a_signal_sent(parent: Parent) -> None:
    """By way of the pipe, which is all that it has."""
    pipe = next(number for number in range(3, 1024) if _is_open(number))
    fcntl.fcntl(pipe, _F_SETOWN, parent.pid)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _shares_memory(_: Parent) -> None:
    _checked(LIBC.shmget(_IPC_PRIVATE, mmap.PAGESIZE, 0o600))


def _forks(_: Parent) -> None:
    if os.fork() == 0:
        os._exit(0)
    os.wait()


def _starts_a_thread(_: Parent) -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def _checked(result: int) -> None:
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")


ATTEMPTS = {
    "find the credentials in the environment": Attempt(_in_the_environment, CREDENTIALS),
    "find them in the environment as C sees it": Attempt(_in_the_environment_of_c, CREDENTIALS),
    "read `/proc/self/environ`, or any file": Attempt(_read("/proc/self/environ"), FILES),
    "read the environment of its parent in /proc": Attempt(_read("/proc/{parent}/environ"), FILES),
    "read the memory of its parent in /proc": Attempt(
        lambda parent: os.open(f"/proc/{parent.pid}/mem", 0), FILES, traces=True
    ),
    "list a folder": Attempt(lambda _: list(Path("/").iterdir()), FILES),
    "write a file in /tmp": Attempt(_writes_a_file, FILES),
    "have a file in memory": Attempt(lambda _: os.memfd_create("any"), FILES),
    "connect to an address": Attempt(_connects, FILES),
    "look up a name": Attempt(lambda _: socket.getaddrinfo("localhost", 80), FILES),
    "send a datagram to another process": Attempt(_sends_to_a_path, FILES),
    "have a pipe": Attempt(lambda _: os.pipe(), FILES),
    "raise its own limits again": Attempt(lambda _: resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9)), SYSTEM_CALLS),
    "write to a connection that its parent has open": Attempt(_sends_on_what_is_open, DESCRIPTORS),
    "start a program": Attempt(lambda _: os.execv("/bin/true", ["true"]), SYSTEM_CALLS),  # noqa: S606
    "fork": Attempt(_forks, SYSTEM_CALLS),
    "send its parent a signal": Attempt(lambda parent: os.kill(parent.pid, 0), SYSTEM_CALLS),
    "have one sent, by way of its pipe": Attempt(_has_a_signal_sent, SYSTEM_CALLS),
    "limit its parent": Attempt(
        lambda parent: resource.prlimit(parent.pid, resource.RLIMIT_CORE, (0, 0)), SYSTEM_CALLS
    ),
    "trace its parent": Attempt(_traces_the_parent, SYSTEM_CALLS, traces=True),
    "read the memory of its parent by a system call": Attempt(_reads_memory_of_the_parent, SYSTEM_CALLS, traces=True),
    "make an empty file, a folder or a link": Attempt(_makes_an_empty_file, SYSTEM_CALLS),
    "remove or rename a file": Attempt(lambda parent: Path(parent.folder, "there").unlink(), SYSTEM_CALLS),
    "keep something in the kernel for the next child": Attempt(_shares_memory, SYSTEM_CALLS),
    "see whether a path exists, and where a link points": Attempt(lambda _: Path("/proc/self/exe").readlink()),
    "start a thread": Attempt(_starts_a_thread),
    "send itself a signal": Attempt(lambda _: os.kill(os.getpid(), 0)),
    "ask what its limits are": Attempt(lambda _: resource.getrlimit(resource.RLIMIT_AS)),
}
"""By what is tried."""


def confined(attempt: Attempt, parent: Parent) -> tuple[str, tuple[str, ...]]:
    """What becomes of an attempt ("refused" or "allowed"), and which steps of the confinement the kernel refused."""

    def work(_: bytes, __: Spec) -> RenderResult:
        raise PictureRejected(Reason.CORRUPT, "allowed" if _succeeds(attempt, parent) else "refused")

    with Child(b"", NOTHING, SandboxLimits(), work) as child:
        try:
            child.result()
        except PictureRejected as rejected:
            said = rejected.detail
        except ChildLost:  # it is another program by now
            said = "allowed"
    return said, child.cost.open


def free(attempt: Attempt, parent: Parent) -> tuple[str, tuple[str, ...]]:
    """The same in an ordinary child."""
    child = os.fork()
    if child == 0:
        os._exit(0 if _succeeds(attempt, parent) else 1)
    return "refused" if os.waitpid(child, 0)[1] else "allowed", ()


def _succeeds(attempt: Attempt, parent: Parent) -> bool:
    try:
        attempt.tries(parent)
    except (OSError, LookupError, ValueError):
        return False
    return True


def refuse_prctl() -> None:
    """Have this process and its children refused prctl, as in Lambda: all it answers is EPERM."""
    architecture, prctl = _PRCTL[platform.machine()]
    lines = (
        (0x20, 0, 0, 4),
        (0x15, 0, 3, architecture),
        (0x20, 0, 0, 0),
        (0x15, 0, 1, prctl),
        (0x06, 0, 0, 0x00050001),
    )
    program = b"".join(struct.pack("=HBBI", *line) for line in (*lines, (0x06, 0, 0, 0x7FFF0000)))
    buffer = ctypes.create_string_buffer(program)
    descriptor = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer)))
    _checked(LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(LIBC.prctl(_PR_SET_SECCOMP, 2, descriptor, 0, 0))


def attempts(folder: str, becomes: Callable[[Attempt, Parent], object]) -> dict[str, object]:
    """What becomes of each attempt, one after the other."""
    listener = socket.create_server(("127.0.0.1", 0))
    connection = socket.create_connection(listener.getsockname())
    mailbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    mailbox.bind(f"{folder}/socket")
    Path(folder, "there").write_text("there")
    parent = Parent(os.getpid(), listener.getsockname(), connection.fileno(), folder)
    return {name: becomes(attempt, parent) for name, attempt in ATTEMPTS.items()}


def copies() -> dict[str, int]:
    """In how many places of the memory of parent and child the credentials are, while the child renders."""
    client: Any = Session().create_client("s3", region_name="eu-west-1")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "any", "Key": "any"})
    held = [f"x-amz-security-token: {os.environ['AWS_SESSION_TOKEN']}\r\n".encode() for _ in range(100)]

    def work(_: bytes, __: Spec) -> RenderResult:
        return RenderResult(OriginalInfo("png", 1, 1), _sleeps())

    before = children()
    with Child(b"", NOTHING, SandboxLimits(), work) as child:
        rendering = child.result()
        (pid,) = children() - before
        found = {"child": copies_in(pid), "parent": copies_in("self")}
        rendering.variants.close()
    return found | {"held": len(held), "url": len(url)}


def _sleeps() -> Generator[EncodedVariant]:
    signal.pause()
    yield from ()


def copies_in(process: str) -> int:
    """In how many places of its memory, read from outside, the token ends."""
    token = os.environ["AWS_SESSION_TOKEN"].encode()[-40:]
    count = 0
    with Path(f"/proc/{process}/maps").open() as maps, Path(f"/proc/{process}/mem").open("rb", 0) as memory:
        for area, allowed, *_ in map(str.split, list(maps)):
            begin, end = (int(address, 16) for address in area.split("-"))
            if allowed.startswith("rw"):
                memory.seek(begin)
                count += memory.read(end - begin).count(token)
    return count


def main(folder: str, where: str) -> None:
    if where == "lambda":
        refuse_prctl()
    results = copies() if where == "memory" else attempts(folder, free if where == "free" else confined)
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    signal.alarm(120)
    main(sys.argv[1], sys.argv[2])
