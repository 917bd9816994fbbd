"""`make arm64` tries every format and every function, and what came out wrong is called wrong."""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from math import dist
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from lightpress.image.compress import COMPRESSIBLE
from lightpress.image.faces import is_installed
from lightpress.image.focus import focus_of
from lightpress.image.inputs import INPUTS
from lightpress.image.outputs import OUTPUTS
from lightpress.image.pixel_library import pixel_library
from tools.arm64 import guest
from tools.arm64.artefact import functions
from tools.arm64.aws import empty_account
from tools.arm64.calls import CALLS, wrong_with
from tools.arm64.jobs import FACE_AT, FACES, TOO_LITTLE_CPU, TOO_LITTLE_MEMORY, jobs, originals, person
from tools.arm64.judge import judged, judged_library
from tools.arm64.machine import MachineError, arm64_machine
from tools.drawing import file_of, plain, ramp

if TYPE_CHECKING:
    from pathlib import Path

_RESOLVE = "lightpress.handlers.resolve"
_NOT_FOUND = json.dumps({"answer": {"statusCode": 404}})


def _variants(*files: str) -> dict[str, Any]:
    """The result of a job that made these files of 64 x 64 pixels."""
    made = [{"format": "png", "width": 64, "height": 64, "file": file} for file in files]
    return {"name": "job", "variants": made, "seconds": 1.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """On both machines: `ramp.png`, and `dark.png`, which is black on arm64."""
    for machine, dark in (("arm64", plain((0, 0, 0), (64, 64))), ("here", ramp())):
        (tmp_path / machine).mkdir()
        (tmp_path / machine / "ramp.png").write_bytes(file_of(ramp()))
        (tmp_path / machine / "dark.png").write_bytes(file_of(dark))
    return tmp_path


def test_every_format_that_is_read_is_written_in_every_format() -> None:
    work, files = jobs()
    read = {job["file"]: job for job in work if job["name"].startswith("read ")}
    assert set(read) == set(originals()) == {row.name for row in INPUTS}
    assert all(job["options"]["formats"] == tuple(OUTPUTS) for job in read.values())
    assert {job["file"] for job in work} == set(files)
    for row in INPUTS:
        assert row.begins(files[row.name]), row.name


def test_what_can_be_compressed_in_place_is_so_with_and_without_loss() -> None:
    work, _ = jobs()
    done = {job["name"] for job in work if job["work"] == "compress"}
    assert done == {f"in place {name}, {mode}" for name in COMPRESSIBLE for mode in ("lossless", "lossy")}


@pytest.mark.parametrize(("name", "ended"), [(TOO_LITTLE_MEMORY, "lost"), (TOO_LITTLE_CPU, "rejected")])
def test_64_mb_and_a_second_are_not_enough_for_the_large_original(name: str, ended: str, tmp_path: Path) -> None:
    work, files = jobs()
    (job,) = [job for job in work if job["name"] == name]
    # In a process of its own: what this one has reserved and given back by now would be room besides.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        assert ended in fresh.submit(guest.work_on, job, files[job["file"]], tmp_path).result()


def test_the_guest_writes_what_it_says(tmp_path: Path) -> None:
    work, files = jobs()
    result = guest.work_on(work[0], files[work[0]["file"]], tmp_path)
    assert len(result["variants"]) == 2 * len(OUTPUTS)
    assert {one["file"] for one in result["variants"]} == {path.name for path in tmp_path.iterdir()}


def test_the_same_files_are_as_they_must_be(folder: Path) -> None:
    found = judged("job", _variants("ramp.png"), _variants("ramp.png"), folder, emulated=True)
    assert (found.wrong, found.said) == ("", "1 files: png; 1 to the byte; difference 0.00")


@pytest.mark.parametrize(
    ("there", "wrong"),
    [
        (None, "it ended before this job was done"),
        (_variants("dark.png"), "levels from this machine's"),
        (_variants(), "this machine makes"),
        ({"name": "job", "rejected": "corrupt", "seconds": 1.0}, "there are no variants"),
        ({"name": "job", "lost": "signal 9", "seconds": 1.0}, "there are no variants"),
    ],
)
def test_a_job_is_wrong_that_ends_early_or_makes_other_pictures(
    there: dict[str, Any] | None, wrong: str, folder: Path
) -> None:
    here = _variants("dark.png") if there and there.get("variants") else _variants("ramp.png")
    assert wrong in judged("job", there, here, folder, emulated=True).wrong


def test_limits_must_end_as_they_do_here_but_that_on_memory_is_not_shown_by_an_emulator(folder: Path) -> None:
    published, lost = _variants(), {"name": "job", "lost": "MemoryError", "seconds": 1.0}
    assert judged(TOO_LITTLE_MEMORY, published, lost, folder, emulated=True).wrong == ""
    assert judged(TOO_LITTLE_MEMORY, published, lost, folder, emulated=False).wrong == "this machine: lost"
    assert judged(TOO_LITTLE_CPU, published, lost, folder, emulated=True).wrong == "this machine: lost"


@pytest.mark.parametrize(
    ("focus", "wrong"),
    [
        (FACE_AT, ""),
        ((FACE_AT[0] + 0.01, FACE_AT[1] - 0.01), ""),
        ((0.2, 0.5), "and found at (0.2, 0.5)"),
        (None, "and found at None"),
    ],
)
def test_the_face_must_be_found_where_it_was_drawn(focus: tuple[float, float] | None, wrong: str, folder: Path) -> None:
    made = _variants("ramp.png") | {"focus": focus}
    assert judged(FACES, made, made, folder, emulated=True).wrong.endswith(wrong)
    assert bool(judged(FACES, made, made, folder, emulated=True).wrong) == bool(wrong)


@pytest.mark.skipif(not is_installed(), reason="ai-edge-litert has no wheel for this machine")
def test_here_the_face_is_found_and_without_the_model_what_is_louder(tmp_path: Path) -> None:
    work, files = jobs()
    (job,) = [job for job in work if job["name"] == FACES]
    found = guest.work_on(job, files[job["file"]], tmp_path)["focus"]
    assert dist(found, FACE_AT) < 0.04
    assert focus_of(person())[0] < 0.5


def test_an_emulated_machine_tells_of_a_processor_of_its_own_kind(tmp_path: Path) -> None:
    """What reads which features it has would find x86-64's, and no processor of which it knows anything."""
    python = tmp_path / "root" / "usr" / "bin" / "python3.13"
    python.parent.mkdir(parents=True)
    python.touch()
    try:
        machine = arm64_machine(tmp_path)
    except MachineError as error:
        pytest.skip(str(error))
    if not machine.emulated:
        pytest.skip("this machine is one")
    told = (tmp_path / "root" / "proc" / "cpuinfo").read_text("utf-8")
    assert told.count("CPU part\t: 0xd0c") == os.cpu_count()
    assert machine.environment["QEMU_CPU"] == "neoverse-n1"


def test_every_function_that_a_stack_can_have_is_called_with_the_settings_of_its_template(tmp_path: Path) -> None:
    deployed = functions(tmp_path)
    assert set(deployed) == set(CALLS)
    assert deployed[_RESOLVE].variables["IMAGES_BUCKET"]
    assert [module for module, one in deployed.items() if not one.has_layers] == [_RESOLVE]


def test_a_handler_must_end_well_answer_as_it_must_and_have_asked_aws() -> None:
    asked = ["GET /lightpress/m/abc.json"]
    assert wrong_with(_RESOLVE, 0, f"a log line\n{_NOT_FOUND}\n", asked)[1] == ""
    assert "ImportError" in wrong_with(_RESOLVE, 1, "ImportError: libwebp", asked)[1]
    assert wrong_with(_RESOLVE, 0, _NOT_FOUND, [])[1] == "no signed request GET /lightpress/m/..."
    assert "it must be" in wrong_with(_RESOLVE, 0, json.dumps({"answer": {"statusCode": 502}}), asked)[1]


def test_an_empty_account_has_no_objects_and_hears_of_signed_requests_only() -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=..."}
    with empty_account() as account, urllib3.PoolManager(retries=False) as pool:
        assert pool.request("GET", f"{account.url}/bucket?list-type=2").status == 200
        assert pool.request("GET", f"{account.url}/key", headers=signed).status == 404
    assert account.signed == ["GET /key"]


@pytest.mark.parametrize(
    ("status", "printed", "wrong"),
    [
        (0, '{"same": 21, "of": 21}\n', ""),
        (0, '{"same": 20, "of": 21}\n', "all must be"),
        (0, '{"same": -1, "of": 21}\n', "it cannot be loaded"),
        (-11, "", "it said nothing"),
        (1, "Traceback", "Traceback"),
    ],
)
def test_the_pixel_library_makes_21_of_21_pictures_as_pillow_does_or_is_called_wrong(
    status: int, printed: str, wrong: str
) -> None:
    verdict = judged_library(status, printed, 1.0)
    assert verdict.wrong == wrong
    assert verdict.said == {0: verdict.said}.get(status, f"it ended with {status}")


@pytest.mark.skipif(pixel_library() is None, reason="the pixel library is for Linux on x86-64 and arm64")
def test_of_21_pictures_all_are_resized_read_or_written_to_the_bytes_of_pillow_here() -> None:
    assert guest.library() == {"same": 21, "of": 21}
