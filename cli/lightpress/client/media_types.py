"""What a file is called that is uploaded."""

from __future__ import annotations

import mimetypes

from lightpress.client.extensions import EXTENSIONS

UNKNOWN = "application/octet-stream"


def media_type_of(name: str) -> str:
    """The media type of a file by its name: of every format that can be accepted, else what the system knows.

    What systems know differs: Python 3.12 has no WebP of its own, and older Debians call a PSD what the upload API does
    not take.
    """
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    return EXTENSIONS.get(extension) or mimetypes.guess_type(name)[0] or UNKNOWN
