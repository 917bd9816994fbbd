"""The picture core: bytes in, bytes out. Start at `render`."""

from lightpress.image.codecs import load_codecs
from lightpress.image.compress import MODES, CompressionOptions, Mode, compress
from lightpress.image.errors import MESSAGES, UNREADABLE, PictureRejected, Reason
from lightpress.image.limits import Limits
from lightpress.image.render import REVISION, EncodedVariant, OriginalInfo, RenderResult, render
from lightpress.image.spec import FITS, METADATA, Fit, Metadata, Pixels, Size, Spec

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
    "compress",
    "load_codecs",
    "render",
]
