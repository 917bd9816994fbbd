"""Writes docs/manifest.md: the fields of a manifest, from the dataclasses that it is written from: `make docs`."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from lightpress.cdk.readiness import PROJECT
from lightpress.image.capture import Capture
from lightpress.pipeline.facts import Fact, Words
from lightpress.pipeline.manifest import Copy, DroppedOriginal, LazyVariant, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.paths import manifest_path
from tools.markdown import line

PAGE = PROJECT / "docs" / "manifest.md"

_HEAD = f"""\
# The manifest

One JSON object for each key says what is published of it: it is replaced as a whole, and nothing else is the status of
a picture. It lies in the images bucket under `m/` and a hash of the key, such as `{manifest_path("trips/cat.jpg")}`
for `trips/cat.jpg`.

`lightpress status KEY --json` prints it. The [upload API](api.md#follow-it) and the [events](events.md) say the same
with addresses; prefer them: manifests are not served by the CDN. `make docs` writes this page from
`lambda_src/lightpress/pipeline/manifest.py`. What few recipes ask for (`enrichers`, `facts`, `words`, `copies`,
`copied_as`, `past_copies`; of `source`: `suggested`, `capture`, `likeness`) is left out where there is none:
[facts.md](facts.md), [copies](how-to/copies.md). A release may add fields;
`schema` changes when one is renamed or removed.
"""
_SECTIONS = (
    ("Fields", Manifest),
    ("source", PublishedSource),
    ("variants", Variant),
    ("lazy", LazyVariant),
    ("copies", Copy),
    ("source.capture", Capture),
    ("facts", Fact),
    ("words", Words),
    ("original_dropped", DroppedOriginal),
)
_TYPES = {
    str: "text",
    Status: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    NoneType: "null",
    PublishedSource: "object",
    Capture: "object",
    Words: "object",
    DroppedOriginal: "object",
}
_OF_THE_CODE = re.compile(r" \(`[\w.]+`\)")


def manifest_page() -> str:
    """The page as it should be."""
    return "\n".join([_HEAD, *(_section(name, kind) for name, kind in _SECTIONS)])


def _section(name: str, kind: type[Any]) -> str:
    said, hints = described(kind), get_type_hints(kind)
    rows = [line((f"`{field.name}`", _type(hints[field.name]), said[field.name])) for field in fields(kind)]
    title = name if name == "Fields" else f"`{name}`"
    words = (inspect.getdoc(kind) or "").partition("\n\nAttributes:")[0]
    return "\n".join([f"## {title}\n", f"{words}\n", line(("field", "", "")), "|---|---|---|", *rows, ""])


def described(kind: type[Any]) -> dict[str, str]:
    """What the docstring of a dataclass says of each attribute. Raises KeyError where it leaves one out."""
    _, _, attributes = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", attributes, re.MULTILINE)
    said = {name: _OF_THE_CODE.sub("", " ".join(words.split())).replace("None", "null") for name, words in found}
    return {field.name: said[field.name] for field in fields(kind)}


def _type(hint: Any) -> str:  # noqa: ANN401  a type
    if get_origin(hint) is UnionType:
        return " or ".join(map(_type, get_args(hint)))
    if get_origin(hint) is tuple:
        return "two numbers" if get_args(hint) == (float, float) else "list"
    return _TYPES[hint]


if __name__ == "__main__":
    PAGE.write_text(manifest_page(), encoding="utf-8")
