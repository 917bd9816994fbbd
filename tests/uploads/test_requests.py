"""What may be uploaded, under which key, and whose pictures somebody may ask for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.image.inputs import ACCEPTED, INPUTS, READABLE
from lightpress.pipeline.facts import Words
from lightpress.uploads.callers import caller_of
from lightpress.uploads.fields import Text, has_surrogate, json_schema
from lightpress.uploads.requests import (
    COLLECTION,
    MAX_URLS,
    Part,
    Refused,
    UploadLimits,
    UploadRequest,
    UrlList,
    check_owner,
    media_types,
    multipart_id,
    new_key,
    owner_of,
    parse_correction,
    parse_multipart_upload,
    parse_part_request,
    parse_parts,
    parse_upload_request,
    parse_url_list,
    safe_name,
    size_in,
)

LIMITS = UploadLimits(max_bytes=20_000_000, media_types=("image/jpeg", "image/png"))
FILE = {"filename": "cat.jpg", "size": 1_000, "type": "image/jpeg"}
CHECKSUM = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_a_request_names_a_file_by_name_size_and_type() -> None:
    assert parse_upload_request(FILE, LIMITS) == UploadRequest("cat.jpg", 1_000, "image/jpeg")
    assert parse_upload_request(FILE | {"size": 1_000.0}, LIMITS).size == 1_000, "JSON does not tell them apart"
    assert parse_upload_request(FILE | {"focus": "0.4,1"}, LIMITS).metadata == {"focus": "0.4,1"}
    assert parse_upload_request(FILE, LIMITS).metadata == {}
    more = FILE | {"checksum": CHECKSUM, "collection": "avatars"}
    assert parse_upload_request(more, LIMITS) == UploadRequest("cat.jpg", 1_000, "image/jpeg", CHECKSUM, "avatars")


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"filename": None}, "filename", "filename must be a non-empty string of Unicode characters."),
        ({"filename": "x" * 1_025}, "filename", "filename may have at most 1024 characters."),
        (
            {"filename": "cat\ud83d.jpg"},
            "filename",
            "filename must be a non-empty string of Unicode characters.",
        ),
        ({"size": 0.5}, "size", "size must be a whole number from 1 to 20000000."),
        ({"size": 0}, "size", "size must be a whole number from 1 to 20000000."),
        ({"size": 20_000_001}, "size", "size must be a whole number from 1 to 20000000."),
        ({"size": True}, "size", "size must be a whole number from 1 to 20000000."),
        ({"size": "9"}, "size", "size must be a whole number from 1 to 20000000."),
        ({"type": "text/html"}, "type", "type 'text/html' is not accepted. Accepted: image/jpeg, image/png."),
        *(
            ({"focus": wrong}, "focus", 'focus must be two numbers from 0 to 1 such as "0.4,0.2".')
            for wrong in ("left", "0.4", "0.4,1.1", "-0.1,0", "0.4 ,0.2", "0.4,0.2\n")
        ),
        ({"checksum": "abc"}, "checksum", "checksum must be the SHA-256 of the file in base64 (44 characters)."),
        (
            {"collection": "../x"},
            "collection",
            'collection must be 1 to 40 lowercase letters, digits and hyphens, such as "avatars".',
        ),
    ],
)
def test_an_error_names_the_field_and_what_is_accepted(change: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_upload_request(FILE | change, LIMITS)
    assert (refused.value.status, refused.value.code) == (422, "invalid")
    assert refused.value.fields == {field: sentence}


def test_all_errors_of_a_request_are_reported_at_once() -> None:
    with pytest.raises(Refused) as refused:
        parse_upload_request({}, LIMITS)
    assert set(refused.value.fields) == {"filename", "size", "type"}


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(Refused, match="must be a JSON object"):
        parse_upload_request(body, LIMITS)


def test_every_format_that_is_read_may_be_uploaded() -> None:
    types = media_types(READABLE)
    assert all({*row.media_types} <= {*types} for row in INPUTS)
    assert len(set(types)) == len(types)
    extensions = [extension for row in INPUTS for extension in row.extensions]
    assert len(set(extensions)) == len(extensions)


def test_what_no_recipe_accepts_may_not_be_uploaded() -> None:
    limits = UploadLimits(1_000, media_types(ACCEPTED))
    assert parse_upload_request(FILE | {"type": "image/heif"}, limits).media_type == "image/heif"
    with pytest.raises(Refused) as refused:
        parse_upload_request(FILE | {"type": "image/jp2"}, limits)
    assert "'image/jp2' is not accepted" in refused.value.fields["type"]
    everything = UploadLimits(1_000, media_types(READABLE))
    assert parse_upload_request(FILE | {"type": "image/jp2"}, everything).media_type == "image/jp2"


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("cat.jpg", "cat.jpg"),
        ("IMG_0815.JPG", "IMG_0815.jpg"),
        ("Mein Bild (2).png", "Mein-Bild-2.png"),
        ("naïve.jpg", "naïve.jpg"),
        ("nai\u0308ve.jpg", "naïve.jpg"),
        ("猫.webp", "猫.webp"),
        ("C:\\Users\\me\\cat.jpg", "cat.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..", "picture"),
        (".htaccess", "htaccess"),
        ("a%2F..%2Fb.jpg", "a-2F..-2Fb.jpg"),
        ("cat.jpg?x=<script>", "cat.jpg-x-script"),
        ("no ending", "no-ending"),
        ("x" * 200 + ".jpeg", "x" * 80 + ".jpeg"),
        ("🐱.png", "png"),
        ("\n", "picture"),
    ],
)
def test_a_name_stays_recognisable_and_means_nothing_in_a_path(filename: str, name: str) -> None:
    assert safe_name(filename) == name


@given(st.text(min_size=1, max_size=300), st.text(max_size=50))
def test_whatever_the_file_is_called_its_key_stays_in_its_owners_place(filename: str, identity: str) -> None:
    owner = owner_of(identity)
    key = new_key(UploadRequest(filename, 1, "image/jpeg"), owner, "Ab3_-x")
    collection, place, number, name = key.split("/")
    assert (collection, place, number) == ("uploads", owner, "Ab3_-x")
    assert name
    assert name not in {".", ".."}
    assert len(key.encode()) <= 1_024
    check_owner(key, owner)


def test_pictures_of_other_owners_are_not_found_whether_they_exist_or_not() -> None:
    key = new_key(parse_upload_request(FILE, LIMITS), owner_of("alice"), "1")
    for other in ("bob", "", "alic", "alice2"):
        with pytest.raises(Refused) as refused:
            check_owner(key, owner_of(other))
        assert (refused.value.status, refused.value.code) == (404, "not_found")
    with pytest.raises(Refused):
        check_owner("cat.jpg", owner_of("alice"))


def test_an_owner_is_the_same_each_time_and_cannot_be_read_from_a_key() -> None:
    assert owner_of("alice@example.com") == owner_of("alice@example.com")
    assert "alice" not in owner_of("alice@example.com")
    assert owner_of("a") != owner_of("b")


# Where each kind of authorizer puts what it says, in the payload 2.0:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
@pytest.mark.parametrize(
    ("auth", "authorizer", "caller"),
    [
        ("none", None, "anybody"),
        ("jwt", {"jwt": {"claims": {"sub": "user-1"}}}, "user-1"),
        ("iam", {"iam": {"userArn": "arn:aws:iam::1:user/me"}}, "arn:aws:iam::1:user/me"),
        ("authorizer", {"lambda": {"owner": "shop-7"}}, "shop-7"),
    ],
)
def test_the_authorizer_says_who_calls(auth: str, authorizer: dict[str, Any] | None, caller: str) -> None:
    assert caller_of({"requestContext": {"authorizer": authorizer}}, auth) == caller


@pytest.mark.parametrize("auth", ["jwt", "iam", "authorizer"])
@pytest.mark.parametrize("said", [None, {}, {"lambda": {}}, {"lambda": {"owner": ""}}, {"jwt": {"claims": {"sub": 7}}}])
def test_whom_the_authorizer_does_not_name_is_refused(auth: str, said: dict[str, Any] | None) -> None:
    with pytest.raises(Refused, match="does not say who you are"):
        caller_of({"requestContext": {"authorizer": said}}, auth)


def test_the_key_of_a_multipart_upload_tells_its_size_and_no_other_key_does() -> None:
    file = UploadRequest("cat.jpg", 9_000_000, "image/jpeg")
    assert size_in(new_key(file, "o" * 16, multipart_id("r" * 8, file.size))) == 9_000_000
    assert size_in(new_key(file, "o" * 16, "r" * 8)) is None


def test_urls_are_fetched_below_a_prefix_and_into_a_collection_where_they_are_said() -> None:
    urls = {"urls": ["https://a.test/1.jpg"]}
    assert parse_url_list(urls) == UrlList(("https://a.test/1.jpg",), "", COLLECTION)
    more = urls | {"prefix": "trips/2026/", "collection": "avatars"}
    assert parse_url_list(more) == UrlList(("https://a.test/1.jpg",), "trips/2026/", "avatars")
    with pytest.raises(Refused) as refused:
        parse_url_list({"urls": []})
    assert refused.value.fields == {"urls": f"urls must be a list of 1 to {MAX_URLS} strings."}


def test_half_a_character_is_no_text_and_its_neighbors_are() -> None:
    assert all(has_surrogate(f"a{chr(half)}") for half in (0xD800, 0xDBFF, 0xDC00, 0xDFFF))
    assert not has_surrogate("a\ud7ff\ue000")


def test_the_schema_says_which_fields_may_be_null() -> None:
    schema = json_schema({"may": Text("May be left out.", optional=True), "must": Text("Has to be there.")})
    assert {name: one["type"] for name, one in schema["properties"].items()} == {
        "may": ["string", "null"],
        "must": "string",
    }
    assert schema["required"] == ["must"]


def test_parts_are_read_in_their_order() -> None:
    first, second = {"part_number": 1, "etag": "0" * 32}, {"part_number": 2, "etag": f'"{"1" * 32}"'}
    assert parse_parts({"parts": [second, first]}) == (Part(1, "0" * 32), Part(2, f'"{"1" * 32}"'))
    assert parse_multipart_upload({"key": "k" * 1_024, "upload_id": "u" * 1_024}) == ("k" * 1_024, "u" * 1_024)
    for field in ("key", "upload_id"):
        with pytest.raises(Refused) as refused:
            parse_multipart_upload({"key": "k", "upload_id": "u", field: "x" * 1_025})
        assert refused.value.fields == {field: f"{field} may have at most 1024 characters."}
    assert parse_part_request({"part_number": 3, "size": 5}, LIMITS) == (3, 5)


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        "x",
        [7],
        [{}],
        [{"part_number": 0, "etag": "0" * 32}],
        [{"part_number": True, "etag": "0" * 32}],
        [{"part_number": 1, "etag": "x"}],
    ],
)
def test_parts_that_are_none_are_refused(parts: object) -> None:
    with pytest.raises(Refused) as refused:
        parse_parts({"parts": parts})
    assert set(refused.value.fields) == {"parts"}


def test_a_part_has_from_one_byte_to_8_mib() -> None:
    for size in (1, 8_388_608):
        assert parse_part_request({"part_number": 1, "size": size}, LIMITS) == (1, size)
    for size in (0, 8_388_609):
        with pytest.raises(Refused) as refused:
            parse_part_request({"part_number": 1, "size": size}, LIMITS)
        assert refused.value.fields == {"size": "size must be a whole number from 1 to 8388608."}


def test_a_large_file_has_no_more_parts_than_the_limit_allows() -> None:
    assert parse_part_request({"part_number": 3, "size": 1}, LIMITS) == (3, 1)  # 20 MB in parts of 8 MB
    with pytest.raises(Refused):
        parse_part_request({"part_number": 4, "size": 1}, LIMITS)


def test_what_is_said_of_a_picture_is_kept_taken_back_or_left_as_it_was() -> None:
    before = Words(alt="A cat", labels=("cat", "sofa"))
    said = {
        ("alt", " A  dog\n"): Words("A dog", ("cat", "sofa")),
        ("alt", ""): Words("", ("cat", "sofa")),
        ("alt", "none"): Words(None, ("cat", "sofa")),
        ("labels", "dog, , big  dog,dog"): Words("A cat", ("dog", "big dog")),
        ("labels", ""): Words("A cat", ()),
        ("labels", "none"): Words("A cat", None),
        ("focus", "0.4,0.2"): before,
    }
    for (field, text), after in said.items():
        assert parse_correction({field: text}).words(before) == after, (field, text)


def test_what_is_too_long_or_no_point_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(Refused) as refused:
        parse_correction({"focus": "left", "alt": "x" * 1_001, "labels": "x" * 5_001})
    assert refused.value.fields == {
        "focus": 'focus must be two numbers from 0 to 1 such as "0.4,0.2", or "none".',
        "alt": "alt may have at most 1000 characters.",
        "labels": "labels may have at most 5000 characters.",
    }
