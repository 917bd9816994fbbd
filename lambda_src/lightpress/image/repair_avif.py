"""AVIF and HEIC files of old encoders, as decoders read them.

Encoders of 2019 and 2020 wrote one box (`ipma`) that associates properties for each item, where there may be only one
for all of them (ISO/IEC 23008-12, 9.3.1). Browsers show such files; the decoders here call them corrupt.
"""

from __future__ import annotations

import struct

from lightpress.image.isobmff import Span, boxes, item_associations, whole_boxes
from lightpress.image.salvage import Repaired

_NOTE = "The file associates the properties of its items in several places; they are joined."
_HEADER = 8


def with_one_association(data: bytes) -> Repaired | None:
    """With one box of associations instead of several of the same kind; None where there is nothing to join.

    What becomes free is filled, so that nothing else of the file moves.
    """
    try:
        meta = _only(data, b"meta", (0, len(data)))
        stored = _only(data, b"iprp", (meta[0] + 4, meta[1]))
        inside = list(whole_boxes(data, *stored))
        associations = [span for kind, span in inside if kind == b"ipma"]
        joined = _joined(data, associations)
    except (ValueError, LookupError, struct.error):
        return None
    kept = b"".join(data[begin - _HEADER : end] for kind, (begin, end) in inside if kind != b"ipma") + joined
    free = stored[1] - stored[0] - len(kept)
    properties = struct.pack(">I4s", _HEADER + len(kept), b"iprp") + kept
    filling = struct.pack(">I4s", free, b"free") + bytes(free - _HEADER)
    return Repaired(data[: stored[0] - _HEADER] + properties + filling + data[stored[1] :], _NOTE)


def _only(data: bytes, kind: bytes, span: Span) -> Span:
    """What is in the only box of a kind, whose length is written in 4 bytes; raises ValueError where it is not so."""
    (found,) = (inside for name, inside in boxes(data, *span) if name == kind)
    if struct.unpack_from(">I", data, found[0] - _HEADER)[0] != found[1] - found[0] + _HEADER:
        raise ValueError("its length is written otherwise")
    return found


def _joined(data: bytes, spans: list[Span]) -> bytes:
    """One box of all associations; raises ValueError where there is one already, or they contradict each other."""
    kinds = {data[begin : begin + 4] for begin, _ in spans}
    if len(spans) <= 1 or len(kinds) > 1:
        raise ValueError("nothing to join")
    found = sorted(one for span in spans for one in item_associations(data, span))
    if len({item for item, _ in found}) != len(found):
        raise ValueError("an item stands in two of them")
    body = kinds.pop() + struct.pack(">I", len(found)) + b"".join(entry for _, entry in found)
    return struct.pack(">I4s", _HEADER + len(body), b"ipma") + body
