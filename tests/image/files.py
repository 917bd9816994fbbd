"""One good file of every accepted format, small, and ways to damage it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightpress.image.codecs import load_codecs
from tests.image.drawings import BADGE, PAGE, pdf, svg
from tests.image.raws import cr3, dng
from tools.drawing import deep_grey, disc, file_of, four_corners, psd, ramp, ten_bits

if TYPE_CHECKING:
    import random

load_codecs(("jxl",))
_PICTURE = ramp((48, 40))

GOOD: dict[str, bytes] = {
    "jpeg": file_of(_PICTURE, "JPEG", quality=80),
    "jpeg, progressive": file_of(_PICTURE, "JPEG", quality=80, progressive=True),
    "jpeg, print colors": file_of(_PICTURE.convert("CMYK"), "JPEG"),
    "png": file_of(_PICTURE),
    "png, palette": file_of(four_corners((48, 40)).quantize(4)),
    "png, see-through": file_of(disc(48)),
    "png, 16 bits": file_of(deep_grey((number**3 * 7_919 % 65_536 for number in range(96)), stripe=4)),
    "gif": file_of(four_corners((48, 40)), "GIF"),
    "webp": file_of(_PICTURE, "WEBP", quality=80),
    "webp, lossless": file_of(disc(48), "WEBP", lossless=True),
    "avif": file_of(_PICTURE, "AVIF", speed=10),
    "tiff": file_of(_PICTURE, "TIFF"),
    "tiff, deflated": file_of(_PICTURE, "TIFF", compression="tiff_adobe_deflate"),
    "tiff, lzw": file_of(_PICTURE, "TIFF", compression="tiff_lzw"),
    "bmp": file_of(_PICTURE, "BMP"),
    "heic": file_of(_PICTURE, "HEIF", quality=60),
    "heic, ten bits": ten_bits(),
    "jpeg2000": file_of(_PICTURE, "JPEG2000"),
    "jpeg2000, bare": file_of(_PICTURE, "JPEG2000", no_jp2=True),
    "psd": psd(_PICTURE),
    "ico": file_of(_PICTURE.resize((32, 32)), "ICO", sizes=[(32, 32), (16, 16)]),
    "jxl": file_of(_PICTURE, "JXL", quality=80),
    "jxl, boxed": file_of(_PICTURE, "JXL", lossless=True, use_container=True),
}
"""By name; the first word is the format."""

MORE: dict[str, bytes] = {
    "svg": svg(BADGE),
    "pdf": pdf(PAGE),
    "raw": dng(),
    "raw, of boxes": cr3(orientation=6),
}
"""Those whose pixels are not the file's own: drawn as large as they are asked for, or of a picture inside."""


def damaged(data: bytes, dice: random.Random) -> bytes:
    """A mutant: some bytes changed, something cut out, doubled, or cut off, in the header more often than behind it."""
    mutant = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8))):
        end = min(len(mutant), 64) if dice.random() < 0.5 else len(mutant)
        at = dice.randrange(max(1, end))
        match dice.randrange(5):
            case 0:
                mutant[at : at + 1] = bytes((dice.randrange(256),))
            case 1:
                mutant[at : at + 1] = bytes((mutant[at] ^ 1 << dice.randrange(8),))
            case 2:
                mutant[at : at + 4] = dice.choice(
                    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x01")
                )
            case 3:
                del mutant[at : at + dice.randrange(1, 32)]
            case _:
                mutant[at:at] = mutant[at : at + dice.randrange(1, 32)]
        if not mutant:
            break
    return bytes(mutant)
