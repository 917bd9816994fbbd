"""Which files become pages of the site, and the links between them.

The site is made of the files that one reads in the repository, so their links lead to files there: to pages that
stand elsewhere on the site, and to code, which is not on it.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "clients/js/README.md": "clients-js.md",
    "examples/README.md": "examples/index.md",
    "docs/decisions/README.md": "decisions/index.md",
}
"""Pages that do not stand on the site where they stand in `docs`."""
_DOCS = "docs/"
_CODE = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_ANYWHERE = re.compile(r"[a-z]+:|#|/")
_NAMED_BLOCK = re.compile(r"^```(\w+) ([\w./-]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """The repository that pages are taken from.

    Attributes:
        root: Its folder.
        url: Where a file of it can be read, to be followed by its path; empty if that is not known, and then a link to
            a file that is not on the site is only its words.
    """

    root: Path
    url: str = ""

    def place(self, path: str) -> str | None:
        """Where a file of the repository stands on the site; None if it does not."""
        if path in ELSEWHERE:
            return ELSEWHERE[path]
        if path.startswith(_DOCS):
            return path.removeprefix(_DOCS)
        if path.startswith("examples/") and path.endswith(".py"):
            return path
        return None

    def files(self) -> list[str]:
        """The paths of all files that are on the site."""
        docs = [str(path.relative_to(self.root)) for path in (self.root / "docs").rglob("*") if path.is_file()]
        apps = [str(path.relative_to(self.root)) for path in (self.root / "examples").glob("*/*.py")]
        return sorted({*docs, *apps, *ELSEWHERE})

    def page(self, path: str) -> str:
        """A page as the site has it: its links lead where they led, and a block that has a file's name shows it."""
        text = (self.root / path).read_text(encoding="utf-8")
        parts: list[str] = []
        end = 0
        for code in _CODE.finditer(text):
            parts += [self._linked(text[end : code.start()], path), _NAMED_BLOCK.sub(r'```\1 title="\2"', code[0])]
            end = code.end()
        return "".join([*parts, self._linked(text[end:], path)])

    def _linked(self, text: str, path: str) -> str:
        return _LINK.sub(lambda link: self._link(link, path), text)

    def _link(self, link: re.Match[str], path: str) -> str:
        image, words, target = link.groups()
        if _ANYWHERE.match(target):
            return link[0]
        file, mark, heading = target.partition("#")
        led = os.path.normpath(PurePosixPath(path).parent / file)
        place, here = self.place(led), self.place(path) or ""
        if place is not None:
            way = os.path.relpath(place, PurePosixPath(here).parent)
            return f"{image}[{words}]({way}{mark}{heading})"
        return f"[{words}]({self.url}/{led}{mark}{heading})" if self.url else words


def stage(source: Source, folder: Path) -> None:
    """Write all files of the site into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in source.files():
        target = folder / (source.place(path) or "")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            target.write_text(source.page(path), encoding="utf-8")
        else:
            shutil.copyfile(source.root / path, target)
