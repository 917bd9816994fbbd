"""The CDN: what it keeps at permalinks, who is being answered, and what it is told to forget.

It knows no time. What it keeps expires when the schedule says so, if ever, and is asked for again then, or while it is
shown. A purge waits in its queue for as long as the
delays of the stack say (`infra/lightpress/cdk/purging.py`): that of permalinks until whoever asked for it has made the
next request, or has ended; that of a deletion until whoever asked has ended; and both for viewers who were being
answered then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from lightpress.aws.images import S3Images
from lightpress.delivery.resolve import Lookups, read, resolve
from lightpress.pipeline.paths import PERMALINKS, cached_folders, covers, manifest_path, permalinks_folder
from tests.delivery.paths import resolver_path
from tests.simulation.deployed import IMAGES, PURGES, QUEUE
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lightpress.pipeline.manifest import Manifest
    from tests.simulation.deployed import Code, Stores
    from tests.simulation.timeline import Timeline
    from tools.fakes.sqs import Message

_A_WEEK = 604_800
VIEWER = "viewer"


def shown_by(manifest: Manifest) -> str:
    """Which picture permalinks show: of which contents, and around which corrected focus."""
    assert manifest.source is not None
    around = manifest.source.correction
    return manifest.source.identity + (f" around {around}" if around else "")


class View(NamedTuple):
    """A viewer who is being answered. shown: which picture the answer holds (`shown_by`)."""

    key: str
    shown: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A purge that was asked for.

    Attributes:
        by: The name of the worker that asked; empty from when it need not be waited for.
        waits_for: Viewers who were being answered then.
        renders: Names of the workers that were rendering lazy variants then.
        requests: How many more it may make before it need not be waited for, where that counts.
    """

    by: str
    waits_for: tuple[View, ...] = ()
    renders: tuple[str, ...] = ()
    requests: int = 0


_NOBODY = Asked("")


LATE = "lightpressLate"
_REQUESTS_BEFORE_LATE_LOOK = 2
"""The delay of a late look is as long as two requests, and whoever is rendering then."""

_AT_ONCE = 1
"""So few folders fit into one request that there are more with few keys."""
_MANY = 10**9


@dataclass
class Edges:
    """CloudFront, which takes so many requests and is too busy for more."""

    cdn: Cdn
    takes: int

    def forget(self, folders: Iterable[str], *, reference: str) -> None:  # noqa: ARG002  each batch is worked off once
        if not self.takes:
            raise self.cdn.busy
        self.takes -= 1
        self.cdn.forget(folders)


class Kept(NamedTuple):
    """Everything that the CDN remembers, to go back to."""

    copies: dict[str, str]
    views: list[View]
    asked: dict[int, Asked]
    late: dict[int, Asked]
    lazy_copies: dict[str, bytes]
    rendering: set[str]
    copied: dict[str, bytes]


