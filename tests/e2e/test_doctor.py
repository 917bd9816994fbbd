"""An image passes through a deployment and is gone again, and nothing in its account is in the way."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lightpress.cli.doctor.check import State, run_checks
from lightpress.cli.doctor.picture import ACCEPT, PictureTest
from lightpress.cli.doctor.places import place_in_local_cloud
from lightpress.cli.doctor.table import CHECKS
from lightpress.pipeline.manifest import Status

if TYPE_CHECKING:
    from lightpress.client.deployment import Deployment
    from lightpress.local import Outputs


@pytest.mark.emulator("it is about the checks of the local cloud")
def test_nothing_blocks_in_a_local_cloud_that_runs(cloud: Outputs) -> None:
    findings = {
        check.name: finding for check, finding in run_checks(CHECKS, place_in_local_cloud(cloud.session().client))
    }
    assert not [name for name, finding in findings.items() if finding.state is State.BLOCKS], findings
    assert findings["stack"].text == "Lightpress-local is deployed (CREATE_COMPLETE)"
    assert findings["CDK bootstrap"].state is State.OK


def test_an_image_is_uploaded_published_served_to_five_browsers_and_deleted(deployment: Deployment) -> None:
    test = PictureTest(deployment)
    findings = dict(test.run())
    assert {name: finding.text for name, finding in findings.items() if finding.state is not State.OK} == {}
    assert len(findings) == len(ACCEPT) + 4
    assert re.fullmatch(r"the permalink answers 410 after \d+ s", findings["forgotten by the CDN"].text)
    types = {name: findings[f"served to {name}"].text.partition(",")[0] for name in ACCEPT}
    assert types["Chrome"] == types["Safari"] == "image/avif"
    assert types["Safari 14"] == types["a program"] == "image/jpeg"
    manifest = deployment.manifest(test.key)
    assert manifest is None or manifest.status is Status.DELETED
    left = deployment.s3.list_object_versions(Bucket=deployment.uploads_bucket, Prefix=test.key)
    assert not {"Versions", "DeleteMarkers"} & left.keys()


@pytest.mark.nightly  # it waits for half a minute
@pytest.mark.emulator("it stops a function")
def test_a_cdn_that_goes_on_showing_what_was_deleted_is_found(cloud: Outputs, deployment: Deployment) -> None:
    lambda_ = cloud.session().lambda_()
    sources = lambda_.list_event_source_mappings()["EventSourceMappings"]
    (purges,) = (one["UUID"] for one in sources if "PurgeQueue" in one["EventSourceArn"])
    lambda_.update_event_source_mapping(UUID=purges, Enabled=False)
    try:
        found = dict(PictureTest(deployment, timeout=10).run())["forgotten by the CDN"]
    finally:
        lambda_.update_event_source_mapping(UUID=purges, Enabled=True)
    assert found.state is State.BLOCKS
    assert "still shows it after 3" in found.text


def test_a_cdn_that_does_not_know_the_image_is_found(deployment: Deployment) -> None:
    elsewhere = replace(deployment, cdn_base_url=f"{deployment.cdn_base_url}/i/nowhere")
    findings = dict(PictureTest(elsewhere).run())
    served = [finding for name, finding in findings.items() if name.startswith("served to")]
    assert {finding.state for finding in served} <= {State.BLOCKS, State.NOTE}
    assert findings["deletion"].state is State.OK
