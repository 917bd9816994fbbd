"""Bytes become a picture, or a reason why not.

The format is told from the bytes, never from a name or content type, and only its decoder is tried, where the recipe
accepts the format at all. Nothing is decoded before the header has passed the limits.
"""

from __future__ import annotations

import errno
import io
import struct
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from lightpress.image.animate import with_animation
from lightpress.image.codecs import can_load, load_codec
from lightpress.image.color import in_srgb
from lightpress.image.credentials import holds_credentials
from lightpress.image.declared import declared_color
from lightpress.image.declared_orientation import declared_orientation, without_margin
from lightpress.image.depth import apply_clear_color, eight_bits
from lightpress.image.errors import FileCutShort, PictureRejected, Reason
from lightpress.image.exif import captured
from lightpress.image.headers import brands, holds_gain_map, tiff_pages
from lightpress.image.inputs import input_of, labels
from lightpress.image.jpeg import around_pixels, is_held_whole
from lightpress.image.metadata import with_metadata
from lightpress.image.picture import QUARTER_TURNS, Picture
from lightpress.image.quick_png import fill_quickly
from lightpress.image.rare_png import follow_chunks
from lightpress.image.refused import MARKUP, REFUSED
from lightpress.image.spec import Pixels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lightpress.image.gain_map import GainMap
    from lightpress.image.inputs import Input, Parts
    from lightpress.image.limits import Limits
    from lightpress.image.spec import DecodeOptions

# The limits of the recipe decide, right after the header is read; Pillow's own would only warn below its error line.
Image.MAX_IMAGE_PIXELS = None

# What the machine may run out of. An OSError with any other number, or none, is how Pillow reports damage.
_WORLDS_FAULT = {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.EINTR}

_PYTHONS_OWN = (ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, TypeError, struct.error)

_BYTES_PER_COEFFICIENT = 2
_REDUCED_WHILE_DECODING = {"JPEG", "MPO"}
_MAY_HOLD_GAIN_MAP = {"JPEG", "MPO", "HEIF", "AVIF"}
_METADATA = {"exif": "EXIF data", "xmp": "XMP data", "icc_profile": "color profile"}


def decode(data: bytes, options: DecodeOptions) -> Picture:
    """Decode the file `data`, with as many pixels as are needed, or more.

    Raises PictureRejected where the file is not a picture that is accepted here, is damaged beyond what browsers show,
    or breaks a limit.
    """
    options.limits.check_bytes(len(data))
    row = _format_of(data, options.accept)
    if row.inside is None:
        return _decoded_as_it_is(data, row, options)
    with _damage_is_the_pictures_fault(memory=len(data)):
        inside = row.inside(data)
    picture = _decoded_as_it_is(inside.data, row, options)
    return replace(picture, notes=(inside.note, *picture.notes))


def _decoded_as_it_is(data: bytes, row: Input, options: DecodeOptions) -> Picture:
    """Decode the file or, where its decoder calls it damaged, what can be mended of it."""
    try:
        return _drawn(data, row, options) if row.drawing else _decoded(data, row, options)
    except FileCutShort:
        raise
    except PictureRejected as rejected:
        repaired = _decoded_repaired(data, row, options) if rejected.reason is Reason.CORRUPT else None
        if repaired is None:
            raise
        return repaired


def _decoded_repaired(data: bytes, row: Input, options: DecodeOptions) -> Picture | None:
    """Mend one thing after the other, until the decoder takes the file."""
    notes: tuple[str, ...] = ()
    visible, is_upside_down = 1.0, False
    for repair in row.repairs:
        repaired = repair(data)
        if repaired is None:
            continue
        if repaired.is_cut:
            options.check_cut("parts of the picture are missing")
        data, notes = repaired.data, (*notes, repaired.note)
        visible, is_upside_down = min(visible, repaired.visible), repaired.is_upside_down
        try:
            picture = _decoded(data, row, options)
        except PictureRejected as rejected:
            if rejected.reason is not Reason.CORRUPT:
                raise
            continue
        shown = picture if visible == 1 else _hidden(picture, visible, is_upside_down=is_upside_down)
        return replace(shown, notes=(*notes, *shown.notes), is_damaged=repaired.is_cut)
    return None


def _hidden(picture: Picture, visible: float, *, is_upside_down: bool) -> Picture:
    """See-through where there are no pixels, as on a page; no decoder's gray or black is made up."""
    if picture.image.mode == "CMYK":
        picture = in_srgb(picture)  # inks have no alpha
    shown = eight_bits(picture.image)
    shown = shown.convert("LA" if shown.mode in {"L", "LA"} else "RGBA")  # gray stays gray, as its profile expects it
    alpha = Image.new("L", shown.size)
    rows = round(shown.height * visible)
    top = shown.height - rows if is_upside_down else 0
    alpha.paste(255, (0, top, shown.width, top + rows))
    alpha.paste(shown.getchannel("A"), mask=alpha)
    shown.putalpha(alpha)
    return replace(picture, image=shown)


