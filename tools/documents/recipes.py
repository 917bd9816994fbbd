"""Writes docs/recipes-reference.md, its pictures and the JSON Schemas: `make docs`. Tests fail where they are stale."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from lightpress.cdk.config import option_groups
from lightpress.cdk.readiness import LAMBDA_SRC, PROJECT
from lightpress.image.capture import OF_THE_FILE
from lightpress.image.inputs import READABLE
from lightpress.image.limits import Limits
from lightpress.image.outputs import MOVING, OUTPUTS
from lightpress.image.render import render
from lightpress.image.spec import COLORS, DAMAGED, EFFORTS, FITS, HDR, METADATA, TONE_MAPPINGS, Size, Spec
from lightpress.image.step_options import Length
from lightpress.image.stepping import OWN_STEPS, built_in, own_names, own_step
from lightpress.pipeline.facts import MOST_ENRICHERS, SHIPPED
from lightpress.pipeline.recipe import KEEP, ORIGINALS, Unanswered
from lightpress.pipeline.recipe_file import COLOR, LIMITS, MOST_GATE_HOURS, MOST_PNG_COLORS, MOST_REVIEWERS
from lightpress.pipeline.recipe_sizes import LARGEST_BUDGET, LONGEST_SIDE, NAME
from tools.drawing import file_of, ramp, seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightpress.image.stepping import Definition

PAGE = PROJECT / "docs" / "recipes-reference.md"
PICTURES = PROJECT / "docs" / "steps"
RECIPES_SCHEMA = PROJECT / "docs" / "recipes.schema.json"
ENVIRONMENT_SCHEMA = PROJECT / "docs" / "environment.schema.json"

_DRAFT = "http://json-schema.org/draft-07/schema#"  # what Taplo, of most editors' extensions for TOML, understands
_NO_MORE = {"additionalProperties": False}
_NAMES_OF_FACTS = ", ".join(f'`"{name}"`' for name in (*OF_THE_FILE, *SHIPPED))
_QUALITY = {"type": "integer", "minimum": 1, "maximum": 100}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of recipes.toml.

    Attributes:
        default: As it would be written; empty where the key must be there or has no value by default.
        allowed: What is allowed, in words.
        doc: What it means.
        schema: What is allowed, as a JSON Schema.
    """

    default: str
    allowed: str
    doc: str
    schema: Mapping[str, Any]


def _word(default: str, allowed: tuple[str, ...], doc: str) -> Key:
    return Key(f'"{default}"', ", ".join(f'`"{one}"`' for one in allowed), doc, {"enum": list(allowed)})


def _flag(default: str, doc: str) -> Key:
    return Key(default, "true, false", doc, {"type": "boolean"})


