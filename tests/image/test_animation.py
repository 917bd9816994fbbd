"""What moves keeps moving in WebP, as browsers would show it; elsewhere its first frame is shown."""

from __future__ import annotations

import io
import os
import random
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops

from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.limits import Limits
from lightpress.image.render import render
from lightpress.image.spec import Size, Spec
from lightpress.pipeline.sandbox import Child, SandboxLimits
from tests.image.files import damaged
from tests.image.films import Part, apng, cells_of, gif, played
from tests.memory import inherited_mb
from tools.drawing import (
    BLUE,
    GREEN,
    PNG_SIGNATURE,
    RED,
    distance,
    exif_with,
    file_of,
    four_corners,
    grey_profile,
    only,
    pixel,
    plain,
    png_chunk,
    psd,
    ramp,
    rendered,
    rgb_profile,
    seen,
    spec,
    summary_of,
    with_chunk_before,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightpress.image.job import EncodedVariant, RenderResult

ALL = ("avif", "webp", "jpeg", "png")
STILL = "The picture is animated; its variants show the first frame."
PARTLY = "The picture is animated; its variants in avif and jpeg and png show the first frame."
OPTIONS: dict[str, dict[str, Any]] = {
    "GIF": {"loop": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 90},
}
MOVING = {
    name: file_of(
        plain(RED), name, save_all=True, append_images=[plain(GREEN), plain(BLUE)], duration=[80, 200, 50], **options
    )
    for name, options in OPTIONS.items()
}
# Of each file. Overnight: LIGHTPRESS_MUTANTS=1000 make unit
MUTANTS = int(os.environ.get("LIGHTPRESS_MUTANTS", "8"))
WEBP = spec(formats=("webp",), quality={"webp": 95})


def moving(data: bytes, what: Spec = WEBP) -> tuple[list[tuple[Image.Image, int]], int]:
    """The frames of the one variant that is made of a file, their milliseconds, and how often it plays."""
    (one,) = rendered(data, what)
    assert one.animated
    assert seen(one).size == (one.width, one.height)
    return played(one.data)


def shown(data: bytes, size: tuple[int, int]) -> list[tuple[str, ...]]:
    """The cells of every frame."""
    return [cells_of(image, size) for image, _ in moving(data)[0]]


@pytest.mark.parametrize("form", MOVING)
def test_every_frame_is_kept_as_long_as_it_was_shown(form: str) -> None:
    frames, plays = moving(MOVING[form])
    assert [milliseconds for _, milliseconds in frames] == [80, 200, 50]
    assert plays == 0
    for (image, _), color in zip(frames, (RED, GREEN, BLUE), strict=True):
        assert distance(pixel(image, (0.5, 0.5))[:3], color) <= 10


@pytest.mark.parametrize("form", MOVING)
def test_the_facts_tell_how_many_frames_and_how_long(form: str) -> None:
    facts = summary_of(MOVING[form], spec(formats=ALL))
    assert (facts.frames, facts.duration_ms, facts.notes) == (3, 330, (PARTLY,))
    assert summary_of(MOVING[form], WEBP).notes == ()


@pytest.mark.parametrize("form", MOVING)
def test_formats_that_cannot_move_show_the_first_frame(form: str) -> None:
    made = rendered(MOVING[form], spec(formats=ALL))
    assert {one.format: one.animated for one in made} == {"avif": False, "webp": True, "jpeg": False, "png": False}
    for one in made:
        assert getattr(seen(one), "is_animated", False) is one.animated
        assert distance(pixel(seen(one).convert("RGB"), (0.5, 0.5)), RED) <= 10


@pytest.mark.parametrize("still", [spec(formats=ALL[2:]), replace(spec(formats=ALL), animation=False)])
@pytest.mark.parametrize("form", MOVING)
def test_nothing_moves_where_the_recipe_wants_it_so(form: str, still: Spec) -> None:
    facts = summary_of(MOVING[form], still)
    assert (facts.frames, facts.duration_ms, facts.notes) == (1, 0, (STILL,))
    for one in rendered(MOVING[form], still):
        assert not one.animated
        assert not getattr(seen(one), "is_animated", False)
        assert distance(pixel(seen(one).convert("RGB"), (0.5, 0.5)), RED) <= 10


@pytest.mark.parametrize("form", MOVING)
def test_a_picture_of_one_frame_is_a_still_picture(form: str) -> None:
    data = file_of(plain(RED), form)
    facts = summary_of(data, spec(formats=ALL))
    assert (facts.frames, facts.duration_ms, facts.notes) == (1, 0, ())
    assert not any(one.animated for one in rendered(data, spec(formats=ALL)))


FULL = ("rrr", "rrr")
PARTIAL = ("gg", "bg")
# Disposals by their numbers in each format: kept, cleared, put back as it was.
KEEP, CLEAR_GIF, RESTORE_GIF, CLEAR_PNG, RESTORE_PNG = 1, 2, 3, 1, 2
FILMS = {
    "a part on top": (
        [Part(FULL, dispose=KEEP), Part(PARTIAL, (1, 0)), Part(("b",), (0, 1))],
        [Part(FULL), Part(PARTIAL, (1, 0)), Part(("b",), (0, 1))],
        [("rrr", "rrr"), ("rgg", "rbg"), ("rgg", "bbg")],
    ),
    "a part that is cleared": (
        [Part(FULL, dispose=KEEP), Part(PARTIAL, (1, 0), CLEAR_GIF), Part(("b",), (0, 1))],
        [Part(FULL), Part(PARTIAL, (1, 0), CLEAR_PNG), Part(("b",), (0, 1))],
        [("rrr", "rrr"), ("rgg", "rbg"), ("r..", "b..")],
    ),
    "a part that is put back": (
        [Part(FULL, dispose=KEEP), Part(PARTIAL, (1, 0), RESTORE_GIF), Part(("b",), (0, 1))],
        [Part(FULL), Part(PARTIAL, (1, 0), RESTORE_PNG), Part(("b",), (0, 1))],
        [("rrr", "rrr"), ("rgg", "rbg"), ("rrr", "brr")],
    ),
    "put back twice": (
        [
            Part(FULL, dispose=KEEP),
            Part(("g",), (0, 0), RESTORE_GIF),
            Part(("b",), (1, 1), RESTORE_GIF),
            Part(("g",), (2, 1)),
        ],
        [Part(FULL), Part(("g",), (0, 0), RESTORE_PNG), Part(("b",), (1, 1), RESTORE_PNG), Part(("g",), (2, 1))],
        [("rrr", "rrr"), ("grr", "rrr"), ("rrr", "rbr"), ("rrr", "rrg")],
    ),
    "all cleared from the first on": (
        [Part(FULL, dispose=CLEAR_GIF), Part(("b",), (0, 1), CLEAR_GIF), Part(("g",), (2, 0))],
        [Part(FULL, dispose=CLEAR_PNG), Part(("b",), (0, 1), CLEAR_PNG), Part(("g",), (2, 0))],
        [("rrr", "rrr"), ("...", "b.."), ("..g", "...")],
    ),
    "the first put back: to nothing": (
        [Part(FULL, dispose=RESTORE_GIF), Part(("b",), (0, 1))],
        [Part(FULL, dispose=RESTORE_PNG), Part(("b",), (0, 1))],
        [("rrr", "rrr"), ("...", "b..")],
    ),
    "holes show what was there": (
        [Part(FULL, dispose=KEEP), Part(("g.g", ".b."), dispose=KEEP), Part(("...", "b.."))],
        [Part(FULL), Part(("g.g", ".b.")), Part(("...", "b.."))],
        [("rrr", "rrr"), ("grg", "rbr"), ("grg", "bbr")],
    ),
    "see-through from the first on": (
        [Part(("r..", "..g"), dispose=CLEAR_GIF), Part((".b.", "..b"), dispose=CLEAR_GIF), Part(("g..", "..."))],
        [Part(("r..", "..g"), dispose=CLEAR_PNG), Part((".b.", "..b"), dispose=CLEAR_PNG), Part(("g..", "..."))],
        [("r..", "..g"), (".b.", "..b"), ("g..", "...")],
    ),
}


@pytest.mark.parametrize("name", FILMS)
def test_a_gif_is_put_together_as_browsers_do(name: str) -> None:
    parts, _, expected = FILMS[name]
    assert shown(gif((3, 2), parts), (3, 2)) == expected


@pytest.mark.parametrize("color_type", [6, 3])
@pytest.mark.parametrize("name", FILMS)
def test_an_apng_is_put_together_as_browsers_do(name: str, color_type: int) -> None:
    _, parts, expected = FILMS[name]
    assert shown(apng((3, 2), parts, color_type=color_type), (3, 2)) == expected


def test_an_apng_without_transparency_is_cleared_to_see_through() -> None:
    parts = [Part(FULL, dispose=CLEAR_PNG), Part(("b",), (0, 1))]
    assert shown(apng((3, 2), parts, color_type=2), (3, 2)) == [FULL, ("...", "b..")]


def test_a_frame_that_names_no_disposal_is_kept_whatever_the_one_before_named() -> None:
    parts = [Part(FULL, dispose=CLEAR_GIF), Part(("b",), (0, 1)), Part(("g",), (2, 0))]
    assert shown(gif((3, 2), parts), (3, 2)) == [FULL, ("...", "b.."), ("..g", "b..")]


def test_what_a_frame_says_of_itself_is_not_said_of_the_next() -> None:
    first, second = Part(("r",), delay=90), Part(("g",), delay=90)
    data = gif((1, 1), [replace(first, dispose=CLEAR_GIF), second, Part((".",))])
    at = data.index(b"\x21\xf9", data.index(b"\x2c"))
    frames, _ = moving(data[:at] + data[at + 8 :])
    assert [milliseconds for _, milliseconds in frames] == [900, 150]
    assert cells_of(frames[1][0], (1, 1)) == ("g",)


def test_a_first_frame_smaller_than_its_canvas_has_nothing_around_it() -> None:
    parts = [Part(("r",), (1, 0)), Part(("b",), (0, 1))]
    assert shown(gif((3, 2), parts), (3, 2)) == [(".r.", "..."), (".r.", "b..")]
    assert cells_of(only(gif((3, 2), parts)), (3, 2)) == (".r.", "...")


def test_an_only_frame_smaller_than_its_canvas_has_nothing_around_it_either() -> None:
    assert cells_of(only(gif((3, 2), [Part(("r",), (1, 0))])), (3, 2)) == (".r.", "...")


def test_a_frame_that_replaces_brings_its_holes_along() -> None:
    parts = [Part(FULL), Part(("g.", ".b"), (1, 0), over=False)]
    assert shown(apng((3, 2), parts), (3, 2)) == [FULL, ("rg.", "r.b")]


def test_what_hangs_over_the_canvas_of_a_gif_is_cut_off() -> None:
    parts = [Part(FULL, dispose=KEEP), Part(("gb", "bg"), (2, 1), RESTORE_GIF), Part(("g",))]
    assert shown(gif((3, 2), parts), (3, 2)) == [FULL, ("rrr", "rrg"), ("grr", "rrr")]


def test_the_picture_for_viewers_without_apng_is_not_shown() -> None:
    hidden = Part(("bbb", "bbb"))
    film = apng((3, 2), [Part(FULL), Part(("g",), (0, 0))], hidden=hidden)
    assert shown(film, (3, 2)) == [FULL, ("grr", "rrr")]
    assert cells_of(only(film), (3, 2)) == FULL
    single = apng((3, 2), [Part(FULL)], hidden=hidden)
    assert cells_of(only(single), (3, 2)) == FULL
    assert summary_of(single).notes == ()


def test_half_transparent_frames_are_laid_over_each_other() -> None:
    first, second = plain((200, 0, 0, 255), mode="RGBA"), plain((0, 0, 200, 128), mode="RGBA")
    data = file_of(first, "PNG", save_all=True, append_images=[second], blend=1, duration=50)
    (_, _), (image, _) = moving(data)[0]
    assert distance(pixel(image, (0.5, 0.5)), (100, 0, 100, 255)) <= 6


@pytest.mark.parametrize(("delay", "milliseconds"), [(0, 100), (1, 100), (2, 20), (7, 70), (65_535, 655_350)])
def test_a_delay_is_kept_but_up_to_ten_milliseconds_are_a_hundred(delay: int, milliseconds: int) -> None:
    parts = [Part(("r",), delay=delay), Part(("g",), delay=50)]
    for data in (gif((1, 1), parts), apng((1, 1), parts)):
        assert [time for _, time in moving(data)[0]] == [milliseconds, 500]
        assert summary_of(data, WEBP).duration_ms == milliseconds + 500


# A GIF says how often to repeat, WebP how often to play.
@pytest.mark.parametrize(("repeats", "plays"), [(None, 1), (0, 0), (1, 2), (7, 8), (65_535, 65_535)])
def test_a_gif_plays_as_often_as_before(repeats: int | None, plays: int) -> None:
    assert moving(gif((1, 1), [Part(("r",)), Part(("g",))], repeats=repeats))[1] == plays


@pytest.mark.parametrize(("plays", "kept"), [(0, 0), (1, 1), (9, 9), (70_000, 65_535)])
def test_an_apng_plays_as_often_as_before(plays: int, kept: int) -> None:
    assert moving(apng((1, 1), [Part(("r",)), Part(("g",))], plays=plays))[1] == kept


def test_a_webp_plays_as_often_as_before() -> None:
    data = file_of(plain(RED), "WEBP", save_all=True, append_images=[plain(GREEN)], duration=40, loop=3)
    assert moving(data)[1] == 3


def test_every_size_moves_and_faces_are_cut() -> None:
    first, second = ramp((120, 80)), ramp((120, 80)).transpose(Image.Transpose.ROTATE_180)
    data = file_of(first, "GIF", save_all=True, append_images=[second], duration=50)
    what = spec(Size("w60", 60), Size("w30", 30), Size("face", 40, 40, "cover"), formats=("webp",))
    made = {one.names[0]: seen(one).size for one in rendered(data, what)}
    assert made == {"w60": (60, 40), "face": (40, 40), "w30": (30, 20)}
    for one in rendered(data, what):
        assert one.animated
        (last, _) = played(one.data)[0][-1]
        alone = only(file_of(second.quantize(256)), spec(Size("x", one.width, one.height, "cover")))
        assert distance(pixel(last, (0.5, 0.5))[:3], pixel(alone, (0.5, 0.5))) <= 24


def test_the_frames_of_a_webp_are_not_turned_by_exif_data_as_in_chromium() -> None:
    frames = [four_corners(), four_corners().transpose(Image.Transpose.ROTATE_180)]
    data = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=90, exif=exif_with(6))
    (one, _), (two, _) = moving(data)[0]
    assert one.size == two.size == (96, 64)
    assert distance(pixel(one, (0.25, 0.25))[:3], RED) <= 10
    assert distance(pixel(two, (0.75, 0.75))[:3], RED) <= 10


