"""The contract between the function and Lambda: what it answers, byte for byte, and what it survives."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from lightpress.pipeline.paths import manifest_path
from tests.handlers.conftest import batch, notification
from tests.runtime.runtime_api import Function
from tools.drawing import file_of, four_corners, speckled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HANDLER = "lightpress.handlers.process_upload.handler"
SETTINGS = {
    "UPLOADS_BUCKET": "uploads",
    "IMAGES_BUCKET": "images",
    "QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters",
    "PURGE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/purges",
    "POWERTOOLS_SERVICE_NAME": "lightpress",
    "POWERTOOLS_METRICS_NAMESPACE": "Lightpress",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
SMALL = file_of(four_corners((60, 40)))
BAD_MANIFEST = b"overwritten by somebody"


@pytest.fixture(scope="module")
def slow() -> bytes:
    """A picture that takes a second or more."""
    return file_of(speckled((4000, 3000)))


@pytest.fixture
def function(tmp_path: Path, slow: bytes) -> Iterator[Function]:
    uploads, manifests = tmp_path / "uploads", tmp_path / "images" / "m"
    for folder in (uploads, manifests):
        folder.mkdir(parents=True)
    for name, data in {"a": SMALL, "b": SMALL, "c": SMALL, "slow": slow, "bad": b"hello"}.items():
        (uploads / f"{name}.png").write_bytes(data)
    (tmp_path / "images" / manifest_path("b.png")).write_bytes(BAD_MANIFEST)
    with Function(HANDLER, SETTINGS, tmp_path) as function:
        yield function


def test_a_batch_that_is_done_is_answered_with_an_empty_list_and_never_with_null(function: Function) -> None:
    answer = function.invoke(batch(notification("a.png"), notification("bad.png")))
    assert (answer.kind, answer.body) == ("response", b'{"batchItemFailures": []}')


def test_one_bad_record_of_a_batch_is_reported_alone(function: Function) -> None:
    answer = function.invoke(batch(*map(notification, ("a.png", "b.png", "c.png"))))
    assert (answer.kind, answer.body) == ("response", b'{"batchItemFailures": [{"itemIdentifier": "id-1"}]}')


def test_a_batch_that_fails_whole_is_reported_and_is_no_error_of_the_function(function: Function) -> None:
    answer = function.invoke(batch(notification("b.png"), notification("b.png")))
    assert answer.kind == "response"
    assert answer.json() == {"batchItemFailures": [{"itemIdentifier": "id-0"}, {"itemIdentifier": "id-1"}]}


def test_what_there_is_no_time_for_is_returned_and_not_begun(function: Function) -> None:
    answer = function.invoke(batch(notification("a.png"), notification("c.png")), seconds=20)
    assert answer.json() == {"batchItemFailures": [{"itemIdentifier": "id-0"}, {"itemIdentifier": "id-1"}]}
    assert '"published"' not in function.log()


def test_when_time_runs_short_the_finished_are_kept_and_the_rest_is_returned(function: Function) -> None:
    function.invoke(batch(notification("a.png")))  # a warm function: its start is not what takes the time
    answer = function.invoke(batch(*map(notification, ("slow.png", "a.png", "c.png"))), seconds=30.4)
    assert answer.json() == {"batchItemFailures": [{"itemIdentifier": "id-1"}, {"itemIdentifier": "id-2"}]}


def test_a_renderer_that_is_killed_costs_its_picture_a_try_and_its_neighbours_nothing(function: Function) -> None:
    function.begin(batch(*map(notification, ("a.png", "slow.png", "c.png"))))
    kill_the_renderer_of("slow.png", function)
    answer = function.answer()
    assert answer.body == b'{"batchItemFailures": [{"itemIdentifier": "id-1"}]}'
    assert function.process.poll() is None
    again = function.invoke(batch(notification("slow.png")))
    assert again.body == b'{"batchItemFailures": []}'


def test_a_function_without_its_settings_fails_whole_and_names_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    settings = {name: value for name, value in SETTINGS.items() if name != "IMAGES_BUCKET"}
    with Function(HANDLER, settings, tmp_path) as function:
        answer = function.invoke(batch(notification("a.png")))
    assert answer.kind == "error"
    assert answer.json()["errorType"] == "SettingMissingError"
    assert "IMAGES_BUCKET" in answer.json()["errorMessage"]


def test_a_function_that_cannot_start_says_so_before_it_takes_any_message(tmp_path: Path) -> None:
    with Function("lightpress.handlers.nothing.handler", SETTINGS, tmp_path) as function:
        answer = function.answer()
    assert answer.kind == "init error"
    assert answer.json()["errorType"] == "Runtime.ImportModuleError"


def kill_the_renderer_of(key: str, function: Function) -> None:
    """Wait until the pictures before are done and this one is being rendered, then kill its renderer."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        children = function.children()
        if children and '"a.png"' in function.log():
            time.sleep(0.1)
            if function.children() == children:  # the same for so long: it is the slow one
                os.kill(children[0], signal.SIGKILL)
                return
        time.sleep(0.005)
    raise AssertionError(f"{key} was never rendered. The log:\n{function.log()}")
