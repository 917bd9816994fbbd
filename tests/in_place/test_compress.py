"""The in-place workflow, over a bucket in memory: what it writes, what it leaves, and when it stops."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lightpress.image.compress import CompressionOptions
from lightpress.in_place.buckets import InPlace
from lightpress.in_place.compress import MOST_TIMES, CompressionResult, compress
from lightpress.in_place.objects import MESSAGES, CompressionMark, LedgerEntry, Obstacle
from tests.in_place.model import BUCKET, SOURCE, TABLE, Bucket, Ports, contents_of, etag, large, settle, small

if TYPE_CHECKING:
    from lightpress.in_place.objects import ObjectState
    from lightpress.pipeline.source import Source


CREDENTIALS = bytes.fromhex("63327061 0011 0010 8000 00aa00389b71")
"""By this type of its box a manifest of Content Credentials is known, in files of every format."""


def dids(bucket: Bucket) -> list[CompressionResult]:
    return [outcome.result for outcome in settle(bucket)]


def test_a_picture_is_replaced_once_and_the_event_of_that_ends_with_a_look() -> None:
    bucket = Bucket()
    bucket.put(large("P"))
    first, second = settle(bucket)
    assert (first.result, first.before, first.after, first.saved) == (CompressionResult.REPLACED, 100, 60, 40)
    assert first.version == "v1", "what holds the bytes that were replaced"
    assert (second.result, second.before, second.after, second.saved) == (CompressionResult.NOTHING, 0, 0, 0)
    done = LedgerEntry(etag(large("P")), TABLE.digest, 1, 100, 60, version="v1", contents=contents_of(large("P")))
    assert bucket.entries == {SOURCE: done}
    assert bucket.now
    assert bucket.now.data == small("P")
    assert bucket.events == 2
    assert sum(bucket.compressed.values()) == 1


def test_what_has_no_smaller_form_is_not_written_and_not_tried_twice() -> None:
    bucket = Bucket()
    bucket.put(small("P"))
    bucket.queue += 3
    assert dids(bucket) == [
        CompressionResult.KEPT,
        CompressionResult.NOTHING,
        CompressionResult.NOTHING,
        CompressionResult.NOTHING,
    ]
    assert bucket.events == 1
    assert bucket.compressed == {small("P"): 1}


def test_what_has_no_smaller_form_is_kept_with_what_the_compressor_says_of_it() -> None:
    bucket = Bucket()
    bucket.put(small("P"))
    (outcome,) = settle(bucket)
    assert (outcome.result, outcome.note) == (CompressionResult.KEPT, "lossless")
    assert (outcome.before, outcome.after, outcome.saved) == (60, 60, 0)
    kept = LedgerEntry(etag(small("P")), TABLE.digest, before=60, note="lossless", contents=contents_of(small("P")))
    assert bucket.entries == {SOURCE: kept}


def test_what_is_no_picture_is_kept_with_its_reason() -> None:
    bucket = Bucket()
    bucket.put(b"bad")
    (outcome,) = settle(bucket)
    assert (outcome.result, outcome.note) == (CompressionResult.KEPT, "corrupt: drawn so")


def test_what_is_signed_is_left_alone_with_a_reason_of_its_own_and_not_read_twice() -> None:
    bucket = Bucket()
    bucket.put(large("P") + CREDENTIALS)
    bucket.queue += 1
    first, second = settle(bucket)
    assert (first.result, first.reason) == (CompressionResult.LEFT_ALONE, "credentials")
    assert first.note == "It carries Content Credentials (C2PA), which vouch for its very bytes."
    assert (second.result, second.note) == (CompressionResult.NOTHING, first.note)
    assert bucket.compressed == {}
    assert bucket.now
    assert bucket.now.data == large("P") + CREDENTIALS


def test_a_saving_below_the_threshold_is_not_worth_a_write() -> None:
    bucket = Bucket(table=replace(TABLE, min_saving_percent=41))
    bucket.put(large("P"))
    (outcome,) = settle(bucket)
    assert (outcome.result, outcome.note) == (CompressionResult.KEPT, "It would save 40 of 100 bytes, less than 41 %.")
    bucket.table = replace(TABLE, min_saving_percent=40)
    bucket.queue += 1
    assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING], "other options are another try"


@pytest.mark.parametrize("obstacle", Obstacle)
def test_what_may_not_be_touched_is_left_alone_and_says_why(obstacle: Obstacle) -> None:
    bucket = Bucket()
    bucket.put(large("P"), obstacle=obstacle)
    (outcome,) = settle(bucket)
    assert (outcome.result, outcome.reason, outcome.note) == (
        CompressionResult.LEFT_ALONE,
        obstacle,
        MESSAGES[obstacle],
    )
    assert not bucket.compressed


def test_a_file_beyond_the_limit_is_not_even_read() -> None:
    bucket = Bucket(
        table=replace(TABLE, options=CompressionOptions(limits=replace(CompressionOptions().limits, max_bytes=99)))
    )
    bucket.put(large("P"))
    (outcome,) = settle(bucket)
    assert outcome.result is CompressionResult.KEPT
    assert "at most 99" in (outcome.note or "")
    assert not bucket.compressed


def test_new_bytes_under_an_old_seal_are_seen() -> None:
    bucket = Bucket()
    bucket.put(large("P"))
    settle(bucket)
    bucket.put(large("Q"), like=bucket.now)
    assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING]


def test_who_puts_the_larger_file_back_each_time_wins() -> None:
    bucket = Bucket()
    for _ in range(MOST_TIMES):
        bucket.put(large("P"))
        assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING]
    bucket.put(large("P"))
    (outcome,) = settle(bucket)
    assert (outcome.result, outcome.reason) == (CompressionResult.LEFT_ALONE, "put_back")
    bucket.put(large("Q"))
    assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING], "another picture is another matter"


def test_who_puts_the_larger_file_back_wins_also_where_kms_gives_the_same_bytes_another_etag_each_time() -> None:
    bucket = Bucket(under_kms=True)
    for _ in range(MOST_TIMES):
        bucket.put(large("P"))
        assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING]
    bucket.put(large("P"))
    bucket.queue += 1
    first, second = settle(bucket)
    assert (first.result, first.reason) == (CompressionResult.LEFT_ALONE, "put_back")
    assert (second.result, second.reason, second.note) == (first.result, first.reason, first.note)
    assert bucket.compressed[large("P")] <= MOST_TIMES, "what was put back is read, and not compressed"
    bucket.put(large("Q"))
    assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING], "another picture is another matter"


def test_an_operator_can_have_it_tried_again() -> None:
    bucket = Bucket()
    bucket.put(small("P"))
    settle(bucket)
    dependencies = Ports(bucket).dependencies()
    assert compress(SOURCE, dependencies).result is CompressionResult.NOTHING
    assert compress(SOURCE, dependencies, retry=True).result is CompressionResult.KEPT


def test_loss_is_only_for_buckets_that_keep_versions() -> None:
    lossy = InPlace(BUCKET, options=CompressionOptions(mode="lossy"))
    bucket = Bucket(versioned=False, table=lossy)
    bucket.put(large("P"))
    (outcome,) = settle(bucket)
    assert (outcome.result, outcome.reason) == (CompressionResult.LEFT_ALONE, "no_versions")
    bucket = Bucket(table=lossy)
    bucket.put(large("P"))
    assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING]


def test_what_was_made_lossy_once_is_never_made_so_again() -> None:
    bucket = Bucket(table=InPlace(BUCKET, options=CompressionOptions(mode="lossy", quality={"jpeg": 80})))
    bucket.put(large("P"))
    settle(bucket)
    bucket.table = InPlace(BUCKET, options=CompressionOptions(mode="lossy", quality={"jpeg": 60}))
    bucket.queue += 1
    assert dids(bucket) == [CompressionResult.NOTHING]


def test_what_was_made_lossy_once_is_never_made_so_again_after_it_was_copied_in_parts() -> None:
    """Its checksum is then not that of the whole, and its headers do not tell whether the seal is on these bytes."""
    bucket = Bucket(table=InPlace(BUCKET, options=CompressionOptions(mode="lossy", quality={"jpeg": 80})))
    bucket.put(large("P"))
    settle(bucket)
    assert bucket.now
    bucket.things.append(replace(bucket.now, data=large("P"), marked_data=large("P"), in_parts=True))
    bucket.table = InPlace(BUCKET, options=CompressionOptions(mode="lossy", quality={"jpeg": 60}))
    bucket.queue += 2
    first, second = settle(bucket)
    assert (first.result, first.note) == (CompressionResult.KEPT, "It is compressed already, and was copied since.")
    assert (second.result, second.note) == (CompressionResult.NOTHING, first.note)
    assert bucket.compressed == {large("P"): 1}
    other = replace(bucket.now, data=large("Q"), marked_data=large("P"), mark=CompressionMark("0" * 12, lossy=True))
    bucket.things.append(other)  # as many bytes, and not those
    bucket.queue += 1
    assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING]


def test_what_was_made_lossy_once_is_never_made_so_again_after_it_was_compressed_without_loss() -> None:
    """Between two options of loss there were some of none, under which the lossy file became smaller still."""
    lossy = InPlace(BUCKET, options=CompressionOptions(mode="lossy"))
    bucket = Bucket(table=lossy)
    bucket.put(large("P"))
    settle(bucket)
    assert bucket.now
    bucket.put(large("P"), like=replace(bucket.now, marked_data=large("P")))  # it has the seal, and can be made smaller
    bucket.table = InPlace(BUCKET, options=CompressionOptions(mode="lossless"))
    assert dids(bucket) == [CompressionResult.REPLACED, CompressionResult.NOTHING]
    bucket.table = lossy
    bucket.queue += 1
    assert dids(bucket) == [CompressionResult.NOTHING]


LOSSLESS, LOSSY = CompressionOptions(mode="lossless"), CompressionOptions(mode="lossy")


@pytest.mark.parametrize(("first", "second"), [(LOSSLESS, LOSSY), (LOSSY, LOSSLESS)], ids=["lossy", "lossless"])
def test_what_was_made_in_one_mode_is_tried_again_in_the_other(
    first: CompressionOptions, second: CompressionOptions
) -> None:
    bucket = Bucket(table=InPlace(BUCKET, options=first))
    bucket.put(large("P"))
    settle(bucket)
    bucket.table = InPlace(BUCKET, options=second)
    bucket.queue += 1
    assert dids(bucket) == [CompressionResult.KEPT]
    assert bucket.compressed == {large("P"): 1, small("P"): 1}


def test_other_metadata_with_the_same_bytes_is_not_lost() -> None:
    """If-Match cannot see it: the ETag is that of the bytes."""

    class Touched(Ports):
        def read(self, source: Source, state: ObjectState) -> bytes:
            data = super().read(source, state)
            if len(bucket.things) == 2:  # somebody changes the metadata while it is squeezed
                assert bucket.now
                bucket.things.append(replace(bucket.now, number=2, metadata="new"))
            return data

    bucket = Bucket()
    bucket.put(large("P"))
    assert compress(SOURCE, Touched(bucket).dependencies()).result is CompressionResult.REPLACED
    assert bucket.now
    assert bucket.now.metadata == "new"
