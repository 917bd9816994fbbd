"""What the checks of the pixel library damage: JPEG files of every kind that is decoded to planes, and the codecs."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import PIL
from PIL import Image

from tools.drawing import ramp, speckled

_SIZES = ((17, 9), (128, 96), (161, 75))


def codecs() -> list[Path]:
    """The shared objects that Pillow brings beside itself, for JPEG, AVIF and WebP."""
    folder = Path(PIL.__file__).parents[1] / "pillow.libs"
    return [next(folder.glob(f"{name}-*.so*")) for name in ("libjpeg", "libavif", "libwebpmux")]


def write_seeds(folder: Path) -> list[Path]:
    """Write them into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for size, subsampling, progressive in product(_SIZES, ("4:4:4", "4:2:2", "4:2:0"), (False, True)):
        path = folder / f"{len(written)}.jpg"
        picture = Image.blend(ramp(size), speckled(size), 0.2)
        picture.save(path, "JPEG", quality=80, subsampling=subsampling, progressive=progressive, restart_marker_rows=2)
        written.append(path)
    return written


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, (*codecs(), *write_seeds(Path(sys.argv[1]))))))
