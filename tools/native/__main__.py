"""Build the pixel library (`make native`), or check that what is committed is what the sources make (`--check`)."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tools.native.build import LIBRARIES, PROJECT, RECORD, BuildError, build, record

_OUT, _ERR = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)


def main(arguments: list[str]) -> int:
    """Build into the project, or with --check elsewhere, to compare; returns 1 where that differs or cannot be done."""
    try:
        if arguments == ["--check"]:
            return _check()
        build(LIBRARIES)
        RECORD.write_text(record(), encoding="utf-8")
    except BuildError as error:
        _ERR.print(str(error), markup=False)
        return 1
    return 0


def _check() -> int:
    with TemporaryDirectory() as scratch:
        build(Path(scratch))
        made, committed = record(Path(scratch)), RECORD.read_text(encoding="utf-8")
    differing = sorted(set(made.splitlines()) ^ set(committed.splitlines()))
    if not differing:
        _OUT.print("The sources make the libraries that are committed, to the byte.")
        return 0
    _ERR.print(f"{RECORD.relative_to(PROJECT)} is not what the sources make; run make native:", *differing, sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
