"""Pictures without pixels, written by code: SVG and PDF."""

from __future__ import annotations

import zlib

BADGE = (
    '<rect x="4" y="6" width="4" height="4" fill="rgb(230,30,30)"/><circle cx="18" cy="8" r="3" fill="rgb(40,60,220)"/>'
)
"""A red square and a blue disc, on nothing, in 24 x 16."""


def svg(body: str, said: str = 'width="24" height="16"') -> bytes:
    """An SVG. said: the attributes of its outermost element."""
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {spaces} {said}>{body}</svg>".encode()


def pdf(
    *contents: str,
    box: tuple[float, ...] = (0, 0, 240, 160),
    page: str = "",
    more: dict[int, bytes] | None = None,
    encrypt: str = "",
) -> bytes:
    """A PDF with a page for each of `contents` (drawing operators, 8.5 in ISO 32000-1).

    Args:
        contents: Of each page.
        box: The MediaBox.
        page: Further entries of each page.
        more: Further objects, by number from 100 on.
        encrypt: Further entries of the trailer.
    """
    kids = " ".join(f"{10 + 2 * number} 0 R" for number in range(len(contents)))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
    }
    sides = " ".join(f"{side:.10g}" for side in box)
    for number, operators in enumerate(contents):
        packed = zlib.compress(operators.encode())
        objects[10 + 2 * number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{sides}] /Contents {11 + 2 * number} 0 R {page} >>".encode()
        )
        objects[11 + 2 * number] = (
            f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"
        )
    objects |= more or {}
    body, places = bytearray(b"%PDF-1.7\n"), {}
    for number, data in sorted(objects.items()):
        places[number] = len(body)
        body += f"{number} 0 obj\n".encode() + data + b"\nendobj\n"
    start = len(body)
    body += b"xref\n" + b"".join(f"{number} 1\n{at:010} 00000 n \n".encode() for number, at in sorted(places.items()))
    body += f"trailer\n<< /Size {max(objects) + 1} /Root 1 0 R {encrypt} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(body)


PAGE = "1 0 0 rg 40 40 40 60 re f 0 0 1 rg 160 40 40 60 re f"
"""A red and a blue rectangle on white paper of 240 x 160 points, in its lower part."""
