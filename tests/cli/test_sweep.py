"""`lightpress sweep`: what nothing points to is found, and removed only where nobody can need it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from lightpress.cli.main import app
from lightpress.cli.sweep import LONGEST_LIFE, Found, Sweep
from lightpress.pipeline.events import read
from lightpress.pipeline.manifest import Status, generation_name, manifest_path, variants_folder
from tests.cli.deployed import IMAGES, Rig

NOW = datetime.now(UTC)


def variant(rig: Rig, key: str, generation: str) -> str:
    path = f"{variants_folder(key)}{generation}/w320.webp"
    rig.deployment.s3.put_object(Bucket=IMAGES, Key=path, Body=b"variant")
    return path


def ready(rig: Rig, key: str, times: int) -> tuple[set[str], str]:
    """Publish it so often; returns what pages may show, the one before included, and the generation."""
    paths, generation = [], ""
    for revision in range(1, times + 1):
        identity = rig.upload(key)
        generation = generation_name(revision, identity, "digest")
        paths.append(variant(rig, key, generation))
        rig.manifest(key, Status.READY, identity, generation)
    return {*paths[-2:], manifest_path(key)}, generation


def sweep(rig: Rig, *, remove: bool, later: timedelta = timedelta()) -> Found:
    return Sweep(rig.deployment, remove, NOW + later)()


def test_where_nothing_is_amiss_nothing_is_found_nor_touched(rig: Rig) -> None:
    ready(rig, "a.jpg", times=2)
    rig.failed("b.jpg")
    rig.manifest("c.jpg", Status.DELETED)
    before = rig.stored(IMAGES)
    found = sweep(rig, remove=True, later=2 * LONGEST_LIFE)
    assert (found.manifests, sum(found.files.values()), found.sourceless, found.removed) == (3, 0, [], 0)
    assert rig.stored(IMAGES) == before
    assert rig.waiting() == []


def test_variants_of_generations_that_are_over_are_reported_and_then_removed(rig: Rig) -> None:
    kept, _ = ready(rig, "a.jpg", times=4)
    found = sweep(rig, remove=False)
    assert (found.files["dead"], found.bytes["dead"], found.removed) == (2, 14, 0)
    assert sweep(rig, remove=True).removed == 2
    assert rig.stored(IMAGES) == kept


def test_variants_for_a_later_revision_are_removed_once_nobody_can_publish_them(rig: Rig) -> None:
    kept, generation = ready(rig, "a.jpg", times=1)
    stranded = variant(rig, "a.jpg", generation_name(2, "v", "d"))
    read_by_a_worker = rig.published("a.jpg")
    assert sweep(rig, remove=False).files["stranded"] == 1
    assert stranded in rig.stored(IMAGES)
    assert sweep(rig, remove=True).removed == 1
    assert rig.stored(IMAGES) == kept
    now = rig.published("a.jpg")
    assert now is not None
    assert read_by_a_worker is not None
    assert (now.manifest.revision, now.manifest.generation, now.manifest.status) == (2, generation, Status.READY)
    assert now.etag != read_by_a_worker.etag, "the worker that wrote them loses its race"


def test_a_manifest_whose_source_is_gone_is_handed_to_the_queue(rig: Rig) -> None:
    ready(rig, "a.jpg", times=1)
    before = rig.stored(IMAGES)
    rig.deployment.s3.delete_object(Bucket="uploads", Key="a.jpg")
    assert sweep(rig, remove=False).sourceless == ["a.jpg"]
    assert rig.waiting() == []
    assert sweep(rig, remove=True).handed_over == 1
    assert [source.key for body in rig.waiting() for source in read(body).sources] == ["a.jpg"]
    assert rig.stored(IMAGES) == before, "it is for the story to judge"


def test_variants_without_a_manifest_are_handed_over_with_their_picture(rig: Rig) -> None:
    rig.upload("a.jpg")
    path = variant(rig, "a.jpg", generation_name(1, "v", "d"))
    found = sweep(rig, remove=True, later=2 * LONGEST_LIFE)
    assert (found.files["ownerless"], found.handed_over, found.removed) == (1, 1, 0)
    assert [source.key for body in rig.waiting() for source in read(body).sources] == ["a.jpg"]
    assert path in rig.stored(IMAGES)


@pytest.mark.parametrize(("age", "removed"), [(LONGEST_LIFE / 2, 0), (2 * LONGEST_LIFE, 1)])
def test_without_a_picture_they_are_removed_when_no_worker_of_theirs_lives(
    rig: Rig, age: timedelta, removed: int
) -> None:
    variant(rig, "a.jpg", generation_name(1, "v", "d"))
    assert sweep(rig, remove=True, later=age).removed == removed
    assert len(rig.stored(IMAGES)) == 1 - removed


def test_the_command_only_reports_unless_an_option_says_to_remove(rig: Rig) -> None:
    ready(rig, "a.jpg", times=4)
    before = rig.stored(IMAGES)
    result = CliRunner().invoke(app, ["sweep"])
    assert result.exit_code == 0
    assert "2 variants of past generations, 14 B" in result.stdout
    assert rig.stored(IMAGES) == before
    assert "2 variants removed" in CliRunner().invoke(app, ["sweep", "--remove"]).stdout
