"""The originals that are measured: photos as cameras write them, and large ones made of them.

The photos keep their compressed pixels; only their metadata is replaced. Half of them get an EXIF orientation, a third
an ICC profile (Display P3), as phones write them.
"""

from __future__ import annotations

import io
import struct
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageOps

from tools.benchmarks.fetch_photos import HELD_OUT, TUNED
from tools.drawing import exif_with, file_of, rgb_profile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tools.benchmarks.fetch_photos import Package

_AFTER_SOI = 2
_HALF_TURN, _QUARTER_TURN = 3, 6
_LARGEST_SEGMENT = 65_533
_TILES = 4

WIDTHS = (320, 640, 1280, 1920)


def photos(fetched: Path, folder: Path) -> list[Path]:
    """All photos of the benchmark, one of each set in turn, so that the first few are a fair choice, too."""
    sets = (tuned_photos(fetched, folder), held_out_photos(fetched, folder))
    return [photo for pair in zip_longest(*sets) for photo in pair if photo is not None]


def tuned_photos(fetched: Path, folder: Path) -> list[Path]:
    """Those by which qualities and settings were chosen."""
    return _of(TUNED, fetched, folder, _QUARTER_TURN)


def held_out_photos(fetched: Path, folder: Path) -> list[Path]:
    """Those that were never used for choosing anything."""
    return _of(HELD_OUT, fetched, folder, _HALF_TURN)  # lying, some are not as wide as the widest variant


def _of(packages: Iterable[Package], fetched: Path, folder: Path, turn: int) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted((name for package in packages for name in package.photos), key=str.lower)
    return [_as_camera(fetched / name, folder / name, number, turn) for number, name in enumerate(names)]


def large(fetched: Path, folder: Path) -> dict[str, Path]:
    """Large originals by name, made of the photos once, and a screenshot and a logo."""
    folder.mkdir(parents=True, exist_ok=True)
    tiled: dict[str, tuple[tuple[int, int], str, dict[str, Any]]] = {
        "12 MP HEIC": ((4000, 3000), "HEIF", {"quality": 80}),
        "24 MP PNG": ((6000, 4000), "PNG", {"compress_level": 1}),
        "24 MP JPEG": ((6000, 4000), "JPEG", {"quality": 92}),
        "48 MP JPEG": ((8000, 6000), "JPEG", {"quality": 92}),
        "48 MP JPEG, progressive": ((8000, 6000), "JPEG", {"quality": 92, "progressive": True}),
        "100 MP JPEG": ((11_600, 8700), "JPEG", {"quality": 92}),
        "100 MP JPEG, progressive": ((11_600, 8700), "JPEG", {"quality": 92, "progressive": True}),
    }
    made = {}
    for name, (size, kind, options) in tiled.items():
        made[name] = folder / f"{name.replace(' ', '_').replace(',', '')}.{kind.lower()}"
        if not made[name].exists():
            made[name].write_bytes(file_of(_tiled(fetched, size), kind, **options))
    for name, drawn in (("screenshot PNG", _screenshot()), ("logo PNG with alpha", _logo())):
        made[name] = folder / f"{name.replace(' ', '_')}.png"
        made[name].write_bytes(file_of(drawn, "PNG"))
    return made


def _as_camera(photo: Path, target: Path, number: int, turn: int) -> Path:
    if not target.exists():
        jpeg = photo.read_bytes()
        segments = b""
        if number % 2:
            segments += _segment(0xE1, exif_with(turn).tobytes())
        if number % 3 == 0:
            segments += _segment(0xE2, b"ICC_PROFILE\0\1\1" + rgb_profile())
        target.write_bytes(jpeg[:_AFTER_SOI] + segments + _without_metadata(jpeg))
    return target


def _segment(marker: int, content: bytes) -> bytes:
    if len(content) > _LARGEST_SEGMENT:
        raise ValueError(f"{len(content)} bytes do not fit into one segment of a JPEG file")
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _without_metadata(jpeg: bytes) -> bytes:
    """A JPEG file after its start marker, without EXIF data, profiles and comments (APP1 to APP13, COM)."""
    at, kept = _AFTER_SOI, b""
    while jpeg[at + 1] != 0xDA:  # noqa: PLR2004  start of scan: pixels from here on
        marker, length = struct.unpack(">xBH", jpeg[at : at + 4])
        if not (0xE1 <= marker <= 0xED or marker == 0xFE):  # noqa: PLR2004
            kept += jpeg[at : at + 2 + length]
        at += 2 + length
    return kept + jpeg[at:]


def _tiled(fetched: Path, size: tuple[int, int]) -> Image.Image:
    """Photos side by side in four columns and rows, each cropped and resized to its tile."""
    canvas = Image.new("RGB", size)
    tile = (size[0] // _TILES, size[1] // _TILES)
    names = sorted(name for package in TUNED for name in package.photos)
    cells = [(x, y) for y in range(0, size[1], tile[1]) for x in range(0, size[0], tile[0])]
    for number, cell in enumerate(cells):
        with Image.open(fetched / names[number % len(names)]) as photo:
            canvas.paste(ImageOps.fit(photo.convert("RGB"), tile), cell)
    return canvas


def _screenshot() -> Image.Image:
    """Lines of text and a dark bar on white."""
    image = Image.new("RGB", (2560, 1600), "#ffffff")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 2560, 90), fill="#24292f")
    for row in range(40):
        words = " ".join(f"word{(row * 31 + column * 17) % 97}" for column in range(40))
        draw.text((120, 140 + row * 35), words, fill="#1f2328", font_size=22)
    return image


def _logo() -> Image.Image:
    """Flat shapes with smooth edges on a transparent background."""
    image = Image.new("RGBA", (4800, 4800))
    draw = ImageDraw.Draw(image)
    draw.ellipse((200, 200, 4600, 4600), fill="#0b7285")
    draw.polygon(((2400, 900), (3900, 3500), (900, 3500)), fill="#fff3bf")
    return image.resize((2400, 2400), Image.Resampling.LANCZOS)


def megapixels(picture: Path) -> float:
    """Millions of pixels, from the file's header."""
    with Image.open(io.BytesIO(picture.read_bytes())) as opened:
        return opened.width * opened.height / 1e6
