"""Builds the site into .local/site/html: `make site`. Ends with 1 if a link leads nowhere, or for any other warning.

LIGHTPRESS_REPOSITORY: the address of the repository, for links to its files: https://github.com/owner/lightpress
LIGHTPRESS_SITE: the address that the site will have, for its sitemap.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.site.pages import Source, stage

PROJECT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).parent
SITE = PROJECT / ".local" / "site"
MERMAID = Path("node_modules/mermaid/dist/mermaid.min.js")


def build(repository: str, address: str) -> int:
    """Build it; returns Zensical's exit code."""
    source = Source(PROJECT, f"{repository}/blob/HEAD" if repository else "")
    stage(source, SITE / "pages")
    shutil.copytree(OWN / "assets", SITE / "pages" / "assets")
    shutil.copyfile(SITE / "npm" / MERMAID, SITE / "pages" / "assets" / "mermaid.min.js")
    (SITE / "zensical.toml").write_text(settings(repository, address), encoding="utf-8")
    zensical = SITE / "venv" / "bin" / "zensical"
    return subprocess.run([zensical, "build", "--clean", "--strict"], cwd=SITE, check=False).returncode


def settings(repository: str, address: str) -> str:
    """Zensical's settings: those of zensical.toml here, and what is not known before."""
    known = {"repo_url": repository, "site_url": address}
    more = "".join(f'{name} = "{value}"\n' for name, value in known.items() if value)
    return (OWN / "zensical.toml").read_text(encoding="utf-8").replace("[project]\n", f"[project]\n{more}", 1)


if __name__ == "__main__":
    sys.exit(build(os.environ.get("LIGHTPRESS_REPOSITORY", ""), os.environ.get("LIGHTPRESS_SITE", "")))
