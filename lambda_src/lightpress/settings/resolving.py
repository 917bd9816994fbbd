"""Settings of `resolve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.settings.environment import text

if TYPE_CHECKING:
    from collections.abc import Mapping


def images_bucket(environment: Mapping[str, str]) -> str:
    """The name of the bucket in which `resolve` finds manifests and variants."""
    return text(environment, "IMAGES_BUCKET")


def permalink_seconds(environment: Mapping[str, str]) -> int | None:
    """How long the CDN keeps the picture that `resolve` sends; None if it redirects instead."""
    seconds = environment.get("PERMALINK_SECONDS")
    return int(seconds) if seconds else None


def placeholders_for(environment: Mapping[str, str]) -> str | None:
    """The bucket for whose pictures `resolve` shows a placeholder while they are processed; None: for none."""
    return environment.get("PLACEHOLDERS_BUCKET")
