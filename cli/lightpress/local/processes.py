"""Programs that run in the background after the command that started them, and how they are found and ended later.

A process id may belong to another program after a crash or a restart. So the command line is recorded with it, and only
a process with this command line is ever ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PROC = Path("/proc")
_GRACE_SECONDS = 2.0
_PAUSE = 0.02

# A shell starts the program and exits: init adopts the program, and nobody has to wait for it.
_DETACH = 'exec "$@" >"$0" 2>&1 </dev/null & echo $!'


@dataclass(frozen=True, slots=True)
class Running:
    """A process that was started here and runs.

    Attributes:
        pid: Its id.
        command: Its command line, word by word.
        since: When it was started.
    """

    pid: int
    command: list[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program in the background. record: the file with its pid and command; log: the file with its output."""

    record: Path
    log: Path

    def start(self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> None:
        """Start the program with exactly this environment, in a session of its own, so that it keeps running."""
        shell = subprocess.run(
            ["/bin/sh", "-c", _DETACH, str(self.log), *command],
            env=environment,
            cwd=folder,
            start_new_session=True,
            capture_output=True,
            text=True,
            check=True,
        )
        self.record.write_text(json.dumps({"pid": int(shell.stdout), "command": list(command)}), encoding="utf-8")

    def running(self) -> Running | None:
        """The process, if it runs and is the one that was started here."""
        try:
            started = json.loads(self.record.read_text(encoding="utf-8"))
            since = datetime.fromtimestamp(self.record.stat().st_mtime, UTC)
        except (FileNotFoundError, ValueError):
            return None
        running = Running(started["pid"], started["command"], since)
        return running if _is(running) else None

    def stop(self, grace_seconds: float = _GRACE_SECONDS) -> bool:
        """End the program and its child processes, by force after so long; returns whether it ran."""
        running = self.running()
        if running:
            with suppress(ProcessLookupError, PermissionError):  # on macOS the latter, for a group of dead ones
                _end_group(running, grace_seconds)
        self.record.unlink(missing_ok=True)
        return running is not None

    def last_words(self, lines: int = 20) -> str:
        """The last lines of the log; "" if there is none."""
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""


def end_all(naming: str) -> bool:
    """Kill every process whose command line holds this text; returns whether there was one."""
    pids = [pid for pid, command in commands() if naming in command]
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def _end_group(running: Running, grace_seconds: float) -> None:
    group = os.getpgid(running.pid)
    os.killpg(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while _is(running) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    os.killpg(group, signal.SIGKILL)


def _is(running: Running) -> bool:
    """Whether the process has the command. Its first word is ignored: some builds of Python replace it."""
    arguments = " ".join(running.command[1:])
    return any(pid == running.pid and command.endswith(arguments) for pid, command in commands())


def commands() -> Iterator[tuple[int, str]]:
    """The pid and command line of every process, words joined by spaces; "" for a zombie."""
    if not (_PROC / "self" / "cmdline").exists():
        yield from commands_by_ps()
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                yield int(entry.name), b" ".join(words).decode(errors="replace")


def commands_by_ps() -> Iterator[tuple[int, str]]:
    """The same where there is no /proc, as on macOS."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
    for line in listing.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command.strip()
