"""Text."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageDraw, ImageFont

from lightpress.image.spec import Pixels
from lightpress.image.step_drawing import PLACES, faded, marked, room_in
from lightpress.image.step_options import Length, NamedFile, OptionError, choice, color, file, length, line, number

if TYPE_CHECKING:
    from lightpress.image.picture import Picture

_RIGHT_TO_LEFT = {"R", "AL", "AN", "RLE", "RLO", "RLI"}
_LETTERS_WITHOUT_SHAPING = ("LATIN", "GREEK", "CYRILLIC", "HIRAGANA", "KATAKANA", "CJK", "HANGUL")
_SYMBOLS_END, _JOINERS = 0x2BFF, "\u200d\ufe0f"
_NO_CHARACTER = "\uffff"
_TRIED_AT = 40


@dataclass(frozen=True, slots=True)
class Text:
    """Write a line of text on the picture. The font that comes along (Aileron, CC0) has the letters of ASCII, © and ™.

    Any other needs a `font`. Right-to-left scripts, emoji, and scripts whose letters change with their neighbors are
    refused.
    """

    text: str = line("The line", most=120)
    at: str = choice("Where it is put", *PLACES, default="south-east")
    size: Length = length("Of the letters", low=4, high=1000, most_percent=50, default=Length(percent=4))
    color: str = color("Their color", default="#ffffff")
    opacity: float = number("How much they cover: 0 nothing, 1 all of what is below", low=0, high=1, default=1.0)
    margin: Length = length(
        "How far they are from the edges", low=0, high=2000, most_percent=45, default=Length(percent=2)
    )
    font: NamedFile | None = file("A TrueType or OpenType font; by default Aileron", default=None)

    def __post_init__(self) -> None:
        """Check here, where recipes are read, that every character can be written."""
        for character in unicodedata.normalize("NFC", self.text):
            _check(character, self.font)


def text(picture: Picture, options: Text) -> Picture:
    """Write it there, at this picture's own scale; a line that is too long is written smaller."""
    size = max(1, options.size.of(picture.image.width))
    room = room_in(picture, options.margin)
    words = unicodedata.normalize("NFC", options.text)
    mark = _drawn(words, options.font, size, options.color, room)
    return marked(picture, faded(mark, options.opacity), options.at, options.margin)


@lru_cache(maxsize=8)
def _drawn(words: str, font: NamedFile | None, size: int, color_: str, room: Pixels) -> Image.Image:
    """The line on a see-through ground."""
    letters = _font(font, size)
    left, top, right, bottom = (round(side) for side in letters.getbbox(words))
    mask = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(mask).text((-left, -top), words, fill=255, font=letters)
    factor = min(1.0, room.width / mask.width, room.height / mask.height)
    if factor < 1:
        mask = mask.resize(Pixels(*mask.size).times(factor), Image.Resampling.BICUBIC)
    mark = Image.new("RGBA", mask.size, (*ImageColor.getrgb(color_)[:3], 0))
    mark.putalpha(mask)
    return mark


@lru_cache(maxsize=16)
def _font(font: NamedFile | None, size: int) -> ImageFont.FreeTypeFont:
    """At a size in pixels. Basic layout: the same letters at the same places wherever it runs."""
    basic = ImageFont.Layout.BASIC
    if font is None:
        built_in = ImageFont.load_default(size)
        if not isinstance(built_in, ImageFont.FreeTypeFont):
            raise OptionError("this Pillow is built without FreeType, so it cannot write")
        return built_in.font_variant(layout_engine=basic)
    try:
        return ImageFont.truetype(io.BytesIO(font.data), size, layout_engine=basic)
    except OSError as error:
        raise OptionError(f"{font.name} is not a font that can be used: {error}") from error


def _check(character: str, font: NamedFile | None) -> None:
    if unicodedata.bidirectional(character) in _RIGHT_TO_LEFT:
        raise OptionError(f"{character!r} is written from right to left, which is not supported")
    category = unicodedata.category(character)
    if (category in {"So", "Sk"} and ord(character) > _SYMBOLS_END) or character in _JOINERS:
        raise OptionError(f"{character!r} is an emoji, which no font draws in one color; use a watermark")
    needs_shaping = category.startswith("M") or (
        category.startswith("L") and not unicodedata.name(character, "").startswith(_LETTERS_WITHOUT_SHAPING)
    )
    if needs_shaping and character not in "ªº":
        raise OptionError(f"{character!r} is of a script whose letters change with their neighbors: not supported")
    if not character.isspace() and _is_missing(character, font):
        named = f"{font.name} has" if font else "the font that comes along (Aileron) has"
        raise OptionError(f'{named} no {character!r}; name a font file that has it: font = "NAME.ttf"')


@lru_cache(maxsize=256)
def _is_missing(character: str, font: NamedFile | None) -> bool:
    letters = _font(font, _TRIED_AT)
    return bytes(letters.getmask(character)) == bytes(letters.getmask(_NO_CHARACTER))
