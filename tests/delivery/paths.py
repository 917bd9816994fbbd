"""Paths behind /r/, as the edge function writes them."""

from __future__ import annotations

import base64

from lightpress.pipeline.paths import short_name


def resolver_path(key: str, *, accepted: str = "-", wanted: str = "-") -> str:
    encoded = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    return f"/r/{short_name(key)}/{accepted}/{wanted}/~{encoded}"
