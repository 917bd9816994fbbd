"""What a caller is told where the pictures are under way to somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.correction import Corrections
from lightpress.pipeline.manifest import Manifest, PublishedSource, Status
from lightpress.pipeline.ports import PreconditionFailed
from lightpress.pipeline.recipe import RecipeBook
from lightpress.uploads.api import UploadService
from lightpress.uploads.keys import PublishedKeys
from lightpress.uploads.requests import Refused, UploadLimits, owner_of
from tests.uploads.fakes import FakeImages, FakeLooks, FakeUploads

if TYPE_CHECKING:
    from lightpress.pipeline.ports import Published

OWNER = owner_of("alice")
KEY = f"uploads/{OWNER}/x/cat.jpg"


class _Overtaken(FakeImages):
    """Somebody else publishes before every write."""

    def publish(self, manifest: Manifest, replacing: Published | None) -> None:  # noqa: ARG002  both are refused
        raise PreconditionFailed


@pytest.mark.parametrize("body", [{"focus": "0.4,0.2"}, {"alt": "A cat"}])
def test_a_picture_that_is_published_anew_all_the_time_is_corrected_a_second_later(body: dict[str, str]) -> None:
    images = _Overtaken({KEY: Manifest(KEY, Status.READY, 1, source=PublishedSource("v1", 4))})
    keys, limits = PublishedKeys(Publishing("uploads"), RecipeBook((), {})), UploadLimits(1_000, ("image/jpeg",))
    correct = Corrections(images, FakeLooks())
    named = Publishing("uploads").named
    service = UploadService(limits, keys, FakeUploads(), images, correct, named, "https://cdn.test", lambda: "n")
    with pytest.raises(Refused) as refused:
        service.correct_published(KEY, body, OWNER)
    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (503, "busy", 1)
