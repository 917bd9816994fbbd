"""The list of peers, and the command that starts each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.peers.process import PeerProcess

if TYPE_CHECKING:
    from tools.peers.install import Environment

PROGRAMS = Path(__file__).resolve().parent / "programs"


@dataclass(frozen=True, slots=True)
class Peer:
    """A library that Lightpress is compared with. program: its file in `programs`."""

    name: str
    program: str

    def command(self, environment: Environment) -> list[str]:
        """Program and arguments."""
        interpreter = environment.node if self.program.endswith(".js") else environment.python
        return [str(interpreter), str(PROGRAMS / self.program)]

    def start(self, environment: Environment) -> PeerProcess:
        """Raises PeerError where it does not start."""
        return PeerProcess(self.name, self.command(environment), node_path(environment))


SHARP = Peer("sharp", "sharp.js")
LIBVIPS = Peer("libvips", "vips.py")
PLAIN_PILLOW = Peer("plain Pillow", "plain_pillow.py")
PEERS = (SHARP, LIBVIPS, PLAIN_PILLOW)

SSIMULACRA2 = Peer("SSIMULACRA2", "score.py")
"""Compares nothing with Lightpress: it scores what the others make."""


def node_path(environment: Environment) -> dict[str, str]:
    """The environment variables of a peer: this process's own, and where Node finds sharp."""
    return os.environ | {"NODE_PATH": str(environment.modules)}
