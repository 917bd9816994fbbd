"""What the page shows: pictures, their variants and what is wrong, as one JSON text with a version that grows."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Shown:
    """A picture on the page.

    Attributes:
        key: Its name, by which rules choose a recipe.
        bytes: Of its file.
        recipe: The name of its recipe; None where a rule leaves it alone.
        state: "waiting", "rendering", "ready", "failed", "lost" (not rendered, for no fault of its own) or "ignored".
        facts: What the worker has told of it last; empty before.
        before: The address of its preview; None where there is none.
        was: The bytes of its variants before the last change, by "SIZE.FORMAT".
        aimed: The point that somebody has chosen on the page, around which it is cut; None where nobody has.
    """

    key: str
    bytes: int
    recipe: str | None = None
    state: str = "waiting"
    facts: dict[str, Any] = field(default_factory=dict)
    before: str | None = None
    was: dict[str, int] = field(default_factory=dict)
    aimed: tuple[float, float] | None = None

    def told(self) -> dict[str, Any]:
        """The JSON object of the page."""
        return self.facts | {
            "key": self.key,
            "bytes": self.bytes,
            "recipe": self.recipe,
            "state": self.state,
            "before": self.before,
            "was": self.was,
            "aimed": self.aimed,
        }


class Gallery:
    """What is shown now. One thread changes it, others read it, or wait for a change.

    Attributes:
        files: What may be served, by its address below `files/`.
    """

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self._changed = threading.Condition()
        self._version, self._text, self._ended = 0, "{}", False

    def show(self, told: dict[str, Any]) -> None:
        """Show something else, if it is something else."""
        text = json.dumps(told)
        with self._changed:
            if text != self._text:
                self._version, self._text = self._version + 1, text
                self._changed.notify_all()

    def now(self) -> tuple[int, str]:
        """The version, and its JSON text."""
        with self._changed:
            return self._version, self._text

    def after(self, version: int, seconds: float) -> int | None:
        """Wait until the version is another one; the same after so many seconds, None once it has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._version != version, seconds)
            return None if self._ended else self._version

    def end(self) -> None:
        """Let everybody go who waits."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
