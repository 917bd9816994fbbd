"""What enrichers and reviewers say: what is kept of it is JSON for every program, and the same when it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lightpress.aws.facts import S3Facts
from lightpress.pipeline.enriching import NotAFact, fact_message, read_fact
from lightpress.pipeline.facts import Box, Fact, Label, fact_from, fact_from_json
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status, manifest_from_json
from lightpress.pipeline.review_messages import NotAReview, read_review
from lightpress.pipeline.source import Source
from lightpress.strict_json import strict_json
from tools.fakes.s3 import Bucket, SimulatedS3

SOURCE = Source("uploads", "cat.jpg")
NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, '"nan"', '"98"', "true", "[]"]

texts = st.text(max_size=30) | st.sampled_from(
    ["\ud800", "a" * 999 + " b", "a" * 99 + " b", "\x00", " ", "a  b", "\u2028"]
)
numbers = st.floats() | st.integers(-(10**400), 10**400) | st.booleans() | st.sampled_from(["nan", "1", None])
labels = st.fixed_dictionaries({"name": texts}, optional={"confidence": numbers})
boxes = st.fixed_dictionaries(dict.fromkeys(("left", "top", "width", "height"), numbers))
said = st.fixed_dictionaries(
    {"enricher": st.just("mine")},
    optional={
        "alt": texts,
        "labels": st.lists(labels, max_size=3),
        "faces": st.lists(boxes, max_size=3),
        "looks_like": st.lists(texts, max_size=3),
    },
)


def message(values: str) -> str:
    place = '"bucket": "uploads", "key": "cat.jpg", "version": "v", "enricher": "mine"'
    return f'{{"fact": {{{place}, {values}}}}}'


def manifest(fact: Fact) -> Manifest:
    return Manifest("cat.jpg", Status.READY, 1, PublishedSource("v", 1), facts=(fact,), enrichers=("mine",))


@example({"enricher": "mine", "alt": "a" * 999 + " b"})
@example({"enricher": "mine", "labels": [{"name": "a" * 99 + " b"}]})
@given(said)
def test_what_is_said_is_refused_or_kept_as_json_that_is_the_same_when_it_is_read(values: dict[str, Any]) -> None:
    body = json.dumps({"fact": {"bucket": "uploads", "key": "cat.jpg", "version": "v", **values}})
    try:
        fact = read_fact(body, lambda source: source).fact
    except NotAFact:
        return
    published = manifest(fact)
    assert manifest_from_json(published.to_json()) == published
    assert fact_from_json(fact.to_json()) == fact
    assert read_fact(fact_message(SOURCE, "v", fact), lambda source: source).fact == fact
    strict_json(published.to_json())
    strict_json(fact.to_json())


def test_a_blank_text_says_nothing_and_a_box_is_of_what_is_in_the_picture() -> None:
    beyond = {"left": -0.1, "top": 0.8, "width": 0.3, "height": 0.4}
    fact = fact_from({"enricher": "own", "alt": " \n", "faces": [beyond]})
    assert fact == Fact("own", faces=(Box(0.0, 0.8, 0.2, 0.2),))
    assert fact_from_json(fact.to_json()) == fact


@pytest.mark.parametrize("number", NO_NUMBERS)
@pytest.mark.parametrize(
    "values",
    [
        '"labels": [{"name": "Cat", "confidence": NUMBER}]',
        '"faces": [{"left": 0.1, "top": NUMBER, "width": 0.2, "height": 0.4}]',
    ],
    ids=["a label's confidence", "a face's box"],
)
def test_a_fact_with_what_is_no_finite_number_is_none(values: str, number: str) -> None:
    assert read_fact(message(values.replace("NUMBER", "0.5")), lambda source: source)
    with pytest.raises(NotAFact):
        read_fact(message(values.replace("NUMBER", number)), lambda source: source)


@pytest.mark.parametrize("values", ['"alt": "\\ud800"', '"more": NaN', '"more": ' + "[" * 100_000], ids=[0, 1, 2])
def test_a_message_that_is_not_json_for_every_program_is_no_fact(values: str) -> None:
    with pytest.raises(NotAFact):
        read_fact(message(values), lambda source: source)


@pytest.mark.parametrize("detail", ['"\\ud800"', "NaN", "1e999", "[" * 100_000], ids=[0, 1, 2, 3])
def test_a_message_that_is_not_json_for_every_program_is_no_review(detail: str) -> None:
    place = '"bucket": "uploads", "key": "cat.jpg", "version": "v", "reviewer": "mine", "approved": false'
    assert read_review(f'{{"review": {{{place}, "detail": "No."}}}}', lambda source: source)
    with pytest.raises(NotAReview):
        read_review(f'{{"review": {{{place}, "detail": {detail}}}}}', lambda source: source)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_nobody_can_publish_or_keep_a_number_that_json_does_not_have(number: float) -> None:
    fact = Fact("mine", labels=(Label("Cat", number),))
    for write in (manifest(fact).to_json, fact.to_json, lambda: fact_message(SOURCE, "v", fact)):
        with pytest.raises(ValueError, match="not JSON compliant"):
            write()


def test_a_confidence_that_was_kept_or_published_as_nan_counts_as_none() -> None:
    sure, unsure = Fact("mine", labels=(Label("Cat", 0.5),)), Fact("mine", labels=(Label("Cat"),))
    assert fact_from_json(sure.to_json().replace(b"0.5", b"NaN")) == unsure
    assert manifest_from_json(manifest(sure).to_json().replace(b"0.5", b"NaN")) == manifest(unsure)


@pytest.mark.parametrize("key", ["a  b.jpg", " a.jpg", "x" * 1024])
def test_the_key_of_a_picture_that_looks_alike_is_told_as_it_is(key: str) -> None:
    fact = Fact("duplicates", looks_like=(key,))
    assert read_fact(fact_message(SOURCE, "v", fact), lambda source: source).fact == fact


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2, 1, 2)])
def test_of_two_answers_the_one_counts_that_was_said_later_in_whichever_order_they_come(order: tuple[int, ...]) -> None:
    s3: Any = SimulatedS3({"images": Bucket()})
    facts = S3Facts(s3, "images")
    said = {1: Fact("alt", alt="a cat"), 2: Fact("alt", alt="no cat")}
    for at in order:
        facts.keep("cat.jpg", "v", said[at], at)
    assert facts.of("cat.jpg", "v", ("alt",)) == (said[2],)
