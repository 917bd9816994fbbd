"""An invented format, as a plugin of Pillow: a signature, width and height, and the pixels."""

from __future__ import annotations

import struct
from typing import IO

from PIL import Image, ImageFile

SIGNATURE = b"PLAIN"
_HEADER = struct.Struct("<5sHH")


class PlainImageFile(ImageFile.ImageFile):
    format = "PLAIN"
    format_description = "An invented format"

    def _open(self) -> None:
        assert self.fp is not None
        _, width, height = _HEADER.unpack(self.fp.read(_HEADER.size))
        self._size, self._mode = (width, height), "RGB"
        self.tile = [ImageFile._Tile("raw", (0, 0, width, height), _HEADER.size, "RGB")]  # noqa: SLF001  Pillow's way


def _save(image: Image.Image, file: IO[bytes], _name: str | bytes) -> None:
    file.write(_HEADER.pack(SIGNATURE, *image.size) + image.convert("RGB").tobytes())


def register() -> None:
    """Make it known to Pillow."""
    Image.register_open("PLAIN", PlainImageFile, lambda prefix: prefix.startswith(SIGNATURE))
    Image.register_save("PLAIN", _save)


register()
