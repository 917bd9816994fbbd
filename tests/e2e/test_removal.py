"""A stack that has taken uploads can be removed once it is emptied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lightpress.cli.emptying import Emptying
from lightpress.client.stack import stack_of
from lightpress.client.uploading import upload
from tests.e2e.test_pipeline import picture, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs


@pytest.fixture
def emptying(cloud: Outputs) -> Iterator[Emptying]:
    """Empties the stack; its event sources are enabled again for the tests that follow."""
    client = cloud.session().client
    found = stack_of(cloud.stack.removeprefix("Lightpress-"), client("cloudformation"))
    for url in found.queue_urls:  # what other tests left to be retried is not waited for
        client("sqs").purge_queue(QueueUrl=url)
    yield Emptying(found, client("s3"), client("sqs"), client("lambda"))
    for id_ in found.event_sources:
        client("lambda").update_event_source_mapping(UUID=id_, Enabled=True)


@pytest.mark.emulator("it deletes everything")
def test_after_uploads_versions_and_unfinished_uploads_nothing_is_left_and_nothing_reappears(
    deployment: Deployment, emptying: Emptying
) -> None:
    uploads = [upload(deployment, f"removal/{number}.jpg", picture(number), "image/jpeg") for number in range(3)]
    settle(deployment, *uploads)
    deployment.s3.delete_object(Bucket=deployment.uploads_bucket, Key="removal/0.jpg")
    deployment.s3.create_multipart_upload(Bucket=deployment.uploads_bucket, Key="removal/large.tiff")
    emptying.stop_processing()
    counted = emptying.count()
    assert counted[deployment.uploads_bucket] >= 3 + 1 + 1
    assert counted[deployment.images_bucket] > 3
    assert emptying.remove() == counted.total()
    # Each deletion has told the queue, and no worker writes a tombstone.
    emptying.pause(5)
    assert set(emptying.count().values()) == {0}, json.dumps(emptying.count())
    assert {bucket.name for bucket in emptying.stack.buckets} >= {
        deployment.uploads_bucket,
        deployment.images_bucket,
        deployment.quarantine_bucket,
    }
