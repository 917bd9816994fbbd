"""What a caller is told of pictures in any state, and what is asked for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.correction import Corrections
from lightpress.pipeline.manifest import DroppedOriginal, Manifest, PublishedSource, Status, Variant
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.recipe import RecipeBook
from lightpress.uploads.api import UploadService
from lightpress.uploads.keys import PublishedKeys
from lightpress.uploads.requests import Refused, UploadLimits, owner_of
from tests.uploads.fakes import FakeImages, FakeLooks, FakeUploads, etag_of

if TYPE_CHECKING:
    from lightpress.pipeline.ports import Published

OWNER = owner_of("alice")
KEY = f"uploads/{OWNER}/x/cat.jpg"


class _Overtaken(FakeImages):
    """Somebody else publishes before every write."""

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:  # noqa: ARG002  both are refused
        raise PreconditionFailed


READY = Manifest(KEY, Status.READY, 1, source=PublishedSource("v1", 4))


def service_of(
    images: FakeImages, uploads: FakeUploads | None = None, looked_at: list[str] | None = None
) -> UploadService:
    named, looks = Publishing("uploads").named, FakeLooks([] if looked_at is None else looked_at)
    return UploadService(
        UploadLimits(1_000, ("image/jpeg",)),
        PublishedKeys(Publishing("uploads"), RecipeBook((), {})),
        uploads or FakeUploads(),
        images,
        Corrections(images, looks),
        named,
        "https://cdn.test",
        lambda: "n",
        look=looks.request_look,
    )


@pytest.mark.parametrize("body", [{"focus": "0.4,0.2"}, {"alt": "A cat"}])
def test_a_picture_that_is_published_anew_all_the_time_is_corrected_a_second_later(body: dict[str, str]) -> None:
    service = service_of(_Overtaken({KEY: READY}))
    with pytest.raises(Refused) as refused:
        service.correct_published(KEY, body, OWNER)
    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (503, "busy", 1)


@pytest.mark.parametrize(
    ("manifest", "asked"),
    [(None, []), (READY, []), (replace(READY, original_dropped=DroppedOriginal(None, 1)), [KEY])],
    ids=["not published", "its original is there", "its original has left"],
)
def test_only_a_deletion_that_s3_may_not_tell_of_is_told_by_the_api(
    manifest: Manifest | None, asked: list[str]
) -> None:
    looked_at: list[str] = []
    service_of(FakeImages({KEY: manifest} if manifest else {}), looked_at=looked_at).delete(KEY, OWNER)
    assert looked_at == asked


def test_an_upload_of_an_older_release_whose_key_tells_no_size_may_have_what_every_upload_may() -> None:
    uploads = FakeUploads({}, {(KEY, "u"): {1: 1_000}})
    part = {"part_number": 1, "etag": etag_of("u", 1)}
    service_of(FakeImages(), uploads).complete_multipart({"key": KEY, "upload_id": "u", "parts": [part]}, OWNER)
    assert uploads.objects == {KEY: 1_000}


def test_of_a_completed_upload_the_parts_are_an_empty_list() -> None:
    service = service_of(FakeImages(), FakeUploads({KEY: 4}))
    assert service.list_parts({"key": KEY, "upload_id": "u"}, OWNER) == {"parts": [], "completed": True}


@pytest.mark.parametrize("left", [DroppedOriginal(None, 1), None], ids=["dropped", "deleted since"])
def test_a_completed_upload_is_completed_also_once_its_original_has_left(left: DroppedOriginal | None) -> None:
    """S3 knows nothing of either, then: neither the upload, whose answer was lost, nor the original."""
    status = Status.READY if left else Status.DELETED
    service = service_of(FakeImages({KEY: replace(READY, status=status, original_dropped=left)}))
    part = {"part_number": 1, "etag": etag_of("u", 1)}
    assert service.complete_multipart({"key": KEY, "upload_id": "u", "parts": [part]}, OWNER)["key"] == KEY
    assert service.list_parts({"key": KEY, "upload_id": "u"}, OWNER) == {"parts": [], "completed": True}


@pytest.mark.parametrize("published", [{}, {f"{KEY}.more": READY}], ids=["nothing", "another key"])
def test_of_a_key_of_which_nothing_was_ever_published_there_is_no_upload(published: dict[str, Manifest]) -> None:
    service = service_of(FakeImages(published))
    part = {"part_number": 1, "etag": etag_of("u", 1)}
    for ask in (service.complete_multipart, service.list_parts):
        with pytest.raises(Refused) as refused:
            ask({"key": KEY, "upload_id": "u", "parts": [part]}, OWNER)
        assert refused.value.status == 404


def test_parts_that_do_not_match_are_refused_also_where_something_is_published() -> None:
    service = service_of(FakeImages({KEY: READY}), FakeUploads({}, {(KEY, "u"): {1: 1_000}}))
    part = {"part_number": 2, "etag": etag_of("u", 2)}
    with pytest.raises(Refused, match="not those"):
        service.complete_multipart({"key": KEY, "upload_id": "u", "parts": [part]}, OWNER)


def test_of_a_picture_without_a_text_the_markup_says_that_it_has_none() -> None:
    variant = Variant("w10", "jpeg", "image/jpeg", 10, 8, 99, "0" * 64, "i/x.jpg")
    source = PublishedSource("v1", 4, "jpeg", 10, 8, 1.25, "#000000", "", "")
    told = service_of(FakeImages({KEY: replace(READY, source=source, variants=(variant,))})).status(KEY, OWNER)
    assert 'alt=""' in told["picture"]
    assert list(told["srcset"]) == ["jpeg"]
