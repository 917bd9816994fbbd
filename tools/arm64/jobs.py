"""What is tried: originals of every format, drawn by this machine, and what must come of each."""

from __future__ import annotations

import io
import struct
from typing import Any

from PIL import Image

from lightpress.image.codecs import load_codecs
from lightpress.image.compress import COMPRESSIBLE
from lightpress.image.inputs import INPUTS, READABLE
from lightpress.image.outputs import OUTPUTS
from tools.drawing import file_of, four_corners, psd, ramp, speckled
from tools.focus.people import group

# Wide enough for every step of the ladder, and few pixels: an emulator takes seconds for each variant.
SIZE = (96, 64)
WIDTHS = (48, 96)

# An emulator is slow, and its own memory counts.
_ROOMY = {"cpu_seconds": 300, "wall_seconds": 600.0, "memory_mb": 1_469}
_LITTLE_MEMORY = _ROOMY | {"memory_mb": 64}
_LITTLE_CPU = _ROOMY | {"cpu_seconds": 1}

FACES = "focus on faces"
FACE_AT = (0.86, 0.4)
TOO_LITTLE_MEMORY, TOO_LITTLE_CPU = "limits, 64 MB", "limits, 1 s of CPU"


def originals() -> dict[str, bytes]:
    """A file of each format that is read, by its name in `INPUTS`."""
    square = ramp((64, 64))
    drawn = {row.name: file_of(square if row.name == "ico" else ramp(SIZE), row.pillow) for row in _saved()}
    page = io.BytesIO()
    four_corners(SIZE).save(page, "PDF", resolution=72)
    return drawn | {"psd": psd(ramp(SIZE)), "svg": _SVG, "pdf": page.getvalue(), "raw": _raw(drawn["jpeg"])}


def _saved() -> list[Any]:
    """Those that Pillow writes, too."""
    load_codecs(("jxl",))
    return [row for row in INPUTS if row.pillow and row.name not in {"psd", "raw"}]


_SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="24" height="16"><linearGradient id="g">
<stop stop-color="#d33"/><stop offset="1" stop-color="#3d3"/></linearGradient>
<rect width="24" height="16" fill="url(#g)"/>
<circle cx="12" cy="8" r="5" fill="none" stroke="#246"/></svg>"""


def _raw(picture: bytes) -> bytes:
    """Fujifilm's kind of raw file: a JPEG where its header says."""
    head = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 160, len(picture))
    return head.ljust(160, b"\0") + picture


def film() -> bytes:
    """A GIF of four frames."""
    frames = [Image.new("RGB", SIZE, (60 * number, 0, 200)) for number in range(4)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    return buffer.getvalue()


def person() -> Image.Image:
    """Somebody at the right, and at the left what is louder than a face, and what is seen without a model."""
    image = group((320, 210), [(*FACE_AT, 40)])
    image.paste((230, 20, 20), (30, 60, 90, 150))
    return image


def _render(name: str, file: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  those of Spec
    chosen = {"formats": tuple(OUTPUTS), "accept": READABLE} | options
    return {"name": name, "file": file, "work": "render", "options": chosen, "sizes": WIDTHS, "limits": _ROOMY}


def _compress(name: str, file: str, mode: str) -> dict[str, Any]:
    return {"name": name, "file": file, "work": "compress", "options": {"mode": mode}, "limits": _ROOMY}


def jobs() -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """All jobs (see `guest.work_on`), and the files that they name."""
    files = originals()
    # Written so that there is something to save.
    loose = {
        "jpeg": file_of(ramp(SIZE), "JPEG", quality=95, optimize=False),
        "png": file_of(four_corners(SIZE), "PNG", compress_level=0),
        "webp": file_of(four_corners(SIZE), "WEBP", lossless=True, quality=0, method=0),
    }
    files |= {f"loose-{name}": data for name, data in loose.items()}
    files |= {"film": film(), "large": file_of(speckled((3_000, 2_000)), "PNG", compress_level=0)}
    work = [_render(f"read {name}", name) for name in originals()]
    work.append(_render("animation", "film", formats=("webp",)))
    work += [_render(f"lossless {name}", f"loose-{name}", formats=(name,), lossless=True) for name in ("jpeg", "png")]
    work += [
        _compress(f"in place {name}, {mode}", f"loose-{name}" if name in loose else name, mode)
        for name in COMPRESSIBLE
        for mode in ("lossless", "lossy")
    ]
    files |= {"person": file_of(person())}
    large = _render("", "large", formats=("avif", "webp", "png")) | {"sizes": (3_000, 2_000)}
    work.append(large | {"name": TOO_LITTLE_MEMORY, "limits": _LITTLE_MEMORY})
    work.append(large | {"name": TOO_LITTLE_CPU, "limits": _LITTLE_CPU})
    # The last: should what finds faces not start at all, it takes this process with it.
    work.append(_render(FACES, "person", formats=("png",)) | {"work": "faces", "sizes": (200,)})
    return work, files
