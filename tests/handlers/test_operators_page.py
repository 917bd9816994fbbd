"""The operators' page in Chromium, in front of the real handler over moto: one address, as deployed."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from lightpress.aws.images import S3Images
from lightpress.aws.reviews import S3Reviews
from lightpress.aws.runs_table import DynamoRuns
from lightpress.backfill.run import NANOS, Job, Run
from lightpress.cdk.operators import PREVIEW_ROUTE
from lightpress.handlers.operators import handler
from lightpress.handlers.preview import handler as preview
from lightpress.pipeline.buckets import Selection
from lightpress.pipeline.facts import Words
from lightpress.pipeline.gate import PERSON, Review
from tests.handlers.conftest import CDN, IMAGES, RUNS, Context, Deployed
from tests.handlers.gateway import event_of
from tests.handlers.test_operators import METRICS, SCOPE, fail, hold, publish, review_queue
from tests.web.browser import page_shot, violations
from tools.drawing import file_of, ramp
from web.serve import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from playwright.sync_api import Browser, Page

__all__ = ["page_shot"]

HOSTILE = 'trips/<img src=x onerror="document.title=1">.jpg'
SCOPES = {"Bearer operator": f"openid {SCOPE}", "Bearer uploader": "openid"}
PAGE: dict[str, Any] = {
    "auth": {"kind": "token"},
    "max_bytes": 1,
    "parts_from": 1,
    "shrink_to": 0,
    "types": [],
    "kinds": [],
    "extensions": {},
    "formats": {},
    "operators": SCOPE,
    "connect": [],
    "images": [CDN],
}


class _Service(BaseHTTPRequestHandler):
    """API Gateway: the page for everybody, and the API for those with a token that it knows."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/operators/"):
            self._ask()
        elif (found := pages(PAGE).get(path.removeprefix("/"))) is not None:
            self._answer(200, *found)
        else:
            self._answer(404, b"", {})

    def do_POST(self) -> None:
        self._ask()

    def _ask(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode() or None
        token = self.headers.get("authorization", "")
        if token not in SCOPES:
            self._answer(401, b'{"message": "Unauthorized"}', {"content-type": "application/json"})
            return
        asked = urlsplit(self.path)
        event = event_of(method=self.command, path=asked.path, key=None, body=body, owner="ada")
        event["queryStringParameters"] = dict(parse_qsl(asked.query))
        event["requestContext"]["authorizer"]["jwt"]["claims"]["scope"] = SCOPES[token]
        working = preview if asked.path == PREVIEW_ROUTE[1] else handler
        answer = working(event, cast("LambdaContext", Context()))
        body_of = base64.b64decode if answer.get("isBase64Encoded") else str.encode
        self._answer(answer["statusCode"], body_of(answer["body"]), answer["headers"])

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def _operators(monkeypatch: pytest.MonkeyPatch, settings: None) -> None:
    assert settings is None
    monkeypatch.setenv("OPERATORS_SCOPE", SCOPE)
    monkeypatch.setenv("METRICS", json.dumps(METRICS))


@pytest.fixture
def visit(browser: Browser, deployed: Deployed) -> Iterator[Callable[..., Page]]:
    """Opens the page and signs in; fails the test for whatever the browser complains of."""
    assert deployed
    complaints: list[str] = []
    contexts = []
    with serving() as origin:

        def visit(who: str = "operator", **options: object) -> Page:
            context = browser.new_context(**options)  # type: ignore[arg-type]
            contexts.append(context)
            page = context.new_page()
            page.set_default_timeout(30_000)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.extend([said.text] if "Content Security" in said.text else []))
            page.goto(f"{origin}/operators.html")
            page.get_by_label("Access token").fill(f"Bearer {who}")
            page.keyboard.press("Enter")
            return page

        yield visit
        for context in contexts:
            context.close()
    assert not complaints


