"""What is published is written so that it can be read back, and under names that never collide."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lightpress.image.capture import Capture
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.job import EncodedVariant, OriginalInfo
from lightpress.image.outputs import OUTPUTS
from lightpress.pipeline.facts import Box, Fact, Label, Words
from lightpress.pipeline.gate import review_path
from lightpress.pipeline.manifest import (
    Copy,
    DroppedOriginal,
    LazyVariant,
    Manifest,
    Publication,
    PublishedSource,
    Status,
    Variant,
    manifest_from_json,
    variants_of,
)
from lightpress.pipeline.paths import (
    cached_folders,
    covers,
    fact_path,
    file_name,
    generation_in,
    generation_name,
    likeness_of_entry,
    likeness_paths,
    manifest_path,
    manifest_path_for,
    permalinks_folder,
    revision_of,
    short_name,
    variant_path,
    variants_folder,
)
from tests.pipeline.keys import NASTY_KEYS

keys = st.one_of(st.sampled_from(NASTY_KEYS), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, 2**53)
variants = st.builds(
    Variant,
    name=st.just("w320"),
    format=st.sampled_from(list(OUTPUTS)),
    media_type=st.just("image/webp"),
    width=numbers,
    height=numbers,
    bytes=numbers,
    sha256=st.just("0" * 64),
    path=st.just("i/a/1-b/w320.webp"),
)
sources = st.builds(PublishedSource, st.just("v1"), numbers, texts, st.none() | numbers, st.none() | numbers)
manifests = st.builds(
    Manifest,
    key=keys,
    status=st.sampled_from(Status),
    revision=numbers,
    source=st.none() | sources,
    recipe=texts,
    digest=texts,
    generation=texts,
    previous=texts,
    variants=st.lists(variants, max_size=3).map(tuple),
    notes=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=2).map(tuple),
    reason=texts,
    detail=texts,
    original_dropped=st.none() | st.builds(DroppedOriginal, texts, numbers),
)
RENDITION = EncodedVariant(("w320", "w640"), "jpeg", 320, 200, b"pixels")


@given(manifests)
def test_a_manifest_reads_back_as_it_was_written(manifest: Manifest) -> None:
    assert manifest_from_json(manifest.to_json()) == manifest


def test_a_manifest_is_read_once_as_long_as_it_is_among_the_last_64() -> None:
    bodies = [Manifest(key="a", status=Status.DELETED, revision=revision).to_json() for revision in range(65)]
    first, *others = map(manifest_from_json, bodies)
    assert all(manifest_from_json(bytes(bytearray(body))) is one for body, one in zip(bodies[1:], others, strict=True))
    again = manifest_from_json(bodies[0])
    assert again == first
    assert again is not first


@given(manifests)
def test_what_a_later_release_added_is_ignored(manifest: Manifest) -> None:
    body = json.loads(manifest.to_json())
    body |= {"schema": 2, "blurhash": "LKO2"}
    for inner in (*body["variants"], body["source"] or {}):
        inner["flavour"] = 80
    later = manifest_from_json(json.dumps(body).encode())
    assert later.schema == 2
    assert [getattr(later, f.name) for f in fields(later) if f.name != "schema"] == [
        getattr(manifest, f.name) for f in fields(manifest) if f.name != "schema"
    ]


@given(manifests, st.integers(1, 9))
def test_no_manifest_equals_one_of_another_revision(manifest: Manifest, more: int) -> None:
    body = json.loads(manifest.to_json()) | {"revision": manifest.revision + more}
    assert manifest_from_json(json.dumps(body).encode()).to_json() != manifest.to_json()


SAFE = re.compile(r"[a-z0-9/._-]+")


@given(keys)
def test_paths_are_short_and_safe_in_a_url_whatever_the_key(key: str) -> None:
    generation = generation_name(10**9, "v" * 1024, "d" * 16)
    for path in (manifest_path(key), variants_folder(key), variant_path(key, generation, RENDITION)):
        assert SAFE.fullmatch(path)
        assert len(path) <= 120
        assert "//" not in path
        assert ".." not in path


@given(keys, keys)
def test_two_keys_never_share_a_path_nor_lie_within_another(one: str, other: str) -> None:
    assume(one != other)
    assert manifest_path(one) != manifest_path(other)
    assert not variants_folder(one).startswith(variants_folder(other))
    assert not manifest_path(one).startswith(variants_folder(other))
    assert not variants_folder(one).startswith(manifest_path(other))


def test_no_two_of_the_nasty_keys_share_a_folder() -> None:
    assert len({variants_folder(key) for key in NASTY_KEYS}) == len(NASTY_KEYS)
    assert all(variants_folder(key).endswith("/") for key in NASTY_KEYS)


@given(st.integers(1, 2**53), st.text(min_size=1), st.text(min_size=1))
def test_a_generation_says_the_revision_it_was_made_for(revision: int, identity: str, digest: str) -> None:
    assume(identity.isprintable() and digest.isprintable())
    assert revision_of(generation_name(revision, identity, digest)) == revision


def test_a_generation_is_never_named_twice() -> None:
    names = {
        generation_name(revision, identity, digest)
        for revision in (1, 2, 11)
        for identity in ("v1", "v2", "1", "11")
        for digest in ("d", "e", "1d")
    }
    assert len(names) == 3 * 4 * 3


def test_a_file_is_named_after_the_smallest_size_it_serves_and_its_format() -> None:
    assert file_name(RENDITION) == "w320.jpg"
    assert {name: file_name(EncodedVariant(("a",), name, 1, 1, b"")) for name in OUTPUTS} == {
        "jxl": "a.jxl",
        "avif": "a.avif",
        "webp": "a.webp",
        "jpeg": "a.jpg",
        "png": "a.png",
    }


def test_each_size_has_an_entry_and_shared_pixels_are_stored_once() -> None:
    one, other = variants_of(RENDITION, "i/a/1-b/w320.jpg")
    assert (one.name, other.name) == ("w320", "w640")
    assert one.path == other.path
    assert (one.width, one.height, one.bytes, one.media_type) == (320, 200, 6, "image/jpeg")
    assert one.sha256 == other.sha256 == hashlib.sha256(RENDITION.data).hexdigest()


def test_a_deletion_and_an_overwrite_are_told_to_the_cdn_by_different_folders() -> None:
    name = short_name("a.jpg")
    assert cached_folders(variants_folder("a.jpg")) == (f"i/{name}/", f"r/{name}/")
    assert cached_folders(permalinks_folder("a.jpg")) == (f"r/{name}/",)


def test_a_variant_is_noted_as_larger_than_the_fallback_of_its_size_alone() -> None:
    def made(size: str, form: str, data: bytes, note: str | None = None) -> EncodedVariant:
        return EncodedVariant((size,), form, 320, 200, data, note=note)

    several = (
        made("small", "jpeg", b"123"),
        made("large", "jpeg", b"12345"),
        made("large", "avif", b"1234"),
        made("large", "webp", b"123456", "Left as it was."),
        made("small", "webp", b"123"),
    )
    entries = tuple(entry for one in several for entry in variants_of(one, "p"))
    published = PUBLICATION.ready(OriginalInfo("png", 320, 200), entries).variants
    assert [(one.name, one.format, one.note) for one in published if one.note] == [
        ("large", "webp", "Left as it was. Larger than the jpeg of this size (5 bytes).")
    ]


PUBLICATION = Publication("a.jpg", 3, "v7", 1234, "web", "digest", previous="2-old")


def test_a_good_picture_is_ready() -> None:
    manifest = PUBLICATION.ready(OriginalInfo("png", 40, 30, ("A note.",)), variants_of(RENDITION, "p"))
    assert manifest.status is Status.READY
    assert manifest.source == PublishedSource("v7", 1234, "png", 40, 30, 1.3333)
    assert (manifest.generation, manifest.previous) == (PUBLICATION.generation, "2-old")
    assert manifest.notes == ("A note.",)
    assert (manifest.key, manifest.revision, manifest.recipe, manifest.digest) == ("a.jpg", 3, "web", "digest")
    assert (manifest.reason, manifest.detail) == (None, None)


def test_an_animation_is_published_with_its_frames_and_duration_and_what_moves_of_it() -> None:
    moving = EncodedVariant(("w320",), "webp", 320, 200, b"pixels", animated=True)
    facts = OriginalInfo("gif", 40, 30, frames=12, duration_ms=960)
    manifest = PUBLICATION.ready(facts, (*variants_of(moving, "p"), *variants_of(RENDITION, "q")))
    assert manifest.source == PublishedSource("v7", 1234, "gif", 40, 30, 1.3333, frames=12, duration_ms=960)
    assert [variant.animated for variant in manifest.variants] == [True, False, False]
    assert manifest_from_json(manifest.to_json()) == manifest


def test_a_manifest_from_before_animations_reads_as_one_of_still_pictures() -> None:
    body = json.loads(PUBLICATION.ready(OriginalInfo("gif", 40, 30), variants_of(RENDITION, "p")).to_json())
    del body["source"]["frames"], body["source"]["duration_ms"]
    for variant in body["variants"]:
        del variant["animated"]
    manifest = manifest_from_json(json.dumps(body).encode())
    assert manifest.source == PublishedSource("v7", 1234, "gif", 40, 30, 1.3333, frames=1, duration_ms=0)
    assert not any(variant.animated for variant in manifest.variants)


@pytest.mark.parametrize("reason", Reason)
def test_a_bad_picture_is_failed_with_its_reason(reason: Reason) -> None:
    manifest = manifest_from_json(PUBLICATION.failed(PictureRejected(reason, "Because.")).to_json())
    assert manifest.status is Status.FAILED
    assert (manifest.reason, manifest.detail) == (reason, "Because.")
    assert (manifest.generation, manifest.previous, manifest.variants) == (None, "2-old", ())
    assert (manifest.key, manifest.revision, manifest.recipe, manifest.digest) == ("a.jpg", 3, "web", "digest")
    assert manifest.source == PublishedSource("v7", 1234)


def test_what_to_show_until_a_variant_has_arrived_is_published_with_it() -> None:
    facts = OriginalInfo("png", 40, 30, color="#aabbcc", thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI")
    source = PUBLICATION.ready(facts, ()).source
    assert source is not None
    assert (source.color, source.thumbhash) == ("#aabbcc", "1QcSHQRnh493V4dIh4eXh1h4kJUI")


GOOD, BAD = (
    PUBLICATION.ready(OriginalInfo("png", 1, 1), ()),
    PUBLICATION.failed(PictureRejected(Reason.CORRUPT, "Because.")),
)


@pytest.mark.parametrize("manifest", [GOOD, BAD], ids=["ready", "failed"])
def test_it_is_the_last_word_on_these_contents_under_this_recipe_only(manifest: Manifest) -> None:
    assert manifest.is_of("v7")
    assert not manifest.is_of("v8")
    assert not Manifest("a.jpg", Status.DELETED, 4).is_of("v7")


CAPTURED = Capture("2026-11-28T10:00:00", "Nikon Z 6", "50 mm", (59.4, 24.7))
INFO = OriginalInfo(
    "png", 40, 30, ("A note.",), "#aabbcc", "1QcS", "data:image/webp;base64,", 12, 960, (0.5, 0.5), CAPTURED, "0" * 16
)
SEEN = Fact("faces", "A cat", (Label("cat", 90.0), Label("sofa", 80.0)), (Box(0.1, 0.2, 0.3, 0.4),), ("b.jpg",))
TOLD = Publication(
    *("a.jpg", 3, "v7", 1234, "web", "digest", "2-old", (0.1, 0.2)),
    *(("faces", "labels"), (SEEN,), Words("A dog", ("dog",)), (0.25, 0.4)),
)
OWED = LazyVariant(
    "w640", "webp", "image/webp", 640, 400, "p", 80, animated=True, tries=2, reason="corrupt", detail="."
)
EVERYTHING = replace(
    TOLD.ready(
        INFO, variants_of(replace(RENDITION, note="A note.", quality=80, animated=True, look="look"), "p"), (OWED,)
    ),
    reason="corrupt",
    detail="Because.",
    gate=("person",),
    held_at=5,
    held_until=6,
    original_dropped=DroppedOriginal("m1", 2),
    copies=(Copy("thumbs/a.jpg", "p", "foreign"),),
    copied_as="digest",
    past_copies=("thumbs/b.jpg",),
)


def saying_nothing(of: Any) -> list[str]:  # noqa: ANN401  any dataclass
    return [one.name for one in fields(of) if one.name != "schema" and getattr(of, one.name) == one.default]


def test_a_manifest_with_all_that_can_be_said_reads_back_as_it_was_written() -> None:
    for of in (EVERYTHING, EVERYTHING.source, EVERYTHING.variants[0], *EVERYTHING.lazy, *EVERYTHING.copies):
        assert saying_nothing(of) == [], "this test has to say it, too"
    assert manifest_from_json(EVERYTHING.to_json()) == EVERYTHING


def test_a_manifest_is_utf_8_and_says_a_character_in_its_own_bytes() -> None:
    assert '"key":"Größe 猫.jpg"'.encode() in replace(EVERYTHING, key="Größe 猫.jpg").to_json()


@pytest.mark.parametrize(
    ("cached", "path", "goes"),
    [
        ("i/abc/", "i/abc/1-x/large.avif", True),
        ("i/abc/", "i/abd/1-x/large.avif", False),
        ("thumbs/cat*", "thumbs/cat-large.jpg", True),
        ("thumbs/cat*", "thumbs/dog.jpg", False),
        ("thumbs/cat.jpg", "thumbs/cat.jpg", True),
        ("thumbs/cat.jpg", "thumbs/cat.jpg2", False),
        ("", "thumbs/cat.jpg", True),
    ],
)
def test_an_invalidation_takes_along_what_is_in_a_folder_begins_so_or_is_the_path_itself(
    cached: str,
    path: str,
    goes: bool,
) -> None:
    assert covers(cached, path) is goes


def test_all_that_is_known_of_an_original_is_published() -> None:
    manifest = TOLD.ready(INFO, ())
    assert manifest.source == PublishedSource(
        *("v7", 1234, "png", 40, 30, 1.3333, "#aabbcc", "1QcS", "data:image/webp;base64,", 12, 960),
        *((0.5, 0.5), (0.1, 0.2), (0.25, 0.4), CAPTURED, "0" * 16),
    )
    assert TOLD.ready(replace(INFO, focus=None), ()).source == replace(manifest.source, focus=(0.25, 0.4))
    assert (manifest.enrichers, manifest.facts) == (("faces", "labels"), (SEEN,))
    assert (manifest.words, manifest.correction) == (Words("A dog", ("dog",)), (0.1, 0.2))


def test_what_few_recipes_ask_for_is_not_written_where_there_is_none() -> None:
    def written(manifest: Manifest) -> set[str]:
        body = json.loads(manifest.to_json())
        return {*body, *body["source"]}

    seldom = {"enrichers", "facts", "words", "copies", "copied_as", "past_copies", "suggested", "capture", "likeness"}
    assert written(EVERYTHING) - written(GOOD) == seldom


def test_nothing_is_known_of_the_bytes_of_a_variant_that_is_owed() -> None:
    assert (OWED.bytes, OWED.note, OWED.look) == (None, None, None)
    assert EVERYTHING.offered == (*EVERYTHING.variants, OWED)


def test_what_a_person_says_counts_before_what_programs_say() -> None:
    more = Fact("labels", "A kitten", (Label("cat", 70.0), Label("lamp")))
    seen = replace(EVERYTHING, facts=(replace(SEEN, alt=None), more), words=None)
    both = (Label("cat", 90.0), Label("sofa", 80.0), Label("lamp"))
    assert (seen.alt, seen.labels) == ("A kitten", both)
    for words, alt, labels in (
        (Words(), "A kitten", both),
        (Words(alt=""), "", both),
        (Words(labels=("dog",)), "A kitten", (Label("dog"),)),
        (Words(labels=()), "A kitten", ()),
    ):
        said = replace(seen, words=words)
        assert (said.alt, said.labels) == (alt, labels)
    assert (replace(seen, facts=()).alt, EVERYTHING.missing, seen.missing) == (None, ("labels",), ())


def test_what_earlier_releases_have_written_lies_where_this_one_looks_for_it() -> None:
    name, version = "bjw7jcrh5563jczbhxz5xkcpvu", "3bfc269594ef649228e9a74bab00f042"
    assert manifest_path("cat.jpg") == f"m/{name}.json"
    assert variants_folder("cat.jpg") == f"i/{name}/"
    assert permalinks_folder("cat.jpg") == f"r/{name}/"
    assert fact_path("cat.jpg", "v1", "faces") == f"facts/{name}/{version}/faces.json"
    assert review_path("cat.jpg", "v1", "person") == f"reviews/{name}/{version}/person.json"
    assert generation_name(3, "v1", "d") == "3-27bacdxqlswuzimi"
    assert generation_name(3, "v1", "d", (0.5, 0.25)) == "3-casopcq4lww45nfp"
    assert manifest_path_for(f"i/{name}/3-x/w320.jpg") == f"m/{name}.json"
    assert generation_in(f"i/{name}/3-x/w320.jpg") == "3-x"


def test_a_picture_is_entered_under_each_part_of_its_perceptual_hash() -> None:
    name, likeness = short_name("cat.jpg"), "0123456789abcdef"
    first, *entries = likeness_paths("cat.jpg", likeness)
    assert first == f"alike/keys/{name}/{likeness}"
    parts = ("0-01", "1-23", "2-45", "3-67", "4-89", "5-ab", "6-cd", "7-ef")
    assert entries == [f"alike/{part}/{likeness}-{name}" for part in parts]
    assert {likeness_of_entry(entry) for entry in entries} == {(likeness, name)}