def _names(allowed: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": list(allowed)}, "minItems": 1, "uniqueItems": True}


def _side(doc: str) -> Key:
    return Key("", f"1 to {LONGEST_SIDE}", doc, _SIDE)


_POINT = {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}, "minItems": 2, "maxItems": 2}
_STEPS = {"$ref": "#/definitions/steps"}
_SIDE = {"type": "integer", "minimum": 1, "maximum": LONGEST_SIDE}
RULE: Mapping[str, Key] = {
    "path": Key(
        "",
        "`*`: anything within one folder, `**`: anything at all, every other character is itself",
        'The keys that it is for. The last rule is for `"**"`. A path that matches no key, and a rule behind one that '
        "takes all of its keys, are refused",
        {"type": "string", "minLength": 1, "pattern": "^(?!.*://)[^/]([\\s\\S]*[^/])?$"},
    ),
    "recipe": Key("", "the name of a recipe", "What is made of them", {"type": "string"}),
    "ignore": _flag("false", "Leave them alone, instead of `recipe`"),
}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_PATTERN = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*/.*[{].*$"}
_COPIES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": _PATTERN,
        "cache_control": {"type": "string"},
        "content_type": _TEXTS,
        "tags": _TEXTS,
        "metadata": _TEXTS,
    },
    "required": ["path"],
    "additionalProperties": False,
}
RECIPE: Mapping[str, Key] = {
    "sizes": Key(
        "", "a table of sizes, at least one", "What is made of each original", {"$ref": "#/definitions/sizes"}
    ),
    "widths": Key(
        "",
        "a list of widths, or `{ from = 320, to = 2560, factor = 1.5 }`",
        "Sizes `w320`, `w480` and so on, each limited in width alone, beside those of `sizes`",
        {
            "anyOf": [
                {"type": "array", "items": _SIDE, "minItems": 1, "uniqueItems": True},
                {
                    "type": "object",
                    "properties": {
                        "from": _SIDE,
                        "to": _SIDE,
                        "factor": {"type": "number", "minimum": 1.1, "maximum": 4},
                    },
                    "required": ["from", "to"],
                    **_NO_MORE,
                },
            ]
        },
    ),
    "steps": Key(
        "[]", "up to 16 steps", "What is done to the pictures of all sizes that name no steps of their own", _STEPS
    ),
    "formats": Key(
        '"auto"',
        f'`"auto"`, or a list of {", ".join(f"`{name}`" for name in OUTPUTS)}',
        'The formats of the variants; "auto" chooses by the kind of picture (recipes.md, "Formats")',
        {"anyOf": [{"const": "auto"}, _names(tuple(OUTPUTS))]},
    ),
    "quality": Key(
        "{}",
        f"{', '.join(f'`{row.name}`' for row in OUTPUTS.values() if row.lossy)}: 1 to 100",
        "How well a format is encoded, where another quality than its own is wanted",
        {
            "type": "object",
            "properties": {row.name: _QUALITY for row in OUTPUTS.values() if row.lossy},
            **_NO_MORE,
        },
    ),
    "background": Key(
        '"#ffffff"',
        "`#rrggbb`",
        "Put behind what is see-through, in formats without transparency",
        {"type": "string", "pattern": f"^{COLOR}$"},
    ),
    "metadata": _word("copyright", METADATA, "What variants keep of the original's metadata"),
    "lossless": _flag("false", "Pack a variant of the original's own pixels and format without loss"),
    "effort": _word(
        "normal",
        EFFORTS,
        "How much CPU still pictures may take: `high` is five times as much, for a fifth fewer bytes of AVIF "
        '(recipes.md, "Effort")',
    ),
    "png_colors": Key(
        "any number",
        f"2 to {MOST_PNG_COLORS}",
        "How many colors a PNG variant may have, by a palette; one that would be seen to change keeps all of its "
        "colors. Excludes `lossless`",
        {"type": "integer", "minimum": 2, "maximum": MOST_PNG_COLORS},
    ),
    "animation": Key(
        "true",
        f"true, false, or a list of {', '.join(f'`{name}`' for name in MOVING)}",
        'Keep animations moving, in these formats; true is in WebP alone (recipes.md, "Animations")',
        {"anyOf": [{"type": "boolean"}, _names(MOVING)]},
    ),
    "accept": Key(
        "all but `jpeg2000`, `raw`, `svg`, `pdf` and `jxl`",
        ", ".join(f"`{name}`" for name in READABLE),
        'The formats that are read (recipes.md, "What is accepted")',
        _names(tuple(READABLE)),
    ),
    "damaged": _word("publish", DAMAGED, "Publish what is there of a file that is cut short, or refuse it"),
    "colors": _word("srgb", COLORS, 'The color space of variants (recipes.md, "Wide gamut")'),
    "hdr": _word("sdr", HDR, 'Drop gain maps, or keep them in JPEG variants (recipes.md, "Gain maps"); excludes steps'),
    "tone_mapping": _word(
        "st2094-50",
        TONE_MAPPINGS,
        "How pictures of high dynamic range (PQ, HLG) are fitted to standard range (recipes.md)",
    ),
    "lazy": Key(
        "[]",
        f"sizes, formats ({', '.join(f'`{name}`' for name in OUTPUTS)}), or single variants as `SIZE.FORMAT`",
        'Variants that are made when somebody first asks for them (recipes.md, "Lazy variants"); excludes steps',
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    ),
    "facts": Key(
        "[]",
        f"{_NAMES_OF_FACTS}, or names of your own; {MOST_ENRICHERS} enrichers at most",
        "What is told of each picture besides (facts.md)",
        {"type": "array", "items": {"type": "string", "pattern": f"^{NAME}$"}, "uniqueItems": True},
    ),
    "originals": _word(
        KEEP,
        ORIGINALS,
        'What becomes of originals once they are published (recipes.md, "Originals that leave"); '
        '`"drop_after_publish"` excludes lazy, gate, and faces where a size has `focus = "auto"`',
    ),
    "copies": Key(
        "none",
        'a pattern such as `"thumbs/{stem}-{size}.{ext}"`, or a table with `path` (how-to/copies.md)',
        "Where copies of variants go, for those who expect them there; excludes lazy",
        {"anyOf": [_PATTERN, _COPIES]},
    ),
    "gate": Key(
        "[]",
        f'`"person"`, `"malware"`, `"moderation"`, or names of your own; {MOST_REVIEWERS} at most',
        "The reviewers that must approve a picture before it is published (how-to/moderation.md)",
        {
            "type": "array",
            "items": {"type": "string", "pattern": f"^{NAME}$"},
            "uniqueItems": True,
            "maxItems": MOST_REVIEWERS,
        },
    ),
    "gate_hours": Key(
        "none",
        f"1 to {MOST_GATE_HOURS:,}; needs `gate_unanswered`",
        "How long reviewers have, from when the picture was held for them",
        {"type": "number", "minimum": 1, "maximum": MOST_GATE_HOURS},
    ),
    "gate_unanswered": _word(
        "hold", tuple(Unanswered), "What becomes of a picture whose reviewers have not answered within `gate_hours`"
    ),
    "limits": Key("{}", "see below", "What one original may cost", {"$ref": "#/definitions/limits"}),
}
SIZE: Mapping[str, Key] = {
    "width": _side("Of the box, in pixels; needed where `height` is missing"),
    "height": _side("Of the box, in pixels; needed where `width` is missing"),
    "fit": _word(
        "contain",
        FITS,
        '"contain": the whole picture, within the box. "cover": the box filled, what overhangs is cut off. "pad": the '
        "whole picture in the middle of a box that always has its full size. Nothing is ever enlarged",
    ),
    "focus": Key(
        "[0.5, 0.5]",
        'two numbers from 0 to 1, `"auto"`, or `"faces"`',
        'With `fit = "cover"`: the point to keep, from the left and the top; "auto" looks for the subject '
        'of each picture, "faces" for faces first (recipes.md, "Focus")',
        {"anyOf": [{"enum": ["auto", "faces"]}, _POINT]},
    ),
    "max_kb": Key(
        "",
        f"1 to {LARGEST_BUDGET}",
        "What each of its files may have, in KB of 1,024 bytes: one that exceeds it is encoded anew at the highest "
        'quality that fits, and a note says so (recipes.md, "A byte budget"); excludes lazy',
        {"type": "integer", "minimum": 1, "maximum": LARGEST_BUDGET},
    ),
    "dpr": Key(
        "[1]",
        "a list of densities from 1 to 4",
        "The densities of screens that the size is made for: `NAME`, `NAME-2x` and so on, of so many times its pixels",
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 1, "maximum": 4},
            "minItems": 1,
            "uniqueItems": True,
        },
    ),
    "steps": Key("those of the recipe", "up to 16 steps", "What is done to this size alone; `[]` for nothing", _STEPS),
}

