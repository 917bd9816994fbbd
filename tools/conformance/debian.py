"""Downloads the upstream archive of a Debian source package with apt, of any user and without Debian's changes.

apt works in a folder of its own, with one list of sources, so that nothing on the machine changes. It checks the
signature of that list; the archive is checked by its own checksum afterwards, so a later Debian revision of the same
upstream version will do.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tools.conformance.corpora import Corpus

SUITE = "bookworm"
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_SOURCES = f"deb-src [signed-by={_KEYS}] http://deb.debian.org/debian {SUITE} main\n"
_SECONDS = 600


class DebianError(Exception):
    """apt cannot download the archive."""


def prepare(home: Path) -> Path:
    """A configuration of apt below `home`, with the current list of source packages. Raises DebianError."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "sources.list").write_text(_SOURCES)
    configuration = home / "apt.conf"
    configuration.write_text(
        f'Dir::Etc::SourceList "{home}/sources.list";\nDir::Etc::SourceParts "-";\nDir::State "{home}";\n'
        f'Dir::State::Lists "{home}/lists";\nDir::Cache "{home}/cache";\nAPT::Sandbox::User "";\n'
    )
    _apt(configuration, home, "update", "--quiet")
    return configuration


def download(corpus: Corpus, configuration: Path, folder: Path) -> Path:
    """The upstream archive of a package in `folder`. Raises DebianError."""
    _apt(configuration, folder, "source", "--quiet", "--download-only", "--tar-only", corpus.package)
    found = [path for path in folder.glob(f"{corpus.package}_{corpus.version}.orig.tar.*") if path.suffix != ".asc"]
    if not found:
        raise DebianError(f"Debian's {SUITE} has another version of {corpus.package} than {corpus.version}")
    return found[0]


def _apt(configuration: Path, folder: Path, *arguments: str) -> None:
    command = ["apt-get", "-c", str(configuration), *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except FileNotFoundError as error:
        raise DebianError("there is no apt-get here") from error
    except subprocess.TimeoutExpired as error:
        raise DebianError(f"apt-get did not end within {_SECONDS} s") from error
    if done.returncode != 0:
        raise DebianError((done.stderr.strip().splitlines() or ["apt-get printed no error"])[-1])
