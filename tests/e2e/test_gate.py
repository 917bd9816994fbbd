"""The gate on the strict local cloud: nothing can be fetched before it is approved, nor after it is rejected.

What was approved is enriched: by a function of the stack that EventBridge asks, and by one of the owner's own.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
import urllib3

from lightpress.cli.reviews import Gate
from lightpress.client.uploading import upload
from lightpress.composition.publishing import RECIPES
from lightpress.delivery.permalink import permalink
from lightpress.image.outputs import OUTPUTS
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.enriching import fact_message
from lightpress.pipeline.facts import Fact, Label
from lightpress.pipeline.gate import PERSON, Review
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import generation_name, variants_folder
from lightpress.pipeline.recipe_file import load_recipes
from tests.e2e.test_pipeline import eventually, stored
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import Manifest

pytestmark = pytest.mark.emulator("its recipes are others")

PHOTO = file_of(ramp((1000, 700)), "JPEG")
_SECONDS = 30
YES, NO = Review(PERSON, approved=True), Review(PERSON, approved=False, detail="It shows a license plate.")


@pytest.fixture(scope="module")
def cloud(cloud_by_folder: Outputs) -> Outputs:
    return cloud_by_folder


def status_of(cloud: Outputs, path: str) -> int:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", cloud.cdn_base_url + path, redirect=False, retries=False).status


def held(deployment: Deployment, key: str) -> str:
    """Upload, and wait until it is held; returns its version."""
    upload(deployment, key, PHOTO, "image/jpeg")
    gate = Gate(deployment)
    eventually(lambda: any(one.key == key for one in gate.held()))
    (one,) = (one for one in gate.held() if one.key == key)
    return one.version


def test_an_upload_can_be_fetched_at_none_of_its_addresses_until_it_is_approved_and_within_seconds_after(
    cloud: Outputs,
) -> None:
    deployment, key = of_local_cloud(cloud), "held/cat.jpg"
    version = held(deployment, key)
    manifest = deployment.manifest(key)
    assert manifest is not None
    assert manifest.digest is not None
    revision = manifest.revision + 1
    folder = f"/{variants_folder(key)}{generation_name(revision, version, manifest.digest)}/"
    sizes = load_recipes(RECIPES).recipes["web"].spec.sizes
    future = {f"{folder}{size.name}.{row.extension}" for size in sizes for row in OUTPUTS.values()}
    assert {path: status_of(cloud, path) for path in future if status_of(cloud, path) not in {403, 404}} == {}
    assert status_of(cloud, permalink(key)) == 404
    gate = Gate(deployment)
    approved_at = time.monotonic()
    reviewed = gate.wait(key, gate.say(key, YES), YES, timeout=60)
    assert reviewed.state == Status.READY
    published = deployment.manifest(key)
    assert published is not None
    paths = {f"/{variant.path}" for variant in published.variants}
    assert paths <= future, "every address was asked for before"
    assert {path: status_of(cloud, path) for path in paths if status_of(cloud, path) != 200} == {}
    assert time.monotonic() - approved_at < _SECONDS
    assert [one.key for one in gate.held()] == []


def test_what_is_rejected_after_it_was_published_is_removed_and_no_permalink_shows_it(cloud: Outputs) -> None:
    deployment, key = of_local_cloud(cloud), "held/plate.jpg"
    held(deployment, key)
    gate = Gate(deployment)
    gate.wait(key, gate.say(key, YES), YES, timeout=60)
    path = f"/{published_path(deployment, key)}"
    assert (status_of(cloud, path), status_of(cloud, permalink(key))) == (200, 200)
    assert gate.wait(key, gate.say(key, NO), NO, timeout=120).state == Status.FAILED
    # What viewers have seen of the variant leaves the CDN once record_failure, which removes it, must have ended.
    # It publishes the failure first, and then removes what is dead by that.
    assert eventually(lambda: stored(deployment.s3, cloud, variants_folder(key)) == [])
    eventually(lambda: status_of(cloud, permalink(key)) == 404)
    manifest = deployment.manifest(key)
    assert manifest is not None
    assert (manifest.reason, manifest.detail) == ("rejected_by_gate", NO.detail)


def test_what_was_approved_is_asked_about_and_two_answers_come_into_its_manifest_without_rendering(
    cloud: Outputs,
) -> None:
    deployment = of_local_cloud(cloud)
    gate = Gate(deployment)
    manifests = []
    for key in ("facts/one.jpg", "facts/two.jpg"):
        held(deployment, key)
        gate.wait(key, gate.say(key, YES), YES, timeout=60)
        assert eventually(partial(has_answered, deployment, key, "duplicates"))
        manifests.append(told(deployment, key))
    one, two = manifests
    assert "facts/one.jpg" in two.facts[0].looks_like
    assert one.source is not None
    source, fact = deployment.publishing.named(one.key), Fact("own", alt="A ramp.", labels=(Label("ramp", 99.0),))
    deployment.sqs().send_message(
        QueueUrl=cloud.queues["fact"], MessageBody=fact_message(source, one.source.identity, fact)
    )
    assert eventually(lambda: told(deployment, one.key).alt == "A ramp.")
    now = told(deployment, one.key)
    assert (now.missing, now.generation, now.revision > one.revision) == ((), one.generation, True)
    assert status_of(cloud, f"/{published_path(deployment, one.key)}") == 200


def has_answered(deployment: Deployment, key: str, enricher: str) -> bool:
    return enricher not in told(deployment, key).missing


def told(deployment: Deployment, key: str) -> Manifest:
    manifest = deployment.manifest(key)
    assert manifest is not None
    return manifest


def published_path(deployment: Deployment, key: str) -> str:
    manifest = deployment.manifest(key)
    assert manifest is not None
    return next(one.path for one in manifest.variants if one.name == "w320")
