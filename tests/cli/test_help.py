"""The help of the command line: complete, and quick to appear."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

RENAMED_OPTIONS = [
    (("upload",), "--patience", "--timeout"),
    (("failures", "retry"), "--patience", "--timeout"),
    (("backfill",), "--patience", "--timeout"),
    (("backfill",), "--at-once", "--max-in-flight"),
]

_PROGRAM = """
import json, sys
from lightpress.cli.main import app
try:
    app(["--help"])
except SystemExit as end:
    assert end.code == 0
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_help_loads_neither_pictures_nor_aws() -> None:
    finished = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert "backfill" in finished.stdout
    loaded = set(json.loads(finished.stdout.splitlines()[-1]))
    assert "typer" in loaded
    assert not loaded & {"PIL", "boto3", "botocore", "aws_cdk", "lightpress.image", "lightpress.pipeline"}


def test_every_command_is_in_a_panel_that_says_what_it_is_for() -> None:
    help_ = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    panels = re.findall(r"^╭─ (.+?) ─", help_, re.MULTILINE)
    assert panels == ["Options", "To begin with", "Pictures", "Recipes and costs", "Deployments"]


def helps_of(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], str]]:  # noqa: ANN401  of typer
    for name, command in group.commands.items():
        yield (*path, name), inspect.cleandoc(command.help)
        if hasattr(command, "commands"):
            yield from helps_of(command, *path, name)


HELPS = dict(helps_of(get_command(app)))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("path", HELPS, ids=" ".join)
def test_each_paragraph_of_a_help_fills_the_width_of_the_terminal(path: tuple[str, ...]) -> None:
    output = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "2000"}).output
    lines = {line.strip() for line in output.splitlines()}
    for paragraph in HELPS[path].split("\n\n"):
        assert " ".join(paragraph.split()) in lines


def words(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def test_the_version_is_that_of_the_project() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert words("--version") == (0, f"lightpress {declared}")


@pytest.mark.parametrize(("command", "old", "new"), RENAMED_OPTIONS)
def test_former_names_of_options_work_and_are_in_no_help(command: tuple[str, ...], old: str, new: str) -> None:
    _, shown = words(*command, "--help")
    assert f"{new} " in shown
    assert old not in shown
    code, said = words(*command, old, "x", "README.md")
    assert (code, f"Invalid value for '{new}'" in said) == (2, True), said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--architecture", "mips"), "'mips' is not one of 'arm64', 'x86_64'"),
        (("--region", "mars-1"), "'mars-1'; allowed: us-east-1, us-east-2, us-west-2, eu-west-1, eu-central-1."),
        (("--price", "s3_write=-1"), "'s3_write=-1': the price must be a number from 0 up, such as s3_write=5.4"),
        (("--price", "s3_write=nan"), "'s3_write=nan': the price must be a number from 0 up"),
        (("--assume", "batch=0"), "'batch=0': the value must be a number above 0, such as cpu_ms=300"),
        (("--pictures", "0"), "it is at least 1"),
        (("--pictures", "many"), "'many' is no number such as 1000, 10k or 2.5M"),
        (("--months", "12", "--views", "-1"), "'-1' is no number such as 1000, 10k or 2.5M"),
        (
            ("--months", "12", "--assume", "speed=1"),
            "'speed' is not an assumption; allowed: alarms",
        ),
        (("--views", "10M"), "--views needs --months: without it, the estimate is of processing alone."),
        (("--scenario", "url"), "--scenario needs --months"),
        (("--originals", "infrequent"), "--originals needs --months"),
        (("--assume", "view_bytes=1000"), "--assume view_bytes needs --months"),
        (("--effort", "highest"), "'highest' is not one of 'normal', 'high'"),
        (("--in-place", "--effort", "high"), "--in-place excludes --effort"),
        (("--in-place", "--scenario", "url"), "--in-place excludes --scenario url"),
        (("--months", "12", "--scenario", "attach", "--replicas", "standard"), "--replicas is for originals in the"),
        (("--months", "12", "--in-place", "--originals", "infrequent"), "--originals is for originals in the"),
    ],
)
def test_an_estimate_of_nonsense_is_refused_with_what_is_allowed(arguments: tuple[str, ...], said: str) -> None:
    code, shown = words("estimate", *arguments)
    assert code in {1, 2}
    assert said in shown
