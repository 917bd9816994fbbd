"""Where Lightpress keeps files on this machine, and where those are that it comes with."""

from __future__ import annotations

from lightpress.cdk.readiness import CACHE, PROJECT, RECIPES

LOCAL = CACHE
"""Where the local cloud and the state of commands are."""

__all__ = ["LOCAL", "PROJECT", "RECIPES"]
