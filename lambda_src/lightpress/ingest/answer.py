"""What a server answers: its head, read leniently, and its body, by the strict framing of RFC 9112.

Why not by `http.client` or `h11`: docs/decisions/0051. Everything is read from a file that
gives no more than may come in (`connection`): a fault here costs an answer, and never the memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from io import BufferedReader

LARGEST_HEAD = 1 << 16
_MOST_INFORMATIONAL = 8
_LONGEST_CHUNK_LINE = 4_096
_PIECE = 1 << 16
_STATUS_LINE = re.compile(rb"HTTP/1\.[0-9] +([1-9][0-9]{2})(?:[ \t].*)?\r?\n")
_BLANK_LINES = (b"\r\n", b"\n")
_BLANKS = b" \t\r\n"
_LENGTH = re.compile(r"[0-9]{1,18}")
# Blanks at its end are older than the standard, and can be read in one way only.
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


class BadAnswer(Exception):
    """It is not HTTP, or could be read in two ways."""


class CutShort(Exception):
    """The connection ended before the answer did; the message says where."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a GET.

    Attributes:
        status: The HTTP status code.
        fields: The header fields: their values by name, in lower case.
        length: The announced length of the body in bytes; None if it is not announced.
        pieces: The body as it arrives, up to its end. Raises BadAnswer, CutShort, and what reading from the connection
            raises.
    """

    status: int
    fields: Mapping[str, Sequence[str]]
    length: int | None
    pieces: Iterator[bytes]

    def first(self, name: str) -> str | None:
        """What the first field of this name says, each byte a character; None if there is none."""
        return next(iter(self.fields.get(name, ())), None)


def most_framing(data: int) -> int:
    """How many bytes may be around so many bytes of a body that comes in chunks: each has at least five."""
    return (1 << 16) + data // 16


def read_answer(reader: BufferedReader) -> Answer:
    """Read up to the body; raises BadAnswer, CutShort, and what reading from the connection raises."""
    for _ in range(_MOST_INFORMATIONAL + 1):
        status, fields = _head(reader)
        if not _is_informational(status):
            return _with_body(reader, status, fields)
    raise BadAnswer(f"more than {_MOST_INFORMATIONAL} answers before the answer")


def _is_informational(status: int) -> bool:
    """Another answer follows. Not after 101: from there on, something else than HTTP is spoken."""
    return status < HTTPStatus.OK and status != HTTPStatus.SWITCHING_PROTOCOLS


def _head(reader: BufferedReader) -> tuple[int, dict[str, list[str]]]:
    line = _line_of_head(reader, LARGEST_HEAD)
    found = _STATUS_LINE.fullmatch(line)
    if found is None:
        raise BadAnswer(f"it begins with {line[:60]!r}")
    lines, left = [], LARGEST_HEAD
    while (line := _line_of_head(reader, left)) not in _BLANK_LINES:
        lines.append(line)
        left -= len(line)
    return int(found[1]), _fields(lines)


def _fields(lines: Iterable[bytes]) -> dict[str, list[str]]:
    """The fields in the lines of a head. What is none is passed over, and takes no other along."""
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if line[:1] in b" \t":  # the line before goes on
            values[-1:] = [f"{values[-1]} {line.strip(_BLANKS).decode('latin-1')}"] if values else []
        elif colon:
            values = fields.setdefault(name.strip(_BLANKS).decode("latin-1").lower(), [])
            values.append(value.strip(_BLANKS).decode("latin-1"))
        else:
            values = []
    return fields


def _line_of_head(reader: BufferedReader, most: int) -> bytes:
    line = reader.readline(most + 1)
    if len(line) > most:
        raise BadAnswer(f"its head has more than {LARGEST_HEAD} bytes")
    if not line.endswith(b"\n"):
        raise CutShort("within its head" if line else "before its head did")
    return line


def _with_body(reader: BufferedReader, status: int, fields: Mapping[str, Sequence[str]]) -> Answer:
    if status in _WITHOUT_BODY or status < HTTPStatus.OK:
        return Answer(status, fields, 0, iter(()))
    if _is_chunked(fields):
        return Answer(status, fields, None, _chunks(reader))
    length = _length(fields)
    return Answer(status, fields, length, _until_the_end(reader) if length is None else _exactly(reader, length))


def _is_chunked(fields: Mapping[str, Sequence[str]]) -> bool:
    """Whether the body comes in chunks: then no other word on its length counts."""
    codings = [one for one in _listed(fields, "transfer-encoding") if one != "identity"]  # the old word for none
    if codings not in ([], ["chunked"]):
        raise BadAnswer(f"it is encoded for its way, which nobody asked for: {', '.join(codings)[:60]!r}")
    return bool(codings)


def _length(fields: Mapping[str, Sequence[str]]) -> int | None:
    """What is announced; None if nothing is."""
    lengths = _listed(fields, "content-length")
    if not lengths:
        return None
    if len(set(lengths)) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise BadAnswer(f"its length: {', '.join(lengths)[:60]!r}")
    return int(lengths[0])


def _listed(fields: Mapping[str, Sequence[str]], name: str) -> list[str]:
    """The members of a list, which may come in several fields."""
    parts = (part.strip().lower() for value in fields.get(name, ()) for part in value.split(","))
    return [part for part in parts if part]


def _until_the_end(reader: BufferedReader) -> Iterator[bytes]:
    while piece := reader.read1(_PIECE):
        yield piece


def _exactly(reader: BufferedReader, count: int) -> Iterator[bytes]:
    while count:
        piece = reader.read1(min(count, _PIECE))
        if not piece:
            raise CutShort(f"{count} bytes before its end")
        count -= len(piece)
        yield piece


def _chunks(reader: BufferedReader) -> Iterator[bytes]:
    """The data of all chunks. What follows the last one is not read: nobody needs it, and the connection ends."""
    data = frames = 0
    while size := int((line := _chunk_line(reader))[1], 16):
        data += size
        frames += len(line[0]) + len(b"\r\n")
        if frames > most_framing(data):
            raise BadAnswer("chunks that are hardly more than their frames")
        yield from _exactly(reader, size)
        end = reader.read(2)
        if not b"\r\n".startswith(end):
            raise BadAnswer(f"a chunk ends with {end!r}")


def _chunk_line(reader: BufferedReader) -> re.Match[bytes]:
    line = reader.readline(_LONGEST_CHUNK_LINE)
    found = _CHUNK_LINE.fullmatch(line)
    if found is None:
        if len(line) < _LONGEST_CHUNK_LINE and not line.endswith(b"\n"):
            raise CutShort("before its last chunk")
        raise BadAnswer(f"a chunk begins with {line[:60]!r}")
    return found
