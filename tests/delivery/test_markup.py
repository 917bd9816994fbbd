"""What a page writes to show a picture."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from lightpress.delivery.markup import picture, srcset
from lightpress.image.job import EncodedVariant, OriginalInfo
from lightpress.pipeline.manifest import Manifest, Publication, Status, variants_of

URL = "https://cdn.example/"


def manifest(**sizes: int) -> Manifest:
    """With two widths in each format, of so many bytes each."""
    variants = [
        variant
        for form, count in sizes.items()
        for name, width in (("w20", 20), ("w10", 10))
        for variant in variants_of(EncodedVariant((name,), form, width, width // 2, bytes(count)), f"i/{name}.{form}")
    ]
    facts = OriginalInfo("jpeg", 40, 20, (), "#123456", "abc")
    return Publication("a.jpg", 1, "v1", 9, "web", "d").ready(facts, tuple(variants))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_srcset_names_every_width_once_and_the_smallest_first() -> None:
    assert srcset(manifest(webp=5), "webp", URL) == (
        "https://cdn.example/i/w10.webp 10w, https://cdn.example/i/w20.webp 20w"
    )
    assert srcset(manifest(webp=5), "avif", URL) == ""


def test_sizes_that_share_pixels_are_named_once() -> None:
    shared = variants_of(EncodedVariant(("w10", "w20"), "jpeg", 8, 4, b"1"), "i/w10.jpg")
    assert srcset(replace(manifest(), variants=shared), "jpeg", "https://x") == "https://x/i/w10.jpg 8w"


def test_a_picture_offers_the_smallest_format_first() -> None:
    (_, *sources, (_, image)) = Tags(picture(manifest(jpeg=9, webp=7, avif=5), URL, alt='A "cat" & <b>')).found
    assert [source["type"] for _, source in sources] == ["image/avif", "image/webp"]
    assert image["src"] == "https://cdn.example/i/w20.jpeg"
    assert (image["width"], image["height"], image["alt"]) == ("20", "10", 'A "cat" & <b>')
    assert image["style"] == "background-color: #123456"


def test_the_likeness_is_behind_the_picture_where_it_is_wanted_and_there_is_one() -> None:
    one = manifest(jpeg=9)
    assert one.source
    with_likeness = replace(one, source=replace(one.source, lqip="data:image/webp;base64,UklG+/=="))
    wanted = {
        without: Tags(picture(published, URL, alt="", lqip=lqip)).found[-1][1]["style"]
        for without, published, lqip in (("none", one, True), ("not wanted", with_likeness, False))
    }
    assert set(wanted.values()) == {"background-color: #123456"}
    (*_, (_, image)) = Tags(picture(with_likeness, URL, alt="", lqip=True)).found
    assert image["style"] == "background: #123456 url(data:image/webp;base64,UklG+/==) center / cover no-repeat"


def test_a_format_that_is_larger_is_not_offered() -> None:
    tags = Tags(picture(manifest(jpeg=6, webp=7, avif=5), URL, alt="")).found
    assert [values.get("type") for tag, values in tags if tag == "source"] == ["image/avif"]


def test_where_something_moves_only_what_moves_is_offered_before_the_still() -> None:
    both = manifest(jpeg=6, webp=70, avif=5)
    moving = tuple(replace(variant, animated=variant.format == "webp") for variant in both.variants)
    tags = Tags(picture(replace(both, variants=moving), URL, alt="")).found
    assert [values.get("type") for tag, values in tags if tag == "source"] == ["image/webp"]


def test_a_recipe_of_one_modern_format_still_has_a_picture() -> None:
    assert [tag for tag, _ in Tags(picture(manifest(avif=5), URL, alt="")).found] == ["picture", "img"]


def test_the_image_for_every_browser_is_in_the_format_known_longest() -> None:
    tags = Tags(picture(manifest(avif=5, webp=7), URL, alt="")).found
    assert [values.get("type") for tag, values in tags if tag == "source"] == ["image/avif"]
    assert [values["src"] for tag, values in tags if tag == "img"] == ["https://cdn.example/i/w20.webp"]


def mixed() -> Manifest:
    """The whole picture in two widths, and a square cut out of it."""
    whole = manifest(jpeg=9)
    square = variants_of(EncodedVariant(("square",), "jpeg", 16, 16, b"1"), "i/square.jpg")
    return replace(whole, variants=(*whole.variants, *square))


def test_what_a_browser_chooses_among_looks_the_same() -> None:
    assert "square" not in srcset(mixed(), "jpeg", URL)
    assert "square" not in picture(mixed(), URL, alt="")
    assert srcset(mixed(), "jpeg", URL, names=["square"]) == "https://cdn.example/i/square.jpg 16w"


def test_where_every_size_is_cut_those_of_the_widest_ones_shape_are_offered() -> None:
    cut = [
        variant
        for name, width, height in (("tall", 10, 20), ("small", 12, 12), ("large", 24, 24))
        for variant in variants_of(EncodedVariant((name,), "jpeg", width, height, b"1"), f"i/{name}.jpg")
    ]
    assert srcset(replace(manifest(), variants=tuple(cut)), "jpeg", "https://x") == (
        "https://x/i/small.jpg 12w, https://x/i/large.jpg 24w"
    )


def looking(*variants: tuple[str, int, int, str | None]) -> Manifest:
    """Variants of a picture of 2 by 1, by name, width, height and look."""
    made = [
        variant
        for name, width, height, look in variants
        for variant in variants_of(EncodedVariant((name,), "jpeg", width, height, b"1", look=look), f"i/{name}.jpg")
    ]
    return replace(manifest(), variants=tuple(made))


def test_variants_of_other_steps_are_not_offered_beside_the_plain_picture() -> None:
    found = looking(
        ("w20", 20, 10, None), ("w40", 40, 20, None), ("g30", 30, 15, "whole-1"), ("g60", 60, 30, "whole-1")
    )
    assert srcset(found, "jpeg", "https://x") == "https://x/i/w20.jpg 20w, https://x/i/w40.jpg 40w"


def test_where_every_size_has_steps_those_of_the_widest_whole_picture_are_offered_whatever_their_shapes() -> None:
    found = looking(
        ("w20", 36, 26, "whole-1"), ("w40", 56, 36, "whole-1"), ("g20", 20, 10, "whole-2"), ("face", 90, 45, "cut-1")
    )
    assert srcset(found, "jpeg", "https://x") == "https://x/i/w20.jpg 36w, https://x/i/w40.jpg 56w"


def test_where_every_size_is_cut_those_of_the_widest_ones_steps_and_shape_are_offered() -> None:
    found = looking(("a", 12, 12, "cut-1"), ("b", 24, 24, "cut-1"), ("c", 12, 12, "cut-2"), ("d", 10, 20, "cut-1"))
    assert srcset(found, "jpeg", "https://x") == "https://x/i/a.jpg 12w, https://x/i/b.jpg 24w"


def test_where_nothing_is_published_there_is_nothing_to_write() -> None:
    assert picture(Manifest("a.jpg", Status.DELETED, 4), URL, alt="") == ""
