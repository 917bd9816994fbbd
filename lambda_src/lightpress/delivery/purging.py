"""What is invalidated of the purges that wait: folder by folder while they are few, everything once they are many.

Or once one has waited for days: a queue drops in the end what nobody was able to do (docs/decisions/0145). Nothing lies
between: hashes scatter keys, so that as many deletions as there are prefixes of a hash hit nearly all of
them (docs/decisions/0086).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lightpress.pipeline.paths import PERMALINKS, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FOLDERS_AT_ONCE = 7
"""CloudFront works on 15 wildcard paths at a time, and a folder of variants has two."""

EVERYTHING = (VARIANTS,)
"""The folder of all variants; that of all permalinks goes with it (`pipeline.manifest.cached_folders`)."""

WITH_COPIES = ("",)
"""The same, and copies of variants, in whatever folders they are."""


class TooManyRequests(Exception):
    """CloudFront takes no more just now."""


class Cache(Protocol):
    """The copies that the CDN keeps."""

    def forget(self, folders: Iterable[str], *, reference: str) -> None:
        """Invalidate folders.

        Args:
            folders: Of variants, whose permalinks are invalidated, too, or of permalinks alone.
            reference: Names the request: the same one twice is one invalidation.

        Raises:
            TooManyRequests: It takes no more just now.
        """


@dataclass(frozen=True, slots=True)
class Purged:
    """What became of a batch.

    Attributes:
        folders: The folders that are invalidated.
        put_off: The ids of the messages that have to be delivered again.
        everything: Whether all that the CDN keeps was invalidated.
    """

    folders: frozenset[str]
    put_off: tuple[str, ...] = ()
    everything: bool = False


def purge(  # noqa: PLR0913  what it decides by
    messages: Mapping[str, str],
    cache: Cache,
    pending: Callable[[], int],
    wait: Callable[[], bool],
    *,
    all_from: int,
    overdue: bool = False,
    at_once: int = FOLDERS_AT_ONCE,
) -> Purged:
    """Invalidate what a batch of messages asks for, or as much of it as CloudFront takes in time.

    Args:
        messages: The folder of each message, by the message's id.
        cache: The CDN.
        pending: Returns about how many messages are in the queue, with those that somebody works on or that were put
            off; asked only where there are more than fit into one request.
        wait: Waits until CloudFront may take more, and returns True; False if there is no more time.
        all_from: From how many messages on everything is invalidated; 0 for never.
        overdue: Whether one has waited for so long that the queue might drop it before its turn comes. Everything is
            invalidated then, however many there are.
        at_once: How many folders fit into one request.
    """
    folders = sorted(set(messages.values()))
    many = overdue or (len(folders) > at_once and all_from > 0 and max(len(messages), pending()) >= all_from)
    has_copies = any(not folder.startswith((VARIANTS, PERMALINKS)) for folder in folders)
    requests = (
        [WITH_COPIES if has_copies else EVERYTHING]
        if many
        else [folders[at : at + at_once] for at in range(0, len(folders), at_once)]
    )
    done: set[str] = set()
    for request in requests:
        covered = set(folders if many else request)
        if not _taken(cache, request, _reference(messages, covered), wait):
            break
        done |= covered
    put_off = tuple(id_ for id_, folder in messages.items() if folder not in done)
    return Purged(frozenset(done), put_off, everything=many and bool(done))


def _taken(cache: Cache, folders: Iterable[str], reference: str, wait: Callable[[], bool]) -> bool:
    """Have folders invalidated; whether that was possible in time."""
    while True:
        try:
            cache.forget(folders, reference=reference)
        except TooManyRequests:
            if not wait():
                return False
        else:
            return True


def _reference(messages: Mapping[str, str], folders: set[str]) -> str:
    return " ".join(sorted(id_ for id_, folder in messages.items() if folder in folders))
