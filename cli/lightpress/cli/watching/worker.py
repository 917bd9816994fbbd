"""The process that renders for the page: one request at a time on its standard input, one answer each on its output.

It has one thread, for it forks the confined child of each picture. A request that comes while a picture is rendered
ends that picture's child: whoever sends it wants something else now.

Requests and answers are lines of JSON; an answer has its request in `of`, and:

    {"do": "read", "recipes": FILE, "recipe": NAME or null, "keys": [KEY...]}
        {"error": SENTENCE} or {"recipes": [NAME...], "chosen": {KEY: {"recipe": NAME, "digest": DIGEST} or null}}
    {"do": "render", "path": FILE, "key": KEY, "folder": FOLDER, "focus": [X, Y] or null}
        {"done": {...}}, {"lost": SENTENCE}, or {"abandoned": true}
    {"do": "preview", "path": FILE, "key": KEY, "folder": FOLDER}
        as for "render"; the whole picture as the core reads it, once, for a browser
"""

from __future__ import annotations

import json
import os
import select
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightpress.cli.faults import sentence_of_file
from lightpress.cli.files import File
from lightpress.cli.rendering import render_file
from lightpress.cli.watching.crops import crops_of
from lightpress.delivery.summary import message_for, summary_of
from lightpress.image.inputs import READABLE
from lightpress.image.limits import Limits
from lightpress.image.spec import Pixels, Size, Spec
from lightpress.pipeline.ports import ChildLost
from lightpress.pipeline.recipe import Recipe, RecipeBook
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.toml_reader import ConfigError
from lightpress.units import MB

if TYPE_CHECKING:
    from collections.abc import Callable

_INPUT = 0
_PREVIEW_SIDE = 1_600
_PREVIEW = Recipe(
    "preview",
    Spec(
        sizes=(Size("whole", width=_PREVIEW_SIDE, height=_PREVIEW_SIDE),),
        formats=("webp",),
        quality={"webp": 90},
        limits=Limits(max_bytes=512 * MB),
        metadata="none",
        animation=False,
        accept=tuple(READABLE),
    ),
)


class _Abandoned(Exception):
    """Another request has come."""


class Worker:
    """Reads recipes and renders by those that it has read last."""

    def __init__(self, abandon: Callable[[], None]) -> None:
        self._abandon = abandon
        self._chosen: dict[str, Recipe] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked; the answer says so, too, where it cannot be done."""
        if request["do"] == "read":
            return self._read(request)
        try:
            return {"done": self._rendered(request)}
        except OSError as error:
            return {"lost": sentence_of_file(error)}
        except ChildLost as error:
            return {"lost": f"It was not rendered: {error}."}
        except ModuleNotFoundError as error:
            return {"lost": f"It was not rendered: {error}"}
        except _Abandoned:
            return {"abandoned": True}

    def _read(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            book = load_recipes(Path(request["recipes"]))
            found = {key: _recipe_of(book, key, request["recipe"]) for key in request["keys"]}
        except ConfigError as error:
            return {"error": str(error)}
        except OSError as error:
            return {"error": sentence_of_file(error)}
        self._chosen = {key: recipe for key, recipe in found.items() if recipe is not None}
        chosen = {
            key: recipe and {"recipe": recipe.name, "digest": recipe.digest_for("format_not_accepted")}
            for key, recipe in found.items()
        }
        return {"recipes": list(book.recipes), "chosen": chosen}

    def _rendered(self, request: dict[str, Any]) -> dict[str, Any]:
        key, source = request["key"], File(Path(request["path"]), request["key"])
        recipe = _PREVIEW if request["do"] == "preview" else self._chosen[key]
        if request.get("focus"):
            x, y = request["focus"]
            recipe = replace(recipe, spec=recipe.spec.kept_in_focus((x, y)))
        rendered = render_file(source, Path(request["folder"]), recipe, self._abandon)
        manifest, told = rendered.manifest, rendered.manifest.source
        crops: dict[str, Any] = {}
        focus = told.focus if told else None
        if told and told.width and told.height:
            crops = crops_of(recipe.spec, Pixels(told.width, told.height), focus)
        return summary_of(manifest, lambda variant: {"file": variant.path}) | {
            "title": message_for(manifest.reason) if manifest.reason else None,
            "original_bytes": told.bytes if told else 0,
            "focus": focus,
            "crops": crops,
            "cpu_ms": rendered.cost.cpu_ms,
        }


def _recipe_of(book: RecipeBook, key: str, name: str | None) -> Recipe | None:
    """The recipe of a key; nothing is left for later, for there is no first view here."""
    if name is not None and name not in book.recipes:
        raise ConfigError(f"recipes.{name}: there is no such recipe any more; choose another")
    recipe = book.recipes[name] if name else book.recipe_for(key)
    return recipe and replace(recipe, spec=replace(recipe.spec, lazy=frozenset()))


def _abandon_if_asked() -> None:
    if select.select([_INPUT], [], [], 0)[0]:
        raise _Abandoned


def main() -> None:
    """Answer until the standard input ends. What steps print goes to the standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker, left = Worker(_abandon_if_asked), b""
    while data := os.read(_INPUT, 1 << 20):
        *lines, left = (left + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            answers.write(json.dumps(worker.answer(request) | {"of": request}) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
