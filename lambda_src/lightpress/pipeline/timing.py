"""How long reading, rendering and writing take, and what the renderer uses: for log and metrics alone.

The workflow has no clock: its ports are wrapped, each call is timed, and the sums are taken with each outcome.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightpress.image.job import RenderResult

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from contextlib import AbstractContextManager

    from lightpress.image.job import EncodedVariant
    from lightpress.pipeline.manifest import Manifest
    from lightpress.pipeline.ports import Images, Originals, Published
    from lightpress.pipeline.sandbox import Cost
    from lightpress.pipeline.source import Lying, Original, Source


@dataclass(slots=True)
class Spent:
    """What one original took, all attempts together.

    Attributes:
        read_ms: Wall time of reading from S3, in milliseconds.
        render_ms: Wall time of waiting for the renderer, which goes on while variants are written.
        write_ms: Wall time of each write to S3, all together: several are written at once.
        decode_cpu_ms: CPU time of the renderer before it began with the first variant.
        encode_cpu_ms: CPU time of the renderer after that.
        peak_rss_mb: Peak resident memory of the renderer, in MB.
        sandbox_open: Which steps of its confinement the kernel has refused (`confinement.STEPS`).
        library_missing: Whether the renderer wanted the pixel library in vain.
    """

    read_ms: float = 0
    render_ms: float = 0
    write_ms: float = 0
    decode_cpu_ms: int = 0
    encode_cpu_ms: int = 0
    peak_rss_mb: int = 0
    sandbox_open: tuple[str, ...] = ()
    library_missing: bool = False


@dataclass(slots=True)
class Timings:
    """The picture at hand; a function works on one at a time, with threads that help it. clock: in seconds."""

    clock: Callable[[], float] = time.monotonic
    _spent: Spent = field(default_factory=Spent)
    _adding: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> Spent:
        """What was spent since this was asked last."""
        spent, self._spent = self._spent, Spent()
        return spent

    def reading(self) -> AbstractContextManager[None]:
        """Time what is done meanwhile as reading."""
        return self._timing("read_ms")

    def rendering(self) -> AbstractContextManager[None]:
        """Time what is done meanwhile as rendering."""
        return self._timing("render_ms")

    def writing(self) -> AbstractContextManager[None]:
        """Time what is done meanwhile as writing."""
        return self._timing("write_ms")

    def add_cost(self, cost: Cost) -> None:
        """Add what a renderer used."""
        self._spent.decode_cpu_ms += cost.decoding_ms
        self._spent.encode_cpu_ms += cost.cpu_ms - cost.decoding_ms
        self._spent.peak_rss_mb = max(self._spent.peak_rss_mb, cost.peak_rss_mb)
        self._spent.sandbox_open = tuple(dict.fromkeys((*self._spent.sandbox_open, *cost.open)))
        self._spent.library_missing |= cost.library_missing

    @contextmanager
    def _timing(self, stage: str) -> Iterator[None]:
        began = self.clock()
        try:
            yield
        finally:
            with self._adding:
                setattr(self._spent, stage, getattr(self._spent, stage) + 1000 * (self.clock() - began))

    def timed(self, render: Callable[..., RenderResult]) -> Callable[..., RenderResult]:
        """The same, and timed; also the variants, which are made as they are asked for."""

        def timed(*arguments: object) -> RenderResult:
            with self.rendering():
                rendering = render(*arguments)
            return RenderResult(rendering.original, self._each(rendering.variants))

        return timed

    def _each(self, variants: Generator[EncodedVariant]) -> Generator[EncodedVariant]:
        try:
            while True:
                with self.rendering():
                    variant = next(variants, None)
                if variant is None:
                    return
                yield variant
        finally:
            variants.close()


@dataclass(frozen=True, slots=True)
class TimedOriginals:
    """A port `Originals` whose calls are added to the timings as reading."""

    originals: Originals
    timings: Timings

    def head(self, source: Source) -> Original | None:
        with self.timings.reading():
            return self.originals.head(source)

    def read(self, source: Source, original: Original) -> bytes:
        with self.timings.reading():
            return self.originals.read(source, original)

    def newest(self, source: Source) -> tuple[Lying, ...]:
        with self.timings.reading():
            return self.originals.newest(source)

    def holds(self, source: Source, version: str) -> bool:
        with self.timings.reading():
            return self.originals.holds(source, version)

    def remove(self, source: Source, version: str) -> bool:
        with self.timings.writing():
            return self.originals.remove(source, version)


@dataclass(frozen=True, slots=True)
class TimedImages:
    """A port `Images` whose calls are added to the timings as reading or writing."""

    images: Images
    timings: Timings

    def published(self, key: str) -> Published | None:
        with self.timings.reading():
            return self.images.published(key)

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:
        with self.timings.writing():
            self.images.publish(manifest, replacing)

    def write(self, path: str, data: bytes, media_type: str, name: str) -> None:
        with self.timings.writing():
            self.images.write(path, data, media_type, name)

    def paths(self, folder: str) -> Iterable[str]:
        return self.images.paths(folder)

    def remove(self, paths: Iterable[str]) -> None:
        with self.timings.writing():
            self.images.remove(paths)
