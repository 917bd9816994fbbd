"""A download in a process of its own, for a URL that may be what ends invocations.

It is a new program, and not a fork: nothing is shared with threads that may hold a lock. It has no credentials, and its
memory and its time are limited. A job comes in as a line of JSON; what comes out is a line of JSON and the bytes, and
never anything that could be executed.

    python -m lightpress.ingest.alone     is that program
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from lightpress.ingest.connection import Deadline
from lightpress.ingest.download import NO_VALIDATORS, Download, Downloaded, Validators
from lightpress.ingest.errors import FetchFailed
from lightpress.ingest.urls import FetchReason, parse_url
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.ingest.hosts import Hosts
    from lightpress.ingest.urls import SourceUrl

_COPIES = 3  # of the file: as it grows, it is moved


@dataclass(frozen=True, slots=True)
class DownloadAlone:
    """Does what `Download` does, in a process of its own.

    Attributes:
        options: As `Download.by` reads them.
        hosts: The requests of this container to each host: the process is one of them, and what hosts want of it is
            wanted of all.
        grace_seconds: How much longer than the time limit of the URL the process may live.
        room_bytes: How much memory the process may use besides the file.
    """

    options: Mapping[str, Any]
    hosts: Hosts
    grace_seconds: float = 5.0
    room_bytes: int = 96 * MB

    def __call__(self, link: SourceUrl, validators: Validators = NO_VALIDATORS) -> Downloaded | None:
        """Get the picture of a link; None if it is still the one with these validators.

        Raises FetchFailed: for the reasons of `Download`, or as `unfinished` where the process has ended otherwise.
        """
        with self.hosts.turn(link.host, Deadline.after(self.options["timeout_seconds"])):
            said = self._said(link, validators)
        line, _, data = said.partition(b"\n")
        return self._outcome(json.loads(line), data)

    def _said(self, link: SourceUrl, validators: Validators) -> bytes:
        job = {
            "url": link.url,
            "validators": astuple(validators),
            "options": self.options,
            "room_bytes": self.room_bytes + _COPIES * self.options["max_bytes"],
        }
        try:
            ended = subprocess.run(
                [sys.executable, "-P", "-m", __name__],
                input=json.dumps(job).encode(),
                stdout=subprocess.PIPE,
                timeout=self.options["timeout_seconds"] + self.grace_seconds,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _unfinished(link, "was ended, for its time was over") from error
        if ended.returncode != 0:
            raise _unfinished(link, f"ended with the code {ended.returncode}")
        return ended.stdout

    def _outcome(self, outcome: Mapping[str, Any], data: bytes) -> Downloaded | None:
        for host, seconds in outcome.get("left_alone", {}).items():
            self.hosts.leave_alone(host, seconds)
        if failed := outcome.get("failed"):
            reason, detail, retry_after, asked = failed
            raise FetchFailed(FetchReason(reason), detail, retry_after, asked=asked)
        if outcome.get("unchanged"):
            return None
        return Downloaded(bytearray(data), outcome["media_type"], Validators(*outcome["validators"]))


def _environment() -> dict[str, str]:
    """What this process has, but nothing of AWS: no credentials, and not where to ask for them."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return ours | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _unfinished(link: SourceUrl, what: str) -> FetchFailed:
    return FetchFailed(FetchReason.UNFINISHED, f"{link.shown}: even a process for it alone {what}.")


def main() -> None:
    """Read a job from stdin, download its URL within limits of memory and time, and write the result to stdout."""
    job = json.loads(sys.stdin.buffer.read())
    _confine(job["room_bytes"])
    said, data = _work_off(job)
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    sys.stdout.buffer.write(data)


def _work_off(job: Mapping[str, Any]) -> tuple[dict[str, Any], bytearray]:
    download = Download.by(job["options"])
    try:
        found = download(parse_url(job["url"]), Validators(*job["validators"]))
    except FetchFailed as failure:
        failed = [failure.reason, failure.detail, failure.retry_after, failure.asked]
        return {"failed": failed, "left_alone": download.hosts.left_alone()}, bytearray()
    if found is None:
        return {"unchanged": True}, bytearray()
    return {"media_type": found.media_type, "validators": astuple(found.validators)}, found.data


def _confine(room_bytes: int) -> None:
    """Bound the memory that may still be asked for."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":  # macOS knows the limit and refuses to set it
        return
    with open("/proc/self/statm", "rb") as pages:  # noqa: PTH123  one read
        present = int(pages.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (present + room_bytes,) * 2)


if __name__ == "__main__":
    main()
