"""Whose pictures these are, and under which names they are published."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from lightpress.image.compress import CompressionOptions
from lightpress.in_place.buckets import Compressing, InPlace, in_place_from
from lightpress.pipeline.buckets import Attached, Publishing, Selection, attached_from
from lightpress.pipeline.events import Problem
from lightpress.pipeline.paths import manifest_path, variants_folder
from lightpress.pipeline.source import Source
from tests.pipeline.fakes import UPLOADS, FakeCloud, FakeOriginals

SHOP, BLOG = Attached("shop", "public/", (".jpg",), "shop/"), Attached("blog", under="blog/")
PUBLISHING = Publishing(UPLOADS, (SHOP, BLOG))


@pytest.mark.parametrize(
    ("key", "taken"),
    [("public/a.jpg", True), ("public/a.JPG", True), ("public/a.png", False), ("private/a.jpg", False)],
)
def test_a_selection_is_by_prefix_and_suffix(key: str, taken: bool) -> None:
    assert Selection("b", "public/", (".jpg",)).takes(Source("b", key)) is taken
    assert not Selection("b", "public/", (".jpg",)).takes(Source("c", key))
    assert Selection("b").takes(Source("b", key))


def test_the_same_key_in_two_buckets_is_published_under_two_names() -> None:
    found = [PUBLISHING.find_source(Source(bucket, "public/a.jpg")) for bucket in (UPLOADS, "shop", "blog")]
    names = [source.name for source in found if isinstance(source, Source)]
    assert names == ["public/a.jpg", "shop/public/a.jpg", "blog/public/a.jpg"]
    assert len({manifest_path(name) for name in names} | {variants_folder(name) for name in names}) == 6


def test_an_upload_cannot_take_the_name_of_an_attached_picture() -> None:
    found = PUBLISHING.find_source(Source(UPLOADS, "shop/public/a.jpg"))
    assert isinstance(found, Problem)
    assert found.reason == "reserved_prefix"
    assert PUBLISHING.find_source(Source(UPLOADS, "shopping.jpg")) == Source(UPLOADS, "shopping.jpg")


def test_what_is_not_selected_is_nobodys_work_and_another_bucket_is_a_problem() -> None:
    assert PUBLISHING.find_source(Source("shop", "private/a.jpg")) is None
    unknown = PUBLISHING.find_source(Source("elsewhere", "a.jpg"))
    assert isinstance(unknown, Problem)
    assert unknown.reason == "unknown_bucket"


@pytest.mark.parametrize("source", [Source(UPLOADS, "a.jpg"), Source("shop", "public/a.jpg"), Source("blog", "shop/x")])
def test_from_its_name_a_source_is_found_again(source: Source) -> None:
    known = PUBLISHING.find_source(source)
    assert isinstance(known, Source)
    assert PUBLISHING.named(known.name) == known


def test_an_attached_picture_is_read_from_its_bucket_and_published_under_its_name() -> None:
    from lightpress.pipeline.outcomes import Action
    from lightpress.pipeline.reconcile import reconcile

    cloud = FakeCloud(FakeOriginals(name="shop"))
    cloud.originals.put("public/a.jpg", b"picture")
    source = PUBLISHING.find_source(Source("shop", "public/a.jpg"))
    assert isinstance(source, Source)
    outcome = reconcile(source, cloud.dependencies())
    assert outcome.action is Action.PUBLISHED
    assert outcome.manifest
    assert outcome.manifest.key == "shop/public/a.jpg"
    assert cloud.images.manifest("public/a.jpg") is None
    cloud.originals.delete("public/a.jpg")
    assert reconcile(source, cloud.dependencies()).action is Action.REMOVED
    assert not cloud.images.variants()


def test_the_first_table_that_selects_a_key_says_how_it_is_compressed() -> None:
    lossy = InPlace("cms", "photos/", options=CompressionOptions(mode="lossy"))
    rest = InPlace("cms", suffixes=(".jpg",))
    tables = Compressing((lossy, rest))
    assert tables.table_for(Source("cms", "photos/a.jpg")) is lossy
    assert tables.table_for(Source("cms", "a.jpg")) is rest
    assert tables.find_source(Source("cms", "a.txt")) is None
    assert isinstance(tables.find_source(Source("elsewhere", "a.jpg")), Problem)


@pytest.mark.parametrize(
    ("before", "after", "enough"),
    [(100, 98, True), (100, 99, False), (100, 100, False), (100, 120, False), (0, 0, False)],
)
def test_a_saving_is_worth_a_write_from_a_part_of_the_bytes_on(before: int, after: int, enough: bool) -> None:
    assert InPlace("b", min_saving_percent=2).saves_enough(before, after) is enough


def test_tables_survive_the_environment_of_a_function() -> None:
    table = InPlace("b", "p/", (".jpg",), CompressionOptions(mode="lossy", quality={"jpeg": 70}), 5, acls=True)
    assert in_place_from(json.loads(json.dumps(asdict(table)))) == table
    assert in_place_from(json.loads(json.dumps(asdict(table)))).digest == table.digest
    assert attached_from(json.loads(json.dumps(asdict(SHOP)))) == SHOP


def test_options_that_decide_what_is_replaced_are_in_the_digest() -> None:
    table = InPlace("b")
    for other in (InPlace("b", min_saving_percent=3), InPlace("b", options=CompressionOptions(metadata="none"))):
        assert other.digest != table.digest
    assert InPlace("c", "p/", (".jpg",)).digest == table.digest
