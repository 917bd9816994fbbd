"""Animations: their frames as they are shown one after the other, and how they become a file again.

Frames are never all in memory: each pass over them decodes them anew, which costs a small part of encoding them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from PIL import Image

from lightpress.image.animation import Animation, Frame
from lightpress.image.depth import apply_clear_color, eight_bits
from lightpress.image.isobmff import plays_of, with_plays, without_times
from lightpress.image.patches import After, BrokenSequenceError, Patch, gif_patches, is_apng, png_patches
from lightpress.image.png import CutShortError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lightpress.image.job import Embedded
    from lightpress.image.limits import Limits
    from lightpress.image.outputs import Output
    from lightpress.image.picture import Picture
    from lightpress.image.spec import DecodeOptions

_PATCHES = {"gif": gif_patches, "png": png_patches}
_SOUGHT = {"webp", "avif"}
_GREY = {"L", "LA", "I;16"}
_CLEAR = (0, 0, 0, 0)
_SAYS_OF_COLOR = {"gamma", "srgb"}

# Browsers show a frame with a delay of up to 10 ms for 100 ms: older programs wrote 0 for "as the viewer likes".
_TOO_SHORT, _INSTEAD = 10, 100
# As long as a GIF's frame can last; WebP counts milliseconds in 24 bits, and its encoder the sum in 31.
_LONGEST = 655_350
_MOST_PLAYS = 65_535

# The canvas, its copies and the encoder's: at full size 60 were measured.
_BYTES_PER_CANVAS_PIXEL = 64
# The first frame, put together on a canvas: 18 were measured, beside what the decoder holds.
_BYTES_PER_POSTER_PIXEL = 20
_BYTES_PER_PIXEL = 4

# https://developers.google.com/speed/webp/docs/riff_container#extended_file_format
_WEBP_KIND, _WEBP_FLAGS = slice(12, 16), 20
_WEBP_ANIMATED, _WEBP_ALPHA = 0x02, 0x10
# https://aomediacodec.github.io/av1-avif/#image-sequence-brand
_BRAND = slice(4, 12)


def with_animation(picture: Picture, data: bytes, options: DecodeOptions) -> Picture:
    """Give an animated picture its frames, each of them decoded once to know that they are sound.

    The picture itself becomes the first frame that is shown. It remains alone where no frames are wanted, and where
    the animation breaks a limit.
    """
    try:
        found = _read(picture, data, options.limits)
    except BrokenSequenceError as error:
        return _noted(picture, f"The animation is damaged ({error}); its variants show the still picture.")
    if found is None:
        return picture
    if found.damage:
        options.check_cut("the last frames are missing")
        picture = _noted(picture, f"{found.damage}: of its frames {found.count} are whole.")
    return _animated(picture, found, data, options) if found.count else picture


def _animated(picture: Picture, found: _Found, data: bytes, options: DecodeOptions) -> Picture:
    if picture.image.width * picture.image.height * _BYTES_PER_POSTER_PIXEL > options.limits.max_decoded_bytes:
        most = options.limits.max_decoded_bytes
        return _noted(picture, f"The animation takes more than {most} bytes once decoded; its variants are still.")
    poster = replace(picture, image=next(found.frames()).image, is_poster=True)
    if found.count == 1:
        return poster
    still = _why_still(picture, found, options)
    if still:
        return _noted(poster, f"{still}; its variants show the first frame.")
    milliseconds, alike = _looked_through(found)
    if alike:
        return _noted(poster, "All frames of the animation are alike; its variants are still.")
    return replace(poster, animation=Animation(milliseconds, _plays(picture, data), found.frames))


def encode_animation(
    frames: Callable[[], Iterator[Image.Image]],
    animation: Animation,
    output: Output,
    chosen: Mapping[str, Any],
    embedded: Embedded,
) -> bytes:
    """Encode the frames (those of `animation`, reduced and so on) as `output`.

    chosen: the quality, and what else is chosen for this animation, in Pillow's words.
    """
    settings = {
        "save_all": True,
        "duration": animation.milliseconds,
        "loop": animation.plays,
        **(output.motion or {}),
        **chosen,
        **embedded.as_options(),
    }
    count = len(animation.milliseconds)
    if not output.in_boxes:
        reel = _Reel(frames(), count)
        data = _saved(reel, output, settings)
        return _with_alpha_flag(data) if reel.see_through else data
    try:
        data = _saved(_Reel(_of_mode("RGB", frames()), count), output, settings)
    except _SeeThroughError:
        data = _saved(_Reel(_of_mode("RGBA", frames()), count), output, settings)
    return without_times(with_plays(data, animation.plays))


def _saved(reel: _Reel, output: Output, settings: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    reel.save(buffer, output.pillow, **settings)
    return buffer.getvalue()


class _SeeThroughError(Exception):
    """A frame is see-through, and all were to be opaque."""


def _of_mode(mode: str, frames: Iterator[Image.Image]) -> Iterator[Image.Image]:
    """The frames in one mode, "RGB" or "RGBA"; raises _SeeThroughError where one does not fit in."""
    for image in frames:
        if image.mode == "RGBA" != mode:
            raise _SeeThroughError
        yield image if image.mode == mode else image.convert(mode)


def moves(data: bytes) -> bool:
    """Whether an encoded animation moves: of frames that are all alike an encoder may make a still picture."""
    if data[_BRAND] == b"ftypavis":
        return True
    return data[_WEBP_KIND] == b"VP8X" and bool(data[_WEBP_FLAGS] & _WEBP_ANIMATED)


def _with_alpha_flag(data: bytes) -> bytes:
    """Say in the header that one can see through: the encoder does not where frames only leave parts uncovered."""
    if not moves(data):
        return data
    return data[:_WEBP_FLAGS] + bytes((data[_WEBP_FLAGS] | _WEBP_ALPHA,)) + data[_WEBP_FLAGS + 1 :]


class _Reel(Image.Image):
    """Frames for Pillow's encoder, which asks for one after the other: only the current one is in memory."""

    def __init__(self, frames: Iterator[Image.Image], count: int) -> None:
        super().__init__()
        self.n_frames, self.is_animated = count, count > 1
        self.see_through = False
        self._frames = frames
        self._next = 0
        self.seek(0)

    def seek(self, frame: int) -> None:
        if frame >= self.n_frames:
            raise EOFError  # as Pillow's own files say it
        if frame == self._next:  # when it is done it asks to go back, and looks at nothing
            image = next(self._frames)
            self.im, self._mode, self._size = image.im, image.mode, image.size
            self.see_through |= image.mode == "RGBA"
            self._next += 1


