"""`lightpress erase`, the real command beside working functions: of two owners one is gone, everywhere."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lightpress.client.uploading import upload
from lightpress.pipeline.paths import manifest_path, variants_folder
from lightpress.uploads.requests import owner_of
from tests.e2e.conftest import PROJECT
from tests.e2e.test_delivery import PURGED_WITHIN
from tests.e2e.test_pipeline import eventually, picture, settle, stored

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from tests.e2e.conftest import Fetch

ALICE, BOB = owner_of("alice"), owner_of("bob")
MINE = (f"erase/{ALICE}/1/cat.jpg", f"erase/{ALICE}/2/dog ü+%.jpg")
BAD = f"erase/{ALICE}/3/bad.jpg"
OTHERS = (f"erase/{BOB}/1/cat.jpg", f"erase/{ALICE}x/1/cat.jpg")


def erase(cloud: Outputs, folder: Path, *arguments: str, waits: int | None = None) -> tuple[int, dict[str, Any]]:
    """Run the command in a process of its own, against this cloud. waits: seconds that functions work at most."""
    if waits is not None:
        cloud = replace(cloud, retention=json.dumps(json.loads(cloud.retention) | {"working_seconds": waits}))
    cloud.write(folder / "outputs.json")
    program = (
        "import sys; from pathlib import Path; import lightpress.cli.project as project;"
        "project.LOCAL = Path(sys.argv.pop(1)); from lightpress.cli.main import app; app()"
    )
    command = [sys.executable, "-c", program, str(folder), "erase", "local", *arguments, "--yes", "--json"]
    done = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=False, timeout=900)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.emulator("it erases")
def test_of_two_owners_one_is_erased_with_all_versions_and_the_cdn_and_the_other_is_served_as_before(
    deployment: Deployment, cloud: Outputs, s3: S3Client, fetch: Fetch, tmp_path: Path
) -> None:
    settle(deployment, *(upload(deployment, key, picture(1), "image/jpeg") for key in (*MINE, *OTHERS)))
    mine = settle(deployment, *(upload(deployment, key, picture(2), "image/jpeg") for key in MINE))
    settle(deployment, upload(deployment, BAD, b"no picture", "image/jpeg"))
    paths = [variant.path for manifest in mine for variant in manifest.variants]
    assert {fetch(f"/{path}").status for path in paths} == {200}
    before = {key: hashlib.sha256(fetch(f"/{key}?w=320").data).hexdigest() for key in OTHERS}

    code, told = erase(cloud, tmp_path, "--owner", "alice", "--no-wait")
    assert (code, told["complete"], told["keys"]) == (3, False, 3)
    assert told["removed"]["versions"] >= 2 * 2 + 1
    assert told["removed"]["variants"] >= len(paths)
    assert (told["removed"]["manifests"], told["removed"]["rows"], told["removed"]["copies"]) == (0, 0, 0)
    assert [one for one in told["held"] if one["until"]]

    prefix = f"erase/{ALICE}/"
    listed = s3.list_object_versions(Bucket=cloud.uploads_bucket, Prefix=prefix)
    assert not listed.get("Versions", []) + listed.get("DeleteMarkers", [])
    for key in (*MINE, BAD):
        assert stored(s3, cloud, variants_folder(key)) == []
    eventually(lambda: {fetch(f"/{path}").status for path in paths} <= {403, 404}, PURGED_WITHIN)
    eventually(lambda: fetch(f"/{MINE[0]}?w=320").status == 410, PURGED_WITHIN)
    after = {key: hashlib.sha256(fetch(f"/{key}?w=320").data).hexdigest() for key in OTHERS}
    assert after == before

    code, again = erase(cloud, tmp_path, "--owner", "alice", waits=2)
    assert (code, again["complete"], again["keys"]) == (0, True, 3)
    assert (again["removed"]["manifests"], again["removed"]["rows"], again["removed"]["copies"]) == (3, 1, 1)
    for key in (*MINE, BAD):
        body = s3.get_object(Bucket=cloud.images_bucket, Key=manifest_path(key))["Body"].read()
        assert json.loads(body)["key"] == ""

    # Whatever S3 said of the deletions has been heard by now, and brought no name back.
    _, nothing = erase(cloud, tmp_path, "--owner", "alice", "--no-wait")
    assert (nothing["keys"], set(nothing["removed"].values())) == (0, {0})
