"""The picture core: bytes in, bytes out. Start at `render`."""

from lightpress.image.codecs import load_codecs
from lightpress.image.compress import MODES, CompressionOptions, Mode, compress
from lightpress.image.errors import MESSAGES, UNREADABLE, PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.image.limits import Limits
from lightpress.image.lossless import pack
from lightpress.image.render import REVISION, render
from lightpress.image.spec import (
    COLORS,
    DAMAGED,
    FITS,
    HDR,
    METADATA,
    Colors,
    Damaged,
    Fit,
    HighRangePolicy,
    Metadata,
    Pixels,
    Size,
    Spec,
    WorkOptions,
)

__all__ = [
    "COLORS",
    "DAMAGED",
    "FITS",
    "HDR",
    "MESSAGES",
    "METADATA",
    "MODES",
    "REVISION",
    "UNREADABLE",
    "Colors",
    "CompressionOptions",
    "Damaged",
    "EncodedVariant",
    "Fit",
    "HighRangePolicy",
    "Limits",
    "Metadata",
    "Mode",
    "OriginalInfo",
    "PictureRejected",
    "Pixels",
    "Reason",
    "RenderResult",
    "Size",
    "Spec",
    "WorkOptions",
    "compress",
    "load_codecs",
    "pack",
    "render",
]
