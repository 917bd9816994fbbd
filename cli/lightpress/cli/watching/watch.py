"""Watches a folder and the recipes, has rendered what has changed, and shows it."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Self, cast

from lightpress.cli.watching.folder import Found, Looking
from lightpress.cli.watching.gallery import Gallery, Shown
from lightpress.cli.watching.server import PageServer, PortError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightpress.cli.files import File
    from lightpress.cli.watching.folder import Stamp

_MOST_KEPT = 240
"""Results that are kept for edits that are taken back: four for each picture."""
_MOST_KEPT_BYTES = 1 << 30
_SECONDS_TO_END = 10


class _Worker:
    """The process that renders.

    Attributes:
        unanswered: How many requests it has not answered yet.
    """

    def __init__(self, answers: queue.SimpleQueue[Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lightpress.cli.watching.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self.unanswered = 0
        threading.Thread(target=self._listen, args=(answers,), name="worker", daemon=True).start()

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request. The process gives up a rendering for it, and says so first."""
        self.unanswered += 1
        with suppress(BrokenPipeError):  # it has ended: its answers say so
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()

    def end(self) -> None:
        """End it, and the child that it may have."""
        with suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self, answers: queue.SimpleQueue[Any]) -> None:
        """Pass on each answer with the worker that gave it; None once it has ended."""
        with cast("IO[bytes]", self._process.stdout) as lines:
            for line in lines:
                answers.put((self, json.loads(line)))
        answers.put((self, None))


