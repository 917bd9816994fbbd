"""`lightpress describe`: words about a published picture are kept, announced, and taken back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from lightpress.cli.main import app
from lightpress.pipeline.events import read
from lightpress.pipeline.facts import Words
from lightpress.pipeline.manifest import Status

if TYPE_CHECKING:
    from tests.cli.deployed import Rig

KEY = "trips/cat.jpg"


def describe(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["describe", KEY, *arguments, "--env", "dev"])


def words(rig: Rig) -> tuple[int, Words | None]:
    published = rig.published(KEY)
    assert published is not None
    return published.manifest.revision, published.manifest.words


def test_what_is_said_is_published_under_the_next_revision_and_the_queue_is_told(rig: Rig) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))
    told = describe("--alt", "A cat  sleeps\non a mat.", "--labels", "cat, mat,, cat")
    assert (told.exit_code, told.stdout) == (0, f"{KEY}: alt A cat sleeps on a mat.; labels cat, mat\n")
    assert words(rig) == (2, Words("A cat sleeps on a mat.", ("cat", "mat")))
    (message,) = map(read, rig.waiting())
    assert [source.key for source in message.sources] == [KEY]


def test_one_is_changed_or_taken_back_and_the_other_stays_and_the_same_again_changes_nothing(rig: Rig) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))
    describe("--alt", "A cat.", "--labels", "cat")
    describe("--alt", "A cat.")
    assert words(rig) == (2, Words("A cat.", ("cat",)))
    describe("--labels", "none")
    assert words(rig) == (3, Words("A cat.", None))
    describe("--alt", "")
    assert words(rig) == (4, Words("", None)), "it only decorates a page"
    told = describe("--alt", "none", "--json")
    assert json.loads(told.stdout)["alt"] is None
    assert words(rig) == (5, None)


def test_without_an_option_it_tells_what_is_said_and_writes_nothing(rig: Rig) -> None:
    rig.manifest(KEY, Status.READY, rig.upload(KEY))
    describe("--alt", "A cat.")
    told = describe("--json")
    assert (json.loads(told.stdout)["alt"], json.loads(told.stdout)["labels"]) == ("A cat.", [])
    assert words(rig)[0] == 2


@pytest.mark.parametrize(("status", "said"), [(Status.DELETED, "deleted"), (None, "not processed yet")])
def test_what_is_not_published_has_no_words_and_the_state_is_told(rig: Rig, status: Status | None, said: str) -> None:
    if status:
        rig.manifest(KEY, status)
    told = describe("--alt", "A cat.")
    assert told.exit_code == 2
    assert said in told.stderr
    assert rig.waiting() == []
