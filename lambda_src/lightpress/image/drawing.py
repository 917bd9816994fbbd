"""Pictures without pixels of their own (SVG, PDF): each size is drawn anew, so none is enlarged or reduced."""

from __future__ import annotations

import ctypes
import io
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.svg import root_of, sized

if TYPE_CHECKING:
    from collections.abc import Callable

_POINT = 96 / 72
_WHITE = 0xFFFFFFFF
_MOST_POINTS = 1e7


@dataclass(frozen=True, slots=True)
class Drawing:
    """A file that can be drawn with any number of pixels.

    Attributes:
        width: As it says itself, in pixels of CSS (1/96 inch).
        height: As well.
        draw: Draws it with so many pixels (width, height), as RGB or RGBA.
        notes: What was noticed, one sentence each.
    """

    width: float
    height: float
    draw: Callable[[tuple[int, int]], Image.Image]
    notes: tuple[str, ...] = ()


def open_svg(data: bytes) -> Drawing:
    """A drawing in SVG; raises PictureRejected, or what its decoder raises where it is damaged.

    Scripts, animations and style sheets of other files are not run, played or fetched: nothing here could.
    """
    import resvg_py  # noqa: PLC0415  few pictures need it

    data = data.removeprefix(b"\xef\xbb\xbf")
    root = root_of(data)

    def draw(pixels: tuple[int, int]) -> Image.Image:
        png = resvg_py.svg_to_bytes(svg_string=sized(data, root, *pixels), skip_system_fonts=True)
        image = Image.open(io.BytesIO(png), formats=("PNG",))
        image.load()
        return image if image.size == pixels else image.resize(pixels)

    return Drawing(root.width, root.height, draw, (_drawn("The drawing", root.width, root.height),))


def open_pdf(data: bytes) -> Drawing:
    """The first page of a PDF; raises PictureRejected.

    Forms are drawn as they were saved. Scripts are not run, and no other file is opened: this PDFium has no engine for
    them.
    """
    pdfium = _pdfium()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        raise _not_opened(pdfium.FPDF_GetLastError() in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY})
    size = pdfium.FS_SIZEF()
    if not pdfium.FPDF_GetPageSizeByIndexF(document, 0, size) or not _is_possible(size.width, size.height):
        raise PictureRejected(Reason.CORRUPT, "The PDF has no first page, or one without a size.")
    page = pdfium.FPDF_LoadPage(document, 0)
    if not page:
        raise PictureRejected(Reason.CORRUPT, "The first page of the PDF is damaged.")

    def draw(pixels: tuple[int, int]) -> Image.Image:
        _ = data, document  # PDFium reads both as it draws
        return _page(pdfium, page, pixels)

    pages = pdfium.FPDF_GetPageCount(document)
    width, height = size.width * _POINT, size.height * _POINT
    notes = [_drawn("The page", width, height)]
    if pages > 1:
        notes.append(f"The file has {pages} pages; its variants show the first.")
    return Drawing(width, height, draw, tuple(notes))


@cache
def _pdfium() -> Any:  # noqa: ANN401  a module of ctypes
    """PDFium, told of no fonts but its own: pages look the same on every machine."""
    import pypdfium2_raw  # noqa: PLC0415  few pictures need it

    none = (ctypes.POINTER(ctypes.c_char) * 1)()
    config = pypdfium2_raw.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=none)
    pypdfium2_raw.FPDF_InitLibraryWithConfig(config)
    return pypdfium2_raw


def _page(pdfium: Any, page: Any, pixels: tuple[int, int]) -> Image.Image:  # noqa: ANN401  a module of ctypes
    bitmap = pdfium.FPDFBitmap_CreateEx(*pixels, pdfium.FPDFBitmap_BGRx, None, 0)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, *pixels, _WHITE)
        how = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *pixels, 0, how)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        count = stride * pixels[1]
        lines = ctypes.cast(pdfium.FPDFBitmap_GetBuffer(bitmap), ctypes.POINTER(ctypes.c_ubyte * count)).contents
        return Image.frombytes("RGB", pixels, lines, "raw", "RGBX", stride, 1)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _not_opened(is_locked: bool) -> PictureRejected:  # noqa: FBT001
    if is_locked:
        return PictureRejected(Reason.FORMAT_NOT_ACCEPTED, "The file is a PDF that opens only with a password.")
    return PictureRejected(Reason.CORRUPT, "The PDF is damaged or cut short.")


def _is_possible(width: float, height: float) -> bool:
    return all(math.isfinite(side) and 0 < side < _MOST_POINTS for side in (width, height))


def _drawn(what: str, width: float, height: float) -> str:
    return f"{what} of {max(1, round(width))} x {max(1, round(height))} is drawn anew for each size."
