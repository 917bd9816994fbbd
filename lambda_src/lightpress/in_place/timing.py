"""A decorator of the `Objects` port that times every call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightpress.in_place.objects import CompressionMark, ObjectState
    from lightpress.in_place.ports import Objects
    from lightpress.pipeline.source import Source
    from lightpress.pipeline.timing import Timings


@dataclass(frozen=True, slots=True)
class TimedObjects:
    """`Objects` whose reads and writes are added to `timings`."""

    objects: Objects
    timings: Timings

    def head(self, source: Source) -> ObjectState | None:
        with self.timings.reading():
            return self.objects.head(source)

    def read(self, source: Source, state: ObjectState) -> bytes:
        with self.timings.reading():
            return self.objects.read(source, state)

    def replace(self, source: Source, state: ObjectState, data: bytes, mark: CompressionMark) -> None:
        with self.timings.writing():
            self.objects.replace(source, state, data, mark)
