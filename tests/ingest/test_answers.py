"""Where a body begins and ends: by the grammar of RFC 9112, held against Node's parser, and never in two ways.

The heads around it may be as sloppy as some servers' are.
"""

from __future__ import annotations

import io
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.ingest.answer import BadAnswer, CutShort, most_framing, read_answer
from tests.ingest.node import answers_read

if TYPE_CHECKING:
    from collections.abc import Sequence

OK = b"HTTP/1.1 200 OK\r\n"
IN_CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Segments(io.RawIOBase):
    """What a network makes of it: pieces of these sizes, over and over."""

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        super().__init__()
        self._left, self._sizes, self._turn = memoryview(data), sizes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001  a buffer has no name before 3.12
        self._turn += 1
        piece = self._left[: min(len(buffer), self._sizes[self._turn % len(self._sizes)])]
        self._left = self._left[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def read(data: bytes, sizes: Sequence[int] = (1 << 16,)) -> tuple[int, bytes]:
    """The status and the body."""
    answer = read_answer(io.BufferedReader(Segments(data, sizes)))
    return answer.status, b"".join(answer.pieces)


def read_or_none(data: bytes) -> tuple[int, bytes] | None:
    try:
        return read(data)
    except (BadAnswer, CutShort):
        return None


segments = st.lists(st.integers(1, 40), min_size=1, max_size=5)
tokens = st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,9}", fullmatch=True)
quoted = st.from_regex(r'"([\t !#-\[\]-~]|\\[\t -~]){0,9}"', fullmatch=True)
blanks = st.from_regex(r"[ \t]{0,2}", fullmatch=True)
extensions = st.lists(
    st.builds("{}{}{}{}".format, st.builds("{};{}".format, blanks, blanks), tokens, st.just("="), tokens | quoted)
    | st.builds("{};{}{}".format, blanks, blanks, tokens),
    max_size=3,
).map("".join)


