"""The built site in a browser, where `make site` has built it: nothing is fetched from elsewhere, on any page."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import PROJECT, violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

HTML = PROJECT / ".local" / "site" / "html"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}

# Navigations that the theme gives no names, and heads of tables that are empty, which Markdown cannot leave out.
OF_THE_THEME = frozenset({"landmark-unique", "empty-table-header"})

pytestmark = pytest.mark.skipif(not (HTML / "index.html").exists(), reason="the site is not built: make site")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _foreign(url: str, origin: str) -> list[str]:
    return [] if url.startswith((origin, "data:")) else [url]


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[Callable[..., Page]]:
    """Opens pages; fails the test for an error of a script, and for a request to anybody else."""
    elsewhere: list[str] = []
    broken: list[str] = []
    contexts = []

    def visit(path: str, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("request", lambda request: elsewhere.extend(_foreign(request.url, origin)))
        page.on("response", lambda answer: broken.extend([answer.url] if answer.status >= 400 else []))
        page.goto(f"{origin}/{path}", wait_until="networkidle")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert (elsewhere, broken) == ([], [])


def test_a_diagram_is_drawn_by_the_sites_own_script(visit: Callable[..., Page]) -> None:
    page = visit("architecture/", viewport=DESK)
    page.wait_for_selector(".drawn svg")
    assert page.locator(".drawn svg .node").count() > 10


def test_a_page_without_a_diagram_does_not_load_what_draws_them(visit: Callable[..., Page]) -> None:
    page = visit("troubleshooting/", viewport=DESK)
    assert page.evaluate("typeof window.mermaid") == "undefined"


def test_the_search_finds_what_a_symptom_is_called(visit: Callable[..., Page]) -> None:
    page = visit("", viewport=DESK)
    page.keyboard.press("/")
    page.keyboard.type("canvas is tainted", delay=20)
    page.wait_for_selector('a[href*="troubleshooting"] >> visible=true')


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    ["", "tutorial/first-picture/", "cli/", "errors/", "coming-from/", "recipes-reference/", "how-to/wordpress/"],
)
def test_no_page_is_wider_than_a_phone(
    visit: Callable[..., Page], page_shot: Callable[[Page, str], None], path: str, scheme: str
) -> None:
    page = visit(path, viewport=PHONE, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page_shot(page, f"site-{re.sub(r'[^a-z]+', '-', path).strip('-') or 'start'}-phone-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "troubleshooting/", "how-to/laravel/", "cli/"])
def test_axe_finds_nothing_wrong_with_a_page(visit: Callable[..., Page], path: str, scheme: str) -> None:
    assert violations(visit(path, viewport=DESK, color_scheme=scheme), but=OF_THE_THEME) == []


def test_the_start_page_on_a_desk(visit: Callable[..., Page], page_shot: Callable[[Page, str], None]) -> None:
    page = visit("", viewport=DESK)
    assert page.get_by_role("link", name="Tutorial").first.is_visible()
    page_shot(page, "site-start-desk")
