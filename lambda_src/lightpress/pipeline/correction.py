"""The focus of a picture and the words about it, corrected after it was uploaded, without uploading it again.

What is said is a fact of the manifest, like all that is known of what is published: it is written by a conditional
write, goes with the contents that it was said of, and is gone with them. `reconcile` sees that the variants do not
follow a point yet. So a correction survives each reprocessing, and is no part of a recipe.

Words change no pixel: the manifest is published anew with them, under a revision of its own, and the look that is asked
for announces it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from lightpress.pipeline.facts import Words
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.outcomes import ATTEMPTS, TooManyConflicts
from lightpress.pipeline.ports import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.pipeline.facts import Point
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Looks, Published
    from lightpress.pipeline.source import Source


class NothingPublished(Exception):
    """There is no picture of a key now. manifest: what there is; None where nothing ever was."""

    def __init__(self, source: Source, manifest: Manifest | None) -> None:
        super().__init__(f"nothing is published of {source.name}")
        self.manifest = manifest


class OriginalDropped(Exception):
    """A picture whose original has left cannot be cut anew."""

    def __init__(self, source: Source) -> None:
        super().__init__(f"the original of {source.name} has left")


class Manifests(Protocol):
    """The images bucket, as far as a correction needs it (`pipeline.ports.Images`)."""

    def published(self, key: str) -> Published | None:
        """The manifest of a source's key."""

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        """Replace exactly the manifest `replacing`; raises PreconditionFailed if another is stored."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """The workflow, and everything that it needs.

    Attributes:
        images: Where manifests are kept.
        looks: Has a key looked at.
    """

    images: Manifests
    looks: Looks

    def __call__(self, source: Source, focus: Point | None) -> Manifest:
        """Say where the subject of a picture is; returns the manifest that says so.

        The look is asked for last, and each time: whoever is not told that all is done, says it again.

        Args:
            source: The original, which must be published.
            focus: The point, as shares of width and height; None takes back what was said after the upload.

        Raises:
            NothingPublished: There is no picture of that key now: its upload is not processed yet, or has failed, or it
                is deleted.
            OriginalDropped: Its original has left, of which other variants would have to be made.
            TooManyConflicts: It was published anew during each of many attempts.
        """
        for _ in range(ATTEMPTS):
            with suppress(PreconditionFailed):
                corrected = self._noted(source, focus)
                self.looks.request_look(source)
                return corrected
        raise TooManyConflicts(f"{source} changed during each of {ATTEMPTS} attempts")

    def say(self, source: Source, change: Callable[[Words], Words]) -> Manifest:
        """Say what a picture shows; returns the manifest that says so. Raises as `__call__` does.

        change: Makes what is to be said of what somebody has said before.
        """
        for _ in range(ATTEMPTS):
            with suppress(PreconditionFailed):
                said = self._said(source, change)
                self.looks.request_look(source)
                return said
        raise TooManyConflicts(f"{source} changed during each of {ATTEMPTS} attempts")

    def _said(self, source: Source, change: Callable[[Words], Words]) -> Manifest:
        """Publish the same variants with other words, unless they are the same."""
        published = self._published(source)
        words = change(published.manifest.words or Words())
        said = replace(published.manifest, words=None if words == Words() else words)
        if said == published.manifest:
            return said
        said = replace(said, revision=said.revision + 1)
        self.images.publish(said, published)
        return said

    def _noted(self, source: Source, focus: Point | None) -> Manifest:
        """Write the point into the manifest, unless it says so already."""
        published = self._published(source)
        if published.manifest.original_dropped is not None:
            raise OriginalDropped(source)
        corrected = replace(published.manifest, correction=focus)
        if corrected != published.manifest:
            self.images.publish(corrected, published)
        return corrected

    def _published(self, source: Source) -> Published:
        published = self.images.published(source.name)
        if published is None or published.manifest.status is not Status.READY:
            raise NothingPublished(source, published.manifest if published else None)
        return published