def test_every_frame_goes_through_the_profile() -> None:
    frames = [plain((200, 100, 50)), plain((120, 160, 90))]
    data = file_of(frames[0], save_all=True, append_images=frames[1:], duration=90, icc_profile=rgb_profile())
    colors = [pixel(image, (0.5, 0.5))[:3] for image, _ in moving(data)[0]]
    assert [distance(*pair) <= 6 for pair in zip(colors, [(215, 93, 31), (108, 161, 80)], strict=True)] == [True, True]


def test_grey_frames_go_through_a_grey_profile() -> None:
    frames = [plain((55,), mode="L"), plain((128,), mode="L")]
    data = file_of(frames[0], save_all=True, append_images=frames[1:], duration=90, icc_profile=grey_profile())
    colors = [pixel(image, (0.5, 0.5))[:3] for image, _ in moving(data)[0]]
    assert [distance(*pair) <= 6 for pair in zip(colors, [(128,) * 3, (188,) * 3], strict=True)] == [True, True]
    assert summary_of(data, WEBP).notes == ()


FLICKER = [Part(("r",)), Part(("g",))]
TOO_MUCH = {
    "frames": (gif((1, 1), FLICKER * 3), Limits(max_frames=5), "more than 5 frames"),
    "frames of an APNG": (apng((1, 1), FLICKER * 3), Limits(max_frames=5), "more than 5 frames"),
    "frames of a WebP": (MOVING["WEBP"], Limits(max_frames=2), "more than 2 frames"),
    "frames of an AVIF": (MOVING["AVIF"], Limits(max_frames=2), "more than 2 frames"),
    "pixels": (gif((1, 1), FLICKER * 3), Limits(max_animation_pixels=1_535), "more than 1535 pixels in all"),
    "pixels of a WebP": (MOVING["WEBP"], Limits(max_animation_pixels=2_399), "more than 2399 pixels in all"),
    "pixels beyond the canvas": (
        gif((1, 1), [Part(("r",)), Part(("g" * 9,) * 9)]),
        Limits(max_animation_pixels=10_000),
        "more than 10000 pixels in all",
    ),
    "memory": (gif((1, 1), FLICKER), Limits(max_decoded_bytes=16_383), "more than 16383 bytes"),
}


