"""Settings of the enrichers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class EnricherSettings:
    """Settings of the functions that are shipped enrichers.

    Attributes:
        images_bucket: Where manifests and variants are.
        fact_queue_url: Where answers are sent.
        alt_text_model: The id of the model on Bedrock that describes pictures; empty for other enrichers.
    """

    images_bucket: str
    fact_queue_url: str
    alt_text_model: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> EnricherSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        return cls(
            images_bucket=text(environment, "IMAGES_BUCKET"),
            fact_queue_url=text(environment, "FACT_QUEUE_URL"),
            alt_text_model=environment.get("ALT_TEXT_MODEL", ""),
        )
