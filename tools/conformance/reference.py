"""The same file read by other means than the core's: Pillow with every plugin, and LittleCMS at full size."""

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
_TURNED_BY_ITS_DECODER = {"HEIF"}
_TAKEN_AS = {"1": "L", "P": "RGB", "PA": "RGBA", "RGBX": "RGB", "RGBa": "RGBA", "La": "LA", "YCbCr": "RGB"}
_SPACE = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_SUBFILE_KIND = 254
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_USUAL_GAMMA = 1 / 2.2
_GAMMA_TOLERANCE = 0.01


class UnclearError(Exception):
    """There is no agreed answer to how such a picture looks."""


class Opened(NamedTuple):
    """What is known of the file, and its stored pixels if they decode."""

    reference: Reference
    stored: Image.Image | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture in sRGB as seen, upright: colours on white, and how opaque it is (None: everywhere)."""

    colours: Image.Image
    alpha: Image.Image | None


def with_every_plugin() -> None:
    """Let Pillow try all it has, HEIC included where its plugin is installed, and whatever the size."""
    Image.MAX_IMAGE_PIXELS = None
    Image.init()
    with suppress(ImportError):
        importlib.import_module("pillow_heif").register_heif_opener()


def opened(data: bytes) -> Opened:
    """Read the file."""
    says = declared(data)
    try:
        image = Image.open(io.BytesIO(_without_its_turn(still_if_unsound(data), says)))
    except UnidentifiedImageError:
        return Opened(Reference("unidentified"), None)
    except Exception as error:  # noqa: BLE001  decoders raise nearly anything over damage
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
    orientation = None if name in _TURNED_BY_ITS_DECODER else says and says.orientation
    width, height = image.size
    if orientation and Declared(orientation).quarter_turn():
        width, height = height, width
    return Opened(Reference("decodes", "", name, width, height, frames, orientation), image)


def _frames(image: Image.Image) -> int:
    """Frames or pages; TIFF's smaller copies of a page are none."""
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
    """A PNG whose animation breaks the rules, without it: viewers then show the still picture.

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
    """A PNG without its animation: the picture for those who understand none."""
    if not data.startswith(_PNG_SIGNATURE) or b"acTL" not in data:
        return data
    return _PNG_SIGNATURE + b"".join(whole for kind, _, whole in _chunks(data) if kind not in _PNG_ANIMATION)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, contents, and all of each chunk that is there as a whole."""
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length], data[at : at + 12 + length]
        at += 12 + length


def _without_its_turn(data: bytes, says: Declared | None) -> bytes:
    """TIFF's decoder would turn the picture by itself; the stored pixels are wanted."""
    if says is None or says.at is None or data[:2] not in {b"II", b"MM"}:
        return data
    plain = bytearray(data)
    struct.pack_into(says.order + "H", plain, says.at, UPRIGHT.orientation)
    return bytes(plain)


def as_seen(image: Image.Image, orientation: int) -> Seen:
    """Bring a decoded picture to what a viewer ought to see. Raises UnclearError where that is anybody's guess."""
    upright = turned(_plain(image), orientation) if orientation != 1 else _plain(image)
    alpha = upright.getchannel("A") if upright.mode in {"LA", "RGBA"} else None
    colours = upright.convert(upright.mode[:-1]) if alpha is not None else upright
    return Seen(on_white(_in_srgb(colours, image), alpha), alpha)


def on_white(colours: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """What shows through is white."""
    if alpha is None:
        return colours
    return Image.composite(colours, Image.new("RGB", colours.size, "white"), alpha)


def _plain(image: Image.Image) -> Image.Image:
    """Eight bits a channel, without palette."""
    if image.mode.startswith("I;16"):
        high = image.tobytes()[0 if image.mode.endswith("B") else 1 :: 2]
        return Image.frombytes("L", image.size, high)
    if "transparency" in image.info and image.mode in {"1", "L", "P", "RGB"}:
        return image.convert("RGBA")
    if image.mode in {"I", "F", "HSV"}:
        raise UnclearError(f"what is white in mode {image.mode} is not agreed")
    return image.convert(_TAKEN_AS[image.mode]) if image.mode in _TAKEN_AS else image


def _in_srgb(colours: Image.Image, original: Image.Image) -> Image.Image:
    if colours.mode == "LAB":
        return _converted(colours, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    profile = original.info.get("icc_profile")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):  # a broken profile says nothing
            return _converted(colours, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    if colours.mode == "CMYK":
        raise UnclearError("CMYK without a profile has no agreed colours")
    return _at_usual_gamma(colours.convert("RGB"), original)


def _converted(colours: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    space = str(profile.profile.xcolor_space).strip()
    if space == "RGB" and colours.mode == "L":
        colours = colours.convert("RGB")
    if colours.mode != "LAB" and space != _SPACE.get(colours.mode):
        raise ValueError(f"the profile is for {space}")
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC | ImageCms.Flags.NOOPTIMIZE
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    srgb = ImageCms.createProfile("sRGB")
    result = ImageCms.profileToProfile(colours, profile, srgb, renderingIntent=intent, outputMode="RGB", flags=flags)
    return result or colours


def _at_usual_gamma(colours: Image.Image, original: Image.Image) -> Image.Image:
    """PNG may name its own gamma where it has neither a profile nor the sRGB mark; viewers heed it."""
    gamma = original.info.get("gamma")
    if original.format != "PNG" or not gamma or "srgb" in original.info:
        return colours
    if abs(gamma - _USUAL_GAMMA) < _GAMMA_TOLERANCE:
        return colours
    return colours.point([round(255 * (level / 255) ** (_USUAL_GAMMA / gamma)) for level in range(256)] * 3)
