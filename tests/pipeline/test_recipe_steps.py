"""Steps in recipes.toml: what is wrong is refused with the place and what is allowed; what changes pixels is stale."""

from __future__ import annotations

import hashlib
import json
import textwrap
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from lightpress.composition.publishing import RECIPES
from lightpress.image.revision import REVISION
from lightpress.image.stepping import built_in, own_names
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from lightpress.toml_reader import ConfigError
from tests.image.stepping import LOGO
from tools.drawing import disc, file_of, plain, ramp, rendered, seen

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.pipeline.recipe import Recipe


def load(folder: Path, steps: str = "", sizes: str = "w = { width = 100 }", more: str = "") -> Recipe:
    (folder / "logo.png").write_bytes(LOGO)
    (folder / "recipes.toml").write_text(
        f'[[rules]]\npath = "**"\nrecipe = "web"\n[recipes.web]\nformats = ["png", "jpeg"]\n{more}\n'
        f"{f'steps = {steps}' if steps else ''}\n[recipes.web.sizes]\n{sizes}\n",
        encoding="utf-8",
    )
    return load_recipes(folder / "recipes.toml").recipes["web"]


def names(recipe: Recipe) -> dict[str, list[str]]:
    return {size.name: [step.name for step in size.steps] for size in recipe.spec.sizes}


def test_a_size_has_the_steps_of_its_recipe_unless_it_has_its_own(tmp_path: Path) -> None:
    recipe = load(
        tmp_path,
        '[{ sharpen = 0.5 }, { watermark = "logo.png" }]',
        "a = { width = 9 }\nb = { width = 8, steps = [{ blur = 3 }] }\nc = { width = 7, steps = [] }",
    )
    assert names(recipe) == {"a": ["sharpen", "watermark"], "b": ["blur"], "c": []}


BROKEN = {
    "no list": ("{ sharpen = 1 }", "recipes.web.steps", ["is not a list of tables"]),
    "no tables": ('["sharpen"]', "recipes.web.steps", ["'sharpen' is not a table"]),
    "an entry of nothing": ("[{}]", "recipes.web.steps[0]", ["is not a known key"]),
    "an unknown step": ("[{ sharpn = 1 }]", "recipes.web.steps[0].sharpn", ["did you mean 'sharpen'?", "watermark"]),
    "an unknown option": (
        "[{ blur = 3 }, { sharpen = 1, radios = 2 }]",
        "recipes.web.steps[1].radios",
        ["did you mean 'radius'?", "allowed: radius, sharpen"],
    ),
    "too much of it": ("[{ sharpen = 4 }]", "recipes.web.steps[0].sharpen", ["4 is not a number from 0 to 3"]),
    "no number": ('[{ sharpen = "1" }]', "recipes.web.steps[0].sharpen", ["'1' is not a number from 0 to 3"]),
    "a flag that is a number": ("[{ sharpen = true }]", "recipes.web.steps[0].sharpen", ["True is not a number"]),
    "an option out of bounds": (
        "[{ sharpen = 1, radius = 99 }]",
        "recipes.web.steps[0].radius",
        ["99 is not a number from 0.3 to 10"],
    ),
    "what cannot be false": ("[{ grayscale = false }]", "recipes.web.steps[0].grayscale", ["leave the step out"]),
    "a turn of 45 degrees": ("[{ rotate = 45 }]", "recipes.web.steps[0].rotate", ["allowed: 90, 180, 270"]),
    "a color by name": ('[{ tint = "red" }]', "recipes.web.steps[0].tint", ["'red' is not a color such as #20407f"]),
    "a length of 60 %": ('[{ pad = "60%" }]', "recipes.web.steps[0].pad", ['at most "50%"']),
    "a length of nothing": ("[{ pad = 0 }]", "recipes.web.steps[0].pad", ["from 1 to 2000"]),
    "a place that is none": (
        '[{ watermark = "logo.png", at = "left" }]',
        "recipes.web.steps[0].at",
        ["'left' is not allowed", "south-east"],
    ),
    "a file that is not there": (
        '[{ watermark = "lego.png" }]',
        "recipes.web.steps[0].watermark",
        ["lego.png: there is no such file beside recipes.toml"],
    ),
    "a file elsewhere": (
        '[{ watermark = "../logo.png" }]',
        "recipes.web.steps[0].watermark",
        ["is not the name of a file beside recipes.toml"],
    ),
    "a mark that is no picture": (
        '[{ watermark = "recipes.toml" }]',
        "recipes.web.steps[0].watermark",
        ["recipes.toml cannot be used", "first bytes"],
    ),
    "text from right to left": (
        '[{ text = "שלום" }]',
        "recipes.web.steps[0].text",
        ["is written from right to left, which is not supported"],
    ),
    "a region of nothing": (
        "[{ pixelate = [[0.1, 0.1, 0, 0.2]] }]",
        "recipes.web.steps[0].pixelate",
        ["is not a list of 1 to 16 regions such as [[0.1, 0.2, 0.3, 0.1]]"],
    ),
    "trimming late": (
        "[{ blur = 3 }, { trim = 3 }]",
        "recipes.web.steps",
        ["trim comes before all other steps: what it leaves is fitted to the size"],
    ),
    "17 steps": (f"[{', '.join(['{ blur = 3 }'] * 17)}]", "recipes.web.steps", ["has 17 entries; at most 16"]),
}