@pytest.mark.parametrize(("data", "limits", "words"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_an_animation_that_is_too_much_shows_its_first_frame_and_says_so(
    data: bytes, limits: Limits, words: str
) -> None:
    what = spec(formats=ALL, limits=limits)
    facts = summary_of(data, what)
    (note,) = facts.notes
    assert words in note
    assert note.endswith("; its variants show the first frame.")
    assert (facts.frames, facts.duration_ms) == (1, 0)
    for one in rendered(data, what):
        assert not one.animated
        assert distance(pixel(seen(one).convert("RGB"), (0.5, 0.5)), RED) <= 10


def test_an_animation_whose_first_frame_is_too_much_is_never_put_together() -> None:
    data = gif((1, 1), FLICKER)
    facts = summary_of(data, spec(formats=ALL, limits=Limits(max_decoded_bytes=5_119)))
    assert facts.notes == ("The animation takes more than 5119 bytes once decoded; its variants are still.",)
    (note,) = summary_of(data, spec(formats=ALL, limits=Limits(max_decoded_bytes=5_120))).notes
    assert note.endswith("; its variants show the first frame.")


def test_an_animation_that_just_fits_moves() -> None:
    limits = Limits(max_frames=6, max_animation_pixels=1_536, max_decoded_bytes=16_384)
    assert len(moving(gif((1, 1), FLICKER * 3), replace(WEBP, limits=limits))[0]) == 6


def cost(data: bytes, what: Spec) -> tuple[int, int, list[EncodedVariant]]:
    """CPU in milliseconds, peak memory in MB over what the tests themselves have in memory, and what was made."""
    inherited = inherited_mb()
    with Child(data, what, SandboxLimits(), render) as child:
        made = list(child.result().variants)
    return child.cost.cpu_ms, child.cost.peak_rss_mb - inherited, made


def test_a_file_of_a_hundred_thousand_frames_costs_no_more_than_one() -> None:
    start = file_of(plain(RED, size=(480, 480)), "GIF")[:-1]
    patch = file_of(plain(GREEN, size=(4, 4)), "GIF")
    patch = patch[patch.index(b"\x2c\0\0\0\0") : -1]
    bomb = start + patch * 100_000 + b";"
    usual, _, _ = cost(start + b";", WEBP)
    spent, _, made = cost(bomb, WEBP)
    assert spent < usual + 600  # to walk through its blocks; decoding them takes many seconds
    assert not made[0].animated


def test_where_frames_are_only_claimed_those_that_are_there_are_shown() -> None:
    for claims in (3, 301, 0x7FFF_FFFF):
        data = apng((1, 1), FLICKER, claims=claims)
        assert render(data, WEBP).original.notes == (
            f"The animation is damaged ({claims - 2} of its frames are missing): of its frames 2 are whole.",
        )
        assert len(moving(data)[0]) == 2


@pytest.mark.nightly
@pytest.mark.parametrize("form", ["GIF", "PNG"])
@pytest.mark.parametrize("moving", ["webp", "avif"])
def test_three_hundred_frames_stay_within_two_hundred_megabytes(form: str, moving: str) -> None:
    still = ramp((480, 320)).quantize(64)
    frames = [ImageChops.offset(still, 8 * number, 0) for number in range(300)]
    data = file_of(frames[0], form, save_all=True, append_images=frames[1:], duration=50)
    _, peak, (one,) = cost(data, replace(WEBP, formats=(moving,), moving=(moving,), sizes=(Size("w120", 120),)))
    assert peak < 200
    assert (one.animated, len(played(one.data)[0])) == (True, 300)


FILES = {
    "gif": gif((2, 2), [Part(("rg", "bg"), dispose=2), *FLICKER * 2]),
    "apng": apng((2, 2), [Part(("rg", "bg")), *FLICKER * 2]),
} | {
    form.lower(): file_of(
        four_corners(), form, save_all=True, append_images=[ramp((96, 64)), four_corners().rotate(180)], duration=50
    )
    for form in ("WEBP", "AVIF")
}


def verdict(data: bytes, what: Spec = WEBP) -> Reason | None:
    return verdict_of(lambda: render(data, what))


def verdict_of(rendering: Callable[[], RenderResult]) -> Reason | None:
    try:
        list(rendering().variants)
    except PictureRejected as rejected:
        return rejected.reason
    return None


@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("part", [0.4, 0.6, 0.8, 0.95])
@pytest.mark.parametrize("name", FILES)
def test_an_animation_that_is_cut_short_shows_its_whole_frames_or_is_corrupt(name: str, part: float) -> None:
    cut = FILES[name][: int(len(FILES[name]) * part)]
    if verdict(cut) is not Reason.CORRUPT:
        assert any(note.startswith("The file is cut short") for note in summary_of(cut, WEBP).notes)
    with pytest.raises(PictureRejected, match=r"cut short|decoder|header"):
        rendered(cut, replace(WEBP, damaged="refuse"))


@pytest.mark.parametrize("name", FILES)
def test_garbage_behind_the_last_frame_does_no_harm(name: str) -> None:
    frames = len(moving(FILES[name])[0])
    assert len(moving(FILES[name] + b"\n, ! garbage")[0]) == frames


@pytest.mark.parametrize("nothing", [b"!\xff\0", b"!\x01\0", b"!\xff\x0bNETSCAPE2.0\0", b"!\xfe\0"])
def test_an_extension_that_says_nothing_stops_no_gif(nothing: bytes) -> None:
    whole = MOVING["GIF"]
    at = 13 + (6 << (whole[10] & 7))
    data = whole[:at] + nothing + whole[at:]
    assert summary_of(data, WEBP) == summary_of(whole, WEBP)
    assert summary_of(data, WEBP).frames == 3


def test_a_gif_without_its_end_marker_is_whole() -> None:
    data = FILES["gif"][:-1]
    assert len(moving(data)[0]) == 5
    assert len(moving(data + b"\0\0, garbage")[0]) == 5


LOST_ANIMATION = "The animation is damaged; its variants show the still picture."


def test_damage_in_a_later_frame_is_found_before_anything_is_made_and_the_still_picture_is_shown() -> None:
    parts = [Part(("r",)), Part(("g",)), Part(("b",))]
    good = apng((1, 1), parts)
    at = good.rindex(b"fdAT") + 12
    bad = good[:at] + bytes(byte ^ 0xFF for byte in good[at : at + 8]) + good[at + 8 :]
    rendering = render(bad, WEBP)
    assert rendering.original.notes[-1] == LOST_ANIMATION
    (only,) = rendering.variants
    assert not only.animated
    assert verdict(bad, replace(WEBP, damaged="refuse")) is Reason.CORRUPT


@pytest.mark.sampled(2)
@pytest.mark.filterwarnings("ignore::Warning:PIL")
@pytest.mark.parametrize("name", FILES)
def test_random_damage_to_an_animation_gives_a_rendering_or_a_reason(name: str) -> None:
    dice = random.Random(f"damage {name}")  # noqa: S311  nothing secret is drawn
    what = replace(WEBP, sizes=(Size("small", 16),), limits=Limits(max_pixels=100_000, max_animation_pixels=1_000_000))
    allowed = {None, *Reason} - {Reason.TOO_SLOW, Reason.CRASHED_DECODER}
    for _ in range(MUTANTS):
        # In a child, as always: the threads of a decoder that gave up would hang the children of other tests.
        with Child(damaged(FILES[name], dice), what, SandboxLimits(), render) as child:
            assert verdict_of(child.result) in allowed


def test_apng_frames_out_of_place_or_out_of_order_are_not_shown() -> None:
    good = apng((2, 1), [Part(("rr",)), Part(("g",), (1, 0))])
    outside = good.replace(struct.pack(">4I", 16, 16, 16, 0), struct.pack(">4I", 16, 16, 17, 0))
    swapped = good.replace(b"fdAT" + struct.pack(">I", 3), b"fdAT" + struct.pack(">I", 7))
    assert good not in {outside, swapped}
    assert render(outside, WEBP).original.notes[-1] == LOST_ANIMATION
    assert render(swapped, WEBP).original.notes == (
        "The animation is damaged (its frames are out of order): of its frames 1 are whole.",
    )
    assert verdict(good) is None
    assert verdict(swapped, replace(WEBP, damaged="refuse")) is Reason.CORRUPT


def chunks_of(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG_SIGNATURE)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += length + 12


def png_of(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    return PNG_SIGNATURE + b"".join(png_chunk(kind, body) for kind, body in chunks)


def test_an_apng_without_a_word_on_its_frames_shows_its_still_picture() -> None:
    good = apng((1, 1), [Part(("g",)), Part(("b",))], hidden=Part(("r",)))
    bad = png_of((kind, body) for kind, body in chunks_of(good) if kind != b"fcTL")
    assert summary_of(bad, WEBP).notes == ("The animation is damaged; its variants show the still picture.",)
    assert distance(pixel(only(bad), (0.5, 0.5))[:3], RED) <= 1


@pytest.mark.filterwarnings("ignore:Invalid APNG:UserWarning:PIL")
@pytest.mark.parametrize("damage", ["a gap", "twice announced", "a frame too few"])
def test_the_first_whole_frame_of_a_damaged_apng_is_shown_and_not_the_picture_for_old_viewers(damage: str) -> None:
    """As Chromium shows Pillow's files of these kinds (sequence_gap, chunk_multi_actl, syntax_num_frames_high)."""
    frames = [Part(("g",))] if damage == "twice announced" else [Part(("g",)), Part(("b",))]
    good = apng((1, 1), frames, hidden=Part(("r",)), claims=3 if damage == "a frame too few" else None)
    chunks = list(chunks_of(good))
    if damage == "twice announced":
        chunks.insert(1, chunks[1])
    if damage == "a gap":
        chunks = [(kind, _renumbered(body) if kind == b"fdAT" else body) for kind, body in chunks]
    assert pixel(only(png_of(chunks)), (0.5, 0.5))[:3] == GREEN


def _renumbered(body: bytes) -> bytes:
    """A part of the second frame, with a number that is one too high."""
    (number,) = struct.unpack_from(">I", body)
    return struct.pack(">I", number + (number > 3)) + body[4:]


def test_an_apng_with_a_frame_without_pixels_shows_its_still_picture() -> None:
    header, control, *rest = chunks_of(apng((1, 1), [Part(("r",))], claims=2))
    place = rest[0][1]
    again = struct.pack(">I", 1) + place[4:]
    bad = png_of([header, control, rest[0], (b"fcTL", again), *rest[1:]])
    assert summary_of(bad, WEBP).notes == (
        "The animation is damaged (a frame has no pixels); its variants show the still picture.",
    )


def test_what_cannot_move_is_not_asked_for_frames() -> None:
    """Pillow takes the layers of a Photoshop file for frames, and those of this one are nonsense."""
    layers = struct.pack(">Ih", 2, 1)
    assert verdict(psd(plain(RED), layers=layers)) is None
    assert distance(pixel(only(psd(plain(RED), layers=layers)), (0.5, 0.5)), RED) <= 1


def test_a_still_variant_of_an_animation_is_never_the_picture_for_old_viewers() -> None:
    """Which the original's own bytes would show, however small they are."""
    plain_first = file_of(plain(RED, size=(64, 64)))
    moving = file_of(
        plain(RED, size=(64, 64)),
        save_all=True,
        default_image=True,
        append_images=[plain(GREEN, size=(64, 64)), plain(BLUE, size=(64, 64))],
    )
    assert pixel(only(plain_first), (0.5, 0.5)) == RED
    assert pixel(only(moving), (0.5, 0.5))[:3] == GREEN


def test_the_child_passes_frames_through() -> None:
    what = spec(Size("w20", 20), Size("face", 10, 10, "cover"), formats=ALL)
    here = render(MOVING["GIF"], what)
    with Child(MOVING["GIF"], what, SandboxLimits(), render) as child:
        there = child.result()
        assert there.original == here.original
        assert list(there.variants) == list(here.variants)


def test_variants_that_move_carry_nothing_but_pixels() -> None:
    secret = b"the secret place of the picture"
    data = with_chunk_before(MOVING["PNG"], b"IDAT", b"tEXt", b"Comment\0" + secret)
    commented = file_of(plain(RED), "GIF", save_all=True, append_images=[plain(GREEN)], comment=secret)
    for source in (data, commented):
        assert secret in source
        (one,) = rendered(source, WEBP)
        assert secret not in one.data
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(Image.open(io.BytesIO(one.data)).info)


def test_frames_that_are_all_alike_do_not_move() -> None:
    (one,) = rendered(gif((1, 1), [Part(("r",))] * 3), WEBP)
    assert not one.animated
    assert not getattr(seen(one), "is_animated", False)
    facts = summary_of(gif((1, 1), [Part(("r",))] * 3), WEBP)
    assert (facts.frames, facts.duration_ms) == (1, 0)
    assert facts.notes == ("All frames of the animation are alike; its variants are still.",)


def test_many_frames_cost_no_more_than_the_first_where_none_is_to_move() -> None:
    frames = [plain((level, 255 - level, level // 2), size=(400, 400)) for level in range(0, 256, 4)]
    data = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert cost(data, spec())[0] < cost(file_of(frames[0], "GIF"), spec())[0] + 100


def test_a_still_picture_with_an_animation_control_stays_a_picture() -> None:
    data = with_chunk_before(file_of(plain(RED)), b"IDAT", b"acTL", struct.pack(">II", 1, 0))
    assert png_chunk(b"acTL", struct.pack(">II", 1, 0)) in data
    assert distance(pixel(only(data), (0.5, 0.5)), RED) <= 1


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_who_made_an_animation_is_told_by_what_moves_and_by_what_does_not(form: str) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Ada Artist"
    frames = [plain(color, size=(32, 32)) for color in (RED, GREEN)]
    data = file_of(frames[0], form, save_all=True, append_images=frames[1:], duration=100, exif=exif)
    made = rendered(data, spec(Size("w16", 16), formats=ALL))
    assert {one.format for one in made if b"Ada Artist" in one.data} == set(ALL)


def avif_that_plays(plays: int | None) -> bytes:
    """An AVIF sequence with an edit list as the standard has it: no repetition, a number of them, or for ever."""
    frames = [plain(color, (16, 16)) for color in (RED, GREEN, BLUE)]
    data = file_of(frames[0], "AVIF", save_all=True, append_images=frames[1:], duration=100)
    edits, header = data.index(b"elst"), data.index(b"tkhd")
    version = data[edits + 4]
    once_at, whole_at = edits + 12, header + (32 if data[header + 4] else 24)
    layout = ">Q" if version else ">I"
    (once,) = struct.unpack_from(layout, data, once_at)
    patched = bytearray(data)
    patched[edits + 7] = plays != 1
    whole = once * plays if plays else 0xFFFF_FFFF_FFFF_FFFF if data[header + 4] else 0xFFFF_FFFF
    struct.pack_into(">Q" if data[header + 4] else ">I", patched, whole_at, whole)
    return bytes(patched)


@pytest.mark.parametrize(("plays", "loop"), [(1, 1), (3, 3), (None, 0)])
def test_an_avif_sequence_plays_as_often_as_it_says(plays: int | None, loop: int) -> None:
    frames, plays_of_variant = moving(avif_that_plays(plays))
    assert len(frames) == 3
    assert plays_of_variant == loop


def test_a_thousand_small_frames_keep_moving() -> None:
    frames, _ = moving(gif((1, 1), FLICKER * 500))
    assert len(frames) == 1_000
