"""Copies of variants, over moto: the calls of them, how they are stored, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.aws.copies import S3Copies
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.purges import SqsLateLooks
from lightpress.aws.session import s3_client, sqs_client
from lightpress.backfill.look import Looking, Stale
from lightpress.image.render import render
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.copy_pattern import ANOTHERS, CopyPattern, CopyRules
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.handlers.conftest import IMAGES, QUEUE, UPLOADS, Deployed, url_of
from tests.handlers.recorder import Call, recorded
from tests.pipeline.fakes import book as book_of
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.pipeline.manifest import Manifest

CAT, TWIN, ADDRESS = "a/cat.jpg", "b/cat.png", "thumbs/cat-w320.jpg"
RULES = CopyRules(
    CopyPattern("thumbs/{stem}-{size}.{ext}"),
    "no-cache",
    content_types=(("jpeg", "image/pjpeg"),),
    tags=(("shop", "a b+c=d"),),
    metadata=(("origin", "here"),),
)
LOOK_THERE = Call("s3", "HeadObject", IMAGES, "thumbs/")
READ_VARIANT = Call("s3", "GetObject", IMAGES, "i/")
COPY = Call("s3", "PutObject", IMAGES, "thumbs/")
TAG = Call("s3", "PutObjectTagging", IMAGES, "thumbs/")
TAKE_AWAY = Call("s3", "DeleteObjectIfMatch", IMAGES, "thumbs/")
WAIT = Call("s3", "PutObject", IMAGES, "copies/")
WHO_WAITS = Call("s3", "ListObjectsV2", IMAGES, "copies/")
WAIT_NO_LONGER = Call("s3", "DeleteObjectIfMatch", IMAGES, "copies/")
WAKE = Call("sqs", "SendMessage", QUEUE)
COPYING = {LOOK_THERE, READ_VARIANT, COPY, TAG, TAKE_AWAY, WAIT, WHO_WAITS, WAIT_NO_LONGER, WAKE}


def book(rules: CopyRules | None) -> RecipeBook:
    recipe: Recipe = replace(book_of(320).recipes["web"], copies=rules)
    return RecipeBook((Rule("**", recipe),), {"web": recipe})


@dataclass
class Worker:
    """`process_upload`, with recipes of a test."""

    deployed: Deployed
    recipes: RecipeBook = field(default_factory=lambda: book(RULES))

    def look(self, key: str, *, again: bool = False) -> Manifest:
        s3: Any = s3_client()
        needs = Dependencies(
            S3Originals(s3),
            S3Images(s3, IMAGES),
            self.recipes,
            render,
            copies=S3Copies(s3, IMAGES, IMAGES, ("thumbs/",)),
            wakes=SqsLateLooks(sqs_client(), url_of(QUEUE), 0),
            source_of=Publishing(UPLOADS).named,
        )
        manifest = reconcile(Source(UPLOADS, key), needs, redelivered=again).manifest
        assert manifest is not None
        return manifest

    def upload(self, key: str, width: int = 700) -> Manifest:
        self.deployed.upload(key, file_of(ramp((width, 500))))
        return self.look(key)

    def delete(self, key: str) -> None:
        self.deployed.s3.delete_object(Bucket=UPLOADS, Key=key)
        self.look(key)

    @property
    def addresses(self) -> set[str]:
        listed = self.deployed.s3.list_objects_v2(Bucket=IMAGES, Prefix="thumbs/")
        return {item["Key"] for item in listed.get("Contents", [])}

    def stale(self, key: str) -> Stale | None:
        s3: Any = s3_client()
        return Looking(S3Images(s3, IMAGES), S3Originals(s3), self.recipes)(Source(UPLOADS, key)).stale


@pytest.fixture
def worker(deployed: Deployed) -> Worker:
    return Worker(deployed)


@pytest.fixture
def calls(worker: Worker) -> Iterator[set[Call]]:  # noqa: ARG001  its clients are made before, and are not heard
    with recorded() as heard:
        yield heard


def refused(manifest: Manifest) -> set[str | None]:
    return {one.refused for one in manifest.copies}


def test_a_copy_has_the_bytes_of_its_variant_and_is_stored_as_the_recipe_says(worker: Worker) -> None:
    (variant,) = worker.upload(CAT).variants
    s3 = worker.deployed.s3
    copy, original = (s3.get_object(Bucket=IMAGES, Key=key) for key in (ADDRESS, variant.path))
    assert copy["Body"].read() == original["Body"].read()
    assert (copy["ContentType"], copy["CacheControl"]) == ("image/pjpeg", "no-cache")
    assert copy["Metadata"]["origin"] == "here"
    assert s3.get_object_tagging(Bucket=IMAGES, Key=ADDRESS)["TagSet"] == [{"Key": "shop", "Value": "a b+c=d"}]


def test_its_calls_are_those_that_are_granted(worker: Worker, calls: set[Call]) -> None:
    worker.upload(CAT)
    worker.upload(CAT, 900)
    assert refused(worker.upload(TWIN)) == {ANOTHERS}
    worker.delete(CAT)
    assert refused(worker.look(TWIN, again=True)) == {None}
    of_copies = {one for one in calls if one.prefix in {"thumbs/", "copies/"} or one.service == "sqs"}
    assert of_copies | {READ_VARIANT} == COPYING
    assert READ_VARIANT in calls


def test_another_pattern_is_stale_until_a_look_has_moved_the_copies_and_renders_nothing(worker: Worker) -> None:
    before = worker.upload(CAT)
    assert worker.stale(CAT) is None
    worker.recipes = book(replace(RULES, pattern=CopyPattern("thumbs/{folder}/{stem}.{ext}")))
    assert worker.stale(CAT) is Stale.COPIED
    after = worker.look(CAT)
    assert (after.generation, after.past_copies) == (before.generation, (ADDRESS,))
    assert worker.addresses == {"thumbs/a/cat.jpg"}
    assert worker.stale(CAT) is None


def test_without_copies_in_the_recipe_those_of_before_are_removed(worker: Worker) -> None:
    worker.upload(CAT)
    worker.recipes = book(None)
    assert worker.stale(CAT) is Stale.COPIED
    worker.look(CAT)
    assert (worker.addresses, worker.stale(CAT)) == (set(), None)


def test_other_headers_are_written_anew_at_the_same_address(worker: Worker) -> None:
    worker.upload(CAT)
    worker.recipes = book(replace(RULES, cache_control="public, max-age=60"))
    worker.look(CAT)
    assert worker.deployed.s3.head_object(Bucket=IMAGES, Key=ADDRESS)["CacheControl"] == "public, max-age=60"


def test_a_deletion_a_failure_and_a_lost_copy_are_followed(worker: Worker) -> None:
    worker.upload(CAT)
    worker.deployed.s3.delete_object(Bucket=IMAGES, Key=ADDRESS)
    worker.look(CAT, again=True)
    assert worker.addresses == {ADDRESS}
    copy = worker.deployed.s3.get_object(Bucket=IMAGES, Key=ADDRESS)
    worker.delete(CAT)
    assert worker.addresses == set()
    # As somebody leaves it who dies right after the tombstone: it is removed when the message comes back.
    worker.deployed.s3.put_object(Bucket=IMAGES, Key=ADDRESS, Body=b"", Metadata=copy["Metadata"])
    worker.look(CAT)
    assert worker.addresses == {ADDRESS}
    worker.look(CAT, again=True)
    assert worker.addresses == set()
