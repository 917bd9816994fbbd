"""docs/configuration.md, against the options."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from lightpress.cdk.config import option_groups
from tools.documents.options import ARGUMENTS, PAGE, arguments_module, configuration_page


def test_the_page_of_options_is_what_the_options_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == configuration_page(), "it is stale: make docs"


def test_the_arguments_of_the_construct_are_the_options() -> None:
    assert ARGUMENTS.read_text(encoding="utf-8") == arguments_module(), "they are stale: make docs"


def test_every_option_has_a_text_of_its_own_and_says_what_is_allowed() -> None:
    rows = [line.split(" | ") for line in configuration_page().splitlines() if line.startswith("| `")]
    options = [option for group in option_groups().values() for option in fields(group)]
    assert [row[0] for row in rows] == [f"| `{option.name}`" for option in options]
    assert [row[0] for row in rows if not row[2].strip() or len(row[3]) < 20] == []
    texts = Counter(option.metadata["doc"] for option in options)
    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize("group", option_groups().values(), ids=option_groups())
def test_a_text_is_a_row_of_a_table_and_a_sentence(group: type[Any]) -> None:
    for option in fields(group):
        doc = option.metadata["doc"]
        assert not {"|", "\n"} & set(doc), option.name
        assert doc[0].isupper() or doc.startswith('"'), option.name
        assert doc.endswith(".") or "https://" in doc, option.name
        assert f"`{option.name}`" not in doc, f"{option.name} explains itself by its own name"
