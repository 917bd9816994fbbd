"""Each viewer gets the smallest file of what it can show, by one rule for permalinks and pages."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.delivery.choice import VIEWERS, offered, smallest
from lightpress.image.outputs import FALLBACKS, OUTPUTS


@dataclass(frozen=True)
class Published:
    format: str
    bytes: int
    width: int = 640
    animated: bool = False


def test_there_are_four_kinds_of_viewers() -> None:
    assert [sorted(viewer) for viewer in VIEWERS] == [
        ["avif", "jpeg", "jxl", "png", "webp"],
        ["avif", "jpeg", "png", "webp"],
        ["jpeg", "png", "webp"],
        ["jpeg", "png"],
    ]


@pytest.mark.parametrize(
    ("sizes", "formats"),
    [
        pytest.param({"avif": 30, "webp": 50, "jpeg": 70}, ["avif", "webp", "jpeg"], id="a photo"),
        pytest.param({"avif": 3_524, "webp": 330, "jpeg": 4_000}, ["webp", "jpeg"], id="a logo"),
        pytest.param({"avif": 30, "webp": 80, "jpeg": 70}, ["avif", "jpeg"], id="WebP larger than JPEG"),
        pytest.param({"avif": 90, "webp": 80, "jpeg": 70}, ["jpeg"], id="a JPEG that nothing beats"),
        pytest.param({"avif": 60, "webp": 50, "jpeg": 90, "png": 40}, ["png"], id="a drawing of few colors"),
        pytest.param({"avif": 20, "webp": 50, "jpeg": 90, "png": 40}, ["avif", "png"], id="PNG smaller than JPEG"),
        pytest.param({"avif": 20, "webp": 50}, ["avif", "webp"], id="no format that all can show"),
        pytest.param({"avif": 50, "webp": 20}, ["webp"], id="no such format, and the older one smaller"),
        pytest.param({"webp": 20, "jpeg": 20}, ["webp", "jpeg"], id="no difference: the newer one"),
        pytest.param({"png": 20}, ["png"], id="one format"),
        pytest.param({"jxl": 20, "avif": 30, "jpeg": 70}, ["jxl", "avif", "jpeg"], id="JPEG XL for the newest viewers"),
        pytest.param({"jxl": 40, "avif": 30, "jpeg": 70}, ["avif", "jpeg"], id="JPEG XL larger than AVIF"),
        pytest.param({}, [], id="nothing"),
    ],
)
def test_a_page_offers_a_format_only_if_it_is_the_smallest_for_some_viewer(
    sizes: dict[str, int], formats: list[str]
) -> None:
    assert list(offered([Published(form, count) for form, count in sizes.items()])) == formats


def test_of_an_animation_a_page_offers_what_moves_and_a_still_only_to_those_who_cannot_see_it_move() -> None:
    files = [Published("avif", 5), Published("webp", 70, animated=True), Published("jpeg", 9)]
    assert list(offered(files)) == ["webp", "jpeg"]
    assert smallest(files, VIEWERS[0]) == files[1]
    assert smallest(files, VIEWERS[-1]) == files[2]


def test_all_widths_count_and_one_that_several_sizes_share_counts_once() -> None:
    avif = [Published("avif", 10, 320), Published("avif", 40, 640)]
    shared = [Published("webp", 24, 320), Published("webp", 24, 320), Published("webp", 24, 640)]
    jpeg = [Published("jpeg", 90, 320), Published("jpeg", 90, 640)]
    assert list(offered([*avif, *shared, *jpeg])) == ["webp", "jpeg"]


def test_a_format_that_lacks_widths_is_not_offered_for_being_few_bytes() -> None:
    files = [Published("avif", 10, 320), Published("jpeg", 30, 320), Published("jpeg", 90, 640)]
    assert list(offered(files)) == ["jpeg"]


files_of_one_size = st.lists(
    st.builds(Published, st.sampled_from(list(OUTPUTS)), st.integers(0, 9), animated=st.booleans()),
    unique_by=lambda file: file.format,
)


@given(files_of_one_size)
def test_a_page_of_one_width_and_a_permalink_give_every_viewer_the_same_file(files: list[Published]) -> None:
    by_format = {file.format: file for file in files}
    for viewer in VIEWERS:
        first_known = next((by_format[name] for name in offered(files) if name in viewer), None)
        assert first_known == smallest(files, viewer)


@given(files_of_one_size)
def test_a_page_ends_with_a_format_for_every_viewer_where_there_is_one(files: list[Published]) -> None:
    formats = offered(files)
    assert bool(formats) == bool(files)
    if {file.format for file in files} & set(FALLBACKS):
        assert formats[-1] in FALLBACKS


@dataclass(frozen=True)
class Owed:
    """A lazy variant, or all widths of a format of which one is."""

    format: str
    width: int = 640
    bytes: None = None
    animated: bool = False


@pytest.mark.parametrize(
    ("known", "lazy", "formats"),
    [
        pytest.param({"jpeg": 70}, ["avif", "webp"], ["avif", "webp", "jpeg"], id="only the oldest one is there"),
        pytest.param({"avif": 30}, ["webp", "jpeg"], ["avif", "webp", "jpeg"], id="only the newest one is there"),
        pytest.param({"avif": 90, "webp": 20}, ["jpeg"], ["webp", "jpeg"], id="the smaller of two that are there"),
        pytest.param({"webp": 20, "jpeg": 30}, ["avif"], ["avif", "webp", "jpeg"], id="a newer one that is not there"),
        pytest.param({"avif": 90, "jpeg": 30}, ["webp"], ["webp", "jpeg"], id="between two, the older smaller"),
        pytest.param({}, ["avif", "jpeg"], ["avif", "jpeg"], id="none is there"),
    ],
)
def test_a_lazy_variant_goes_before_files_in_older_formats_and_after_those_in_newer_ones(
    known: dict[str, int], lazy: list[str], formats: list[str]
) -> None:
    files: list[Published | Owed] = [*(Published(form, count) for form, count in known.items()), *map(Owed, lazy)]
    assert list(offered(files)) == formats
    best = [smallest(files, viewer) for viewer in VIEWERS]
    assert list(dict.fromkeys(one.format for one in best if one)) == formats


def test_a_format_with_one_lazy_width_counts_as_lazy() -> None:
    files: list[Published | Owed] = [
        Published("avif", 900),
        Owed("avif", 1280),
        Published("jpeg", 30),
        Published("jpeg", 60, 1280),
    ]
    assert offered(files) == ("avif", "jpeg")
