"""Where a permalink leads: to the smallest file of the size that is wanted, in a format that its viewer can show."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from lightpress.delivery.resolve import Answer, read, resolve
from lightpress.image import EncodedVariant, OriginalInfo, PictureRejected, Reason
from lightpress.pipeline.manifest import Manifest, Publication, Status, variants_of
from tests.delivery.paths import resolver_path

PUBLICATION = Publication("trips/a b.jpg", 3, "v1", 9_000, "web", "d")
BYTES = {"avif": 50, "webp": 70, "jpeg": 90}


def published(sizes: dict[str, tuple[int, int]], amounts: dict[str, int] | None = None) -> Manifest:
    """With files of so many bytes in each format; larger sizes have more."""
    variants = [
        variant
        for name, (width, height) in sizes.items()
        for form, count in (amounts or BYTES).items()
        for variant in variants_of(
            EncodedVariant((name,), form, width, height, bytes(count + width)), f"i/x/{name}.{form}"
        )
    ]
    return PUBLICATION.ready(OriginalInfo("jpeg", 1_800, 1_200), tuple(variants))


LADDER = {"w320": (320, 213), "w640": (640, 427), "w1280": (1_280, 853), "square": (500, 500)}


def ask(wanted: str, accepted: str = "-", manifest: Manifest | None = None) -> Answer:
    found = manifest or published(LADDER)
    path = resolver_path(found.key, accepted=accepted, wanted=wanted)
    return resolve(read(path), {found.key: found}.get)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("w320", "w320"),
        ("w384", "w640"),
        ("w1920", "w1280"),
        ("h320", "w640"),
        ("h1920", "w1280"),
        ("-", "w1280"),
        ("n-square", "square"),
        ("n-unknown", "w1280"),
        ("w", "w1280"),
        ("x9", "w1280"),
    ],
)
def test_the_smallest_that_is_large_enough_is_given_and_never_a_crop_unless_it_is_named(wanted: str, name: str) -> None:
    answer = ask(wanted)
    assert (answer.status, answer.headers["location"]) == (302, f"/i/x/{name}.jpeg")
    assert answer.headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("accepted", "form"), [("-", "jpeg"), ("webp", "webp"), ("avif.webp", "avif"), ("~png", None), ("~webp", "webp")]
)
def test_a_viewer_gets_a_format_that_it_can_show(accepted: str, form: str | None) -> None:
    answer = ask("w320", accepted)
    assert answer.headers.get("location") == (form and f"/i/x/w320.{form}")
    assert answer.status == (302 if form else 404)


def test_of_the_formats_it_can_show_it_gets_the_smallest_file() -> None:
    small_jpeg = published({"w320": (320, 213)}, {"avif": 90, "jpeg": 50})
    assert ask("w320", "avif.webp", small_jpeg).headers["location"].endswith(".jpeg")


def test_what_moves_is_shown_moving_to_who_can_show_that() -> None:
    still = published({"w320": (320, 213)})
    moving = tuple(replace(one, animated=one.format == "webp") for one in still.variants)
    animated = replace(still, variants=moving)
    assert ask("w320", "avif.webp", animated).headers["location"].endswith(".webp")
    assert ask("w320", "-", animated).headers["location"].endswith(".jpeg")


def test_where_no_format_is_for_all_the_one_that_most_viewers_can_show_is_better_than_none() -> None:
    answer = ask("w320", "-", published({"w320": (320, 213)}, {"avif": 50, "webp": 70}))
    assert answer.headers["location"].endswith(".webp")


def test_a_key_of_which_nothing_is_known_is_not_found_and_asked_for_again_after_five_seconds() -> None:
    answer = resolve(read(resolver_path("other.jpg")), lambda _: None)
    assert (answer.status, answer.headers["cache-control"]) == (404, "public, max-age=0, s-maxage=5")


def test_a_picture_that_failed_is_not_found_and_says_why() -> None:
    failed = PUBLICATION.failed(PictureRejected(Reason.CORRUPT, "cut short"))
    answer = ask("-", manifest=failed)
    assert (answer.status, answer.headers["x-lightpress-reason"]) == (404, "corrupt")
    assert "location" not in answer.headers


def test_a_deleted_picture_is_gone() -> None:
    assert ask("-", manifest=Manifest(PUBLICATION.key, Status.DELETED, 4)).status == 410


PATH = resolver_path("a.jpg")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/r/",
        f"/x{PATH[2:]}",
        f"{PATH}!",
        f"{PATH}\n",
        PATH.rpartition("~")[0],
        PATH.replace("~", "~!"),
        PATH.replace("/-/-/", "/-/"),
        PATH.replace("/-/-/", "/avif+webp/-/"),
        PATH.replace("/-/-/", "/-/w%20/"),
        resolver_path("b.jpg").rpartition("/")[0] + "/" + PATH.rpartition("/")[2],  # the hash is another key's
        "/r/-/-/a.jpg",
    ],
)
def test_what_the_edge_never_writes_is_not_found(path: str) -> None:
    assert resolve(read(path), {"a.jpg": published(LADDER)}.get).status == 404


WAITING = resolver_path("new.jpg", accepted="avif.webp", wanted="w320")


@pytest.mark.parametrize("known", [None, Manifest("new.jpg", Status.DELETED, 4)], ids=["nothing", "deleted before"])
def test_a_picture_that_is_being_processed_shows_a_placeholder_for_a_second(known: Manifest | None) -> None:
    answer = resolve(read(WAITING), lambda _: known, lambda key: key == "new.jpg")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "public, max-age=0, s-maxage=1"
    assert answer.body is not None
    with Image.open(io.BytesIO(answer.body)) as image:
        assert (image.size, image.mode, image.getpixel((0, 0))) == ((1, 1), "L", 0xDD)
    assert len(answer.body) < 100


def test_what_is_published_or_has_failed_or_is_not_there_shows_no_placeholder() -> None:
    failed = PUBLICATION.failed(PictureRejected(Reason.CORRUPT, "cut short"))
    path = resolver_path(PUBLICATION.key)
    assert resolve(read(path), {PUBLICATION.key: published(LADDER)}.get, lambda _: True).status == 302
    assert resolve(read(path), {PUBLICATION.key: failed}.get, lambda _: True).status == 404
    assert resolve(read(WAITING), lambda _: None, lambda _: False).status == 404
    assert resolve(None, lambda _: None, lambda _: True).status == 404