@pytest.mark.parametrize(("steps", "place", "words"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_step_is_refused_with_its_place_and_what_is_allowed(
    tmp_path: Path, steps: str, place: str, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, steps)
    message = str(caught.value)
    assert message.startswith(f"recipes.toml: {place}")
    assert [word for word in words if word not in message] == []


def test_steps_of_a_size_are_checked_like_those_of_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"recipes\.toml: recipes\.web\.sizes\.w\.steps\[0\]\.blur: 0 is neither"):
        load(tmp_path, sizes="w = { width = 9, steps = [{ blur = 0 }] }")


def test_gain_maps_exclude_steps(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='"keep" excludes steps'):
        load(tmp_path, "[{ blur = 3 }]", more='hdr = "keep"')


DIFFERENT = {
    "none": "",
    "one": "[{ sharpen = 0.5 }]",
    "more of it": "[{ sharpen = 0.6 }]",
    "another option": "[{ sharpen = 0.5, radius = 2 }]",
    "two": "[{ sharpen = 0.5 }, { blur = 2 }]",
    "in another order": "[{ blur = 2 }, { sharpen = 0.5 }]",
    "a share": '[{ blur = "2%" }]',
    "a mark": '[{ watermark = "logo.png" }]',
}


def test_every_list_of_steps_has_a_digest_of_its_own(tmp_path: Path) -> None:
    assert len({load(tmp_path, steps).digest for steps in DIFFERENT.values()}) == len(DIFFERENT)


def test_another_way_to_write_the_same_steps_changes_no_digest(tmp_path: Path) -> None:
    one = load(tmp_path, '[{ tint = "#A0B0C0", amount = 1 }, { watermark = "logo.png" }]')
    other = load(
        tmp_path,
        sizes='w = { width = 100, steps = [{ tint = "#a0b0c0" }, { watermark = "logo.png", at = "south-east" }] }',
    )
    assert one.digest == other.digest


def test_a_new_logo_makes_its_pictures_stale_and_no_others(tmp_path: Path) -> None:
    before, plain_before = load(tmp_path, '[{ watermark = "logo.png" }]'), load(tmp_path)
    (tmp_path / "other.png").write_bytes(LOGO)
    same = load(tmp_path, '[{ watermark = "other.png" }]')
    (tmp_path / "other.png").write_bytes(file_of(disc(60, (0, 0, 255))))
    after = load(tmp_path, '[{ watermark = "other.png" }]')
    assert before.digest == same.digest != after.digest
    assert load(tmp_path).digest == plain_before.digest


def test_recipes_without_steps_have_the_digest_that_they_had_before_there_were_steps() -> None:
    # As it was computed then, from all that a size had; AVIF has rows for screens since.
    for listed in load_recipes(RECIPES).recipes.values():
        recipe = replace(listed, spec=replace(listed.spec, formats=("webp", "jpeg"), auto=False))
        sizes = [
            {"name": one.name, "width": one.width, "height": one.height, "fit": one.fit, "focus": list(one.focus)}
            for one in sorted(recipe.spec.sizes, key=lambda size: size.name)
        ]
        rest = asdict(replace(recipe.spec, sizes=()))
        facts_and_others = ("formats", "quality", "accept", "native", "colors", "hdr", "tone_mapping", "lazy", "focus")
        for name in (*facts_and_others, "facts", "png_colors", "moving", "effort", "auto"):
            del rest[name]
        outputs = [
            {**asdict(output), "quality": recipe.spec.qualities_of(output)}
            for output in sorted(recipe.spec.outputs(), key=lambda output: output.name)
        ]
        for output in outputs:
            for younger in ("gain_map", "profiles", "by_default", "halves_colors", "in_boxes"):
                del output[younger]
            output["motion"] = output["motion"] if output["name"] == "webp" else None  # nothing else moved then
        decides = {
            "revision": REVISION,
            "spec": {**rest, "sizes": sizes},
            "outputs": outputs,
        }
        assert recipe.digest == hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


OWN = '''
"""Swap."""
from dataclasses import dataclass, replace
from PIL import Image
from lightpress.image.picture import Picture
from lightpress.image.step_options import number

@dataclass(frozen=True, slots=True)
class Swap:
    """Exchange red and blue."""

    swap: float = number("How much", low=0, high=1)

def swap(picture: Picture, options: Swap) -> Picture:
    """Exchange them."""
    red, green, blue = picture.image.convert("RGB").split()
    swapped = Image.merge("RGB", (blue, green, red))
    return replace(picture, image=Image.blend(picture.image.convert("RGB"), swapped, options.swap))
'''


def own(folder: Path, code: str = OWN, name: str = "swap") -> None:
    (folder / "steps").mkdir(exist_ok=True)
    (folder / "steps" / f"{name}.py").write_text(textwrap.dedent(code), encoding="utf-8")


def test_a_step_of_ones_own_is_found_and_runs_in_the_confined_child(tmp_path: Path) -> None:
    own(tmp_path)
    recipe = load(tmp_path, "[{ swap = 1 }, { flip = 'both' }]")
    png, _ = render_in_sandbox(file_of(plain((200, 30, 60))), recipe.spec, SandboxLimits()).variants
    assert seen(png).getpixel((0, 0)) == (60, 30, 200)
    assert own_names(tmp_path / "steps") == ("swap",)
    assert "swap" not in built_in()


def test_another_code_of_ones_own_step_makes_its_pictures_stale(tmp_path: Path) -> None:
    own(tmp_path)
    one, none = load(tmp_path, "[{ swap = 1 }]"), load(tmp_path)
    own(tmp_path, OWN + "\n# Another line.\n")
    other = load(tmp_path, "[{ swap = 1 }]")
    assert one.digest != other.digest
    assert load(tmp_path).digest == none.digest


def test_a_step_of_ones_own_that_no_recipe_names_is_not_even_read(tmp_path: Path) -> None:
    own(tmp_path, "raise SystemExit(1)")
    assert names(load(tmp_path)) == {"w": []}


WRONG_CODE = {
    "no Python": ("def", "steps[0].swap: swap.py cannot be loaded: SyntaxError"),
    "an import of what is not there": ("import numpee", "swap.py cannot be loaded: ModuleNotFoundError"),
    "nothing": ("", "swap.py has 0 dataclasses and 0 functions; a step is one of each"),
    "two functions": (OWN + "\ndef more() -> None: ...\n", "has 1 dataclasses and 2 functions"),
    "another name": (OWN.replace("swap: float", "swip: float"), "the first option of Swap must be named swap"),
    "an option that says nothing": (
        OWN.replace("high=1)", "high=1)\n    more: int = 3"),
        "each one be made by a function of lightpress.image.step_options",
    ),
}


@pytest.mark.parametrize(("code", "why"), WRONG_CODE.values(), ids=WRONG_CODE)
def test_a_file_that_is_no_step_is_refused_with_a_reason(tmp_path: Path, code: str, why: str) -> None:
    own(tmp_path, code)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "[{ swap = 1 }]")
    assert why in str(caught.value)


