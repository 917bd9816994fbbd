"""What stands in the documents: the blocks of code that tests run, so that what is documented is what works."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
DOCS = Path(__file__).parents[1] / "docs"


def blocks(page: str, language: str) -> list[str]:
    """Every fenced block of a language that is headed by nothing else, in order."""
    return _headed(page, re.escape(language))


def block(page: str, name: str) -> str:
    """The one fenced block that is headed by a language and the name of a file."""
    (found,) = _headed(page, rf"\w+ {re.escape(name)}")
    return found


def _headed(page: str, head: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8") if page != "README.md" else README.read_text(encoding="utf-8")
    return re.findall(rf"^```{head}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