EXAMPLES: Mapping[str, str] = {
    "background": '{ round = "20%" }, { background = "#20407f" }',
    "blur": "{ blur = 4 }",
    "brightness": "{ brightness = 1.4 }",
    "circle": "{ circle = true }",
    "contrast": "{ contrast = 1.6 }",
    "flip": '{ flip = "horizontal" }',
    "grayscale": "{ grayscale = true }",
    "pad": '{ pad = "6%", color = "#20407f" }',
    "pixelate": '{ pixelate = [[0.55, 0.1, 0.3, 0.4]], block = "6%" }',
    "rotate": "{ rotate = 90 }",
    "round": '{ round = "15%" }',
    "saturation": "{ saturation = 2 }",
    "sharpen": "{ sharpen = 2, radius = 1.5 }",
    "text": '{ text = "© Ada Lovelace", size = "8%", at = "south" }',
    "tint": '{ tint = "#704214" }',
    "trim": "{ trim = 10 }",
    "watermark": '{ watermark = "logo.png", at = "south-east", width = "20%", opacity = 0.8 }',
}
"""Of each step: the entries of `steps` whose result the page shows."""

_HEAD = """\
# Recipes, key by key

Every key of `recipes.toml`, and a picture of what each step does. [recipes.md](recipes.md) explains formats, colors and
how pages use variants. A mistake stops the synthesis, and the error names the key and what is allowed. Editors
complete the file with [recipes.schema.json](recipes.schema.json), which its first line, `#:schema`, names;
`lightpress init` writes both.

`make docs` writes this page, its pictures and the schema from the code that reads recipes.
"""
_LIMITS_HEAD = """\
## Limits

`[recipes.NAME.limits]`. An original beyond one of them is rejected with a reason, before it is decoded.

| key | default | allowed | |
|---|---|---|---|
"""
_STEPS_HEAD = """\
## Steps

The first key of an entry names the step. A length is in pixels, or a share of the variant's width. A picture of 240
pixels without a step:

![without a step](steps/none.webp)
"""
_OPTIONS_HEAD = "| option | default | allowed | |\n|---|---|---|---|\n"
_SCENE_WIDTH, _SCENE_HEIGHT = 240, 160


