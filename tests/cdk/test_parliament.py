"""What judges our policies, parliament with our list of what is accepted, finds what is wrong with one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.cdk.readiness import PROJECT
from tools.policy_lint import ACCEPTED, Acceptance, Finding, findings, judged, main
from tools.template_lint import statements

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PARLIAMENT = PROJECT / ".local" / "lint" / "bin" / "parliament"
PLAIN = "PlainPolicy12345678"
EXECUTIONS = "arn:aws:states:eu-west-1:123456789012:execution:lightpress/*:*"

by_parliament = pytest.mark.skipif(not os.environ.get("LIGHTPRESS_LINT"), reason="make lint-templates has parliament")


def found_in(folder: Path, policy: str, statement: Mapping[str, Any]) -> set[str]:
    """What parliament calls what it finds in a policy with this logical ID, and is not accepted."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    for name, one in statements({policy: document}):
        (folder / f"1.dev.{name}.json").write_text(json.dumps(one), encoding="utf-8")
    found = findings(PARLIAMENT, folder)
    lines = judged(found)
    return {one.issue for one in found if one.text in lines}


@by_parliament
@pytest.mark.parametrize(
    ("policy", "statement", "issue"),
    [
        (PLAIN, {"Action": "s3:GetObjct", "Resource": "arn:aws:s3:::pictures/*"}, "UNKNOWN_ACTION"),
        (PLAIN, {"Action": "s4:GetObject", "Resource": "*"}, "UNKNOWN_PREFIX"),
        (PLAIN, {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::pictures"}, "RESOURCE_MISMATCH"),
        (PLAIN, {"Action": "s3:GetObject", "Resource": "pictures"}, "INVALID_ARN"),
        (PLAIN, {"Action": "s3:GetObject", "Resource": "*"}, "RESOURCE_STAR"),
        (
            PLAIN,
            {
                "Action": "sqs:SendMessage",
                "Resource": "arn:aws:sqs:eu-west-1:123456789012:one",
                "Condition": {"StringEquals": {"s3:prefix": "a"}},
            },
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        # Where the same is accepted of other actions, or of another policy, and where something else is.
        (
            "BackfillChildrenPolicy89398A6E",
            {"Action": ["states:DescribeExecution", "states:StartExecution"], "Resource": EXECUTIONS},
            "RESOURCE_MISMATCH",
        ),
        (PLAIN, {"Action": "states:DescribeExecution", "Resource": EXECUTIONS}, "RESOURCE_MISMATCH"),
        ("BackfillChildrenPolicy89398A6E", {"Action": "states:StopExecution", "Resource": "*"}, "RESOURCE_STAR"),
        ("CanaryResolverRoleDefaultPolicy721DFBD9", {"Action": "lambda:UpdateAlias", "Resource": "*"}, "RESOURCE_STAR"),
        (PLAIN, {"Action": "cloudwatch:DescribeAlarms", "Resource": "*"}, "RESOURCE_STAR"),
        (PLAIN, {"Action": "kms:Decrypt", "Resource": "*"}, "RESOURCE_STAR"),
        ("EncryptionKey", {"Action": "kms:Decypt", "Resource": "*"}, "UNKNOWN_ACTION"),
    ],
)
def test_what_is_wrong_with_a_policy_is_found(
    tmp_path: Path, policy: str, statement: dict[str, Any], issue: str
) -> None:
    assert issue in found_in(tmp_path, policy, statement)
    assert main(PARLIAMENT, tmp_path) == 1


@by_parliament
@pytest.mark.parametrize(
    ("policy", "statement"),
    [
        (PLAIN, {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::pictures/*"}),
        (PLAIN, {"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:123456789012:one"}),
        ("BackfillChildrenPolicy89398A6E", {"Action": "states:DescribeExecution", "Resource": EXECUTIONS}),
        ("EncryptionKey", {"Action": "kms:Decrypt", "Resource": "*"}),
    ],
)
def test_what_is_right_or_accepted_is_not(tmp_path: Path, policy: str, statement: dict[str, Any]) -> None:
    assert found_in(tmp_path, policy, statement) == set()


def test_nothing_to_judge_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "parliament").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "parliament").chmod(0o755)
    assert main(tmp_path / "parliament", tmp_path / "none") == 1


def test_an_acceptance_of_nothing_is_named_and_one_that_is_used_is_not() -> None:
    star = Finding("RESOURCE_STAR", "EncryptionKey", ("kms:Decrypt",), "in the key")
    named = judged([star])
    assert "in the key" not in named
    assert len(named) == len(ACCEPTED) - 1
    assert all(line.startswith("tools/policy_lint.py accepts what is not there: ") for line in named)


@pytest.mark.parametrize("accepted", ACCEPTED, ids=lambda one: f"{one.issue}-{one.policy[:6]}")
def test_each_acceptance_has_a_reason_that_names_a_page_of_aws(accepted: Acceptance) -> None:
    assert "https://docs.aws.amazon.com/" in accepted.because
