"""`lightpress upload`: what it shows of uploads while they are under way, and of their results."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lightpress.cli.commands.terminal import err, out, print_json, progress_bars
from lightpress.cli.faults import sentence_of_file
from lightpress.cli.tables import amount, print_manifests
from lightpress.client.sending import Listener, Sending
from lightpress.delivery.summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.progress import Progress

    from lightpress.cli.files import File
    from lightpress.client.deployment import Deployment
    from lightpress.client.uploading import Upload

_PROCESSING = "processing"


@dataclass
class Uploading:
    """Uploads files, shows how it goes, and prints what became of them.

    Attributes:
        deployment: Where to.
        timeout: Seconds to wait for each original; 0 does not wait.
        as_json: Whether to print a line of JSON for each instead of a table.
    """

    deployment: Deployment
    timeout: float
    as_json: bool
    _settled: list[Upload] = field(default_factory=list)
    _unread: int = 0

    def __call__(self, files: Sequence[File], prefix: str) -> int:
        """Upload each file under prefix and name; returns the exit code."""
        with progress_bars() as progress:
            send = Sending(self.deployment, self.timeout, self._listener(progress, len(files)))
            late = send((file.path, prefix + file.name) for file in files if file.path)
        if not self.as_json:
            self._print_table()
        for one in late:
            self._tell_late(one)
        failed = any(one.manifest and one.manifest.reason for one in self._settled)
        return 1 if late or failed or self._unread else 0

    def _listener(self, progress: Progress, total: int) -> Listener:
        uploading = progress.add_task("uploading", total=total)
        publishing = progress.add_task("publishing", total=total, visible=self.timeout > 0)
        sent = Counter[str]()

        def moved(count: int) -> None:
            sent["bytes"] += count
            progress.update(uploading, description=f"uploading, {amount(sent['bytes'])}")

        def settled(one: Upload) -> None:
            progress.advance(publishing)
            self._settled.append(one)
            if self.as_json:
                print_json(self._facts(one))

        def unread(path: Path, error: OSError) -> None:
            self._unread += 1
            err.print(f"{path}: not uploaded. {sentence_of_file(error)}", style="red")

        return Listener(moved, lambda _: progress.advance(uploading), settled, unread)

    def _print_table(self) -> None:
        manifests = [one.manifest for one in self._settled if one.manifest]
        times = {one.key: one.seconds for one in self._settled}
        print_manifests(out, manifests, link=lambda variant: self.deployment.url(variant.path), times=times)

    def _tell_late(self, one: Upload) -> None:
        if self.as_json:
            print_json({"key": one.key, "status": _PROCESSING})
        key = shlex.quote(one.key)
        err.print(f"{one.key}: not finished after {self.timeout:.0f} s; see: lightpress status {key}", style="red")

    def _facts(self, one: Upload) -> dict[str, Any]:
        """The JSON object of a published or failed original: that of `status`, and the seconds that it took."""
        facts = summary_of(one.manifest, lambda variant: {"url": self.deployment.url(variant.path)})
        status = one.manifest.status if one.manifest else _PROCESSING
        return {"key": one.key, "status": status, "seconds": round(one.seconds, 1)} | facts
