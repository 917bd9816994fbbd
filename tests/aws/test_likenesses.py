"""Which pictures look alike, on S3: how much is read to name them."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lightpress.aws.likenesses import S3Likenesses
from lightpress.image.alike import differing_bits
from lightpress.pipeline.facts import MOST_ALIKE
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.paths import likeness_paths, manifest_path
from tools.fakes.s3 import Bucket, SimulatedS3

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIKENESS = 0x123456789ABCDEF0FEDCBA9876543210
IMAGES = "images"


def hashed(number: int) -> str:
    """A perceptual hash that differs from LIKENESS in one bit, or in two."""
    return f"{LIKENESS ^ (1 << (number % 128)) ^ (2 * (number >= 128) << (number % 127)):032x}"


def counted(
    pictures: dict[str, tuple[str, Status]], others: Mapping[str, bytes] = MappingProxyType({})
) -> tuple[tuple[str, ...], Counter[str]]:
    """Enter pictures, of each its hash and what became of it; returns what looks like LIKENESS, and the requests.

    others: what lies there besides, by path.
    """
    bucket, requests = Bucket(), Counter[str]()

    def wire(operation: str, what: str, effect: Callable[[], Any], *, changes: bool = False) -> Any:  # noqa: ANN401, ARG001
        requests[operation] += 1
        return effect()

    for key, (likeness, status) in pictures.items():
        source = PublishedSource("v", 1, likeness=likeness) if status is Status.READY else None
        bucket.put(manifest_path(key), Manifest(key, status, 1, source).to_json())
        for path in likeness_paths(key, likeness):
            bucket.put(path, b"")
    for path, data in others.items():
        bucket.put(path, data)
    s3: Any = SimulatedS3({IMAGES: bucket}, wire)
    found = S3Likenesses(s3, IMAGES).compared("new.jpg", f"{LIKENESS:032x}")
    return found.looks_like, requests


def test_of_hundreds_that_look_alike_as_many_manifests_are_read_as_pictures_are_named() -> None:
    pictures = {f"{number}.jpg": (hashed(number), Status.READY) for number in range(400)}
    alike, requests = counted(pictures)
    assert (len(alike), requests["GetObject"]) == (MOST_ALIKE, MOST_ALIKE)
    assert {differing_bits(pictures[key][0], f"{LIKENESS:032x}") for key in alike} == {1}


def test_what_was_deleted_is_passed_over_for_what_is_still_there() -> None:
    pictures = {f"{number}.jpg": (hashed(number), Status.DELETED) for number in range(20)}
    alike, requests = counted(pictures | {"there.jpg": (hashed(200), Status.READY)})
    assert (alike, requests["GetObject"]) == (("there.jpg",), 21)


def test_of_hundreds_that_were_deleted_a_hundred_manifests_are_read() -> None:
    alike, requests = counted({f"{number}.jpg": (hashed(number), Status.DELETED) for number in range(400)})
    assert (alike, requests["GetObject"]) == ((), 100)


def test_a_picture_that_was_overwritten_is_found_by_what_it_shows_now_whatever_it_was_entered_with_before() -> None:
    """The entries of before stay, and may share another part of the hash than those of now."""
    now, before = f"{LIKENESS ^ 1:032x}", f"{LIKENESS ^ (1 << 127):032x}"
    entered = dict.fromkeys(likeness_paths("again.jpg", before), b"")
    alike, requests = counted({"again.jpg": (now, Status.READY)}, entered)
    assert (alike, requests["GetObject"]) == (("again.jpg",), 1)


def test_a_picture_that_was_overwritten_by_another_one_is_named_no_more() -> None:
    entered = dict.fromkeys(likeness_paths("again.jpg", hashed(1)), b"")
    assert counted({"again.jpg": (f"{~LIKENESS % (1 << 128):032x}", Status.READY)}, entered)[0] == ()
