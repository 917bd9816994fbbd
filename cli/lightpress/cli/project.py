"""Paths in a checkout of Lightpress."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
LOCAL = PROJECT / ".local"
RECIPES = PROJECT / "lambda_src" / "recipes.toml"
