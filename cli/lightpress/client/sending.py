"""Uploads many files at the same time, streamed from the disk, large ones in parts, and waits until they are published.

The transfer manager of boto3 sends: it repeats parts that fail, and removes the parts of uploads that are given up.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig, create_transfer_manager
from s3transfer.subscribers import BaseSubscriber

from lightpress.client.media_types import media_type_of
from lightpress.client.uploading import Upload, is_settled
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from s3transfer.futures import TransferFuture
    from s3transfer.manager import TransferManager

    from lightpress.client.deployment import Deployment

_PART = 16 * MB
"""Files of this size and more are sent in parts of it. The page sends parts of the same size."""

_AT_ONCE = 16
_UNDER_WAY = 64
_PAUSE = 0.1


@dataclass(frozen=True)
class Listener:
    """Is told how it goes.

    Attributes:
        moved: Is called with the number of bytes that were sent.
        uploaded: Is called with each upload that is stored.
        settled: Is called with each that is published or has failed.
        unread: Is called with the path of a file that cannot be read, and the error.
    """

    moved: Callable[[int], None] = lambda _: None
    uploaded: Callable[[Upload], None] = lambda _: None
    settled: Callable[[Upload], None] = lambda _: None
    unread: Callable[[Path, OSError], None] = lambda *_: None


@dataclass
class Sending:
    """Uploads files to a deployment.

    Attributes:
        deployment: Where to.
        timeout: Seconds that each upload may take until it is published; 0 does not wait.
        listener: Is told how it goes.
    """

    deployment: Deployment
    timeout: float
    listener: Listener = field(default_factory=Listener)

    def __call__(self, files: Iterable[tuple[Path, str]]) -> list[Upload]:
        """Upload each path under its key; returns the uploads that have not ended in time.

        A file that cannot be read is passed over. Raises what AWS answers: nothing more is sent then, and unfinished
        uploads are removed. That is so at Ctrl-C, too.
        """
        left, sent, waiting, late = deque(files), _Sent(), list[Upload](), list[Upload]()
        manager = create_transfer_manager(self.deployment.s3, _config())
        with manager, ThreadPoolExecutor(_AT_ONCE) as lookers:
            while left or sent.futures or waiting:
                while left and len(sent.futures) < _UNDER_WAY:
                    sent.add(manager, self.deployment.uploads_bucket, *left.popleft(), self.listener)
                waiting += self._identified(lookers, sent.ended(self.listener))
                waiting = self._looked_at(lookers, waiting, late)
                time.sleep(_PAUSE if sent.futures or waiting else 0)
        return late

    def _identified(self, lookers: ThreadPoolExecutor, ended: Sequence[Upload]) -> list[Upload]:
        """The uploads with the identities of what S3 has stored, unless nobody waits for them."""
        for one, original in zip(ended, lookers.map(self.deployment.original, (one.key for one in ended)), strict=True):
            one.identity = original.identity if original else self._left(one.key)
            self.listener.uploaded(one)
        return [one for one in ended if self.timeout > 0]

    def _left(self, key: str) -> str:
        """The identity of an original that was published, and has left since; "" where that is not why it is gone."""
        manifest = self.deployment.manifest(key)
        if manifest is None or manifest.source is None or manifest.original_dropped is None:
            return ""
        return manifest.source.identity

    def _looked_at(self, lookers: ThreadPoolExecutor, waiting: list[Upload], late: list[Upload]) -> list[Upload]:
        """Those that are still to be waited for."""
        still = []
        for one, settled in zip(waiting, lookers.map(partial(is_settled, self.deployment), waiting), strict=True):
            if settled:
                self.listener.settled(one)
            elif time.monotonic() - one.started > self.timeout:
                late.append(one)
            else:
                still.append(one)
        return still


@dataclass
class _Sent:
    """The files that are on their way."""

    futures: dict[TransferFuture, tuple[Path, Upload]] = field(default_factory=dict)

    def add(self, manager: TransferManager, bucket: str, path: Path, key: str, listener: Listener) -> None:
        media_type = media_type_of(key)
        upload = Upload(key, "", time.monotonic())
        future = manager.upload(
            str(path),
            bucket,
            key,
            extra_args={"ContentType": media_type},
            subscribers=[_Moved(listener.moved)],
        )
        self.futures[future] = path, upload

    def ended(self, listener: Listener) -> list[Upload]:
        """Take out those that are stored. Raises what AWS answered."""
        done = [future for future in self.futures if future.done()]
        stored = []
        for future in done:
            path, upload = self.futures.pop(future)
            try:
                future.result()
            except OSError as error:
                listener.unread(path, error)
            else:
                upload.started = time.monotonic()
                stored.append(upload)
        return stored


class _Moved(BaseSubscriber):
    def __init__(self, moved: Callable[[int], None]) -> None:
        self._moved = moved

    def on_progress(self, future: TransferFuture, bytes_transferred: int, **_: Any) -> None:  # noqa: ANN401, ARG002
        self._moved(bytes_transferred)


def _config() -> TransferConfig:
    return TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, max_concurrency=_AT_ONCE)
