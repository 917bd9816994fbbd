"""Bodies of requests: what is JSON for every program is read, and everything else is refused with 400 or 413."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lightpress.uploads.bodies import MAX_BODY_BYTES, MAX_DEPTH, json_body
from lightpress.uploads.requests import Refused

# What a program without the limits of this module fails on. Of each, the sentence that tells the caller.
UNREADABLE = {
    "20 KB of opened lists": ("[" * 20_000, "nested more than 16 levels"),
    "20 KB of opened objects": ('{"a":' * 4_000, "nested more than 16 levels"),
    "17 levels, all closed": ("[" * 17 + "]" * 17, "nested more than 16 levels"),
    "a name twice": ('{"size": 1, "size": 2}', "the same name twice"),
    "a name twice, further in": ('{"parts": [{"etag": "a", "etag": "b"}]}', "the same name twice"),
    "NaN": ('{"size": NaN}', "NaN is not a JSON number"),
    "Infinity": ('{"size": Infinity}', "Infinity is not a JSON number"),
    "-Infinity": ('{"size": -Infinity}', "-Infinity is not a JSON number"),
    "a float beyond a double": ('{"size": 1e400}', "too large for a double"),
    "an integer of 5,000 digits": ('{"size": ' + "9" * 5_000 + "}", "too large for a double"),
    "an unclosed object": ("{", "Expecting property name"),
    "two values": ("{} {}", "Extra data"),
    "a byte order mark": ("\ufeff{}", "BOM"),
    "one quote": ('"', "Unterminated string"),
}


def event(body: str | bytes | None) -> dict[str, Any]:
    """A request with this body, in base64 where it is bytes."""
    if isinstance(body, bytes):
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return {"body": body, "isBase64Encoded": False}


def refusal_of(body: dict[str, Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        json_body(body)
    return caught.value


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("encode", [str, str.encode], ids=["text", "base64"])
def test_what_is_not_json_for_everybody_is_refused_with_400_and_a_sentence(name: str, encode: Any) -> None:  # noqa: ANN401
    text, sentence = UNREADABLE[name]
    refused = refusal_of(event(encode(text)))
    assert (refused.status, refused.code) == (400, "not_json")
    assert sentence in refused.detail
    assert refused.detail.endswith(".")


@pytest.mark.parametrize("body", [b'{"filename": "\xff"}', b"\xc0\xaf", "{}".encode("utf-16"), b"\xed\xa0\x80"])
def test_what_is_not_utf8_is_refused_with_400(body: bytes) -> None:
    refused = refusal_of(event(body))
    assert (refused.status, refused.code) == (400, "not_json")
    assert refused.detail == "The body is not JSON: it is not encoded in UTF-8."


def test_base64_that_is_none_is_refused_with_400() -> None:
    assert refusal_of({"body": "!", "isBase64Encoded": True}).status == 400


@pytest.mark.parametrize("encode", [str, str.encode], ids=["text", "base64"])
def test_a_body_of_one_mebibyte_is_read_and_one_of_a_few_bytes_more_is_refused_with_413(encode: Any) -> None:  # noqa: ANN401
    text = '{"filename": "' + "x" * (MAX_BODY_BYTES - 16) + '"}'
    assert json_body(event(encode(text))) == json.loads(text)
    refused = refusal_of(event(encode(text + " " * 8)))
    assert (refused.status, refused.code) == (413, "body_too_large")


def test_the_size_is_that_of_the_bytes_and_not_of_the_characters() -> None:
    assert refusal_of(event('"' + "é" * (MAX_BODY_BYTES // 2) + '"')).status == 413


def test_sixteen_levels_are_read_and_brackets_in_strings_are_no_levels() -> None:
    assert json_body(event("[" * MAX_DEPTH + "]" * MAX_DEPTH))
    text = json.dumps({"filename": "[" * 500 + '\\"' + "{" * 500})
    assert json_body(event(text)) == json.loads(text)


def test_no_body_of_a_mebibyte_takes_a_second() -> None:
    hostile = ['"' * MAX_BODY_BYTES, '\\"' * (MAX_BODY_BYTES // 2), '"\\' * (MAX_BODY_BYTES // 2), "[" * MAX_BODY_BYTES]
    for text in hostile:
        before = time.process_time()
        assert refusal_of(event(text)).status == 400
        assert time.process_time() - before < 1


def test_a_whole_number_that_no_double_holds_exactly_is_read_as_a_double() -> None:
    assert json_body(event("[999999999999999, 9007199254740993]")) == [999_999_999_999_999, 9_007_199_254_740_992.0]


def test_a_request_without_a_body_has_none() -> None:
    assert json_body(event(None)) is None
    assert json_body(event("")) is None


_DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
_SCALARS = st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | _DOUBLES | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@given(_VALUES)
def test_whatever_a_client_writes_in_json_is_read_as_it_was_written(value: object) -> None:
    assert json_body(event(json.dumps(value))) == value
    assert json_body(event(json.dumps(value, ensure_ascii=False).encode())) == value


@given(st.binary(max_size=200) | st.text('[]{}":,\\0123456789eE+-.NaIn ', max_size=60))
@example(b"[" * 20_000)
def test_no_body_does_anything_but_being_read_or_refused(body: str | bytes) -> None:
    status = 200
    try:
        json_body(event(body))
    except Refused as refused:
        status = refused.status
    assert status in {200, 400}
