"""The client side of the protocol in `programs/answering.py`: starts a program, sends it jobs, reads its answers."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_START_SECONDS = 60.0
_CHUNK = 1 << 16
_MEMORY_INTERVAL_SECONDS = 0.05
_STATM = "/proc/{}/statm"


class PeerError(Exception):
    """The program does not start: the fault of the installation, not of a picture."""


class PeerLostError(Exception):
    """The program did not answer a job: it crashed, took too long, or took too much memory.

    peak_mb: its memory where that is why, else 0.
    """

    def __init__(self, why: str, peak_mb: int = 0) -> None:
        super().__init__(why)
        self.peak_mb = peak_mb


class PeerProcess:
    """One running program. As a context manager it is gone when the block ends.

    Attributes:
        versions: The libraries it uses, with their versions.
        used: Whether it was ever sent a job.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._received = b""
        self.used = False
        try:
            self.versions: str = self._read(_START_SECONDS, math.inf)["versions"]
        except PeerLostError as lost:
            self.end()
            raise PeerError(f"{name} does not start: {lost}") from lost

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self, job: Mapping[str, Any], *, seconds: float = math.inf, memory_mb: float = math.inf) -> dict[str, Any]:
        """Send a job and return the answer.

        Args:
            job: As `programs/answering.py` describes it.
            seconds: Wall-clock time that the answer may take.
            memory_mb: Resident memory, in MB, beyond which there is no use in waiting.

        Raises:
            PeerLostError: There is no answer within these limits. The process may still run: end it.
        """
        self.used = True
        try:
            self._pipe("stdin").write(json.dumps(job).encode() + b"\n")
            self._pipe("stdin").flush()
        except BrokenPipeError as error:
            raise PeerLostError(self._cause_of_death()) from error
        return self._read(seconds, memory_mb)

    def end(self) -> None:
        """Kill the process, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._pipe("stdin").close()
        self._pipe("stdout").close()

    def _pipe(self, name: str) -> Any:  # noqa: ANN401  Popen's type does not say that it was given pipes
        return getattr(self._process, name)

    def _read(self, seconds: float, memory_mb: float) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0:
                raise PeerLostError(f"no answer within {seconds:g} s")
            if memory_mb < math.inf and (now_mb := self._resident_mb()) > memory_mb:
                raise PeerLostError(f"it took {now_mb} MB", now_mb)
            wait = min(left, _MEMORY_INTERVAL_SECONDS if memory_mb < math.inf else left)
            if select.select([self._pipe("stdout")], [], [], None if wait == math.inf else wait)[0]:
                chunk = os.read(self._pipe("stdout").fileno(), _CHUNK)
                if not chunk:
                    raise PeerLostError(self._cause_of_death())
                self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _cause_of_death(self) -> str:
        code = self._process.wait()
        return f"crashed ({signal.Signals(-code).name})" if code < 0 else f"exited with {code}"

    def _resident_mb(self) -> int:
        """On Linux; elsewhere 0, and the peak that the program reports afterwards decides."""
        try:
            pages = int(Path(_STATM.format(self._process.pid)).read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return round(pages * os.sysconf("SC_PAGE_SIZE") / MB)