@dataclass(frozen=True, slots=True)
class _Found:
    """The frames of a file.

    Attributes:
        count: How many, counted up to one more than the limit.
        pixels: How many pixels all of them take.
        frames: Decodes them one by one.
        damage: What is wrong with the file behind these frames, as the beginning of a sentence; empty if nothing is.
    """

    count: int
    pixels: int
    frames: Callable[[], Iterator[Frame]]
    damage: str = ""


def _read(picture: Picture, data: bytes, limits: Limits) -> _Found | None:
    """Find the frames without decoding them; None where the picture is what is shown."""
    canvas = picture.image.width * picture.image.height
    if picture.format not in _PATCHES.keys() | _SOUGHT:
        return None  # nor is it asked: Pillow would read the layers of a PSD
    if picture.format in _SOUGHT:
        count = getattr(picture.image, "n_frames", 1)
        return _Found(count, count * canvas, partial(_sought, data, count)) if count > 1 else None
    if picture.format == "png" and not is_apng(data):
        return None
    patches, damage = _whole(islice(_PATCHES[picture.format](data), limits.max_frames + 1))
    whole = (0, 0, *picture.image.size)
    if not damage and (not patches or (picture.format == "gif" and not patches[1:] and patches[0].box == whole)):
        return None
    pixels = sum(max(canvas, patch.box.pixels) for patch in patches)
    return _Found(len(patches), pixels, partial(_composed, picture.image, patches, limits), damage)