@pytest.fixture
def busy(deployed: Deployed) -> Deployed:
    """A deployment with a picture that was overwritten, two failures, one that waits, and a backfill under way."""
    publish(deployed, "trips/cat.jpg")
    publish(deployed, "trips/cat.jpg")
    images = S3Images(deployed.s3, IMAGES)
    there = images.published("trips/cat.jpg")
    assert there is not None
    words = Words("A cat sleeps.", ("cat", "mat"))
    images.publish(replace(there.manifest, words=words, correction=(0.4, 0.25)), there)
    for key in (HOSTILE, "c.jpg"):
        fail(deployed, key)
    hold(deployed, "community/plate.jpg")
    run = Run("shop-1", Job((Selection("shop"),)), paced=2_000_000_000.0, sent=7, spent=NANOS, objects_left=93)
    DynamoRuns(deployed.dynamodb, RUNS).begin(run)
    return deployed


def test_a_picture_by_its_key_shows_status_variants_and_history(busy: Deployed, visit: Callable[..., Page]) -> None:
    assert busy
    page = visit()
    page.get_by_label("Key", exact=True).fill("trips/cat.jpg")
    page.keyboard.press("Enter")
    card = page.locator("#picture article")
    expect(card.locator(".state-ready")).to_have_text("ready")
    expect(card.get_by_role("region", name="History of the original").get_by_role("row")).to_have_count(3)
    expect(card).to_contain_text("A cat sleeps.")
    expect(card).to_contain_text("cat, mat")
    expect(card).to_contain_text("40 % from the left, 25 % from the top")
    variants = card.get_by_role("region", name="Variants")
    links = [one.get_attribute("href") or "" for one in variants.get_by_role("link").all()]
    assert links
    assert all(link.startswith(f"{CDN}/i/") for link in links)
    page.get_by_label("Key", exact=True).fill("never/heard-of.jpg")
    page.keyboard.press("Enter")
    expect(page.locator("#picture")).to_contain_text("There is no original with this key")


def test_failures_are_listed_as_text_filtered_retried_and_discarded(busy: Deployed, visit: Callable[..., Page]) -> None:
    page = visit()
    failures = page.locator("#failures article")
    expect(failures).to_have_count(2)
    assert page.title().startswith("Operators"), "a key is no markup"
    assert page.locator("#failures img").count() == 0
    page.get_by_label("Keys that begin with").fill("trips/")
    page.get_by_role("button", name="List").click()
    expect(failures).to_have_count(1)
    expect(failures.first.get_by_role("heading")).to_have_text(HOSTILE)

    failures.first.get_by_role("button", name="Retry").click()
    expect(failures.first).to_contain_text("Sent. It leaves the list once it is published.")
    page.once("dialog", lambda dialog: dialog.dismiss())
    failures.first.get_by_role("button", name="Discard").click()
    expect(failures.first.get_by_role("button", name="Discard")).to_be_enabled()
    assert len(busy.failures()) == 2
    page.once("dialog", lambda dialog: dialog.accept())
    failures.first.get_by_role("button", name="Discard").click()
    expect(failures.first).to_contain_text("Forgotten.")
    assert [one.key for one in busy.failures()] == ["c.jpg"]


def test_what_is_held_for_review_is_listed_and_leads_to_the_picture(busy: Deployed, visit: Callable[..., Page]) -> None:
    assert busy
    page = visit()
    card = page.locator("#held article")
    expect(card).to_contain_text("malware, person")
    card.get_by_role("button", name="community/plate.jpg", exact=True).press("Enter")
    expect(page.locator("#picture .state-held")).to_have_text("held")
    expect(page.get_by_label("Key", exact=True)).to_be_focused()


