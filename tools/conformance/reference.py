"""Decodes a file independently of the image core: by Pillow with every plugin, and by LittleCMS at full size."""

from __future__ import annotations

import importlib
import io
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageCms, UnidentifiedImageError

from tools.conformance.orientation import UPRIGHT, Declared, declared, turned
from tools.conformance.record import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

_FRAMES_MATTER = {"GIF", "PNG", "WEBP", "AVIF", "TIFF"}
_ORIENTED_BY_DECODER = {"HEIF"}
_CONVERTED_TO = {"1": "L", "P": "RGB", "PA": "RGBA", "RGBX": "RGB", "RGBa": "RGBA", "La": "LA", "YCbCr": "RGB"}
_SPACE = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_SUBFILE_KIND = 254
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_USUAL_GAMMA = 1 / 2.2
_GAMMA_TOLERANCE = 0.01


class UnclearError(Exception):
    """There is no agreement on how such an image looks."""


class Opened(NamedTuple):
    """The reference of a file, and its pixels as stored; None where they do not decode."""

    reference: Reference
    stored: Image.Image | None


@dataclass(frozen=True, slots=True)
class Seen:
    """An image as seen: upright, in sRGB.

    Attributes:
        colors: The colors, composed on white.
        alpha: The alpha channel; None where the image is opaque.
    """

    colors: Image.Image
    alpha: Image.Image | None


def with_every_plugin() -> None:
    """Load all plugins of Pillow, that of HEIC where it is installed, and lift the limit on pixels."""
    Image.MAX_IMAGE_PIXELS = None
    Image.init()
    with suppress(ImportError):
        importlib.import_module("pillow_heif").register_heif_opener()


def opened(data: bytes) -> Opened:
    """Decode the file."""
    says = declared(data)
    try:
        image = Image.open(io.BytesIO(_without_orientation(still_if_unsound(data), says)))
    except UnidentifiedImageError:
        return Opened(Reference("unidentified"), None)
    except Exception as error:  # noqa: BLE001  decoders raise nearly anything
        return Opened(Reference("damaged", f"{type(error).__name__}: {error}"), None)
    name = str(image.format)
    try:
        frames = _frames(image) if name in _FRAMES_MATTER else 1
        if frames > 1 and "default_image" in image.info:
            frames -= 1  # shown only where animations are not understood, and no frame of this one
            image.seek(1)
        elif frames > 1:
            image.seek(0)
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001
        return Opened(Reference("damaged", f"{type(error).__name__}: {error}", name), None)
    orientation = None if name in _ORIENTED_BY_DECODER else says and says.orientation
    width, height = image.size
    if orientation and Declared(orientation).quarter_turn():
        width, height = height, width
    return Opened(Reference("decodes", "", name, width, height, frames, orientation), image)


def _frames(image: Image.Image) -> int:
    """Number of frames or pages, without the reduced copies of a page in TIFF."""
    count: int = getattr(image, "n_frames", 1)
    if image.format != "TIFF":
        return count
    copies = 0
    for page in range(1, count):
        image.seek(page)
        copies += image.tag_v2.get(_SUBFILE_KIND, 0) & 1  # type: ignore[attr-defined]
    image.seek(0)
    return count - copies


def still_if_unsound(data: bytes) -> bytes:
    """The file; a PNG whose animation is invalid without its animation, because viewers then show the still image.

    Rules: https://www.w3.org/TR/png-3/#apng-frame-based-animation. There are as many frames as announced, and their
    chunks are numbered from 0 without a gap. (Of more frames than announced, viewers show the announced ones.)
    """
    if not data.startswith(_PNG_SIGNATURE) or b"acTL" not in data:
        return data
    chunks = list(_chunks(data))
    numbers = [body[:4] for kind, body, _ in chunks if kind in {b"fcTL", b"fdAT"}]
    frames = sum(kind == b"fcTL" for kind, _, _ in chunks)
    announced = [int.from_bytes(body[:4], "big") for kind, body, _ in chunks if kind == b"acTL"]
    if (
        len(announced) == 1
        and announced[0] <= frames
        and numbers == [number.to_bytes(4, "big") for number in range(len(numbers))]
    ):
        return data
    return still(data)


