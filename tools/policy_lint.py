"""What parliament finds in our policies: `python -m tools.policy_lint PARLIAMENT FOLDER` (make lint-templates).

FOLDER has one statement in each file, as `tools.template_lint` writes them. Parliament can leave out findings by a file
of its own (`ignore_locations`), which in version 1.6.4 never leaves out any: its `make_list` makes nothing of a text.
So this reads its JSON, and what is accepted is here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding that is accepted in a statement.

    Attributes:
        issue: What parliament calls it.
        policy: Regular expression of the logical ID of the policy.
        actions: Regular expression of each action of the statement.
        because: The reason.

    """

    issue: str
    policy: str
    actions: str
    because: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        return (
            finding.issue == self.issue
            and re.fullmatch(self.policy, finding.policy) is not None
            and all(re.fullmatch(self.actions, action) for action in finding.actions)
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What parliament finds in a statement.

    Attributes:
        issue: What parliament calls it, such as RESOURCE_STAR.
        policy: Logical ID of the policy.
        actions: Of the statement.
        text: One line for people.

    """

    issue: str
    policy: str
    actions: tuple[str, ...]
    text: str


_KEYS = r"EncryptionKey|MonitoringKey[0-9A-F]{8}"
_LOGS = r"kms:(Encrypt|Decrypt|ReEncryptFrom|ReEncryptTo|GenerateDataKey|GenerateDataKeyWithoutPlaintext|DescribeKey)"
_LIKE_AWS = (
    "as in the policy that CloudWatch Logs documents: one statement, on the ARN of a log group, for all that it does "
    "(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html)"
)
ACCEPTED = (
    Acceptance(
        "RESOURCE_MISMATCH",
        r"BackfillChildrenPolicy[0-9A-F]{8}",
        r"states:(DescribeExecution|StopExecution)",
        "AWS lists executions and express executions for DescribeExecution, and parliament wants both; the children "
        "are no express ones "
        "(https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html)",
    ),
    Acceptance(
        "RESOURCE_MISMATCH",
        r"EnrichingDescribePictureRoleDefaultPolicy[0-9A-F]{8}",
        r"bedrock:InvokeModel",
        "AWS lists every kind of model for InvokeModel, and parliament wants them all; the function asks one "
        "(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html)",
    ),
    Acceptance(
        "RESOURCE_STAR",
        _KEYS,
        r"kms:.*",
        'in the policy of a key, "*" is this key '
        "(https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html)",
    ),
    Acceptance(
        "RESOURCE_STAR",
        r"Canary[A-Za-z]+RoleDefaultPolicy[0-9A-F]{8}",
        r"cloudwatch:DescribeAlarms",
        "AWS's own policy for CodeDeploy's role has no narrower resource "
        "(https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html)",
    ),
    Acceptance("UNKNOWN_CONDITION_FOR_ACTION", _KEYS, _LOGS, _LIKE_AWS),
    Acceptance("MISMATCHED_TYPE", _KEYS, _LOGS, _LIKE_AWS),
)


def findings(parliament: Path, folder: Path) -> list[Finding]:
    """What parliament finds in the statements of a folder. Raises RuntimeError if it cannot judge them."""
    ran = subprocess.run(
        [parliament, "--json", "--directory", folder, "--include_policy_extension", "json"],
        stdin=subprocess.DEVNULL,  # or it takes what stands there for a policy
        capture_output=True,
        text=True,
        check=False,
    )
    found = [_finding(json.loads(line)) for line in ran.stdout.splitlines()]
    if ran.returncode != (1 if found else 0):
        raise RuntimeError(f"parliament ended with {ran.returncode}: {ran.stderr}")
    return found


def _finding(row: dict[str, str | dict[str, str]]) -> Finding:
    where = row["location"]
    file = Path(where["filepath"] if isinstance(where, dict) else where)
    actions = json.loads(file.read_text(encoding="utf-8"))["Statement"][0]["Action"]
    return Finding(
        issue=str(row["issue"]),
        policy=file.stem.rpartition(".")[2],
        actions=tuple(actions) if isinstance(actions, list) else (actions,),
        text=f"{file.name}: {row['issue']}: {row['title']}: {row['detail'] or row['description']}",
    )


def judged(found: list[Finding]) -> list[str]:
    """Lines about what is not accepted, and about acceptances of nothing, which would hide what comes later."""
    wrong = [one.text for one in found if not any(accepted.covers(one) for accepted in ACCEPTED)]
    idle = [accepted for accepted in ACCEPTED if not any(accepted.covers(one) for one in found)]
    return wrong + [f"tools/policy_lint.py accepts what is not there: {one.issue} in {one.policy}" for one in idle]


def main(parliament: Path, folder: Path) -> int:
    """Print what is wrong; 1 if anything is."""
    count = len(list(folder.glob("*.json")))
    found = findings(parliament, folder)
    lines = judged(found)
    lines.append(f"parliament: {count} statements, {len(found)} findings, {len(lines)} of them not accepted")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if len(lines) > 1 or not count else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