class Cdn:
    """The CDN over the images bucket.

    Attributes:
        copies: Of each key, which picture is kept at its permalinks (`shown_by`).
        views: Viewers who are being answered: what they get is kept once they have it.
        delayed: Whether purges wait, and late looks.
        late_looks: Whether there are any.
        lazy_copies: What is kept of lazy variants, by path.
        rendering: The names of the workers that render one.
        copied: What is kept of copies of variants, by path.
    """

    def __init__(self, stores: Stores, timeline: Timeline, code: Code, *, late_looks: bool = False) -> None:
        self._stores, self._timeline, self._code, self.late_looks = stores, timeline, code, late_looks
        s3: Any = SimulatedS3(stores.buckets)
        self._images = S3Images(s3, IMAGES)
        self.copies: dict[str, str] = {}
        self.views: list[View] = []
        self.delayed = True
        self._asked: dict[int, Asked] = {}
        self._late: dict[int, Asked] = {}
        self.lazy_copies = stores.edge
        self.copied: dict[str, bytes] = {}
        self.rendering: set[str] = set()

    def view_lazy(self, path: str) -> None:
        """A viewer asks for a lazy variant. What is in the bucket is kept at once."""
        if path not in self.lazy_copies and (data := self._images.file_at(path)) is not None:
            self.lazy_copies[path] = data
        found = "the CDN has it" if path in self.lazy_copies else "nobody has it"
        self._timeline.add(VIEWER, f"asks for {path}", found)

    def without_delayed(self, messages: Iterable[Message]) -> list[Message]:
        """Those that are no late looks, or whose delay may be over."""
        if not self.delayed:
            return list(messages)
        return [one for one in messages if self._late.get(one.number, _NOBODY) == _NOBODY]

    def view_copy(self, path: str) -> None:
        """A viewer asks for a copy. What is in the bucket is kept at once."""
        data = self._images.file_at(path)
        if path not in self.copied and data is not None:
            self.copied[path] = data
            self._timeline.add(VIEWER, f"asks for {path}", "and the CDN keeps it")

    def expire(self, key: str) -> None:
        """What is kept at a permalink has expired for good: whoever asks next waits for the resolver."""
        self._timeline.add("CDN", f"keeps {key} no longer", self.copies.pop(key)[:8])

    def view(self, key: str, *, stale: bool = False) -> None:
        """A viewer asks for a permalink; what the CDN does not keep, the resolver looks up.

        stale: what it keeps has expired, and it asks the resolver while it shows that (`stale-while-revalidate`).
        """
        if key in self.copies and not stale:
            self._timeline.add(VIEWER, f"asks for {key}", f"gets {self.copies[key][:8]} from the CDN")
            return
        data = self._stores.buckets[IMAGES].data
        body = data(manifest_path(key))
        path, _, _ = _answered(key, body, "", None)
        _, status, shown = _answered(key, body, path, data(path))
        if shown:
            view = View(key, shown)
            self.views += [] if view in self.views else [view]  # who asks for the same at once waits for one answer
        self._timeline.add(VIEWER, f"asks for {key}", f"is answered {status}")

    def answered(self, number: int) -> None:
        """A viewer has the answer, and the CDN keeps it."""
        view = self.views.pop(number)
        self.copies[view.key] = view.shown
        self._asked = {
            message: replace(asked, waits_for=tuple(one for one in asked.waits_for if one != view))
            for message, asked in self._asked.items()
        }
        self._timeline.add("CDN", f"keeps {view.key}", view.shown[:8])

    def requested(self, worker: str) -> None:
        """A worker has made a request: what it asked for before it need not wait for it, but of a deletion."""
        if queued := self._stores.queues[PURGES].messages:
            self._wait_no_longer(worker, lambda folder: folder.startswith(PERMALINKS))
            for message in queued:
                if message.number not in self._asked:
                    self._asked[message.number] = Asked(worker)
        if self.late_looks:
            self._requested_late_look(worker)

    def _requested_late_look(self, worker: str) -> None:
        """A late look need not wait for who asked for it once that one has made two more requests."""
        for number, asked in self._late.items():
            if asked.by == worker:
                over = asked.requests <= 1
                self._late[number] = (
                    Asked("", renders=self._renderers) if over else replace(asked, requests=asked.requests - 1)
                )
        for message in self._stores.queues[QUEUE].messages:
            if message.number not in self._late and LATE in message.body:
                self._late[message.number] = Asked(worker, requests=_REQUESTS_BEFORE_LATE_LOOK)

    @property
    def _renderers(self) -> tuple[str, ...]:
        return tuple(sorted(self.rendering))

    def ended(self, worker: str) -> None:
        """A worker has ended, or died."""
        self._wait_no_longer(worker, lambda _: True)
        self._late = {
            number: Asked("", renders=self._renderers) if asked.by == worker else asked
            for number, asked in self._late.items()
        }
        if worker in self.rendering:
            self.rendering.remove(worker)
            self._asked, self._late = (_without_renderer(asked, worker) for asked in (self._asked, self._late))

    def _wait_no_longer(self, worker: str, of: Callable[[str], bool]) -> None:
        for message in self._queued():
            asked = self._asked.get(message.number)
            if asked and asked.by == worker and of(message.body):
                folders = cached_folders(message.body)
                views = tuple(view for view in self.views if permalinks_folder(view.key) in folders)
                renders = () if message.body.startswith(PERMALINKS) else self._renderers
                self._asked[message.number] = Asked("", views, renders)

    def due(self) -> list[Message]:
        """Purges whose delay may be over."""
        if not self.delayed:
            return list(self._queued())
        return [message for message in self._queued() if self._asked.get(message.number, _NOBODY) == _NOBODY]

    def purge(self, batch: Sequence[Message], *, takes: int = _MANY, all_from: int = 0, overdue: bool = False) -> None:
        """`purge_deleted` works off a batch of purges.

        Args:
            batch: The purges.
            takes: How many requests CloudFront is not too busy for.
            all_from: From how many purges on everything is invalidated; 0 for never.
            overdue: Whether one of them has waited for days.
        """
        edges = Edges(self, takes)
        purged = self._code.purging.purge(
            {message.id: message.body for message in batch},
            edges,
            lambda: len(self._queued()),
            lambda: False,
            all_from=all_from,
            overdue=overdue,
            at_once=_AT_ONCE,
        )
        for message in batch:
            if message.id not in purged.put_off:
                self._stores.queues[PURGES].delete(message.number)
                self._asked.pop(message.number, None)

    def forget(self, folders: Iterable[str]) -> None:
        """Forget folders, at every edge."""
        cached = tuple(one for folder in folders for one in cached_folders(folder))
        self.copies = {
            key: shown for key, shown in self.copies.items() if not permalinks_folder(key).startswith(cached)
        }
        for path in [path for path in self.lazy_copies if path.startswith(cached)]:
            del self.lazy_copies[path]
        for path in [path for path in self.copied if any(covers(one, path) for one in cached)]:
            del self.copied[path]
        self._timeline.add("CDN", f"forgets {', '.join(cached)}")

    def snapshot(self, pasts: Mapping[str, bytes]) -> object:
        """What decides about viewers later on. pasts: stand for the workers, by their names."""
        asked = [(message.body, self._asked.get(message.number, _NOBODY)) for message in self._queued()]
        waiting = sorted((body, pasts.get(one.by, b""), sorted(one.waits_for)) for body, one in asked)
        lazy = self._lazy_snapshot(pasts) if self.late_looks else ()
        return sorted(self.copies.items()), sorted(self.views), waiting, lazy, sorted(self.copied.items())

    def _lazy_snapshot(self, pasts: Mapping[str, bytes]) -> object:
        """Who waits for which renderers, as far as that decides anything."""
        late = {message.number: message.body for message in self._stores.queues[QUEUE].messages}
        purges = {message.number: message.body for message in self._queued()}
        delays = [
            (body, pasts.get(one.by, b""), one.requests, sorted(pasts.get(name, b"") for name in one.renders))
            for asked, bodies in ((self._late, late), (self._asked, purges))
            for number, one in asked.items()
            if (body := bodies.get(number)) is not None
        ]
        return sorted(self.lazy_copies.items()), sorted(delays), sorted(pasts.get(name, b"") for name in self.rendering)

    def save(self) -> Kept:
        """A copy of all that is remembered."""
        return Kept(
            dict(self.copies),
            list(self.views),
            dict(self._asked),
            dict(self._late),
            dict(self.lazy_copies),
            set(self.rendering),
            dict(self.copied),
        )

    def restore(self, kept: Kept) -> None:
        """Remember that, and nothing else."""
        self.copies, self.views, self._asked = dict(kept.copies), list(kept.views), dict(kept.asked)
        self._late, self.rendering = dict(kept.late), set(kept.rendering)
        self.lazy_copies.clear()  # renderers that wait to be answered have this one
        self.lazy_copies.update(kept.lazy_copies)
        self.copied = dict(kept.copied)

    @property
    def busy(self) -> Exception:
        """What CloudFront says when it is too busy."""
        busy: Exception = self._code.purging.TooManyRequests()
        return busy

    def _queued(self) -> list[Message]:
        return self._stores.queues[PURGES].messages


