"""The only reader of the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingMissingError(Exception):
    """An environment variable that the stack should have set is not there."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a function is told by its stack. memory_mb: of the function, as Lambda reports it."""

    uploads_bucket: str
    images_bucket: str
    queue_url: str
    dead_letter_queue_url: str
    memory_mb: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingMissingError naming the variable."""
        try:
            return cls(
                uploads_bucket=environment["UPLOADS_BUCKET"],
                images_bucket=environment["IMAGES_BUCKET"],
                queue_url=environment["QUEUE_URL"],
                dead_letter_queue_url=environment["DEAD_LETTER_QUEUE_URL"],
                memory_mb=int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")),
            )
        except KeyError as missing:
            raise SettingMissingError(f"the environment variable {missing} is not set") from None
