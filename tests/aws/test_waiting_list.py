"""The list of what waits for reviewers, as the operators' API reads it."""

from __future__ import annotations

from typing import Any

from lightpress.aws.waiting_list import S3WaitingList
from lightpress.pipeline.gate import held_path
from tools.fakes.s3 import Bucket, SimulatedS3


def test_what_has_waited_longest_is_looked_for_on_all_pages_and_no_more_is_listed_than_is_asked_for() -> None:
    """S3 lists entries in no order that says since when they wait."""
    bucket = Bucket()
    for number in range(5):
        bucket.put(held_path(f"{number}.jpg", 1), b"{}")
    s3: Any = SimulatedS3({"images": bucket}, page=2)
    waiting = S3WaitingList(s3, "images")
    assert {entry.path for entry in waiting.entries(1_000)} == {held_path(f"{number}.jpg", 1) for number in range(5)}
    assert len(waiting.entries(3)) == 3
