"""What Rekognition's labels come to, by the thresholds of names of every level."""

from __future__ import annotations

import pytest

from lightpress.pipeline.gate import LONGEST_DETAIL, MODERATION, Review
from lightpress.pipeline.moderation import NAMES, Answer, Seen, Thresholds, Undecided

YES = Review(MODERATION, approved=True)
NUDE = (
    Seen("Exposed Female Nipple", "Explicit Nudity", 91.2),
    Seen("Explicit Nudity", "Explicit", 91.2),
    Seen("Explicit", "", 91.2),
)


def seen(*labels: Seen, reject: dict[str, int], doubt: dict[str, int] | None = None, model: str = "7.0") -> Review:
    return Thresholds(reject, doubt or {}).review(Answer(labels, model))


def test_version_7_has_10_20_and_22_labels_at_its_three_levels() -> None:
    assert len(NAMES) == len(set(NAMES)) == 10 + 20 + 22
    assert {"Gambling", "Smoking", "Explicit", "Blood & Gore"} <= set(NAMES)


def test_nothing_found_and_what_nobody_minds_are_approved() -> None:
    assert seen(reject={"Explicit": 60}) == YES
    assert seen(Seen("Drinking", "Alcohol Use", 99), Seen("Alcohol", "", 99), reject={"Explicit": 60}) == YES


@pytest.mark.parametrize("name", ["Explicit", "Explicit Nudity", "Exposed Female Nipple"])
def test_a_threshold_of_any_level_rejects_what_is_below_it_and_the_label_itself_is_the_reason(name: str) -> None:
    assert seen(*NUDE, reject={name: 91}) == Review(
        MODERATION, approved=False, detail="It shows what is not allowed here: Exposed Female Nipple (91 %)."
    )
    assert seen(*NUDE, reject={name: 92}) == YES


def test_a_threshold_is_followed_down_also_where_the_answer_names_the_nearest_parent_alone() -> None:
    assert not seen(NUDE[0], reject={"Explicit": 90}).approved


def test_a_label_that_came_later_is_judged_by_the_parent_that_the_answer_names() -> None:
    assert not seen(Seen("Something New", "Hate Symbols", 75), reject={"Hate Symbols": 70}).approved


def test_the_nearest_threshold_counts_so_that_one_label_can_be_excepted() -> None:
    toys = (Seen("Sex Toys", "Explicit", 80), Seen("Explicit", "", 80))
    assert seen(*toys, reject={"Explicit": 60, "Sex Toys": 95}) == YES
    assert not seen(*toys, reject={"Explicit": 60, "Sex Toys": 80}).approved


def test_a_label_that_is_surer_than_all_below_it_counts_by_itself() -> None:
    labels = (Seen("Sex Toys", "Explicit", 60), Seen("Explicit", "", 90))
    assert not seen(*labels, reject={"Explicit": 85, "Sex Toys": 95}).approved


def test_between_two_thresholds_a_person_has_to_look() -> None:
    with pytest.raises(Undecided, match=r"not sure enough: Weapons \(65 %\)"):
        seen(Seen("Weapons", "Violence", 65), reject={"Violence": 80}, doubt={"Violence": 50})
    assert seen(Seen("Weapons", "Violence", 49.9), reject={"Violence": 80}, doubt={"Violence": 50}) == YES
    assert not seen(Seen("Weapons", "Violence", 80), reject={"Violence": 80}, doubt={"Violence": 50}).approved


def test_a_rejection_counts_more_than_a_doubt_and_names_the_surest_first() -> None:
    labels = (Seen("Weapons", "Violence", 60), Seen("Corpses", "Death and Emaciation", 88), Seen("Gambling", "", 97))
    review = seen(*labels, reject={"Corpses": 80, "Gambling": 90}, doubt={"Violence": 50})
    assert review.detail == "It shows what is not allowed here: Gambling (97 %), Corpses (88 %)."


def test_another_version_of_the_model_has_a_person_look_and_a_smaller_step_does_not() -> None:
    assert seen(reject={"Explicit": 60}, model="7.1") == YES
    with pytest.raises(Undecided, match=r"version 8\.0"):
        seen(reject={"Explicit": 60}, model="8.0")


def test_labels_that_are_each_others_parents_end_and_a_long_reason_is_cut() -> None:
    ring = (Seen("A", "B", 90), Seen("B", "A", 90))
    assert seen(*ring, reject={"Explicit": 60}) == YES
    many = tuple(Seen(f"Something New {number}", "Gambling", 99) for number in range(90))
    assert len(seen(*many, reject={"Gambling": 60}).detail) == LONGEST_DETAIL


def test_what_a_function_reads_is_what_the_stack_wrote_and_no_more_is_asked_for_than_matters() -> None:
    thresholds = Thresholds({"Explicit": 60, "Hate Symbols": 70}, {"Violence": 50})
    assert Thresholds.from_json(thresholds.to_json()) == thresholds
    assert thresholds.least == 50
