"""SVG, PDF, RAW and JPEG XL on the strict local cloud, whose functions get layers for them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.client.uploading import upload
from lightpress.local import down, up
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.manifest import Status
from tests.e2e.conftest import free_ports
from tests.e2e.test_lazy import checkout_with, fetch
from tests.e2e.test_pipeline import settle
from tests.image.drawings import BADGE, PAGE, pdf, svg
from tests.image.files import GOOD
from tests.image.raws import dng

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.local import Outputs

pytestmark = pytest.mark.emulator("its recipes and layers are others")

ACCEPT = ["jpeg", "png", "raw", "jxl", "svg", "pdf"]
ORIGINALS = {
    "logo.svg": (svg(BADGE), (1920, 1280)),
    "paper.pdf": (pdf(PAGE, PAGE), (1920, 1280)),
    "shot.dng": (dng(), (96, 64)),
    "photo.jxl": (GOOD["jxl"], (48, 40)),
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outputs]:
    """A cloud of this module's own."""
    checkout = checkout_with(f"accept = {ACCEPT}".replace("'", '"'), tmp_path_factory.mktemp("checkout"))
    options = checkout / "infra" / "environments" / "local.toml"
    options.write_text(options.read_text("utf-8") + '\nextra_inputs = ["svg", "pdf", "jxl"]\n', "utf-8")
    home = tmp_path_factory.mktemp("extra")
    port, cdn_port = free_ports(2)
    yield up(home, project=checkout, strict=True, port=port, cdn_port=cdn_port, say=print)
    down(home)


@pytest.mark.parametrize("key", ORIGINALS)
def test_an_upload_of_each_kind_is_published_as_pictures_and_never_as_what_it_was(cloud: Outputs, key: str) -> None:
    data, largest = ORIGINALS[key]
    deployment = of_local_cloud(cloud)
    (manifest,) = settle(deployment, upload(deployment, key, data, "application/octet-stream"))
    assert manifest.status is Status.READY, manifest.detail
    assert max((one.width, one.height) for one in manifest.variants) == largest
    for variant in manifest.variants:
        answer = fetch(cloud, f"/{variant.path}")
        assert answer.status == 200
        assert answer.headers["Content-Type"] in {"image/avif", "image/webp", "image/jpeg", "image/png"}
        assert Image.open(io.BytesIO(answer.data)).size == (variant.width, variant.height)


def test_a_bomb_among_them_fails_alone_with_its_reason(cloud: Outputs) -> None:
    deployment = of_local_cloud(cloud)
    laughs = "".join(f'<g id="g{n}">{f"""<use href="#g{n - 1}"/>""" * 10}</g>' for n in range(1, 10))
    bad = upload(deployment, "bomb.svg", svg(f'<g id="g0"/>{laughs}'), "image/svg+xml")
    good = upload(deployment, "good.svg", svg(BADGE), "image/svg+xml")
    failed, ready = sorted(settle(deployment, bad, good), key=lambda one: one.key)
    assert (failed.status, failed.reason) == (Status.FAILED, "too_many_parts")
    assert ready.status is Status.READY
