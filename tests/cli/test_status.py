"""`lightpress status`: one word on what became of a key, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from lightpress.aws.images import S3Images
from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import app
from lightpress.cli.status import look
from lightpress.cli.sweep import Sweep
from lightpress.pipeline.manifest import DroppedOriginal, Status
from tests.cli.deployed import IMAGES, UPLOADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.deployed import Rig


def status(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["status", *arguments, "--env", "dev"])


def ready(rig: Rig, key: str) -> None:
    rig.manifest(key, Status.READY, rig.upload(key))


def overwritten(rig: Rig, key: str) -> None:
    ready(rig, key)
    rig.upload(key)


def failed(rig: Rig, key: str) -> None:
    rig.failed(key)


def deleted(rig: Rig, key: str) -> None:
    rig.manifest(key, Status.DELETED)


def never_seen(rig: Rig, key: str) -> None:
    rig.upload(f"not-{key}")


STATES: dict[str, tuple[Callable[[Rig, str], None], int]] = {
    "ready": (ready, 0),
    "failed": (failed, 1),
    "deleted": (deleted, 1),
    "unknown": (never_seen, 2),
    "processing": (overwritten, 3),
}


def leave(rig: Rig, key: str) -> None:
    """Have the original of a published picture leave, as its recipe may say."""
    identity = rig.upload(key)
    rig.manifest(key, Status.READY, identity)
    published = rig.published(key)
    assert published is not None
    leaving = replace(published.manifest, original_dropped=DroppedOriginal(None, 1))
    S3Images(rig.deployment.s3, IMAGES).publish(leaving, published)
    rig.deployment.s3.delete_object(Bucket=UPLOADS, Key=key, VersionId=identity)


def test_what_has_left_is_ready_until_somebody_deletes_it(rig: Rig) -> None:
    leave(rig, "trips/cat.jpg")
    assert look(rig.deployment, "trips/cat.jpg").state == "ready"
    rig.upload("trips/cat.jpg")
    rig.deployment.s3.delete_object(Bucket=UPLOADS, Key="trips/cat.jpg")
    assert look(rig.deployment, "trips/cat.jpg").state == "processing"


def test_a_sweep_does_not_miss_what_has_left_and_its_focus_is_not_corrected(rig: Rig) -> None:
    leave(rig, "trips/cat.jpg")
    assert Sweep(rig.deployment, remove=False)().sourceless == []
    told = CliRunner().invoke(app, ["focus", "trips/cat.jpg", "0.4,0.2", "--env", "dev"])
    assert told.exit_code == 1
    assert "its original has left" in " ".join(told.stderr.split())


def test_a_plan_that_needs_what_has_left_ends_with_1(rig: Rig) -> None:
    leave(rig, "trips/cat.jpg")
    told = CliRunner().invoke(app, ["plan", "--env", "dev"])
    assert told.exit_code == 1
    assert "1 are refused" in told.stdout
    asked = CliRunner().invoke(app, ["plan", "--env", "dev", "--json"])
    assert (asked.exit_code, json.loads(asked.stdout)["without_original"]) == (1, 1)


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_a_word_and_an_exit_code(rig: Rig, state: str) -> None:
    happen, exit_code = STATES[state]
    happen(rig, "trips/cat.jpg")
    told = status("trips/cat.jpg")
    assert (told.stdout.splitlines()[0], told.exit_code) == (f"trips/cat.jpg: {state}", exit_code)
    assert json.loads(status("trips/cat.jpg", "--json").stdout)["status"] == state


def test_what_nobody_has_looked_at_is_processing_and_what_is_not_there_unknown_as_the_page_says(rig: Rig) -> None:
    rig.upload("ignored.txt")
    assert status("ignored.txt").output.startswith("ignored.txt: processing")
    assert status("nowhere.jpg").output.startswith("nowhere.jpg: unknown")
    page = (PROJECT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    assert "| unknown | There is no such original." in page
    (processing,) = (row for row in page.splitlines() if row.startswith("| processing |"))
    assert "ignore = true" in processing


def test_a_url_that_could_not_be_fetched_is_a_failure_with_its_reason(rig: Rig) -> None:
    rig.not_fetched("trips/cat.jpg", reason="timed_out", last_at=1)
    rig.not_fetched("trips/cat.jpg", reason="not_found", last_at=2)
    told = status("trips/cat.jpg")
    assert (told.stdout.splitlines()[0], told.exit_code) == ("trips/cat.jpg: failed", 1)
    assert "The server said so." in told.stdout
    found = json.loads(status("trips/cat.jpg", "--json").stdout)
    assert (found["status"], found["reason"], found["detail"]) == ("failed", "not_found", "The server said so.")


def test_the_status_of_a_url_that_was_fetched_after_all_is_that_of_its_picture(rig: Rig) -> None:
    rig.not_fetched("trips/cat.jpg")
    ready(rig, "trips/cat.jpg")
    assert look(rig.deployment, "trips/cat.jpg").state == "ready"


def test_where_no_urls_are_fetched_nobody_looks_for_their_failures(rig: Rig) -> None:
    rig.not_fetched("trips/cat.jpg")
    assert look(replace(rig.deployment, url_queue_url=None), "trips/cat.jpg").state == "unknown"
