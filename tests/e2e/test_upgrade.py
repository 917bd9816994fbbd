"""From the last release to this checkout and back: what people have stays, and what is under way is done."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import pytest
import urllib3

from lightpress.client.uploading import upload, watch
from lightpress.local import down, up
from lightpress.local.deployment import of_local_cloud
from lightpress.pipeline.manifest import Status
from tests.e2e.conftest import PROJECT, free_ports
from tests.e2e.test_pipeline import picture
from tools.benchmarks import release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lightpress.local import Outputs
    from lightpress.pipeline.manifest import Manifest

PATIENCE = 120.0
SECONDS_UNTIL_BACK = 10


@pytest.fixture(scope="module")
def released(cloud: Outputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the last release, which shares what is slow to make with this one, once this one has it."""
    assert cloud
    checkout = tmp_path_factory.mktemp("release")
    release.unpack(checkout)
    (checkout / ".local").mkdir()
    for slow in ("venv", "layer-cache"):
        (checkout / ".local" / slow).symlink_to(PROJECT / ".local" / slow)
    return checkout


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Outputs]]:
    """Deploys a checkout into a cloud of this module's own.

    The emulator hands messages (S3's test of the notification is one) to functions that its own update has just killed.
    On AWS nothing is handed to them; here nothing is while the update goes on, and what is handed to a dead function
    then comes back after seconds, not after the queue's six minutes.
    """
    home = tmp_path_factory.mktemp("upgraded")
    port, cdn_port = free_ports(2)
    before: list[Outputs] = []

    def deployed(checkout: Path) -> Outputs:
        for cloud in before:
            take_from_queue(cloud, enabled=False)
        cloud = up(home, project=checkout, strict=True, port=port, cdn_port=cdn_port, say=print)
        cloud.session().sqs().set_queue_attributes(
            QueueUrl=cloud.queues["main"], Attributes={"VisibilityTimeout": str(SECONDS_UNTIL_BACK)}
        )
        take_from_queue(cloud, enabled=True)
        before[:] = [cloud]
        return cloud

    yield deployed
    down(home)


def publish(cloud: Outputs, *keys: str) -> dict[str, Manifest]:
    deployment = of_local_cloud(cloud)
    sent = [upload(deployment, key, picture(number), "image/jpeg") for number, key in enumerate(keys)]
    assert not watch(deployment, sent, timeout=PATIENCE, settled=lambda _: None)
    return {one.key: one.manifest for one in sent if one.manifest}


def served(cloud: Outputs, manifest: Manifest) -> bool:
    """Whether every file of a manifest comes from the CDN as it says."""
    with urllib3.PoolManager() as pool:
        answers = {
            variant.sha256: pool.request("GET", f"{cloud.cdn_base_url}/{variant.path}").data
            for variant in manifest.variants
        }
    return all(hashlib.sha256(data).hexdigest() == sha256 for sha256, data in answers.items())


def drained(cloud: Outputs) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        queue = (
            cloud.session()
            .sqs()
            .get_queue_attributes(
                QueueUrl=cloud.queues["main"],
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )
        )
        if set(queue["Attributes"].values()) == {"0"}:
            return True
        time.sleep(0.5)
    return False


def take_from_queue(cloud: Outputs, *, enabled: bool) -> None:
    """Switch what hands messages to `process_upload` on or off."""
    lambda_ = cloud.session().lambda_()
    function = cloud.functions["process_upload"]
    for mapping in lambda_.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


@pytest.mark.nightly  # it deploys three times
@pytest.mark.emulator("it deploys an earlier release")
def test_an_upgrade_and_its_rollback_keep_pictures_addresses_and_what_waits(
    released: Path, deploy: Callable[[Path], Outputs]
) -> None:
    before = deploy(released)
    old = publish(before, "kept.jpg", "replaced.jpg")

    # What waits in the queue while the stack changes.
    deployment = of_local_cloud(before)
    take_from_queue(before, enabled=False)
    waiting = [upload(deployment, f"way/{number}.jpg", picture(10 + number), "image/jpeg") for number in range(20)]
    after = deploy(PROJECT)

    stays = ("uploads_bucket", "images_bucket", "cdn_base_url")
    assert {name: getattr(after, name) for name in stays} == {name: getattr(before, name) for name in stays}
    assert before.queues.items() <= after.queues.items()
    assert before.functions.items() <= after.functions.items()
    assert not watch(of_local_cloud(after), waiting, timeout=PATIENCE, settled=lambda _: None)
    assert all(served(after, manifest) for manifest in old.values()), "pages that were written before still show them"
    new = publish(after, "new.jpg", "replaced.jpg")
    assert all(served(after, manifest) for manifest in new.values())
    assert new["replaced.jpg"].revision > old["replaced.jpg"].revision

    assert drained(after)
    back = deploy(released)
    assert all(served(back, manifest) for manifest in (old | new).values())
    again = publish(back, "new.jpg", "later.jpg")
    assert again["new.jpg"].revision > new["new.jpg"].revision
    assert {manifest.status for manifest in again.values()} == {Status.READY}
    assert drained(back)