def test_a_person_rejects_with_a_reason_and_approves_and_a_strange_key_is_no_markup(
    busy: Deployed, visit: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = review_queue(busy, monkeypatch)
    strange = HOSTILE.replace("trips", "held")
    hold(busy, strange)
    page = visit()
    cards = page.locator("#held article")
    expect(cards).to_have_count(2)
    assert page.title().startswith("Operators"), "a key is no markup"
    plate = cards.filter(has_text="community/plate.jpg")
    plate.get_by_label("Reason").fill("It shows a <b>license plate</b>.")
    plate.get_by_role("button", name="Reject: community/plate.jpg").click()
    expect(plate).to_contain_text("Rejected.")
    expect(plate.get_by_role("button", name="Approve")).to_be_disabled()
    cards.filter(has_text="held/").get_by_role("button", name="Approve").click()
    expect(cards.filter(has_text="held/")).to_contain_text("Approved.")
    messages = busy.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    said = {
        (one["key"], one["approved"], one["detail"]) for one in (json.loads(one["Body"])["review"] for one in messages)
    }
    assert said == {("community/plate.jpg", False, "It shows a <b>license plate</b>."), (strange, True, "")}


@pytest.mark.parametrize(("gate", "command"), [(("malware",), "malware"), (("legal", "scan"), "legal")])
def test_where_no_answer_of_an_operator_counts_no_button_offers_one_and_the_page_says_whose_does(
    deployed: Deployed, visit: Callable[..., Page], gate: tuple[str, ...], command: str
) -> None:
    hold(deployed, "a.jpg", gate=gate)
    card = visit().locator("#held article")
    expect(card).to_contain_text(f"Where {', '.join(gate)} will not answer")
    expect(card).to_contain_text(f"lightpress gate approve KEY --reviewer {command}")
    expect(card.get_by_role("button", name="Look: a.jpg")).to_be_visible()
    for gone in (card.get_by_role("button", name="Approve"), card.get_by_role("button", name="Reject")):
        expect(gone).to_have_count(0)
    expect(card.get_by_label("Reason")).to_have_count(0)


@pytest.mark.parametrize("gate", [("malware", "person"), ("moderation", "person"), ("moderation",)])
def test_an_answer_is_in_a_name_that_the_picture_waits_for_and_says_who_else_is_missing(
    deployed: Deployed, visit: Callable[..., Page], monkeypatch: pytest.MonkeyPatch, gate: tuple[str, ...]
) -> None:
    *others, reviewer = gate
    url = review_queue(deployed, monkeypatch)
    hold(deployed, "a.jpg", gate=gate)
    card = visit().locator("#held article")
    card.get_by_role("button", name="Approve").click()
    waits = f" It still waits for {others[0]}." if others else ""
    expect(card.locator("[aria-live]")).to_have_text(f"Approved.{waits}")
    (message,) = deployed.sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["review"]["reviewer"] == reviewer


def test_a_person_who_has_approved_may_still_reject_while_others_are_waited_for(
    deployed: Deployed, visit: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = review_queue(deployed, monkeypatch)
    version = hold(deployed, "a.jpg")
    S3Reviews(deployed.s3, IMAGES).keep("a.jpg", version, Review(PERSON, approved=True))
    card = visit().locator("#held article")
    expect(card).to_contain_text("--reviewer malware")
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)
    card.get_by_role("button", name="Reject").click()
    expect(card).to_contain_text("Rejected.")
    (message,) = deployed.sqs.receive_message(QueueUrl=url)["Messages"]
    review = json.loads(message["Body"])["review"]
    assert (review["reviewer"], review["approved"]) == (PERSON, False)


def test_what_waits_is_shown_on_request_though_no_browser_knows_its_format(
    deployed: Deployed, visit: Callable[..., Page]
) -> None:
    hold(deployed, "community/cat.tiff", file_of(ramp((900, 600)), "TIFF"))
    hold(deployed, "community/none.jpg")
    page = visit()
    cards = page.locator("#held article")
    expect(cards).to_have_count(2)
    assert page.locator("#held img").count() == 0, "nothing is rendered that nobody asks for"
    page.get_by_role("button", name="Look: community/cat.tiff").click()
    picture = page.get_by_role("img", name="Preview of community/cat.tiff")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('#held img').naturalWidth === 900")
    assert (picture.get_attribute("src") or "").startswith("blob:")
    page.get_by_role("button", name="Look: community/none.jpg").click()
    expect(cards.filter(has_text="none.jpg").get_by_role("alert")).to_be_visible()


def test_where_it_changed_since_nothing_is_said_of_it(
    busy: Deployed, visit: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    review_queue(busy, monkeypatch)
    page = visit()
    card = page.locator("#held article")
    expect(card).to_have_count(1)
    publish(busy, "community/plate.jpg")
    card.get_by_role("button", name="Approve").click()
    expect(card).to_contain_text("It was overwritten or deleted since it was listed")
    expect(card.get_by_role("button", name="Approve")).to_be_enabled()


def test_a_backfill_shows_its_progress_and_what_its_caps_leave(busy: Deployed, visit: Callable[..., Page]) -> None:
    assert busy
    row = visit().get_by_role("region", name="Runs over existing pictures").get_by_role("row").nth(1)
    expect(row.get_by_role("cell")).to_have_text(
        ["backfill shop-1: shop", "pass 1, at most 50 a second", "7", "93", "$1.00", "no cap"]
    )


def test_the_token_of_an_uploader_shows_nothing_but_which_scope_it_lacks(
    busy: Deployed, visit: Callable[..., Page]
) -> None:
    assert busy
    page = visit("uploader")
    expect(page.locator("#failures [role=alert]")).to_contain_text(f"takes the scope {SCOPE}")
    assert page.locator("article").count() == 0


def test_a_token_that_is_none_is_said_to_be_none(visit: Callable[..., Page]) -> None:
    expect(visit("guess").locator("#failures [role=alert]")).to_contain_text("You are signed out")


def test_an_answer_that_breaks_off_is_not_taken_for_an_empty_list(visit: Callable[..., Page]) -> None:
    page = visit()
    expect(page.locator("#failures")).to_contain_text("No failures")
    page.route("**/operators/failures?*", lambda route: route.fulfill(status=200, body='{"failures": ['))
    page.locator("#filter input").first.press("Enter")
    expect(page.locator("#failures [role=alert]")).to_contain_text("The answer broke off")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("desk", {"viewport": {"width": 1100, "height": 900}}),
        ("phone", {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}),
        ("dark", {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}),
    ],
)
def test_it_fits_a_phone_and_a_dark_room_and_every_target_is_24_pixels_high(
    busy: Deployed,
    visit: Callable[..., Page],
    page_shot: Callable[[Page, str], None],
    name: str,
    options: dict[str, object],
) -> None:
    assert busy
    page = visit(**options)
    page.get_by_label("Key", exact=True).fill("trips/cat.jpg")
    page.keyboard.press("Enter")
    expect(page.locator("#picture article")).to_be_visible()
    expect(page.locator("#failures article")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing reaches out sideways"
    heights = page.evaluate(
        "() => [...document.querySelectorAll('button, input, td a')].filter((one) => one.checkVisibility())"
        ".map((one) => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24
    page_shot(page, f"operators-{name}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_page_for_operators(
    busy: Deployed, visit: Callable[..., Page], scheme: str
) -> None:
    assert busy
    page = visit(color_scheme=scheme)
    page.get_by_label("Key", exact=True).fill("trips/cat.jpg")
    page.keyboard.press("Enter")
    expect(page.locator("#picture article")).to_be_visible()
    expect(page.locator("#failures article")).to_have_count(2)
    assert violations(page) == []


def test_every_control_has_a_name_and_is_reached_by_the_keyboard(busy: Deployed, visit: Callable[..., Page]) -> None:
    assert busy
    page = visit()
    expect(page.locator("#failures article")).to_have_count(2)
    expect(page.get_by_role("button", name="Approve: community/plate.jpg")).to_be_visible()
    names = {one.get_attribute("aria-label") or one.text_content() for one in page.get_by_role("button").all()}
    assert {"Retry: c.jpg", "Discard: c.jpg", "Approve: community/plate.jpg", "Show", "List", "Sign out"} <= names
    unnamed = page.evaluate(
        "() => [...document.querySelectorAll('input')].filter((one) => one.checkVisibility())"
        ".filter((one) => !one.labels.length).map((one) => one.outerHTML)"
    )
    assert not unnamed
    reached = set()
    page.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(32):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"key", "reason", "prefix", "retry", "discard", "scroll"} <= reached


def test_where_no_scope_is_named_there_is_no_page_for_operators() -> None:
    without = pages(PAGE | {"operators": ""})
    assert not [name for name in without if name.startswith("operators")]
    assert {"operators.html", "operators.js", "operators.css"} <= pages(PAGE).keys()
    assert json.loads(without["config.json"][0])["operators"] == ""
