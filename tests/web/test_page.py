"""The upload page in a real browser: from the choice of files to the published pictures."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import expect

from lightpress.delivery.markup import picture_formats
from lightpress.image.spec import Size
from lightpress.pipeline.facts import Words
from tests.web.browser import violations
from tests.web.service import MAX_BYTES, PART_BYTES, PARTS_FROM, SHRINK_TO, SPEC, TOKEN, serving_pages
from tools.drawing import (
    BLUE,
    GREEN,
    RED,
    as_camera_stores,
    colors_at_corners,
    distance,
    exif_with,
    file_of,
    four_corners,
    hatching,
    pixel,
    ramp,
    rgb_profile,
    stripes,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, FilePayload, Locator, Page, Route

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


SQUARE = replace(SPEC, sizes=(Size("w320", width=320), Size("square", 100, 100, "cover")), formats=("jpeg",))


def test_a_drawing_is_compared_in_no_size_that_has_more_bytes_than_a_larger_one(
    world: Dependencies, visit: Visit
) -> None:
    page = visit(world)
    choose(page, file("lines.png", data=file_of(hatching((320, 214))), kind="image/png"))
    ready = entry(page, "lines.png")
    expect(ready).to_have_attribute("data-state", "ready")
    (manifest,) = world.manifests.values()
    by_width = {one.width: one.bytes for one in manifest.variants if one.format == "webp"}
    assert by_width[160] > by_width[320]
    sources = {source.get_attribute("type"): source.get_attribute("srcset") for source in ready.locator("source").all()}
    assert (sources["image/webp"] or "").split()[1:] == ["320w"]


def test_a_picture_is_compared_and_weighed_as_a_whole_and_not_by_what_is_cut_out_of_it(
    world: Dependencies, visit: Visit
) -> None:
    cut = (Size("w160", width=160), Size("w320", width=320), Size("strip", 320, 40, "cover"))
    world.spec = replace(SPEC, sizes=(*cut, Size("banner", 400, 40, "cover")))
    page = visit(world)
    picture = file("soft.jpg", ramp((400, 300)))
    choose(page, picture)
    ready = entry(page, "soft.jpg")
    expect(ready).to_have_attribute("data-state", "ready")
    (manifest,) = world.manifests.values()
    paths = {f"{world.other_origin}/{one.path}": one for one in manifest.variants}
    offered = " ".join(source.get_attribute("srcset") or "" for source in ready.locator("source").all())
    addresses = [*offered.replace(",", "").split()[::2], ready.locator(".after img").get_attribute("src") or ""]
    assert {paths[one].name for one in addresses} == {"w160", "w320"}
    first = picture_formats(manifest)[0]
    (whole,) = (one.bytes for one in manifest.variants if (one.name, one.format) == ("w320", first))
    saved = round(100 * (1 - whole / len(picture["buffer"])))
    expect(ready.locator(".saved")).to_have_text(f"{saved} % fewer bytes")


def middle_of_square(world: Dependencies) -> tuple[int, ...]:
    """The color in the middle of the square that is published."""
    (manifest,) = world.manifests.values()
    (square,) = (one for one in manifest.variants if one.name == "square")
    return pixel(Image.open(io.BytesIO(world.files[f"/{square.path}"][0])).convert("RGB"), (0.5, 0.5))


def test_a_click_on_the_picture_sets_its_focus_and_the_square_is_cut_around_it(
    world: Dependencies, visit: Visit, page_shot: Shot
) -> None:
    world.spec = SQUARE
    page = visit(world, **PHONE, color_scheme="dark")
    choose(page, file("stripes.jpg", stripes([RED, GREEN, BLUE], 200, 200)))
    ready = entry(page, "stripes.jpg")
    expect(ready).to_have_attribute("data-state", "ready")
    assert distance(middle_of_square(world), GREEN) < 20

    ready.get_by_role("button", name="Set the focus").click()
    target = ready.locator(".target img")
    expect(target).not_to_have_js_property("naturalWidth", 0)
    box = target.bounding_box()
    assert box
    target.click(position={"x": box["width"] * 0.9, "y": box["height"] * 0.5})
    expect(ready.get_by_label("From the left")).to_have_value(re.compile("^(89|90|91)$"))
    page_shot(page, "upload-page-focus")
    ready.get_by_role("button", name="Cut around this point").click()
    expect(ready.locator(".aim")).to_be_hidden()
    assert distance(middle_of_square(world), BLUE) < 20
    expect(page.locator("#news")).to_contain_text("cut anew")


def test_the_focus_is_set_with_the_keyboard_and_a_refusal_is_told(world: Dependencies, visit: Visit) -> None:
    world.spec = SQUARE
    page = visit(world)
    choose(page, file("stripes.jpg", stripes([RED, GREEN, BLUE], 200, 200)))
    ready = entry(page, "stripes.jpg")
    ready.get_by_role("button", name="Set the focus").focus()
    page.keyboard.press("Enter")
    ready.get_by_label("From the left").focus()
    page.keyboard.press("Home")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(ready.get_by_label("From the left")).to_have_value("10")
    world.broken.append("/correct")
    page.keyboard.press("Enter")
    expect(ready.get_by_role("alert").filter(has_text="busy")).to_be_visible()
    ready.get_by_role("button", name="Cut around this point").press("Enter")
    expect(ready.locator(".aim")).to_be_hidden()
    expect(ready.get_by_role("button", name="Set the focus")).to_be_focused()
    assert distance(middle_of_square(world), RED) < 20


def test_what_a_picture_shows_is_said_there_and_stands_in_the_markup_and_what_was_not_changed_is_left_to_programs(
    world: Dependencies, visit: Visit, page_shot: Shot
) -> None:
    page = visit(world)
    choose(page, file("soft.jpg", ramp((640, 480))))
    ready = entry(page, "soft.jpg")
    expect(ready).to_have_attribute("data-state", "ready")
    ready.get_by_label("Alt text").fill('A cat & a "mat"')
    world.broken.append("/correct")
    ready.get_by_role("button", name="Save the words").click()
    expect(ready.get_by_role("alert").filter(has_text="busy")).to_be_visible()
    ready.get_by_role("button", name="Save the words").click()
    expect(page.locator("#news")).to_contain_text("described anew")
    expect(ready.get_by_role("button", name="Save the words")).to_be_focused()
    expect(ready.get_by_alt_text('A cat & a "mat"')).to_have_count(1)
    expect(ready.locator("code")).to_contain_text('alt="A cat &amp; a &quot;mat&quot;"')
    page_shot(page, "upload-page-words")
    (manifest,) = world.manifests.values()
    assert manifest.words == Words('A cat & a "mat"', None)


def test_of_what_is_made_at_its_first_view_no_bytes_are_told_and_no_savings(world: Dependencies, visit: Visit) -> None:
    world.lazy = frozenset({("w320", "avif"), ("w320", "webp"), ("w320", "jpeg")})
    page = visit(world)
    choose(page, file("soft.jpg", ramp((640, 480))))
    ready = entry(page, "soft.jpg")
    expect(ready).to_have_attribute("data-state", "ready")
    expect(ready.get_by_role("link", name="w320, AVIF: at first view")).to_have_text("at first view")
    expect(ready.get_by_role("link", name=re.compile("w160, AVIF: .* (bytes|KB)"))).to_have_count(1)
    expect(ready.locator(".saved")).to_be_empty()
    expect(page.locator("#summary")).to_have_text("1 of 1 ready.")


def test_what_is_sent_is_the_file_and_its_checksum(world: Dependencies, visit: Visit) -> None:
    page = visit(world)
    sent = file("naïve name.jpg", ramp((320, 200)))
    choose(page, sent)
    expect(entry(page, "naïve name.jpg")).to_have_attribute("data-state", "ready")
    checksum = base64.b64encode(hashlib.sha256(sent["buffer"]).digest()).decode()
    size = len(sent["buffer"])
    assert world.begun == [{"filename": "naïve name.jpg", "size": size, "type": "image/jpeg", "checksum": checksum}]
    assert list(world.originals.values()) == [sent["buffer"]]


def shrunk(world: Dependencies, page: Page, picture: FilePayload) -> Image.Image:
    """What is sent of a picture by somebody who wants to send less."""
    page.get_by_label("Shrink photos before sending").check()
    choose(page, picture)
    expect(entry(page, picture["name"])).to_have_attribute("data-state", "ready")
    (original,) = world.originals.values()
    sent = Image.open(io.BytesIO(original))
    sent.load()
    return sent


def test_a_photo_is_sent_with_as_many_pixels_as_the_sizes_need_upright_where_somebody_asks_for_it(
    world: Dependencies, visit: Visit, page_shot: Shot
) -> None:
    upright = four_corners((1200, 800))
    exif = exif_with(6, owner="Somebody")
    stored = file("tall.jpg", data=file_of(as_camera_stores(upright, 6), "JPEG", quality=97, exif=exif))
    page = visit(world, viewport=PHONE["viewport"])
    sent = shrunk(world, page, stored)
    assert sent.size == (480, SHRINK_TO)
    assert max(map(distance, colors_at_corners(sent), colors_at_corners(upright))) < 30
    assert not dict(sent.getexif()), "as the page says"
    assert world.begun[0]["size"] == len(next(iter(world.originals.values()))) < len(stored["buffer"])
    expect(entry(page, "tall.jpg").locator(".state")).to_contain_text("Sent: ")
    page_shot(page, "upload-page-shrunk")


def test_a_shrunk_photo_keeps_colors_that_srgb_has_not(world: Dependencies, visit: Visit) -> None:
    profile = rgb_profile()
    strong = Image.new("RGB", (900, 900), (0, 255, 0))
    wide = file("wide.jpg", data=file_of(strong, "JPEG", quality=97, icc_profile=profile))
    sent = shrunk(world, visit(world), wide)
    assert sent.size == (SHRINK_TO, SHRINK_TO)
    assert b"P3" in sent.info["icc_profile"].replace(b"\0", b"")
    assert distance(pixel(sent, (0.5, 0.5)), (0, 255, 0)) < 6


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "whole",
    [
        file("small.jpg", ramp((SHRINK_TO, 900))),
        file("drawn.png", data=file_of(ramp((900, 700))), kind="image/png"),
        file("odd.jpg", data=file("", ramp((900, 700)))["buffer"][:4000]),
    ],
    ids=lambda whole: whole["name"],
)
def test_what_is_small_no_photo_or_damaged_is_sent_as_it_is_by_those_who_shrink_too(
    world: Dependencies, visit: Visit, whole: FilePayload
) -> None:
    page = visit(world)
    page.get_by_label("Shrink photos before sending").check()
    choose(page, whole)
    expect(entry(page, whole["name"])).to_have_attribute("data-state", re.compile("ready|failed"))
    assert list(world.originals.values()) == [whole["buffer"]]


@pytest.mark.sampled(1)
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


def test_a_large_file_has_arrived_where_only_the_answer_was_lost(world: Dependencies, visit: Visit) -> None:
    world.broken += ["/multipart/complete answer"]
    page = visit(world)
    choose(page, large())
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "failed")
    entry(page, "large.jpg").get_by_role("button", name="Try again").click()
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")
    assert sorted(world.sent_parts) == [1, 2, 3, 4]
    assert len(world.begun) == 1


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
        entry(page, "large.jpg").get_by_role("button", name="Clear").click()
    assert not world.parts


def test_a_file_that_is_removed_while_its_parts_are_sent_is_sent_no_further(world: Dependencies, visit: Visit) -> None:
    world.held_back[2] = threading.Event()
    page = visit(world)
    choose(page, large())
    expect(entry(page, "large.jpg").locator(".state")).to_have_text("Uploading: 74 % of 400 KB")
    with page.expect_response("**/multipart/abort"):
        entry(page, "large.jpg").get_by_role("button", name="Cancel").click()
        world.held_back[2].set()
    assert sorted(world.sent_parts) == [1, 3, 4]
    assert not world.parts


@pytest.mark.sampled(1)
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


def test_a_file_of_ten_is_cleared_from_the_list_and_stays_published_and_the_keyboard_stays_in_the_list(
    world: Dependencies, visit: Visit
) -> None:
    page = visit(world)
    choose(page, *(file(f"{number}.jpg", ramp((80 + number, 60))) for number in range(10)))
    expect(page.locator(".picture[data-state=ready]")).to_have_count(10, timeout=60_000)
    entry(page, "3.jpg").get_by_role("button", name="Clear").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".picture")).to_have_count(9)
    focused = page.evaluate("document.activeElement.closest('.picture').querySelector('.name').textContent")
    assert focused == "4.jpg"
    assert len(world.manifests) == 10


def test_what_is_deleted_is_published_no_longer_once_the_person_has_confirmed_it(
    world: Dependencies, visit: Visit
) -> None:
    page = visit(world)
    choose(page, file("a.jpg", ramp((80, 60))), file("b.jpg", ramp((90, 60))))
    expect(page.locator(".picture[data-state=ready]")).to_have_count(2)
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        if len(asked) == 1:
            dialog.dismiss()
        else:
            dialog.accept()

    page.on("dialog", answer)
    delete = entry(page, "a.jpg").get_by_role("button", name="Delete")
    delete.click()
    assert len(world.manifests) == 2
    world.broken.append("/delete")
    delete.click()
    expect(entry(page, "a.jpg").get_by_role("alert")).to_have_text("The service is busy. Try again in a minute.")
    assert len(world.manifests) == 2
    delete.click()
    expect(page.locator(".picture")).to_have_count(1)
    assert [key.rpartition("/")[2] for key in world.manifests] == ["b.jpg"]
    assert asked == ["Delete a.jpg? It disappears from every page that shows it."] * 3


def test_clear_finished_leaves_what_is_under_way_or_may_be_tried_again(world: Dependencies, visit: Visit) -> None:
    page = visit(world)
    world.broken.append("/storage")
    choose(page, file("again.jpg", ramp()))
    expect(entry(page, "again.jpg")).to_have_attribute("data-state", "failed")
    world.held_back[2] = threading.Event()
    choose(page, file("a.jpg", ramp((80, 60))), file("none.jpg"), large())
    expect(entry(page, "a.jpg")).to_have_attribute("data-state", "ready")
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator(".picture .name")).to_have_text(["again.jpg", "large.jpg"])
    expect(page.locator("#clear")).to_be_hidden()
    world.held_back[2].set()
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")


def test_leaving_asks_only_while_something_would_be_lost(world: Dependencies, visit: Visit) -> None:
    world.held_back[2] = threading.Event()
    page = visit(world)
    asks = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert not page.evaluate(asks)
    choose(page, large())
    expect(entry(page, "large.jpg").locator(".state")).to_have_text("Uploading: 74 % of 400 KB")
    assert page.evaluate(asks)
    expect(page.get_by_role("progressbar", name="Upload of all pictures")).to_be_visible()
    expect(page.locator("#summary")).to_contain_text("1 to upload, 74 % sent, 0 of 1 ready")
    world.held_back[2].set()
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")
    assert not page.evaluate(asks)
    expect(page.locator("#total")).to_be_hidden()


def reload(page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()


def test_a_reload_keeps_the_list_of_this_tab(world: Dependencies, visit: Visit) -> None:
    page = visit(world)
    choose(page, file("a.jpg", ramp((400, 300))), file("none.jpg"))
    expect(entry(page, "a.jpg")).to_have_attribute("data-state", "ready")
    reload(page)
    expect(entry(page, "a.jpg")).to_have_attribute("data-state", "ready")
    expect(page.locator(".picture")).to_have_count(1)
    expect(entry(page, "a.jpg").locator(".thumb img")).not_to_have_js_property("naturalWidth", 0)
    expect(entry(page, "a.jpg")).to_contain_text("the original is no longer at hand to compare with")
    expect(entry(page, "a.jpg").locator(".saved")).to_have_text(re.compile(r"^\d+ % fewer bytes$"))
    assert len(world.begun) == 1
    other = page.context.new_page()
    other.goto(world.page_origin)
    expect(other.locator("#limits")).to_contain_text("Up to")
    expect(other.locator(".picture")).to_have_count(0)


def test_a_large_file_goes_on_after_a_reload_where_it_was_once_it_is_chosen_again(
    world: Dependencies, visit: Visit, tmp_path: Path
) -> None:
    world.held_back[2] = threading.Event()
    page = visit(world)
    path = tmp_path / "large.jpg"
    path.write_bytes(large()["buffer"])
    expect(page.locator("#choose")).to_be_visible()
    page.set_input_files("#files", path)
    expect(entry(page, "large.jpg").locator(".state")).to_have_text("Uploading: 74 % of 400 KB")
    reload(page)
    expect(entry(page, "large.jpg").locator(".state")).to_contain_text("Choose the file again to go on where it was.")
    expect(page.locator("#clear")).to_be_hidden()
    world.held_back.pop(2).set()
    page.set_input_files("#files", path)
    expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")
    expect(page.locator(".picture")).to_have_count(1)
    assert sorted(set(world.sent_parts)) == [1, 2, 3, 4]
    assert all(world.sent_parts.count(number) == 1 for number in (1, 3, 4)), "what has arrived is not sent again"
    assert len(world.begun) == 1
    assert list(world.originals.values()) == [path.read_bytes()]


def test_a_large_file_goes_on_after_another_sign_in_where_the_token_has_expired(visit: Visit, tmp_path: Path) -> None:
    with serving_pages({"kind": "token"}) as world:
        world.held_back[2] = threading.Event()
        page = visit(world)
        page.get_by_label("Access token").fill(TOKEN)
        page.get_by_role("button", name="Continue").click()
        path = tmp_path / "large.jpg"
        path.write_bytes(large()["buffer"])
        page.set_input_files("#files", path)
        expect(entry(page, "large.jpg").locator(".state")).to_have_text("Uploading: 74 % of 400 KB")
        world.token = f"{TOKEN}-again"
        world.held_back.pop(2).set()
        expect(entry(page, "large.jpg").locator(".state")).to_have_text(re.compile("signed out. Sign in and try again"))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Access token").fill(world.token)
        page.get_by_role("button", name="Continue").click()
        expect(entry(page, "large.jpg").locator(".state")).to_contain_text("Choose the file again to go on")
        page.set_input_files("#files", path)
        expect(entry(page, "large.jpg")).to_have_attribute("data-state", "ready")
        assert sorted(world.sent_parts) == [1, 2, 3, 4], "what has arrived is not sent again"
        assert len(world.begun) == 1


def test_signing_out_forgets_the_list(visit: Visit) -> None:
    with serving_pages({"kind": "token"}) as world:
        page = visit(world)
        page.get_by_label("Access token").fill(TOKEN)
        page.get_by_role("button", name="Continue").click()
        choose(page, file("a.jpg", ramp()))
        expect(entry(page, "a.jpg")).to_have_attribute("data-state", "ready")
        assert "a.jpg" in page.evaluate("sessionStorage.getItem('lightpress.pictures')")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Access token")).to_be_visible()
        assert page.evaluate("sessionStorage.getItem('lightpress.pictures')") is None


def test_files_that_are_chosen_before_the_scripts_have_come_are_uploaded(world: Dependencies, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        late: list[Route] = []
        slow = True

        def hold(route: Route) -> None:
            if slow:
                late.append(route)
            else:
                route.continue_()

        page.route("**/*.js", hold)
        page.goto(world.page_origin, wait_until="commit")
        expect(page.locator("#limits")).to_contain_text("You may choose pictures already.")
        page.set_input_files("#files", [file("early.jpg", ramp((80, 60))), file("too.jpg", ramp((90, 60)))])
        assert not world.begun
        slow = False
        for route in late:
            route.continue_()
        expect(page.locator(".picture[data-state=ready]")).to_have_count(2)


@pytest.mark.nightly
def test_twenty_pictures_take_less_than_two_screens_and_a_half_and_load_no_comparison(
    world: Dependencies, visit: Visit, page_shot: Shot
) -> None:
    page = visit(world, viewport={"width": 1100, "height": 900})
    choose(page, *(file(f"{number}.jpg", ramp((80 + number, 60))) for number in range(20)))
    expect(page.locator(".picture[data-state=ready]")).to_have_count(20, timeout=60_000)
    assert page.evaluate("document.documentElement.scrollHeight") < 2_000
    assert page.locator(".after img").count() == 0
    page_shot(page, "upload-page-twenty")
    details = entry(page, "7.jpg").get_by_role("button", name="Details")
    details.click()
    expect(details).to_have_attribute("aria-expanded", "true")
    expect(entry(page, "7.jpg").get_by_role("table")).to_be_visible()
    details.click()
    expect(entry(page, "7.jpg").get_by_role("table")).to_be_hidden()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("width", [320, 360, 390])
def test_every_column_and_a_target_of_24_pixels_fit_a_narrow_phone(
    world: Dependencies, visit: Visit, page_shot: Shot, width: int
) -> None:
    page = visit(world, **(PHONE | {"viewport": {"width": width, "height": 740}}))
    choose(page, file("a picture with quite a long name, as cameras and people give them.jpg", ramp((1600, 1200))))
    expect(page.locator(".picture")).to_have_attribute("data-state", "ready")
    wait_until_shown(page)
    page_shot(page, f"upload-page-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing reaches out sideways"
    assert page.evaluate(
        "(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('.scroll'))"
    )
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, label.button, a, input:not([type=file])')]
            .filter((control) => control.checkVisibility())
            .map((control) => [control.textContent, control.getBoundingClientRect()])
            .filter(([, box]) => box.width < 24 || box.height < 24)
            .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""
    )
    assert not small


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
    with serving_pages({"kind": "token"}) as world:
        page = visit(world)
        expect(page.locator("#choose")).to_be_hidden()
        page.get_by_label("Access token").fill(TOKEN)
        page.get_by_role("button", name="Continue").click()
        choose(page, file("soft.jpg", ramp()))
        expect(entry(page, "soft.jpg")).to_have_attribute("data-state", "ready")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Access token")).to_be_visible()


def test_a_wrong_token_is_said_to_be_wrong(visit: Visit) -> None:
    with serving_pages({"kind": "token"}) as world:
        page = visit(world)
        page.get_by_label("Access token").fill("guess")
        page.get_by_role("button", name="Continue").click()
        choose(page, file("soft.jpg", ramp()))
        expect(entry(page, "soft.jpg").locator(".state")).to_contain_text("signed out")


@pytest.mark.sampled(1)
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_upload_page(world: Dependencies, visit: Visit, scheme: str) -> None:
    page = visit(world, color_scheme=scheme)
    choose(page, file("soft.jpg", ramp((640, 480))))
    expect(entry(page, "soft.jpg")).to_have_attribute("data-state", "ready")
    wait_until_shown(page)
    assert violations(page) == []


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
    assert {"files", "details", "delete", "remove", "divider", "copy"} <= reached
