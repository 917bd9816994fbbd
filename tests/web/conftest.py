"""The page in a browser, in front of a service of the tests' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.browser import page_shot
from tests.web.service import serving_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.web.service import Dependencies

__all__ = ["page_shot"]

expect.set_options(timeout=30_000)  # milliseconds, of a machine that is busy with other tests


@pytest.fixture
def world() -> Iterator[Dependencies]:
    with serving_pages({"kind": "none"}) as world:
        yield world


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens the page of a service; fails the test for whatever the browser complains of."""
    complaints: list[str] = []
    contexts = []

    def visit(world: Dependencies, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=world.page_origin)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        page.goto(world.page_origin)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints
