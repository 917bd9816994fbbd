"""Animations move in AVIF, too, where a recipe says so: as long, as often and as see-through as they were."""

from __future__ import annotations

import base64
import io
import time
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageFilter

from lightpress.delivery.choice import VIEWERS, offered, smallest
from lightpress.image.isobmff import plays_of
from lightpress.image.spec import Size, Spec
from tests.image.films import played
from tests.image.stepping import step
from tools.drawing import BLUE, GREEN, RED, distance, file_of, pixel, plain, rendered, spec, speckled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Page

    from lightpress.image.job import EncodedVariant

BOTH = replace(spec(formats=("avif", "webp", "jpeg")), moving=("avif", "webp"))
AUTO = replace(BOTH, formats=("avif", "webp", "jpeg", "png"), auto=True)
DELAYS = [80, 200, 50]

_DECODED = """async (encoded) => {
  const data = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const decoder = new ImageDecoder({data, type: 'image/avif'});
  await decoder.tracks.ready;
  await decoder.completed;
  const track = decoder.tracks.selectedTrack;
  const frames = [];
  for (let frameIndex = 0; frameIndex < track.frameCount; frameIndex++) {
    const {image} = await decoder.decode({frameIndex});
    const canvas = new OffscreenCanvas(image.displayWidth, image.displayHeight);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const middle = context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    frames.push([image.duration / 1000, Array.from(middle)]);
  }
  return [track.repetitionCount === Infinity ? 0 : track.repetitionCount + 1, frames];
}"""