def _decoded(data: bytes, row: Input, options: DecodeOptions) -> Picture:
    memory_to_open = _check_before_opening(row, data, options.limits)
    load_codec(row)
    with _damage_is_the_pictures_fault(memory=memory_to_open):
        opened = row.opener(data) if row.opener else Image.open(io.BytesIO(data), formats=(row.pillow,))
    held = _held_at_full_size(opened, data)
    _check_header(opened, row, data, options.limits)
    with _damage_is_the_pictures_fault(memory=_memory(opened, row) + held + len(data)):
        opened = without_margin(opened, data)
        picture = _within_metadata_limit(_with_facts(opened, row, data, options), options.limits)
        _reduce_while_decoding(picture, options)
        options.limits.check_decoded(_memory(opened, row) + held)
        planar = _in_planes(opened, data) if options.planar else None
        if planar is None:
            _load(opened, data, native=options.native)
        picture = with_metadata(replace(picture, capture=captured(opened, options.facts)), options.metadata)
        return with_animation(picture, data, options) if planar is None else replace(picture, image=planar)


def _in_planes(opened: Image.Image, data: bytes) -> Image.Image | None:
    from lightpress.image.plane_codecs import in_planes  # noqa: PLC0415  no cold start should pay for ctypes

    return in_planes(opened, data)


def _load(opened: Image.Image, data: bytes, *, native: bool) -> None:
    if native:
        fill_quickly(opened, data)
    opened.load()
    follow_chunks(opened, data)
    apply_clear_color(opened, data)


def _drawn(data: bytes, row: Input, options: DecodeOptions) -> Picture:
    """Draw a file that has no pixels of its own, with as many as its largest size needs."""
    assert row.drawing is not None  # noqa: S101  for the reader
    memory = _check_before_opening(row, data, options.limits)
    load_codec(row)
    with _damage_is_the_pictures_fault(memory=memory):
        drawing = row.drawing(data)
    pixels = options.drawn(drawing.width, drawing.height, row.bytes_per_pixel)
    with _damage_is_the_pictures_fault(memory=len(data) + pixels.width * pixels.height * row.bytes_per_pixel):
        image = drawing.draw(pixels)
    return Picture(image, data, row.name, pixels, notes=drawing.notes, redraw=drawing.draw)


def _format_of(data: bytes, accept: Collection[str]) -> Input:
    """The row of the file's format, told by its first bytes; raises PictureRejected unless `accept` names it.

    What merely resembles one of ours is looked for first. No decoder has a part in this.
    """
    for refused in REFUSED:
        if refused.begins(data):
            raise _not_accepted(refused.name, accept)
    if row := input_of(data):
        if row.name not in accept:
            raise _not_accepted(row.label, accept, row)
        if not can_load(row):
            raise _without_decoder(row)
        if what := row.unreadable(data):
            raise _not_accepted(what, accept)
        return row
    if brands(data):
        raise _not_accepted("a film, or a container of something else", accept)
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        raise _not_accepted("SVG, HTML or XML", accept)
    raise PictureRejected(Reason.NOT_A_PICTURE, f"Its first bytes are: {data[:8].hex(' ')}.")


def _not_accepted(what: str, accept: Collection[str], row: Input | None = None) -> PictureRejected:
    detail = f"The file is {what}, which is not accepted. Accepted: {', '.join(labels(accept))}."
    hint = _for_operators(row) if row is not None and (row.wheel or row.inside) else ""
    return PictureRejected(Reason.FORMAT_NOT_ACCEPTED, detail + hint)


def _for_operators(row: Input) -> str:
    """How such files are accepted, for whoever deploys: uploaders cannot change it."""
    option = f' and in the option extra_inputs of the stack (pip install "lightpress[{row.name}]" for the command line)'
    return f' Operators accept it by naming "{row.name}" in the accept of a recipe{option if row.wheel else ""}.'


def _without_decoder(row: Input) -> PictureRejected:
    detail = f"The file is {row.label}, and {row.wheel}, which reads it, is not installed.{_for_operators(row)}"
    return PictureRejected(Reason.FORMAT_NOT_ACCEPTED, detail)


def _check_before_opening(row: Input, data: bytes, limits: Limits) -> int:
    """Check what costs time or memory as soon as the decoder opens the file; returns the memory in bytes."""
    for parts in row.parts:
        if (count := parts.count(data)) > parts.most:
            raise _too_many_parts(parts, f"more than {parts.most}" if count == parts.most + 1 else str(count))
    memory = 0
    for width, height in row.sizes(data):
        limits.check_size(width, height)
        memory = max(memory, width * height * row.bytes_per_pixel)
        limits.check_decoded(memory)
    return len(data) + memory


def _check_header(opened: Image.Image, row: Input, data: bytes, limits: Limits) -> None:
    limits.check_size(*opened.size)
    if opened.format not in _REDUCED_WHILE_DECODING:
        limits.check_decoded(_memory(opened, row))
    for parts in row.parts:
        if parts.most_pixels is None or parts.most * opened.width * opened.height <= parts.most_pixels:
            continue
        count = parts.count(data)
        if count * opened.width * opened.height > parts.most_pixels:
            raise _too_many_parts(parts, f"{opened.width} x {opened.height} pixels in {count}")


