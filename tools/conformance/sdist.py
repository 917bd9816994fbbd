"""Downloads source distributions with pip: `python -m tools.conformance.sdist FOLDER NAME==VERSION...`.

`pip download` builds each package to read its metadata, which needs its build tools and runs its code. This uses only
pip's finder and session, and therefore the index, proxy and certificates that pip is configured with. It runs in a
process of its own, because these are internal to pip and change global state.
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
