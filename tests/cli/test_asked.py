"""`lightpress asked`: what services did not answer, and asking again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from lightpress.cli.main import app
from tests.cli.test_webhooks import bodies

if TYPE_CHECKING:
    from tests.cli.deployed import Rig


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["asked", *arguments, "--env", "dev"])


@pytest.fixture
def silent(rig: Rig) -> Rig:
    """Nobody has answered 11 questions about labels, nor one about moderation."""
    for name, count in (("detectlabels", 11), ("moderate", 1)):
        for number in range(count):
            rig.deployment.sqs().send_message(QueueUrl=f"{name}-letters", MessageBody=f"{name} {number}")
    return rig


def test_a_list_says_who_was_not_answered_how_often(silent: Rig) -> None:
    assert silent
    assert [json.loads(line) for line in asked("list", "--json").stdout.splitlines()] == [
        {"name": "DetectLabels", "waiting": 0, "unanswered": 11},
        {"name": "Moderate", "waiting": 0, "unanswered": 1},
    ]
    assert "DetectLabels" in asked("list").stdout


def test_all_is_asked_again_once_and_word_for_word(silent: Rig) -> None:
    told = asked("retry")
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "12 asked again")
    assert bodies(silent, "detectlabels") == {f"detectlabels {number}" for number in range(11)}
    assert bodies(silent, "moderate") == {"moderate 0"}
    assert json.loads(asked("retry", "--json").stdout) == {"asked": 0}


def test_one_service_may_be_asked_alone_and_one_that_there_is_not_is_told(silent: Rig) -> None:
    assert json.loads(asked("retry", "--service", "Moderate", "--json").stdout) == {"asked": 1}
    assert len(bodies(silent, "detectlabels-letters")) == 11
    told = asked("retry", "--service", "Nobody")
    assert (told.exit_code, told.stderr.splitlines()[-1]) == (
        2,
        "Nobody: no such function asks; see lightpress asked list",
    )
