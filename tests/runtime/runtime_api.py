"""Lambda's Runtime API, and a function behind it: a real process with AWS's own runtime client and the real handler.

Emulators are lenient where Lambda is not: here is what a function really sends, byte for byte, and what becomes of its
process. The API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).resolve().parents[2]
LAUNCHER = Path(__file__).with_name("launcher.py")
_PATIENCE_SECONDS = 60.0
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Answer:
    """What the function said. kind: response, error, or init error; exit where it ended without a word."""

    kind: str
    body: bytes
    request_id: str = ""

    def json(self) -> Any:  # noqa: ANN401  whatever the function says
        return json.loads(self.body)


@dataclass
class Function:
    """A function: one process, as long as it lives. As a context manager, it is gone when the block ends."""

    handler: str
    environment: Mapping[str, str]
    folder: Path
    _events: queue.Queue[tuple[str, bytes, int]] = field(default_factory=queue.Queue)
    _answers: queue.Queue[Answer] = field(default_factory=queue.Queue)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._door())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        self._log = (self.folder / "log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, str(LAUNCHER), self.handler],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._server.shutdown()
        self._server.server_close()
        self._log.close()

    def invoke(self, event: object, *, seconds: float = 60.0) -> Answer:
        """Hand over an event, with so much time until the function's timeout; returns what is said of it."""
        self.begin(event, seconds=seconds)
        return self.answer()

    def begin(self, event: object, *, seconds: float = 60.0) -> None:
        """Hand over an event, and do not wait."""
        request_id = f"request-{time.monotonic_ns()}"
        self._events.put((request_id, json.dumps(event).encode(), int((time.time() + seconds) * 1000)))

    def answer(self) -> Answer:
        """Wait for the next thing the function says, or for its end."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                return self._answers.get(timeout=_PAUSE)
            except queue.Empty:
                if self.process.poll() is not None and self._answers.empty():
                    return Answer("exit", str(self.process.returncode).encode())
        raise AssertionError(f"the function said nothing. Its log:\n{self.log()}")

    def log(self) -> str:
        """What it has written to its output so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def children(self) -> list[int]:
        """The processes that the function has started and that still live."""
        found: list[int] = []
        for thread in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # the thread has ended meanwhile
                found += [int(pid) for pid in thread.read_text().split()]
        return found

    def _environment(self) -> dict[str, str]:
        """What Lambda sets, what the stack sets, and nothing of this machine's."""
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": str(self.folder),
            "_HANDLER": self.handler,
            "LAMBDA_TASK_ROOT": str(PROJECT / "lambda_src"),
            "PYTHONPATH": str(PROJECT / "lambda_src"),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_LAMBDA_FUNCTION_NAME": "process-upload",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/process-upload",
            "AWS_LAMBDA_LOG_STREAM_NAME": "1",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            **self.environment,
        }

    def _door(self) -> type[BaseHTTPRequestHandler]:
        function = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Next: wait for an event."""
                request_id, event, deadline_ms = function._events.get()
                self._send(
                    200,
                    event,
                    {
                        "Lambda-Runtime-Aws-Request-Id": request_id,
                        "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
                        "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
                        "Content-Type": "application/json",
                    },
                )

            def do_POST(self) -> None:
                """Response, error, or init error."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                *_, subject, what = self.path.split("/")
                self._send(202, b'{"status":"OK"}', {})
                kind = "init error" if subject == "init" else what
                function._answers.put(Answer(kind, body, subject))

            def log_message(self, *_: object) -> None: ...

            def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Door
