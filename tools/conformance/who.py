"""Who judges and who opens variants on this machine, and who is missing."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tools.conformance import judges, openers
from tools.conformance.run import Independent
from tools.peers.engines import CHROMIUM
from tools.peers.install import install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXIFTOOL = "exiftool"


class Who(NamedTuple):
    """The independent judges of a run.

    Attributes:
        independent: How they are started.
        versions: Each judge and opener, with its version where it has one.
        missing: Those that are not installed; the page needs all of them.
    """

    independent: Independent
    versions: dict[str, str]
    missing: list[str]


def installed(peers: Path, kept: Path, say: Callable[[str], None]) -> Who:
    """Install what registries have, and find the rest. Raises InstallError offline, PeerError where one does not start.

    Args:
        peers: Where peers and judges are installed.
        kept: The folder for what judges show.
        say: Called with a line of progress.
    """
    environment = install(peers, say)
    commands = judges.commands(environment)
    versions = {one.name: _version(one) for one in commands}
    toolbox = openers.toolbox(environment, commands)
    if toolbox.exiftool:
        told = subprocess.run([*toolbox.exiftool, "-ver"], capture_output=True, text=True, check=True)
        versions[EXIFTOOL] = f"{EXIFTOOL} {told.stdout.strip()}"
    decoders = [command[0] for command in openers.DECODERS.values()]
    found = [name for name in decoders if shutil.which(name)]
    needed = [CHROMIUM.name, EXIFTOOL, *decoders]
    return Who(
        Independent(tuple(commands), toolbox, judges.kept_in(kept, list(versions.values()))),
        versions | {name: name for name in found},
        [name for name in needed if name not in versions and name not in found],
    )


def _version(command: judges.Command) -> str:
    program = command.start()
    try:
        return program.versions()
    finally:
        program.close()
