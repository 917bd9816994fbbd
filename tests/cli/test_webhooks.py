"""`lightpress webhooks`: what receivers did not take, and sending it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from lightpress.cli.main import app
from tests.cli.deployed import HOOKS

if TYPE_CHECKING:
    from tests.cli.deployed import Rig

FIRST, SECOND = HOOKS


def webhooks(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["webhooks", *arguments, "--env", "dev"])


@pytest.fixture
def refused(rig: Rig) -> Rig:
    """The first receiver has not taken 12 events, the second one."""
    for name, count in (("first", 12), ("second", 1)):
        for number in range(count):
            rig.deployment.sqs().send_message(QueueUrl=f"{name}-letters", MessageBody=f"{name} {number}")
    return rig


def bodies(rig: Rig, queue: str) -> set[str]:
    found: set[str] = set()
    while taken := rig.deployment.sqs().receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        found |= {message["Body"] for message in taken}
    return found


def test_a_list_says_who_has_not_taken_how_many(refused: Rig) -> None:
    assert refused
    told = webhooks("list", "--json")
    assert [json.loads(line) for line in told.stdout.splitlines()] == [
        {"url": FIRST, "waiting": 0, "dead_letters": 12},
        {"url": SECOND, "waiting": 0, "dead_letters": 1},
    ]
    assert FIRST in webhooks("list").stdout


def test_a_replay_sends_every_event_once_as_it_was_and_keeps_none(refused: Rig) -> None:
    told = webhooks("replay")
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "13 sent again")
    assert bodies(refused, "first") == {f"first {number}" for number in range(12)}
    assert bodies(refused, "second") == {"second 0"}
    assert bodies(refused, "first-letters") == bodies(refused, "second-letters") == set()
    assert json.loads(webhooks("replay", "--json").stdout) == {"sent": 0}


def test_a_replay_to_one_receiver_leaves_what_others_did_not_take(refused: Rig) -> None:
    assert json.loads(webhooks("replay", "--url", SECOND, "--json").stdout) == {"sent": 1}
    assert len(bodies(refused, "first-letters")) == 12


def test_a_receiver_that_there_is_not_is_told(refused: Rig) -> None:
    assert refused
    told = webhooks("replay", "--url", "https://nobody.example/")
    assert (told.exit_code, told.stderr.splitlines()[-1]) == (
        2,
        "https://nobody.example/: there is no such receiver; see lightpress webhooks list",
    )
