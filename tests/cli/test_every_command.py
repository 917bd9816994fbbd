"""Every command there is, met by every fault: one sentence and an exit code, never a traceback.

The commands are those of the command line itself: a new one is tested without being named here.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import typer.main
from PIL import Image
from typer.testing import CliRunner, Result

from lightpress.cdk.readiness import PROJECT
from lightpress.cli.main import app
from tests.cli.deployed import REGION, Rig
from tests.stores.refused import EXPIRED_TOKEN, LOST_CONNECTION, NOT_ALLOWED, Refusal, refusing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
IN_REGION = {"AWS_DEFAULT_REGION": REGION}

NEVER_RUN = {"demo", "local up", "local down", "template"}
"""They start or stop a local cloud, which the person who runs these tests may be using: tests/e2e runs them. Or they
download the layer's libraries: tests/package has what `template` writes."""
WITHOUT_AWS = {"init", "render", "estimate", "sign", "local status"}
ONE_OF_SEVERAL = {"erase": ("--key", "{key}"), "render": ("--out", "{folder}")}
"""What a command insists on without insisting on any one parameter."""
WITHOUT_JSON = {
    "demo": "a tour for people",
    "empty": "asks, and removes a deployment",
    "local down": "says one word",
    "sign": "prints a URL, or cookies as JSON",
}


