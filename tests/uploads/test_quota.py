"""What an owner may upload in a day: counted when it begins, over both ways of uploading, and refused with 429."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightpress.cdk.readiness import LAMBDA_SRC
from lightpress.pipeline.buckets import Publishing
from lightpress.pipeline.correction import Corrections
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.uploads.api import UploadService
from lightpress.uploads.keys import PublishedKeys
from lightpress.uploads.quota import DailyQuota, Usage
from lightpress.uploads.requests import Refused, UploadLimits, multipart_id, size_in
from tests.uploads.fakes import FakeCounters, FakeImages, FakeLooks, FakeUploads, etag_of

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEYS = PublishedKeys(Publishing("uploads"), load_recipes(LAMBDA_SRC / "recipes.toml"))


@dataclass
class Api:
    """A deployment with a limit of 3 files and 1,000 bytes a day, and a clock that the test sets."""

    limits: Usage = field(default_factory=lambda: Usage(3, 1_000))
    now: datetime = NOON
    bucket: FakeUploads = field(default_factory=FakeUploads)
    counters: FakeCounters = field(default_factory=FakeCounters)

    @property
    def service(self) -> UploadService:
        quota = DailyQuota(self.limits, self.counters, lambda: self.now)
        limits = UploadLimits(50_000_000, ("image/jpeg",))
        images, source_of = FakeImages(), Publishing("uploads").named
        correct = Corrections(images, FakeLooks())
        return UploadService(
            limits, KEYS, self.bucket, images, correct, source_of, "https://cdn.test", lambda: "n", quota
        )

    def begin(self, size: int, owner: str = "alice") -> dict[str, Any]:
        return self._begun(self.service.begin_upload, size, owner)

    def begin_multipart(self, size: int, owner: str = "alice") -> dict[str, Any]:
        return self._begun(self.service.begin_multipart, size, owner)

    def _begun(self, begin: Callable[[object, str], dict[str, Any]], size: int, owner: str) -> dict[str, Any]:
        return begin({"filename": "cat.jpg", "size": size, "type": "image/jpeg"}, owner)


def refusal_of(begin: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        begin()
    return caught.value


def test_every_answer_tells_what_is_left_and_when_the_day_ends() -> None:
    api = Api()
    assert api.begin(300)["quota"] == {"uploads_left": 2, "bytes_left": 700, "resets_at": "2026-11-29T00:00:00Z"}
    assert api.begin_multipart(600)["quota"]["bytes_left"] == 100
    assert api.begin(1)["quota"]["uploads_left"] == 0


def test_the_fourth_file_of_three_is_refused_with_429_until_midnight() -> None:
    api = Api()
    for _ in range(3):
        api.begin(1)
    refused = refusal_of(lambda: api.begin(1))
    assert (refused.status, refused.code, refused.retry_after) == (429, "quota_exceeded", 12 * 3600 + 1)
    assert refused.detail == (
        "You may upload 3 files and 1000 bytes a day, and this would be more. Try again after 2026-11-29 00:00 UTC."
    )
    api.now += timedelta(hours=12)
    assert api.begin(1)["quota"]["uploads_left"] == 2


def test_bytes_are_limited_as_well_and_what_is_refused_does_not_count() -> None:
    api = Api()
    api.begin(999)
    assert refusal_of(lambda: api.begin(2)).status == 429
    assert api.begin(1)["quota"] == {"uploads_left": 1, "bytes_left": 0, "resets_at": "2026-11-29T00:00:00Z"}


def test_what_is_invalid_or_has_a_reserved_key_does_not_count() -> None:
    api = Api()
    assert refusal_of(lambda: api.begin(0)).status == 422
    assert not api.counters.used


def test_one_owner_does_not_use_up_what_another_may_upload() -> None:
    api = Api()
    api.begin(1_000)
    assert api.begin(1_000, "bob")["quota"]["bytes_left"] == 0


def test_a_limit_of_zero_is_no_limit() -> None:
    api = Api(Usage(0, 10))
    assert api.begin(1)["quota"]["uploads_left"] is None
    api = Api(Usage(1, 0))
    assert api.begin(50_000_000)["quota"]["bytes_left"] is None


def test_the_day_is_that_of_utc_wherever_the_clock_is() -> None:
    api = Api(now=datetime(2026, 11, 29, 1, tzinfo=timezone(timedelta(hours=2))))
    assert api.begin(1)["quota"]["resets_at"] == "2026-11-29T00:00:00Z"


def test_the_parts_of_an_upload_may_not_have_more_bytes_than_were_counted() -> None:
    api = Api()
    begun = api.begin_multipart(10)
    upload = begun["key"], begun["upload_id"]
    part = {"part_number": 1, "etag": etag_of(begun["upload_id"], 1)}
    body = {"key": begun["key"], "upload_id": begun["upload_id"], "parts": [part]}
    api.bucket.put_part(*upload, 1, 11)
    assert refusal_of(lambda: api.service.complete_multipart(body, "alice")).status == 413
    api.bucket.put_part(*upload, 1, 10)
    assert api.service.complete_multipart(body, "alice")["key"] == begun["key"]
    assert api.bucket.objects == {begun["key"]: 10}


@given(st.text("abcXYZ019_-", min_size=1), st.integers(1, 10**9))
def test_the_size_of_a_multipart_upload_is_read_from_its_key(random_id: str, size: int) -> None:
    assert size_in(f"uploads/o/{multipart_id(random_id, size)}/cat.jpg") == size
    assert size_in(f"uploads/o/{random_id}/cat.{size}") is None


@pytest.mark.parametrize("key", ["", "uploads/o", "uploads/o/n.5", "uploads/o/n.05/x", "uploads/o/n.-5/x"])
def test_a_key_of_another_form_tells_no_size(key: str) -> None:
    assert size_in(key) is None


@given(st.lists(st.integers(1, 400), max_size=12))
def test_whatever_is_begun_never_exceeds_the_limits(sizes: list[int]) -> None:
    api = Api()
    allowed: list[int] = []
    for size in sizes:
        fits = len(allowed) < 3 and sum(allowed) + size <= 1_000
        if fits:
            api.begin(size)
            allowed.append(size)
        else:
            assert refusal_of(lambda size=size: api.begin(size)).status == 429  # type: ignore[misc]
