"""Originals that leave, on the strict local cloud: what is left can be fetched, until somebody deletes what is gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lightpress.aws.hints import SqsLooks
from lightpress.aws.originals import S3Originals
from lightpress.cli.status import look
from lightpress.client.uploading import upload
from lightpress.delivery.permalink import permalink
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.source import Source
from tests.e2e.test_delivery import PURGED_WITHIN
from tests.e2e.test_erasing import erase
from tests.e2e.test_gate import status_of
from tests.e2e.test_pipeline import eventually, settle
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from pathlib import Path

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs

pytestmark = pytest.mark.emulator("its recipes are others")

PHOTO = file_of(ramp((1000, 700)), "JPEG")
OTHER = file_of(ramp((700, 1000)), "JPEG")
_LONG_ENOUGH_FOR_AN_EVENT = 3


@pytest.fixture(scope="module")
def cloud(cloud_by_folder: Outputs) -> Outputs:
    return cloud_by_folder


def has_left(deployment: Deployment, key: str) -> bool:
    """Whether nothing lies under the key, and what was published of it is still there."""
    lying = S3Originals(deployment.s3).newest(Source(deployment.uploads_bucket, key))
    return not any(not one.is_marker for one in lying) and look(deployment, key).state == "ready"


def published(deployment: Deployment, key: str, data: bytes) -> str:
    """Upload, and wait until the original has left; returns the path of a variant."""
    settle(deployment, upload(deployment, key, data, "image/jpeg"))
    eventually(lambda: has_left(deployment, key))
    manifest = deployment.manifest(key)
    assert manifest is not None
    return f"/{manifest.variants[0].path}"


def test_it_leaves_and_its_variants_stay_also_after_the_event_of_its_removal(cloud: Outputs) -> None:
    deployment, key = of_local_cloud(cloud), "dropped/cat.jpg"
    path = published(deployment, key, PHOTO)
    time.sleep(_LONG_ENOUGH_FOR_AN_EVENT)
    assert has_left(deployment, key)
    assert (status_of(cloud, path), status_of(cloud, permalink(key))) == (200, 200)


def test_it_can_be_overwritten_and_deleted_though_nothing_is_there(cloud: Outputs) -> None:
    deployment, key = of_local_cloud(cloud), "dropped/again.jpg"
    before = published(deployment, key, PHOTO)
    after = published(deployment, key, OTHER)
    assert before != after
    deployment.s3.delete_object(Bucket=deployment.uploads_bucket, Key=key)
    # The local cloud tells of no delete marker over nothing (docs/aws-differences.md): as the nightly look would.
    SqsLooks(deployment.sqs(), deployment.queue_url).request_look(Source(deployment.uploads_bucket, key))
    eventually(lambda: _is_deleted(deployment, key))
    eventually(lambda: status_of(cloud, permalink(key)) == 410, PURGED_WITHIN)
    eventually(lambda: status_of(cloud, after) in {403, 404}, PURGED_WITHIN)
    published(deployment, key, PHOTO)
    eventually(lambda: status_of(cloud, permalink(key)) == 200, PURGED_WITHIN)


def _is_deleted(deployment: Deployment, key: str) -> bool:
    manifest = deployment.manifest(key)
    return manifest is not None and manifest.status is Status.DELETED


def test_it_can_be_erased(cloud: Outputs, tmp_path: Path) -> None:
    deployment, key = of_local_cloud(cloud), "dropped/erased.jpg"
    path = published(deployment, key, PHOTO)
    code, told = erase(cloud, tmp_path, "--key", key, waits=2)
    assert (code, told["keys"], told["removed"]["manifests"]) == (0, 1, 1)
    assert _is_deleted(deployment, key)
    eventually(lambda: status_of(cloud, path) in {403, 404}, PURGED_WITHIN)


def test_a_bad_picture_stays(cloud: Outputs) -> None:
    deployment, key = of_local_cloud(cloud), "dropped/bad.jpg"
    upload(deployment, key, b"no picture", "image/jpeg")
    eventually(lambda: look(deployment, key).state == "failed")
    assert deployment.original(key) is not None
