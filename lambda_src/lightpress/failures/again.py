"""Whether a recorded failure is still one, and the message that has its original looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.ingest.orders import Order, body_of
from lightpress.pipeline.events import reconcile_message
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.source import Source

if TYPE_CHECKING:
    from lightpress.pipeline.failures import Failure
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Published


def tells(manifest: Manifest | None, failure: Failure) -> bool:
    """Whether the manifest says that these very contents failed: they were not replaced, deleted or published since."""
    return (
        manifest is not None
        and manifest.status is Status.FAILED
        and manifest.source is not None
        and manifest.source.identity == failure.identity
    )


def came_and_left(published: Published | None, failure: Failure) -> str | None:
    """The identity of an original that has come since a failure, was published, and has left by its recipe.

    Of when it came, nothing but the manifest is left to tell. None where there is no such original.
    """
    if published is None or published.manifest.original_dropped is None or published.modified < failure.last_at:
        return None
    return published.manifest.source.identity if published.manifest.source else None


def message_of(failure: Failure) -> str:
    """The message that has an original processed again, or a URL fetched again."""
    bucket, key = failure.bucket or "", failure.key or ""
    if failure.url is not None:
        return body_of(Order(failure.url, key, again=True))
    return reconcile_message(Source(bucket, key), retry=True)