class Watching:
    """Shows a folder of pictures through the recipes, on a page of its own, until it is closed.

    Args:
        folder: With pictures, and all below it.
        recipes: The recipes file.
        recipe: The name of the recipe to use for all of them; None where the rules choose.
        port: For the page; 0 for any that is free.
        say: Called with a sentence whenever the pictures are all rendered, or the recipes have become wrong.
    """

    def __init__(
        self, folder: Path, recipes: Path, recipe: str | None, say: Callable[[str], None], port: int = 0
    ) -> None:
        self.gallery = Gallery()
        self._recipes, self._recipe, self._say, self._said = recipes, recipe, say, ""
        self._looking = Looking(folder, recipes)
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._found: Found | None = None
        self._names: list[str] = []
        self._error: str | None = None
        self._pictures: dict[str, Shown] = {}
        self._digests: dict[str, str] = {}
        self._aimed: dict[str, tuple[float, float]] = {}
        self._kept: OrderedDict[str, tuple[Path, dict[str, Any]]] = OrderedDict()
        self._kept_bytes: dict[str, int] = {}
        self._temporary = TemporaryDirectory(prefix="lightpress-watch-")
        try:
            self._server = PageServer(
                self.gallery,
                lambda name: self._events.put((None, {"recipe": name})),
                lambda key, focus: self._events.put((None, {"key": key, "focus": focus})),
                port,
            )
        except PortError:
            self._temporary.cleanup()
            raise
        self._worker = _Worker(self._events)
        self.url = self._server.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.gallery.end()
        self._server.close()
        self._worker.end()
        self._temporary.cleanup()

    def run(self) -> None:
        """Watch until something is raised, such as KeyboardInterrupt."""
        while True:
            self.step()

    def step(self) -> None:
        """Look, if that is due; then wait for an answer, a choice on the page, or the next look."""
        if self._looking.pause == 0:
            found = self._looking.look()
            if found != self._found:
                self._found = found
                self._ask_for_recipes()
        try:
            sender, told = self._events.get(timeout=self._looking.pause)
        except queue.Empty:
            return
        if sender is None:
            self._choose(told)
            self._ask_for_recipes()
        elif sender is self._worker:
            self._worker.unanswered -= 1
            self._take(told)

    def _choose(self, told: dict[str, Any]) -> None:
        """Take what was chosen on the page: a recipe for all pictures, or a point of one, or none of it any more."""
        if "recipe" in told:
            self._recipe = told["recipe"]
        elif told["focus"] is None:
            self._aimed.pop(told["key"], None)
        elif told["key"] in self._pictures:
            self._aimed[told["key"]] = told["focus"]

    @property
    def _files(self) -> dict[str, tuple[File, Stamp]]:
        pictures = self._found.pictures if self._found else {}
        return {file.name: (file, stamp) for file, stamp in pictures.items()}

    def _ask_for_recipes(self) -> None:
        request = {"do": "read", "recipes": str(self._recipes), "recipe": self._recipe, "keys": list(self._files)}
        self._worker.ask(request)

    def _take(self, answer: dict[str, Any] | None) -> None:
        if answer is None:
            self._mourn()
        elif "chosen" in answer:
            self._error, self._names = None, answer["recipes"]
            self._arrange(answer["chosen"])
        elif "error" in answer:
            self._error = answer["error"]
            for shown in self._pictures.values():
                shown.state = "waiting" if shown.state == "rendering" else shown.state
        elif "abandoned" not in answer:
            self._rendered(answer)
        self._go_on()

    def _mourn(self) -> None:
        """The worker has died, of a step's code that ends the process for one: the picture is not tried again."""
        self._worker.end()
        self._worker = _Worker(self._events)
        under_way = [shown for shown in self._pictures.values() if shown.state == "rendering"]
        for shown in under_way:
            shown.state, shown.facts = (
                "lost",
                {"title": "The process that renders has ended over it: see the terminal."},
            )
        if under_way:
            self._ask_for_recipes()
        else:
            self._error = "The process that reads the recipes has ended over them: see the terminal."

    def _arrange(self, chosen: dict[str, dict[str, str] | None]) -> None:
        """Show what is there now, of what is known already; the rest waits."""
        before, self._pictures = self._pictures, {}
        for key, (_, stamp) in self._files.items():
            if key not in chosen:
                continue  # it has come since, and is looked at next
            recipe = chosen[key]
            old = before.get(key)
            aimed = self._aimed.get(key)
            shown = Shown(key, stamp[1], recipe["recipe"] if recipe else None, aimed=aimed)
            digest = _id(key, stamp, f"{recipe['digest'] if recipe else ''}{aimed or ''}")
            unchanged = old is not None and self._digests.get(key) == digest
            if old is not None:
                shown.facts, shown.was = old.facts, old.was if unchanged else _bytes_of(old.facts) or old.was
            self._digests[key] = digest
            self._pictures[key] = shown
            if preview := self._kept.get(_id(key, stamp, "preview")):
                shown.before = self._address(preview)
            if recipe is None:
                shown.state, shown.facts = "ignored", {}
            elif result := self._kept.get(digest):
                self._show(shown, result)
            elif unchanged and old is not None and old.state == "lost":
                shown.state = "lost"

    def _rendered(self, answer: dict[str, Any]) -> None:
        request = answer["of"]
        folder, shown = Path(request["folder"]), self._pictures.get(request["key"])
        is_preview = request["do"] == "preview"
        if "done" in answer or is_preview:  # a preview that was lost is not tried again
            self._keep(folder.name, (folder, answer.get("done", {"variants": []})))
        if shown is None:
            return
        if is_preview:
            shown.before = self._address(self._kept[folder.name])
        elif self._digests[shown.key] == folder.name and "done" in answer:
            self._show(shown, self._kept[folder.name])
        elif self._digests[shown.key] == folder.name:
            shown.state, shown.facts = "lost", {"title": answer["lost"]}

    def _show(self, shown: Shown, result: tuple[Path, dict[str, Any]]) -> None:
        folder, facts = result
        self._kept.move_to_end(folder.name)
        variants = [one | {"url": self._serve(folder / one["file"])} for one in facts["variants"]]
        shown.facts = facts | {"variants": variants}
        shown.state = "failed" if facts["reason"] else "ready"

    def _address(self, preview: tuple[Path, dict[str, Any]]) -> str | None:
        folder, facts = preview
        return next((self._serve(folder / one["file"]) for one in facts["variants"]), None)

    def _serve(self, path: Path) -> str:
        name = f"{path.parent.name}/{path.name}"
        self.gallery.files[name] = path
        return f"files/{name}"

    def _go_on(self) -> None:
        """Have the next picture rendered, each first as it is and then by its recipe; then show all."""
        request = None if self._error or self._worker.unanswered else next(self._due(), None)
        if request:
            if request["do"] == "render":
                self._pictures[request["key"]].state = "rendering"
            Path(request["folder"]).mkdir(exist_ok=True)
            self._worker.ask(request)
        self._tell()

    def _due(self) -> Iterator[dict[str, Any]]:
        files = self._files
        for key, shown in self._pictures.items():
            if key not in files:
                continue
            file, stamp = files[key]
            names = {"preview": _id(key, stamp, "preview"), "render": self._digests[key]}
            settled = shown.state in {"ready", "failed", "lost", "ignored"}
            for do, name in names.items():
                if name not in self._kept and not (do == "render" and settled):
                    request = {"do": do, "path": str(file.path), "key": key, "folder": str(self._folder(name))}
                    yield request | ({"focus": shown.aimed} if do == "render" else {})

    def _folder(self, name: str) -> Path:
        return Path(self._temporary.name, name)

    def _keep(self, name: str, result: tuple[Path, dict[str, Any]]) -> None:
        """Keep a result, and forget those that nobody has looked at for long, beyond a number and their bytes."""
        self._kept[name] = result
        self._kept_bytes[name] = sum(one.stat().st_size for one in result[0].iterdir())
        needed = {*self._digests.values(), name} | {
            _id(key, stamp, "preview") for key, (_, stamp) in self._files.items()
        }
        for old in [one for one in self._kept if one not in needed]:
            if len(self._kept) <= _MOST_KEPT and sum(self._kept_bytes.values()) <= _MOST_KEPT_BYTES:
                break
            del self._kept[old]
            self._kept_bytes.pop(old, None)
            self.gallery.files = {
                address: path for address, path in self.gallery.files.items() if path.parent.name != old
            }
            shutil.rmtree(self._folder(old), ignore_errors=True)

    def _tell(self) -> None:
        pictures = [shown.told() for shown in self._pictures.values()]
        left = sum(one["state"] in {"waiting", "rendering"} for one in pictures)
        told = {
            "file": str(self._recipes),
            "error": self._error,
            "recipes": self._names,
            "recipe": self._recipe,
            "left": left,
            "passed_over": self._found.passed_over if self._found else 0,
            "pictures": pictures,
        }
        self.gallery.show(told)
        sentence = self._error or (_summary(pictures) if not left else "")
        if sentence and sentence != self._said:
            self._said = sentence
            self._say(sentence)


def watch(  # noqa: PLR0913  as the command has them
    folder: Path,
    recipes: Path,
    recipe: str | None,
    *,
    say: Callable[[str], None],
    opened: Callable[[str], None],
    port: int = 0,
) -> None:
    """Watch until the process is interrupted. opened: called with the address of the page, once it is there."""
    with Watching(folder, recipes, recipe, say, port) as watching:
        opened(watching.url)
        watching.run()


def _summary(pictures: list[dict[str, Any]]) -> str:
    ready = [one for one in pictures if one["state"] == "ready"]
    total = sum(variant["bytes"] for one in ready for variant in one["variants"])
    refused = len(pictures) - len(ready)
    others = f", {refused} not" if refused else ""
    return f"{len(ready)} of {len(pictures)} pictures rendered{others}: {total / 1024:,.0f} KB in all"


def _bytes_of(facts: dict[str, Any]) -> dict[str, int]:
    return {f"{one['name']}.{one['format']}": one["bytes"] for one in facts.get("variants", ())}


def _id(key: str, stamp: Stamp, digest: str) -> str:
    return hashlib.sha256(f"{key}\n{stamp}\n{digest}".encode()).hexdigest()[:24]