def _whole(patches: Iterator[Patch]) -> tuple[tuple[Patch, ...], str]:
    """The patches that are whole, and what is wrong with the file behind them."""
    found: list[Patch] = []
    try:
        found.extend(patches)
    except CutShortError:
        return tuple(found), "The file is cut short"
    except BrokenSequenceError as error:
        if not found:
            raise
        return tuple(found), f"The animation is damaged ({error})"
    return tuple(found), ""


def _looked_through(found: _Found) -> tuple[tuple[int, ...], bool]:
    """Decode every frame: how long each is shown, and whether nothing ever changes."""
    milliseconds, first, alike = [], None, True
    for frame in found.frames():
        milliseconds.append(frame.milliseconds)
        first = first or frame.image
        alike = alike and frame.image == first
    return tuple(milliseconds), alike


def _composed(picture: Image.Image, patches: tuple[Patch, ...], limits: Limits) -> Iterator[Frame]:
    """Draw one patch after the other, as browsers do: on a canvas that is see-through at first."""
    shown = Image.new("RGBA", picture.size, _CLEAR)
    shown.info = {key: value for key, value in picture.info.items() if key in _SAYS_OF_COLOR}
    mode = "LA" if picture.format == "PNG" and picture.mode in _GREY else "RGBA"  # as its color profile expects it
    for patch in patches:
        image = _decoded(patch, limits)
        before = shown.crop(patch.box)
        if patch.over:
            shown.alpha_composite(image, patch.box[:2])
        else:
            shown.paste(image, patch.box[:2])
        yield Frame(shown.copy() if mode == "RGBA" else shown.convert(mode), _as_browsers_do(patch.milliseconds))
        if patch.after is After.CLEAR:
            shown.paste(_CLEAR, patch.box)
        elif patch.after is After.RESTORE:
            shown.paste(before, patch.box[:2])


def _decoded(patch: Patch, limits: Limits) -> Image.Image:
    limits.check_decoded(patch.box.pixels * _BYTES_PER_PIXEL)  # a GIF's may be larger than its canvas
    data = patch.still()
    opened = Image.open(io.BytesIO(data), formats=("GIF", "PNG"))
    opened.load()
    apply_clear_color(opened, data)
    return eight_bits(opened).convert("RGBA")


def _sought(data: bytes, count: int) -> Iterator[Frame]:
    """Frames that the decoder puts together itself."""
    opened = Image.open(io.BytesIO(data), formats=("WEBP", "AVIF"))
    for number in range(count):
        opened.seek(number)
        opened.load()
        yield Frame(opened.copy(), _as_browsers_do(round(opened.info.get("duration", 0))))


def _as_browsers_do(milliseconds: int) -> int:
    return _INSTEAD if milliseconds <= _TOO_SHORT else min(milliseconds, _LONGEST)


def _plays(picture: Picture, data: bytes) -> int:
    """How often it plays. A GIF counts repetitions, and without a count it plays once; the others count plays."""
    if picture.format == "avif":
        return plays_of(data)
    loop = picture.image.info.get("loop")
    if picture.format == "gif":
        return 1 if loop is None else min(loop + 1, _MOST_PLAYS) if loop else 0
    return min(loop or 0, _MOST_PLAYS)


def _why_still(picture: Picture, found: _Found, options: DecodeOptions) -> str | None:
    limits = options.limits
    if not options.animation:
        return "The picture is animated"
    if found.count > limits.max_frames:
        return f"The animation has more than {limits.max_frames} frames"
    if found.pixels > limits.max_animation_pixels:
        return f"The animation has more than {limits.max_animation_pixels} pixels in all its frames"
    if picture.image.width * picture.image.height * _BYTES_PER_CANVAS_PIXEL > limits.max_decoded_bytes:
        return f"The animation takes more than {limits.max_decoded_bytes} bytes once decoded"
    return None


def _noted(picture: Picture, *notes: str) -> Picture:
    return replace(picture, notes=(*picture.notes, *notes))
