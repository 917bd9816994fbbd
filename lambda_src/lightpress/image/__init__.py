"""The picture core: bytes in, bytes out. Start at `render`."""

from lightpress.image.codecs import load_codecs, load_for, load_helpers, not_installed
from lightpress.image.compress import (
    CREDENTIALS,
    MODES,
    SIGNED,
    CompressionOptions,
    Credentials,
    Mode,
    compress,
    is_kept_for_signature,
)
from lightpress.image.errors import MESSAGES, REJECTIONS, UNREADABLE, PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.image.limits import Limits
from lightpress.image.lossless import pack
from lightpress.image.pixel_library import pixel_library
from lightpress.image.render import REVISION, render
from lightpress.image.spec import (
    COLORS,
    DAMAGED,
    FITS,
    HDR,
    METADATA,
    TONE_MAPPINGS,
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
    "CREDENTIALS",
    "DAMAGED",
    "FITS",
    "HDR",
    "MESSAGES",
    "METADATA",
    "MODES",
    "REJECTIONS",
    "REVISION",
    "SIGNED",
    "TONE_MAPPINGS",
    "UNREADABLE",
    "Colors",
    "CompressionOptions",
    "Credentials",
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
    "is_kept_for_signature",
    "load_codecs",
    "load_for",
    "load_helpers",
    "not_installed",
    "pack",
    "pixel_library",
    "render",
]