@lru_cache(maxsize=8192)
def _answered(key: str, body: bytes | None, path: str, data: bytes | None) -> tuple[str, int, str]:
    """What the resolver answers over a bucket that holds no more than a manifest and one file, which may be missing.

    Nothing else decides its answer; so each is looked up once. body: of the manifest. path, data: of the file.

    Returns:
        The path of the file that it has asked for last, empty for none; the status; and which picture the answer
        holds (`shown_by`), empty for none.
    """
    bucket = Bucket()
    for name, contents in ((manifest_path(key), body), (path, data)):
        if contents is not None:
            bucket.put(name, contents)
    s3: Any = SimulatedS3({IMAGES: bucket})
    images = S3Images(s3, IMAGES)
    looked_at: list[Manifest | None] = []
    asked_for = [""]

    def manifest_of(name: str) -> Manifest | None:
        published = images.published(name)
        looked_at.append(published.manifest if published else None)
        return looked_at[-1]

    def file_at(path: str) -> bytes | None:
        asked_for.append(path)
        return images.file_at(path)

    answer = resolve(read(resolver_path(key)), Lookups(manifest_of, file_at, seconds=_A_WEEK))
    shown = looked_at[-1] if answer.status == 200 else None
    return asked_for[-1], answer.status, shown_by(shown) if shown and shown.source else ""


def _without_renderer(asked: Mapping[int, Asked], worker: str) -> dict[int, Asked]:
    return {
        number: replace(one, renders=tuple(name for name in one.renders if name != worker))
        for number, one in asked.items()
    }
