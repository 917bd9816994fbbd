"""A page that offers several sizes has no browser load more bytes for a smaller one than a larger one has.

Drawings, text and screenshots have few colors and hard edges. Reduced, the edges become soft, and the file grows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.delivery.choice import VIEWERS, dominant, offered
from lightpress.delivery.markup import picture, srcset
from lightpress.delivery.resolve import Lookups, read, resolve
from lightpress.delivery.summary import summary_of
from lightpress.image.job import EncodedVariant, OriginalInfo
from lightpress.image.outputs import FALLBACKS, OUTPUTS, WRITTEN
from lightpress.image.render import render
from lightpress.image.spec import Size
from lightpress.pipeline.manifest import LazyVariant, Manifest, Publication, variants_of
from tests.delivery.paths import resolver_path
from tools.drawing import disc, file_of, hatching, page_of_text, spec, window

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lightpress.pipeline.manifest import Variant

WIDTHS = (160, 320, 640, 960)
LADDER = tuple(Size(f"w{width}", width) for width in WIDTHS)
PUBLICATION = Publication("flat.png", 1, "v1", 9_000, "web", "d")

FLAT: dict[str, Callable[[], bytes]] = {
    "hatching": lambda: file_of(hatching((960, 640)).convert("1"), optimize=True),
    "a page of text": lambda: file_of(page_of_text((960, 700), 20).convert("1"), optimize=True),
    "a window": lambda: file_of(window((960, 600)).quantize(16), optimize=True),
    "a see-through disc": lambda: file_of(disc(960).quantize(4), optimize=True),
}


@cache
def published(name: str) -> Manifest:
    """The manifest of a drawing, each of its files below a path of its own."""
    made = render(FLAT[name](), spec(*LADDER, formats=WRITTEN, auto=True))
    variants = tuple(
        variant
        for one in made.variants
        for variant in variants_of(one, f"i/x/{one.names[0]}.{OUTPUTS[one.format].extension}")
    )
    return PUBLICATION.ready(made.original, variants)


def given_to(manifest: Manifest, wanted: str, viewer: Collection[str]) -> Variant:
    """What a permalink leads a viewer to."""
    accepted = ".".join(name for name in viewer if name not in FALLBACKS) or "-"
    path = resolver_path(manifest.key, accepted=accepted, wanted=wanted)
    location = resolve(read(path), Lookups({manifest.key: manifest}.get)).headers["location"]
    return next(one for one in manifest.variants if f"/{one.path}" == location)


@pytest.mark.parametrize("name", FLAT)
def test_a_reduced_drawing_takes_more_bytes_than_a_larger_size_of_it(name: str) -> None:
    """Which is why the others here are worth anything."""
    by_width = {one.width: one.bytes for one in published(name).variants if one.format not in FALLBACKS}
    assert any(by_width[narrow] > by_width[wide] for narrow, wide in pairwise(WIDTHS))


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("side", ["w", "h"])
def test_a_permalink_has_the_pixels_that_are_asked_for_though_a_larger_size_has_fewer_bytes(
    name: str, side: str
) -> None:
    """Where a page does not say how wide it shows a picture, it shows it as wide as the file is."""
    manifest = published(name)
    for viewer in VIEWERS:
        for width in WIDTHS:
            of_size = [one for one in manifest.variants if one.width == width and one.format in viewer]
            pixels = of_size[0].width if side == "w" else of_size[0].height
            found = given_to(manifest, f"{side}{pixels}", viewer)
            assert (found.width, found.bytes) == (width, min(one.bytes for one in of_size))


@pytest.mark.parametrize("name", FLAT)
def test_a_size_that_is_asked_for_by_its_name_has_just_its_pixels(name: str) -> None:
    for viewer in VIEWERS:
        assert [given_to(published(name), f"n-w{width}", viewer).width for width in WIDTHS] == list(WIDTHS)


@pytest.mark.parametrize("name", FLAT)
def test_in_a_srcset_each_wider_file_has_as_many_bytes_or_more_and_the_widest_is_there(name: str) -> None:
    manifest = published(name)
    bytes_of = {one.path: one.bytes for one in manifest.variants}
    for form in {one.format for one in manifest.variants}:
        listed = [entry.split() for entry in srcset(manifest, form, "").split(", ")]
        weighed = [bytes_of[path.removeprefix("/")] for path, _ in listed]
        assert weighed == sorted(weighed)
        assert listed[-1][1] == "960w"
        assert len(listed) < len(WIDTHS) or "disc" in name


@pytest.mark.parametrize("name", FLAT)
def test_a_page_offers_what_events_and_the_api_do_not_call_dominated(name: str) -> None:
    manifest = published(name)
    told = summary_of(manifest, lambda variant: {"path": f"/{variant.path}"})
    fit = {one["path"] for one in told["variants"] if not one["dominated"] and one["format"] in told["picture_formats"]}
    assert set(re.findall(r"/i/x/w\d+\.\w+", picture(manifest, "", alt=""))) == fit
    assert any(one["dominated"] for one in told["variants"])


def test_a_photo_has_nothing_that_is_dominated() -> None:
    manifest = of({320: 30, 640: 90, 1280: 200})
    assert not any(one["dominated"] for one in summary_of(manifest, lambda _: {})["variants"])
    assert srcset(manifest, "webp", "") == "/i/320x.webp 320w, /i/640x.webp 640w, /i/1280x.webp 1280w"


def of(
    sizes: dict[int, int],
    look: str | None = None,
    *,
    ratio: float = 1.5,
    original: tuple[int, int] = (1_920, 1_280),
) -> Manifest:
    """A picture of 3 by 2 in WebP: by width, how many bytes there are."""
    made = [
        variant
        for width, count in sizes.items()
        for variant in variants_of(
            EncodedVariant((f"{width}x",), "webp", width, round(width / ratio), bytes(count), look=look),
            f"i/{width}x.webp",
        )
    ]
    return PUBLICATION.ready(OriginalInfo("png", *original), tuple(made))


def test_two_sizes_of_as_many_bytes_are_both_offered() -> None:
    manifest = of({320: 50, 640: 50})
    assert srcset(manifest, "webp", "") == "/i/320x.webp 320w, /i/640x.webp 640w"


def test_another_cut_is_no_larger_size_of_the_same_picture() -> None:
    whole, square = of({320: 50, 640: 90}), of({1280: 5}, ratio=1.0)
    both = replace(whole, variants=(*whole.variants, *square.variants))
    assert not any(one["dominated"] for one in summary_of(both, lambda _: {})["variants"])
    assert "320w" in srcset(both, "webp", "", names=["320x", "1280x"])


@pytest.mark.parametrize(
    ("original", "width"),
    [
        ((300, 200), 400),
        ((799, 799), 400),
        ((800, 700), 400),
        ((700, 800), 400),
        ((800, 800), 800),
        ((1_920, 1_280), 800),
    ],
)
def test_a_box_that_the_picture_does_not_fill_does_not_take_the_place_of_a_smaller_one(
    original: tuple[int, int], width: int
) -> None:
    """Nothing is enlarged: in the middle of the larger box (`fit = "pad"`), the picture would be half as large."""
    boxes = of({400: 50, 800: 40}, ratio=1.0, original=original)
    assert ("400w" in srcset(boxes, "webp", "")) == (width == 400)
    assert [one["dominated"] for one in summary_of(boxes, lambda _: {})["variants"]] == [width == 800, False]


def test_other_steps_make_no_larger_size_of_the_same_picture_and_the_same_steps_do() -> None:
    plain, marked = of({320: 50, 640: 90}), of({1280: 5}, "whole-1")
    both = replace(plain, variants=(*plain.variants, *marked.variants))
    assert "320w" in srcset(both, "webp", "", names=["320x", "1280x"])
    alike = of({320: 50, 1280: 5}, "whole-1")
    assert srcset(alike, "webp", "") == "/i/1280x.webp 1280w"


def test_of_a_picture_that_steps_have_turned_a_larger_size_counts_too() -> None:
    turned = of({400: 50, 800: 40}, "whole-1", ratio=2 / 3, original=(1_200, 800))
    assert {one.height for one in turned.variants} == {600, 1_200}
    assert srcset(turned, "webp", "") == "/i/800x.webp 800w"


def test_nothing_takes_the_place_of_a_lazy_size_whose_bytes_nobody_knows() -> None:
    known = of({1280: 5})
    manifest = replace(known, lazy=(LazyVariant("320x", "webp", "image/webp", 320, 213, "i/320x.webp"),))
    assert srcset(manifest, "webp", "") == "/i/320x.webp 320w, /i/1280x.webp 1280w"


@dataclass(frozen=True)
class File:
    format: str
    width: int
    bytes: int | None
    animated: bool = False


def test_a_still_of_few_bytes_does_not_take_the_place_of_what_moves() -> None:
    files = [File("webp", 320, 50, animated=True), File("webp", 640, 5), File("webp", 960, 20, animated=True)]
    assert dominant(files) == files[1:]


files_of_a_picture = st.lists(
    st.builds(File, st.sampled_from(list(OUTPUTS)), st.sampled_from(WIDTHS), st.none() | st.integers(0, 9)),
    unique_by=lambda file: (file.format, file.width),
)


@given(files_of_a_picture)
def test_a_page_offers_of_each_format_all_widths_but_those_that_are_dominated(files: list[File]) -> None:
    for form in OUTPUTS:
        own = [file for file in files if file.format == form]
        kept = dominant(own)
        known = [file.bytes for file in kept if file.bytes is not None]
        assert known == sorted(known)
        for left_out in set(own) - set(kept):
            assert any(one.width > left_out.width and (one.bytes or 0) < (left_out.bytes or 0) for one in kept)


def test_formats_are_compared_by_what_browsers_load_of_them() -> None:
    """All of its files have more bytes together, and none that is loaded has: AVIF 80 and 60, WebP 50 and 50."""
    files = [File("avif", 320, 80), File("avif", 640, 60), File("webp", 320, 200), File("webp", 640, 50)]
    assert offered([*files, File("jpeg", 320, 300), File("jpeg", 640, 300)]) == ("webp", "jpeg")
