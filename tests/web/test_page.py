"""The upload page in a real browser: from the choice of files to the published pictures."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.service import MAX_BYTES, PART_BYTES, PARTS_FROM, TOKEN, serving
from tools.drawing import four_corners, ramp

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image
    from playwright.sync_api import FilePayload, Locator, Page

    from tests.web.service import Dependencies

    Visit = Callable[..., Page]
    Shot = Callable[[Page, str], None]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DARK = {"color_scheme": "dark", "viewport": {"width": 1100, "height": 900}}


def file(name: str, image: Image.Image | None = None, data: bytes = b"", kind: str = "image/jpeg") -> FilePayload:
    if image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=97)
        data = buffer.getvalue()
    return {"name": name, "mimeType": kind, "buffer": data}


def choose(page: Page, *files: FilePayload) -> None:
    expect(page.locator("#choose")).to_be_visible()
    page.set_input_files("#files", list(files))


def entry(page: Page, name: str) -> Locator:
    return page.locator(".picture", has=page.get_by_role("heading", name=name, exact=True))


def wait_until_shown(page: Page) -> None:
    """Until every published picture is there. Asked from outside: the page's policy lets nothing be evaluated in it."""
    for image in page.locator(".after img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)


def test_several_pictures_one_of_them_broken_are_followed_to_their_end(
    world: Dependencies, visit: Visit, page_shot: Shot
) -> None:
    page = visit(world, viewport={"width": 1100, "height": 900})
    cut = file("cut.jpg", ramp((400, 300)))
    cut["buffer"] = cut["buffer"][:100]
    choose(page, file("soft.jpg", ramp((640, 480))), cut, file("corners.jpg", four_corners((500, 500))))

    expect(entry(page, "soft.jpg")).to_have_attribute("data-state", "ready")
    expect(entry(page, "corners.jpg")).to_have_attribute("data-state", "ready")
    expect(entry(page, "cut.jpg")).to_have_attribute("data-state", "failed")
    expect(entry(page, "cut.jpg").locator(".state")).to_have_text(re.compile(r"damaged|corrupt|ends", re.IGNORECASE))
    expect(entry(page, "cut.jpg").get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.locator("#summary")).to_contain_text("2 of 3 ready, 1 failed")
    expect(page.locator("#news")).not_to_be_empty()
    page_shot(page, "upload-page")


def test_the_result_shows_the_published_picture_its_files_and_the_markup(
    world: Dependencies, visit: Visit, page_shot: Shot
) -> None:
    page = visit(world)
    choose(page, file("soft.jpg", ramp((640, 480))))
    ready = entry(page, "soft.jpg")
    expect(ready).to_have_attribute("data-state", "ready")

    wait_until_shown(page)
    (manifest,) = world.manifests.values()
    loaded = page.evaluate("document.querySelector('.after img').currentSrc")
    size_of = {f"{world.other_origin}/{variant.path}": variant for variant in manifest.variants}
    same_size = [one.bytes for one in manifest.variants if one.name == size_of[loaded].name]
    assert size_of[loaded].bytes == min(same_size)
    expect(ready.get_by_role("row")).to_have_count(3)
    expect(ready.get_by_role("link")).to_have_count(6)
    expect(ready.locator(".saved")).to_have_text(re.compile(r"^\d+ % fewer bytes$"))

    ready.get_by_role("button", name="Copy").click()
    expect(ready.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("<picture>")

    slider = ready.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    assert page.evaluate("document.querySelector('.stage').style.getPropertyValue('--at')") == "0%"
    slider.fill("35")
    page_shot(page, "upload-page-result")


def test_what_is_sent_is_the_file_and_its_checksum(world: Dependencies, visit: Visit) -> None:
    page = visit(world)
    sent = file("naïve name.jpg", ramp((320, 200)))
    choose(page, sent)
    expect(entry(page, "naïve name.jpg")).to_have_attribute("data-state", "ready")
    checksum = base64.b64encode(hashlib.sha256(sent["buffer"]).digest()).decode()
    size = len(sent["buffer"])
    assert world.begun == [{"filename": "naïve name.jpg", "size": size, "type": "image/jpeg", "checksum": checksum}]
    assert list(world.originals.values()) == [sent["buffer"]]


@pytest.mark.parametrize("broken", ["/uploads", "/storage"])
def test_what_went_wrong_on_the_way_can_be_tried_again(world: Dependencies, visit: Visit, broken: str) -> None:
    world.broken.append(broken)
    page = visit(world)
    choose(page, file("soft.jpg", ramp()))
    expect(entry(page, "soft.jpg")).to_have_attribute("data-state", "failed")
    entry(page, "soft.jpg").get_by_role("button", name="Try again").click()
    expect(entry(page, "soft.jpg")).to_have_attribute("data-state", "ready")


def large() -> FilePayload:
    """A picture of four parts."""
    sent = file("large.jpg", ramp((1400, 1000)))
    sent["buffer"] += bytes(4 * PART_BYTES - 10 - len(sent["buffer"]))
    assert len(sent["buffer"]) > PARTS_FROM
    return sent


def test_a_large_file_is_uploaded_in_parts_and_only_a_part_that_fails_is_sent_again(
    world: Dependencies, visit: Visit, page_shot: Shot
) -> None:
    world.broken += ["/part/3"]
    world.held_back[2] = threading.Event()
    page = visit(world)
    sent = large()
    choose(page, sent)
    expect(entry(page, "large.jpg").locator(".state")).to_have_text("Uploading: 74 % of 400 KB")
    page_shot(page, "upload-page-parts")
    world.held_back[2].set()
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")
    assert list(world.originals.values()) == [sent["buffer"]]
    assert sorted(world.sent_parts) == [1, 2, 3, 3, 4]
    assert len(world.begun) == 1


def test_what_has_arrived_of_a_large_file_is_not_sent_again(world: Dependencies, visit: Visit) -> None:
    world.broken += ["/multipart/complete"]
    page = visit(world)
    sent = large()
    choose(page, sent)
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "failed")
    assert sorted(world.sent_parts) == [1, 2, 3, 4]
    entry(page, "large.jpg").get_by_role("button", name="Try again").click()
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")
    assert sorted(world.sent_parts) == [1, 2, 3, 4]
    assert list(world.originals.values()) == [sent["buffer"]]


def test_a_large_file_whose_upload_was_given_up_meanwhile_begins_anew(world: Dependencies, visit: Visit) -> None:
    world.broken += ["/multipart/complete"]
    page = visit(world)
    choose(page, large())
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "failed")
    world.parts.clear()
    entry(page, "large.jpg").get_by_role("button", name="Try again").click()
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")
    assert len(world.begun) == 2


