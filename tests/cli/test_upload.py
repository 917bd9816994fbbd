"""`lightpress upload`: files and folders under keys that differ, streamed, large ones in parts."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from lightpress.aws.images import S3Images
from lightpress.cli.files import File, NoKeyError, refuse_unfit_names
from lightpress.cli.main import app
from lightpress.client.deployment import Deployment
from lightpress.client.sending import Listener, Sending
from lightpress.pipeline.manifest import DroppedOriginal, Manifest, PublishedSource, Status, Variant
from tests.cli.deployed import IMAGES, UPLOADS, Rig
from tests.stores.refused import EXPIRED_TOKEN, refusing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightpress.pipeline.source import Original

MB = 1 << 20


@contextmanager
def published(*, failing: str = "-", leaving: bool = False) -> Iterator[None]:
    """Publish whatever is uploaded, as the functions do; keys with `failing` in them fail. leaving: originals leave."""
    s3, ended = boto3.client("s3"), threading.Event()

    def work() -> None:
        done: set[str] = set()
        while not ended.wait(0.02):
            for item in s3.list_objects_v2(Bucket=UPLOADS).get("Contents", []):
                if item["Key"] not in done:
                    done.add(item["Key"])
                    identity = s3.head_object(Bucket=UPLOADS, Key=item["Key"])["VersionId"]
                    made = manifest(item["Key"], identity, failed=failing in item["Key"])
                    dropped = DroppedOriginal(None, 1) if leaving else None
                    S3Images(s3, IMAGES).publish(replace(made, original_dropped=dropped), None)
                    if leaving:
                        s3.delete_object(Bucket=UPLOADS, Key=item["Key"], VersionId=identity)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def manifest(key: str, identity: str, *, failed: bool) -> Manifest:
    source = PublishedSource(identity, 4, "jpeg", 400, 300)
    if failed:
        return Manifest(key, Status.FAILED, 1, source, reason="corrupt")
    if key.startswith("held/"):
        return Manifest(key, Status.HELD, 1, source, "web", "d", gate=("malware", "person"))
    variant = Variant("w320", "jpeg", "image/jpeg", 320, 240, 9, "", "i/x/1-x/w320.jpg", quality=76)
    return Manifest(key, Status.READY, 1, source, "web", "d", "1-x", None, (variant,))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["upload", *map(str, arguments)])


def words(result: Result) -> str:
    return " ".join(result.output.replace("│", " ").split())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "trips"
    for name in ("x.jpg", "rome/x.jpg", "rome/forum/x.jpg", "é ü.png"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 20), "navy").save(path)
    (root / "notes.txt").write_text("no picture")
    return root


KEYS = {"trips/x.jpg", "trips/rome/x.jpg", "trips/rome/forum/x.jpg", "trips/é ü.png"}


def test_a_folder_keeps_its_paths_so_that_nothing_overwrites_anything(rig: Rig, tree: Path) -> None:
    with published():
        result = run(tree, "--prefix", "2026/", "--json")
    assert result.exit_code == 0, result.output
    found = {fact["key"]: fact for fact in map(json.loads, result.stdout.splitlines())}
    assert rig.stored(UPLOADS) == {f"2026/{key}" for key in KEYS} == found.keys()
    assert found["2026/trips/x.jpg"]["status"] == "ready"
    assert found["2026/trips/x.jpg"]["variants"][0]["url"] == "https://cdn.example.com/i/x/1-x/w320.jpg"
    head = rig.deployment.s3.head_object(Bucket=UPLOADS, Key="2026/trips/é ü.png")
    assert (head["ContentType"], head["ContentLength"]) == ("image/png", (tree / "é ü.png").stat().st_size)


def test_two_files_of_one_name_are_refused_before_anything_is_sent(rig: Rig, tree: Path) -> None:
    result = run(tree / "x.jpg", tree / "rome" / "x.jpg")
    assert result.exit_code == 1
    assert f"{tree}/x.jpg and {tree}/rome/x.jpg would both become x.jpg: name the folder" in words(result)
    assert rig.stored(UPLOADS) == set()


def test_a_name_of_which_s3_makes_no_key_is_refused_before_anything_is_sent(rig: Rig, tree: Path) -> None:
    longest = run(tree, "--prefix", f"{'ü' * 500}-/", "--timeout", "0")
    assert longest.exit_code == 0, longest.output
    sent = rig.stored(UPLOADS)
    assert max(len(key.encode()) for key in sent) == 1_024
    result = run(tree, "--prefix", f"{'ü' * 500}--/")
    assert result.exit_code == 1
    assert f"{tree}/rome/forum/x.jpg would have a key of 1,025 bytes, and S3 takes 1,024: shorten" in words(result)
    assert rig.stored(UPLOADS) == sent
    latin = os.fsdecode(b"caf\xe9.jpg")
    with pytest.raises(NoKeyError, match="is no name in UTF-8, of which S3 makes keys: rename it"):
        refuse_unfit_names([File(tree / latin, latin)], "")


def test_relative_names_keep_their_folders_but_not_those_that_lead_out(
    rig: Rig, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree / "rome")
    assert run("x.jpg", "../x.jpg", "./forum/x.jpg", "--timeout", "0").exit_code == 1
    result = run("forum/x.jpg", "../é ü.png", "./x.jpg", "--relative", "--timeout", "0")
    assert result.exit_code == 0, result.output
    assert rig.stored(UPLOADS) == {"forum/x.jpg", "é ü.png", "x.jpg"}


def test_a_large_file_is_sent_in_parts_and_a_small_one_at_once(rig: Rig, tmp_path: Path) -> None:
    small, large = tmp_path / "small.tif", tmp_path / "large.tif"
    small.write_bytes(b"II*\0")
    with large.open("wb") as file:
        file.truncate(40 * MB)
    asked: list[str] = []

    def hear(request: Any, **_: object) -> None:  # noqa: ANN401  botocore's
        asked.append(f"{request.method} {re.sub(r'uploadId=[^&]*', 'uploadId', request.url.partition('.com/')[2])}")

    moved: list[int] = []
    rig.deployment.s3.meta.events.register("before-send.s3", hear)
    Sending(rig.deployment, 0, Listener(moved.append))([(small, "small.tif"), (large, "large.tif")])
    assert sorted(one for one in asked if one.startswith("P")) == [
        "POST large.tif?uploadId",
        "POST large.tif?uploads",
        "PUT large.tif?uploadId&partNumber=1",
        "PUT large.tif?uploadId&partNumber=2",
        "PUT large.tif?uploadId&partNumber=3",
        "PUT small.tif",
    ]
    assert sum(moved) == 40 * MB + 4
    assert rig.deployment.s3.head_object(Bucket=UPLOADS, Key="large.tif")["ContentLength"] == 40 * MB


def test_an_original_that_leaves_before_anybody_has_looked_at_it_is_uploaded_all_the_same(
    rig: Rig, tmp_path: Path
) -> None:
    path = tmp_path / "cat.jpg"
    Image.new("RGB", (30, 20), "navy").save(path)

    class Slow(Deployment):
        """Looks at originals when they have left."""

        def original(self, key: str) -> Original | None:
            while (found := super().original(key)) is not None:
                time.sleep(0.01)
            return found

    slow = Slow(**{field.name: getattr(rig.deployment, field.name) for field in fields(rig.deployment)})
    with published(leaving=True):
        assert Sending(slow, timeout=20)([(path, "cat.jpg")]) == []
    assert not rig.stored(UPLOADS)


def test_the_exit_code_tells_of_failures_and_of_those_that_are_late(rig: Rig, tree: Path) -> None:
    with published(failing="forum"):
        result = run(tree)
    assert result.exit_code == 1
    assert "trips/rome/forum/x.jpg: failed" in result.stdout
    assert "trips/rome/x.jpg" in result.stdout
    late = run(tree / "x.jpg", "--timeout", "0.2", "--json")
    assert (late.exit_code, json.loads(late.stdout)) == (1, {"key": "x.jpg", "status": "processing"})
    assert "x.jpg: not finished after 0 s; see: lightpress status x.jpg" in late.stderr
    assert "x.jpg" in rig.stored(UPLOADS)


def test_what_waits_for_its_reviewers_is_said_to_with_their_names_and_is_no_failure(rig: Rig, tree: Path) -> None:
    assert rig
    with published():
        result = run(tree / "x.jpg", "--prefix", "held/")
    assert (result.exit_code, words(result)) == (0, "held/x.jpg: held until it is reviewed (malware, person)")


def test_a_file_that_vanishes_is_named_and_the_others_are_uploaded(rig: Rig, tmp_path: Path, tree: Path) -> None:
    unread: list[Path] = []
    listener = Listener(unread=lambda path, _: unread.append(path))
    Sending(rig.deployment, 0, listener)([(tmp_path / "gone.jpg", "gone.jpg"), (tree / "x.jpg", "x.jpg")])
    assert (unread, rig.stored(UPLOADS)) == ([tmp_path / "gone.jpg"], {"x.jpg"})


def test_a_token_that_expires_between_parts_leaves_no_parts_behind(rig: Rig, tmp_path: Path) -> None:
    large = tmp_path / "large.tif"
    with large.open("wb") as file:
        file.truncate(40 * MB)
    session: Any = boto3.DEFAULT_SESSION
    with refusing(session.events, EXPIRED_TOKEN, lambda what: "partNumber=2" in what):
        result = run(large)
    assert result.exit_code == 1
    assert result.stderr.startswith("Your AWS credentials have expired (ExpiredToken): get new ones")
    assert "Uploads" not in rig.deployment.s3.list_multipart_uploads(Bucket=UPLOADS)
    assert rig.stored(UPLOADS) == set()


def test_control_c_ends_an_upload_and_leaves_no_parts_behind(rig: Rig, tmp_path: Path) -> None:
    large = tmp_path / "large.tif"
    with large.open("wb") as file:
        file.truncate(64 * MB)
    session: Any = boto3.DEFAULT_SESSION

    def interrupt(what: str) -> bool:
        if "partNumber=1" in what:
            os.kill(os.getpid(), signal.SIGINT)
        return False

    with refusing(session.events, EXPIRED_TOKEN, interrupt):
        result = run(large)
    assert result.exit_code == 130
    assert "Traceback" not in result.output
    assert "Uploads" not in rig.deployment.s3.list_multipart_uploads(Bucket=UPLOADS)
    assert rig.stored(UPLOADS) == set()


def test_the_standard_input_has_no_name_and_is_refused(rig: Rig) -> None:
    result = run("-")
    assert result.exit_code == 2
    assert "Standard input has no name to make a key of." in words(result)
    assert rig.stored(UPLOADS) == set()
