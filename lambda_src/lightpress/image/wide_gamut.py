"""Display P3, which variants may keep: its profile, and whether a picture needs it.

Importing this loads LittleCMS, which costs milliseconds that ordinary pictures need not pay.
"""

from __future__ import annotations

import io
from functools import cache
from itertools import product as combinations

from PIL import Image, ImageChops, ImageCms

from lightpress.image.cicp import DISPLAY_P3, SRGB, SRGB_CURVE, apply, inverse, published_profile, to_xyz

_OUTSIDE = -0.01  # in linear light: such a part of a channel of sRGB nobody would see
_NOT_SEEN = 4  # of 255: what clipping may change in a picture that is as well in sRGB
_ROUNDED = 2  # of 255: as far as two profiles of one color space may be apart
_SMALL = 8
_LATTICE = range(0, 256, 51)


@cache
def display_p3() -> bytes:
    """The ICC profile of Display P3, as it is embedded in variants: 492 bytes."""
    return published_profile("Display P3", DISPLAY_P3, SRGB_CURVE)


def exceeds_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether the color space has colors that sRGB has not; True where that cannot be told, as of inks."""
    corners = [profile.profile.red_colorant, profile.profile.green_colorant, profile.profile.blue_colorant]
    to_srgb = inverse(to_xyz(SRGB))
    return any(corner is None or min(apply(to_srgb, corner[0])) < _OUTSIDE for corner in corners)


def fits_srgb(image: Image.Image) -> bool:
    """Whether every color of the image (RGB, in Display P3) is one of sRGB, too: the way there and back leads home."""
    # What a small copy shows, the picture does: most that need Display P3 are told by a sixty-fourth of the work.
    return all(map(_is_the_same_in_srgb, (image.reduce(_SMALL), image)))


def _is_the_same_in_srgb(image: Image.Image) -> bool:
    return _are_close(image, in_display_p3(through(image, display_p3())), _NOT_SEEN)


def is_display_p3(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether numbers in the color space of the profile may be shown as Display P3: six steps of each channel tell."""
    if profile.profile.xcolor_space.strip() != "RGB":
        return False
    steps = Image.new("RGB", (len(_LATTICE) ** 2, len(_LATTICE)))
    steps.putdata(list(combinations(_LATTICE, repeat=3)))
    return _are_close(steps, _converted(steps, profile, _profile_of(display_p3())), _ROUNDED)


def in_display_p3(image: Image.Image) -> Image.Image:
    """The image (RGB) from sRGB to Display P3."""
    return _converted(image, _srgb(), _profile_of(display_p3()))


def through(image: Image.Image, profile: bytes) -> Image.Image:
    """The image (RGB) from the color space of `profile`, as `display_p3` returns one, to sRGB."""
    return _converted(image, _profile_of(profile), _srgb())


def _profile_of(data: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(data))


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _converted(
    image: Image.Image,
    source: ImageCms.ImageCmsProfile,
    target: ImageCms.ImageCmsProfile,
) -> Image.Image:
    made = ImageCms.profileToProfile(image, source, target, ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB")
    assert made is not None  # noqa: S101  for mypy: it was not asked to change the image itself
    return made


def _are_close(one: Image.Image, other: Image.Image, most: int) -> bool:
    differs = (
        channel.point([0] * (most + 1) + [255] * (255 - most)) for channel in ImageChops.difference(one, other).split()
    )
    return all(channel.getbbox() is None for channel in differs)