def test_the_parts_of_a_file_that_is_removed_are_given_up(world: Dependencies, visit: Visit) -> None:
    world.broken += ["/multipart/complete"]
    page = visit(world)
    choose(page, large())
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "failed")
    with page.expect_response("**/multipart/abort"):
        entry(page, "large.jpg").get_by_role("button", name="Remove").click()
    assert not world.parts


def test_a_file_that_is_removed_while_its_parts_are_sent_is_sent_no_further(world: Dependencies, visit: Visit) -> None:
    world.held_back[2] = threading.Event()
    page = visit(world)
    choose(page, large())
    expect(entry(page, "large.jpg").locator(".state")).to_have_text("Uploading: 74 % of 400 KB")
    with page.expect_response("**/multipart/abort"):
        entry(page, "large.jpg").get_by_role("button", name="Remove").click()
        world.held_back[2].set()
    assert sorted(world.sent_parts) == [1, 3, 4]
    assert not world.parts


@pytest.mark.parametrize(
    ("unfit", "words"),
    [
        (file("none.jpg"), "This file is empty."),
        (file("huge.jpg", data=b"x" * (MAX_BYTES + 1)), "This file has 2.0 MB; at most 2.0 MB are accepted."),
        (file("notes.txt", data=b"words", kind="text/plain"), "text/plain are not accepted. Accepted: JPEG, PNG, HEIC"),
    ],
)
def test_what_cannot_be_accepted_is_said_and_not_sent(
    world: Dependencies, visit: Visit, unfit: FilePayload, words: str
) -> None:
    page = visit(world)
    choose(page, unfit)
    expect(entry(page, unfit["name"]).locator(".state")).to_contain_text(words)
    assert not world.begun


