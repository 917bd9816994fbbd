"""Bytes become a picture, or a reason why not.

The format is told from the bytes, never from a name or content type, and only the decoders of `formats.ACCEPTED` are
tried. Nothing is decoded before the header has passed the limits.
"""

from __future__ import annotations

import errno
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import ExifTags, Image, UnidentifiedImageError

from lightpress.image.animate import with_film
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.formats import ACCEPTED, MAGIC, MARKUP, REFUSED
from lightpress.image.picture import QUARTER_TURNS, Picture
from lightpress.image.spec import Pixels, Spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.image.limits import Limits

# The limits of the recipe decide, right after the header is read; Pillow's own would only warn below its error line.
Image.MAX_IMAGE_PIXELS = None

# What the machine may run out of. An OSError with any other number, or none, is how Pillow reports damage.
_WORLDS_FAULT = {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.EINTR}

_BYTES_PER_PIXEL = 4
_BYTES_PER_PROGRESSIVE_PIXEL = 3
_REDUCED_WHILE_DECODING = {"JPEG", "MPO"}


def decode(data: bytes, spec: Spec) -> Picture:
    """Decode the file `data`, no larger than the largest size of `spec` needs.

    Raises PictureRejected where the file is not a picture that is accepted here, is damaged, or breaks a limit.
    """
    spec.limits.check_bytes(len(data))
    with _damage_is_the_pictures_fault(data):
        opened = Image.open(io.BytesIO(data), formats=ACCEPTED)
        spec.limits.check_size(*opened.size)
        if opened.format not in _REDUCED_WHILE_DECODING:
            _check_memory(opened, Pixels(*opened.size), spec.limits)
        picture = _with_facts(opened)
        _reduce_while_decoding(picture, spec)
        _check_memory(opened, picture.original, spec.limits)
        opened.load()
        return with_film(picture, data, spec)


def _with_facts(opened: Image.Image) -> Picture:
    stored = Pixels(*opened.size)
    orientation = _orientation(opened)
    return Picture(
        image=opened,
        format=_format_name(opened),
        original=stored.turned() if orientation in QUARTER_TURNS else stored,
        orientation=orientation,
        profile=opened.info.get("icc_profile"),
    )


def _orientation(opened: Image.Image) -> int:
    """EXIF's 1 to 8; broken EXIF data says nothing, and costs no picture."""
    if opened.format == "TIFF":
        return 1  # Pillow turns these itself as it decodes them, and gives their size as seen upright
    if opened.format == "PNG":
        opened.load()  # its EXIF data may lie behind the pixels
    try:
        tag = opened.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001  as with pixels: Pillow raises nearly anything over damaged data
        return 1
    return tag if isinstance(tag, int) and tag in range(1, 9) else 1


def _format_name(opened: Image.Image) -> str:
    return "jpeg" if opened.format == "MPO" else str(opened.format).lower()


def _reduce_while_decoding(picture: Picture, spec: Spec) -> None:
    """Have the JPEG decoder drop what no size needs: up to 8 times fewer pixels each way, for half the CPU."""
    largest = spec.rungs(picture.original)[0].whole
    picture.image.draft(None, picture.as_stored(largest))


def _check_memory(opened: Image.Image, original: Pixels, limits: Limits) -> None:
    width, height = opened.size
    needed = width * height * _BYTES_PER_PIXEL
    if opened.info.get("progressive"):
        # All scans of a progressive JPEG are held at full size, however little of it is wanted.
        needed += original.width * original.height * _BYTES_PER_PROGRESSIVE_PIXEL
    limits.check_decoded(needed)


@contextmanager
def _damage_is_the_pictures_fault(data: bytes) -> Iterator[None]:
    """Turn what decoders raise over bad bytes into PictureRejected; what the machine lacks stays as it is.

    Decoders raise nearly anything over damaged files (measured over 60,000 mutants: ten types), so this does not list
    types: the limits have passed, hence memory is not what was lacking.
    """
    try:
        yield
    except (PictureRejected, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise _unrecognised(data) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _WORLDS_FAULT:
            raise
        raise PictureRejected(Reason.CORRUPT, f"The decoder says: {error}.") from error


def _unrecognised(data: bytes) -> PictureRejected:
    for refused in REFUSED:
        if data.startswith(refused.magic, refused.at):
            return PictureRejected(Reason.FORMAT_NOT_ACCEPTED, f"The file is {refused.name}, which is not accepted.")
    if any(data.startswith(magic, at) for magic, at in MAGIC):
        return PictureRejected(Reason.CORRUPT, "The file begins like a picture, but its header is damaged.")
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        return PictureRejected(Reason.FORMAT_NOT_ACCEPTED, "The file is SVG, HTML or XML, which is not accepted.")
    return PictureRejected(Reason.NOT_A_PICTURE, f"Its first bytes are: {data[:8].hex(' ')}.")
