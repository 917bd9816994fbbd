"""Who lets a picture out, and what is told of it: every service on the strict local cloud, by its stand-in.

Nothing is patched: GuardDuty scans what is uploaded and tells EventBridge, functions ask Rekognition and Bedrock with
the grants of their roles, and what they say comes back through the queues of the stack. What each stand-in says, and
why, is at the top of its file in cli/lightpress/local/emulated.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from PIL import Image
from playwright.sync_api import expect

from lightpress.cli.reviews import Gate
from lightpress.client.uploading import upload
from lightpress.delivery.permalink import permalink
from lightpress.image.render import render
from lightpress.local import down, up
from lightpress.local.deployment import of_local_cloud
from lightpress.local.emulated import guardduty, look
from lightpress.local.session import ACCESS_KEY, SECRET_KEY
from lightpress.pipeline.gate import MALWARE, MODERATION, PERSON, Review, entry_of
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import manifest_path
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.reviewing import MEASURE
from tests.e2e.conftest import PROJECT, free_ports
from tests.e2e.hasten import hastened
from tests.e2e.test_pipeline import eventually
from tests.pages import blocks
from tests.web.test_page import choose, entry, file
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page
    from types_boto3_logs import CloudWatchLogsClient

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import Manifest

pytestmark = [pytest.mark.emulator("its recipes are others"), pytest.mark.nightly]

OWN = Path(__file__).with_name("services.toml")
SIZE = (800, 600)
FACE = (660, 200, 800, 380)
"""A magenta rectangle: left, top, right and bottom in pixels of the picture."""
HOURS = 2 * 60 * 60
UNANSWERED = ("UNSUPPORTED", "ACCESS_DENIED", "FAILED")


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recipes that ask everybody: those of two pages as they stand there, and some more."""
    community, *_ = blocks("how-to/moderation.md", "toml")
    _, shop, people, *_ = blocks("facts.md", "toml")
    path = tmp_path_factory.mktemp("recipes") / "recipes.toml"
    path.write_text("\n".join([community, OWN.read_text(encoding="utf-8"), shop, people]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def cloud(recipes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    """A cloud of this module's own, with these recipes."""
    home = tmp_path_factory.mktemp("services")
    port, cdn_port = free_ports(2)
    yield hastened(up(home, project=PROJECT, strict=True, port=port, cdn_port=cdn_port, recipes=recipes, say=print))
    down(home)


@pytest.fixture(scope="module")
def deployment(cloud: Outputs) -> Deployment:
    return of_local_cloud(cloud)


def colored(*colors: str) -> bytes:
    """A JPEG of stripes of the same width, from left to right."""
    picture = Image.new("RGB", SIZE)
    for place, color in enumerate(colors):
        left, right = (round(SIZE[0] * edge / len(colors)) for edge in (place, place + 1))
        picture.paste(color, (left, 0, right, SIZE[1]))
    return file_of(picture, "JPEG", quality=95)


def manifest_of(deployment: Deployment, key: str) -> Manifest:
    manifest = deployment.manifest(key)
    assert manifest is not None
    return manifest


def ends(deployment: Deployment, key: str, *statuses: Status) -> Manifest:
    """The manifest, once it has one of these statuses."""
    manifest: Manifest = eventually(
        lambda: (found := deployment.manifest(key)) and (found if found.status in statuses else None)
    )
    return manifest


def status_of(cloud: Outputs, path: str) -> int:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", cloud.cdn_base_url + path, redirect=False, retries=False).status


def logged(cloud: Outputs, function: str, *words: str) -> bool:
    """Whether a function has logged a line with all of these words."""
    logs: CloudWatchLogsClient = cloud.session().logs()
    names = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    (group,) = [name for name in names if function in name]
    said = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    return any(all(word in line for word in words) for line in said)


@pytest.fixture(scope="module")
def scanned(deployment: Deployment) -> dict[str, str]:
    """The key of an upload for each of the five results of a scan."""
    named = {result: name for name, result in guardduty.NAMED.items()}
    keys = {result: f"scanned/{named.get(result, result.lower())}.jpg" for result in guardduty.SCAN_STATUS}
    for result, key in keys.items():
        data = guardduty.EICAR if result == guardduty.INFECTED else colored("blue")
        upload(deployment, key, data, "image/jpeg")
    return keys


def test_what_guardduty_finds_nothing_in_is_published_and_can_be_fetched(
    cloud: Outputs, deployment: Deployment, scanned: dict[str, str]
) -> None:
    manifest = ends(deployment, scanned["NO_THREATS_FOUND"], Status.READY)
    assert status_of(cloud, f"/{manifest.variants[0].path}") == 200


def test_what_guardduty_finds_a_threat_in_is_rejected_and_nobody_can_fetch_it(
    cloud: Outputs, deployment: Deployment, scanned: dict[str, str]
) -> None:
    key = scanned["THREATS_FOUND"]
    manifest = ends(deployment, key, Status.FAILED)
    assert (manifest.reason, manifest.detail) == ("rejected_by_gate", "A malware scan found a threat.")
    assert status_of(cloud, permalink(key)) == 404


@pytest.mark.parametrize("result", UNANSWERED)
def test_what_guardduty_has_not_looked_at_stays_held_until_somebody_answers_for_it(
    cloud: Outputs, deployment: Deployment, scanned: dict[str, str], result: str
) -> None:
    key = scanned[result]
    eventually(lambda: logged(cloud, "TakeReview", "GuardDuty came to no answer", key, result))
    ends(deployment, key, Status.HELD)  # the scan may have come to its end first
    assert status_of(cloud, permalink(key)) == 404
    gate, yes = Gate(deployment), Review(MALWARE, approved=True)
    assert gate.wait(key, gate.say(key, yes), yes, timeout=60).state == Status.READY


def test_what_guardduty_puts_into_the_bucket_to_try_its_role_fails_as_no_picture(deployment: Deployment) -> None:
    manifest = ends(deployment, guardduty.TEST_OBJECT, Status.FAILED)
    assert manifest.reason == "empty"


def test_rekognition_rejects_a_red_picture_with_the_label_as_the_reason_and_lets_a_blue_one_out(
    deployment: Deployment,
) -> None:
    for color in ("red", "blue"):
        upload(deployment, f"moderated/{color}.jpg", colored(color), "image/jpeg")
    rejected = ends(deployment, "moderated/red.jpg", Status.FAILED)
    assert rejected.reason == "rejected_by_gate"
    assert "Blood & Gore" in (rejected.detail or "")
    assert ends(deployment, "moderated/blue.jpg", Status.READY).variants


def test_where_rekognition_is_60_percent_sure_a_person_decides(cloud: Outputs, deployment: Deployment) -> None:
    key = "moderated/doubt.jpg"
    upload(deployment, key, colored("red", "red", "red", "blue", "blue"), "image/jpeg")
    eventually(lambda: logged(cloud, "Moderat", "a person has to look", "Blood & Gore"))
    assert manifest_of(deployment, key).status is Status.HELD
    gate, yes = Gate(deployment), Review(MODERATION, approved=True)
    assert gate.wait(key, gate.say(key, yes), yes, timeout=60).state == Status.READY


def test_the_function_of_the_page_on_moderation_asks_rekognition_itself_and_answers_where_the_shipped_one_does_not(
    cloud: Outputs, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "moderated/own.jpg"
    upload(deployment, key, colored("red", "red", "red", "blue", "blue"), "image/jpeg")
    held = ends(deployment, key, Status.HELD)
    assert held.source is not None
    for name, value in {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_CA_BUNDLE": str(cloud.ca_bundle),
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "REVIEW_QUEUE_URL": str(deployment.review_queue_url),
    }.items():
        monkeypatch.setenv(name, value)
    function: dict[str, Any] = {}
    exec(blocks("how-to/moderation.md", "python")[0], function)  # noqa: S102  our own page
    original = {"bucket": cloud.uploads_bucket, "key": key}
    detail = {"reviewers": list(held.gate), "original": original, "version": held.source.identity}
    function["handler"]({"detail": detail}, None)
    assert ends(deployment, key, Status.READY).variants


def test_the_recipe_of_the_page_on_moderation_waits_for_the_scan_and_the_person(
    cloud: Outputs, deployment: Deployment
) -> None:
    upload(deployment, "community/cat.jpg", colored("blue"), "image/jpeg")
    upload(deployment, "community/eicar.jpg", guardduty.EICAR, "image/jpeg")
    gate, yes = Gate(deployment), Review(PERSON, approved=True)
    eventually(lambda: [one.missing for one in gate.held("community/cat.jpg")] == [(PERSON,)])
    assert status_of(cloud, permalink("community/cat.jpg")) == 404
    assert gate.wait("community/cat.jpg", gate.say("community/cat.jpg", yes), yes, timeout=60).state == Status.READY
    assert ends(deployment, "community/eicar.jpg", Status.FAILED).reason == "rejected_by_gate"


def test_by_the_recipes_of_the_page_on_facts_a_picture_that_looks_like_another_names_it(deployment: Deployment) -> None:
    drawn = ramp((400, 300))
    for key, data in (("shop/one.jpg", file_of(drawn, "JPEG")), ("shop/two.png", file_of(drawn, "PNG"))):
        upload(deployment, key, data, f"image/{key.rpartition('.')[2]}")
        manifest: Manifest = eventually(partial(answered, deployment, key))
    assert [fact.looks_like for fact in manifest.facts] == [("shop/one.jpg",)]


def test_labels_faces_and_alt_text_are_told_and_the_card_shows_the_face(
    cloud: Outputs, deployment: Deployment, recipes: Path
) -> None:
    data = with_a_face()
    unasked = render(data, load_recipes(recipes).recipes["people"].spec)
    cards = [one for one in unasked.variants if "card" in one.names and one.format == "png"]
    assert [shows_face(card.data) for card in cards] == [False], "without any answer, it is cut around the rectangle"
    upload(deployment, "people/face.jpg", data, "image/jpeg")
    manifest: Manifest = eventually(partial(answered, deployment, "people/face.jpg"))
    told = {fact.enricher: fact for fact in manifest.facts}
    assert [label.name for label in told["labels"].labels] == ["Green"]
    assert manifest.alt == "A mostly green picture, 640 pixels wide and 480 high."
    (face,) = told["faces"].faces
    edges = (face.left, face.top, face.left + face.width, face.top + face.height)
    assert edges == pytest.approx([edge / side for edge, side in zip(FACE, SIZE * 2, strict=True)], abs=1 / 64)
    eventually(lambda: shows_face(fetched(cloud, png_of(deployment, "people/face.jpg", "card"))))


def with_a_face() -> bytes:
    """A green picture: an orange rectangle draws the eye, and a face is cut off by the right edge."""
    picture = Image.new("RGB", SIZE, "green")
    picture.paste("orange", (200, 200, 320, 400))
    picture.paste((190, 0, 190), FACE)
    return file_of(picture, "JPEG", quality=95)


def answered(deployment: Deployment, key: str) -> Manifest | None:
    """The manifest, once nobody is waited for who was asked."""
    manifest = deployment.manifest(key)
    return manifest if manifest and manifest.status is Status.READY and not manifest.missing else None


def png_of(deployment: Deployment, key: str, name: str) -> str:
    """The path of the PNG in a size."""
    variants = manifest_of(deployment, key).variants
    return next(one.path for one in variants if (one.name, one.format) == (name, "png"))


def shows_face(data: bytes) -> bool:
    return look.seen(data)["magenta"] is not None


def fetched(cloud: Outputs, path: str) -> bytes:
    with urllib3.PoolManager() as pool:
        return bytes(pool.request("GET", f"{cloud.cdn_base_url}/{path}").data)


@pytest.mark.parametrize(
    ("key", "status", "reason"),
    [("unanswered/publish/a.jpg", Status.READY, None), ("unanswered/reject/a.jpg", Status.FAILED, "not_reviewed")],
)
def test_once_the_hours_of_its_reviewers_are_over_a_picture_is_published_or_rejected_as_its_recipe_says(
    cloud: Outputs, deployment: Deployment, key: str, status: Status, reason: str | None
) -> None:
    upload(deployment, key, colored("blue"), "image/jpeg")
    held = ends(deployment, key, Status.HELD)
    look_at_overdue(deployment)
    assert manifest_of(deployment, key).status is Status.HELD, "its hour is not over"
    hours_pass(cloud, deployment, held)
    look_at_overdue(deployment)
    assert ends(deployment, key, status).reason == reason


def hours_pass(cloud: Outputs, deployment: Deployment, held: Manifest) -> None:
    """What is held was held two hours earlier: the manifest says so, and the list of what waits."""
    assert held.held_at is not None
    assert held.held_until is not None
    aged = replace(held, held_at=held.held_at - HOURS, held_until=held.held_until - HOURS)
    s3, bucket = deployment.s3, cloud.images_bucket
    s3.copy_object(Bucket=bucket, Key=entry_of(aged), CopySource={"Bucket": bucket, "Key": entry_of(held)})
    s3.put_object(Bucket=bucket, Key=manifest_path(held.key), Body=aged.to_json())
    s3.delete_object(Bucket=bucket, Key=entry_of(held))


def look_at_overdue(deployment: Deployment) -> None:
    """What the stack does every hour."""
    assert deployment.review_queue_url
    deployment.sqs().send_message(QueueUrl=deployment.review_queue_url, MessageBody=MEASURE)


def test_an_uploader_reads_that_it_is_in_review_until_somebody_approves_it_on_the_page_for_operators(
    cloud: Outputs, deployment: Deployment, browser: Browser, page_shot: Callable[[Page, str], None]
) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1100, "height": 900})
    uploading, reviewing = context.new_page(), context.new_page()
    uploading.goto(str(cloud.upload_api_url))
    choose(uploading, file("cat.jpg", ramp(SIZE)), file("plate.jpg", ramp((400, 300))))
    for name in ("cat.jpg", "plate.jpg"):
        expect(entry(uploading, name)).to_have_attribute("data-state", "held", timeout=60_000)
        expect(entry(uploading, name)).to_contain_text("It is in review, and will be published once it is approved.")
    expect(uploading.locator("#summary")).to_contain_text("2 in review")
    page_shot(uploading, "upload-page-in-review")

    reviewing.goto(f"{cloud.upload_api_url}operators.html")
    cards = reviewing.locator("#held article")
    cat, plate = (cards.filter(has_text=f"/{name}") for name in ("cat.jpg", "plate.jpg"))
    cat.get_by_role("button", name="Look").click()
    expect(cat.get_by_role("img")).not_to_have_js_property("naturalWidth", 0, timeout=60_000)
    keys = {one.key.rpartition("/")[2]: one.key for one in Gate(deployment).held("uploads/")}
    cat.get_by_role("button", name="Approve").click()
    expect(cat).to_contain_text("Approved.", timeout=60_000)
    plate.get_by_label("Reason").fill("It shows a license plate.")
    plate.get_by_role("button", name="Reject").click()
    expect(plate).to_contain_text("Rejected.", timeout=60_000)
    published = ends(deployment, keys["cat.jpg"], Status.READY)
    assert status_of(cloud, f"/{published.variants[0].path}") == 200
    rejected = ends(deployment, keys["plate.jpg"], Status.FAILED)
    assert (rejected.reason, rejected.detail) == ("rejected_by_gate", "It shows a license plate.")
    context.close()


def test_the_operators_api_lists_what_waits_and_takes_an_answer_about_the_version_it_listed(
    cloud: Outputs, deployment: Deployment
) -> None:
    upload(deployment, "reviewed/dog.jpg", colored("blue"), "image/jpeg")
    ends(deployment, "reviewed/dog.jpg", Status.HELD)
    ask = partial(ask_operators, cloud)
    _, listed = ask("GET", "held")
    (dog,) = (one for one in listed["held"] if one["key"] == "reviewed/dog.jpg")
    assert dog["held_for"] == [PERSON]
    about = {"key": dog["key"], "version": dog["version"]}
    assert ask("POST", "held/approve", about | {"reviewer": MODERATION})[1]["code"] == "not_asked"
    assert ask("POST", "held/approve", about | {"version": "another"})[1]["code"] == "changed"
    assert ask("POST", "held/approve", about)[0] in {200, 202}
    assert ends(deployment, "reviewed/dog.jpg", Status.READY).variants


def ask_operators(cloud: Outputs, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    text = None if body is None else json.dumps(body)
    with urllib3.PoolManager(ca_certs=cloud.ca_bundle) as pool:
        answer = pool.request(
            method,
            f"{cloud.upload_api_url}operators/{path}",
            body=text,
            headers={"content-type": "application/json"},
            retries=False,
        )
    return answer.status, json.loads(answer.data)
