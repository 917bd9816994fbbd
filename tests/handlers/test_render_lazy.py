"""`render_lazy` over moto: what the CDN asks it for, and every call that it makes."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.purges import SqsLateLooks
from lightpress.composition.publishing import RECIPES
from lightpress.handlers.render_lazy import handler
from lightpress.image.errors import Reason
from lightpress.image.render import render
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.handlers.conftest import IMAGES, QUEUE, UPLOADS, Context, Deployed, url_of
from tests.handlers.recorder import Call, recorded
from tests.handlers.test_recorded_calls import IS_THE_BUCKET_THERE, LOOK, PUBLISH, READ, READ_MANIFEST, WHICH_VERSION
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.pipeline.manifest import LazyVariant

KEY = "a.jpg"
FIND = Call("s3", "GetObject", IMAGES, "i/")
WRITE = Call("s3", "PutObject", IMAGES, "i/")
REMOVE = Call("s3", "DeleteObjects", IMAGES, "i/")
RENDER_LAZY = {
    *(READ_MANIFEST, PUBLISH, FIND, WRITE, REMOVE),
    *(LOOK, IS_THE_BUCKET_THERE, WHICH_VERSION, READ),
}


def lazily() -> RecipeBook:
    """The recipes that are shipped, all of which leave w320 for its first view."""
    recipe = load_recipes(RECIPES).recipes["web"]
    lazy = frozenset(("w320", form) for form in recipe.spec.formats)
    made = Recipe("web", replace(recipe.spec, lazy=lazy))
    return RecipeBook((Rule("**", made),), {"web": made})


def settle(deployed: Deployed, book: RecipeBook, **how: Any) -> None:  # noqa: ANN401  options
    s3: Any = deployed.s3
    reconcile(Source(UPLOADS, KEY), Dependencies(S3Originals(s3), S3Images(s3, IMAGES), book, render, **how))


@pytest.fixture
def owed(deployed: Deployed) -> LazyVariant:
    """A picture is published, and owes what the first browsers would ask for."""
    deployed.upload(KEY, file_of(ramp((400, 300)), "JPEG"))
    settle(deployed, lazily())
    manifest = deployed.manifest(KEY)
    assert manifest is not None
    return next(one for one in manifest.lazy if one.format == "avif")


@pytest.fixture
def calls(owed: LazyVariant) -> Iterator[set[Call]]:  # noqa: ARG001  published before, and not heard
    with recorded() as heard:
        yield heard


def ask(path: str) -> dict[str, Any]:
    answer: dict[str, Any] = handler({"rawPath": f"/{path}", "headers": {}}, Context())
    return answer


def test_a_first_view_and_a_second_one(deployed: Deployed, owed: LazyVariant, calls: set[Call]) -> None:
    first = ask(owed.path)
    assert calls == {READ_MANIFEST, FIND, LOOK, READ, WRITE}
    assert (first["statusCode"], first["headers"]["content-type"]) == (200, "image/avif")
    assert base64.b64decode(first["body"]) == deployed.s3.get_object(Bucket=IMAGES, Key=owed.path)["Body"].read()
    calls.clear()
    assert ask(owed.path) == first
    assert calls == {READ_MANIFEST, FIND}


def test_an_address_that_is_not_owed(owed: LazyVariant, calls: set[Call]) -> None:
    assert ask(owed.path.replace("w320", "w321"))["statusCode"] == 404
    assert calls == {READ_MANIFEST}
    calls.clear()
    assert ask("m/anything")["statusCode"] == 404
    assert calls == set()


def test_deleted_while_it_is_asked_for(deployed: Deployed, owed: LazyVariant, calls: set[Call]) -> None:
    deployed.s3.delete_object(Bucket=UPLOADS, Key=KEY)
    calls.clear()
    assert ask(owed.path)["statusCode"] == 404
    assert calls == {READ_MANIFEST, FIND, LOOK, IS_THE_BUCKET_THERE}


def test_a_failure_is_written_into_the_manifest(deployed: Deployed, owed: LazyVariant, calls: set[Call]) -> None:
    deployed.s3.put_object(Bucket=UPLOADS, Key=KEY, Body=b"no picture")
    manifest = deployed.manifest(KEY)
    assert manifest is not None
    assert manifest.source is not None
    version = deployed.s3.head_object(Bucket=UPLOADS, Key=KEY)["VersionId"]
    changed = replace(manifest, source=replace(manifest.source, identity=version))
    S3Images(deployed.s3, IMAGES).publish(changed, S3Images(deployed.s3, IMAGES).published(KEY))
    calls.clear()
    answer = ask(owed.path)
    assert (answer["statusCode"], answer["headers"]["x-lightpress-reason"]) == (404, Reason.NOT_A_PICTURE)
    assert calls == {READ_MANIFEST, FIND, LOOK, READ, PUBLISH}
    noted = deployed.manifest(KEY)
    assert noted is not None
    assert {one.reason for one in noted.lazy if one.path == owed.path} == {Reason.NOT_A_PICTURE}


def test_a_page_of_the_generation_before_is_led_on_behind_the_path_of_the_cdn(
    deployed: Deployed, owed: LazyVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDN_PATH", "/pictures")
    deployed.upload(KEY, file_of(ramp((401, 300)), "JPEG"))
    settle(deployed, lazily())
    manifest = deployed.manifest(KEY)
    assert manifest is not None
    (now,) = (one for one in manifest.lazy if one.format == "avif")
    answer = ask(owed.path)
    assert (answer["statusCode"], answer["headers"]["location"]) == (302, f"/pictures/{now.path}")


def test_a_late_look_waits_in_the_queue_of_uploads(deployed: Deployed, owed: LazyVariant) -> None:
    looks = SqsLateLooks(deployed.sqs, url_of(QUEUE), 115)
    deployed.s3.delete_object(Bucket=UPLOADS, Key=KEY)
    settle(deployed, lazily(), late_looks=looks)
    told = deployed.sqs.get_queue_attributes(
        QueueUrl=url_of(QUEUE), AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert told["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "1"}
    assert owed.path not in deployed.variants()
