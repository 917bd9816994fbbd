"""Uploads from outside: by form, in parts, and by the page in a browser; with the signatures really checked."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from playwright.sync_api import expect

from tests.drawing import file_of, ramp
from tests.e2e.account import signed
from tests.e2e.test_pipeline import eventually
from tests.web.test_page import choose, entry, file, wait_until_shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from cli.local_cloud import Outputs

    Ask = Callable[..., tuple[int, dict[str, Any]]]
    Send = Callable[..., int]

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
    """Sends a form as a browser does, with some of its fields changed."""

    def send(upload: dict[str, Any], data: bytes = PICTURE, **change: str) -> int:
        fields = {**upload["fields"], **change, "file": ("hill.jpg", data)}
        return http.request("POST", upload["url"], fields=fields, retries=False).status

    return send


def settled(ask: Ask, key: str) -> dict[str, Any]:
    told: dict[str, Any] = eventually(
        lambda: (said := ask("GET", f"images/{key}")[1])["status"] != "processing" and said
    )
    return told


def test_a_form_lets_its_file_in_and_the_picture_is_told_of_until_it_is_deleted(
    ask: Ask, send: Send, http: urllib3.PoolManager
) -> None:
    status, begun = ask("POST", "uploads", FILE)
    assert status == 201
    assert ask("GET", f"images/{begun['key']}")[1]["status"] == "processing"
    assert send(begun["upload"]) in {200, 204}
    told = settled(ask, begun["key"])
    assert (told["status"], told["width"], told["height"]) == ("ready", 900, 600)
    for variant in told["variants"]:
        answer = http.request("GET", variant["url"])
        assert (answer.status, len(answer.data)) == (200, variant["bytes"])

    assert ask("DELETE", f"images/{begun['key']}")[0] == 202
    eventually(lambda: ask("GET", f"images/{begun['key']}")[1]["status"] == "deleted")


@pytest.mark.parametrize(
    ("data", "change"),
    [
        (PICTURE + b"x", {}),
        (PICTURE[:-1], {}),
        (PICTURE, {"Content-Type": "text/html"}),
        (PICTURE, {"key": "uploads/somebody/else/hill.jpg"}),
        (PICTURE, {"x-amz-checksum-sha256": base64.b64encode(bytes(32)).decode()}),
        (PICTURE, {"x-amz-signature": "0" * 64}),
    ],
    ids=["larger", "smaller", "another type", "another key", "another checksum", "another signature"],
)
def test_a_form_lets_nothing_else_in(ask: Ask, send: Send, data: bytes, change: dict[str, str]) -> None:
    _, begun = ask("POST", "uploads", FILE)
    assert send(begun["upload"], data, **change) in {400, 403}


def test_nobody_uploads_without_a_form(cloud: Outputs, http: urllib3.PoolManager) -> None:
    url = f"{cloud.endpoint_url}/{cloud.uploads_bucket}/uploads/x/y/hill.jpg"
    assert http.request("PUT", url, body=PICTURE, retries=False).status == 403


def test_a_broken_picture_is_told_to_be_broken(ask: Ask, send: Send) -> None:
    broken = PICTURE[:2_000]
    _, begun = ask("POST", "uploads", {"filename": "cut.jpg", "size": len(broken), "type": "image/jpeg"})
    assert send(begun["upload"], broken) in {200, 204}
    told = settled(ask, begun["key"])
    assert (told["status"], told["reason"], told["title"]) == (
        "failed",
        "corrupt",
        "The picture is damaged or cut short.",
    )


def test_a_large_file_goes_in_parts_straight_into_the_bucket(ask: Ask, http: urllib3.PoolManager) -> None:
    padded = PICTURE + bytes(6 << 20)  # JPEG decoders stop at the end of the picture
    _, begun = ask("POST", "multipart", FILE | {"size": len(padded)})
    upload = {"key": begun["key"], "upload_id": begun["upload_id"]}
    parts = []
    for number, data in enumerate((padded[: 5 << 20], padded[5 << 20 :]), start=1):
        _, signed = ask("POST", "multipart/sign", upload | {"part_number": number, "size": len(data)})
        answer = http.request("PUT", signed["url"], body=data, retries=False)
        assert answer.status == 200
        parts.append({"part_number": number, "etag": answer.headers["ETag"]})
    assert ask("POST", "multipart/complete", upload | {"parts": parts}) == (200, {"key": begun["key"]})
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
    cut["buffer"] = cut["buffer"][:900]
    choose(
        page,
        file("soft.jpg", ramp((1400, 1000))),
        cut,
        file("small.png", data=file_of(ramp((300, 300))), kind="image/png"),
    )
    for name, state in (("soft.jpg", "ready"), ("small.png", "ready"), ("cut.jpg", "failed")):
        expect(entry(page, name)).to_have_attribute("data-state", state, timeout=60_000)
    wait_until_shown(page)
    expect(page.locator("#summary")).to_contain_text("2 of 3 ready, 1 failed")
    page_shot(page, "upload-page-on-the-local-cloud")
    context.close()
