"""A picture becomes bytes again."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image
from PIL.ImageFile import ImageFile

from lightpress.image.codecs import load_codecs
from lightpress.image.few_colors import has_few_colors
from lightpress.image.flatten import flatten
from lightpress.image.job import Embedded
from lightpress.image.jpegli import tables
from lightpress.image.planar import Planar
from lightpress.image.spec import Pixels

if TYPE_CHECKING:
    from lightpress.image.job import Job
    from lightpress.image.outputs import Output
    from lightpress.image.picture import Picture
    from lightpress.image.spec import Spec

NOTHING_EMBEDDED = Embedded()
_NOTHING_LOST = 100
_BEFORE_PIXELS_OF_WEBP = {b"VP8X", b"ICCP"}


def encode(image: Image.Image, output: Output, spec: Spec, embedded: Embedded = NOTHING_EMBEDDED) -> bytes:
    """Encode as `output`, pixels and `embedded` only: no comment or anything else of the original goes along."""
    shown = without_info(image if output.alpha else flatten(image, spec.background, embedded.profile))
    settings = _settings(output, spec.quality_of(output, Pixels(*image.size)))
    words = embedded.as_options()
    if spec.png_colors is not None and output.name == "png":
        from lightpress.image.palette import with_palette  # noqa: PLC0415  few recipes ask for it

        made = [_saved(one, output, settings | words) for one in (shown, with_palette(shown, spec.png_colors))]
        return min(made, key=len)
    if not has_few_colors(shown):
        return _saved(shown, output, settings | words)
    made = [_saved(shown, output, {**settings, **output.graphic, **words})]
    if output.lossless is not None:
        made.append(_saved(shown, output, {**output.lossless, **words}))
    return min(made, key=len)


def bare(picture: Picture, _: Job) -> Picture:
    """Drop what Pillow read beside the pixels, once and not for each variant."""
    return replace(picture, image=without_info(picture.image))


def without_info(image: Image.Image) -> Image.Image:
    """The pixels alone: encoders copy what `info` holds, a JPEG's comment for one, and ask a file for more frames."""
    if not image.info and not isinstance(image, ImageFile):
        return image
    copied = image.copy()
    copied.info.clear()
    return copied


def _saved(image: Image.Image, output: Output, settings: dict[str, Any]) -> bytes:
    if not output.by_default:
        load_codecs((output.name,))  # Pillow does not know of it
    if isinstance(image, Planar) and (made := _of_planes(image, output, settings)) is not None:
        return made
    buffer = io.BytesIO()
    (_InOnePiece(image) if output.in_boxes else image).save(buffer, output.pillow, **settings)
    return buffer.getvalue()


def _of_planes(picture: Planar, output: Output, settings: dict[str, Any]) -> bytes | None:
    from lightpress.image.plane_codecs import plane_codecs  # noqa: PLC0415  whoever made the planes has loaded it

    codecs = plane_codecs()
    return None if codecs is None else codecs.encoded(picture, output.name, settings)


class _InOnePiece(Image.Image):
    """A picture that Pillow's encoder of AVIF, which asks for all pixels at once, gets without a detour.

    Pillow packs them into pieces of 64 KB and joins these: twice the memory, which the kernel has to clear first.
    """

    def __init__(self, image: Image.Image) -> None:
        super().__init__()
        image.load()
        self.im, self._mode, self._size = image.im, image.mode, image.size

    def tobytes(self, encoder_name: str = "raw", *args: Any) -> bytes:  # noqa: ANN401  as Pillow has it
        """What Pillow gives, packed into memory of its size at once."""
        whole = self.width * self.height * len(self.getbands())
        packer = Image._getencoder(self.mode, encoder_name, args)  # noqa: SLF001
        packer.setimage(self.im, (0, 0, *self.size))
        _, status, data = packer.encode(whole)
        packer.cleanup()
        return data if status > 0 and len(data) == whole else super().tobytes(encoder_name, *args)


def is_lossless(data: bytes) -> bool:
    """Whether a lossy format's encoder was asked to lose nothing: of those here, only WebP's can be."""
    at = 12
    while data[at : at + 4] in _BEFORE_PIXELS_OF_WEBP:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return data[8:12] == b"WEBP" and data[at : at + 4] == b"VP8L"


def _settings(output: Output, quality: int) -> dict[str, Any]:
    settings = dict(output.options)
    if quality == _NOTHING_LOST:
        settings.pop("advanced", None)  # AOM's encoder cannot be tuned where it loses nothing
    if output.tables is None:
        return settings | {"quality": quality}
    return settings | {"qtables": tables(quality), "subsampling": "4:2:0"}  # with a quality, Pillow would scale them
