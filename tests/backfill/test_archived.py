"""Originals in an archive: a run counts them by name and leaves them, until they are restored."""

from __future__ import annotations

import pytest

from lightpress.backfill.look import Looking
from lightpress.backfill.results import Folder
from lightpress.backfill.run import FINISHED
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.source import Source
from tests.backfill.fakes import BUCKET, Rig
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