def test_the_chooser_offers_what_is_accepted_also_where_a_system_knows_no_type_of_it(
    world: Dependencies, visit: Visit
) -> None:
    chooser = visit(world).locator("#files")
    expect(chooser).to_have_attribute(
        "accept", "image/jpeg,image/png,image/apng,image/heic,image/heif,.jpg,.jpeg,.png,.apng,.heic,.heif"
    )


def test_a_file_refused_for_its_format_is_answered_with_its_format_and_those_accepted(
    world: Dependencies, visit: Visit
) -> None:
    page = visit(world)
    buffer = io.BytesIO()
    ramp().save(buffer, "JPEG2000")
    choose(page, file("called-a.jpg", data=buffer.getvalue()))
    state = entry(page, "called-a.jpg").locator(".state")
    expect(state).to_contain_text("is not accepted here. The file is JPEG 2000, which is not accepted. Accepted: JPEG,")


def test_a_file_of_ten_is_removed_and_the_keyboard_stays_in_the_list(world: Dependencies, visit: Visit) -> None:
    page = visit(world)
    choose(page, *(file(f"{number}.jpg", ramp((80 + number, 60))) for number in range(10)))
    expect(page.locator(".picture[data-state=ready]")).to_have_count(10)
    entry(page, "3.jpg").get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".picture")).to_have_count(9)
    focused = page.evaluate("document.activeElement.closest('.picture').querySelector('.name').textContent")
    assert focused == "4.jpg"


def test_pictures_can_be_dropped_anywhere_on_the_page(world: Dependencies, visit: Visit) -> None:
    page = visit(world)
    data = base64.b64encode(file("x", ramp())["buffer"]).decode()
    dropped = page.evaluate_handle(
        """data => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            transfer.items.add(new File([bytes], 'dropped.jpg', { type: 'image/jpeg' }));
            return transfer;
        }""",
        data,
    )
    expect(page.locator("#choose")).to_be_visible()
    page.dispatch_event("h1", "dragover", {"dataTransfer": dropped})
    expect(page.locator("#drop")).to_have_class(re.compile("over"))
    page.dispatch_event("h1", "drop", {"dataTransfer": dropped})
    expect(entry(page, "dropped.jpg")).to_have_attribute("data-state", "ready")


def test_where_a_token_is_wanted_it_is_asked_for_sent_and_forgotten_on_signing_out(visit: Visit) -> None:
    with serving({"kind": "token"}) as world:
        page = visit(world)
        expect(page.locator("#choose")).to_be_hidden()
        page.get_by_label("Access token").fill(TOKEN)
        page.get_by_role("button", name="Continue").click()
        choose(page, file("soft.jpg", ramp()))
        expect(entry(page, "soft.jpg")).to_have_attribute("data-state", "ready")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Access token")).to_be_visible()


def test_a_wrong_token_is_said_to_be_wrong(visit: Visit) -> None:
    with serving({"kind": "token"}) as world:
        page = visit(world)
        page.get_by_label("Access token").fill("guess")
        page.get_by_role("button", name="Continue").click()
        choose(page, file("soft.jpg", ramp()))
        expect(entry(page, "soft.jpg").locator(".state")).to_contain_text("signed out")


@pytest.mark.parametrize(("name", "options"), [("phone", PHONE), ("dark", DARK)])
def test_it_fits_a_phone_and_a_dark_room(
    world: Dependencies, visit: Visit, page_shot: Shot, name: str, options: dict[str, object]
) -> None:
    page = visit(world, **options)
    choose(page, file("a picture with quite a long name, as cameras and people give them.jpg", ramp((640, 480))))
    expect(page.locator(".picture")).to_have_attribute("data-state", "ready")
    wait_until_shown(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing reaches out sideways"
    page_shot(page, f"upload-page-{name}")


def test_every_control_has_a_name_and_is_reached_by_the_keyboard(world: Dependencies, visit: Visit) -> None:
    page = visit(world)
    choose(page, file("soft.jpg", ramp((640, 480))))
    expect(entry(page, "soft.jpg")).to_have_attribute("data-state", "ready")
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, a, progress')]
            .filter((control) => control.checkVisibility())
            .filter((control) => !(control.getAttribute('aria-label') || control.textContent.trim()
                || control.labels?.length || control.getAttribute('aria-labelledby')))
            .map((control) => control.outerHTML)"""
    )
    assert not unnamed
    reached = set()
    page.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"files", "remove", "divider", "copy"} <= reached
