"""`lightpress gate`: what waits, what a person says of it, and the exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from lightpress.aws.hints import SqsLooks
from lightpress.aws.images import S3Images
from lightpress.aws.originals import S3Originals
from lightpress.aws.reviews import S3Reviews
from lightpress.cli.main import app
from lightpress.composition.publishing import RECIPES
from lightpress.image.errors import PictureRejected, Reason
from lightpress.image.render import render
from lightpress.pipeline.failures import subject_of_picture
from lightpress.pipeline.manifest import Publication
from lightpress.pipeline.ports import Dependencies
from lightpress.pipeline.recipe import Recipe, RecipeBook, Rule
from lightpress.pipeline.recipe_file import load_recipes
from lightpress.pipeline.reconcile import reconcile
from lightpress.pipeline.review_messages import read_review
from lightpress.pipeline.reviewing import TakeReview
from lightpress.pipeline.source import Source
from tests.cli.deployed import QUARANTINE, REGION, REVIEWS, UPLOADS, Rig, deployed
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "trips/cat.jpg"
SPEC = load_recipes(RECIPES).recipes["web"].spec


def gate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["gate", *arguments, "--env", "dev"])


def work(rig: Rig, *reviewers: str) -> None:
    """Everything that the stack does: reviews are taken, and then the key is looked at."""
    sqs, s3 = rig.deployment.sqs(), rig.deployment.s3
    take = TakeReview(S3Reviews(s3, "images"), SqsLooks(sqs, rig.deployment.queue_url), S3Originals(s3))
    for message in sqs.receive_message(QueueUrl=REVIEWS, MaxNumberOfMessages=10).get("Messages", []):
        take(read_review(message["Body"], rig.deployment.publishing.find_source))
    recipe = Recipe("web", SPEC, reviewers)
    book = RecipeBook((Rule("**", recipe),), {"web": recipe})
    images = S3Images(s3, "images")
    reconcile(
        Source(UPLOADS, KEY), Dependencies(S3Originals(s3), images, book, render, reviews=S3Reviews(s3, "images"))
    )


@pytest.fixture
def held(rig: Rig) -> Rig:
    rig.deployment.s3.put_object(Bucket=UPLOADS, Key=KEY, Body=file_of(ramp((90, 60)), "JPEG"))
    work(rig, "person", "scan")
    return rig


def test_a_list_says_what_waits_for_whom_and_where_to_look_at_it(held: Rig) -> None:
    told = gate("list")
    assert told.exit_code == 0
    assert [word for word in (KEY, "person, scan", "https://") if word not in told.stdout] == []
    (row,) = map(json.loads, gate("list", "--json").stdout.splitlines())
    assert (row["key"], row["missing"], row["until"]) == (KEY, ["person", "scan"], None)
    assert row["version"] == held.deployment.s3.head_object(Bucket=UPLOADS, Key=KEY)["VersionId"]
    assert gate("list", "--prefix", "other/").stdout == "nothing waits for a reviewer\n"


def test_an_approval_is_of_one_version_and_leaves_it_held_for_the_others(held: Rig) -> None:
    assert gate("approve", KEY, "--timeout", "0").exit_code == 3
    work(held, "person", "scan")
    told = gate("approve", KEY, "--timeout", "0")
    assert (told.exit_code, told.stdout) == (0, f"{KEY}: held\n")
    work(held, "person", "scan")
    (row,) = map(json.loads, gate("list", "--json").stdout.splitlines())
    assert row["missing"] == ["scan"]
    gate("approve", KEY, "--reviewer", "scan", "--timeout", "0")
    work(held, "person", "scan")
    told = gate("approve", KEY, "--timeout", "0", "--json")
    assert (told.exit_code, json.loads(told.stdout)["status"]) == (0, "ready")
    assert gate("list").stdout == "nothing waits for a reviewer\n"


@pytest.mark.parametrize(("reason", "kept"), [("rejected_by_gate", 0), ("corrupt", 1)])
def test_an_approval_removes_the_record_and_the_copy_of_the_rejection_before_it_and_no_other(
    held: Rig, reason: str, kept: int
) -> None:
    version = held.deployment.s3.head_object(Bucket=UPLOADS, Key=KEY)["VersionId"]
    failure = replace(held.failed("other.jpg", reason=reason), key=KEY, identity=version)
    held.store.table.record(replace(failure, subject=subject_of_picture(UPLOADS, KEY)))
    gate("approve", KEY, "--reviewer", "scan", "--timeout", "0")
    gate("approve", KEY, "--timeout", "0")
    work(held, "person", "scan")
    assert gate("approve", KEY, "--timeout", "0").exit_code == 0
    assert len(held.store.of_subject(KEY)) == kept
    copies = held.deployment.s3.list_objects_v2(Bucket=QUARANTINE, Prefix=failure.quarantine or "").get("Contents", [])
    assert len(copies) == kept


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("gate_of_it", [("malware",), ("malware", "scan")])
def test_an_answer_that_a_picture_does_not_wait_for_is_told_with_whose_it_does_and_is_not_sent(
    rig: Rig, verb: str, gate_of_it: tuple[str, ...]
) -> None:
    rig.deployment.s3.put_object(Bucket=UPLOADS, Key=KEY, Body=file_of(ramp((90, 60)), "JPEG"))
    work(rig, *gate_of_it)
    told = gate(verb, KEY)
    assert (told.exit_code, told.stdout) == (2, "")
    answer = " or ".join(f"--reviewer {name}" for name in gate_of_it)
    words = f"{KEY}: it waits for {', '.join(gate_of_it)}, and not for person: answer with {answer}"
    assert " ".join(told.stderr.split()) == words
    assert "Messages" not in rig.deployment.sqs().receive_message(QueueUrl=REVIEWS)
    assert gate(verb, KEY, "--reviewer", "malware", "--timeout", "0").exit_code == 3, "that is sent"


def test_what_a_program_has_rejected_is_approved_in_nobodys_name_and_the_program_is_named(held: Rig) -> None:
    version = held.deployment.s3.head_object(Bucket=UPLOADS, Key=KEY)["VersionId"]
    gate("reject", KEY, "--reviewer", "scan", "--timeout", "0")
    gate("approve", KEY, "--timeout", "0")
    work(held, "person", "scan")
    for reviewer in ("scan", "person"):
        told = gate("approve", KEY, "--reviewer", reviewer)
        assert told.exit_code == 2
        words = "scan has rejected this version, and what a program rejects stays rejected"
        assert words in " ".join(told.stderr.split())
    images = S3Images(held.deployment.s3, "images")
    rejected = Publication(KEY, 2, version, 4, "web", "digest").failed(PictureRejected(Reason.REJECTED_BY_GATE, ""))
    images.publish(rejected, images.published(KEY))
    told = gate("approve", KEY, "--timeout", "0")
    assert (told.exit_code, told.stdout) == (3, f"{KEY}: waiting\n"), "the recipe may name a person alone by now"
    assert "scan has rejected this version, too" in " ".join(told.stderr.split())


def test_a_rejection_of_what_is_published_says_that_it_may_change_nothing_while_it_has_not(rig: Rig) -> None:
    rig.deployment.s3.put_object(Bucket=UPLOADS, Key=KEY, Body=file_of(ramp((90, 60)), "JPEG"))
    work(rig)
    assert gate("reject", KEY, "--timeout", "0").stderr == "", "nobody has kept it yet"
    work(rig)
    told = gate("reject", KEY, "--timeout", "0")
    assert (told.exit_code, told.stdout) == (3, f"{KEY}: waiting\n")
    words = "the review is kept, and changes nothing unless the gate of its recipe names person"
    assert words in " ".join(told.stderr.split())


def test_where_no_recipe_has_a_gate_nothing_is_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with deployed(gated=False) as rig:
        rig.upload(KEY)
        told = gate("approve", KEY)
    assert told.exit_code == 2
    assert "No recipe of this deployment has a gate" in told.stderr


@pytest.mark.parametrize(
    ("happen", "arguments", "exit_code", "words"),
    [
        (lambda _: None, ("approve", "no/such.jpg"), 2, "there is no original"),
        (lambda rig: rig.upload(KEY), ("reject", KEY, "--version", "gone", "--timeout", "0"), 1, "changed"),
        (lambda _: None, ("approve", KEY, "other", "--version", "v"), 2, "is of one original"),
    ],
)
def test_what_cannot_be_reviewed_has_an_exit_code_and_a_sentence(
    held: Rig, happen: Callable[[Rig], object], arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    happen(held)
    told = gate(*arguments)
    assert told.exit_code == exit_code
    assert words in " ".join((told.stdout + told.stderr).replace("│", " ").split())
