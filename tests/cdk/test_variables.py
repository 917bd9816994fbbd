"""Environment variables: what Lambda would refuse in the midst of a deploy is refused before it, by its option."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from lightpress.cdk.config import load_config
from lightpress.toml_reader import ConfigError
from tests.cdk.templates import synthesize_with

if TYPE_CHECKING:
    from pathlib import Path

OPERATORS = """
upload_auth = "jwt"
upload_jwt_issuer = "https://login.example.com"
upload_jwt_audiences = ["a"]
operators_scope = "lightpress/operate"
"""


def attached(characters: int) -> str:
    """Five buckets with prefixes of so many characters, which alone are within what the option allows."""
    rows = (f'[[attach]]\nbucket = "shop{number}"\nprefix = "{"p" * characters}"' for number in range(5))
    return "\n".join((OPERATORS, *rows))


def test_more_than_4_kb_of_variables_are_refused_by_the_option_that_takes_most(tmp_path: Path) -> None:
    options = tmp_path / "staging.toml"
    options.write_text(attached(500), encoding="utf-8")
    said = "attach: the environment variables of the function Operators would have 4,"
    with pytest.raises(ConfigError, match=f"{re.escape(said)}.*for this; allowed: 4,096$"):
        synthesize_with(load_config(options), tmp_path / "out")


def test_what_fits_is_not_refused(tmp_path: Path) -> None:
    options = tmp_path / "staging.toml"
    options.write_text(attached(200), encoding="utf-8")
    variables = synthesize_with(load_config(options), tmp_path / "out").functions()
    assert any("ATTACHED" in one.properties["Environment"]["Variables"] for one in variables)
