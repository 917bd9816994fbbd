import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lightpress.local import processes
from lightpress.local.processes import Daemon, end_all

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)"]
PARENT = [
    sys.executable,
    "-c",
    """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
""",
]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path / "program.pid", tmp_path / "program.log")
    yield daemon
    daemon.stop()


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


def gone(pid: int) -> bool:
    return not any(found == pid and command for found, command in processes.commands())


def start(daemon: Daemon, command: list[str], environment: dict[str, str] | None = None) -> None:
    daemon.start(command, environment=environment or {}, folder=daemon.log.parent)
    assert eventually(daemon.last_words) or not daemon.running()


def test_a_program_runs_until_it_is_stopped(daemon: Daemon) -> None:
    start(daemon, SLEEPER)
    running = daemon.running()
    assert running is not None
    assert daemon.last_words() == "awake"
    assert daemon.stop()
    assert daemon.running() is None
    assert eventually(lambda: gone(running.pid))
    assert not daemon.stop()


def test_a_program_knows_only_the_environment_it_was_given(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    start(daemon, [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"], {"A": "1"})
    shells_own = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert {name: value for name, value in json.loads(daemon.last_words()).items() if name not in shells_own} == {
        "A": "1"
    }


def test_the_processes_that_a_program_started_end_with_it(daemon: Daemon) -> None:
    start(daemon, PARENT)
    child = int(daemon.last_words())
    assert not gone(child)
    daemon.stop()
    assert eventually(lambda: gone(child))


def test_a_program_that_does_not_listen_is_ended_all_the_same(daemon: Daemon) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    start(daemon, [sys.executable, "-c", deaf])
    running = daemon.running()
    assert running is not None
    daemon.stop()
    assert eventually(lambda: gone(running.pid))


def test_somebody_elses_process_that_got_the_pid_is_left_alone(daemon: Daemon) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as other:
        daemon.record.write_text(json.dumps({"pid": other.pid, "command": SLEEPER}))
        assert daemon.running() is None
        assert not daemon.stop()
        assert not daemon.record.exists()
        other.communicate(b"\n")
    assert other.returncode == 0


@pytest.mark.parametrize("record", ["", "{", None], ids=["empty", "torn", "missing"])
def test_a_record_that_says_nothing_is_no_running_program(daemon: Daemon, record: str | None) -> None:
    if record is not None:
        daemon.record.write_text(record)
    assert daemon.running() is None
    assert not daemon.stop()


def test_what_a_crash_left_is_found_by_its_command_line(tmp_path: Path) -> None:
    script = tmp_path / "ministack-lambda-x" / "_worker.py"
    script.parent.mkdir()
    script.write_text("import time; time.sleep(60)")
    with subprocess.Popen([sys.executable, str(script)]) as orphan:
        assert eventually(lambda: not gone(orphan.pid))
        assert not end_all(str(tmp_path / "ministack-lambda-y"))
        assert orphan.poll() is None
        assert end_all(str(tmp_path / "ministack-lambda-"))
    assert orphan.returncode < 0


def test_ps_tells_the_same_as_proc() -> None:
    own = [(pid, command) for pid, command in processes.commands_by_ps() if pid == os.getpid()]
    assert own == [(pid, command) for pid, command in processes.commands() if pid == os.getpid()]