def _too_many_parts(parts: Parts, count: str) -> PictureRejected:
    return PictureRejected(Reason.TOO_MANY_PARTS, f"The file has {count} {parts.name}; no sound picture needs as many.")


def _with_facts(opened: Image.Image, row: Input, data: bytes, options: DecodeOptions) -> Picture:
    words = around_pixels(data) if opened.format in _REDUCED_WHILE_DECODING else data
    gain_map = _gain_map(opened, data, words) if options.gain_map else None
    stored = Pixels(*opened.size)
    orientation = declared_orientation(opened.format, opened.info, data)
    return Picture(
        image=opened,
        data=data,
        format=row.name,
        original=stored.turned() if orientation in QUARTER_TURNS else stored,
        orientation=orientation,
        color=declared_color(opened.format, opened.info, data),
        notes=tuple(_notes(opened, data, words, keeps_gain_map=gain_map is not None)),
        gain_map=gain_map,
    )


def _gain_map(opened: Image.Image, data: bytes, words: bytes) -> GainMap | None:
    if opened.format not in _REDUCED_WHILE_DECODING or not holds_gain_map(words):
        return None
    from lightpress.image.gain_map import gain_map_of  # noqa: PLC0415  few pictures have one

    return gain_map_of(data)


def _within_metadata_limit(picture: Picture, limits: Limits) -> Picture:
    """Leave out what is too long: no pixel needs it, and a profile of that size is none."""
    info, notes = picture.image.info, []
    for key, name in _METADATA.items():
        if (count := len(info.get(key) or b"")) > limits.max_metadata_bytes:
            del info[key]
            notes.append(f"The {name} ({count} bytes, at most {limits.max_metadata_bytes} are read) is left out.")
    return replace(picture, notes=(*picture.notes, *notes)) if notes else picture


def _notes(opened: Image.Image, data: bytes, words: bytes, *, keeps_gain_map: bool) -> Iterator[str]:
    """What was noticed. words: what of the file may say something about the picture."""
    if opened.format in _MAY_HOLD_GAIN_MAP and holds_gain_map(words):
        if not keeps_gain_map:
            yield "The gain map, which brightens the picture on some screens, is dropped."
    elif opened.format in {"MPO", "HEIF"} and getattr(opened, "is_animated", False):
        yield "The file holds several pictures; its variants show the main one."
    if holds_credentials(words):
        yield "The Content Credentials (C2PA) are dropped: they vouch for the bytes of the original only."
    if opened.format == "TIFF" and (pages := tiff_pages(data)) > 1:
        yield f"The file has {pages} pages; its variants show the first."


def _reduce_while_decoding(picture: Picture, options: DecodeOptions) -> None:
    """Have the JPEG decoder drop what no size needs: up to 8 times fewer pixels each way, for half the CPU."""
    if picture.image.format in _REDUCED_WHILE_DECODING:
        picture.image.draft(None, picture.as_stored(options.needed(picture.original)))


def _memory(opened: Image.Image, row: Input) -> int:
    """How much memory decoding to these pixels takes, at most."""
    moves = row.animated_bytes_per_pixel and getattr(opened, "n_frames", 1) > 1
    return opened.width * opened.height * (row.animated_bytes_per_pixel if moves else row.bytes_per_pixel)


def _held_at_full_size(opened: Image.Image, data: bytes) -> int:
    """The memory of a JPEG in several scans, all of which are held at full size, however little of it is wanted."""
    if opened.format not in _REDUCED_WHILE_DECODING or not is_held_whole(data):
        return 0
    return round(opened.width * opened.height * _coefficients(opened) * _BYTES_PER_COEFFICIENT)


def _coefficients(opened: Image.Image) -> float:
    """How many numbers such a JPEG holds per pixel: 3 channels at full size, or two of them at a quarter."""
    channels = [(across, down) for _, across, down, *_ in getattr(opened, "layer", [])]
    whole = max((across for across, _ in channels), default=1) * max((down for _, down in channels), default=1)
    return float(sum(across * down for across, down in channels) / max(whole, 1))


@contextmanager
def _damage_is_the_pictures_fault(memory: int) -> Iterator[None]:
    """Turn what decoders raise over bad bytes into PictureRejected; what the machine lacks stays as it is.

    Decoders raise nearly anything over damaged files (measured over 60,000 mutants: ten types), so this does not list
    types. Nor does it warn: odd files are the daily business here.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (PictureRejected, MemoryError):
        raise
    except UnidentifiedImageError as error:
        detail = "The file begins like a picture, but its header is damaged or of a rare kind."
        raise PictureRejected(Reason.CORRUPT, detail, memory=memory) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _WORLDS_FAULT:
            raise
        raise PictureRejected(Reason.CORRUPT, _in_words(error), memory=memory) from error


def _in_words(error: Exception) -> str:
    """What a decoder raised, for whoever uploaded the file: messages of Python itself say nothing to them."""
    if isinstance(error, _PYTHONS_OWN):
        return "The file is damaged or cut short: its parts do not fit together."
    return f"The decoder says: {error}."
