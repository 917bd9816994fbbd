"""A browser for tests: Chromium or Chrome, wherever it is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

# What looks for updates and the like would only fail in a closed network.
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run")

PROJECT = Path(__file__).resolve().parents[2]
SCREENSHOTS = PROJECT / ".local" / "screenshots"
AXE = PROJECT / ".local" / "site" / "npm" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = subprocess.run([PROJECT / "scripts" / "find-browser"], capture_output=True, text=True, check=False)
    path = found.stdout.strip()
    if not path:
        pytest.skip("no Chromium or Chrome on this machine: install one, or name it in the variable CHROMIUM")
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs a user that is not root.
        browser = playwright.chromium.launch(
            executable_path=path, args=list(_QUIET), chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_shot() -> Callable[[Page, str], None]:
    """Keeps a screenshot of the whole page, for people to look at."""

    def shot(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return shot


def violations(page: Page, *, but: frozenset[str] = frozenset()) -> list[str]:
    """What axe finds wrong with a page as it stands: the rule, and where. Skips the test without axe."""
    if not AXE.exists():
        pytest.skip("axe is not here: make site installs it")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {node['target']} {node['html'][:120]}"
        for one in found
        if one["id"] not in but
        for node in one["nodes"]
    ]
