"""Objects of an existing bucket, timed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightpress.in_place.objects import Held, Seal
    from lightpress.in_place.ports import Existing
    from lightpress.pipeline.source import Source
    from lightpress.pipeline.timing import Stages


@dataclass(frozen=True, slots=True)
class TimedExisting:
    """An existing bucket, timed."""

    existing: Existing
    stages: Stages

    def look(self, source: Source) -> Held | None:
        with self.stages.reading():
            return self.existing.look(source)

    def read(self, source: Source, held: Held) -> bytes:
        with self.stages.reading():
            return self.existing.read(source, held)

    def replace(self, source: Source, held: Held, data: bytes, seal: Seal) -> None:
        with self.stages.writing():
            self.existing.replace(source, held, data, seal)
