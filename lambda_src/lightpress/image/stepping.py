"""The steps of recipes: where they are found, and what their options are. Pictures need nothing of it (`apply`).

A step is a Python file with one dataclass, its options, and one function, from a picture and these to a picture. Those
of Lightpress are in `steps`; a project's own are in the folder `steps` beside its recipes.toml.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import pkgutil
import sys
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from inspect import cleandoc, isfunction
from typing import TYPE_CHECKING, Any

from lightpress.image import steps as package
from lightpress.image.spec import Step
from lightpress.image.step_options import Length, NamedFile, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

    from lightpress.image.picture import Picture
    from lightpress.image.step_options import Files, Option

OWN_STEPS = "steps"
"""The folder beside recipes.toml that own steps are in."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A step that recipes may have.

    Attributes:
        name: Its key in recipes, and the name of its file.
        options: The dataclass of its options; the first is the value of its key.
        apply: Its function.
        code: The hash of its file, for a step that is not of Lightpress.
    """

    name: str
    options: type[Any]
    apply: Callable[[Picture, Any], Picture]
    code: str = ""

    @property
    def doc(self) -> str:
        """What it does."""
        return cleandoc(self.options.__doc__ or "")  # Python before 3.13 keeps the indentation

    @property
    def allowed(self) -> Mapping[str, Option]:
        """What each option may be."""
        return {one.name: one.metadata["option"] for one in fields(self.options)}

    @property
    def defaults(self) -> Mapping[str, object]:
        """Those of the options that may be left out."""
        return {one.name: one.default for one in fields(self.options) if one.default is not MISSING}

    def step(self, values: Mapping[str, object], files: Files) -> Step:
        """The step with the options that a recipe says; raises OptionError with the key.

        values: as they are in recipes.toml; those that may be left out have their defaults.
        """
        read = {name: _read(name, self.allowed[name], value, files) for name, value in values.items()}
        try:
            options = self.options(**read)
        except OptionError as error:
            raise OptionError(str(error), self.name) from error
        return Step(
            name=self.name,
            digest=self._digest(options),
            options=options,
            apply=self.apply,
            before_size=getattr(options, "BEFORE_SIZE", False),
            after=getattr(options, "after", None),
            swaps_sides=getattr(options, "swaps_sides", False),
            files=tuple(self._files(options)),
        )

    def _files(self, options: object) -> Iterator[str]:
        if self.code:
            yield f"{OWN_STEPS}/{self.name}.py"
        values = (getattr(options, name) for name in self.allowed)
        yield from (value.name for value in values if isinstance(value, NamedFile))

    def _digest(self, options: object) -> str:
        said = {name: _plain(getattr(options, name)) for name in self.allowed}
        decides = [self.name, getattr(options, "REVISION", 1), said, self.code]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


def _read(name: str, option: Option, value: object, files: Files) -> object:
    try:
        return option.read(value, files)
    except OptionError as error:
        raise OptionError(str(error), name) from error


def _plain(value: object) -> object:
    if isinstance(value, NamedFile):
        return value.sha256
    return str(value) if isinstance(value, Length) else value


@cache
def built_in() -> Mapping[str, Definition]:
    """The steps of Lightpress, by name: each file in the folder is one."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: _definition(name, import_module(f"{package.__name__}.{name}")) for name in names}


def own_names(folder: Path) -> tuple[str, ...]:
    """The names of the steps in a project's own folder."""
    return tuple(sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith(("_", "test_"))))


def own_step(folder: Path, name: str) -> Definition:
    """A step of a project's own folder; raises OptionError where its file is not one."""
    path = folder / f"{name}.py"
    code = path.read_bytes()
    return _loaded(path, hashlib.sha256(code).hexdigest())


@cache
def _loaded(path: Path, code: str) -> Definition:
    name = f"lightpress_own_steps.{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise OptionError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # where dataclasses look for it
    try:
        found.loader.exec_module(module)
    except Exception as error:
        raise OptionError(f"{path.name} cannot be loaded: {type(error).__name__}: {error}") from error
    return _definition(path.stem, module, code)


def _definition(name: str, module: ModuleType, code: str = "") -> Definition:
    own = [value for key, value in vars(module).items() if not key.startswith("_") and _is_of(value, module)]
    options = [value for value in own if isinstance(value, type) and is_dataclass(value)]
    functions = [value for value in own if isfunction(value)]
    if len(options) != 1 or len(functions) != 1:
        raise OptionError(
            f"{name}.py has {len(options)} dataclasses and {len(functions)} functions; a step is one of each, "
            "and the names of all others begin with an underscore"
        )
    listed = fields(options[0])
    if not listed or listed[0].name != name or any("option" not in one.metadata for one in listed):
        raise OptionError(
            f"{name}.py: the first option of {options[0].__name__} must be named {name}, "
            "and each one be made by a function of lightpress.image.step_options"
        )
    return Definition(name, options[0], functions[0], code)


def _is_of(value: object, module: ModuleType) -> bool:
    return getattr(value, "__module__", None) == module.__name__