def scene() -> Image.Image:
    """What the steps are shown on: a house by a lake, drawn by code."""
    image = Image.blend(ramp((_SCENE_WIDTH, _SCENE_HEIGHT)), Image.new("RGB", (240, 160), (150, 200, 240)), 0.7)
    draw = ImageDraw.Draw(image)
    draw.ellipse((150, 18, 190, 58), fill=(255, 226, 120))
    draw.polygon(((0, 110), (60, 50), (110, 96), (160, 62), (240, 112), (240, 160), (0, 160)), fill=(70, 120, 90))
    draw.rectangle((0, 118, 240, 160), fill=(50, 96, 150))
    for row in range(122, 160, 6):
        draw.line((10 + row % 17, row, 60 + row % 29, row), fill=(190, 215, 235))
        draw.line((130 + row % 23, row + 2, 170 + row % 31, row + 2), fill=(190, 215, 235))
    draw.rectangle((28, 84, 78, 118), fill=(190, 70, 50))
    draw.polygon(((22, 86), (53, 58), (84, 86)), fill=(90, 40, 40))
    draw.rectangle((36, 94, 48, 106), fill=(250, 240, 180))
    draw.rectangle((58, 94, 70, 118), fill=(60, 40, 30))
    return image


def _framed(image: Image.Image) -> Image.Image:
    whole = Image.new("RGB", (image.width + 60, image.height + 40), (244, 244, 240))
    whole.paste(image, (30, 20))
    return whole


def _logo() -> bytes:
    logo = Image.new("RGBA", (120, 120), (0, 0, 0, 0))
    draw = ImageDraw.Draw(logo)
    draw.ellipse((4, 4, 116, 116), fill=(255, 255, 255, 255))
    draw.polygon(((60, 18), (96, 88), (24, 88)), fill=(32, 64, 127, 255))
    return file_of(logo)


def pictures() -> dict[str, bytes]:
    """The files of the page's pictures, by name: what each step makes of the scene, and the scene before trimming."""
    made = {name: _shown(entries, trims=name == "trim") for name, entries in EXAMPLES.items()}
    return {"none": _encoded(scene()), "untrimmed": _encoded(_framed(scene())), **made}


def _shown(entries: str, *, trims: bool) -> bytes:
    steps = tuple(
        built_in()[next(iter(entry))].step(entry, {"logo.png": _logo()}.__getitem__)
        for entry in tomllib.loads(f"steps = [{entries}]")["steps"]
    )
    spec = Spec((Size("shown", 300, steps=steps),), ("png",))
    (variant,) = render(file_of(_framed(scene()) if trims else scene()), spec).variants
    return _encoded(seen(variant))


def _encoded(image: Image.Image) -> bytes:
    (variant,) = render(file_of(image), Spec((Size("shown", 300),), ("webp",), {"webp": 80})).variants
    return variant.data


def reference_page() -> str:
    """The page as it should be."""
    rules = _table("key", RULE)
    limits = "".join(
        f"| `{key}` | {getattr(Limits(), limit.field) // limit.unit} | {limit.low} to {limit.high} | {limit.doc}. |\n"
        for key, limit in LIMITS.items()
    )
    parts = [
        _HEAD,
        f"## Rules\n\nThe first rule (`[[rules]]`) whose path matches a key decides.\n\n{rules}",
        f"## Recipes\n\n`[recipes.NAME]`. Names have small letters, digits, `-` and `_`.\n\n{_table('key', RECIPE)}",
        f"## Sizes\n\n`[recipes.NAME.sizes]`, such as `w640 = {{ width = 640 }}`.\n\n{_table('key', SIZE)}",
        f"{_LIMITS_HEAD}{limits}",
        _STEPS_HEAD,
        *map(_step_section, built_in().values()),
        *map(_own_section, _own_steps()),
    ]
    return "\n".join(parts)


def _own_steps() -> list[Definition]:
    folder = LAMBDA_SRC / OWN_STEPS
    return [own_step(folder, name) for name in own_names(folder)]


def _table(head: str, keys: Mapping[str, Key]) -> str:
    rows = "".join(
        f"| `{name}` | {_shown_default(key.default)} | {key.allowed} | {key.doc}. |\n" for name, key in keys.items()
    )
    return f"| {head} | default | allowed | |\n|---|---|---|---|\n{rows}"


def _shown_default(default: str) -> str:
    """Code as code, words as words."""
    return f"`{default}`" if default and " of " not in default and " but " not in default else default


