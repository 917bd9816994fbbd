"""The FilePond server of docs/uploading.md in a browser, as FilePond calls it: what is canceled is not published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Route

SITE = "https://site.example"
KEY = "uploads/someone/1/a.jpg"
(SCRIPT,) = (script for script in blocks("uploading.md", "js") if script.startswith("// lightpress-filepond.js"))
HTML = f"<!doctype html><title>A site</title><script type=module>{SCRIPT}\nwindow.lightpress = lightpress</script>"
BEGUN = {"key": KEY, "upload": {"url": f"{SITE}/s3", "fields": {"key": KEY}}}
BEGIN, STORE, DELETE = "POST /api/uploads", "POST /s3", f"DELETE /api/images/{KEY}"
PROCESS = """([name, type]) => {
    const say = (what) => (...words) => window.told.push([what, ...words].join(' '));
    const server = window.lightpress({ api: '/api', authorization: async () => 'Bearer t' });
    const file = new File(['pixels'], name, { type });
    window.told = [];
    window.running = server.process('picture', file, {}, say('loaded'), say('failed'), () => {}, say('canceled'));
}"""


class World:
    """A page with the script, whose requests wait until the test answers them."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.asked: list[tuple[str, Route]] = []
        self.page.route("**/*", self._keep)
        self.page.goto(SITE)
        self.page.wait_for_function("() => window.lightpress")

    def _keep(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path.startswith(("/api", "/s3")):
            self.asked.append((f"{route.request.method} {path}", route))
        else:
            route.fulfill(body=HTML, content_type="text/html")

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def process(self, name: str = "a.jpg", media_type: str = "image/jpeg") -> None:
        self.page.evaluate(PROCESS, [name, media_type])

    def cancel(self) -> None:
        self.page.evaluate("window.running.abort()")

    def wait_for(self, path: str) -> Route:
        for _ in range(1_500):
            if path in self.paths:
                return dict(self.asked)[path]
            self.page.wait_for_timeout(10)
        raise AssertionError(self.asked)

    def settle(self) -> None:
        """Long enough for what would be asked next: the answers are there already."""
        self.page.wait_for_timeout(200)

    @property
    def told(self) -> list[str]:
        """What FilePond was told."""
        told: list[str] = self.page.evaluate("window.told")
        return told


@pytest.fixture
def world(browser: Browser) -> Iterator[World]:
    world = World(browser)
    yield world
    world.context.close()


def begins(world: World) -> None:
    world.wait_for(BEGIN).fulfill(json=BEGUN)


def stores(world: World) -> None:
    begins(world)
    world.wait_for(STORE)


def loads(world: World) -> None:
    stores(world)
    world.wait_for(STORE).fulfill(status=204)
    world.page.wait_for_function("() => window.told.length")


def test_a_file_that_is_canceled_before_the_api_answers_is_never_sent(world: World) -> None:
    world.process()
    asked = world.wait_for(BEGIN)
    world.cancel()
    asked.fulfill(json=BEGUN)
    world.settle()
    assert (world.paths, world.told) == ([BEGIN], ["canceled"])


@pytest.mark.parametrize(
    ("until", "asked", "told"),
    [
        (stores, [BEGIN, STORE, DELETE], ["canceled"]),
        (loads, [BEGIN, STORE], [f"loaded {KEY}", "canceled"]),
    ],
    ids=["it may have arrived, and is deleted", "it was told of, and stays: FilePond takes it back by revert"],
)
def test_a_file_that_is_canceled_later(
    world: World, until: Callable[[World], None], asked: list[str], told: list[str]
) -> None:
    world.process()
    until(world)
    world.cancel()
    world.settle()
    assert (world.paths, world.told) == (asked, told)


def test_what_the_api_refuses_is_told_in_its_words(world: World) -> None:
    world.process()
    world.wait_for(BEGIN).fulfill(status=422, json={"errors": [{"detail": "type is not accepted."}]})
    world.settle()
    assert world.told == ["failed type is not accepted."]


def test_a_photo_whose_type_the_browser_does_not_know_is_announced_with_one(world: World) -> None:
    world.process("IMG 1.HEIC", "")
    said: Any = world.wait_for(BEGIN).request.post_data_json
    assert said["type"] == "image/heic"
