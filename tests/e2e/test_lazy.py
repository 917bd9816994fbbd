"""Lazy variants on the strict local cloud: the first view, the second, several at once, and a deletion meanwhile."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import urllib3
from PIL import Image

from lightpress.client.uploading import upload
from lightpress.delivery.permalink import permalink
from lightpress.local import down, up
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.manifest import Status
from lightpress.pipeline.paths import variants_folder
from tests.e2e.checkouts import checkout_with
from tests.e2e.conftest import free_ports
from tests.e2e.test_pipeline import eventually, settle
from tools.drawing import file_of, ramp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import LazyVariant, Manifest

pytestmark = pytest.mark.emulator("its recipes are others")

PHOTO = file_of(ramp((1000, 700)), "JPEG")
AT_ONCE = 4


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout, but for its recipes, which leave the small sizes for their first view."""
    return checkout_with('lazy = ["w320", "w640"]', tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def cloud(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    """A cloud of this module's own, with an origin group."""
    home = tmp_path_factory.mktemp("lazy")
    port, cdn_port = free_ports(2)
    yield up(home, project=checkout, strict=True, port=port, cdn_port=cdn_port, say=print)
    down(home)


def fetch(cloud: Outputs, path: str) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", cloud.cdn_base_url + path, redirect=False, retries=False)


def published(cloud: Outputs, key: str) -> Manifest:
    deployment = of_local_cloud(cloud)
    (manifest,) = settle(deployment, upload(deployment, key, PHOTO, "image/jpeg"))
    assert manifest.status is Status.READY
    return manifest


def owed(manifest: Manifest, name: str, form: str) -> LazyVariant:
    return next(one for one in manifest.lazy if (one.name, one.format) == (name, form))


def stored(cloud: Outputs, manifest: Manifest) -> set[str]:
    found = cloud.session().s3().list_objects_v2(Bucket=cloud.images_bucket, Prefix=variants_folder(manifest.key))
    return {item["Key"] for item in found.get("Contents", [])}


def test_a_lazy_variant_is_made_at_its_first_view_and_comes_from_s3_at_the_second(cloud: Outputs) -> None:
    manifest = published(cloud, "lazy/first.jpg")
    assert {one.name for one in manifest.variants} == {"w1280", "w1920"}
    assert stored(cloud, manifest) == {one.path for one in manifest.variants}
    variant = owed(manifest, "w640", "avif")
    first = fetch(cloud, f"/{variant.path}")
    assert (first.status, first.headers["Content-Type"]) == (200, "image/avif")
    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(first.data)).size == (variant.width, variant.height)
    assert variant.path in stored(cloud, manifest)
    assert fetch(cloud, f"/{variant.path}").data == first.data
    assert fetch(cloud, f"/{variant.path}".replace("w640", "w641")).status == 404


def test_a_permalink_leads_to_it_and_a_page_shows_it(cloud: Outputs) -> None:
    manifest = published(cloud, "lazy/link.jpg")
    answer = fetch(cloud, f"{permalink(manifest.key)}?w=320&fm=jpeg")
    assert (answer.status, answer.headers["Location"]) == (302, f"/{owed(manifest, 'w320', 'jpeg').path}")
    shown = fetch(cloud, answer.headers["Location"])
    assert (shown.status, Image.open(io.BytesIO(shown.data)).size) == (200, (320, 224))


def test_4_viewers_at_once_get_the_same_file(cloud: Outputs) -> None:
    variant = owed(published(cloud, "lazy/race.jpg"), "w640", "jpeg")
    with ThreadPoolExecutor(AT_ONCE) as viewers:
        answers = list(viewers.map(lambda _: fetch(cloud, f"/{variant.path}"), range(AT_ONCE)))
    assert [one.status for one in answers] == [200] * AT_ONCE
    assert len({one.data for one in answers}) == 1


def test_deleted_while_two_are_rendered_nothing_of_it_is_left(cloud: Outputs) -> None:
    manifest, deployment = published(cloud, "lazy/gone.jpg"), of_local_cloud(cloud)
    with ThreadPoolExecutor(2) as viewers:
        views = [viewers.submit(fetch, cloud, f"/{owed(manifest, 'w640', form).path}") for form in ("avif", "jpeg")]
        cloud.session().s3().delete_object(Bucket=cloud.uploads_bucket, Key=manifest.key)
        assert {view.result().status for view in views} <= {200, 404}

    def deleted() -> bool:
        now = deployment.manifest(manifest.key)
        return now is not None and now.status is Status.DELETED and not stored(cloud, manifest)

    eventually(deleted)
    assert fetch(cloud, f"/{owed(manifest, 'w320', 'avif').path}").status == 404