@cache
def page_of(browser: Browser) -> Page:
    """A page that may decode: browsers let only those of this machine, or by TLS."""
    page = browser.new_page()
    page.route("http://localhost/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto("http://localhost/")
    return page


def in_chromium(browser: Browser, data: bytes) -> tuple[int, list[tuple[int, list[int]]]]:
    """How often it plays (0: for ever), and of each frame its milliseconds and the color in its middle (RGBA)."""
    plays, frames = page_of(browser).evaluate(_DECODED, base64.b64encode(data).decode())
    return plays, [(round(milliseconds), middle) for milliseconds, middle in frames]


def film(frames: Sequence[Image.Image], form: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401  Pillow's
    first, *others = frames
    return file_of(first, form, save_all=True, append_images=others, **{"duration": DELAYS} | options)


def of(form: str, data: bytes, what: Spec = BOTH) -> EncodedVariant:
    (one,) = [one for one in rendered(data, what) if one.format == form]
    return one


def pan(count: int = 8) -> bytes:
    """A camera that moves over something rough: what AVIF predicts, and WebP stores anew."""
    scene = speckled((400, 200)).filter(ImageFilter.GaussianBlur(1.5))
    return film([scene.crop((4 * at, 0, 4 * at + 240, 160)) for at in range(count)], duration=[100] * count)


def flat(count: int = 6) -> bytes:
    """A square that moves over one color: what WebP packs without loss."""
    frames = [plain((255, 255, 255), (240, 160)) for _ in range(count)]
    for at, frame in enumerate(frames):
        frame.paste(RED, (30 * at, 40, 30 * at + 40, 80))
    return film(frames, duration=[100] * count)


COLORS = (RED, GREEN, BLUE)
OPAQUE = [plain(color) for color in COLORS]


@pytest.mark.parametrize("plays", [0, 1, 2, 5])
def test_chromium_shows_every_frame_as_long_and_all_of_them_as_often_as_before(plays: int, browser: Browser) -> None:
    made = of("avif", film(OPAQUE, loop=plays))
    assert made.animated
    told, frames = in_chromium(browser, made.data)
    assert (told, plays_of(made.data)) == (plays, plays)
    assert [milliseconds for milliseconds, _ in frames] == DELAYS
    for (_, middle), color in zip(frames, COLORS, strict=True):
        assert distance(tuple(middle[:3]), color) <= 10


@pytest.mark.parametrize("clear", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("plays", [0, 3])
def test_frames_are_as_see_through_as_they_were_whichever_of_them_are(
    clear: tuple[int, ...], plays: int, browser: Browser
) -> None:
    frames = [plain((*color, 0 if at in clear else 255), mode="RGBA") for at, color in enumerate(COLORS)]
    if len(clear) == len(frames):  # all alike, they would not move
        frames = [frame.copy() for frame in frames]
        for at, frame in enumerate(frames):
            frame.paste((*RED, 255), (0, 0, 4 + at, 4))
    made = of("avif", film(frames, "WEBP", lossless=True, loop=plays))
    told, shown = in_chromium(browser, made.data)
    assert told == plays
    assert [middle[3] < 10 for _, middle in shown] == [at in clear for at in range(3)]
    assert [middle[3] > 245 for _, middle in shown] == [at not in clear for at in range(3)]


def test_every_size_moves_and_is_cut_and_gone_through_its_steps_frame_by_frame() -> None:
    sizes = (Size("half", 40), Size("square", 30, 30, "cover"), Size("gray", 20, steps=(step({"grayscale": True}),)))
    made = {one.names[0]: one for one in rendered(pan(3), replace(BOTH, sizes=sizes)) if one.format == "avif"}
    assert {name: (one.width, one.height) for name, one in made.items()} == {
        "half": (40, 27), "square": (30, 30), "gray": (20, 13)
    }  # fmt: skip
    for one in made.values():
        frames, _ = played(one.data)
        assert len(frames) == 3
        assert {image.size for image, _ in frames} == {(one.width, one.height)}
    for image, _ in played(made["gray"].data)[0]:
        assert max(pixel(image, (0.5, 0.5))[:3]) - min(pixel(image, (0.5, 0.5))[:3]) <= 3


def test_auto_writes_it_beside_webp_where_it_takes_fewer_bytes_in_all_sizes_and_nowhere_else() -> None:
    ladder = replace(AUTO, sizes=(Size("w240", 240), Size("w120", 120)))
    moving = {one.format: len(one.data) for one in rendered(pan(), ladder) if one.names == ("w240",)}
    assert list(moving) == ["avif", "webp", "jpeg"]
    assert moving["avif"] < 0.7 * moving["webp"]
    assert [one.format for one in rendered(pan(), ladder)] == ["avif", "webp", "jpeg"] * 2
    assert [one.format for one in rendered(flat(), ladder)] == ["webp", "jpeg"] * 2


def test_each_viewer_is_served_what_moves_in_the_fewest_bytes_that_it_can_show() -> None:
    made = rendered(pan(), replace(AUTO, sizes=(Size("w240", 240),)))
    files = [Published(one) for one in made]
    assert [one.format for viewer in VIEWERS if (one := smallest(files, viewer))] == ["avif", "avif", "webp", "jpeg"]
    assert offered(files) == ("avif", "webp", "jpeg")


class Published:
    """A variant as `delivery.choice` sees it."""

    def __init__(self, variant: EncodedVariant) -> None:
        self.format, self.width = variant.format, variant.width
        self.bytes, self.animated = len(variant.data), variant.animated


def test_in_avif_alone_it_moves_there_alone() -> None:
    alone = replace(BOTH, moving=("avif",))
    assert {one.format: one.animated for one in rendered(pan(3), alone)} == {"avif": True, "webp": False, "jpeg": False}
    assert {one.format for one in rendered(pan(), replace(AUTO, moving=("avif",)))} == {"avif", "jpeg"}


@pytest.mark.parametrize("what", [replace(BOTH, moving=("webp",)), replace(BOTH, animation=False)], ids=["webp", "no"])
@pytest.mark.parametrize("form", ["PNG", "AVIF"])
def test_where_the_recipe_does_not_say_so_avif_shows_the_first_frame(form: str, what: Spec) -> None:
    made = of("avif", film(OPAQUE, form), what)
    assert not made.animated
    with Image.open(io.BytesIO(made.data)) as opened:
        assert getattr(opened, "n_frames", 1) == 1
        assert distance(pixel(opened.convert("RGB"), (0.5, 0.5)), RED) <= 10


@pytest.mark.parametrize("see_through", [False, True])
def test_what_moves_is_the_same_file_whenever_it_is_written(*, see_through: bool) -> None:
    """A message that is delivered twice must not publish two. Its encoder writes the time into it, in seconds."""
    frames = [plain((*color, 128 if see_through else 255), mode="RGBA") for color in (RED, GREEN)]
    first = of("avif", film(frames)).data
    time.sleep(1.1)
    assert of("avif", film(frames)).data == first
    assert first.count(b"mdhd") == (2 if see_through else 1), "the track of what is see-through has times, too"


def test_what_moves_carries_nothing_but_pixels_and_who_made_it() -> None:
    original = film(OPAQUE, exif=Image.Exif(), comment=b"secret")
    data = of("avif", original).data
    assert b"secret" not in data
    assert b"Exif" not in data
