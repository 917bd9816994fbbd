"""Bytes become a picture, or a reason why not.

The format is told from the bytes, never from a name or content type, and only its decoder is tried, where the recipe
accepts the format at all. Nothing is decoded before the header has passed the limits.
"""

from __future__ import annotations

import errno
import io
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from lightpress.image.animate import with_film
from lightpress.image.codecs import load_codec
from lightpress.image.declared import declared_color
from lightpress.image.declared_orientation import declared_orientation, without_margin
from lightpress.image.depth import apply_clear_color
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.formats import MARKUP, REFUSED, input_of, labels
from lightpress.image.headers import brands, holds_gain_map, tiff_pages
from lightpress.image.metadata import with_metadata
from lightpress.image.patches import png_without_frames
from lightpress.image.picture import QUARTER_TURNS, Picture
from lightpress.image.spec import Pixels, Spec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lightpress.image.formats import Input
    from lightpress.image.limits import Limits

# The limits of the recipe decide, right after the header is read; Pillow's own would only warn below its error line.
Image.MAX_IMAGE_PIXELS = None

# What the machine may run out of. An OSError with any other number, or none, is how Pillow reports damage.
_WORLDS_FAULT = {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.EINTR}

_BYTES_PER_COEFFICIENT = 2
_REDUCED_WHILE_DECODING = {"JPEG", "MPO"}
_METADATA = {"exif": "EXIF data", "xmp": "XMP data", "icc_profile": "colour profile"}


def decode(data: bytes, spec: Spec) -> Picture:
    """Decode the file `data`, no larger than the largest size of `spec` needs.

    Raises PictureRejected where the file is not a picture that is accepted here, is damaged, or breaks a limit.
    """
    try:
        return _decoded(data, spec)
    except PictureRejected as rejected:
        still = png_without_frames(data) if rejected.reason is Reason.CORRUPT else None
        if still is None:
            raise
        picture = _decoded(still, spec)
        note = "The animation is damaged; its variants show the still picture."
        return replace(picture, notes=(*picture.notes, note))


def _decoded(data: bytes, spec: Spec) -> Picture:
    spec.limits.check_bytes(len(data))
    row = _format_of(data, spec.accept)
    _check_before_opening(row, data, spec.limits)
    load_codec(row)
    with _damage_is_the_pictures_fault(memory=_memory_to_open(row, data)):
        opened = row.opener(data) if row.opener else Image.open(io.BytesIO(data), formats=(row.pillow,))
    _check_header(opened, row, data, spec.limits)
    with _damage_is_the_pictures_fault(memory=_memory(opened, row, Pixels(*opened.size)) + len(data)):
        opened = without_margin(opened, data)
        picture = _with_facts(opened, row, data)
        _reduce_while_decoding(picture, spec)
        spec.limits.check_decoded(_memory(opened, row, picture.original))
        opened.load()
        apply_clear_color(opened, data)
        return with_film(with_metadata(picture, spec.metadata), data, spec)


def _format_of(data: bytes, accept: Collection[str]) -> Input:
    """The row of the file's format, told by its first bytes; raises PictureRejected unless `accept` names it.

    What merely resembles one of ours is looked for first. No decoder has a part in this.
    """
    for refused in REFUSED:
        if refused.begins(data):
            raise _not_accepted(refused.name, accept)
    if row := input_of(data):
        if row.name not in accept:
            raise _not_accepted(row.label, accept)
        if what := row.unreadable(data):
            raise _not_accepted(what, accept)
        return row
    if brands(data):
        raise _not_accepted("a film, or a container of something else", accept)
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        raise _not_accepted("SVG, HTML or XML", accept)
    raise PictureRejected(Reason.NOT_A_PICTURE, f"Its first bytes are: {data[:8].hex(' ')}.")


def _not_accepted(what: str, accept: Collection[str]) -> PictureRejected:
    detail = f"The file is {what}, which is not accepted. Accepted: {', '.join(labels(accept))}."
    return PictureRejected(Reason.FORMAT_NOT_ACCEPTED, detail)


def _check_before_opening(row: Input, data: bytes, limits: Limits) -> None:
    """Check what costs time or memory as soon as the decoder opens the file."""
    if row.parts is not None and (count := row.parts.count(data)) > row.parts.most:
        raise _too_many_parts(row, f"more than {row.parts.most}" if count == row.parts.most + 1 else str(count))
    for width, height in row.sizes(data):
        limits.check_size(width, height)
        limits.check_decoded(width * height * row.bytes_per_pixel)


def _check_header(opened: Image.Image, row: Input, data: bytes, limits: Limits) -> None:
    limits.check_size(*opened.size)
    for key, name in _METADATA.items():
        limits.check_metadata(name, len(opened.info.get(key) or b""))
    if opened.format not in _REDUCED_WHILE_DECODING:
        limits.check_decoded(_memory(opened, row, Pixels(*opened.size)))
    if row.parts is not None and row.parts.most_pixels is not None:
        work = row.parts.count(data) * opened.width * opened.height
        if work > row.parts.most_pixels:
            raise _too_many_parts(row, f"{opened.width} x {opened.height} pixels in {row.parts.count(data)}")


def _too_many_parts(row: Input, count: str) -> PictureRejected:
    parts = row.parts.name if row.parts else "parts"
    return PictureRejected(Reason.TOO_MANY_PARTS, f"The file has {count} {parts}; no sound picture needs as many.")


def _with_facts(opened: Image.Image, row: Input, data: bytes) -> Picture:
    stored = Pixels(*opened.size)
    orientation = declared_orientation(opened.format, opened.info, data)
    return Picture(
        image=opened,
        format=row.name,
        original=stored.turned() if orientation in QUARTER_TURNS else stored,
        orientation=orientation,
        color=declared_color(opened.format, opened.info, data),
        notes=tuple(_notes(opened, data)),
    )


def _notes(opened: Image.Image, data: bytes) -> Iterator[str]:
    if opened.format in {"JPEG", "MPO", "HEIF"} and holds_gain_map(data):
        yield "The gain map, which brightens the picture on some screens, is dropped."
    elif opened.format in {"MPO", "HEIF"} and getattr(opened, "is_animated", False):
        yield "The file holds several pictures; its variants show the main one."
    if opened.format == "TIFF" and (pages := tiff_pages(data)) > 1:
        yield f"The file has {pages} pages; its variants show the first."


def _reduce_while_decoding(picture: Picture, spec: Spec) -> None:
    """Have the JPEG decoder drop what no size needs: up to 8 times fewer pixels each way, for half the CPU."""
    if picture.image.format in _REDUCED_WHILE_DECODING:
        largest = spec.rungs(picture.original)[0].whole
        picture.image.draft(None, picture.as_stored(largest))


def _memory_to_open(row: Input, data: bytes) -> int:
    return len(data) + max((width * height * row.bytes_per_pixel for width, height in row.sizes(data)), default=0)


def _memory(opened: Image.Image, row: Input, original: Pixels) -> int:
    """How much memory decoding takes, at most."""
    width, height = opened.size
    needed = width * height * row.bytes_per_pixel
    if opened.info.get("progressive"):
        # All scans of a progressive JPEG are held at full size, however little of it is wanted.
        needed += round(original.width * original.height * _coefficients(opened) * _BYTES_PER_COEFFICIENT)
    return needed


def _coefficients(opened: Image.Image) -> float:
    """How many numbers a progressive JPEG holds per pixel: 3 channels at full size, or two of them at a quarter."""
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
        raise PictureRejected(Reason.CORRUPT, f"The decoder says: {error}.", memory=memory) from error
