"""What Chromium loads of a page, by its network log: for each picture the smallest file that it reads, and no other.

A permalink has the pixels that it asks for, in the format of the fewest bytes; of what `picture` writes, which names
each file with its width, a larger size of fewer bytes is loaded.

Chromium is the judge: it says which variants it can decode and which of them move, and what came over its network.
Which file it should get is computed from that alone, and not by the code that chooses it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from PIL import Image, ImageFilter

from lightpress.client.links import Links
from lightpress.client.uploading import upload
from lightpress.delivery.markup import picture
from tests.e2e.test_pipeline import settle
from tools.drawing import BLUE, disc, file_of, hatching, plain, ramp, speckled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, CDPSession, Page

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import Manifest, Variant
    from tests.e2e.conftest import Fetch

SLOT = 320
"""How wide the pages show a picture, in CSS pixels."""


def photo() -> bytes:
    """Soft shapes, and the grain of a sensor."""
    grain = speckled((1_400, 900)).filter(ImageFilter.GaussianBlur(1))
    return file_of(Image.blend(ramp((1_400, 900)), grain, 0.15), "JPEG", quality=92)


def moving() -> bytes:
    """A square that moves over four frames."""
    frames = [plain((240, 240, 240), (700, 400)) for _ in range(4)]
    for number, frame in enumerate(frames):
        frame.paste(BLUE, (150 * number, 100, 150 * number + 120, 220))
    return file_of(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)


FILES: dict[str, Callable[[], bytes]] = {
    "seen/photo.jpg": photo,
    "seen/moving.gif": moving,
    "seen/flat.png": lambda: file_of(hatching((1_920, 1_280)).convert("1"), optimize=True),
    "seen/small.png": lambda: file_of(disc(24)),
}


class Read(NamedTuple):
    """What Chromium says of a file: whether it decodes it, how wide it is, and how many frames it has."""

    decodes: bool
    width: int
    frames: int


_READ = """async ([type, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  if (!await ImageDecoder.isTypeSupported(type)) return [false, 0, 0];
  const decoder = new ImageDecoder({type, data: bytes});
  await decoder.tracks.ready;
  const { image } = await decoder.decode();
  await decoder.completed;
  return [true, image.codedWidth, decoder.tracks.selectedTrack.frameCount];
}"""


@dataclass
class Log:
    """What Chromium's network has told of pictures: the header Accept that it sent, status, type and bytes, by address.

    Attributes:
        session: Of its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/tot/Network/).
        asked: The id of each request, by address; an address that is asked for twice has two.
        accepted: What each request accepts.
        answered: Status and type of each answer, by id.
        received: Bytes of bodies that came over the network, by id.
    """

    session: CDPSession
    asked: dict[str, list[str]] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    answered: dict[str, tuple[int, str]] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session.on("Network.requestWillBeSent", self._sent)
        self.session.on("Network.requestWillBeSentExtraInfo", self._said)
        self.session.on("Network.responseReceived", self._answered)
        self.session.on("Network.dataReceived", self._received)
        self.session.send("Network.enable")

    def body(self, request: str) -> bytes:
        """The bytes of a picture, as Chromium has them."""
        told = self.session.send("Network.getResponseBody", {"requestId": request})
        return base64.b64decode(told["body"]) if told["base64Encoded"] else str(told["body"]).encode()

    def _sent(self, told: dict[str, Any]) -> None:
        if told.get("type") == "Image":
            self.asked.setdefault(told["request"]["url"], []).append(told["requestId"])

    def _said(self, told: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in told["headers"].items()}
        self.accepted[told["requestId"]] = headers.get("accept", "")

    def _answered(self, told: dict[str, Any]) -> None:
        self.answered[told["requestId"]] = told["response"]["status"], told["response"]["mimeType"]

    def _received(self, told: dict[str, Any]) -> None:
        self.received[told["requestId"]] = self.received.get(told["requestId"], 0) + told["dataLength"]


@pytest.fixture(scope="module")
def published(deployment: Deployment) -> dict[str, Manifest]:
    """What is published of each picture, by key."""
    kinds = {"jpg": "image/jpeg", "gif": "image/gif", "png": "image/png"}
    uploads = [upload(deployment, key, draw(), kinds[key.rpartition(".")[2]]) for key, draw in FILES.items()]
    return {manifest.key: manifest for manifest in settle(deployment, *uploads)}


@pytest.fixture(scope="module")
def readings(cloud: Outputs, browser: Browser, fetch: Fetch, published: dict[str, Manifest]) -> dict[str, Read]:
    """What Chromium says of each file that is published, by its path."""
    page = browser.new_page()
    page.goto(f"{cloud.cdn_base_url}/seen/small.png")  # WebCodecs is for pages of an origin
    files = {one.path: one.media_type for manifest in published.values() for one in manifest.variants}
    told = {
        path: Read(*page.evaluate(_READ, [media_type, base64.b64encode(fetch(f"/{path}").data).decode()]))
        for path, media_type in files.items()
    }
    page.close()
    return told


@pytest.fixture(params=[1, 2], ids=["a plain screen", "a screen of twice the density"])
def density(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def page(browser: Browser, density: int) -> Iterator[Page]:
    """An empty page of a browser that has kept nothing."""
    context = browser.new_context(device_scale_factor=density, viewport={"width": 1_280, "height": 900})
    yield context.new_page()
    context.close()


def smallest_read(manifest: Manifest, readings: dict[str, Read], pixels: int, *, larger: bool = True) -> Variant:
    """Of the files that Chromium decodes, and that are wide enough, the smallest; of what moves, if any does.

    larger: whether it may be wider than the narrowest of them.
    """
    read = [one for one in manifest.variants if readings[one.path].decodes]
    assert all(readings[one.path].width == one.width for one in read)
    enough = [one for one in read if one.width >= min(pixels, max(other.width for other in read))]
    if not larger:
        enough = [one for one in enough if one.width == min(other.width for other in enough)]
    moving = [one for one in enough if readings[one.path].frames > 1]
    return min(moving or enough, key=lambda one: one.bytes)


def by_permalink(links: Links, manifest: Manifest) -> str:
    return f'<img src="{links.url(manifest.key, w=SLOT)}" width="{SLOT}" alt="">'


def by_srcset(links: Links, manifest: Manifest) -> str:
    return links.img(manifest.key, alt="", sizes=f"{SLOT}px", widths=(320, 640, 1_280, 1_920))


def by_picture(links: Links, manifest: Manifest) -> str:
    return picture(manifest, links.base, alt="", sizes=f"{SLOT}px")


@pytest.mark.parametrize("write", [by_permalink, by_srcset, by_picture])
@pytest.mark.parametrize("key", FILES)
def test_chromium_loads_in_one_request_the_smallest_file_that_it_reads_and_that_is_wide_enough(  # noqa: PLR0913, PLR0917
    cloud: Outputs,
    published: dict[str, Manifest],
    readings: dict[str, Read],
    page: Page,
    density: int,
    key: str,
    write: Callable[[Links, Manifest], str],
) -> None:
    log = Log(page.context.new_cdp_session(page))
    page.set_content(write(Links(cloud.cdn_base_url), published[key]))
    page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")

    ((request,),) = log.asked.values()
    pixels = SLOT * (1 if write is by_permalink else density)
    best = smallest_read(published[key], readings, pixels, larger=write is by_picture)
    if write is by_srcset and key != "seen/small.png":  # which is narrower than it says
        assert page.evaluate("document.images[0].width") == SLOT, "each file is as wide as its descriptor"
    data = log.body(request)
    assert log.answered[request] == (200, best.media_type)
    assert (len(data), hashlib.sha256(data).hexdigest()) == (best.bytes, best.sha256)
    assert log.received[request] == best.bytes
    assert {"image/avif", "image/webp"} <= set(log.accepted[request].split(","))


def test_the_pictures_are_of_the_kinds_that_they_stand_for(
    published: dict[str, Manifest], readings: dict[str, Read]
) -> None:
    """A photo that AVIF suits, one that moves, one that takes more bytes reduced, and one smaller than all sizes."""
    photo, moving, flat, small = (published[key] for key in FILES)
    best = {pixels: smallest_read(photo, readings, pixels) for pixels in (320, 640)}
    assert [(one.format, one.width) for one in best.values()] == [("avif", 320), ("avif", 640)]
    assert readings[smallest_read(moving, readings, 320).path].frames == 4
    assert {readings[one.path].frames for one in moving.variants if one.format == "jpeg"} == {1}
    given = smallest_read(flat, readings, 640)
    (own,) = (one for one in flat.variants if (one.name, one.format) == ("w640", given.format))
    assert (given.width, own.width) == (1_920, 640)
    assert own.bytes > 5 * given.bytes
    assert {one.width for one in small.variants} == {24}
    assert all(math.isfinite(one.bytes) and readings[one.path].decodes for one in small.variants)
    with Image.open(io.BytesIO(FILES["seen/small.png"]())) as original:
        assert original.size == (24, 24)
