"""The formats that originals may have: one row each. Everything else asks the row, never the name."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightpress.image.gif import MOST_BLOCKS, gif_blocks, gif_sizes, without_empty_extensions
from lightpress.image.headers import (
    MOST_DIRECTORIES,
    brands,
    ico_chunks,
    ico_sizes,
    psd_unreadable,
    tiff_directories,
    tiff_tiles,
    tiff_unreadable,
    webp_sizes,
)
from lightpress.image.jpeg import jpeg_scans, jpeg_unreadable
from lightpress.image.jxl import BARE, BOXED, jxl_sizes, jxl_unreadable
from lightpress.image.png import MOST_CHUNKS, png_chunk_count
from lightpress.image.rare_bmp import bmp_sizes, bmp_unreadable, bmp_with_all_rows, plain_bmp
from lightpress.image.raw import is_raw, preview_of
from lightpress.image.repair_avif import with_one_association
from lightpress.image.repair_gif import gif_as_far_as_coded
from lightpress.image.repair_png import png_with_all_passes
from lightpress.image.salvage import (
    Repaired,
    jpeg_with_end,
    jpeg_without_metadata,
    png_with_all_rows,
    png_without_frames,
    png_without_metadata,
)
from lightpress.image.svg import MOST_ELEMENTS, is_svg, svg_elements, svg_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from PIL import Image

    from lightpress.image.drawing import Drawing
    from lightpress.image.raw import Preview


@dataclass(frozen=True, slots=True)
class Parts:
    """What a file can have many of. Each costs time, however few pixels there are, so their number is limited.

    Attributes:
        name: What they are, in the plural, for the message.
        count: Counts them in the bytes of a file.
        most: The most that are accepted.
        most_pixels: The most that their number times the picture's pixels may come to; None for no such limit.
    """

    name: str
    count: Callable[[bytes], int]
    most: int
    most_pixels: int | None = None


def _told_in_time(_: bytes) -> Iterable[tuple[int, int]]:
    return ()


def _never(_: bytes) -> None:
    return None


def _open_tiff(data: bytes) -> Image.Image:
    from lightpress.image.rare_tiff import open_tiff  # noqa: PLC0415  few files need it, and this table none of it

    return open_tiff(data)


def _open_psd(data: bytes) -> Image.Image:
    from lightpress.image.rare_psd import open_psd  # noqa: PLC0415  as above

    return open_psd(data)


def _open_ico(data: bytes) -> Image.Image:
    from lightpress.image.rare_ico import open_ico  # noqa: PLC0415  as above

    return open_ico(data)


def _open_jxl(data: bytes) -> Image.Image:
    from lightpress.image.jxl import open_jxl  # noqa: PLC0415  as above

    return open_jxl(data)


def _open_svg(data: bytes) -> Drawing:
    from lightpress.image.drawing import open_svg  # noqa: PLC0415  as above

    return open_svg(data)


def _open_pdf(data: bytes) -> Drawing:
    from lightpress.image.drawing import open_pdf  # noqa: PLC0415  as above

    return open_pdf(data)


def _open_gif(data: bytes) -> Image.Image:
    from PIL import Image  # noqa: PLC0415  as above

    return Image.open(io.BytesIO(without_empty_extensions(data)), formats=("GIF",))


def _open_bmp(data: bytes) -> Image.Image:
    from PIL import Image  # noqa: PLC0415  as above

    return Image.open(io.BytesIO(plain_bmp(data)), formats=("BMP",))


@dataclass(frozen=True, slots=True)
class Input:
    """A format that is read.

    Attributes:
        name: Its name in manifests.
        label: Its name for people.
        by_default: Whether recipes accept it that do not say which formats they accept.
        pillow: Pillow's name of its decoder.
        plugin: The module of its decoder, imported when the first such file comes.
        bytes_per_pixel: The most memory that decoding takes, measured (docs/decisions/0006).
        animated_bytes_per_pixel: The same for the first frame of an animation, where the decoder takes more then.
        magic: How its files begin, as (bytes, at).
        brands: How they begin within the ISO family, where several formats share one signature.
        threads: The decoder's own setting of how many threads to use, as (module, name).
        parts: What its files have many of, and how many are too many.
        repairs: What is tried, one after the other, on a file that the decoder calls damaged.
        sizes: Reads sizes from the header, where the decoder takes memory as soon as it opens the file.
        unreadable: Says what a file is that looks like one of these and is not.
        opener: Opens its files with Pillow, where some need more than its decoder.
        recognizes: Looks at more of a file than how it begins, where that says too little.
        drawing: Opens its files where they have no pixels of their own.
        inside: Finds what is decoded instead of the file: a picture in it, of the decoder's format.
        wheel: The package that its decoder comes with, where not every deployment has it (`EXTRA_INPUTS`).
        media_types: What browsers call its files, the usual name first. Some know no name for the rarer formats.
        extensions: File name extensions, without the dot, the usual one first.
    """

    name: str
    label: str
    pillow: str
    plugin: str
    bytes_per_pixel: int
    magic: tuple[tuple[bytes, int], ...] = ()
    brands: frozenset[bytes] = frozenset()
    threads: tuple[str, str] | None = None
    parts: tuple[Parts, ...] = ()
    repairs: tuple[Callable[[bytes], Repaired | None], ...] = ()
    sizes: Callable[[bytes], Iterable[tuple[int, int]]] = _told_in_time
    unreadable: Callable[[bytes], str | None] = _never
    opener: Callable[[bytes], Image.Image] | None = None
    recognizes: Callable[[bytes], bool] | None = None
    drawing: Callable[[bytes], Drawing] | None = None
    inside: Callable[[bytes], Preview] | None = None
    wheel: str | None = None
    by_default: bool = True
    animated_bytes_per_pixel: int = 0
    media_types: tuple[str, ...] = field(kw_only=True)
    extensions: tuple[str, ...] = field(kw_only=True)

    def media_type_of(self, extension: str) -> str:
        """The media type of a file by its extension: the one that ends with its name, or the usual one."""
        own = (one for one in self.media_types if one.endswith((f"/{extension}", f"-{extension}")))
        return next(own, self.media_types[0])

    def begins(self, data: bytes) -> bool:
        """Whether the file says it is one of these."""
        if any(data.startswith(magic, at) for magic, at in self.magic):
            return True
        if self.recognizes is not None and self.recognizes(data):
            return True
        return not self.brands.isdisjoint(brands(data))


_SCANS = Parts("scans or segments", jpeg_scans, 100, 3_000_000_000)
_BLOCKS = Parts("blocks", gif_blocks, MOST_BLOCKS)
_CHUNKS = Parts("chunks", png_chunk_count, MOST_CHUNKS)
_CHUNKS_IN_ICON = Parts("chunks", ico_chunks, MOST_CHUNKS)
_ELEMENTS = Parts("elements, counting what is repeated", svg_elements, MOST_ELEMENTS)
_DIRECTORIES = Parts("directories", tiff_directories, MOST_DIRECTORIES)
_TIFF = ((b"II*\0", 0), (b"MM\0*", 0), (b"II+\0", 0), (b"MM\0+", 0))
_JPEG_2000 = ((b"\0\0\0\x0cjP  \r\n\x87\n", 0), (b"\xff\x4f\xff\x51", 0))
_AVIF = frozenset({b"avif", b"avis"})
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_THREADS = ("PIL.AvifImagePlugin", "DEFAULT_MAX_THREADS")
_HEIC_THREADS = ("pillow_heif.options", "DECODE_THREADS")
_JXL_THREADS = ("pillow_jxl.JpegXLImagePlugin", "DECODE_THREADS")

# Only these decoders are ever tried. Every other parser Pillow has (about 40, some of them start other programs) stays
# shut. Panoramas and 3-D shots of phones (MPO) are JPEG files to Pillow, and so they are here.
#
# JPEG 2000 is read only where a recipe accepts it: Pillow's wheel brings OpenJPEG 2.5.4, in which a crafted file writes
# beyond its part of the heap (OSV-2025-219, https://github.com/uclouvain/openjpeg/issues/1652), and as of November 2026
# no release mends that. `by_default=False` goes with a wheel that brings one (docs/decisions/0048).
INPUTS = (
    Input(
        "jpeg", "JPEG", "JPEG", "PIL.JpegImagePlugin", 4, ((b"\xff\xd8\xff", 0),), parts=(_SCANS,),
        unreadable=jpeg_unreadable,
        repairs=(jpeg_without_metadata, jpeg_with_end),
        media_types=("image/jpeg",), extensions=("jpg", "jpeg"),
    ),
    Input(
        "png", "PNG", "PNG", "PIL.PngImagePlugin", 4, ((b"\x89PNG\r\n\x1a\n", 0),), parts=(_CHUNKS,),
        repairs=(png_without_metadata, png_without_frames, png_with_all_rows, png_with_all_passes),
        media_types=("image/png", "image/apng"), extensions=("png", "apng"),
    ),
    Input(
        "gif", "GIF", "GIF", "PIL.GifImagePlugin", 5, ((b"GIF8", 0),), parts=(_BLOCKS,),
        sizes=gif_sizes, opener=_open_gif, repairs=(gif_as_far_as_coded,),
        media_types=("image/gif",), extensions=("gif",),
    ),
    Input(
        "webp", "WebP", "WEBP", "PIL.WebPImagePlugin", 16, ((b"WEBP", 8),), sizes=webp_sizes,
        animated_bytes_per_pixel=28, media_types=("image/webp",), extensions=("webp",),
    ),
    Input(
        "avif", "AVIF", "AVIF", "PIL.AvifImagePlugin", 16, brands=_AVIF, threads=_AVIF_THREADS,
        repairs=(with_one_association,),
        media_types=("image/avif",), extensions=("avif",),
    ),
    Input(
        "heic", "HEIC", "HEIF", "pillow_heif.HeifImagePlugin", 11, brands=_HEIC, threads=_HEIC_THREADS,
        repairs=(with_one_association,),
        media_types=("image/heic", "image/heif"), extensions=("heic", "heif"),
    ),
    Input(
        "raw", "camera RAW", "JPEG", "PIL.JpegImagePlugin", 4, by_default=False, recognizes=is_raw, inside=preview_of,
        parts=(_SCANS,), repairs=(jpeg_without_metadata, jpeg_with_end),
        media_types=(
            "image/x-adobe-dng", "image/x-canon-cr2", "image/x-canon-cr3", "image/x-nikon-nef", "image/x-sony-arw",
            "image/x-fuji-raf",
        ),
        extensions=("dng", "cr2", "cr3", "nef", "arw", "raf"),
    ),
    Input(
        "tiff", "TIFF", "TIFF", "PIL.TiffImagePlugin", 8, _TIFF, parts=(_DIRECTORIES,), unreadable=tiff_unreadable,
        sizes=tiff_tiles, opener=_open_tiff,
        media_types=("image/tiff",), extensions=("tif", "tiff"),
    ),
    Input(
        "jpeg2000", "JPEG 2000", "JPEG2000", "PIL.Jpeg2KImagePlugin", 24, _JPEG_2000, by_default=False,
        media_types=("image/jp2", "image/jpx"), extensions=("jp2", "j2k"),
    ),
    Input(
        "psd", "Photoshop (PSD)", "PSD", "PIL.PsdImagePlugin", 6, ((b"8BPS\0\1", 0),), unreadable=psd_unreadable,
        opener=_open_psd,
        media_types=("image/vnd.adobe.photoshop",), extensions=("psd",),
    ),
    Input(
        "ico", "ICO", "ICO", "PIL.IcoImagePlugin", 9, ((b"\0\0\1\0", 0),), parts=(_CHUNKS_IN_ICON,), sizes=ico_sizes,
        opener=_open_ico,
        media_types=("image/x-icon", "image/vnd.microsoft.icon"), extensions=("ico",),
    ),
    Input(
        "bmp", "BMP", "BMP", "PIL.BmpImagePlugin", 8, ((b"BM", 0),), unreadable=bmp_unreadable,
        sizes=bmp_sizes, opener=_open_bmp, repairs=(bmp_with_all_rows,),
        media_types=("image/bmp",), extensions=("bmp",),
    ),
    Input(
        "jxl", "JPEG XL", "JXL", "pillow_jxl.JpegXLImagePlugin", 16, ((BARE, 0), (BOXED, 0)), by_default=False,
        threads=_JXL_THREADS, sizes=jxl_sizes, unreadable=jxl_unreadable, opener=_open_jxl, wheel="pillow-jxl-plugin",
        media_types=("image/jxl",), extensions=("jxl",),
    ),
    Input(
        "svg", "SVG", "", "resvg_py", 20, by_default=False, recognizes=is_svg, parts=(_ELEMENTS,),
        unreadable=svg_unreadable, drawing=_open_svg, wheel="resvg-py",
        media_types=("image/svg+xml",), extensions=("svg",),
    ),
    Input(
        "pdf", "PDF", "", "pypdfium2_raw", 12, ((b"%PDF-", 0),), by_default=False, drawing=_open_pdf,
        wheel="pypdfium2", media_types=("application/pdf",), extensions=("pdf",),
    ),
)  # fmt: skip

READABLE = tuple(row.name for row in INPUTS)
"""The names of all formats that can be read: what a recipe may accept."""

ACCEPTED = tuple(row.name for row in INPUTS if row.by_default)
"""The names of those that are accepted where a recipe does not say."""

USUAL = tuple(row.name for row in INPUTS if row.wheel is None and row.inside is None)
"""The names of those whose files are pictures as they are, and that every deployment can read."""

EXTRA_INPUTS = tuple(row.name for row in INPUTS if row.wheel is not None)
"""The names of those whose decoder is in a layer of its own: what the option `extra_inputs` may name."""

BY_EXTENSION: Mapping[str, str] = {
    extension: row.media_type_of(extension) for row in INPUTS for extension in row.extensions
}
"""The media types of files by their extension, without the dot and in small letters."""


def input_of(data: bytes) -> Input | None:
    """The format that the file says it is of, by its first bytes; None where it is none that can be read."""
    return next((row for row in INPUTS if row.begins(data)), None)


def labels(accept: Collection[str]) -> tuple[str, ...]:
    """What people call the formats of these names, the usual ones first."""
    return tuple(row.label for row in INPUTS if row.name in accept)
