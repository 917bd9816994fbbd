"""The picture core: bytes in, bytes out. Start at `render`."""

from lightpress.image.codecs import load_codecs
from lightpress.image.compress import MODES, CompressionOptions, Mode, compress
from lightpress.image.errors import MESSAGES, UNREADABLE, PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo, RenderResult
from lightpress.image.limits import Limits
from lightpress.image.render import REVISION, render
from lightpress.image.spec import FITS, METADATA, Fit, Metadata, Pixels, Size, Spec, WorkOptions

__all__ = [
    "FITS",
    "MESSAGES",
    "METADATA",
    "MODES",
    "REVISION",
    "UNREADABLE",
    "CompressionOptions",
    "EncodedVariant",
    "Fit",
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
    "render",
]