def _step_section(definition: Definition) -> str:
    name = definition.name
    before = "![before](steps/untrimmed.webp) " if name == "trim" else ""
    shown = f"{before}![{name}](steps/{name}.webp)\n\n```toml\nsteps = [{EXAMPLES[name]}]\n```\n"
    return f"### {name}\n\n{_doc(definition)}\n\n{shown}\n{_options(definition)}"


def _own_section(definition: Definition) -> str:
    return f"### {definition.name}\n\n{_doc(definition)} (A step of this project.)\n\n{_options(definition)}"


def _doc(definition: Definition) -> str:
    return "\n".join(line.strip() for line in definition.doc.splitlines())


def _options(definition: Definition) -> str:
    rows = "".join(
        f"| `{name}` | {_default(definition.defaults.get(name))} | {option.allowed} | {option.doc}. |\n"
        for name, option in definition.allowed.items()
    )
    return f"{_OPTIONS_HEAD}{rows}"


def _default(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Length) and value.pixels is not None:
        return f"`{value.pixels}`"
    return f"`{json.dumps(str(value) if isinstance(value, Length) else value)}`"


def recipes_schema() -> dict[str, Any]:
    """The JSON Schema of recipes.toml."""
    name = f"^{NAME}$"
    size = {**_object(SIZE), "anyOf": [{"required": ["width"]}, {"required": ["height"]}]}
    rule = {**_object(RULE, "path"), "oneOf": [{"required": ["recipe"]}, {"required": ["ignore"]}]}
    recipe = {**_object(RECIPE), "anyOf": [{"required": ["sizes"]}, {"required": ["widths"]}]}
    limits = {
        key: {"type": "integer", "minimum": limit.low, "maximum": limit.high, "description": limit.doc}
        for key, limit in LIMITS.items()
    }
    return {
        "$schema": _DRAFT,
        "title": "Recipes of Lightpress",
        "type": "object",
        "required": ["rules", "recipes"],
        "additionalProperties": False,
        "properties": {
            "rules": {"type": "array", "minItems": 1, "items": rule},
            "recipes": {"type": "object", "patternProperties": {name: recipe}, **_NO_MORE},
        },
        "definitions": {
            "sizes": {"type": "object", "patternProperties": {name: size}, "minProperties": 1, **_NO_MORE},
            "limits": {"type": "object", "properties": limits, **_NO_MORE},
            "steps": {"type": "array", "maxItems": 16, "items": {"anyOf": _step_schemas()}},
        },
    }


def _object(keys: Mapping[str, Key], *required: str) -> dict[str, Any]:
    properties = {name: {**key.schema, "description": f"{key.doc}."} for name, key in keys.items()}
    return {"type": "object", "properties": properties, "required": list(required), **_NO_MORE}


def _step_schemas() -> list[dict[str, Any]]:
    """One for each step, and one for own steps, of which only their own file knows what is allowed."""
    steps = [_step_schema(definition) for definition in built_in().values()]
    return [
        *steps,
        {"type": "object", "minProperties": 1, "not": {"anyOf": [{"required": [one]} for one in built_in()]}},
    ]


def _step_schema(definition: Definition) -> dict[str, Any]:
    properties = {
        name: {**option.schema(), "description": f"{option.doc}."} for name, option in definition.allowed.items()
    }
    return {
        "type": "object",
        "description": definition.doc,
        "properties": properties,
        "required": [definition.name],
        **_NO_MORE,
    }


def environment_schema() -> dict[str, Any]:
    """The JSON Schema of `infra/environments/NAME.toml`."""
    properties = {
        option.name: {
            **option.metadata["schema"],
            "description": f"{option.metadata['doc']} Allowed: {option.metadata['allowed']}.",
            "default": list(option.default) if isinstance(option.default, tuple) else option.default,
        }
        for group in option_groups().values()
        for option in fields(group)
    }
    return {
        "$schema": _DRAFT,
        "title": "An environment of Lightpress",
        "type": "object",
        "properties": properties,
        **_NO_MORE,
    }


def written(schema: Mapping[str, Any]) -> str:
    """A schema as it is in its file."""
    return f"{json.dumps(schema, indent=1, ensure_ascii=False)}\n"


def main() -> None:
    """Write all of it."""
    PAGE.write_text(reference_page(), encoding="utf-8")
    RECIPES_SCHEMA.write_text(written(recipes_schema()), encoding="utf-8")
    ENVIRONMENT_SCHEMA.write_text(written(environment_schema()), encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    for name, data in pictures().items():
        (PICTURES / f"{name}.webp").write_bytes(data)


if __name__ == "__main__":
    main()
