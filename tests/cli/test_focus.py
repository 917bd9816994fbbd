"""`lightpress focus`: a corrected focus is written, the queue is told, and the command waits until variants follow."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from lightpress.aws.images import S3Images
from lightpress.cli.correcting import Corrected, correct
from lightpress.cli.main import app
from lightpress.pipeline.events import read
from lightpress.pipeline.manifest import Status
from tests.cli.deployed import IMAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.deployed import Rig

KEY, POINT = "trips/cat.jpg", (0.4, 0.2)


def focus(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["focus", *arguments, "--env", "dev"])


def follow(rig: Rig) -> None:
    """What the function does that hears of it."""
    published = rig.published(KEY)
    assert published is not None
    assert published.manifest.source is not None
    manifest = published.manifest
    source = replace(published.manifest.source, correction=manifest.correction)
    S3Images(rig.deployment.s3, IMAGES).publish(
        replace(manifest, revision=manifest.revision + 1, source=source), published
    )


def test_it_is_written_the_queue_is_told_and_who_does_not_wait_hears_so(rig: Rig) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))
    told = focus(KEY, "0.4,0.2", "--timeout", "0", "--json")
    assert (told.exit_code, json.loads(told.stdout)) == (3, {"key": KEY, "focus": [0.4, 0.2], "status": "waiting"})
    published = rig.published(KEY)
    assert published is not None
    assert (published.manifest.correction, published.manifest.revision) == (POINT, 1)
    heard = rig.deployment.sqs().receive_message(QueueUrl=rig.deployment.queue_url)["Messages"]
    assert [source.key for message in heard for source in read(message["Body"]).sources] == [KEY]
    follow(rig)
    told = focus(KEY, "0.4,0.2")
    assert (told.exit_code, told.stdout) == (0, f"{KEY}: focus 0.4,0.2, ready\n")


def overwrite(rig: Rig) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))


def delete(rig: Rig) -> None:
    rig.manifest(KEY, Status.DELETED)


@pytest.mark.parametrize(
    ("happens", "state", "exit_code"), [(follow, "ready", 0), (overwrite, "replaced", 1), (delete, "deleted", 1)]
)
def test_it_waits_until_the_variants_follow_or_the_picture_is_another(
    rig: Rig, happens: Callable[[Rig], None], state: str, exit_code: int
) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))
    corrected = correct(rig.deployment, KEY, POINT, timeout=60, sleep=lambda _: happens(rig))
    assert (corrected, corrected.exit_code) == (Corrected(KEY, POINT, state), exit_code)


def test_none_takes_a_correction_back(rig: Rig) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))
    focus(KEY, "0.4,0.2", "--timeout", "0")
    assert focus(KEY, "none", "--timeout", "0").exit_code == 0  # the variants never followed anything else
    published = rig.published(KEY)
    assert published is not None
    assert published.manifest.correction is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.DELETED, None])
def test_what_is_not_published_has_no_focus(rig: Rig, status: Status | None) -> None:
    if status is not None:
        rig.manifest(KEY, status, rig.upload(KEY) if status is Status.FAILED else None)
    told = focus(KEY, "0.4,0.2")
    assert told.exit_code == 2
    assert (status or "never uploaded") in told.stderr


@pytest.mark.parametrize("point", ["middle", "0.4", "40,20", "0.4,1.5", "0.4,0.2,0.1"])
def test_a_point_is_two_numbers_from_0_to_1(rig: Rig, point: str) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))
    told = focus(KEY, point)
    assert told.exit_code == 2
    assert "such as 0.4,0.2" in told.stderr.replace("\n", " ").replace("│ ", "").replace("  ", " ")
