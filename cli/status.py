"""`lightpress status`: what became of one upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.tables import print_manifests
from lightpress.facts import facts_of
from lightpress.manifest import Manifest, Status

if TYPE_CHECKING:
    from rich.console import Console

    from cli.deployment import Deployment

_UNKNOWN, _PROCESSING = "unknown", "processing"
_EXIT_CODES = {Status.READY: 0, Status.FAILED: 1, Status.DELETED: 1, _UNKNOWN: 2, _PROCESSING: 3}


@dataclass(frozen=True)
class Found:
    """The state of a key: what is published, as far as it is of what the uploads bucket holds now."""

    key: str
    state: str
    manifest: Manifest | None
    deployment: Deployment

    @property
    def exit_code(self) -> int:
        """Distinguishes the states for scripts."""
        return _EXIT_CODES[self.state]

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        current = self.manifest if self.state in set(Status) else None
        facts = facts_of(current, lambda variant: {"url": self.deployment.url(variant.path)})
        return {"key": self.key, "status": self.state} | facts

    def print(self, console: Console) -> None:
        """Tell a person."""
        console.print(f"{self.key}: {self.state}", markup=False)
        if self.manifest and self.state in {Status.READY, Status.FAILED}:
            print_manifests(console, [self.manifest], link=lambda variant: self.deployment.url(variant.path))


def look(deployment: Deployment, key: str) -> Found:
    """Compare what is published of the key with what was uploaded."""
    manifest, original = deployment.manifest(key), deployment.original(key)
    return Found(key, _state(manifest, original.identity if original else None), manifest, deployment)


def _state(manifest: Manifest | None, identity: str | None) -> str:
    if manifest is None:
        return _UNKNOWN if identity is None else _PROCESSING
    if identity is None:
        return Status.DELETED if manifest.status is Status.DELETED else _PROCESSING
    published = manifest.source and manifest.source.identity
    return manifest.status if published == identity else _PROCESSING
