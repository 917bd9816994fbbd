"""The picture core: bytes in, bytes out. Start at `render`."""

from lightpress.image.codecs import load_codecs
from lightpress.image.errors import IN_PLAIN_WORDS, PictureRejected, Reason
from lightpress.image.limits import Limits
from lightpress.image.render import REVISION, Facts, Rendering, Rendition, render
from lightpress.image.spec import FITS, METADATA, Fit, Metadata, Pixels, Size, Spec
from lightpress.image.squeeze import MODES, Mode, Squeezing, squeeze

__all__ = [
    "FITS",
    "IN_PLAIN_WORDS",
    "METADATA",
    "MODES",
    "REVISION",
    "Facts",
    "Fit",
    "Limits",
    "Metadata",
    "Mode",
    "PictureRejected",
    "Pixels",
    "Reason",
    "Rendering",
    "Rendition",
    "Size",
    "Spec",
    "Squeezing",
    "load_codecs",
    "render",
    "squeeze",
]
