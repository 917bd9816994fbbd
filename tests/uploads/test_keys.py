"""No key is given out that the pipeline would leave alone: the API and the pipeline decide by the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.pipeline.buckets import Attached, Publishing
from lightpress.pipeline.events import Problem
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.source import Source
from lightpress.uploads.keys import IGNORED, RESERVED, PublishedKeys
from lightpress.uploads.requests import Refused, UploadRequest, new_key, owner_of

if TYPE_CHECKING:
    from pathlib import Path

ATTACHED = (Attached("my-shop", under="shop/"), Attached("blog", under="blog/2026/"))
PUBLISHING = Publishing("uploads", ATTACHED)
RECIPES = """
[[rules]]
path = "drafts/**"
ignore = true
[[rules]]
path = "**.gif"
ignore = true
[[rules]]
path = "**"
recipe = "web"
[recipes.web]
formats = ["jpeg"]
[recipes.web.sizes]
w64 = { width = 64 }
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> PublishedKeys:
    path: Path = tmp_path_factory.mktemp("recipes") / "recipes.toml"
    path.write_text(RECIPES, encoding="utf-8")
    return PublishedKeys(PUBLISHING, load_recipes(path))


def code_of(keys: PublishedKeys, key: str) -> str | None:
    """What the API refuses a key with; None if it gives it out."""
    code = None
    try:
        keys.check(key)
    except Refused as refused:
        assert refused.status == 400  # noqa: PT017  None is an answer too
        code = refused.code
    return code


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("uploads/o/n/cat.jpg", None),
        ("shop/o/n/cat.jpg", RESERVED),
        ("shopping/o/n/cat.jpg", None),
        ("blog/o/n/cat.jpg", None),
        ("blog/2026/n/cat.jpg", RESERVED),
        ("drafts/o/n/cat.jpg", IGNORED),
        ("uploads/o/n/cat.gif", IGNORED),
    ],
)
def test_a_key_that_is_not_published_is_refused_with_its_reason(
    keys: PublishedKeys, key: str, code: str | None
) -> None:
    assert code_of(keys, key) == code


def test_the_sentence_names_the_prefix_and_what_to_do_and_not_the_bucket(keys: PublishedKeys) -> None:
    with pytest.raises(Refused) as caught:
        keys.check("shop/o/n/cat.jpg")
    assert caught.value.detail == "Keys that begin with 'shop/' are those of another bucket. Choose another collection."
    assert "my-shop" not in caught.value.detail


@given(st.sampled_from(["uploads", "shop", "shopping", "blog", "drafts", "avatars"]), st.sampled_from(["jpg", "gif"]))
def test_what_the_api_gives_out_is_exactly_what_the_pipeline_publishes(
    keys: PublishedKeys, collection: str, extension: str
) -> None:
    file = UploadRequest(f"cat.{extension}", 1, "image/jpeg", collection=collection)
    key = new_key(file, owner_of("alice"), "n")
    known = PUBLISHING.find_source(Source("uploads", key))
    is_published = isinstance(known, Source) and keys.recipes.recipe_for(known.name) is not None
    assert (code_of(keys, key) is None) is is_published
    assert (code_of(keys, key) == RESERVED) is isinstance(known, Problem)
