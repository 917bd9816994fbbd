"""Where a permalink leads: to the smallest file of the size that is wanted, in a format that its viewer can show."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from functools import partial

import pytest
from PIL import Image

from lightpress.delivery.markup import picture
from lightpress.delivery.resolve import MOST_BYTES, Answer, Lookups, read, resolve
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo
from lightpress.pipeline.manifest import LazyVariant, Manifest, Publication, Status, variants_of
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
    return resolve(read(path), Lookups({found.key: found}.get))


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
    assert answer.headers["vary"].split(", ")[0] == "Accept"


def test_behind_a_path_of_the_cdn_redirects_stay_behind_it() -> None:
    found = published(LADDER)
    lookups = Lookups({found.key: found}.get, cdn_path="/pictures")
    answer = resolve(read(resolver_path(found.key, wanted="w320")), lookups)
    assert answer.headers["location"] == "/pictures/i/x/w320.jpeg"


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
    answer = resolve(read(resolver_path("other.jpg")), Lookups(lambda _: None))
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
    assert resolve(read(path), Lookups({"a.jpg": published(LADDER)}.get)).status == 404


WAITING = resolver_path("new.jpg", accepted="avif.webp", wanted="w320")


@pytest.mark.parametrize("known", [None, Manifest("new.jpg", Status.DELETED, 4)], ids=["nothing", "deleted before"])
def test_a_picture_that_is_being_processed_shows_a_placeholder_for_a_second(known: Manifest | None) -> None:
    answer = resolve(read(WAITING), Lookups(lambda _: known, is_uploaded=lambda key: key == "new.jpg"))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "public, max-age=0, s-maxage=1"
    assert answer.body is not None
    with Image.open(io.BytesIO(answer.body)) as image:
        assert (image.size, image.mode, image.getpixel((0, 0))) == ((1, 1), "L", 0xDD)
    assert len(answer.body) < 100


def test_what_is_published_or_has_failed_or_is_not_there_shows_no_placeholder() -> None:
    failed = PUBLICATION.failed(PictureRejected(Reason.CORRUPT, "cut short"))
    path = read(resolver_path(PUBLICATION.key))
    uploaded = partial(Lookups, is_uploaded=lambda _: True)
    assert resolve(path, uploaded({PUBLICATION.key: published(LADDER)}.get)).status == 302
    assert resolve(path, uploaded({PUBLICATION.key: failed}.get)).status == 404
    assert resolve(read(WAITING), Lookups(lambda _: None)).status == 404
    assert resolve(None, uploaded(lambda _: None)).status == 404


A_WEEK = 604_800


def sent(  # noqa: PLR0913  by keyword
    wanted: str = "w320",
    accepted: str = "avif.webp",
    *,
    manifest: Manifest | None = None,
    has: str = "",
    seconds: int = A_WEEK,
    files: dict[str, bytes] | None = None,
) -> Answer:
    """The answer of a resolver that sends pictures. files: by path; by default, each holds its path."""
    found = manifest or published(LADDER)
    path = resolver_path(found.key, accepted=accepted, wanted=wanted)
    file_at = str.encode if files is None else files.get
    return resolve(read(path), Lookups({found.key: found}.get, file_at, seconds=seconds), has)


@pytest.mark.parametrize(
    ("wanted", "accepted", "path", "media_type"),
    [
        ("w320", "avif.webp", "i/x/w320.avif", "image/avif"),
        ("w384", "webp", "i/x/w640.webp", "image/webp"),
        ("n-square", "-", "i/x/square.jpeg", "image/jpeg"),
    ],
)
def test_a_permalink_is_the_picture_itself_with_its_type_and_the_name_it_is_saved_under(
    wanted: str, accepted: str, path: str, media_type: str
) -> None:
    answer = sent(wanted, accepted)
    assert (answer.status, answer.body) == (200, path.encode())
    assert answer.headers["content-type"] == media_type
    extension = "jpg" if accepted == "-" else accepted.partition(".")[0]
    assert answer.headers["content-disposition"] == f"inline; filename*=UTF-8''a%20b.{extension}"
    assert "location" not in answer.headers


def test_browsers_keep_a_picture_for_a_minute_and_the_cdn_for_a_week() -> None:
    week = "public, max-age=60, stale-while-revalidate=600, s-maxage=604800"
    assert sent().headers["cache-control"] == week
    assert sent(seconds=60).headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"


def test_a_browser_that_accepts_other_formats_or_hints_at_another_size_does_not_take_a_picture_from_its_cache() -> None:
    assert sent().headers["vary"] == "Accept, Save-Data, Sec-CH-DPR, Sec-CH-Width"


def _in_generation(generation: str) -> Manifest:
    manifest = published(LADDER)
    moved = (replace(one, path=one.path.replace("i/x", f"i/hash/{generation}")) for one in manifest.variants)
    return replace(manifest, variants=tuple(moved))


def test_each_variant_of_each_generation_has_an_etag_of_its_own() -> None:
    answers = [
        sent(wanted, accepted, manifest=_in_generation(generation))
        for generation in ("3-aaaa", "4-aaaa")
        for wanted in ("w320", "w640")
        for accepted in ("avif.webp", "webp", "-")
    ]
    assert answers[0].headers["etag"] == '"3-aaaa/w320.avif"'
    assert len({answer.headers["etag"] for answer in answers}) == 12


@pytest.mark.parametrize("has", ["{}", "W/{}", '"other", {}'])
def test_a_cache_that_has_the_picture_gets_304_and_the_variant_is_not_read(has: str) -> None:
    etag = sent().headers["etag"]
    answer = sent(has=has.format(etag), files={})
    assert (answer.status, answer.body) == (304, None)
    assert {name: answer.headers[name] for name in ("etag", "cache-control", "vary")} == {
        name: sent().headers[name] for name in ("etag", "cache-control", "vary")
    }


def test_a_cache_that_has_an_older_generation_gets_the_picture() -> None:
    old, new = (_in_generation(generation) for generation in ("3-aaaa", "4-aaaa"))
    assert sent(manifest=new, has=sent(manifest=old).headers["etag"]).status == 200


def test_a_variant_of_more_than_4_mb_is_redirected_to_since_lambda_cannot_send_it() -> None:
    def answer(size: int) -> Answer:
        manifest = published({"w320": (320, 213)}, {"jpeg": 50})
        (only,) = manifest.variants
        return sent(manifest=replace(manifest, variants=(replace(only, bytes=size),)))

    assert MOST_BYTES == 4_194_304
    assert answer(MOST_BYTES).status == 200
    large = answer(MOST_BYTES + 1)
    assert (large.status, large.headers["location"]) == (302, "/i/x/w320.jpeg")
    assert large.headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"
    assert (
        len(json.dumps({"headers": sent().headers, "body": base64.b64encode(bytes(MOST_BYTES)).decode()})) < 6_291_556
    )


def test_a_picture_that_is_replaced_while_it_is_read_is_looked_up_again() -> None:
    old, new = published({"w320": (320, 213)}), _in_generation("4-aaaa")
    manifests = iter((old, new))
    lookups = Lookups(lambda _: next(manifests), {"i/hash/4-aaaa/w320.jpeg": b"new"}.get, seconds=A_WEEK)
    answer = resolve(read(resolver_path(old.key, wanted="w320")), lookups)
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"new", '"4-aaaa/w320.jpeg"')


def test_a_picture_that_is_deleted_while_it_is_read_is_gone() -> None:
    manifests = iter((published(LADDER), Manifest(PUBLICATION.key, Status.DELETED, 4)))
    lookups = Lookups(lambda _: next(manifests), seconds=A_WEEK)
    assert resolve(read(resolver_path(PUBLICATION.key)), lookups).status == 410


def test_a_variant_that_is_lost_is_not_found_after_three_looks() -> None:
    looks: list[str] = []
    found = published(LADDER)
    lookups = Lookups(lambda key: looks.append(key) or found, seconds=A_WEEK)  # type: ignore[func-returns-value]
    answer = resolve(read(resolver_path(found.key)), lookups)
    assert (answer.status, answer.headers["cache-control"], len(looks)) == (404, "public, max-age=0, s-maxage=5", 3)


def owing(form: str, path: str) -> Manifest:
    """With a lazy variant in one format beside the others."""
    found = published({"w640": (640, 427)})
    kept = tuple(one for one in found.variants if one.format != form)
    lazy = LazyVariant("w640", form, f"image/{form}", 640, 427, path)
    return replace(found, variants=kept, lazy=(lazy,))


def ask_for(manifest: Manifest, files: dict[str, bytes]) -> Answer:
    path = resolver_path(manifest.key, accepted="avif.webp", wanted="w640")
    return resolve(read(path), Lookups({manifest.key: manifest}.get, files.get, seconds=600))


def test_a_lazy_variant_that_is_not_there_is_made_behind_its_own_address_and_sent_from_then_on() -> None:
    path = "i/x/1-y/w640.avif"
    manifest = owing("avif", path)
    first, then = ask_for(manifest, {}), ask_for(manifest, {path: b"made"})
    assert (first.status, first.headers["location"]) == (302, f"/{path}")
    assert "max-age=60," in first.headers["cache-control"]
    assert "s-maxage" not in first.headers["cache-control"]
    assert (then.status, then.body, then.headers["etag"]) == (200, b"made", '"1-y/w640.avif"')


def test_a_lazy_variant_that_cannot_be_made_is_passed_over_by_permalinks_and_pages() -> None:
    manifest = owing("avif", "i/x/1-y/w640.avif")
    (lazy,) = manifest.lazy
    failed = replace(manifest, lazy=(replace(lazy, reason="machine_limit"),))
    (webp,) = (one for one in manifest.variants if one.format == "webp")
    assert ask_for(failed, {webp.path: b"webp"}).body == b"webp"
    assert "avif" in picture(manifest, "", alt="")
    assert "avif" not in picture(failed, "", alt="") + picture(failed, "", alt="", names=["w640"])
    nothing = replace(failed, variants=())
    answer = ask_for(nothing, {})
    assert (answer.status, answer.headers["x-lightpress-reason"]) == (404, "no_such_variant")
    assert not picture(nothing, "", alt="")


def test_a_lazy_variant_of_more_than_4_mb_is_redirected_to() -> None:
    path = "i/x/1-y/w640.avif"
    answer = ask_for(owing("avif", path), {path: bytes(MOST_BYTES + 1)})
    assert (answer.status, answer.headers["location"]) == (302, f"/{path}")
