"""The console of every command: text from elsewhere can neither control the terminal nor pass for other lines.

Keys, reasons, notes and error texts of AWS are written by strangers. What a terminal would act on (escape sequences,
the codes of C0 and C1, bidirectional overrides, line breaks) is printed as an escape of Python.
"""

from __future__ import annotations

import json
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleDimensions
from rich.segment import Segment
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType

# Control (C0, C1, DEL), format (bidirectional overrides, zero width), surrogates, line and paragraph separators:
# https://www.unicode.org/reports/tr44/#General_Category_Values
_CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}

_WIDTH_OF_FILES, _HEIGHT_OF_FILES = 2_000, 25
_CLOSED_PIPE = 141  # 128 + SIGPIPE, as shells report it


def visible(text: str) -> str:
    """The text on one line, with every character that is no picture of its own written as an escape."""
    if text.isprintable():
        return text
    return "".join(_escaped(char) if _is_control(char) else char for char in text)


def json_line(value: object) -> str:
    """The value as JSON on one line. Controls are escaped as JSON does, so a parser reads exactly the value."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(json.dumps(char)[1:-1] if _is_control(char) else char for char in text)


def styled(*parts: str | tuple[str, str]) -> Text:
    """A line of parts, each plain or with a style. Commands make no other Text, so that each part is made visible."""
    return Text.assemble(*(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts))


class Terminal(Console):
    """A console that prints strings as they are: no markup, no emoji codes, controls made visible, lines not broken."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  those of Console
        super().__init__(**options, highlight=False, markup=False, emoji=False, soft_wrap=True)

    @property
    def size(self) -> ConsoleDimensions:
        """The terminal's size. A pipe or a file has no width: tables are as wide as their contents."""
        if self._width is None and not self.is_terminal and "COLUMNS" not in self._environ:
            return ConsoleDimensions(_WIDTH_OF_FILES, _HEIGHT_OF_FILES)
        return super().size

    @size.setter
    def size(self, size: tuple[int, int]) -> None:
        self._width, self._height = size

    def on_broken_pipe(self) -> None:
        """End as a program does that writes to a closed pipe (SIGPIPE): without a word, and not as a failure."""
        with suppress(SystemExit):
            super().on_broken_pipe()
        raise SystemExit(_CLOSED_PIPE)

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401
        """Make text of a string; rich does so with every string that is printed, also in the cells of a table."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Escape what is left in what was not made from strings; only line breaks of the layout stay."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment("\n".join(map(visible, segment.text.split("\n"))), segment.style)

    def print_lines(self, text: str, *, style: str | None = None) -> None:
        """Print a text that has several lines and is our own, such as markup to be copied or the end of a log."""
        for line in text.splitlines():
            self.print(line, style=style)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in _CONTROLS


def _escaped(char: str) -> str:
    return repr(char)[1:-1]
