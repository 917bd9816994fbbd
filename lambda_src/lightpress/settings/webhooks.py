"""Settings of `deliver_webhook`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Settings of `deliver_webhook`.

    Attributes:
        rows: Of each webhook, what `webhooks.deliver.Webhook` reads.
        allowed_networks: That are not public and are allowed nevertheless, in CIDR notation.
        timeout_seconds: How long one attempt may take.
    """

    rows: tuple[dict[str, Any], ...]
    allowed_networks: tuple[str, ...]
    timeout_seconds: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> WebhookSettings:
        """Read the settings; raises SettingMissingError naming the variable."""
        told = json.loads(text(environment, "WEBHOOKS"))
        return cls(tuple(told["webhooks"]), tuple(told["allowed_networks"]), told["timeout_seconds"])
