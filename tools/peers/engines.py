"""The list of peers and judges, and the command that starts each."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.peers.process import PeerProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.peers.install import Environment

PROGRAMS = Path(__file__).resolve().parent / "programs"


@dataclass(frozen=True, slots=True)
class Peer:
    """A library that Lightpress is compared with, or that judges it.

    Attributes:
        name: In tables.
        program: Its file in `programs`.
        here: Whether it runs with this process's own interpreter and packages.
    """

    name: str
    program: str
    here: bool = False

    def command(self, environment: Environment) -> list[str]:
        """Program and arguments."""
        python = Path(sys.executable) if self.here else environment.python
        interpreter = environment.node if self.program.endswith(".js") else python
        return [str(interpreter), str(PROGRAMS / self.program)]

    def start(self, environment: Environment, variables: Mapping[str, str] | None = None) -> PeerProcess:
        """Raises PeerError where it does not start. variables: Of the environment, beside this process's own."""
        return PeerProcess(self.name, self.command(environment), node_path(environment) | dict(variables or {}))


SHARP = Peer("sharp", "sharp.js")
LIBVIPS = Peer("libvips", "vips.py")
PLAIN_PILLOW = Peer("plain Pillow", "plain_pillow.py")
PEERS = (SHARP, LIBVIPS, PLAIN_PILLOW)

CHROMIUM = Peer("Chromium", "chromium.py", here=True)
IMAGEMAGICK = Peer("ImageMagick", "magick.js")
CANIUSE = Peer("caniuse", "browsers.js")
"""Renders nothing: it tells which browsers show what."""

SSIMULACRA2 = Peer("SSIMULACRA2", "score.py")
"""Compares nothing with Lightpress: it scores what the others make."""


def node_path(environment: Environment) -> dict[str, str]:
    """The variables of a peer: this process's own, and where Node's packages and an sRGB profile are."""
    return os.environ | {"NODE_PATH": str(environment.modules), "SRGB_PROFILE": str(environment.srgb)}
