from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.cli.demo.contact_sheet import (
    ContactSheet,
    ServedPicture,
    ServedVariant,
    compared,
    kilobytes,
    write_contact_sheet,
)
from lightpress.cli.demo.markup import element
from lightpress.image.errors import MESSAGES, Reason

if TYPE_CHECKING:
    from pathlib import Path

CDN = "https://images.example.com"
BYTES_PER_COLUMN = {"jpeg": 40, "avif": 20, "webp": 30}
FORMATS = tuple(BYTES_PER_COLUMN)
HOSTILE = (
    'a"><script>alert(1)</script>.jpg',
    "it's & <b>bold</b> &amp;.jpg",
    "comma, 640w 2x, and more.jpg",
    "javascript:alert(1).jpg",
    "100%25 #hash ?query=1+1.jpg",
    "//images.example.org/x.jpg",
    "trips/🏔️ été + (1).jpg",
    "right \N{RIGHT-TO-LEFT OVERRIDE} to left.jpg",
)


class Page(HTMLParser):
    """The elements of a page, each with its attributes, and all text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def addresses(self) -> list[str]:
        """Everything that the page links to or loads, except what lies on the CDN and in the page itself."""
        single = [attributes[key] for _, attributes in self.elements for key in ("src", "href") if key in attributes]
        several = [part.split()[0] for row in self.srcsets() for part in row.split(", ")]
        return [address for address in single + several if not address.startswith((CDN, "#"))]

    def srcsets(self) -> list[str]:
        return [attributes["srcset"] for _, attributes in self.elements if "srcset" in attributes]


def variant(name: str, kind: str, width: int, height: int, key: str = "a.jpg") -> ServedVariant:
    path = f"served/{key}/{name}.{kind}"
    size = width * BYTES_PER_COLUMN[kind]
    return ServedVariant(name, kind, width, height, size, animated=False, file=path, url=f"{CDN}/{name}.{kind}")


def served(key: str = "a.jpg") -> ServedPicture:
    sizes = (("w1280", 1280, 853), ("w640", 640, 427), ("square", 400, 400))
    return ServedPicture(
        key=key,
        about="A lake",
        original_file=f"originals/{key}",
        original_bytes=400_000,
        width=1600,
        height=1067,
        seconds_to_ready=1.84,
        status="ready",
        variants=tuple(variant(name, kind, width, height, key) for name, width, height in sizes for kind in FORMATS),
    )


def refused(reason: str | None, detail: str | None = None) -> ServedPicture:
    return replace(served(), status="failed", reason=reason, detail=detail, width=None, height=None, variants=())


def page_of(folder: Path, *pictures: ServedPicture) -> Page:
    return Page(write_contact_sheet(folder, ContactSheet("Run <1>", pictures, "today", (("Pictures", "1 & only"),))))


def test_the_sheet_is_one_page_that_runs_nothing_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = page_of(tmp_path, served())
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    assert not page.all("script") + page.all("link") + page.all("iframe")
    assert all(urlsplit(address)[:2] == ("", "") for address in page.addresses())


def test_it_names_its_language_its_width_and_every_picture(tmp_path: Path) -> None:
    page = page_of(tmp_path, served(), refused("corrupt"))
    assert page.all("html") == [{"lang": "en"}]
    assert "viewport" in {meta.get("name") for meta in page.all("meta")}
    assert {image["alt"] for image in page.all("img")} == {"A lake"}
    assert {nav["aria-label"] for nav in page.all("nav")} == {"Pictures"}


def test_sizes_that_show_a_part_are_beside_the_picture_with_the_point_that_they_are_cut_around(tmp_path: Path) -> None:
    page = page_of(tmp_path, replace(served(), focus=(0.25, 0.5)))
    assert [image["src"] for image in page.all("img") if image["width"] == "400"] == ["./served/a.jpg/square.jpeg"]
    assert "square, cut around 0.25, 0.50" in page.text
    without = tuple(one for one in served().variants if one.name != "square")
    assert "cut around" not in page_of(tmp_path, replace(served(), variants=without, focus=(0.25, 0.5))).text


def test_every_frame_of_the_film_leads_to_its_picture(tmp_path: Path) -> None:
    page = page_of(tmp_path, served(), refused("corrupt"))
    leads = [link["href"].removeprefix("#") for link in page.all("a") if link["href"].startswith("#")]
    assert leads == [article["id"] for article in page.all("article")]


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_is_shown_as_it_is_and_its_files_are_found(tmp_path: Path, key: str) -> None:
    page = page_of(tmp_path, replace(served(key), about=key))
    expected = {f"originals/{key}", *(f"served/{key}/{name}" for name in ("w640.avif", "square.jpeg"))}
    assert key in page.text
    assert expected <= {unquote(urlsplit(address).path).removeprefix("./") for address in page.addresses()}
    assert all(urlsplit(address).query == urlsplit(address).fragment == "" for address in page.addresses())
    assert {image["alt"] for image in page.all("img")} == {key}
    assert not page.all("script") + page.all("b")


@given(st.text())
def test_no_text_can_leave_its_element(text: str) -> None:
    written = element("p", text, title=text)
    inside = written.removeprefix('<p title="').removesuffix("</p>")
    value, _, content = inside.partition('">')
    assert '"' not in value
    assert "<" not in content


def test_an_address_that_is_no_web_address_is_not_a_link(tmp_path: Path) -> None:
    hostile = replace(variant("w640", "avif", 640, 427), url="javascript:alert(1)")
    page = page_of(tmp_path, replace(served(), variants=(hostile,)))
    assert "javascript:alert(1)" in page.text
    assert not [link for link in page.all("a") if "javascript" in link["href"]]


def test_browsers_are_offered_the_smallest_format_first_and_the_whole_picture_only(tmp_path: Path) -> None:
    page = page_of(tmp_path, served())
    assert [source["type"] for source in page.all("source")][:2] == ["image/avif", "image/webp"]
    assert page.all("source")[0]["srcset"] == "./served/a.jpg/w640.avif 640w, ./served/a.jpg/w1280.avif 1280w"
    assert page.all("img")[0]["src"] == "./served/a.jpg/w1280.jpeg"
    assert not [row for row in page.srcsets() if "square" in row]


def test_a_width_of_which_a_larger_one_has_fewer_bytes_is_in_the_table_and_not_offered(tmp_path: Path) -> None:
    def of(name: str, width: int, count: int) -> ServedVariant:
        return replace(variant(name, "webp", width, width * 2 // 3), bytes=count)

    page = page_of(tmp_path, replace(served(), variants=(of("w640", 640, 900), of("w1280", 1_280, 800))))
    assert page.srcsets() == ["./served/a.jpg/w1280.webp 1280w"] * len(page.srcsets())
    assert page.srcsets()
    assert "./served/a.jpg/w640.webp" in page.addresses()


def test_of_crops_all_are_offered_whatever_their_bytes(tmp_path: Path) -> None:
    square, strip = variant("square", "webp", 400, 400), variant("strip", "webp", 900, 100)
    page = page_of(tmp_path, replace(served(), variants=(square, replace(strip, bytes=1))))
    assert page.srcsets()[0] == "./served/a.jpg/square.webp 400w, ./served/a.jpg/strip.webp 900w"


def test_a_format_that_saves_nothing_is_in_the_table_and_not_offered(tmp_path: Path) -> None:
    large = tuple(replace(one, bytes=one.bytes * 3) if one.format == "webp" else one for one in served().variants)
    page = page_of(tmp_path, replace(served(), variants=large))
    assert {source["type"] for source in page.all("source")} == {"image/avif"}
    assert "./served/a.jpg/w1280.webp" in page.addresses()


def test_a_recipe_of_crops_only_shows_a_crop(tmp_path: Path) -> None:
    crop = variant("square", "jpeg", 400, 400)
    page = page_of(tmp_path, replace(served(), variants=(crop,)))
    assert page.all("img")[0]["src"] == "./served/a.jpg/square.jpeg"


def test_sizes_that_share_their_files_share_a_row(tmp_path: Path) -> None:
    small = variant("w640", "avif", 400, 267)
    page = page_of(tmp_path, replace(served(), variants=(small, replace(small, name="w1280"))))
    assert "w640, w1280" in page.text
    assert len(page.all("tr")) == 2


def test_a_format_that_a_size_lacks_leaves_its_cell_empty(tmp_path: Path) -> None:
    variants = (variant("w640", "avif", 640, 427), variant("w640", "jpeg", 640, 427), variant("w320", "jpeg", 320, 213))
    page = page_of(tmp_path, replace(served(), variants=variants))
    assert len(page.all("td")) == 4


@pytest.mark.parametrize("reason", Reason)
def test_a_refused_picture_tells_why_in_plain_words(tmp_path: Path, reason: Reason) -> None:
    page = page_of(tmp_path, refused(str(reason), "The file is <odd>."))
    assert MESSAGES[reason] in page.text
    assert "The file is <odd>." in page.text
    assert not page.all("img")


@pytest.mark.parametrize(("reason", "told"), [("new_reason", "new_reason"), (None, "There are no variants: failed.")])
def test_a_reason_without_a_detail_is_shown_all_the_same(tmp_path: Path, reason: str | None, told: str) -> None:
    assert told in page_of(tmp_path, refused(reason)).text


def test_the_example_is_the_smallest_format_at_about_1280_pixels(tmp_path: Path) -> None:
    text = page_of(tmp_path, served()).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "1280 px AVIF: 25.6 kB, 374.4 kB saved" in text
    assert "Ready after1.8 s" in text


def test_a_variant_that_outgrew_its_original_is_no_saving(tmp_path: Path) -> None:
    text = page_of(tmp_path, replace(served(), original_bytes=20_000)).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "5.6 kB more than the original" in text
    assert "+28.0 %" in text


@pytest.mark.parametrize(("count", "written"), [(0, "0.0 kB"), (74, "0.1 kB"), (2_734_210, "2 734.2 kB")])
def test_bytes_are_written_in_kilobytes_with_one_decimal(count: int, written: str) -> None:
    assert " ".join(kilobytes(count).split()) == written


@pytest.mark.parametrize(
    ("count", "written"), [(50, "\N{MINUS SIGN}50.0 %"), (100, "+0.0 %"), (128, "+28.0 %"), (1, "\N{MINUS SIGN}99.0 %")]
)
def test_percentages_compare_with_the_original(count: int, written: str) -> None:
    assert compared(count, 100).replace("\N{NO-BREAK SPACE}", " ") == written
