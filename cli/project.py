"""Where things lie in a checkout of Lightpress."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LOCAL = PROJECT / ".local"
RECIPES = PROJECT / "lambda_src" / "recipes.toml"
