"""`lightpress render --watch` on a folder of the tests' own, in a thread of the test."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lightpress.cli.watching.watch import Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECIPES = """
[[rules]]
path = "**"
recipe = "web"

[recipes.web]
formats = ["jpeg"]
quality = { jpeg = 90 }

[recipes.web.sizes]
w60 = { width = 60 }
square = { width = 40, height = 40, fit = "cover", focus = [0.9, 0.5] }
"""
SECONDS = 60.0


@dataclass
class Answer:
    """What the server has answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Watched:
    """A folder that is watched. said: what was printed."""

    folder: Path
    recipes: Path
    url: str
    said: list[str] = field(default_factory=list)

    def request(
        self, path: str = "", method: str = "GET", body: str | None = None, *, absolute: bool = False, **headers: str
    ) -> Answer:
        """Ask the server for a path below its token, or any."""
        at = urlsplit(self.url)
        connection = HTTPConnection("127.0.0.1", at.port or 0, timeout=SECONDS)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path if absolute else at.path + path, body, named)
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answered, response.read())
        finally:
            connection.close()

    def state(self) -> dict[str, Any]:
        """What the page shows now."""
        state: dict[str, Any] = json.loads(self.request("state.json").body)["state"]
        return state

    def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """What the page shows as soon as something is so."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            state = self.state()
            if state and is_so(state):
                return state
            time.sleep(0.05)
        raise AssertionError(f"it never was: {json.dumps(state)[:2000]}")

    def edit(self, old: str, new: str) -> None:
        """Edit the recipes, as an editor saves: all of the new file takes the place of the old one at once."""
        text = self.recipes.read_text(encoding="utf-8")
        assert old in text
        saved = self.recipes.with_name(f"{self.recipes.name}.saved")
        saved.write_text(text.replace(old, new), encoding="utf-8")
        saved.replace(self.recipes)


@contextmanager
def watched(folder: Path, recipes: Path) -> Iterator[Watched]:
    """Watch until the block ends."""
    ended = threading.Event()
    said: list[str] = []
    with Watching(folder, recipes, None, said.append) as watching:

        def run() -> None:
            while not ended.is_set():
                watching.step()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield Watched(folder, recipes, watching.url, said)
        finally:
            ended.set()
            thread.join()