def still(data: bytes) -> bytes:
    """A PNG without its animation: the still image for viewers that do not support APNG."""
    if not data.startswith(_PNG_SIGNATURE) or b"acTL" not in data:
        return data
    return _PNG_SIGNATURE + b"".join(whole for kind, _, whole in _chunks(data) if kind not in _PNG_ANIMATION)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Type, data, and all bytes of each complete chunk."""
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length], data[at : at + 12 + length]
        at += 12 + length


def _without_orientation(data: bytes, says: Declared | None) -> bytes:
    """The file; TIFF with an upright orientation, because its decoder would apply it to the stored pixels."""
    if says is None or says.at is None or data[:2] not in {b"II", b"MM"}:
        return data
    plain = bytearray(data)
    struct.pack_into(says.order + "H", plain, says.at, UPRIGHT.orientation)
    return bytes(plain)


def as_seen(image: Image.Image, orientation: int) -> Seen:
    """A decoded image as a viewer should show it. Raises UnclearError where there is no agreement on that."""
    upright = turned(_plain(image), orientation) if orientation != 1 else _plain(image)
    alpha = upright.getchannel("A") if upright.mode in {"LA", "RGBA"} else None
    colors = upright.convert(upright.mode[:-1]) if alpha is not None else upright
    return Seen(on_white(_in_srgb(colors, image), alpha), alpha)


def on_white(colors: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """The colors composed on a white background."""
    if alpha is None:
        return colors
    return Image.composite(colors, Image.new("RGB", colors.size, "white"), alpha)


def _plain(image: Image.Image) -> Image.Image:
    """The image with eight bits per channel, without palette."""
    if image.mode.startswith("I;16"):
        high = image.tobytes()[0 if image.mode.endswith("B") else 1 :: 2]
        return Image.frombytes("L", image.size, high)
    if "transparency" in image.info and image.mode in {"1", "L", "P", "RGB"}:
        return image.convert("RGBA")
    if image.mode in {"I", "F", "HSV"}:
        raise UnclearError(f"mode {image.mode} has no agreed white")
    return image.convert(_CONVERTED_TO[image.mode]) if image.mode in _CONVERTED_TO else image


def _in_srgb(colors: Image.Image, original: Image.Image) -> Image.Image:
    if colors.mode == "LAB":
        return _converted(colors, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    profile = original.info.get("icc_profile")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):  # an unusable profile is ignored
            return _converted(colors, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    if colors.mode == "CMYK":
        raise UnclearError("CMYK without a profile has no agreed colors")
    return _at_usual_gamma(colors.convert("RGB"), original)


def _converted(colors: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    space = str(profile.profile.xcolor_space).strip()
    if space == "RGB" and colors.mode == "L":
        colors = colors.convert("RGB")
    if colors.mode != "LAB" and space != _SPACE.get(colors.mode):
        raise ValueError(f"the profile is for {space}")
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC | ImageCms.Flags.NOOPTIMIZE
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    srgb = ImageCms.createProfile("sRGB")
    result = ImageCms.profileToProfile(colors, profile, srgb, renderingIntent=intent, outputMode="RGB", flags=flags)
    return result or colors


def _at_usual_gamma(colors: Image.Image, original: Image.Image) -> Image.Image:
    """Apply the gamma that a PNG may have instead of a profile or the sRGB chunk; viewers apply it, too."""
    gamma = original.info.get("gamma")
    if original.format != "PNG" or not gamma or "srgb" in original.info:
        return colors
    if abs(gamma - _USUAL_GAMMA) < _GAMMA_TOLERANCE:
        return colors
    return colors.point([round(255 * (level / 255) ** (_USUAL_GAMMA / gamma)) for level in range(256)] * 3)
