"""Objects of an existing bucket, timed."""

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
    """An existing bucket, timed."""

    existing: Objects
    stages: Timings

    def head(self, source: Source) -> ObjectState | None:
        with self.stages.reading():
            return self.existing.head(source)

    def read(self, source: Source, held: ObjectState) -> bytes:
        with self.stages.reading():
            return self.existing.read(source, held)

    def replace(self, source: Source, held: ObjectState, data: bytes, seal: CompressionMark) -> None:
        with self.stages.writing():
            self.existing.replace(source, held, data, seal)
