"""What code in the child can still do, once it has taken over a decoder: docs/security.md has the same list."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lightpress.image.inputs import READABLE
from lightpress.image.spec import Size
from lightpress.pipeline.confinement import STEPS, SYSTEM_CALLS
from lightpress.pipeline.sandbox import SandboxLimits, render_in_sandbox
from lightpress.pipeline.system_calls import filter_for, refused_calls
from tests.image.drawings import svg
from tests.pipeline.escaping import ATTEMPTS
from tools.drawing import spec

PROJECT = Path(__file__).parents[2]
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "ASIA" + "X" * 16,
    "AWS_SECRET_ACCESS_KEY": "k" * 40,
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjE" + "t0ken/" * 150,
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are confined on Linux alone")


def tried(folder: Path, where: str) -> dict[str, tuple[str, list[str]]]:
    """What becomes of each attempt: "refused" or "allowed", and what the kernel refused of the confinement."""
    return {name: (said, open_) for name, (said, open_) in program(folder, where).items()}


def program(folder: Path, where: str) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.pipeline.escaping", str(folder), where],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", **CREDENTIALS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[str]]]:
    return tried(tmp_path_factory.mktemp("free"), "free")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[str]]]:
    return tried(tmp_path_factory.mktemp("here"), "here")


@pytest.fixture(scope="module")
def in_lambda(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[str]]]:
    if refuses_filters():
        pytest.skip("to be refused prctl takes a seccomp filter, which this kernel refuses")
    return tried(tmp_path_factory.mktemp("lambda"), "lambda")


def refuses_filters() -> bool:
    """Whether the kernel knows no seccomp filters (PR_GET_SECCOMP), or the machine has no table of calls."""
    known = ctypes.CDLL(None).prctl(21, 0, 0, 0, 0) >= 0
    return not known or filter_for(platform.machine(), 1) is None


@pytest.mark.parametrize("name", ATTEMPTS)
def test_what_code_in_the_child_can_still_do(name: str, here: dict[str, tuple[str, list[str]]]) -> None:
    said, refused_steps = here[name]
    refused_by = ATTEMPTS[name].refused_by
    if refused_by in refused_steps:
        pytest.skip(f"this kernel refuses to confine: {refused_by}")
    assert said == ("refused" if refused_by else "allowed")


@pytest.mark.parametrize("name", ATTEMPTS)
def test_all_of_it_can_be_done_where_nothing_is_confined(name: str, free: dict[str, tuple[str, list[str]]]) -> None:
    if free[name][0] == "refused" and ATTEMPTS[name].traces and os.geteuid() != 0:
        pytest.skip("this kernel keeps tracing to parents and to root (Yama)")
    assert free[name][0] == "allowed"


@pytest.mark.parametrize("secret", ["none", "test", "fill"])
def test_the_password_of_an_emulator_is_not_overwritten_in_the_bytes_of_a_picture(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word of the drawing: to overwrite it would damage the file, and tell its uploader so."""
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    data = svg(f'<path id="{secret}" d="M2 2h9v9h-9z" fill="none" stroke="#123"/>')
    wanted = spec(Size("w", 24), accept=READABLE)
    assert [one.width for one in render_in_sandbox(data, wanted, SandboxLimits()).variants] == [24]


@pytest.mark.parametrize("name", [name for name, one in ATTEMPTS.items() if one.refused_by not in {None, SYSTEM_CALLS}])
def test_where_the_kernel_takes_no_filter_all_else_holds_and_the_missing_step_is_named(
    name: str, in_lambda: dict[str, tuple[str, list[str]]]
) -> None:
    assert in_lambda[name] == ("refused", [SYSTEM_CALLS])


def test_the_list_of_the_documents_is_this_one() -> None:
    text = " ".join((PROJECT / "docs" / "security.md").read_text("utf-8").split())
    section = text.partition("## What code in the child can still do")[2].partition("It can also")[0]
    told: dict[str, str | None] = {}
    for part in section.split(" - ")[1:]:
        refused = re.match(r"`(\w+)`: .* It cannot: (.+)\.$", part.strip())
        allowed = re.match(r"It can: (.+)\.$", part.strip())
        told |= dict.fromkeys(refused[2].split("; "), refused[1]) if refused else {}
        told |= dict.fromkeys(allowed[1].split("; ")) if allowed else {}
    assert told == {name: one.refused_by for name, one in ATTEMPTS.items()}


def test_the_end_of_the_session_token_is_nowhere_in_the_memory_of_a_child_though_its_parent_has_it_100_times(
    tmp_path: Path,
) -> None:
    found = program(tmp_path, "memory")
    assert found["child"] == 0
    assert found["parent"] > found["held"] == 100


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_of_the_calls_are_the_kernels(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("needs the kernel's headers (linux-libc-dev)")
    named = re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text())
    theirs = {name: int(number) for name, number in named}
    ours = refused_calls(machine)
    assert len(ours) > 70
    assert ours == {name: theirs.get(name, number) for name, number in ours.items()}
    assert len(set(ours) - set(theirs)) <= 1  # fchmodat2, of Linux 6.6


def test_every_call_that_is_refused_to_x86_64_and_exists_on_arm64_is_refused_there() -> None:
    if not HEADERS["aarch64"].exists():
        pytest.skip("needs the kernel's headers (linux-libc-dev)")
    exists = {name for name, _ in re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)", HEADERS["aarch64"].read_text())}
    assert set(refused_calls("x86_64")) & exists <= set(refused_calls("aarch64"))


def test_another_machine_has_no_filter() -> None:
    assert filter_for("riscv64", 1) is None


def test_the_steps_have_the_names_that_logs_have() -> None:
    assert STEPS == ("credentials", "descriptors", "files", "system_calls")
