"""Brought to sRGB, the one color space that every screen and browser takes for granted, or to Display P3.

Display P3 is for recipes that ask for it, and there for pictures with colors that sRGB has not.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lightpress.image.declared import UNDECLARED, DeclaredColor
from lightpress.image.planar import Planar

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image
    from PIL.ImageCms import ImageCmsProfile

    from lightpress.image.cicp import HighRange
    from lightpress.image.job import Job
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Colors, ToneMapping

_IN_P3 = "The variants are in Display P3: sRGB lacks some of the colors."
_COLOR_SPACE = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
_EXPANDED = {"1": "L", "P": "RGB", "PA": "RGB"}  # what these become before their colors are looked at


def to_output_colors(picture: Picture, job: Job) -> Picture:
    """Convert from the color space that the file declares; without one, or with a broken one, take it as sRGB."""
    return _converted(picture, job.spec.colors, job.spec.tone_mapping)


def in_srgb(picture: Picture) -> Picture:
    """The same, as RGB or RGBA, in sRGB whatever a recipe allows."""
    return _converted(picture, "srgb")


def _converted(picture: Picture, colors: Colors, tone_mapping: ToneMapping = "st2094-50") -> Picture:
    if picture.color.high_range is not None:
        return _in_standard_range(picture, picture.color.high_range, colors, tone_mapping)
    if picture.color.profile is None:
        return replace(picture, image=_as_rgb(picture.image))
    try:
        return _through(picture, picture.color.profile, colors)
    except _BrokenProfileError as error:
        return _converted(_without_profile(picture, error), colors, tone_mapping)


def _without_profile(picture: Picture, error: _BrokenProfileError) -> Picture:
    """Let what the file declares beside its profile count."""
    fallback = picture.color.fallback
    taken = "taken as sRGB" if fallback is None else "converted by the file's gamma"
    note = f"The color profile is unusable ({error}); the colors are {taken}."
    return replace(picture, color=DeclaredColor(fallback), notes=(*picture.notes, note))


def _in_standard_range(picture: Picture, source: HighRange, colors: Colors, tone_mapping: ToneMapping) -> Picture:
    # Only few pictures need it.
    from lightpress.image.tone_map import profile_of_tone_mapped, tone_mapped  # noqa: PLC0415

    image = tone_mapped(picture.image, source, tone_mapping)
    mapped = replace(picture, image=image, notes=(*picture.notes, "Tone-mapped from HDR."))
    return _through(mapped, profile_of_tone_mapped(), colors)


def profile_of_numbers(picture: Picture, colors: Colors) -> bytes | None:
    """The ICC profile with which variants show the picture's own numbers as the file does; empty for sRGB.

    That is sRGB also where the profile is unusable. None where it is neither sRGB nor, where `colors` allow that,
    Display P3.
    """
    color = picture.color
    if color.profile is None or color.high_range is not None:
        return b"" if color.high_range is None else None
    from PIL import ImageCms  # noqa: PLC0415

    try:
        profile = _profile_for(picture.image, color.profile)
        return b"" if _is_srgb(profile) else _wide_profile(profile, colors)
    except (_BrokenProfileError, ImageCms.PyCMSError, OSError, ValueError):
        return b"" if color.fallback is None else None


def _wide_profile(profile: ImageCmsProfile, colors: Colors) -> bytes | None:
    if colors == "srgb":
        return None
    from lightpress.image.wide_gamut import display_p3, is_display_p3  # noqa: PLC0415  as above

    return display_p3() if is_display_p3(profile) else None


class _BrokenProfileError(Exception):
    """The profile cannot be read, or is for another kind of picture."""


def _through(picture: Picture, data: bytes, colors: Colors) -> Picture:
    # Loading LittleCMS costs milliseconds that pictures without a profile need not pay.
    from PIL import ImageCms  # noqa: PLC0415

    done = replace(picture, color=UNDECLARED)
    try:
        profile = _profile_for(picture.image, data)
        if _is_srgb(profile):
            return replace(done, image=_as_rgb(picture.image))
        shown, alpha = _split(picture.image)
        if shown.mode == "L" and _space(profile) == "RGB":
            shown = shown.convert("RGB")
        if colors == "p3" and (wide := _in_display_p3(shown, profile, is_moving=picture.animation is not None)):
            return replace(done, image=_joined(wide.image, alpha), profile=wide.profile, notes=(*done.notes, _IN_P3))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        if isinstance(shown, Planar):
            return replace(done, image=shown.converted(_conversion(profile, srgb)))
        return replace(done, image=_joined(_to(shown, profile, srgb), alpha))
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise _BrokenProfileError(str(error)) from error


class _Wide(NamedTuple):
    image: Image.Image
    profile: bytes


def _in_display_p3(image: Image.Image, source: ImageCmsProfile, *, is_moving: bool) -> _Wide | None:
    """The image in Display P3; None where sRGB has all of its colors.

    Of an animation, the profile decides alone: all frames and still variants are in the same color space.
    """
    from PIL import ImageCms  # noqa: PLC0415  as above

    from lightpress.image.wide_gamut import display_p3, exceeds_srgb, fits_srgb  # noqa: PLC0415  as above

    if not exceeds_srgb(source):
        return None
    profile = display_p3()
    wide = _to(image, source, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    return None if not is_moving and fits_srgb(wide) else _Wide(wide, profile)


def _to(image: Image.Image, source: ImageCmsProfile, target: ImageCmsProfile) -> Image.Image:
    made = _conversion(source, target, image.mode)(image)
    made.info.clear()  # the profile, for the sake of which all pixels would be copied later
    return made


def _conversion(
    source: ImageCmsProfile, target: ImageCmsProfile, mode: str = "RGB"
) -> Callable[[Image.Image], Image.Image]:
    """What converts pictures of a mode to RGB, made ready once."""
    from PIL import ImageCms  # noqa: PLC0415  as above

    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    return ImageCms.buildTransform(source, target, mode, "RGB", intent, flags).apply


def _profile_for(image: Image.Image, data: bytes) -> ImageCmsProfile:
    """The profile, if it is one, and for pictures like this one."""
    from PIL import ImageCms  # noqa: PLC0415

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
    wanted = "RGBA" if image.mode in {"RGBA", "LA"} else "RGB"
    return image if image.mode == wanted else image.convert(wanted)  # which would copy every pixel
