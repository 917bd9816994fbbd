"""Chromium as a judge that is not ours: what it shows of a file."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def shown(browser: Browser, media_type: str, data: bytes) -> Image.Image:
    """The pixels of the picture, in sRGB, on white."""
    page = browser.new_page()
    address = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    page.set_content(f'<body style="margin: 0"><img src="{address}" style="display: block">')
    page.evaluate("document.images[0].decode()")
    width, height = page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
    page.set_viewport_size({"width": width, "height": height})
    shot = page.screenshot()
    page.close()
    return Image.open(io.BytesIO(shot)).convert("RGB")
