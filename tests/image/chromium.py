"""Chromium as a judge that is not ours: what it shows of a file."""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@cache
def _page(browser: Browser) -> Page:
    """One page for all pictures: a new one costs more than most pictures."""
    return browser.new_page()


def shown(browser: Browser, media_type: str, data: bytes) -> Image.Image:
    """The pixels of the picture, in sRGB, on white."""
    page = _page(browser)
    address = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    page.set_content(f'<body style="margin: 0"><img src="{address}" style="display: block">')
    page.evaluate("document.images[0].decode()")
    width, height = page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
    page.set_viewport_size({"width": width, "height": height})
    shot = page.screenshot()
    return Image.open(io.BytesIO(shot)).convert("RGB")


_IN_P3 = """() => {
  const image = document.images[0];
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext('2d', {colorSpace: 'display-p3'});
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height, {colorSpace: 'display-p3'}).data;
  return [canvas.width, canvas.height, btoa(Array.from(pixels, (level) => String.fromCharCode(level)).join(''))];
}"""


def shown_in_p3(browser: Browser, media_type: str, data: bytes) -> Image.Image:
    """The pixels of the opaque picture as a screen of Display P3 shows them."""
    page = _page(browser)
    address = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    page.set_content(f'<img src="{address}">')
    page.evaluate("document.images[0].decode()")
    width, height, pixels = page.evaluate(_IN_P3)
    return Image.frombytes("RGBA", (width, height), base64.b64decode(pixels)).convert("RGB")
