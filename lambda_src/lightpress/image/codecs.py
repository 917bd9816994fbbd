"""The modules that read and write a format, or help with few pictures: no cold start pays for them.

A child process that renders can import nothing (`pipeline.confinement`): its parent has loaded for it what any picture
may need, and it loads the decoder of its own picture before it is confined.
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from PIL import Image

from lightpress.image.inputs import INPUTS, input_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from lightpress.image.inputs import Input


def load_codec(row: Input) -> None:
    """Pay for a codec when its first file comes; each decodes in one thread, for Lambda bills one CPU."""
    import_module(row.plugin)
    if row.threads is not None:
        module, name = row.threads
        setattr(import_module(module), name, 1)


def can_load(row: Input) -> bool:
    """Load the codec, if this deployment has it. A child that is confined has tried before (`load_for`)."""
    try:
        load_codec(row)
    except ModuleNotFoundError:
        if row.wheel is None:
            raise
        return False
    return True


def not_installed(formats: Iterable[str]) -> dict[str, str]:
    """Which of these formats (by name) have a package of their own that is not here: the package, by format."""
    wanted = frozenset(formats)
    return {row.name: row.wheel for row in INPUTS if row.wheel and row.name in wanted and not can_load(row)}


def load_codecs(formats: Iterable[str]) -> None:
    """Load what reads and writes these formats (by name), as a parent does whose children would each pay for it.

    No file is touched. A name that is not one of ours loads nothing: it may come from a child.
    """
    wanted = frozenset(formats)
    for row in INPUTS:
        if row.name in wanted:
            can_load(row)


# What the core and Pillow import when a picture needs it; `encodings` for XMP and text in files.
_HELPERS = (
    "PIL.ImageCms", "PIL.ImageOps", "PIL.MpoImagePlugin", "PIL.TiffImagePlugin", "PIL.WebPImagePlugin",
    "PIL._avif", "PIL._imagingcms",
    "lightpress.image.budget", "lightpress.image.cicp", "lightpress.image.drawing", "lightpress.image.faces",
    "lightpress.image.focus",
    "lightpress.image.gain_map", "lightpress.image.keep_gain_map",
    "lightpress.image.palette", "lightpress.image.plane_codecs",
    "lightpress.image.rare_ico", "lightpress.image.rare_psd", "lightpress.image.rare_tiff", "lightpress.image.tone_map",
    "lightpress.image.wide_gamut",
    "mozjpeg_lossless_optimization", "oxipng", "xml.etree.ElementTree",
    "encodings.cp1252", "encodings.utf_16", "encodings.utf_16_be", "encodings.utf_16_le", "encodings.utf_32",
)  # fmt: skip


def load_helpers() -> None:
    """Load what few pictures need, whichever comes next; once, 20 ms."""
    Image.preinit()
    for name in _HELPERS:
        import_module(name)
    with suppress(ModuleNotFoundError):  # it is installed where the pixel library is for the system
        import_module("isal.isal_zlib")


def load_for(data: bytes, accept: Collection[str]) -> None:
    """Load the decoder of this file, if it is of a format among `accept`. No decoder looks at it."""
    row = input_of(data)
    if row is not None and row.name in accept:
        can_load(row)
