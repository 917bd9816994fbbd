"""`lightpress status`: the status of one original."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.cli.failures import FailureStore
from lightpress.cli.tables import print_failures, print_manifests
from lightpress.delivery.summary import summary_of
from lightpress.pipeline.copy_pattern import REFUSALS
from lightpress.pipeline.manifest import Manifest, Status

if TYPE_CHECKING:
    from lightpress.cli.console import Terminal
    from lightpress.client.deployment import Deployment
    from lightpress.pipeline.failures import Failure

_UNKNOWN, _PROCESSING = "unknown", "processing"
_EXIT_CODES = {Status.READY: 0, Status.FAILED: 1, Status.DELETED: 1, _UNKNOWN: 2, _PROCESSING: 3, Status.HELD: 3}


@dataclass(frozen=True)
class Found:
    """The status of a key.

    Attributes:
        key: Which.
        state: Of the manifest, if that is of the current original; else "unknown" or "processing".
        manifest: What is published; None if nothing is.
        deployment: Where.
        not_fetched: The failure of its URL, if it was to be fetched.
    """

    key: str
    state: str
    manifest: Manifest | None
    deployment: Deployment
    not_fetched: Failure | None = None

    @property
    def exit_code(self) -> int:
        """0 ready, 1 failed or deleted, 2 unknown, 3 processing or held."""
        return _EXIT_CODES[self.state]

    def as_json(self) -> dict[str, Any]:
        """The JSON object that `--json` prints."""
        current = self.manifest if self.state in set(Status) else None
        facts = summary_of(current, lambda variant: {"url": self.deployment.url(variant.path)})
        if self.not_fetched:
            facts |= {"reason": self.not_fetched.reason, "detail": self.not_fetched.detail}
        return {"key": self.key, "status": self.state} | facts

    @property
    def _waits_for(self) -> str:
        held = self.manifest is not None and self.state == Status.HELD
        return f" until it is reviewed ({', '.join(self.manifest.gate)})" if held and self.manifest else ""

    def print(self, console: Terminal) -> None:
        """Print the status, and the table of variants or failures."""
        console.print(f"{self.key}: {self.state}{self._waits_for}")
        if self.manifest and self.state in {Status.READY, Status.FAILED}:
            print_manifests(console, [self.manifest], link=lambda variant: self.deployment.url(variant.path))
        for copy in self.manifest.copies if self.manifest and self.state == Status.READY else ():
            console.print(f"copy: {copy.path}" + (f": none: {REFUSALS[copy.refused]}" if copy.refused else ""))
        if self.not_fetched:
            print_failures(console, [self.not_fetched])


def look(deployment: Deployment, key: str) -> Found:
    """Compare the manifest of a key with its current original."""
    manifest, original = deployment.manifest(key), deployment.original(key)
    state = _state(manifest, original.identity if original else None)
    if original is None and manifest is not None and deployment.has_left(key, manifest, original):
        state = manifest.status
    if state == _UNKNOWN and (failure := _not_fetched(deployment, key)):
        return Found(key, Status.FAILED, None, deployment, failure)
    return Found(key, state, manifest, deployment)


def _not_fetched(deployment: Deployment, key: str) -> Failure | None:
    """The last failure of the URL from which this key was to be fetched."""
    if deployment.url_queue_url is None:
        return None
    failures = [failure for failure in FailureStore.of(deployment).of_subject(key) if failure.url is not None]
    return failures[-1] if failures else None


def _state(manifest: Manifest | None, identity: str | None) -> str:
    if manifest is None:
        return _UNKNOWN if identity is None else _PROCESSING
    if identity is None:
        return Status.DELETED if manifest.status is Status.DELETED else _PROCESSING
    published = manifest.source and manifest.source.identity
    return manifest.status if published == identity else _PROCESSING
