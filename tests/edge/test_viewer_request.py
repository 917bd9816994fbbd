"""What the edge lets through to the bucket, and how it answers the rest."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lightpress.cdk.delivery import viewer_request
from lightpress.image.job import EncodedVariant
from lightpress.image.outputs import OUTPUTS, Output
from lightpress.image.spec import Size
from lightpress.pipeline.paths import generation_name, variant_path
from lightpress.pipeline.recipe import RecipeBook, Rule
from lightpress.toml_reader import ConfigError
from tests.edge.engine import RECIPES, SOURCE, Request, answer_to

_KEY = "mfrggzdfmztwq2lknnwg23tpob"
_GENERATION = "12-mfrggzdfmztwq2lk"
_VARIANT = f"/i/{_KEY}/{_GENERATION}/w640.avif"

# What cloudfront-js-2.0 does not know, though Node does.
_UNKNOWN_TO_THE_EDGE = {
    "for..of": r"\bfor\s*\([^)]*\bof\b",
    "optional chaining": r"\?\.",
    "spread or rest": r"\.\.\.",
    "destructuring": r"(?:const|let|var)\s*[\[{]",
    "a default parameter": r"function\s*\w*\s*\([^)]*=",
    "a class": r"\bclass\s",
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=lambda output: output.name)
def test_every_variant_that_can_be_published_is_let_through(output: Output) -> None:
    rendition = EncodedVariant(names=("w640",), format=output.name, width=640, height=480, data=b"")
    path = variant_path("photos/cat é.jpg", generation_name(7, "some-version", "0" * 16), rendition)
    assert answer_to(Request(f"/{path}"))["uri"] == f"/{path}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_is_let_through_untouched(method: str) -> None:
    request = Request(_VARIANT, method=method)
    assert answer_to(request) == request.event["request"]


@pytest.mark.parametrize(
    "uri",
    [
        f"/i/{_KEY}/1-{'a' * 16}/a.jpg",
        f"/i/{_KEY}/{'9' * 15}-{'7' * 16}/{'n' * 40}.webp",
        f"/i/{_KEY}/{_GENERATION}/w640_2x-retina.png",
    ],
)
def test_the_longest_and_the_shortest_that_can_be_are_let_through(uri: str) -> None:
    assert answer_to(Request(uri))["uri"] == uri


@pytest.mark.parametrize(
    "querystring",
    [
        {"w": {"value": "640"}},
        {"cachebust": {"value": "1"}, "utm_source": {"value": "x"}},
        {"a": {"value": "1", "multiValue": [{"value": "1"}, {"value": "2"}]}},
        {"q": {"value": "x" * 8_000}},
    ],
    ids=["one", "several", "one twice", "over-long"],
)
def test_a_query_makes_no_second_copy(querystring: dict[str, object]) -> None:
    assert answer_to(Request(_VARIANT, querystring=querystring)) == Request(_VARIANT).event["request"]


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/",
        "/index.html",
        "/favicon.ico",
        "/i",
        "/i/",
        f"/i/{_KEY}",
        f"/i/{_KEY}/{_GENERATION}",
        f"/i/{_KEY}/{_GENERATION}/",
        # manifests are nobody's business
        f"/m/{_KEY}.json",
        f"/m/{_KEY}/{_GENERATION}/w640.avif",
        f"/i/../m/{_KEY}.json",
        f"/i/{_KEY}/../../m/{_KEY}.json",
        f"/i/{_KEY}/{_GENERATION}/../../../m/{_KEY}.json",
        f"/i/{_KEY}/{_GENERATION}/..%2f..%2f..%2fm%2f{_KEY}.json",
        f"/i/{_KEY}/{_GENERATION}/%2e%2e/w640.avif",
        f"/i/%252e%252e/m/{_KEY}.json",
        f"/i/{_KEY}/{_GENERATION}/..\\w640.avif",
        # encoded, once and twice
        f"/%69/{_KEY}/{_GENERATION}/w640.avif",
        f"/i/{_KEY}/{_GENERATION}/w640%2eavif",
        f"/i/{_KEY}/{_GENERATION}/w640%252eavif",
        f"/i%2f{_KEY}/{_GENERATION}/w640.avif",
        f"/i/{_KEY}/{_GENERATION}/w640.avif%00",
        f"/i/{_KEY}/{_GENERATION}/w640.avif%0a",
        f"/i/{_KEY}/{_GENERATION}/w640.avif%3Fw=1",
        # more, less or other than there can be
        f"//i/{_KEY}/{_GENERATION}/w640.avif",
        f"/i//{_KEY}/{_GENERATION}/w640.avif",
        f"/i/{_KEY}/{_GENERATION}//w640.avif",
        f"/i/{_KEY}/{_GENERATION}/w640.avif/",
        f"/i/{_KEY}/{_GENERATION}/w640.avif\n",
        f"/i/{_KEY}/{_GENERATION}/w640.avif ",
        f"/i/{_KEY}/{_GENERATION}/more/w640.avif",
        f"/x/i/{_KEY}/{_GENERATION}/w640.avif",
        f"/i/{_KEY[:-1]}/{_GENERATION}/w640.avif",
        f"/i/{_KEY}a/{_GENERATION}/w640.avif",
        f"/i/{_KEY.upper()}/{_GENERATION}/w640.avif",
        f"/i/{_KEY[:-1]}1/{_GENERATION}/w640.avif",
        f"/i/{_KEY}/0-{'a' * 16}/w640.avif",
        f"/i/{_KEY}/01-{'a' * 16}/w640.avif",
        f"/i/{_KEY}/-1-{'a' * 16}/w640.avif",
        f"/i/{_KEY}/{'9' * 16}-{'a' * 16}/w640.avif",
        f"/i/{_KEY}/12-{'a' * 15}/w640.avif",
        f"/i/{_KEY}/12-{'a' * 17}/w640.avif",
        f"/i/{_KEY}/12{'a' * 16}/w640.avif",
        f"/i/{_KEY}/{_GENERATION}/.avif",
        f"/i/{_KEY}/{_GENERATION}/{'n' * 41}.avif",
        f"/i/{_KEY}/{_GENERATION}/W640.avif",
        f"/i/{_KEY}/{_GENERATION}/w640",
        f"/i/{_KEY}/{_GENERATION}/w640.AVIF",
        f"/i/{_KEY}/{_GENERATION}/w640.svg",
        f"/i/{_KEY}/{_GENERATION}/w640.json",
        f"/i/{_KEY}/{_GENERATION}/w640.avif.html",
        f"/i/{_KEY}/{_GENERATION}/w640xavif",
        f"/i/{_KEY}/{_GENERATION}/w\uff1640.avif",
        f"/i/{_KEY}/{_GENERATION}/{'a' * 100_000}",
    ],
    ids=lambda uri: uri[:70] or "nothing",
)
def test_for_a_path_that_can_be_no_variant_the_bucket_is_never_read(uri: str) -> None:
    answer = answer_to(Request(uri))
    if "uri" in answer:  # the key of a permalink may look like nearly anything
        assert re.fullmatch(r"/r/[a-z2-7]{26}/-/-/~[A-Za-z0-9_-]+", answer["uri"])
        assert not uri.startswith("/i/")
    else:
        assert (answer["statusCode"], answer["statusDescription"]) == (404, "Not Found")
        assert answer["headers"]["cache-control"] == {"value": "public, max-age=60"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", ""])
@pytest.mark.parametrize("uri", [_VARIANT, "/"])
def test_viewers_may_look_and_nothing_else(method: str, uri: str) -> None:
    answer = answer_to(Request(uri, method=method))
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, {"value": "GET, HEAD"})
    assert "uri" not in answer


def test_a_refusal_says_so_in_plain_text() -> None:
    answer = answer_to(Request("/i/<script>alert(1)</script>"))
    assert answer["headers"]["content-type"] == {"value": "text/plain; charset=utf-8"}
    assert answer["body"] == {"encoding": "text", "data": "Not Found\n"}


def with_names(count: int) -> RecipeBook:
    """Recipes with so many sizes of 13 letters, each of a width of its own."""
    recipe = RECIPES.recipes["web"]
    sizes = tuple(Size(f"made-up-{number:05}", width=1000 + number) for number in range(count))
    made = replace(recipe, spec=replace(recipe.spec, sizes=sizes))
    return RecipeBook((Rule("**", made),), {"web": made})


def test_the_function_fits_on_the_edge_also_with_180_sizes() -> None:
    """10 KB: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html."""
    assert len(SOURCE.encode()) < 6_000
    assert len(viewer_request(with_names(180)).encode()) <= 10_240


def test_recipes_with_which_it_would_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"^recipes: sizes: with 300 names and 300 .* bytes; allowed: 10,240\."):
        viewer_request(with_names(300))


def test_it_is_deployed_without_comments_and_does_what_its_source_does() -> None:
    """Requests are answered by what is deployed in every other test."""
    assert not [line for line in SOURCE.splitlines() if line.lstrip().startswith("//")]


@pytest.mark.parametrize("unknown", _UNKNOWN_TO_THE_EDGE)
def test_the_function_is_written_in_what_the_edge_knows(unknown: str) -> None:
    code = re.sub(r"^\s*//.*$", "", SOURCE, flags=re.MULTILINE)
    assert not re.search(_UNKNOWN_TO_THE_EDGE[unknown], code)


def test_everything_was_filled_in() -> None:
    assert not re.search("EXTENSIONS|FORMATS_|ALL_(SIDES|NAMES)", SOURCE)