def leaves(
    group: Any,  # noqa: ANN401  typer's own
    *names: str,
) -> Iterator[tuple[str, Any]]:
    """Every command, `failures list` for one."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, *names, name)
        else:
            yield " ".join((*names, name)), command


COMMANDS = dict(leaves(typer.main.get_command(app)))
TRIED = sorted(COMMANDS.keys() - NEVER_RUN)
ASKING_AWS = [name for name in TRIED if name not in WITHOUT_AWS]


@dataclass(frozen=True)
class Files:
    """What commands are given that need a file."""

    folder: Path

    def values(self) -> dict[str, str]:
        """A value for each parameter that some command insists on."""
        picture, urls, key = self.folder / "a.jpg", self.folder / "urls.txt", self.folder / "key.pem"
        if not picture.exists():
            Image.new("RGB", (30, 20), "red").save(picture)
            urls.write_text("https://example.com/a.jpg\n", encoding="utf-8")
            key.write_text("no key", encoding="utf-8")
        return {
            "pictures": str(picture),
            "files": str(picture),
            "urls": str(urls),
            "private_key": str(key),
            "folder": str(self.folder / "out"),
            "key": "a.jpg",
            "keys": "a.jpg",
            "bucket": "a-bucket",
            "url": "https://example.com/a.jpg",
            "key_id": "K",
            "point": "0.4,0.2",
            "environment": "dev",
        }


def line_of(name: str, values: Mapping[str, str]) -> list[str]:
    """The shortest line that the command accepts, and that asks nothing."""
    line = [*name.split(), *(word.format_map(values) for word in ONE_OF_SEVERAL.get(name, ()))]
    for param in COMMANDS[name].params:
        if param.required:
            assert param.name in values, f"{name}: give {param.name} a value in Files.values"
            line += [values[param.name]] if param.param_type_name == "argument" else [param.opts[0], values[param.name]]
        elif "--yes" in param.opts:
            line.append("--yes")
    return line


def run(*line: str, **environment: str | None) -> Result:
    clean: dict[str, str | None] = {name: None for name in os.environ if name.startswith(("AWS_", "LIGHTPRESS_"))}
    fixed = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "LIGHTPRESS_ENV": "dev", "COLUMNS": "500"}
    fixed |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return CliRunner().invoke(app, line, env=clean | fixed | environment)


def said(result: Result) -> str:
    """What is printed on the error output, or by a check of doctor: no traceback, and few lines."""
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    assert len(result.stderr.splitlines()) <= 2, result.stderr
    return result.output


@dataclass(frozen=True)
class Machine:
    """A way in which a machine is set up wrongly. sentences: one of them is said."""

    sentences: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


MACHINES = {
    "no credentials": Machine(("There are no valid AWS credentials on this machine",), IN_REGION),
    "no region": Machine(("No region is set", "Could not connect"), KEYS),  # S3 has one of its own, which is no answer
    "nobody answers": Machine(
        ("Nothing answers at http://127.0.0.1:9",), KEYS | IN_REGION | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    ),
    "no endpoint": Machine(("Invalid endpoint: s3",), KEYS | IN_REGION | {"AWS_ENDPOINT_URL": "s3"}),
    "no such profile": Machine(("AWS_PROFILE names no profile",), IN_REGION | {"AWS_PROFILE": "nobody"}),
    "no such region": Machine(("This is no region",), KEYS | {"AWS_DEFAULT_REGION": "eu west"}),
    "no configuration": Machine(
        ("The AWS configuration of this machine cannot be read",),
        IN_REGION | {"AWS_CONFIG_FILE": str(PROJECT / "README.md")},
    ),
}


@pytest.mark.sampled(28)
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ASKING_AWS)
def test_a_machine_that_is_set_up_wrongly_is_named_in_one_sentence(name: str, machine: str, tmp_path: Path) -> None:
    boto3.DEFAULT_SESSION = None
    if machine == "no region" and name == "connect":
        pytest.skip("S3 answers without a region, from us-east-1")
    wrong = MACHINES[machine]
    result = run(*line_of(name, Files(tmp_path).values()), **wrong.environment)
    boto3.DEFAULT_SESSION = None
    assert any(sentence in said(result) for sentence in wrong.sentences), result.output
    assert result.exit_code == 1


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (NOT_ALLOWED, "You may not do this in AWS ("),
        (EXPIRED_TOKEN, "Your AWS credentials have expired (ExpiredToken): get new ones"),
        (LOST_CONNECTION, "The connection to AWS was lost ("),
    ],
    ids=["denied", "expired", "lost"],
)
@pytest.mark.parametrize("name", ASKING_AWS)
def test_what_aws_refuses_is_told_in_one_sentence(
    rig: Rig, name: str, refusal: Refusal | None, sentence: str, tmp_path: Path
) -> None:
    rig.failed("a.jpg")
    session: Any = boto3.DEFAULT_SESSION
    with refusing(session.events, refusal):
        result = run(*line_of(name, Files(tmp_path).values()), **KEYS, **IN_REGION)
    assert result.exit_code == 1, result.output
    # HEAD has no body, so S3 gives no reason there.
    assert sentence in said(result) or "gives no reason for a HEAD request" in said(result), result.output


@pytest.mark.parametrize("name", TRIED)
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    here = Files(tmp_path).values()
    gone = {key: f"{value}.gone" for key, value in here.items() if value.startswith(str(tmp_path)) and key != "folder"}
    line = line_of(name, here | gone)
    if not any(word.endswith(".gone") for word in line):
        pytest.skip("it reads no file")
    result = run(*line, **KEYS, **IN_REGION, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    assert ".gone" in result.output


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    values = Files(tmp_path).values()
    (tmp_path / "file").write_bytes(b"")
    result = run("render", values["pictures"], "--out", str(tmp_path / "file" / "out"))
    assert result.exit_code == 1
    assert "a part of this path is a file, and must be a folder" in said(result)


def test_with_debug_wherever_it_stands_the_traceback_follows_the_sentence() -> None:
    for line in (("--debug", "status", "a.jpg"), ("status", "a.jpg", "--debug"), ("failures", "--debug", "list")):
        boto3.DEFAULT_SESSION = None
        result = run(*line, **IN_REGION)
        assert result.exit_code == 1
        first, *others = result.stderr.splitlines()
        assert first.startswith("The stack Lightpress-dev cannot be read. There are no valid AWS credentials")
        assert others[0].startswith("Traceback")
        assert any("NoCredentialsError" in other for other in others)


def test_what_follows_two_dashes_is_no_option() -> None:
    result = run("status", "--", "--debug", **IN_REGION)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_prints_json_or_says_why_it_has_none(name: str) -> None:
    has = any("--json" in param.opts for param in COMMANDS[name].params)
    assert has != (name in WITHOUT_JSON)


def test_json_is_one_line_whatever_the_command(rig: Rig) -> None:
    rig.upload("b.jpg")
    rig.failed("a.jpg")
    lines: dict[str, dict[str, Any]] = {
        "sweep": {
            "manifests": 1,
            "variants": dict.fromkeys(("dead", "stranded", "previous", "ownerless", "astray"), 0),
            "bytes": dict.fromkeys(("dead", "stranded", "previous", "ownerless", "astray"), 0),
            "without_original": [],
            "removed": 0,
            "sent_to_queue": 0,
            "refused_by_queue": 0,
        },
        "plan": {"manifests": 1, "to_render": 1},
        "backfill --dry-run": {"objects": 2, "to_send": 2},
        "estimate --pictures 1000": {"originals": 1000},
        "connect uploads": {"bucket": "uploads", "changed": True},
        "failures retry --timeout 0": {"key": "a.jpg", "status": None},
        "failures discard --yes": {"discarded": 1, "kept": []},
        "failures discard": {"discarded": 0, "kept": []},
    }
    for line, expected in lines.items():
        result = run(*line.split(), "--json", **KEYS, **IN_REGION)
        assert len(result.stdout.splitlines()) == 1, result.output
        found = json.loads(result.stdout)
        assert {name: found[name] for name in expected} == expected, line


# As programs, with pipes of the system.

PROGRAM = [sys.executable, "-c", "from lightpress.cli.main import app; app()"]


def environment() -> dict[str, str]:
    paths = [str(PROJECT / name) for name in ("lambda_src", "infra", "cli")]
    return {"PYTHONPATH": os.pathsep.join(paths), "HOME": "/nonexistent", "PATH": os.environ["PATH"]} | KEYS | IN_REGION


def test_a_reader_that_has_seen_enough_ends_the_command_without_a_word() -> None:
    with subprocess.Popen(
        [*PROGRAM, "estimate"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert (running.stderr.read(), running.wait(60)) == ("", 141)


def test_control_c_ends_the_command_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [*PROGRAM, "status", "a.jpg", "--env", "dev"],
            env=environment() | {"AWS_ENDPOINT_URL": endpoint},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            connection, _ = silent.accept()  # it waits for an answer now
            running.send_signal(signal.SIGINT)
            output, errors = running.communicate(timeout=60)
            connection.close()
    assert (running.returncode, output, errors) == (130, "", "")


def test_a_table_in_a_pipe_is_as_wide_as_its_contents_and_nothing_moves() -> None:
    ended = subprocess.run(
        [*PROGRAM, "estimate"], env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    rows = [line for line in ended.stdout.splitlines() if line.startswith("log_bytes")]
    assert len(rows) == 1
    assert rows[0].rstrip().endswith("what Lambda reports (not measured)")
    assert ended.stderr == ""
