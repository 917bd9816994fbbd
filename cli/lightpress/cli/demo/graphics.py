"""What is no photo: a logo that is see-through in places, and the window of an application."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from lightpress.cli.demo.paint import Area, Color, Point, dimmed, disc_outline, glow, gradient, shape

_BLADES = 6

_INK = (32, 34, 42)
_QUIET = (120, 124, 136)
_PAPER = (255, 255, 255)
_PANEL = (244, 244, 247)
_LINE = (224, 225, 231)
_BAR = (196, 200, 212)
_ACCENT = (226, 84, 44)


def logo(width: int, height: int) -> Image.Image:
    """Draw a mark and a name, with a shadow and a halo that fade into nothing."""
    size = (width * 2, height * 2)
    centre = (size[1] * 0.5, size[1] * 0.48)
    ink = _mark(size, centre, size[1] * 0.27)
    _write_name(ink, (size[1] * 0.92, centre[1]), size[1] * 0.27)
    drawn = _tinted(size, (255, 176, 64), dimmed(glow(size, centre, size[1] * 0.48), 0.5))
    shadow = dimmed(ink.filter(ImageFilter.GaussianBlur(size[1] / 40)), 0.4)
    drawn.alpha_composite(_tinted(size, (30, 10, 50), shadow), (0, round(size[1] * 0.035)))
    colors = gradient(size, (255, 170, 40), (238, 60, 70), (110, 40, 190)).convert("RGBA")
    colors.putalpha(ink)
    drawn.alpha_composite(colors)
    return drawn.resize((width, height), Image.Resampling.LANCZOS)


def _tinted(size: Area, color: Color, alpha: Image.Image) -> Image.Image:
    drawn = Image.new("RGBA", size, color)
    drawn.putalpha(alpha)
    return drawn


def _mark(size: Area, centre: Point, radius: float) -> Image.Image:
    """Draw the blades of a lens: a disc, less a hole and the gaps that run from its corners to the rim."""
    mark = shape(size, disc_outline(centre, radius), blur=1)
    draw = ImageDraw.Draw(mark)
    turns = [math.tau * blade / _BLADES for blade in range(_BLADES)]
    hole = radius * 0.42
    corners = [(centre[0] + hole * math.cos(turn), centre[1] + hole * math.sin(turn)) for turn in turns]
    draw.polygon(corners, fill=0)
    for blade, corner in enumerate(corners):
        before = corners[blade - 1]
        rim = (corner[0] + 3 * (corner[0] - before[0]), corner[1] + 3 * (corner[1] - before[1]))
        draw.line([before, rim], fill=0, width=round(radius / 18))
    return mark


def _write_name(ink: Image.Image, left_middle: Point, size: float) -> None:
    ImageDraw.Draw(ink).text(left_middle, "Lightpress", fill=255, font=ImageFont.load_default(size), anchor="lm")


@dataclass(frozen=True)
class _Page:
    """A page to write on, in pixels from the upper left."""

    draw: ImageDraw.ImageDraw

    def text(self, place: Point, text: str, size: float = 15, color: Color = _INK, *, anchor: str = "ls") -> None:
        self.draw.text(place, text, fill=color, font=ImageFont.load_default(size), anchor=anchor)

    def box(self, box: tuple[float, float, float, float], color: Color, radius: float = 0) -> None:
        self.draw.rounded_rectangle(box, radius, fill=color)


def screenshot(width: int, height: int) -> Image.Image:
    """Draw the window of a notebook: flat areas, fine lines and much small text."""
    window = Image.new("RGB", (width, height), _PAPER)
    page = _Page(ImageDraw.Draw(window))
    _title_bar(page, width)
    _buttons(window)
    _sidebar(page, height)
    _article(page)
    _chart(page, width)
    _table(page, width)
    return window


def _title_bar(page: _Page, width: int) -> None:
    page.box((0, 0, width, 52), (236, 236, 240))
    page.box((0, 52, width, 52), _LINE)
    page.text((width / 2, 32), "Field notes: how a picture loses weight", color=_QUIET, anchor="ms")


def _buttons(window: Image.Image) -> None:
    for index, color in enumerate(((255, 95, 87), (254, 188, 46), (40, 200, 64))):
        window.paste(color, None, shape(window.size, disc_outline((26 + 22 * index, 26), 6.5)))


def _sidebar(page: _Page, height: int) -> None:
    page.box((0, 53, 248, height), _PANEL)
    page.box((248, 53, 248, height), _LINE)
    page.box((14, 122, 234, 154), _ACCENT, radius=7)
    page.text((24, 100), "NOTEBOOK", 12, _QUIET)
    for row, chapter in enumerate(_CHAPTERS):
        page.text((26, 143 + 38 * row), chapter, 15, _PAPER if row == 0 else _INK)
        page.text((222, 143 + 38 * row), str(3 + row * 7 % 11), 13, _PAPER if row == 0 else _QUIET, anchor="rs")


def _article(page: _Page) -> None:
    page.text((300, 122), "How a picture loses weight", 34)
    page.text((300, 152), "Chapter 1, read in 4 minutes", 14, _QUIET)
    for row, line in enumerate(_PARAGRAPHS.splitlines()):
        page.text((300, 204 + 27 * row), line, 16.5, _ACCENT if line.isupper() else _INK)


def _chart(page: _Page, width: int) -> None:
    left, foot = width - 430, 430
    page.box((left - 30, 92, width - 32, 500), _PANEL, radius=12)
    page.text((left, 134), "Hours of daylight in Zurich", 18)
    for bar, (month, hours) in enumerate(_DAYLIGHT):
        x, top = left + 24 + bar * 122, foot - hours * 15
        page.box((x, top, x + 72, foot), _ACCENT if hours > _LONG_DAY else _BAR, radius=4)
        page.text((x + 36, top - 10), f"{hours:.1f}", 15, anchor="ms")
        page.text((x + 36, foot + 28), month, 15, _QUIET, anchor="ms")
    page.box((left, foot, width - 62, foot + 1), _QUIET)


def _table(page: _Page, width: int) -> None:
    """Write exposures for bright sun: at f/16, one second divided by the speed of the film."""
    left, right, apertures = width - 430, width - 62, (16, 8, 4)
    page.text((left, 556), "Film speed", 14, _QUIET)
    for column, aperture in enumerate(apertures):
        page.text((right - 110 * (2 - column), 556), f"f/{aperture}", 14, _QUIET, anchor="rs")
    for row, speed in enumerate((50, 100, 200, 400, 800, 1600)):
        y = 596 + 44 * row
        page.box((left, y - 28, right, y - 28), _LINE)
        page.text((left, y), f"ISO {speed}", 16)
        for column, aperture in enumerate(apertures):
            page.text((right - 110 * (2 - column), y), f"1/{speed * 256 // aperture**2} s", 16, anchor="rs")


_DAYLIGHT = (("March", 12.0), ("June", 16.0), ("December", 8.5))
_LONG_DAY = 14

_CHAPTERS = (
    "How a picture loses weight",
    "Light, film and numbers",
    "Colors that agree",
    "Which way is up",
    "What cameras note",
    "Grain, noise and texture",
    "Pictures that move",
    "Seeing through paper",
    "A drawer for every size",
    "Copies near the reader",
)

_PARAGRAPHS = """\
A camera keeps everything it saw: twelve million points,
each with its share of red, green and blue. A page in a
browser shows one in ten of them, and asks for the rest
only to throw them away.

SMALLER FIRST
Reduce before anything else. Half the width is a quarter
of the points, and every later step is paid by the point.
Reduce with care, and sharp edges stay sharp.

COLOR NEXT
Phones record more reds and greens than most screens can
show. Say so with a profile, or the poppies turn brown.
Brought to sRGB once, they look alike everywhere.

THEN THE FORMAT
JPEG is understood by all, WebP by most, AVIF by many,
and each packs tighter than the last. Nobody needs to
choose: offer all, and let the browser take its best.

TO DO
Measure the sky. Gradients show bands long before faces
show blocks, so judge a setting by its worst picture."""
