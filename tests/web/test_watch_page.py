"""The page of `lightpress render --watch` in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.cli.watched import RECIPES, watched
from tests.web.browser import violations
from tools.drawing import BLUE, GREEN, RED, ramp, stripes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.cli.watched import Watched

    Visit = Callable[..., Page]
    Shot = Callable[[Page, str], None]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Watched]:
    folder, recipes = tmp_path / "photos", tmp_path / "recipes.toml"
    folder.mkdir()
    stripes([RED, GREEN, BLUE], 120, 160).save(folder / "stripes.png")
    ramp((320, 200)).save(folder / "ramp.jpg", quality=97)
    (folder / "notes.jpg").write_text("no picture", encoding="utf-8")
    recipes.write_text(RECIPES, encoding="utf-8")
    with watched(folder, recipes) as there:
        yield there


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens the page; fails the test for what the browser complains of, and for a request to any other host."""
    complaints: list[str] = []
    contexts = []

    def visit(there: Watched, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda one: None if one.url.startswith(there.url) else complaints.append(one.url))
        page.goto(there.url)
        expect(page.locator("#summary")).to_contain_text("3 pictures · ")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not complaints


def entry(page: Page, name: str) -> Locator:
    return page.locator(".picture", has=page.get_by_role("heading", name=name))


def test_pictures_are_shown_before_and_after_with_what_is_cut_off_and_what_was_refused(
    there: Watched, visit: Visit, page_shot: Shot
) -> None:
    page = visit(there, viewport={"width": 1100, "height": 900})
    picture = entry(page, "stripes.png")
    expect(picture.locator(".after")).not_to_have_js_property("naturalWidth", 0)
    picture.get_by_role("button", name="Show square").click()
    expect(picture.locator(".whole figcaption")).to_have_text("Original, focus 0.90, 0.50. Click to try another")
    whole = picture.locator(".whole img").bounding_box()
    crop = picture.locator(".crop").bounding_box()
    assert whole
    assert crop
    # A square of the 160 pixels of the height, of 360, as far to the right as it goes.
    assert crop["width"] / whole["width"] == pytest.approx(160 / 360, abs=0.02)
    assert crop["x"] + crop["width"] == pytest.approx(whole["x"] + whole["width"], abs=2)
    expect(entry(page, "ramp.jpg").get_by_role("button", name="Show square")).to_have_attribute("aria-pressed", "true")
    expect(entry(page, "notes.jpg").locator(".reason")).to_contain_text("not_a_picture: ")
    page_shot(page, "watch-page")


def test_an_edit_is_followed_without_loading_the_page_anew_and_bytes_are_compared(there: Watched, visit: Visit) -> None:
    page = visit(there)
    page.get_by_role("searchbox").fill("stripes")
    expect(entry(page, "ramp.jpg")).to_be_hidden()
    there.edit("jpeg = 90", "jpeg = 15")
    expect(page.locator("#summary")).to_contain_text(re.compile(r"\d+ % less than before the last change"))
    expect(entry(page, "stripes.png").locator(".less")).to_have_count(2)
    expect(page.get_by_role("searchbox")).to_have_value("stripes")


def test_a_mistake_is_shown_with_its_key_and_goes_when_it_is_mended(
    there: Watched, visit: Visit, page_shot: Shot
) -> None:
    page = visit(there)
    there.edit("w60 = { width = 60 }", "w60 = { width = 0 }")
    error = page.get_by_role("alert").filter(has_text="cannot be used")
    expect(error.locator(".where")).to_have_text("recipes.toml: recipes.web.sizes.w60.width")
    expect(error.locator(".what")).to_have_text("0 is not between 1 and 16383")
    page_shot(page, "watch-page-mistake")
    there.edit("{ width = 0 }", "{ width = 50 }")
    expect(error).to_be_hidden()
    expect(entry(page, "stripes.png").get_by_role("rowheader", name="w60 50 x 22")).to_be_visible()


def test_everything_is_done_with_the_keyboard_and_the_focus_stays_through_an_edit(there: Watched, visit: Visit) -> None:
    page = visit(there)
    picture = entry(page, "stripes.png")
    picture.get_by_role("button", name="Show w60").press("Enter")
    slider = picture.get_by_role("slider", name="How much of the original is shown")
    slider.focus()
    page.keyboard.press("End")
    expect(picture.locator(".before")).to_have_css("clip-path", "inset(0px 0% 0px 0px)")
    picture.get_by_role("button", name="Show square").focus()
    there.edit("jpeg = 90", "jpeg = 15")
    expect(page.locator("#summary")).to_contain_text("than before")
    expect(picture.get_by_role("button", name="Show square")).to_be_focused()


def test_the_recipe_is_chosen_on_the_page(there: Watched, visit: Visit) -> None:
    page = visit(there)
    there.edit(
        "[recipes.web]", '[recipes.small]\nformats = ["webp"]\nsizes = { w20 = { width = 20 } }\n\n[recipes.web]'
    )
    page.get_by_label("Recipe").select_option("small")
    expect(entry(page, "stripes.png").get_by_role("button", name="Show w20, WebP")).to_be_visible()


def test_a_click_cuts_the_picture_around_another_point_and_shows_the_value_to_put_into_metadata(
    there: Watched, visit: Visit, page_shot: Shot
) -> None:
    page = visit(there, viewport={"width": 1100, "height": 900}, permissions=["clipboard-read", "clipboard-write"])
    picture = entry(page, "stripes.png")
    picture.get_by_role("button", name="Show square").click()
    made = picture.locator(".after")
    before = made.get_attribute("src")
    whole = picture.locator(".whole img")
    box = whole.bounding_box()
    assert box
    whole.click(position={"x": box["width"] * 0.1, "y": box["height"] * 0.25})
    value = picture.locator(".aimed code")
    expect(value).to_have_text(re.compile(r"^0\.(09|1|11),0\.2[3-7]$"))
    expect(picture.locator(".whole figcaption")).to_contain_text("(chosen here)")
    expect(made).not_to_have_attribute("src", before or "")
    page_shot(page, "watch-page-focus")
    chosen = value.inner_text()
    picture.get_by_role("button", name=f"Copy {chosen}").click()
    assert page.evaluate("navigator.clipboard.readText()") == chosen
    picture.get_by_role("button", name="from the left").press("Shift+ArrowRight")
    expect(value).to_have_text(re.compile(r"^0\.(19|2|21),0\.2[3-7]$"))
    expect(entry(page, "ramp.jpg").locator(".aimed")).to_be_hidden()
    picture.get_by_role("button", name="As before").click()
    expect(picture.locator(".whole figcaption")).to_have_text("Original, focus 0.90, 0.50. Click to try another")
    expect(picture.locator(".aimed")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen_and_axe_finds_nothing_wrong(
    there: Watched, visit: Visit, page_shot: Shot, scheme: str
) -> None:
    page = visit(there, viewport={"width": 320, "height": 640}, color_scheme=scheme, bypass_csp=True)
    entry(page, "stripes.png").get_by_role("button", name="Show square").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page_shot(page, f"watch-page-phone-{scheme}")
    there.edit("w60 = { width = 60 }", "w60 = { width = 0 }")
    expect(page.locator("#error")).to_be_visible()
    assert violations(page) == []


def test_when_the_command_has_ended_the_page_says_so(browser: Browser, there: Watched) -> None:
    page = browser.new_page()
    with watched(there.folder, there.recipes) as other:
        page.goto(other.url)
        expect(page.locator("#summary")).to_contain_text("3 pictures · ")
    expect(page.locator("#gone")).to_contain_text("The command has ended")
    page.close()
