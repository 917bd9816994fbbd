"""Asks pip for source distributions: `python -m conformance.sdist FOLDER NAME==VERSION...`.

`pip download` would run each package's build to learn its metadata, which needs its build tools and runs its code. So
this stops after the first half: pip's own look-up and session, hence whatever index, proxy and certificates pip is
configured with. It is a program of its own because pip's insides promise nothing and change pip's global state.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def fetch(requirements: list[str], folder: Path) -> None:
    """Save the source distribution of each NAME==VERSION in `folder`, as NAME-VERSION; exits with a message if not."""
    from pip._internal.commands import create_command  # noqa: PLC0415
    from pip._vendor.packaging.specifiers import SpecifierSet  # noqa: PLC0415

    command: Any = create_command("download")
    options, _ = command.parse_args(["--no-binary", ":all:", "--no-deps", "--disable-pip-version-check"])
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options, session, ignore_requires_python=True)  # noqa: SLF001
        for requirement in requirements:
            name, version = requirement.split("==")
            best = finder.find_best_candidate(name, SpecifierSet(f"=={version}")).best_candidate
            if best is None:
                sys.exit(f"pip finds no source distribution of {requirement}: is there a network, and an index?")
            answer = session.get(best.link.url_without_fragment)
            if not answer.ok:
                sys.exit(f"The package index answers {answer.status_code} for {requirement}.")
            (folder / f"{name}-{version}").write_bytes(answer.content)


if __name__ == "__main__":
    fetch(sys.argv[2:], Path(sys.argv[1]))
