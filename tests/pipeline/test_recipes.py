"""recipes.toml says which pictures get what; where it is wrong, it says where and what is allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from lightpress.composition.publishing import RECIPES
from lightpress.image import candidates, inputs, outputs
from lightpress.image.errors import Reason
from lightpress.image.limits import Limits
from lightpress.image.spec import Fit, Pixels, Size, Spec
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.toml_reader import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

RULE = '[[rules]]\npath = "**"\nrecipe = "web"\n'
RECIPE = '[recipes.web]\nformats = ["webp", "jpeg"]\n'
SIZES = "[recipes.web.sizes]\nw320 = { width = 320 }\n"


def load(tmp_path: Path, text: str) -> RecipeBook:
    path = tmp_path / "recipes.toml"
    path.write_text(text, encoding="utf-8")
    return load_recipes(path)


def test_the_recipes_that_are_shipped_load() -> None:
    book = load_recipes(RECIPES)
    web, avatar = book.recipe_for("holiday/a.jpg"), book.recipe_for("avatars/a.jpg")
    assert web is book.recipes["web"]
    assert avatar is book.recipes["avatar"]
    assert web.spec.auto
    assert avatar.spec.auto
    assert [size.width for size in web.spec.sizes] == [320, 640, 1280, 1920]
    assert {(size.width, size.height, size.fit) for size in avatar.spec.sizes} == {
        (96, 96, "cover"),
        (384, 384, "cover"),
    }


def test_everything_that_can_be_said_is_understood(tmp_path: Path) -> None:
    book = load(
        tmp_path,
        """
        [[rules]]
        path = "drafts/**"
        ignore = true
        [[rules]]
        path = "**"
        recipe = "web"
        [recipes.web]
        formats = ["jpeg", "png"]
        background = "#102030"
        metadata = "none"
        lossless = true
        sizes.w10 = { width = 10 }
        sizes.h20 = { height = 20 }
        sizes.box = { width = 30, height = 40, fit = "cover" }
        sizes.face = { width = 30, height = 40, fit = "cover", focus = [0, 0.25] }
        sizes.tile = { width = 30, height = 40, fit = "pad" }
        sizes.auto = { width = 30, height = 40, fit = "cover", focus = "auto" }
        quality = { jpeg = 33 }
        animation = false
        accept = ["png", "jpeg2000"]
        damaged = "refuse"
        colors = "p3"
        hdr = "keep"
        [recipes.web.limits]
        max_mb = 2
        max_megapixels = 3
        max_side = 400
        max_decoded_mb = 50
        max_frames = 6
        max_animation_megapixels = 7
        """,
    )
    assert book.recipe_for("drafts/a.jpg") is None
    recipe = book.recipe_for("a.jpg")
    assert recipe is not None
    assert recipe.spec == Spec(
        sizes=(
            Size("w10", 10),
            Size("h20", None, 20),
            Size("box", 30, 40, "cover"),
            Size("face", 30, 40, "cover", (0.0, 0.25)),
            Size("tile", 30, 40, "pad"),
            Size("auto", 30, 40, "cover", auto_focus=True),
        ),
        formats=("jpeg", "png"),
        quality={"jpeg": 33},
        background="#102030",
        limits=Limits(2 << 20, 3_000_000, 400, 50 << 20, max_frames=6, max_animation_pixels=7_000_000),
        metadata="none",
        lossless=True,
        animation=False,
        accept=("png", "jpeg2000"),
        damaged="refuse",
        colors="p3",
        hdr="keep",
    )


def sizes_of(tmp_path: Path, text: str) -> dict[str, tuple[int | None, int | None]]:
    return {one.name: (one.width, one.height) for one in load(tmp_path, text).recipes["web"].spec.sizes}


def test_widths_make_a_ladder_by_list_or_by_factor_beside_other_sizes(tmp_path: Path) -> None:
    assert sizes_of(tmp_path, RULE + RECIPE + "widths = [320, 640]\n" + SIZES.replace("w320", "other")) == {
        "other": (320, None),
        "w320": (320, None),
        "w640": (640, None),
    }
    ladder = sizes_of(tmp_path, RULE + RECIPE + "widths = { from = 320, to = 2000 }\n")
    assert list(ladder) == ["w320", "w480", "w720", "w1080", "w1620", "w2000"]
    assert list(sizes_of(tmp_path, RULE + RECIPE + "widths = { from = 1, to = 4, factor = 1.1 }\n")) == [
        "w1",
        "w2",
        "w3",
        "w4",
    ]


def test_densities_make_a_size_again_with_so_many_times_its_pixels(tmp_path: Path) -> None:
    text = RULE + RECIPE + '[recipes.web.sizes]\nface = { width = 96, height = 64, fit = "cover", dpr = [1, 2, 3] }\n'
    assert sizes_of(tmp_path, text) == {"face": (96, 64), "face-2x": (192, 128), "face-3x": (288, 192)}
    assert {one.fit for one in load(tmp_path, text).recipes["web"].spec.sizes} == {"cover"}
    assert sizes_of(tmp_path, RULE + RECIPE + "[recipes.web.sizes]\nh = { height = 9, dpr = [2] }\n") == {
        "h-2x": (None, 18)
    }


def test_a_byte_budget_is_read_in_kb_decides_the_digest_and_is_kept_at_each_density(tmp_path: Path) -> None:
    text = RULE + RECIPE + "[recipes.web.sizes]\nface = { width = 96, dpr = [1, 2]LIMIT }\n"
    plain, limited = (load(tmp_path, text.replace("LIMIT", limit)).recipes["web"] for limit in ("", ", max_kb = 100"))
    assert {size.max_bytes for size in plain.spec.sizes} == {None}
    assert {size.max_bytes for size in limited.spec.sizes} == {102_400}
    assert plain.digest != limited.digest


BROKEN = {
    "no budget": (
        RULE + RECIPE + "[recipes.web.sizes]\nw = { width = 9, max_kb = 0 }\n",
        "recipes.web.sizes.w.max_kb",
        ["65536"],
    ),
    "a budget of what is made later": (
        RULE + RECIPE + 'lazy = ["w"]\n[recipes.web.sizes]\nw = { width = 9, max_kb = 9 }\n',
        "recipes.web.lazy",
        ["excludes max_kb"],
    ),
    "no TOML": ("rules = [", "", ["not valid TOML"]),
    "no rules": (RECIPE + SIZES, "rules", ["is missing", "a list of tables"]),
    "empty rules": ("rules = []\n" + RECIPE + SIZES, "rules", ["at least one"]),
    "rules that are none": ("rules = [1]\n" + RECIPE + SIZES, "rules", ["1 is not a table"]),
    "rules that are one": ('rules = "web"\n' + RECIPE + SIZES, "rules", ["'web' is not a list of tables"]),
    "a rule without a path": (
        '[[rules]]\nrecipe = "web"\n' + RECIPE + SIZES,
        "rules[0].path",
        ["is missing", "a string"],
    ),
    "a rule without a recipe": ('[[rules]]\npath = "**"\n' + RECIPE + SIZES, "rules[0].recipe", ["is missing"]),
    "a rule with a recipe that is none": (
        RULE.replace("web", "wab") + RECIPE + SIZES,
        "rules[0].recipe",
        ["'wab' is not allowed", "did you mean 'web'?", "allowed: web"],
    ),
    "a rule with both": (
        RULE + "ignore = true\n" + RECIPE + SIZES,
        "rules[0].ignore",
        ["excludes recipe"],
    ),
    "a rule with more": (
        RULE + "prio = 1\n" + RECIPE + SIZES,
        "rules[0].prio",
        ["is not a known key", "allowed: ignore, path, recipe"],
    ),
    "a flag that is none": (
        '[[rules]]\npath = "**"\nignore = "yes"\n',
        "rules[0].ignore",
        ["'yes' is not true or false"],
    ),
    "nothing for the rest": (RULE.replace("**", "a/**") + RECIPE + SIZES, "rules", ['path = "**"']),
    "the second rule is named by its place": (
        RULE.replace("**", "a/**") + '[[rules]]\npath = 1\nrecipe = "web"\n' + RECIPE + SIZES,
        "rules[1].path",
        ["1 is not a string"],
    ),
    **{
        f"a rule that can match nothing: {path!r}": (
            f'[[rules]]\npath = "{path}"\nrecipe = "web"\n' + RULE + RECIPE + SIZES,
            "rules[0].path",
            [better],
        )
        for path, better in {
            "": 'is empty, and no key is; every key is "**"',
            "/trips/**": '"trips/**" (if yours do: "**/trips/**")',
            "/": 'begins with a slash, and keys do not: "**"',
            "products/": 'is a folder, not what is in it: "products/**"',
            "s3://bucket/trips/**": "is an address; a path is of keys alone",
        }.items()
    },
    "a rule behind the one for every key": (
        RULE + RULE.replace("**", "a/**") + RULE + RECIPE + SIZES,
        "rules[1].path",
        ["'a/**' comes behind \"**\", which takes every key: put it before"],
    ),
    "a rule twice": (
        RULE.replace("**", "a/**") * 2 + RULE + RECIPE + SIZES,
        "rules[1].path",
        ["'a/**' is the path of an earlier rule, which takes all of its keys"],
    ),
    "no recipes": (RULE, "rules[0].recipe", ["'web' is not allowed"]),
    "a recipe that is none": (RULE + "recipes = { web = 1 }\n", "", ["web"]),
    "a name in capitals": (RULE + "[recipes.Web]\n", "recipes.Web", ["not a usable name", "lower case"]),
    "a name with a slash": (RULE + '[recipes."a/b"]\n', "recipes.a/b", ["not a usable name"]),
    "a name without end": (RULE + f"[recipes.{'a' * 41}]\n", f"recipes.{'a' * 41}", ["at most 40 characters"]),
    "another word than auto": (
        RULE + '[recipes.web]\nformats = "avif"\n' + SIZES,
        "recipes.web.formats",
        ["'avif' is neither \"auto\" nor a list of formats: jxl, avif, webp, jpeg, png"],
    ),
    "formats that are a number": (
        RULE + "[recipes.web]\nformats = 2\n" + SIZES,
        "recipes.web.formats",
        ["2 is not a list of strings"],
    ),
    "auto among others": (
        RULE + '[recipes.web]\nformats = ["auto", "png"]\n' + SIZES,
        "recipes.web.formats",
        ["'auto' is not allowed", "allowed: avif, jpeg, jxl, png, webp"],
    ),
    "a quality of PNG beside auto": (
        RULE + "[recipes.web]\nquality = { png = 3 }\n" + SIZES,
        "recipes.web.quality.png",
        ["is written without loss", "allowed: avif, webp, jpeg"],
    ),
    "empty formats": (
        RULE + "[recipes.web]\nformats = []\n" + SIZES,
        "recipes.web.formats",
        ["jxl, avif, webp, jpeg, png"],
    ),
    "an unknown format": (
        RULE + '[recipes.web]\nformats = ["jpg"]\n' + SIZES,
        "recipes.web.formats",
        ["'jpg' is not allowed", "allowed: avif, jpeg, jxl, png, webp"],
    ),
    "a format twice": (
        RULE + '[recipes.web]\nformats = ["webp", "webp"]\n' + SIZES,
        "recipes.web.formats",
        ["twice"],
    ),
    "a format that is a number": (
        RULE + "[recipes.web]\nformats = [1]\n" + SIZES,
        "recipes.web.formats",
        ["1 is not a string"],
    ),
    "no sizes": (RULE + RECIPE, "recipes.web.sizes", ["is missing", "width = 640"]),
    "a size without sides": (
        RULE + RECIPE + "[recipes.web.sizes]\nw320 = {}\n",
        "recipes.web.sizes.w320.width",
        ["at least one"],
    ),
    "a width of nothing": (
        RULE + RECIPE + "[recipes.web.sizes]\nw320 = { width = 0 }\n",
        "recipes.web.sizes.w320.width",
        ["0 is not between 1 and 16383"],
    ),
    "a width too large": (
        RULE + RECIPE + "[recipes.web.sizes]\nw320 = { width = 16384 }\n",
        "recipes.web.sizes.w320.width",
        ["16384 is not between 1 and 16383"],
    ),
    "a width that is a text": (
        RULE + RECIPE + '[recipes.web.sizes]\nw320 = { width = "320" }\n',
        "recipes.web.sizes.w320.width",
        ["'320' is not a whole number"],
    ),
    "a width that is true": (
        RULE + RECIPE + "[recipes.web.sizes]\nw320 = { width = true }\n",
        "recipes.web.sizes.w320.width",
        ["True is not a whole number"],
    ),
    "a width with a fraction": (
        RULE + RECIPE + "[recipes.web.sizes]\nw320 = { width = 3.5 }\n",
        "recipes.web.sizes.w320.width",
        ["3.5 is not a whole number"],
    ),
    "an unknown fit": (
        RULE + RECIPE + '[recipes.web.sizes]\nw320 = { width = 9, fit = "fill" }\n',
        "recipes.web.sizes.w320.fit",
        ["'fill' is not allowed", "allowed: contain, cover, pad"],
    ),
    "a box with one side": (
        RULE + RECIPE + '[recipes.web.sizes]\nw320 = { width = 9, fit = "cover" }\n',
        "recipes.web.sizes.w320.fit",
        ["needs width and height"],
    ),
    "a pad with one side": (
        RULE + RECIPE + '[recipes.web.sizes]\nw320 = { width = 9, fit = "pad" }\n',
        "recipes.web.sizes.w320.fit",
        ['"pad" fills a box', "needs width and height"],
    ),
    "a pad without end": (
        RULE + RECIPE + '[recipes.web.sizes]\nw320 = { width = 8000, height = 8000, fit = "pad" }\n',
        "recipes.web.sizes.w320.fit",
        ["at most 16000000 pixels"],
    ),
    "a focus where nothing is cut off": (
        RULE + RECIPE + "[recipes.web.sizes]\nw320 = { width = 9, focus = [0, 0] }\n",
        "recipes.web.sizes.w320.focus",
        ['fit = "cover"'],
    ),
    **{
        f"a focus of {focus}": (
            RULE + RECIPE + f'[recipes.web.sizes]\nw9 = {{ width = 9, height = 9, fit = "cover", focus = {focus} }}\n',
            "recipes.web.sizes.w9.focus",
            ["2 numbers from 0 to 1"],
        )
        for focus in ("[0.5]", "[0.5, 1.1]", "[-0.1, 0]", "[true, 0]", "['a', 0]", "0.5", "[nan, 0]")
    },
    "a focus by another word": (
        RULE + RECIPE + '[recipes.web.sizes]\nw9 = { width = 9, height = 9, fit = "cover", focus = "face" }\n',
        "recipes.web.sizes.w9.focus",
        ['\'face\' is neither "auto" nor "faces" nor two numbers from 0 to 1, such as [0.5, 0.3]'],
    ),
    "faces in one size and what stands out in another": (
        RULE
        + RECIPE
        + '[recipes.web.sizes]\nw9 = { width = 9, height = 9, fit = "cover", focus = "auto" }\n'
        + 'w8 = { width = 8, height = 8, fit = "cover", focus = "faces" }\n',
        "recipes.web.sizes.w9.focus",
        ['is "auto", and "faces" in another size of the recipe', "cut around one point"],
    ),
    "fewer colors than two": (
        RULE + '[recipes.web]\nformats = ["png"]\npng_colors = 1\n' + SIZES,
        "recipes.web.png_colors",
        ["1 is not between 2 and 256"],
    ),
    "fewer colors without loss": (
        RULE + '[recipes.web]\nformats = ["png"]\nlossless = true\npng_colors = 64\n' + SIZES,
        "recipes.web.png_colors",
        ["excludes lossless"],
    ),
    "fewer colors of no PNG": (
        RULE + '[recipes.web]\nformats = ["webp", "jpeg"]\npng_colors = 64\n' + SIZES,
        "recipes.web.png_colors",
        ["formats does not name png"],
    ),
    "an effort that there is not": (
        RULE + RECIPE + 'effort = "highest"\n' + SIZES,
        "recipes.web.effort",
        ["'highest' is not allowed", "allowed: high, normal"],
    ),
    "widths of nothing": (
        RULE + RECIPE + "widths = []\n",
        "recipes.web.widths",
        ["different whole numbers from 1 to 16383"],
    ),
    "a ladder that goes down": (
        RULE + RECIPE + "widths = { from = 640, to = 320 }\n",
        "recipes.web.widths.to",
        ["320 is not more than from = 640"],
    ),
    "a ladder without an end": (RULE + RECIPE + "widths = { from = 640 }\n", "recipes.web.widths.to", ["is missing"]),
    "a ladder of tiny steps": (
        RULE + RECIPE + "widths = { from = 1, to = 9, factor = 1.01 }\n",
        "recipes.web.widths.factor",
        ["1.01 is not a number from 1.1 to 4"],
    ),
    "a size that widths make, too": (
        RULE + RECIPE + "widths = [320]\n" + SIZES,
        "recipes.web.sizes",
        ["'w320' is there twice, counting those that widths and dpr make"],
    ),
    "a density of 5": (
        RULE + RECIPE + "[recipes.web.sizes]\nw = { width = 9, dpr = [1, 5] }\n",
        "recipes.web.sizes.w.dpr",
        ["different whole numbers from 1 to 4"],
    ),
    "a density that is too much": (
        RULE + RECIPE + "[recipes.web.sizes]\nw = { width = 9000, dpr = [1, 2] }\n",
        "recipes.web.sizes.w.dpr",
        ["w-2x would be longer than 16383 pixels"],
    ),
    "a density that pads without end": (
        RULE + RECIPE + '[recipes.web.sizes]\nw = { width = 4000, height = 4000, fit = "pad", dpr = [2] }\n',
        "recipes.web.sizes.w.fit",
        ["at most 16000000 pixels"],
    ),
    "a misspelt side": (
        RULE + RECIPE + "[recipes.web.sizes]\nw320 = { width = 9, heigth = 9 }\n",
        "recipes.web.sizes.w320.heigth",
        ["is not a known key", "did you mean 'height'?"],
    ),
    "a size named like a path": (
        RULE + RECIPE + '[recipes.web.sizes]\n"../x" = { width = 9 }\n',
        "recipes.web.sizes.../x",
        ["not a usable name"],
    ),
    "quality of a format that is not made": (
        RULE + RECIPE + "quality = { avif = 50 }\n" + SIZES,
        "recipes.web.quality.avif",
        ["is not a known key", "allowed: jpeg, webp"],
    ),
    "a quality of what is written without loss": (
        RULE + '[recipes.web]\nformats = ["png", "jpeg"]\nquality = { png = 3 }\n' + SIZES,
        "recipes.web.quality.png",
        ["is written without loss", "allowed: jpeg"],
    ),
    "too good a quality": (
        RULE + RECIPE + "quality = { jpeg = 101 }\n" + SIZES,
        "recipes.web.quality.jpeg",
        ["101 is not between 1 and 100"],
    ),
    "an unknown metadata policy": (
        RULE + RECIPE + 'metadata = "gps"\n' + SIZES,
        "recipes.web.metadata",
        ["'gps' is not allowed", "allowed: all, copyright, none"],
    ),
    "no format that is accepted": (
        RULE + RECIPE + "accept = []\n" + SIZES,
        "recipes.web.accept",
        ["is empty", "allowed: jpeg, png, gif, webp, avif, heic, raw, tiff, jpeg2000, psd, ico, bmp, jxl, svg, pdf"],
    ),
    "a format that cannot be read": (
        RULE + RECIPE + 'accept = ["jpeg", "exr"]\n' + SIZES,
        "recipes.web.accept",
        ["'exr' is not allowed", "allowed: avif, bmp, gif, heic, ico, jpeg, jpeg2000, jxl, pdf, png, psd, raw, svg, "],
    ),
    "colors that a format has no profile for": (
        RULE + '[recipes.web]\nformats = ["jxl", "jpeg"]\ncolors = "p3"\n' + SIZES,
        "recipes.web.colors",
        ['"p3" needs a profile', "jxl is written without"],
    ),
    "a format that is misspelt": (
        RULE + RECIPE + 'accept = ["jpg"]\n' + SIZES,
        "recipes.web.accept",
        ["'jpg' is not allowed", "did you mean 'jpeg'?"],
    ),
    "a format that is accepted twice": (
        RULE + RECIPE + 'accept = ["png", "png"]\n' + SIZES,
        "recipes.web.accept",
        ["twice"],
    ),
    "accepting that is no list": (
        RULE + RECIPE + 'accept = "jpeg"\n' + SIZES,
        "recipes.web.accept",
        ["'jpeg' is not a list of strings"],
    ),
    "a color by name": (RULE + RECIPE + 'background = "white"\n' + SIZES, "recipes.web.background", ["'white'", "#"]),
    "a limit too low": (
        RULE + RECIPE + "limits = { max_mb = 0 }\n" + SIZES,
        "recipes.web.limits.max_mb",
        ["0 is not between 1 and 512"],
    ),
    "one quality for all formats": (
        RULE + RECIPE + "quality = 80\n" + SIZES,
        "recipes.web.quality",
        ["80 is not a table, such as quality = { jpeg = 80 }"],
    ),
    "an unknown limit": (
        RULE + RECIPE + "limits = { max_colors = 1 }\n" + SIZES,
        "recipes.web.limits.max_colors",
        [
            "is not a known key",
            "allowed: max_animation_megapixels, max_decoded_mb, max_frames, max_mb, max_megapixels, max_side",
        ],
    ),
    "a color space that is not kept": (
        RULE + RECIPE + 'colors = "adobe-rgb"\n' + SIZES,
        "recipes.web.colors",
        ["adobe-rgb", "allowed: p3, srgb"],
    ),
    "gain maps in another way": (
        RULE + RECIPE + 'hdr = "drop"\n' + SIZES,
        "recipes.web.hdr",
        ["drop", "allowed: keep, sdr"],
    ),
    "gain maps where no format holds them": (
        RULE + '[recipes.web]\nformats = ["avif", "png"]\nhdr = "keep"\n' + SIZES,
        "recipes.web.hdr",
        ['"keep" is for gain maps in JPEG variants', "formats does not name jpeg"],
    ),
    "a lazy size that there is not": (
        RULE + RECIPE + 'lazy = ["w640"]\n' + SIZES,
        "recipes.web.lazy",
        ["'w640' is not allowed", "allowed: "],
    ),
    "a lazy format that is not written": (
        RULE + '[recipes.web]\nformats = ["jpeg"]\nlazy = ["avif"]\n' + SIZES,
        "recipes.web.lazy",
        ["'avif' is not allowed", "jpeg"],
    ),
    "a lazy name that is a size and a format": (
        RULE + '[recipes.web]\nformats = ["jpeg"]\nlazy = ["jpeg"]\n[recipes.web.sizes]\njpeg = { width = 9 }\n',
        "recipes.web.lazy",
        ["'jpeg' is a size and a format of this recipe", "name its variants, one by one"],
    ),
    "lazy variants with steps": (
        RULE + '[recipes.web]\nlazy = ["w9"]\nsteps = [{ sharpen = 0.5 }]\n[recipes.web.sizes]\nw9 = { width = 9 }\n',
        "recipes.web.lazy",
        ["excludes steps", "told before anybody makes it"],
    ),
    "originals that leave, with lazy variants": (
        RULE + RECIPE + 'originals = "drop_after_publish"\nlazy = ["w320"]\n' + SIZES,
        "recipes.web.originals",
        ["excludes lazy", "made of the original"],
    ),
    "originals that leave, with a gate": (
        RULE + RECIPE + 'originals = "drop_after_publish"\ngate = ["person"]\n' + SIZES,
        "recipes.web.originals",
        ["excludes gate", "may think again"],
    ),
    "originals that leave, with faces that sizes are cut around": (
        RULE
        + RECIPE
        + 'originals = "drop_after_publish"\nfacts = ["faces"]\n'
        + 'sizes = { big = { width = 640 }, w9 = { width = 9, height = 9, fit = "cover", focus = "auto" } }\n',
        "recipes.web.originals",
        ['excludes "faces"', "cut anew"],
    ),
    "another fate of originals": (
        RULE + RECIPE + 'originals = "archive"\n' + SIZES,
        "recipes.web.originals",
        ["'archive' is not allowed", "keep", "infrequent", "drop_after_publish"],
    ),
    "originals that are moved by something else than the beginning of their keys": (
        '[[rules]]\npath = "**.png"\nrecipe = "web"\n\n' + RULE + RECIPE + 'originals = "infrequent"\n' + SIZES,
        "rules[0].path",
        ["'**.png'", 'originals = "infrequent"', 'in the way of "PREFIX**"'],
    ),
    "originals that are kept among those that are moved": (
        '[[rules]]\npath = "trips/new/**"\nignore = true\n\n' + RULE + RECIPE + 'originals = "infrequent"\n' + SIZES,
        "rules[0].path",
        ["'trips/new/**'", "would move its originals, too", "rules[1].path"],
    ),
    **{
        f"copies to {pattern}": (
            RULE + RECIPE + f"copies = '{pattern}'\n" + SIZES,
            "recipes.web.copies",
            words,
        )
        for pattern, words in {
            "{stem}-{size}.{ext}": ["must begin with a folder without placeholders"],
            "i/{stem}-{size}.{ext}": ["begins with i/, which is Lightpress's own", "m/, r/"],
            "thumbs/{size}.{ext}": ["is one address for all originals", "{key}, {folder}, {name}, {stem}, {hash}"],
            "thumbs/{stem}-{size}": ["is one address for w320.webp and w320.jpg of each picture", "{ext}"],
            "thumbs/{stem}-{height}.{ext}": ["names {height}; allowed: {key}, {folder}"],
            "thumbs//{stem}-{size}.{ext}": ["has an empty name"],
            "thumbs/../{stem}-{size}.{ext}": ["one of dots alone"],
            "thumbs/{stem}*{size}.{ext}": ["has characters besides letters"],
        }.items()
    },
    "copies of two sizes at one address": (
        RULE + RECIPE + 'copies = "thumbs/{stem}.{ext}"\n' + SIZES + "w640 = { width = 640 }\n",
        "recipes.web.copies",
        ["is one address for w320.webp and w640.webp of each picture", "it needs {size}"],
    ),
    "copies of lazy variants": (
        RULE + RECIPE + 'lazy = ["w320"]\ncopies = "thumbs/{stem}-{size}.{ext}"\n' + SIZES,
        "recipes.web.copies",
        ["excludes lazy", "Remove one"],
    ),
    "copies by a width that a size has not": (
        RULE + RECIPE + 'copies = "thumbs/{stem}-{width}.{ext}"\n[recipes.web.sizes]\ntall = { height = 9 }\n',
        "recipes.web.copies",
        ["names {width}, and the size tall has none"],
    ),
    "copies with a mark of ours": (
        RULE
        + RECIPE
        + 'copies = { path = "thumbs/{stem}-{size}.{ext}", metadata = { lightpress-seal = "x" } }\n'
        + SIZES,
        "recipes.web.copies.metadata.lightpress-seal",
        ["begins with lightpress"],
    ),
    "copies with the type of a format that is not written": (
        RULE
        + RECIPE
        + 'copies = { path = "thumbs/{stem}-{size}.{ext}", content_type = { tiff = "image/tiff" } }\n'
        + SIZES,
        "recipes.web.copies.content_type.tiff",
        ["is not a known key"],
    ),
    "something else in a recipe": (
        RULE + RECIPE + "watermark = true\n" + SIZES,
        "recipes.web.watermark",
        [
            "is not a known key",
            "allowed: accept, animation, background, colors, copies, damaged, effort, facts, formats, gate,",
            "gate_hours,",
            "gate_unanswered, hdr, lazy, limits, lossless,",
            "metadata, originals, png_colors, quality, sizes",
        ],
    ),
    "something else in the file": (
        "version = 2\n" + RULE + RECIPE + SIZES,
        "version",
        ["is not a known key", "allowed: recipes, rules"],
    ),
}


@pytest.mark.parametrize(("text", "place", "words"), BROKEN.values(), ids=BROKEN)
def test_an_error_names_the_file_the_place_and_what_is_allowed(
    tmp_path: Path, text: str, place: str, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"recipes.toml: {place}")
    assert [word for word in words if word not in message] == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: there is no such file"):
        load_recipes(tmp_path / "missing.toml")


def test_a_file_that_an_editor_of_windows_has_saved_says_the_same(tmp_path: Path) -> None:
    """It begins with a byte order mark, and each line ends with a carriage return."""
    (path := tmp_path / "recipes.toml").write_bytes(b"\xef\xbb\xbf" + RECIPES.read_bytes().replace(b"\n", b"\r\n"))
    assert load_recipes(path) == load_recipes(RECIPES)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "recipes.toml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match=r"recipes\.toml: not valid TOML"):
        load_recipes(tmp_path / "recipes.toml")


GLOBS = {
    "**": (("a", "a/b/c.jpg", "", "/", "line\nbreak", "😀"), ()),
    "*": (("a.jpg", "line\nbreak"), ("a/b.jpg", "/")),
    "*.jpg": (("a.jpg", ".jpg"), ("a.jpeg", "a/b.jpg", "a.jpg ", "axjpg")),
    "**.jpg": (("a.jpg", "a/b/c.jpg"), ("a.jpeg",)),
    "a/**": (("a/b", "a/b/c", "a/"), ("a", "b/a/c", "ab/c")),
    "a/*/c.jpg": (("a/b/c.jpg", "a//c.jpg"), ("a/b/b/c.jpg", "a/c.jpg")),
    "a/**/c.jpg": (("a/b/c.jpg", "a/b/b/c.jpg"), ("a/c.jpg",)),
    "a.b": (("a.b",), ("axb",)),
    "(a|b)[0-9]+?.jpg": (("(a|b)[0-9]+?.jpg",), ("a1.jpg",)),
    "Case.jpg": (("Case.jpg",), ("case.jpg",)),
}


@pytest.mark.parametrize(("path", "keys"), GLOBS.items(), ids=GLOBS)
def test_stars_stand_for_what_they_should(path: str, keys: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    rule, (matching, others) = Rule(path, None), keys
    assert [key for key in matching if not rule.matches(key)] == []
    assert [key for key in others if rule.matches(key)] == []


def test_the_first_rule_that_matches_decides() -> None:
    one, other = recipe(), replace(recipe(), name="other")
    book = RecipeBook((Rule("a/b/**", None), Rule("a/**", one), Rule("a/c/**", other), Rule("**", other)), {})
    found = {key: book.recipe_for(key) for key in ("a/b/x", "a/c/x", "a/x", "x")}
    assert found == {"a/b/x": None, "a/c/x": one, "a/x": one, "x": other}


def recipe() -> Recipe:
    return Recipe("web", Spec((Size("w10", 10), Size("box", 20, 20, "cover")), ("webp", "jpeg")))


def changed(**changes: object) -> Recipe:
    return replace(recipe(), spec=replace(recipe().spec, **changes))  # type: ignore[arg-type]


OTHER_BYTES = {
    "a width": changed(sizes=(Size("w10", 11), Size("box", 20, 20, "cover"))),
    "a height": changed(sizes=(Size("w10", 10), Size("box", 20, 21, "cover"))),
    "the fit": changed(sizes=(Size("w10", 10), Size("box", 20, 20))),
    "a focus that is looked for": changed(sizes=(Size("w10", 10), Size("box", 20, 20, "cover", auto_focus=True))),
    "a focus that is looked for in faces": changed(
        sizes=(Size("w10", 10), Size("box", 20, 20, "cover", auto_focus=True, faces=True))
    ),
    "the focus": changed(sizes=(Size("w10", 10), Size("box", 20, 20, "cover", (0.5, 0.4)))),
    "a name": changed(sizes=(Size("w11", 10), Size("box", 20, 20, "cover"))),
    "one size less": changed(sizes=(Size("w10", 10),)),
    "another format": changed(formats=("webp", "png")),
    "one format more": changed(formats=("webp", "jpeg", "avif")),
    "the quality": changed(quality={"jpeg": 79}),
    "the background": changed(background="#fffffe"),
    "no loss": changed(lossless=True),
    "the metadata": changed(metadata="all"),
    "the color space": changed(colors="p3"),
    "the gain map": changed(hdr="keep"),
    "fewer colors": changed(png_colors=64),
    "fewer bytes": changed(effort="high"),
    "animations that stand still": changed(animation=False),
    "animations in no format of its": changed(moving=("avif",)),
    "animations in avif alone": changed(formats=("webp", "jpeg", "avif"), moving=("avif",)),
    "animations in avif, too": changed(formats=("webp", "jpeg", "avif"), moving=("avif", "webp")),
    "all formats": changed(formats=tuple(outputs.OUTPUTS)),
    "formats by the kind of picture": changed(formats=tuple(outputs.OUTPUTS), auto=True),
    "the limits": changed(limits=Limits(max_pixels=99)),
}


@pytest.mark.parametrize("other", OTHER_BYTES.values(), ids=OTHER_BYTES)
def test_whatever_changes_the_variants_changes_the_digest(other: Recipe) -> None:
    assert other.digest != recipe().digest


def test_every_recipe_has_a_digest_of_its_own() -> None:
    digests = {one.digest for one in (recipe(), *OTHER_BYTES.values())}
    assert len(digests) == len(OTHER_BYTES) + 1


def test_what_changes_no_variant_changes_no_digest(tmp_path: Path) -> None:
    assert replace(recipe(), name="renamed").digest == recipe().digest
    one = load(tmp_path, RULE + RECIPE + SIZES)
    other = load(
        tmp_path,
        '# A comment.\n[[rules]]\npath = "x/**"\nignore = true\n' + RULE + SIZES + RECIPE + 'background = "#ffffff"\n',
    )
    assert one.recipes["web"].digest == other.recipes["web"].digest


@pytest.mark.parametrize(
    "same",
    [
        changed(formats=("jpeg", "webp")),
        changed(sizes=tuple(reversed(recipe().spec.sizes))),
        changed(quality={"avif": 3}),
        changed(background="#FFFFFF"),
    ],
    ids=["order of formats", "order of sizes", "quality of no format of its", "capitals"],
)
def test_another_way_to_write_the_same_changes_no_digest(same: Recipe) -> None:
    assert same.digest == recipe().digest


ANIMATIONS = {
    "animation = true": (True, ("webp",)),
    'animation = ["webp"]': (True, ("webp",)),
    'animation = ["webp", "avif"]': (True, ("avif", "webp")),
    'animation = ["avif", "webp"]': (True, ("avif", "webp")),
    'animation = ["avif"]': (True, ("avif",)),
    "animation = false": (False, ("webp",)),
}


@pytest.mark.parametrize("formats", ["", 'formats = ["avif", "webp", "jpeg"]\n'], ids=["auto", "a list"])
def test_animations_move_in_the_formats_that_are_named_and_two_ways_to_say_so_are_one_recipe(
    formats: str, tmp_path: Path
) -> None:
    head = f"{RULE}[recipes.web]\n{formats}"
    read = {line: load(tmp_path, f"{head}{line}\n{SIZES}").recipes["web"] for line in ANIMATIONS}
    assert {line: (one.spec.animation, one.spec.moving) for line, one in read.items()} == ANIMATIONS
    silent = load(tmp_path, head + SIZES).recipes["web"]
    digests = [one.digest for one in read.values()]
    assert digests[:2] == [silent.digest] * 2
    assert digests[2] == digests[3]
    assert len(set(digests)) == 4


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("animation = []", r"animation: is empty; allowed: true, false, or a list of avif, webp"),
        ('animation = ["gif"]', r"animation: 'gif' .*avif, webp"),
        ('animation = ["webp", "webp"]', r"animation: .* names something twice"),
        ('animation = "avif"', r"animation: 'avif' is not .*true, false, or a list of avif, webp"),
        ('animation = ["avif"]\nformats = ["webp", "jpeg"]', r"animation: names avif, and formats does not"),
    ],
)
def test_an_animation_that_cannot_be_is_refused_with_what_is_allowed(line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"recipes\.web\.{words}"):
        load(tmp_path, f"{RULE}[recipes.web]\n{line}\n{SIZES}")


def test_what_is_accepted_changes_no_digest_of_what_is_published_and_that_of_refusals() -> None:
    less, other_way = changed(accept=("jpeg",)), changed(accept=tuple(reversed(inputs.ACCEPTED)))
    refused = Reason.FORMAT_NOT_ACCEPTED
    others = (None, *(reason for reason in Reason if reason is not refused))
    assert {one.digest_for(reason) for one in (recipe(), less) for reason in others} == {recipe().digest}
    assert len({recipe().digest, recipe().digest_for(refused), less.digest_for(refused)}) == 3
    assert other_way.digest_for(refused) == recipe().digest_for(refused)
    wider = changed(sizes=(Size("w10", 11),))
    assert wider.digest_for(refused) != recipe().digest_for(refused)


def test_a_recipe_that_does_not_say_what_it_accepts_accepts_the_default(tmp_path: Path) -> None:
    book = load(tmp_path, RULE + RECIPE + SIZES)
    assert book.recipes["web"].spec.accept == book.accept == inputs.ACCEPTED
    said = load(tmp_path, RULE + RECIPE + f"accept = {list(inputs.ACCEPTED)}\n" + SIZES)
    assert said.digest == book.digest


def test_a_recipe_that_names_no_formats_has_them_chosen_for_each_picture_and_auto_says_the_same(tmp_path: Path) -> None:
    silent = load(tmp_path, RULE + "[recipes.web]\nhdr = 'keep'\nquality = { webp = 90 }\n" + SIZES)
    said = load(tmp_path, RULE + '[recipes.web]\nformats = "auto"\nhdr = "keep"\nquality = { webp = 90 }\n' + SIZES)
    assert silent.recipes["web"].spec.auto
    assert silent.digest == said.digest
    assert not load(tmp_path, RULE + RECIPE + SIZES).recipes["web"].spec.auto


def test_other_formats_of_a_kind_change_the_digest_of_auto_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    listed, chosen = recipe(), changed(formats=tuple(outputs.OUTPUTS), auto=True)
    before = listed.digest, chosen.digest
    table = cast("dict[candidates.Kind, candidates.Candidates]", candidates.CANDIDATES)
    monkeypatch.setitem(table, candidates.Kind.PHOTO, candidates.Candidates(("webp",), ("jpeg",)))
    assert (replace(listed).digest == before[0], replace(chosen).digest == before[1]) == (True, False)


def test_a_book_accepts_what_any_of_its_recipes_accepts() -> None:
    recipes = {"a": changed(accept=("png", "jpeg")), "b": changed(accept=("jpeg2000", "jpeg"))}
    assert RecipeBook((Rule("**", recipes["a"]),), recipes).accept == ("jpeg", "png", "jpeg2000")


def test_the_digest_of_a_book_tells_what_is_accepted() -> None:
    """A backfill goes by it: whoever looks at what was refused must know what is deployed."""
    books = [RecipeBook((Rule("**", one),), {"web": one}) for one in (recipe(), changed(accept=("jpeg",)))]
    assert books[0].digest != books[1].digest


def test_a_book_has_a_digest_of_its_rules_and_recipes() -> None:
    book = RecipeBook((Rule("a/**", None), Rule("**", recipe())), {"web": recipe()})
    unused = replace(book, recipes={"web": recipe(), "other": changed(lossless=True)})
    assert unused.digest == book.digest
    for rules in ((Rule("**", recipe()),), (Rule("a/**", None), Rule("**", changed(lossless=True)))):
        assert RecipeBook(rules, {}).digest != book.digest


def test_other_settings_of_an_encoder_change_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe().digest
    faster = replace(outputs.OUTPUTS["webp"], options={"method": 0})
    monkeypatch.setitem(cast("dict[str, outputs.Output]", outputs.OUTPUTS), "webp", faster)
    assert recipe().digest != before


@pytest.mark.parametrize(
    ("case", "name", "changes"),
    [
        (("high", False), "webp", {"high"}),
        (("high", True), "avif", {"high"}),
        (("normal", True), "avif", {"normal"}),
    ],
)
def test_other_settings_where_there_is_time_change_the_digest_of_what_is_written_so(
    case: tuple[str, bool], name: str, changes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    efforts = {effort: changed(formats=("avif", "webp"), effort=effort) for effort in ("normal", "high")}
    before = {effort: one.digest for effort, one in efforts.items()}
    rows = cast("dict[str, outputs.Output]", outputs.SLOWER[case][-1].rows)
    monkeypatch.setitem(rows, name, replace(rows[name], options={"speed": 1}))
    assert {effort for effort, one in efforts.items() if replace(one).digest != before[effort]} == changes


def test_a_recipe_that_says_nothing_of_effort_is_of_normal_effort(tmp_path: Path) -> None:
    silent, normal, high = (
        load(tmp_path, RULE + RECIPE + line + SIZES) for line in ("", 'effort = "normal"\n', 'effort = "high"\n')
    )
    assert (silent.has_high_effort, normal.digest) == (False, silent.digest)
    assert (high.has_high_effort, high.recipes["web"].spec.effort) == (True, "high")


def test_the_digest_is_short_and_the_same_in_every_process() -> None:
    assert len(recipe().digest) == 16
    assert set(recipe().digest) <= set("0123456789abcdef")
    again = "from tests.pipeline.test_recipes import recipe; print(recipe().digest)"
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", again], check=True, capture_output=True, text=True, env=environment)
    assert told.stdout.strip() == recipe().digest


def test_lazy_names_sizes_formats_and_single_variants(tmp_path: Path) -> None:
    sizes = "[recipes.web.sizes]\na = { width = 9 }\nb = { width = 8 }\nc = { width = 7 }\n"
    text = RULE + '[recipes.web]\nformats = ["avif", "jpeg"]\nlazy = ["a", "jpeg", "b.avif"]\n' + sizes
    book = load(tmp_path, text)
    assert book.recipes["web"].spec.lazy == {("a", "avif"), ("a", "jpeg"), ("b", "jpeg"), ("c", "jpeg"), ("b", "avif")}
    assert book.is_lazy
    eager = load(tmp_path, text.replace('lazy = ["a", "jpeg", "b.avif"]\n', ""))
    assert not eager.is_lazy
    assert eager.recipes["web"].digest == book.recipes["web"].digest


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ('["Person"]', "'Person' is no reviewer's name"),
        ('["person", "person"]', "twice"),
        ('["a", "b", "c", "d", "e", "f"]', "names 6 reviewers; allowed: 5"),
        ("true", "is not a list of strings"),
    ],
)
def test_a_gate_names_up_to_five_reviewers_once_each(tmp_path: Path, gate: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"recipes\.toml: recipes\.web\.gate") as caught:
        load(tmp_path, RULE + RECIPE + f"gate = {gate}\n" + SIZES)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ('gate_hours = 48\ngate_unanswered = "publish"', "gate_unanswered", "needs a gate"),
        ('gate = ["person"]\ngate_unanswered = "reject"', "gate_unanswered", '"reject" needs gate_hours'),
        ('gate = ["person"]\ngate_hours = 48', "gate_hours", 'needs gate_unanswered: "publish" or "reject"'),
        ('gate = ["person"]\ngate_hours = 0.5\ngate_unanswered = "reject"', "gate_hours", "from 1 to 8760"),
        ('gate = ["person"]\ngate_hours = 2\ngate_unanswered = "wait"', "gate_unanswered", "hold, publish, reject"),
    ],
)
def test_what_becomes_of_what_nobody_reviews_is_said_with_the_hours(
    tmp_path: Path, keys: str, key: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=rf"recipes\.toml: recipes\.web\.{key}") as caught:
        load(tmp_path, RULE + RECIPE + keys + "\n" + SIZES)
    assert words in str(caught.value)


def test_a_time_limit_makes_no_variant_stale_and_counts_from_when_reviewers_were_asked(tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    limited = 'gate = ["person"]\ngate_hours = 1.5\ngate_unanswered = "publish"\n'
    book = load(tmp_path, RULE + RECIPE + limited + SIZES)
    without = load(tmp_path / "without", RULE + RECIPE + 'gate = ["person"]\n' + SIZES)
    recipe_ = book.recipes["web"]
    assert (book.has_time_limits, without.has_time_limits) == (True, False)
    assert (recipe_.until(1_000), without.recipes["web"].until(1_000)) == (1_000 + 5_400, None)
    assert recipe_.digest == without.recipes["web"].digest


def test_a_gate_makes_no_variant_stale(tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    with_gate = load(tmp_path, RULE + RECIPE + 'gate = ["person"]\n' + SIZES)
    without = load(tmp_path / "without", RULE + RECIPE + SIZES)
    assert with_gate.reviewers == ("person",)
    assert with_gate.recipes["web"].digest == without.recipes["web"].digest


@pytest.mark.parametrize(
    ("sizes", "enough"),
    [
        ("small = { width = 320 }\ntall = { height = 900 }", 900),
        ("small = { width = 320 }\ncard = { width = 400, height = 700, fit = 'cover' }", 700),
        ("small = { width = 320, steps = [{ trim = 10 }] }", 0),
    ],
)
def test_the_pixels_that_are_enough_for_all_sizes_are_those_of_the_largest_side(
    tmp_path: Path, sizes: str, enough: int
) -> None:
    assert load(tmp_path, f"{RULE}{RECIPE}[recipes.web.sizes]\n{sizes}\n").enough_pixels == enough


@pytest.mark.parametrize("fit", ["contain", "cover", "pad"])
@pytest.mark.parametrize("whole", [Pixels(4000, 3000), Pixels(1000, 9000), Pixels(500, 400), Pixels(8000, 1000)])
def test_a_picture_that_was_reduced_to_enough_pixels_is_published_in_the_same_sizes(fit: Fit, whole: Pixels) -> None:
    sizes = (Size("w", width=700, fit=fit), Size("h", height=500, fit=fit), Size("b", 640, 900, fit))
    recipe = Recipe("web", Spec(sizes, ("jpeg",)))
    enough = RecipeBook((Rule("**", recipe),), {"web": recipe}).enough_pixels
    share = min(1, enough / min(whole))
    sent = Pixels(*(round(side * share) for side in whole))
    for size in sizes:
        expected, got = (Pixels(*(round(side * size.scale(picture)) for side in picture)) for picture in (whole, sent))
        assert max(abs(one - other) for one, other in zip(expected, got, strict=True)) <= 1


def test_a_side_that_is_misspelled_is_named_and_not_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"recipes\.web\.sizes\.a\.widht: is not a known key; did you mean 'width'"):
        load(tmp_path, f"{RULE}{RECIPE}[recipes.web.sizes]\na = {{ widht = 320 }}\n")


@pytest.mark.parametrize(
    "more",
    [
        'gate = ["person"]',
        'originals = "infrequent"',
        'facts = ["own"]',
        'copies = "thumbs/{key}-{size}.{ext}"',
        'lazy = ["webp"]',
    ],
)
def test_what_changes_no_variant_is_another_book_for_deploys_and_backfills_and_the_same_recipe_for_what_is_published(
    tmp_path: Path, more: str
) -> None:
    def book(line: str) -> RecipeBook:
        path = tmp_path / "recipes.toml"
        path.write_text(
            '[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nformats = ["webp", "jpeg"]\n'
            f"{line}\n[recipes.web.sizes]\nw100 = {{ width = 100 }}\n"
        )
        return load_recipes(path)

    assert book("").digest == book("").digest != book(more).digest == book(more).digest
    assert book("").recipes["web"].digest == book(more).recipes["web"].digest
