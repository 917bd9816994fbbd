import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightpress.local import LocalCloudError, down, status, up
from lightpress.local.emulator import Emulator
from lightpress.local.home import Home, locked


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The home of a cloud; nothing runs in it any more after the test, whatever happened."""
    yield tmp_path
    down(tmp_path)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def files(home: Path) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"]


def start(home: Path, ports: dict[str, int]) -> list[str]:
    """Try to start a cloud of a project that has nothing in it; returns what was said."""
    said: list[str] = []
    with pytest.raises(LocalCloudError) as failure:
        up(home, project=home, say=said.append, **ports)  # type: ignore[arg-type]
    return [*said, str(failure.value)]


@pytest.mark.parametrize(("name", "option"), [("port", "--port"), ("cdn_port", "--cdn-port")])
def test_a_port_that_is_taken_is_named_before_anything_is_started(
    home: Path, taken_port: int, free_port: int, name: str, option: str
) -> None:
    said = start(home, {"port": free_port, "cdn_port": free_port, name: taken_port})
    assert len(said) == 1
    assert str(taken_port) in said[0]
    assert option in said[0]
    assert files(home) == []


def test_one_port_for_both_is_refused_before_anything_is_started(home: Path, free_port: int) -> None:
    said = start(home, {"port": free_port, "cdn_port": free_port})
    assert said == [
        f"Port {free_port} is wanted for the AWS endpoint and for the CDN: choose another with --port or --cdn-port."
    ]
    assert files(home) == []


def test_a_cloud_with_other_settings_is_not_replaced(home: Path, free_port: int) -> None:
    emulator = Home(home).emulator
    command = Emulator(4999, None).command(Path(sys.executable))
    emulator.start([sys.executable, "-c", "import time; time.sleep(60)", *command], environment={}, folder=home)
    said = start(home, {"port": free_port, "cdn_port": free_port})
    assert said == [
        "A local cloud with other settings runs already, at http://127.0.0.1:4999. Stop it first: lightpress local down"
    ]
    assert emulator.running()
    assert str(status(home)).startswith("broken at http://127.0.0.1:4999 since ")
    assert down(home)


def test_a_cdn_that_outlived_its_emulator_is_reported_and_stopped(home: Path) -> None:
    Home(home).cdn.start([sys.executable, "-c", "import time; time.sleep(60)"], environment={}, folder=home)
    assert status(home).running
    assert not status(home).healthy
    assert str(status(home)).startswith("broken: the emulator is gone (process cdn ")
    assert down(home)
    assert not status(home).running


def test_what_never_ran_is_not_running_and_needs_no_stopping(home: Path) -> None:
    assert not status(home).running
    assert not status(home).healthy
    assert str(status(home)) == "not running"
    assert not down(home)


def test_down_removes_what_a_crash_left(home: Path) -> None:
    cloud = Home(home)
    (cloud.scratch / "ministack-lambda-x").mkdir(parents=True)
    (cloud.scratch / "ministack-lambda-x" / "code.zip").touch()
    cloud.outputs.touch()
    cloud.emulator.record.write_text('{"pid": 1, "command": ["python", "of", "yesterday"]}')
    cloud.emulator.log.write_text("why it crashed")
    assert not down(home)
    assert files(home) == ["emulator.log"]


def test_who_wants_the_same_waits_and_who_wants_another_does_not(home: Path) -> None:
    turns: list[str] = []

    def take(name: str) -> None:
        with locked(home / name):
            turns.append(name)

    waiting, other = (threading.Thread(target=take, args=[name]) for name in ("same", "other"))
    with locked(home / "same"):
        waiting.start()
        other.start()
        other.join()
        turns.append("done")
    waiting.join()
    assert turns == ["other", "done", "same"]
