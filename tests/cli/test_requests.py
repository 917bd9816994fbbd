"""How many requests sweep and plan take, counted over many thousands of manifests: so many for each, and no more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.backfill.plan import plan
from lightpress.cli.plan import manifest_paths, read_manifests
from lightpress.cli.project import RECIPES
from lightpress.cli.sweep import Sweep
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.paths import MANIFESTS, VARIANTS, generation_name, manifest_path, variants_folder
from lightpress.pipeline.recipe_file import load_recipes
from tests.cli.deployed import IMAGES, UPLOADS, Rig
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightpress.backfill.sweep import Found

PAGE = 1_000
OF_EACH = 13
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Counted:
    """Counts requests, as S3 bills them."""

    requests: Counter[str] = field(default_factory=Counter)

    def __call__(self, operation: str, what: str, effect: Callable[[], Any], *, changes: bool = False) -> Any:  # noqa: ANN401, ARG002
        self.requests[operation] += 1
        return effect()


@dataclass
class Store(SimulatedS3):
    """Its listings are those of S3, found by bisection, for it holds more than the simulation's."""

    listed: list[str] = field(default_factory=list)

    def list_objects_v2(self, *, Bucket: str, Prefix: str = "", StartAfter: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803, ANN401
        keys = self.listed if Bucket == IMAGES else sorted(self.buckets[Bucket].keys)
        start, end = (
            max(bisect_left(keys, Prefix), bisect_right(keys, StartAfter)),
            bisect_right(keys, Prefix + "\U0010ffff"),
        )
        page = keys[start : min(start + PAGE, end)]
        return self.wire("ListObjectsV2", Prefix, lambda: {**_page(page), "IsTruncated": start + PAGE < end})

    def get_paginator(self, operation: str) -> Any:  # noqa: ANN401
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str = "", StartAfter: str = "") -> Iterator[dict[str, Any]]:  # noqa: N803
        keys = self.listed if Bucket == IMAGES else sorted(self.buckets[Bucket].keys)
        start, end = (
            max(bisect_left(keys, Prefix), bisect_right(keys, StartAfter)),
            bisect_right(keys, Prefix + "\U0010ffff"),
        )
        for first in range(start, max(end, start + 1), PAGE):
            yield self.wire("ListObjectsV2", Prefix, partial(_page, keys[first : min(first + PAGE, end)]))


def _page(keys: list[str]) -> dict[str, Any]:
    return {"Contents": [{"Key": key, "Size": 7, "LastModified": WRITTEN} for key in keys]}


def store_of(pictures: int, wire: Counted) -> Store:
    """So many published pictures; each has its variants, and one that is dead."""
    uploads, images = Bucket(), Bucket()
    for number in range(pictures):
        key = f"{number}.jpg"
        identity = uploads.put(key, b"data").etag.strip('"')
        generation = generation_name(2, identity, "d")
        manifest = Manifest(key, Status.READY, 2, source=PublishedSource(identity, 4), generation=generation)
        images.put(manifest_path(key), manifest.to_json())
        folder = variants_folder(key)
        for path in (*(f"{folder}{generation}/{name}.webp" for name in range(OF_EACH - 1)), f"{folder}1-dead/0.webp"):
            images.put(path, b"variant")
    return Store({UPLOADS: uploads, IMAGES: images}, wire, listed=sorted(images.keys))


def pages(names: int) -> int:
    return -(-names // PAGE)


def swept(rig: Rig, store: Store) -> Found:
    s3: Any = store
    return Sweep(replace(rig.deployment, s3=s3), remove=False)()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("pictures", [1_000, 3_000])
def test_a_sweep_takes_two_requests_for_each_manifest_and_one_for_each_thousand_names(rig: Rig, pictures: int) -> None:
    """A million pictures with 13 variants each: 2,014,000 requests, and none of them a LIST of one key."""
    wire = Counted()
    found = swept(rig, store_of(pictures, wire))
    assert (found.manifests, found.files["dead"], found.sourceless) == (pictures, pictures, [])
    assert wire.requests == {
        "GetObject": pictures,
        "HeadObject": pictures,
        "ListObjectsV2": pages(pictures) + pages(OF_EACH * pictures),
    }


@pytest.mark.sampled(1)
@pytest.mark.parametrize("pictures", [1_000, 3_000])
def test_a_plan_takes_one_request_for_each_manifest_and_one_for_each_thousand(rig: Rig, pictures: int) -> None:
    """A million pictures: 1,001,000 requests."""
    wire = Counted()
    s3: Any = store_of(pictures, wire)
    deployment = replace(rig.deployment, s3=s3)
    found = plan(read_manifests(deployment, manifest_paths(deployment)), load_recipes(RECIPES))
    assert found.seen == pictures
    assert wire.requests == {"GetObject": pictures, "ListObjectsV2": pages(pictures)}


def test_variants_without_a_manifest_are_found_by_one_read_for_each_folder(rig: Rig) -> None:
    wire = Counted()
    store = store_of(1_000, wire)
    lost = [key for key in store.listed if key.startswith(MANIFESTS)][::10]
    for path in lost:
        del store.buckets[IMAGES].keys[path]
    store.listed = sorted(store.buckets[IMAGES].keys)
    found = swept(rig, store)
    assert (found.manifests, found.files["ownerless"]) == (900, 100 * OF_EACH)
    assert wire.requests["GetObject"] == 1_000
    assert wire.requests["ListObjectsV2"] == pages(900) + pages(sum(key.startswith(VARIANTS) for key in store.listed))


def test_folders_and_manifests_are_side_by_side_wherever_one_of_them_is_missing(rig: Rig) -> None:
    """Also before the first manifest, behind the last, and where a page ends in the middle of a folder."""
    wire = Counted()
    store = store_of(500, wire)
    manifests = [key for key in store.listed if key.startswith(MANIFESTS)]
    for path in (manifests[0], manifests[250], manifests[-1]):
        del store.buckets[IMAGES].keys[path]
    for path in [key for key in store.listed if key.startswith(VARIANTS)][OF_EACH : 2 * OF_EACH]:
        del store.buckets[IMAGES].keys[path]
    store.listed = sorted(store.buckets[IMAGES].keys)
    found = swept(rig, store)
    assert (found.manifests, found.files["ownerless"], found.files["dead"]) == (497, 3 * OF_EACH, 496)
