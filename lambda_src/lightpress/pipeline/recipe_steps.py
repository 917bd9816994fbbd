"""The steps of recipes, as recipes.toml has them: `steps = [{ sharpen = 0.5 }, { watermark = "logo.png" }]`.

The first key of an entry names the step, and has its main option; the other options follow it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from lightpress.image.step_options import OptionError
from lightpress.image.stepping import OWN_STEPS, Definition, built_in, own_names, own_step

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.image.spec import Step
    from lightpress.toml_reader import Table

_MOST_STEPS = 16


def read_steps(row: Table, folder: Path) -> tuple[Step, ...]:
    """The `steps` of a recipe or a size; raises ConfigError. folder: that of recipes.toml."""
    entries = row.tables("steps", at_least=0)
    if len(entries) > _MOST_STEPS:
        raise row.error("steps", f"has {len(entries)} entries; at most {_MOST_STEPS} are allowed")
    steps = tuple(_step(entry, folder) for entry in entries)
    late = next((step for one, step in pairwise(steps) if step.before_size > one.before_size), None)
    if late:
        raise row.error("steps", f"{late.name} comes before all other steps: what it leaves is fitted to the size")
    return steps


def definition_of(name: str, folder: Path) -> Definition | None:
    """A step by its name, of Lightpress or of the project's own; None if there is none. Raises OptionError."""
    own = folder / OWN_STEPS
    is_own = name in own_names(own)
    if name in built_in() and is_own:
        raise OptionError(f"{OWN_STEPS}/{name}.py has the name of a step of Lightpress; give it another")
    return own_step(own, name) if is_own else built_in().get(name)


def _step(entry: Table, folder: Path) -> Step:
    name, *others = entry.names() or ("",)
    try:
        definition = definition_of(name, folder)
    except OptionError as error:
        raise entry.error(name, str(error)) from error
    if definition is None:
        entry.check_allowed(name, {*built_in(), *own_names(folder / OWN_STEPS)})
        raise AssertionError("what is allowed has a definition")
    for other in others:
        entry.check_allowed(other, definition.allowed)
    values = {key: entry.value(key) for key in (name, *others)}
    try:
        return definition.step(values, lambda file: _read(folder, file))
    except OptionError as error:
        raise entry.error(error.key or name, str(error)) from error


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise OptionError(f"{name}: there is no such file beside recipes.toml") from None
    except OSError as error:
        raise OptionError(f"{name} cannot be read: {error.strerror}") from error
