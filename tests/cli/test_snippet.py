"""What `lightpress snippet` prints of a manifest."""

from __future__ import annotations

import io
import json

import pytest

from lightpress.cli.console import Terminal
from lightpress.cli.snippet import NoSuchSizeError, Snippet, snippet_of
from lightpress.image.job import EncodedVariant, OriginalInfo
from lightpress.pipeline.manifest import Publication, variants_of

BASE = "https://pictures.example/"


def snippet(names: list[str] | None = None) -> Snippet:
    made = [
        variant
        for form, count in (("avif", 5), ("jpeg", 9))
        for name, width in (("large", 40), ("small", 20))
        for variant in variants_of(EncodedVariant((name,), form, width, width // 2, bytes(count)), f"i/{name}.{form}")
    ]
    facts = OriginalInfo("heic", 80, 40, ("A note.",), "#123456", "3OcRJYB4d3h/iIeHeEh3eIhw+j2w")
    manifest = Publication("trips/a.heic", 1, "v1", 9_000, "web", "d").ready(facts, tuple(made))
    return snippet_of(manifest, BASE, alt="A <hill>", sizes="50vw", names=names)


def test_the_markup_can_be_copied_into_a_page() -> None:
    console = Terminal(file=(said := io.StringIO()), width=40)
    snippet().print(console)
    comment, *markup = said.getvalue().splitlines()
    assert comment == "<!-- 80 x 40 heic; color #123456; ThumbHash 3OcRJYB4d3h/iIeHeEh3eIhw+j2w -->"
    assert (markup[0], markup[-1]) == ("<picture>", "</picture>")
    assert 'alt="A &lt;hill&gt;"' in markup[-2]
    assert 'src="https://pictures.example/i/large.jpeg"' in markup[-2]


def test_programs_read_the_same_and_every_fact_as_json() -> None:
    told = json.loads(json.dumps(snippet().as_json()))
    assert told["picture"] == snippet().markup
    assert told["srcset"]["avif"] == (
        "https://pictures.example/i/small.avif 20w, https://pictures.example/i/large.avif 40w"
    )
    assert (told["format"], told["width"], told["bytes"], told["notes"]) == ("heic", 80, 9_000, ["A note."])
    assert {variant["url"] for variant in told["variants"]} >= {"https://pictures.example/i/large.avif"}


def test_only_the_sizes_that_are_named_are_offered() -> None:
    assert "large" not in snippet(["small"]).markup


def test_an_unknown_size_is_named_with_those_there_are() -> None:
    with pytest.raises(NoSuchSizeError, match=r"no size 'huge'; it has: large, small"):
        snippet(["huge"])