@st.composite
def in_chunks(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Data, and how RFC 9112 (7.1) lets it be sent."""
    pieces = draw(st.lists(st.binary(min_size=1, max_size=300), max_size=6))
    sent = bytearray()
    for piece in [*pieces, b""]:
        digits = draw(st.sampled_from("xX")).join(("{:", "}")).format(len(piece))
        sent += f"{'0' * draw(st.integers(0, 8))}{digits}{draw(extensions)}\r\n".encode() + piece
        sent += b"\r\n" if piece else b""
    trailers = draw(st.sampled_from((b"", b"Expires: never\r\n")))
    return b"".join(pieces), bytes(sent) + trailers + b"\r\n"


@given(in_chunks(), segments)
def test_what_the_grammar_of_chunks_allows_is_read_however_it_comes(
    sent: tuple[bytes, bytes], sizes: list[int]
) -> None:
    data, body = sent
    assert read(IN_CHUNKS + body, sizes) == (200, data)


@given(in_chunks(), st.data())
def test_chunks_that_end_before_the_last_one_are_cut_short(sent: tuple[bytes, bytes], chance: st.DataObject) -> None:
    _, body = sent
    last_line = body.removesuffix(b"\r\n").removesuffix(b"Expires: never\r\n")
    left = chance.draw(st.integers(0, len(last_line) - 1))
    with pytest.raises(CutShort):
        read(IN_CHUNKS + body[:left])


SIZES = (
    b"4", b"04", b"0004", b"-4", b"-1", b"-2", b"+4", b" 4", b"\t4", b"0x4", b"0X4", b"4_0", b"_4", b"4.0", b"4h",
    b"#4", b"", b"\x004", b"4\x00", b"\xb2", "\u0664".encode(), "\uff14".encode(), b"4\r", b"\r4", b"\n4", b"4,4",
    b"\r\n4", b"3", b"5", b"14", b"ffffffff", b"f" * 16, b"f" * 17, b"1" + b"0" * 20,
)  # fmt: skip
ENDS_OF_SIZE = (b"\r\n", b"\n", b"\r", b"", b"\n\r", b"\r\r\n", b"\r\n\r\n")
ENDS_OF_DATA = (b"\r\n", b"\n", b"\r", b"", b"xx", b"\n\r", b"\r\n\r\n", b"x\r\n", b" \r\n")


def test_no_frame_of_a_chunk_is_read_where_node_refuses_it_or_reads_another() -> None:
    framings = {(b"4", b"\r\n", b"\r\n"), *((size, b"\r\n", b"\r\n") for size in SIZES)}
    framings |= {(b"4", *ends) for ends in product(ENDS_OF_SIZE, ENDS_OF_DATA)}
    answers = [IN_CHUNKS + size + a + b"Wiki" + b + b"0\r\n\r\n" for size, a, b in sorted(framings)]
    judged = answers_read(answers)
    assert {answer: read_or_none(answer) for answer in answers} == dict(zip(answers, judged, strict=True))
    assert [one for one in judged if one] == 3 * [(200, b"Wiki")], "of 4, 04 and 0004"


@pytest.mark.parametrize("line", [b"4 \r\n", b"4\t \r\n", b"4;\r\n", b"4 ; a=b\r\n", b"4;a b\r\n"])
def test_blanks_behind_a_size_and_odd_extensions_say_nothing_else(line: bytes) -> None:
    assert read(IN_CHUNKS + line + b"Wiki\r\n0\r\n\r\n") == (200, b"Wiki")


def test_what_follows_the_last_chunk_is_not_waited_for() -> None:
    for rest in (b"", b"\r\n", b"Expires: never", b"\x00 no trailer"):
        assert read(IN_CHUNKS + b"4\r\nWiki\r\n0\r\n" + rest) == (200, b"Wiki")


def test_chunks_may_be_small_but_not_mostly_frames() -> None:
    small = b"64\r\n" + bytes(100) + b"\r\n"
    assert len(read(IN_CHUNKS + 50_000 * small + b"0\r\n\r\n")[1]) == 5_000_000
    few = most_framing(0) // len(b"1\r\n\r\n")
    assert len(read(IN_CHUNKS + few * b"1\r\nx\r\n" + b"0\r\n\r\n")[1]) == few
    for frames in (3 * few * b"1\r\nx\r\n", 40 * (b"1;" + 2_000 * b"a" + b"\r\nx\r\n")):
        with pytest.raises(BadAnswer, match="hardly more"):
            read(IN_CHUNKS + frames + b"0\r\n\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1  200 OK\nContent-Length: 4\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nServer : x\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nMy Header: x\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: \x00\x01\xff\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n: no name\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n begins as if it went on\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\t4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + 2_000 * b"X: y\r\n" + b"Content-Length: 4\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
        8 * b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
    ],
)
def test_a_head_may_be_sloppy(head: bytes) -> None:
    assert read(head + b"Wiki, and more that nobody announced") == (200, b"Wiki")


def test_without_a_length_the_body_ends_with_the_connection() -> None:
    for head in (b"", b"Content-Length:\r\n", b"Content-Length 2\r\n"):
        assert read(OK + head + b"\r\nWiki") == (200, b"Wiki")


@pytest.mark.parametrize(
    "head",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n", b"\r\n", b"<!doctype html>\r\n", b"ICY 200 OK\r\n\r\n", b"HTTP/2.0 200 OK\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n", b"HTTP/1.1 20 OK\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 2_0 OK\r\n\r\n", b"HTTP/1.1 +20 OK\r\n\r\n",
        OK + b"X: " + bytes(1 << 16) + b"\r\n\r\n", OK + 9_000 * b"X: abc\r\n" + b"\r\n",
        OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n", OK + b"Content-Length: 4, 5\r\n\r\n",
        OK + b"Content-Length: -4\r\n\r\n", OK + b"Content-Length: +4\r\n\r\n", OK + b"Content-Length: 0x4\r\n\r\n",
        OK + b"Content-Length: 4_0\r\n\r\n", OK + b"Content-Length: 4 4\r\n\r\n",
        OK + b"Content-Length: " + 9_000 * b"4" + b"\r\n\r\n", OK + b"Content-Length: \xb2\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n",
        OK + b"Transfer-Encoding: xchunked\r\n\r\n", OK + b"Transfer-Encoding: chun\x0bked\r\n\r\n",
        9 * b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"\r\n",
    ],
)  # fmt: skip
def test_what_is_not_http_or_could_be_read_in_two_ways_is_refused(head: bytes) -> None:
    with pytest.raises(BadAnswer):
        read(head + b"4\r\nWiki\r\n0\r\n\r\n")


@pytest.mark.parametrize("head", [b"", b"HTTP/1", OK, OK + b"Content-Len", OK + b"Content-Length: 4\r\n"])
def test_a_head_that_ends_before_its_end_is_cut_short(head: bytes) -> None:
    with pytest.raises(CutShort):
        read(head)


def test_some_answers_have_no_body_whatever_their_heads_say() -> None:
    for status in (204, 304, 101):
        head = f"HTTP/1.1 {status} x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        assert read(head + b"Wiki") == (status, b"")


@given(
    st.lists(
        st.sampled_from([*IN_CHUNKS.split(b" "), b"\r\n", b"\n", b"4", b"-1", b": ", b"0"]) | st.binary(max_size=9)
    )
)
def test_nothing_but_the_two_refusals_ever_comes_of_an_answer(parts: list[bytes]) -> None:
    for data in (b"".join(parts), OK + b"".join(parts), IN_CHUNKS + b"".join(parts)):
        found = read_or_none(data)
        assert found is None or len(found[1]) <= len(data)
