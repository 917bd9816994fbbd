"""The notifications: what is in them, and that two different ones never share an id."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lightpress.delivery.notify import MOST_BYTES, event_of
from lightpress.pipeline.facts import MOST_ALIKE, MOST_LABELS, Fact, Label
from lightpress.pipeline.manifest import Copy, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.source import Source

CDN = "https://cdn.test"
VARIANT = Variant("small", "webp", "image/webp", 640, 480, 1_234, "0" * 64, "i/x/3-y/small.webp")
READY = Manifest(
    "trips/a b.jpg",
    Status.READY,
    3,
    PublishedSource("v1", 9_000, format="jpeg", width=1280, height=960, aspect_ratio=1.3333),
    variants=(VARIANT,),
)
FAILED = Manifest("a.jpg", Status.FAILED, 1, reason="corrupt", detail="It ends too early.")
GONE = Manifest("a.jpg", Status.DELETED, 4)


def told(manifest: Manifest, source: Source | None = None, *, deployment: str = "lightpress-dev") -> dict[str, Any]:
    event = event_of(source or Source("uploads", manifest.key), manifest, deployment=deployment, base_url=CDN)
    return {"kind": event.kind, **json.loads(event.detail)}


def test_a_ready_image_comes_with_its_addresses() -> None:
    said = told(READY)
    assert said["kind"] == "ImageReady"
    assert said["permalink"] == f"{CDN}/trips/a%20b.jpg"
    assert (said["width"], said["height"], said["bytes"]) == (1280, 960, 9_000)
    (variant,) = said["variants"]
    assert (variant["url"], variant["width"], variant["format"]) == (f"{CDN}/i/x/3-y/small.webp", 640, "webp")
    assert "reason" not in said


def test_a_failed_image_comes_with_its_reason() -> None:
    said = told(FAILED)
    assert (said["kind"], said["reason"], said["detail"]) == ("ImageFailed", "corrupt", "It ends too early.")
    assert said["title"] == "The picture is damaged or cut short."
    assert "variants" not in said


def test_a_removed_image_comes_with_its_key_alone() -> None:
    said = told(GONE)
    assert said.pop("id")
    assert said == {
        "kind": "ImageRemoved",
        "deployment": "lightpress-dev",
        "key": "a.jpg",
        "revision": 4,
        "original": {"bucket": "uploads", "key": "a.jpg"},
        "permalink": f"{CDN}/a.jpg",
    }


def test_the_original_of_an_attached_bucket_is_named_where_it_lies() -> None:
    said = told(replace(READY, key="shop/a.jpg"), Source("shop", "a.jpg", under="shop/"))
    assert (said["key"], said["original"]) == ("shop/a.jpg", {"bucket": "shop", "key": "a.jpg"})


def test_the_same_news_has_the_same_id_and_other_news_another() -> None:
    assert told(READY)["id"] == told(READY)["id"]
    others = [
        told(replace(READY, revision=4)),
        told(replace(READY, key="trips/b.jpg")),
        told(READY, deployment="lightpress-prod"),
    ]
    assert len({said["id"] for said in (told(READY), *others)}) == 4


@pytest.mark.parametrize("key", ["k" * 1024, "\u00e4" * 512, "a/../b"])
def test_an_id_is_short_and_plain_whatever_the_key(key: str) -> None:
    id_ = told(replace(READY, key=key, revision=10**9), deployment="lightpress-abcdefghijkl")["id"]
    assert len(id_) <= 128
    assert id_.replace("-", "").isalnum()


def test_copies_with_long_addresses_are_counted_and_left_out_where_they_do_not_fit_into_an_event() -> None:
    variants = tuple(replace(VARIANT, name=f"v{number}", path=f"i/x/3-y/v{number}.webp") for number in range(180))
    copies = tuple(Copy(f"thumbs/{'я' * 480}-{one.name}.webp", one.path) for one in variants)
    event = event_of(
        Source("uploads", "a.jpg"),
        replace(READY, variants=variants, copies=copies),
        deployment="lightpress-dev",
        base_url=CDN,
    )
    said = json.loads(event.detail)
    assert (said["variants"], said["variants_left_out"]) == ([], 180)
    assert (said["copies"], said["copies_left_out"]) == ([], 180)
    assert len(event.detail) <= MOST_BYTES
    few = told(replace(READY, variants=variants, copies=copies[:9]))
    assert (len(few["copies"]), "copies_left_out" in few) == (9, False)


def test_what_enrichers_say_at_length_is_counted_and_left_out_and_who_is_missing_is_told() -> None:
    own = ("own-1", "own-2", "own-3", "own-4")
    facts = tuple(
        Fact(
            name,
            labels=tuple(Label(f"{number:02}" + "\U0001f63a" * 98) for number in range(MOST_LABELS)),
            looks_like=tuple(f"{number}/" + "\u732b" * 1_000 for number in range(MOST_ALIKE)),
        )
        for name in own
    )
    said = told(replace(READY, facts=facts, enrichers=(*own, "mine")))
    assert len(json.dumps(said)) < MOST_BYTES
    assert (said["variants"], said["facts"]["missing"]) == ([], ["mine"])
    assert (said["facts"]["looks_like"], said["facts"]["looks_like_left_out"]) == ([], 40)
    assert "labels_left_out" not in said["facts"], "what fits stays"
    (one,) = told(replace(READY, facts=facts[:1]))["variants"]
    assert one["name"] == "small"


def test_more_variants_than_fit_into_an_event_are_counted_and_left_out() -> None:
    many = tuple(replace(VARIANT, name=f"w{number}") for number in range(2_000))
    said = told(replace(READY, variants=many))
    assert (said["variants"], said["variants_left_out"]) == ([], 2_000)
    assert len(json.dumps(said)) < MOST_BYTES
    few = told(replace(READY, variants=many[:500]))
    assert len(few["variants"]) == 500
    assert "variants_left_out" not in few
