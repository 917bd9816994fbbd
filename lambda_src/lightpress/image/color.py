"""Brought to sRGB: the one color space that every screen and browser takes for granted."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from lightpress.image.declared import UNDECLARED, DeclaredColor

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageCms import ImageCmsProfile

    from lightpress.image.cicp import HighRange
    from lightpress.image.job import Job
    from lightpress.image.picture import Picture

_LARGEST_PROFILE = 1 << 20
_COLOR_SPACE = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_EXPANDED = {"1": "L", "P": "RGB", "PA": "RGB"}  # what these become before their colors are looked at


def to_srgb(picture: Picture, _: Job) -> Picture:
    """Convert from the color space that the file declares; without one, or with a broken one, take it as sRGB."""
    return _converted(picture)


def _converted(picture: Picture) -> Picture:
    if picture.color.high_range is not None:
        return _in_standard_range(picture, picture.color.high_range)
    if picture.color.profile is None:
        return replace(picture, image=_as_rgb(picture.image))
    try:
        image = _through_profile(picture.image, picture.color.profile)
        return replace(picture, image=image, color=UNDECLARED)
    except _BrokenProfileError as error:
        return _converted(_without_profile(picture, error))


def _without_profile(picture: Picture, error: _BrokenProfileError) -> Picture:
    """Let what the file declares beside its profile count."""
    fallback = picture.color.fallback
    taken = "taken as sRGB" if fallback is None else "converted by the file's gamma"
    note = f"The color profile is unusable ({error}); the colors are {taken}."
    return replace(picture, color=DeclaredColor(fallback), notes=(*picture.notes, note))


def _in_standard_range(picture: Picture, source: HighRange) -> Picture:
    # Only few pictures need it.
    from lightpress.image.tone_map import profile_of_tone_mapped, tone_mapped  # noqa: PLC0415

    image = _through_profile(tone_mapped(picture.image, source), profile_of_tone_mapped())
    return replace(picture, image=image, color=UNDECLARED, notes=(*picture.notes, "Tone-mapped from HDR."))


def shown_as_srgb(picture: Picture) -> bool:
    """Whether the picture's own numbers are shown as they are: it is in sRGB already, or its profile is unusable."""
    color = picture.color
    if color.profile is None or color.high_range is not None:
        return color.high_range is None
    from PIL import ImageCms  # noqa: PLC0415

    try:
        return _is_srgb(_profile_for(picture.image, color.profile))
    except (_BrokenProfileError, ImageCms.PyCMSError, OSError, ValueError):
        return color.fallback is None


class _BrokenProfileError(Exception):
    """The profile cannot be read, or is for another kind of picture."""


def _through_profile(image: Image.Image, data: bytes) -> Image.Image:
    # Loading LittleCMS costs milliseconds that pictures without a profile need not pay.
    from PIL import ImageCms  # noqa: PLC0415

    try:
        profile = _profile_for(image, data)
        if _is_srgb(profile):
            return _as_rgb(image)
        colors, alpha = _split(image)
        if colors.mode == "L" and _space(profile) == "RGB":
            colors = colors.convert("RGB")
        converted = ImageCms.profileToProfile(
            colors,
            profile,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise _BrokenProfileError(str(error)) from error
    return _joined(converted or colors, alpha)


def _profile_for(image: Image.Image, data: bytes) -> ImageCmsProfile:
    """The profile, if it is one, and for pictures like this one."""
    from PIL import ImageCms  # noqa: PLC0415

    if len(data) > _LARGEST_PROFILE:
        raise _BrokenProfileError(f"it has {len(data)} bytes")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
    colors = image.mode.removesuffix("A") if image.mode in {"LA", "RGBA"} else image.mode
    wanted = {_COLOR_SPACE.get(_EXPANDED.get(colors, colors)), "RGB" if colors == "L" else None}
    if _space(profile) not in wanted and not _is_srgb(profile):
        raise _BrokenProfileError(f"it is for {_space(profile)} pictures, this one is {colors}")
    return profile


def _space(profile: ImageCmsProfile) -> str:
    return str(profile.profile.xcolor_space).strip()


def _is_srgb(profile: ImageCmsProfile) -> bool:
    return str(profile.profile.profile_description or "").startswith("sRGB IEC61966-2")


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if image.mode in {"RGBA", "LA"}:
        return image.convert(image.mode[:-1]), image.getchannel("A")
    return image, None


def _joined(colors: Image.Image, alpha: Image.Image | None) -> Image.Image:
    if alpha is not None:
        colors.putalpha(alpha)
    return colors


def _as_rgb(image: Image.Image) -> Image.Image:
    return image.convert("RGBA" if image.mode in {"RGBA", "LA"} else "RGB")
