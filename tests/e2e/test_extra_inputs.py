"""SVG, PDF, RAW and JPEG XL on the strict local cloud, whose functions get layers for them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from lightpress.client.uploading import upload
from lightpress.delivery.permalink import permalink
from lightpress.local import down, up
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.manifest import Status
from tests.e2e.checkouts import checkout_with
from tests.e2e.conftest import free_ports
from tests.e2e.test_lazy import fetch
from tests.e2e.test_pipeline import settle
from tests.image.drawings import BADGE, PAGE, pdf, svg
from tests.image.files import GOOD
from tests.image.raws import dng

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.local import Outputs

pytestmark = [pytest.mark.nightly, pytest.mark.emulator("its recipes and layers are others")]

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
    recipes = checkout / "lambda_src" / "recipes.toml"
    text = recipes.read_text("utf-8").replace('formats = "auto"', 'formats = ["jxl", "avif", "webp", "jpeg"]', 1)
    recipes.write_text(text, "utf-8")
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
        assert answer.headers["Content-Type"] == f"image/{variant.format}"
        assert Image.open(io.BytesIO(answer.data)).size == (variant.width, variant.height)
    assert {one.format for one in manifest.variants} == {"jxl", "avif", "webp", "jpeg"}


def test_a_permalink_gives_jpeg_xl_to_who_asks_for_it_and_to_no_other(cloud: Outputs) -> None:
    deployment = of_local_cloud(cloud)
    settle(deployment, upload(deployment, "asked.svg", svg(BADGE), "image/svg+xml"))
    kinds = {}
    for query in ("fm=jxl", "w=320"):
        answer = fetch(cloud, f"{permalink('asked.svg')}?{query}")
        found = fetch(cloud, answer.headers["Location"]) if answer.status == 302 else answer
        kinds[query] = found.headers["Content-Type"]
    assert kinds == {"fm=jxl": "image/jxl", "w=320": "image/jpeg"}


def test_a_bomb_among_them_fails_alone_with_its_reason(cloud: Outputs) -> None:
    deployment = of_local_cloud(cloud)
    laughs = "".join(f'<g id="g{n}">{f"""<use href="#g{n - 1}"/>""" * 10}</g>' for n in range(1, 10))
    bad = upload(deployment, "bomb.svg", svg(f'<g id="g0"/>{laughs}'), "image/svg+xml")
    good = upload(deployment, "good.svg", svg(BADGE), "image/svg+xml")
    failed, ready = sorted(settle(deployment, bad, good), key=lambda one: one.key)
    assert (failed.status, failed.reason) == (Status.FAILED, "too_many_parts")
    assert ready.status is Status.READY