def test_a_step_of_ones_own_may_not_take_the_name_of_another(tmp_path: Path) -> None:
    own(tmp_path, name="blur")
    with pytest.raises(ConfigError, match=r"steps/blur\.py has the name of a step of Lightpress"):
        load(tmp_path, "[{ blur = 1 }]")


def test_recipes_without_steps_load_no_code_of_steps(tmp_path: Path) -> None:
    import subprocess
    import sys

    load(tmp_path)
    asked = (
        "import sys; from pathlib import Path; from lightpress.pipeline.recipe_file import load_recipes;"
        f"load_recipes(Path({str(tmp_path / 'recipes.toml')!r})); print([one for one in sys.modules if 'step' in one])"
    )
    path = str(RECIPES.parent)
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    assert done.stdout.strip() == "[]"


def test_a_recipe_with_steps_renders_them(tmp_path: Path) -> None:
    recipe = load(tmp_path, '[{ grayscale = true }, { watermark = "logo.png", at = "center", width = "50%" }]')
    png, _jpeg = rendered(file_of(ramp((200, 200))), recipe.spec)
    red, green, blue = seen(png).getpixel((50, 50))  # type: ignore[misc]
    assert (red, green, blue) == (255, 0, 0)
    corner = seen(png).getpixel((5, 5))
    assert len(set(corner)) == 1  # type: ignore[arg-type]
