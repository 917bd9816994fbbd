"""Uploads from outside: by form, in parts, and by the page in a browser; with the signatures really checked."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from playwright.sync_api import expect

from lightpress.uploads.requests import owner_of
from tests.e2e.account import signed
from tests.e2e.test_pipeline import eventually
from tests.web.test_page import choose, entry, file, wait_until_shown
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page
    from types_boto3_s3 import S3Client

    from lightpress.local import Outputs

    Ask = Callable[..., tuple[int, dict[str, Any]]]
    Send = Callable[..., tuple[int, str]]

PICTURE = file_of(ramp((900, 600)), "JPEG", quality=90)
CHECKSUM = base64.b64encode(hashlib.sha256(PICTURE).digest()).decode()
FILE = {"filename": "hill.jpg", "size": len(PICTURE), "type": "image/jpeg", "checksum": CHECKSUM}


@pytest.fixture(scope="module")
def http(cloud: Outputs) -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(ca_certs=cloud.ca_bundle) as pool:
        yield pool


@pytest.fixture(scope="module")
def ask(cloud: Outputs, http: urllib3.PoolManager) -> Ask:
    def ask(method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        text = None if body is None else json.dumps(body)
        answer = http.request(
            method,
            f"{cloud.upload_api_url}{path}",
            body=text,
            headers=signed(cloud, method, f"{cloud.upload_api_url}{path}", text),
            retries=False,
        )
        return answer.status, json.loads(answer.data)

    return ask


@pytest.fixture(scope="module")
def send(http: urllib3.PoolManager) -> Send:
    """Sends a form as a browser does, with some of its fields changed; gives the status, and the code of a refusal."""

    def send(upload: dict[str, Any], data: bytes = PICTURE, **change: str) -> tuple[int, str]:
        fields = {**upload["fields"], **change, "file": ("hill.jpg", data)}
        answer = http.request("POST", upload["url"], fields=fields, retries=False)
        return answer.status, code_of(answer.data)

    return send


def code_of(body: bytes) -> str:
    """What S3 refuses with."""
    found = re.search(rb"<Code>(\w+)</Code>", body)
    return found[1].decode() if found else ""


def settled(ask: Ask, key: str) -> dict[str, Any]:
    told: dict[str, Any] = eventually(
        lambda: (said := ask("GET", f"images/{key}")[1])["status"] != "processing" and said
    )
    return told


def test_a_form_uploads_its_file_and_the_picture_has_a_status_until_it_is_deleted(
    ask: Ask, send: Send, http: urllib3.PoolManager
) -> None:
    status, begun = ask("POST", "uploads", FILE)
    assert status == 201
    assert ask("GET", f"images/{begun['key']}")[1]["status"] == "processing"
    assert send(begun["upload"])[0] in {200, 204}
    told = settled(ask, begun["key"])
    assert (told["status"], told["width"], told["height"]) == ("ready", 900, 600)
    for variant in told["variants"]:
        answer = http.request("GET", variant["url"])
        assert (answer.status, len(answer.data)) == (200, variant["bytes"])

    assert ask("DELETE", f"images/{begun['key']}")[0] == 202
    eventually(lambda: ask("GET", f"images/{begun['key']}")[1]["status"] == "deleted")


# Other bytes of the same size are not among these: S3 compares them with the checksum, the local cloud does not.
@pytest.mark.parametrize(
    ("data", "change", "refusal"),
    [
        (PICTURE + b"x", {}, (400, "EntityTooLarge")),
        (PICTURE[:-1], {}, (400, "EntityTooSmall")),
        (PICTURE, {"Content-Type": "text/html"}, (403, "AccessDenied")),
        (PICTURE, {"key": "uploads/somebody/else/hill.jpg"}, (403, "AccessDenied")),
        (PICTURE, {"x-amz-checksum-sha256": base64.b64encode(bytes(32)).decode()}, (403, "AccessDenied")),
        (PICTURE, {"x-amz-signature": "0" * 64}, (403, "SignatureDoesNotMatch")),
    ],
    ids=["larger", "smaller", "another type", "another key", "another checksum", "another signature"],
)
def test_a_form_lets_nothing_else_in(
    ask: Ask, send: Send, data: bytes, change: dict[str, str], refusal: tuple[int, str]
) -> None:
    _, begun = ask("POST", "uploads", FILE)
    assert send(begun["upload"], data, **change) == refusal


def test_a_form_that_has_expired_lets_nothing_in(cloud: Outputs, s3: S3Client, send: Send) -> None:
    expired = s3.generate_presigned_post(Bucket=cloud.uploads_bucket, Key="uploads/x/y/hill.jpg", ExpiresIn=-1)
    assert send(expired) == (403, "AccessDenied")


@pytest.mark.parametrize("step", ["sign", "list", "complete", "abort"])
def test_anothers_upload_and_picture_do_not_exist(ask: Ask, step: str) -> None:
    _, begun = ask("POST", "multipart", FILE)
    collection, _, number, name = begun["key"].split("/")
    key = f"{collection}/{owner_of('somebody else')}/{number}/{name}"
    more = {"part_number": 1, "size": 5, "parts": [{"part_number": 1, "etag": "0" * 32}]}
    status, said = ask("POST", f"multipart/{step}", {"key": key, "upload_id": begun["upload_id"], **more})
    assert (status, said["code"]) == (404, "not_found")
    for method in ("GET", "DELETE"):
        status, said = ask(method, f"images/{key}")
        assert (status, said["code"], said["detail"]) == (404, "not_found", "You have no original with this key.")


def test_a_part_of_another_size_is_not_let_in(ask: Ask, http: urllib3.PoolManager) -> None:
    _, begun = ask("POST", "multipart", FILE)
    upload = {"key": begun["key"], "upload_id": begun["upload_id"]}
    _, signed = ask("POST", "multipart/sign", upload | {"part_number": 1, "size": 1_000})
    answer = http.request("PUT", signed["url"], body=bytes(1_001), retries=False)
    assert (answer.status, code_of(answer.data)) == (403, "SignatureDoesNotMatch")


def test_nobody_uploads_without_a_form(cloud: Outputs, http: urllib3.PoolManager) -> None:
    url = f"{cloud.endpoint_url}/{cloud.uploads_bucket}/uploads/x/y/hill.jpg"
    answer = http.request("PUT", url, body=PICTURE, retries=False)
    assert (answer.status, code_of(answer.data)) == (403, "AccessDenied")


def test_the_status_of_a_broken_picture_is_failed_with_its_reason(ask: Ask, send: Send) -> None:
    broken = PICTURE[:100]
    _, begun = ask("POST", "uploads", {"filename": "cut.jpg", "size": len(broken), "type": "image/jpeg"})
    assert send(begun["upload"], broken)[0] in {200, 204}
    told = settled(ask, begun["key"])
    assert (told["status"], told["reason"], told["title"]) == (
        "failed",
        "corrupt",
        "The picture is damaged or cut short.",
    )


def test_a_large_file_is_uploaded_in_parts_straight_into_the_bucket(ask: Ask, http: urllib3.PoolManager) -> None:
    padded = PICTURE + bytes(6 << 20)  # JPEG decoders stop at the end of the picture
    _, begun = ask("POST", "multipart", FILE | {"size": len(padded)})
    upload = {"key": begun["key"], "upload_id": begun["upload_id"]}
    parts = []
    for number, data in enumerate((padded[: 5 << 20], padded[5 << 20 :]), start=1):
        _, signed = ask("POST", "multipart/sign", upload | {"part_number": number, "size": len(data)})
        answer = http.request("PUT", signed["url"], body=data, retries=False)
        assert answer.status == 200
        parts.append({"part_number": number, "etag": answer.headers["ETag"]})
    for _ in range(2):
        status, completed = ask("POST", "multipart/complete", upload | {"parts": parts})
        assert (status, completed["key"]) == (200, begun["key"])
    assert ask("POST", "multipart/list", upload) == (200, {"parts": [], "completed": True})
    assert ask("POST", "multipart/list", upload | {"upload_id": "none", "key": f"{begun['key']}x"})[0] == 404
    assert http.request("PUT", signed["url"], body=data, retries=False).status == 404, "what is completed takes no part"
    assert settled(ask, begun["key"])["status"] == "ready"


@pytest.mark.emulator("the page lets everybody in there")
def test_the_page_uploads_pictures_one_of_them_broken_and_shows_what_was_published(
    cloud: Outputs, browser: Browser, page_shot: Callable[[Page, str], None]
) -> None:
    assert cloud.upload_api_url
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1100, "height": 900})
    page = context.new_page()
    page.goto(cloud.upload_api_url)
    cut = file("cut.jpg", ramp((400, 300)))
    cut["buffer"] = cut["buffer"][:100]
    in_parts = file("parts.jpg", ramp((1000, 700)))
    in_parts["buffer"] += bytes(17 << 20)  # JPEG decoders stop at the end of the picture
    choose(
        page,
        in_parts,
        file("soft.jpg", ramp((1400, 1000))),
        cut,
        file("small.png", data=file_of(ramp((300, 300))), kind="image/png"),
    )
    for name, state in (("soft.jpg", "ready"), ("small.png", "ready"), ("cut.jpg", "failed"), ("parts.jpg", "ready")):
        expect(entry(page, name)).to_have_attribute("data-state", state, timeout=60_000)
    entry(page, "soft.jpg").get_by_role("button", name="Details").click()
    wait_until_shown(page)
    expect(page.locator("#summary")).to_contain_text("3 of 4 ready, 1 failed")
    page_shot(page, "upload-page-on-the-local-cloud")
    context.close()
