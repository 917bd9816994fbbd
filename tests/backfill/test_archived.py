"""Originals in an archive: a run counts them by name and leaves them, until they are restored.

Those that are read for a fee, it reads; the fee counts.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightpress.backfill.look import Looking
from lightpress.backfill.ports import Listed
from lightpress.backfill.results import Folder
from lightpress.backfill.run import FINISHED, MAX_DOLLARS, NANOS
from lightpress.costs.keeping import retrieval_in
from lightpress.costs.prices import prices_of
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.backfill.fakes import BUCKET, JOB, SIZE, Rig
from tests.pipeline.fakes import FakeCloud, FakeOriginals, book

KEYS = ["a.jpg", "b.jpg", "c.jpg"]
IN_AN_ARCHIVE = "b.jpg"


@pytest.fixture(params=["GLACIER", "DEEP_ARCHIVE"])
def cloud(request: pytest.FixtureRequest) -> FakeCloud:
    """Three originals, of which one is in an archive. None is published."""
    cloud = FakeCloud(FakeOriginals(name=BUCKET))
    for key in KEYS:
        cloud.originals.put(key, b"good")
    cloud.originals.bucket.change(IN_AN_ARCHIVE, storage_class=request.param, restored=False)
    return cloud


def run(cloud: FakeCloud) -> tuple[list[str], list[dict[str, int]]]:
    """A run to its end, with the hints worked off as the functions do: what was hinted, and what each pass counted."""
    rig, hinted = Rig(KEYS, looks=Looking(cloud.images, cloud.originals, cloud.recipes)), list[str]()
    while not (ended := rig.look()):
        for key in rig.hints.sent:
            reconcile(Source(BUCKET, key), cloud.dependencies(), recorder=cloud.last_word())
        hinted += rig.hints.sent
        rig.hints.sent.clear()
        rig.drain()
    assert ended == FINISHED
    return hinted, [one.endings for one in Folder(rig.files, rig.row).report().passes]


def test_an_archived_original_is_counted_by_name_and_hinted_once_in_its_life(cloud: FakeCloud) -> None:
    assert run(cloud) == (KEYS, [{}, {"ready": 2, "archived": 1}])
    assert run(cloud) == ([], [{"ready": 2, "archived": 1}])
    cloud.recipes = book(99)
    assert run(cloud) == (["a.jpg", "c.jpg"], [{"archived": 1}, {"ready": 2, "archived": 1}])


def test_what_was_published_before_it_came_into_the_archive_stays_and_holds_up_no_run(cloud: FakeCloud) -> None:
    cloud.originals.bucket.change(IN_AN_ARCHIVE, restored=True)
    run(cloud)
    before = cloud.images.manifest(IN_AN_ARCHIVE)
    cloud.originals.bucket.change(IN_AN_ARCHIVE, restored=False)
    cloud.recipes = book(99)
    assert run(cloud) == (["a.jpg", "c.jpg"], [{"archived": 1}, {"ready": 2, "archived": 1}])
    assert cloud.images.manifest(IN_AN_ARCHIVE) == before


def test_what_was_restored_is_published_by_the_next_run_though_nobody_told(cloud: FakeCloud) -> None:
    run(cloud)
    cloud.originals.bucket.change(IN_AN_ARCHIVE, restored=True)
    assert run(cloud) == ([IN_AN_ARCHIVE], [{"ready": 2}, {"ready": 3}])


ALL = [f"{number}.jpg" for number in range(10)]
FEES = (("GLACIER_IR", 30_000_000, 9_600), ("STANDARD_IA", 10_000_000, 600))
"""$0.03 and $0.01 for a GB; $10 and $1 a million requests: $9.60 and $0.60 more than in STANDARD."""


def test_what_reading_an_original_costs_besides_is_taken_from_the_cap_before_it_is_sent() -> None:
    job = replace(JOB, retrieval=FEES)
    rig = Rig(ALL, stale=ALL, job=job)
    rig.lister.archived = {"3.jpg": "GLACIER_IR", "4.jpg": "STANDARD_IA", "5.jpg": "INTELLIGENT_TIERING"}
    rig.look()
    looks, sent = 2 * len(ALL) * job.nanos_read, len(ALL) * job.nanos_sent
    of_gb = sum(-(-SIZE * gb // 2**30) for gb in (30_000_000, 10_000_000))
    of_requests = (1 + 3) * (9_600 + 600)  # a look is one of the original, processing it three
    assert rig.row.spent == looks + sent + of_gb + of_requests


def test_a_cap_that_allows_no_retrieval_ends_before_the_first_that_needs_it() -> None:
    job = replace(JOB, retrieval=FEES)
    rig = Rig(ALL, stale=ALL, job=job, nanos_left=30_000)
    rig.lister.archived = {"3.jpg": "GLACIER_IR"}
    assert rig.look() == MAX_DOLLARS
    assert rig.hints.sent == ALL[:3]
    plain = Rig(ALL, stale=ALL, job=job, nanos_left=30_000)
    plain.look()
    assert plain.hints.sent == ALL


def test_a_million_photos_from_glacier_instant_retrieval_cost_as_much_to_read_as_s3_says() -> None:
    """https://aws.amazon.com/s3/pricing/, as of November 2026: $0.03 for a GB, $10 a million requests."""
    fee = retrieval_in(prices_of("us-east-1"))["GLACIER_IR"]
    assert 1_000_000 * fee.dollars(SIZE) == pytest.approx(2_700 * 0.03 + 3 * 9.6, rel=0.01)
    archived = Listed("a", 0, size=SIZE, storage="GLACIER_IR")
    job = replace(JOB, nanos_sent=0, retrieval=FEES)
    assert job.nanos_to_send(archived) / NANOS == pytest.approx(fee.dollars(SIZE), rel=1e-4)
    assert job.nanos_to_send(replace(archived, storage="INTELLIGENT_TIERING")) == 0
