"""The parts of a pass: whoever cuts one first has cut it, for all executions of the run."""

from __future__ import annotations

import json

import pytest

from lightpress.backfill.results import BeingCutError, Folder
from lightpress.backfill.run import Run
from lightpress.backfill.shards import SHARDS_OF_A_PART, Cursor, Part, Shard, csv_of, shards_in
from tests.backfill.fakes import JOB, FakeFiles

RUN = Run("r", JOB)
SHORT = Part((Shard("00000-00000", 0, "", "a"),), Cursor(0, "a"))
WHOLE = Part((Shard("00000-00000", 0, "", "a"), Shard("00000-00001", 0, "a", "")), None)


def shards(count: int, *, done: int = 0) -> list[Shard]:
    return [Shard("s", 0, f"{number:05}", f"{number + 1:05}") for number in range(done, count)]


@pytest.mark.parametrize(("first", "second"), [(SHORT, WHOLE), (WHOLE, SHORT)])
def test_of_two_that_cut_a_part_at_once_each_goes_on_with_the_first_and_its_rows(first: Part, second: Part) -> None:
    """The bucket has changed between their listings, so that they cut it at other keys."""
    files = FakeFiles()
    one, other = Folder(files, RUN), Folder(files, RUN)
    assert one.part(0) is other.part(0) is None
    for folder, own in ((one, first), (other, second)):
        kept = folder.keep_part(0, own)
        folder.keep_rows(0, kept)
        assert kept == folder.part(0) == first
        assert tuple(shards_in(files.stored[folder.csv_path(0)])) == first.shards


def test_what_another_execution_is_about_to_write_is_not_gone_on_with() -> None:
    """S3 refuses a conditional write while another one is under way (409): nothing is there yet."""

    class Busy(FakeFiles):
        def put_new(self, path: str, data: bytes, media_type: str) -> None:
            """Nothing of it is written."""

    with pytest.raises(BeingCutError, match="Part 0 of b/r/1 is being written by another execution"):
        Folder(Busy(), RUN).keep_part(0, WHOLE)


def next_pass(files: FakeFiles) -> list[Shard]:
    run = Run("r", JOB, number=2)
    return [shard for part in Folder(files, run).parts() for shard in part.shards]


@pytest.mark.parametrize("done", [0, 1, SHARDS_OF_A_PART - 1, SHARDS_OF_A_PART])
def test_of_two_plans_for_the_next_pass_the_first_counts_and_no_part_of_the_other(done: int) -> None:
    """Who settles later finds more that is done."""
    files, most = FakeFiles(), 2 * SHARDS_OF_A_PART + 10
    for begun in (0, done):
        Folder(files, RUN).plan_next_pass(shards(most, done=begun))
    planned = next_pass(files)
    assert [(one.after, one.until) for one in planned] == [(one.after, one.until) for one in shards(most)]
    assert len({one.id for one in planned}) == most


def test_a_plan_that_somebody_died_over_is_none_and_the_next_one_is_whole() -> None:
    class Dying(FakeFiles):
        def put_new(self, path: str, data: bytes, media_type: str) -> None:  # noqa: ARG002
            raise RuntimeError("killed")

    dying, most = Dying(), SHARDS_OF_A_PART + 10
    with pytest.raises(RuntimeError, match="killed"):
        Folder(dying, RUN).plan_next_pass(shards(most))
    assert next_pass(dying) == []
    files = FakeFiles(dying.stored)
    Folder(files, RUN).plan_next_pass(shards(most, done=20))
    assert len(next_pass(files)) == most - 20


def test_parts_that_an_earlier_release_has_cut_are_gone_on_with() -> None:
    files = FakeFiles(
        {
            "b/r/1/1/part-00000.json": json.dumps({"next": {"place": 0, "after": "a"}}).encode(),
            "b/r/1/1/part-00000.csv": csv_of(SHORT.shards),
        }
    )
    assert Folder(files, RUN).part(0) == SHORT
