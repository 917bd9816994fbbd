"""Each rule passes, fails or does not apply, on both sides of its limit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tools.conformance.record import Made, Measured, Moves, Record, Reference, Shown, State
from tools.conformance.report import Count, acceptable, by_judge, scores
from tools.conformance.rules import RULES, wrong

READY = Record(
    file="a.jpg",
    bytes=1000,
    outcome="ready",
    reason="",
    detail="",
    format="jpeg",
    width=40,
    height=20,
    notes=(),
    variants=(Made("jpeg", 40, 20, 900), Made("avif", 40, 20, 1200)),
    cpu_ms=10,
    peak_rss_mb=50,
    wall_ms=12,
    reference=Reference("decodes", "", "JPEG", 40, 20, 1, 6),
    measured=Measured(orientation=0.0, color={"png": 0.1, "jpeg": 1.2}, alpha={"png": 0.0}, frames={"png": 1}),
)


def status(rule: str, record: Record) -> str:
    return next(one for one in RULES if one.name == rule).judge(record).status


def refused(reason: str, state: State) -> Record:
    return replace(READY, outcome="rejected", reason=reason, variants=(), reference=Reference(state))


PASSED, FAILED, SKIPPED = "passed", "failed", "not applicable"


@pytest.mark.parametrize(
    ("state", "answer", "verdict"),
    [
        ("decodes", "ready", PASSED),
        ("decodes", "format_not_accepted", PASSED),
        ("decodes", "too_many_pixels", PASSED),
        ("decodes", "too_long_side", PASSED),
        ("decodes", "too_many_bytes", PASSED),
        ("decodes", "corrupt", FAILED),
        ("decodes", "not_a_picture", FAILED),
        ("decodes", "empty", FAILED),
        ("decodes", "too_slow", FAILED),
        ("damaged", "ready", FAILED),
        ("damaged", "corrupt", PASSED),
        ("damaged", "not_a_picture", PASSED),
        ("damaged", "format_not_accepted", PASSED),
        ("damaged", "too_many_pixels", PASSED),
        ("unidentified", "not_a_picture", PASSED),
        ("unidentified", "corrupt", PASSED),
        ("unidentified", "ready", FAILED),
        ("unidentified", "empty", FAILED),
        ("unidentified", "folder", FAILED),
        ("unknown", "ready", SKIPPED),
        ("unknown", "corrupt", SKIPPED),
    ],
)
def test_the_reason_fits_the_state_of_the_reference(state: State, answer: str, verdict: str) -> None:
    record = replace(READY, reference=Reference(state)) if answer == "ready" else refused(answer, state)
    assert status("reason", record) == verdict


@pytest.mark.parametrize(("answer", "verdict"), [("empty", PASSED), ("not_a_picture", FAILED)])
def test_an_empty_file_is_rejected_as_empty(answer: str, verdict: str) -> None:
    assert status("reason", replace(refused(answer, "unidentified"), bytes=0)) == verdict


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, PASSED),
        ({"outcome": "rejected", "reason": "corrupt"}, PASSED),
        ({"outcome": "lost"}, FAILED),
        ({"outcome": "rejected", "reason": "crashed_decoder"}, FAILED),
        ({"outcome": "rejected", "reason": "too_slow"}, FAILED),
        ({"peak_rss_mb": 1701}, FAILED),
    ],
)
def test_handled_means_an_answer_without_crash_hang_or_too_much_memory(change: dict[str, object], verdict: str) -> None:
    assert status("handled", replace(READY, **change)) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "reference", "measured", "verdict"),
    [
        ("orientation", {}, {"orientation": 1.0}, PASSED),
        ("orientation", {}, {"orientation": 1.1}, FAILED),
        ("orientation", {"orientation": 1}, {"orientation": 50.0}, SKIPPED),
        ("orientation", {"orientation": None}, {}, SKIPPED),
        ("size", {}, {}, PASSED),
        ("size", {"width": 20, "height": 40}, {}, FAILED),
        ("color", {}, {}, PASSED),
        ("color", {}, {"color": {"png": 2.0, "jpeg": 0.0}}, FAILED),
        ("color", {}, {"color": {"png": 0.0, "jpeg": 9.0}}, PASSED),
        ("color", {}, {"color": {}}, SKIPPED),
        ("encoded color", {}, {"color": {"png": 0.0, "jpeg": 9.0}}, FAILED),
        ("encoded color", {}, {"color": {"png": 9.0, "jpeg": 1.9}}, PASSED),
        ("alpha", {}, {}, PASSED),
        ("alpha", {}, {"alpha": {"png": 0.0, "webp": 4.1}}, FAILED),
        ("alpha", {}, {"alpha": {}}, SKIPPED),
        ("frames", {}, {}, SKIPPED),
        ("frames", {"frames": 3}, {}, FAILED),
        ("frames", {"frames": 3}, {"frames": {"webp": 3, "jpeg": 1}}, PASSED),
        ("frames", {"frames": 3}, {"frames": {"webp": 2, "jpeg": 1}}, FAILED),
        ("readable", {}, {}, PASSED),
        ("readable", {}, {"unreadable": ("avif: no",)}, FAILED),
        ("never larger", {}, {}, PASSED),
        ("never larger", {"format": "AVIF"}, {}, FAILED),
        ("never larger", {"format": "GIF"}, {}, SKIPPED),
        ("never larger", {"width": 400, "height": 200}, {}, SKIPPED),
        ("never enlarged", {}, {}, PASSED),
        ("never enlarged", {"width": 39}, {}, FAILED),
        ("never enlarged", {"height": 19}, {}, FAILED),
    ],
)
def test_each_rule_on_both_sides_of_its_limit(
    rule: str, reference: dict[str, object], measured: dict[str, object], verdict: str
) -> None:
    record = replace(
        READY,
        reference=replace(READY.reference, **reference),  # type: ignore[arg-type]
        measured=replace(READY.measured, **measured),  # type: ignore[arg-type]
    )
    assert status(rule, record) == verdict


def test_a_note_on_the_missing_frames_passes() -> None:
    animated = replace(READY, reference=replace(READY.reference, frames=3))
    assert status("frames", replace(animated, notes=("Its variants show the first frame.",))) == PASSED
    assert status("frames", replace(animated, notes=("The color profile is unusable.",))) == FAILED


COMPARING = [rule.name for rule in RULES if rule.name not in {"handled", "reason"}]


@pytest.mark.parametrize("rule", COMPARING)
def test_a_file_without_variants_or_reference_is_not_judged(rule: str) -> None:
    assert status(rule, refused("corrupt", "decodes")) == SKIPPED
    unseen = replace(READY, reference=Reference("damaged"))
    assert status(rule, unseen) == (PASSED if rule == "readable" else SKIPPED)


@pytest.mark.parametrize("judge", ["Chromium", "ImageMagick", "libvips"])
def test_what_an_independent_judge_shows_counts_more_than_the_reference(judge: str) -> None:
    smaller = replace(READY, shown=Shown(judge, 20, 10))
    assert status("size", READY) == PASSED
    assert status("size", smaller) == FAILED
    assert wrong(smaller) == ("size: published 40 x 20, seen 20 x 10",)
    assert status("reason", replace(refused("corrupt", "damaged"), shown=Shown(judge, 20, 10))) == FAILED
    assert status("reason", replace(refused("too_many_pixels", "damaged"), shown=Shown(judge, 20, 10))) == PASSED


def test_a_file_that_nobody_shows_is_published_only_with_a_note_on_its_damage() -> None:
    unseen = replace(READY, reference=Reference("damaged"))
    assert status("reason", unseen) == FAILED
    assert status("reason", replace(unseen, notes=("The file is cut short: the lowest 2% is missing.",))) == PASSED


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (Moves(10, 0, 1000), PASSED),
        (Moves(9, 0, 1050), PASSED),
        (Moves(10, 0, 1051), FAILED),
        (Moves(10, 0, 949), FAILED),
        (Moves(10, 1, 1000), FAILED),
    ],
)
def test_animations_play_as_often_and_as_long_as_in_chromium(made: Moves, verdict: str) -> None:
    shown = Shown("Chromium", 40, 20, Moves(10, 0, 1000))
    record = replace(READY, shown=shown, measured=replace(READY.measured, moves={"webp": made}))
    assert status("times", record) == verdict
    assert status("times", replace(record, shown=replace(shown, moves=None))) == SKIPPED


def test_files_are_counted_by_the_first_judge_that_shows_them() -> None:
    seen = replace(READY, shown=Shown("Chromium", 40, 20))
    far = replace(seen, measured=replace(READY.measured, color={"png": 9.0}))
    policy = replace(refused("too_many_pixels", "decodes"), shown=Shown("libvips", 9, 9))
    counts = by_judge([seen, seen, far, policy, READY, refused("corrupt", "damaged")])
    assert counts == {
        "Chromium": Count(2, 1, 0),
        "ImageMagick": Count(0, 0, 0),
        "libvips": Count(0, 0, 1),
        "Pillow": Count(1, 0, 0),
    }


def test_the_score_is_the_share_of_applicable_files_and_never_rounded_up() -> None:
    larger = replace(READY, file="b.jpg", bytes=10)
    results = {score.rule.name: score for score in scores([READY] * 2999 + [larger] + [refused("corrupt", "damaged")])}
    assert results["never larger"].percent == pytest.approx(100 * 2999 / 3000)
    assert results["never larger"].percent_text == "99.9 %"
    assert results["never larger"].failures == (("b.jpg", "900 bytes from 10 (jpeg)"),)
    assert results["never larger"].counts["not applicable"] == 1
    assert results["size"].percent_text == "100 %"


def test_a_lost_file_is_not_acceptable_and_a_larger_variant_is() -> None:
    assert acceptable(scores([replace(READY, bytes=10)]))
    assert not acceptable(scores([READY, replace(READY, outcome="lost")]))


def test_the_scores_in_the_readme_are_those_of_the_page() -> None:
    readme, page = (Path(name).read_text(encoding="utf-8") for name in ("README.md", "docs/conformance.md"))
    _, summary = readme.split("<!-- scores: written by make conformance -->\n")
    summary, _ = summary.split("<!-- end of scores -->")
    right, total = re.search(r"\*\*(\d+) of (\d+) files are right", page).groups()  # type: ignore[union-attr]
    assert f"{int(total):,} are judged by a program that is not Pillow" in summary
    assert f": {int(right):,}\nare right" in summary
