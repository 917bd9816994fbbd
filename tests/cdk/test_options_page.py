"""docs/configuration.md, against the options."""

from __future__ import annotations

from dataclasses import fields

from lightpress.cdk.config import Config
from tools.documents.options import PAGE, configuration_page


def test_the_page_of_options_is_what_the_options_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == configuration_page(), "it is stale: make docs"


def test_every_option_says_what_it_does_and_what_is_allowed() -> None:
    rows = [line.split(" | ") for line in configuration_page().splitlines() if line.startswith("| `")]
    options = [option.name for option in fields(Config) if option.metadata]
    assert [row[0] for row in rows] == [f"| `{name}`" for name in options]
    assert [row[0] for row in rows if not row[2].strip() or len(row[3]) < 20] == []
