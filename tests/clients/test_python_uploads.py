"""The upload client for Python programs, against a server that answers as the upload API and S3 do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lightpress.client.uploads import UploadError, Uploads
from tests.clients.server import ADDRESSES, KEY, Cloud, cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "Bearer t"
ALL_PARTS = [{"part_number": number, "etag": f'"{number}"'} for number in (1, 2)]


@pytest.fixture
def there() -> Iterator[Cloud]:
    with cloud() as there:
        yield there


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cat nap.jpg"
    path.write_bytes(b"pixels")
    return path


def uploads(there: Cloud) -> Uploads:
    return Uploads(f"{there.url}/", authorization=lambda: TOKEN, first_pause=0.01)


def refusal(error: pytest.ExceptionInfo[UploadError]) -> tuple[str, int, str, bool]:
    return error.value.code, error.value.status, str(error.value), error.value.retriable


def test_a_file_is_announced_sent_as_the_last_field_and_waited_for(there: Cloud, file: Path) -> None:
    there.statuses = [{"status": "processing"}, {"status": "ready", "width": 640}]
    begun = uploads(there).upload(file, collection="avatars", focus=(0.4, 1 / 3))
    assert begun == ADDRESSES
    assert uploads(there).published(begun["key"])["width"] == 640
    announced, sent, *asked = there.requests
    about = {"filename": "cat nap.jpg", "size": 6, "type": "image/jpeg", "collection": "avatars", "focus": "0.4,0.3333"}
    assert announced == ("POST", "/uploads", TOKEN, about)
    assert sent == ("POST", "/storage", None, [("key", KEY), ("policy", "p"), ("file", "pixels")])
    path = "/images/uploads/xs4tgmssk2ooraql/JhTJM9qr4d65/cat%20nap.jpg"
    assert asked == [("GET", path, TOKEN, None)] * 2


def test_a_large_file_goes_in_parts_and_one_that_fails_is_sent_again_alone(there: Cloud, file: Path) -> None:
    there.broken = ["/part/2"]
    assert uploads(there).upload(file, parts_from=6) == ADDRESSES
    assert there.requests[0][1] == "/multipart"
    assert there.paths.count("/multipart/sign") == 3
    assert there.requests[-1] == ("POST", "/multipart/complete", TOKEN, ALL_PARTS)
    assert there.parts == {1: b"pixe", 2: b"ls"}
    assert {said for method, _, said, _ in there.requests if method == "PUT"} == {None}, "S3 is sent no token"


@pytest.mark.parametrize("gone", [False, True])
def test_an_upload_in_parts_that_broke_goes_on_where_it_was_or_begins_anew_where_it_was_given_up(
    there: Cloud, file: Path, *, gone: bool
) -> None:
    there.broken, there.gone = ["/multipart/complete"], gone
    with pytest.raises(UploadError) as broken:
        uploads(there).upload(file, parts_from=6)
    assert broken.value.retriable
    assert uploads(there).upload(file, parts=broken.value.parts) == ADDRESSES
    assert len([path for path in there.paths if "/part/" in path]) == (4 if gone else 2)
    assert there.paths.count("/multipart") == (2 if gone else 1)


def test_a_refusal_whose_words_are_cut_off_is_one_all_the_same(there: Cloud, file: Path) -> None:
    there.broken, there.cut = ["/part/2"], ["/part/2"]
    assert uploads(there).upload(file, parts_from=6) == ADDRESSES
    assert "/multipart/abort" not in there.paths
    there.cut = ["/images/a.jpg"]
    with pytest.raises(UploadError) as missing:
        uploads(there).remove("a.jpg")
    assert refusal(missing) == ("unknown", 404, "The upload API answered 404.", False)


def test_an_upload_in_parts_that_broke_goes_on_also_where_each_caller_has_a_quota(there: Cloud, file: Path) -> None:
    there.broken = ["/multipart/complete"]
    there.quota = {"uploads_left": 199, "bytes_left": None, "resets_at": "2026-11-29T00:00:00Z"}
    with pytest.raises(UploadError) as broken:
        uploads(there).upload(file, parts_from=6)
    assert uploads(there).upload(file, parts=broken.value.parts) == {**ADDRESSES, "quota": there.quota}
    assert there.paths.count("/multipart") == 1


@pytest.mark.parametrize("becomes", [b"other pixels", b"PIXELS"], ids=["longer", "of the same length"])
def test_a_file_that_has_changed_since_its_upload_broke_is_sent_anew(there: Cloud, file: Path, becomes: bytes) -> None:
    there.broken = ["/multipart/complete"]
    with pytest.raises(UploadError) as broken:
        uploads(there).upload(file, parts_from=6)
    file.write_bytes(becomes)
    os.utime(file, (1, 1))
    kept = json.loads(json.dumps(broken.value.parts))
    assert uploads(there).upload(file, parts_from=6, parts=kept) == ADDRESSES
    assert there.paths.count("/multipart/abort") == 1, "nobody pays for the parts of the former file"
    assert b"".join(data for _, data in sorted(there.parts.items())) == becomes


@pytest.mark.parametrize("becomes", [b"PIXELS", b"pix"], ids=["of the same length", "shorter"])
def test_a_file_that_changes_while_it_is_sent_is_not_put_together_of_both(
    there: Cloud, file: Path, monkeypatch: pytest.MonkeyPatch, becomes: bytes
) -> None:
    asked = iter(range(9))

    def authorization() -> str:
        if next(asked) == 2:  # where the second part goes, after the first
            file.write_bytes(becomes)
            os.utime(file, (1, 1))
        return TOKEN

    monkeypatch.setattr("lightpress.client.uploads._AT_ONCE", 1)
    with pytest.raises(UploadError) as changed:
        Uploads(there.url, authorization).upload(file, parts_from=6)
    assert refusal(changed) == ("changed", 0, f"{file.name} has changed while it was sent.", True)
    assert "/multipart/complete" not in there.paths
    assert uploads(there).upload(file, parts_from=1, parts=changed.value.parts) == ADDRESSES
    assert b"".join(data for _, data in sorted(there.parts.items())) == becomes


def test_an_upload_in_parts_is_done_where_only_the_answer_was_lost(there: Cloud, file: Path) -> None:
    there.lost = True
    with pytest.raises(UploadError) as broken:
        uploads(there).upload(file, parts_from=6)
    assert uploads(there).upload(file, parts=broken.value.parts) == ADDRESSES
    assert sorted(path for path in there.paths if "/part/" in path) == ["/part/1", "/part/2"]
    assert there.paths.count("/multipart") == 1


def test_a_focus_is_corrected_taken_back_and_waited_for(there: Cloud) -> None:
    there.statuses = [{"status": "ready", "focus_pending": pending} for pending in (True, False)]
    uploads(there).correct("a b.jpg", (0.4, 0.2))
    assert not uploads(there).published("a b.jpg")["focus_pending"]
    uploads(there).correct("a b.jpg", None)
    sent = [(path, said) for method, path, _, said in there.requests if method == "PATCH"]
    assert sent == [("/images/a%20b.jpg", {"focus": focus}) for focus in ("0.4,0.2", "none")]


def test_what_a_picture_shows_is_said_in_part_and_taken_back(there: Cloud) -> None:
    uploads(there).describe("a b.jpg", alt="A cat.", labels=["cat", "black mat"])
    uploads(there).describe("a b.jpg", alt="", forget=["labels"])
    uploads(there).describe("a b.jpg", labels=[])
    sent = [(path, said) for method, path, _, said in there.requests if method == "PATCH"]
    assert sent == [
        ("/images/a%20b.jpg", words)
        for words in ({"alt": "A cat.", "labels": "cat, black mat"}, {"alt": "", "labels": "none"}, {"labels": ""})
    ]


def test_what_is_refused_has_a_code_and_words(there: Cloud, file: Path) -> None:
    there.refusal = (400, "<Error><Code>EntityTooLarge</Code></Error>")
    there.statuses = [
        {"status": "failed", "reason": "corrupt", "title": "The picture is damaged or cut short."},
        {"status": "held"},
        {"status": "processing"},
    ]
    client = uploads(there)
    with pytest.raises(UploadError) as storage:
        client.upload(file)
    assert refusal(storage)[:2] == ("EntityTooLarge", 400)
    for code, status, words, retriable in (
        ("corrupt", 0, "The picture is damaged or cut short.", False),
        ("held", 0, "The picture is held.", False),
        ("timeout", 0, "It is not published yet.", True),
    ):
        with pytest.raises(UploadError) as failed:
            client.published("a.jpg", timeout=0)
        assert refusal(failed) == (code, status, words, retriable)
    with pytest.raises(UploadError) as missing:
        client.remove("a.jpg")
    assert refusal(missing) == ("not_found", 404, "There is no such picture.", False)


def test_where_nobody_answers_it_may_be_tried_again() -> None:
    with pytest.raises(UploadError) as lost:
        Uploads("http://127.0.0.1:1").status("a.jpg")
    assert (lost.value.code, lost.value.retriable) == ("interrupted", True)


def test_an_answer_that_is_lost_ends_no_waiting_before_its_time(there: Cloud) -> None:
    there.cut = ["/images/a.jpg"]
    there.statuses = [{"status": "processing"}, {"status": "ready"}]
    assert uploads(there).published("a.jpg") == {"status": "ready"}
    with pytest.raises(UploadError, match="The connection broke"):
        Uploads("http://127.0.0.1:1", first_pause=0.01).published("a.jpg", timeout=0.02)


def test_what_is_no_address_of_the_api_is_said_so() -> None:
    with pytest.raises(UploadError, match=r"This is no address of an upload API: ftp://a/images/a\.jpg"):
        Uploads("ftp://a").status("a.jpg")


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import sys, lightpress.client.uploads; print([m for m in ('boto3', 'urllib3', 'PIL') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
