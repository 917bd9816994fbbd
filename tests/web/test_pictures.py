"""The pictures of the README, taken anew by `make pictures`: the contact sheet of the demo, and the upload page."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import expect

from lightpress.cli.demo.pictures import draw_demo_set
from tests.web.browser import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, FilePayload, Page

    from tests.web.service import Dependencies

pytestmark = pytest.mark.skipif("LIGHTPRESS_PICTURES" not in os.environ, reason="make pictures writes into docs")
SHEET = PROJECT / ".local" / "demo" / "index.html"
SHOWN = 3


def keep(page: Page, name: str, height: int) -> None:
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    shot = shot.crop((0, 0, shot.width, min(shot.height, height)))
    shot.save(PROJECT / "docs" / name, quality=88, optimize=True)


def test_the_contact_sheet_of_the_last_demo(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 1180})
    page.goto(SHEET.as_uri())
    page.wait_for_load_state("networkidle")
    assert page.locator("img").count() > SHOWN
    keep(page, "contact-sheet.jpg", 1180)


def test_the_upload_page_with_three_pictures_and_one_that_is_cut_off(
    world: Dependencies, visit: Callable[..., Page]
) -> None:
    world.shrink_to = 1920  # of the recipes that Lightpress comes with
    page = visit(world, viewport={"width": 980, "height": 800})
    drawn = [one for one in draw_demo_set() if one.key.endswith(".jpg")][:SHOWN]
    files: list[FilePayload] = []
    for one in drawn:
        with Image.open(io.BytesIO(one.data)) as original:
            smaller, buffer = original.convert("RGB"), io.BytesIO()
        smaller.thumbnail((1600, 1600))
        smaller.save(buffer, "JPEG", quality=92, exif=original.getexif())
        name = one.key.rpartition("/")[2].encode("ascii", "ignore").decode().strip()  # few machines have all fonts
        files.append({"name": name, "mimeType": "image/jpeg", "buffer": buffer.getvalue()})
    cut: FilePayload = {"name": "cut-off.jpg", "mimeType": "image/jpeg", "buffer": files[0]["buffer"][:100]}
    page.locator("input[type=file]").first.set_input_files([*files, cut])
    expect(page.locator("#summary")).to_contain_text(f"{SHOWN} of {SHOWN + 1} ready, 1 failed")
    page.get_by_role("button", name="Details").first.click()
    expect(page.locator(".after img").first).not_to_have_js_property("naturalWidth", 0)
    keep(page, "upload-page.jpg", 1200)
