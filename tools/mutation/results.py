"""What became of each mutant, in a file: a run that was interrupted goes on where it stood."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Results:
    """Results by the code of a mutant and the tests that ran over it: where either changes, it is tested anew.

    Attributes:
        file: one JSON object a line.
        trust_found: whether a mutant that was found stays found, whatever has become of the tests since.
    """

    file: Path
    trust_found: bool = False
    _survived: dict[tuple[str, str], bool] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._note(row["mutant"], row["tests"], survived=row["survived"])

    def known(self, code: str, tests: str) -> bool | None:
        """Whether the mutant with this code survived these tests; None where that is not known."""
        mutant = digest(code)
        if self.trust_found and mutant in self._found:
            return False
        return self._survived.get((mutant, tests))

    def add(self, code: str, tests: str, *, survived: bool) -> None:
        """Write down what became of it."""
        mutant = digest(code)
        self._note(mutant, tests, survived=survived)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"mutant": mutant, "tests": tests, "survived": survived}) + "\n")

    def _note(self, mutant: str, tests: str, *, survived: bool) -> None:
        self._survived[mutant, tests] = survived
        if not survived:
            self._found.add(mutant)


def digest(*texts: str) -> str:
    """128 bits that differ where any of the texts does."""
    return hashlib.blake2b(repr(texts).encode(), digest_size=16).hexdigest()


def digest_of_tests(root: Path, paths: tuple[str, ...]) -> str:
    """Of these files and folders, and what lies beside them: fixtures, fakes."""
    folders = {path if (path := root / name).is_dir() else path.parent for name in paths}
    files = sorted({file for folder in folders for file in folder.glob("*.py")})
    return digest(*paths, *(file.read_text(encoding="utf-8") for file in files))
