"""The deployment in the local cloud."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightpress.client.deployment import (
    Deployment,
    NotDeployedError,
    attached_of,
    folders_of,
    in_place_of,
    retention_of,
)
from lightpress.local.outputs import Outputs

if TYPE_CHECKING:
    from pathlib import Path


def local_deployment(folder: Path) -> Deployment:
    """The deployment of the local cloud whose files are in `folder`; raises NotDeployedError if none runs."""
    try:
        return of_local_cloud(Outputs.from_file(folder / "outputs.json"))
    except FileNotFoundError:
        raise NotDeployedError(
            "The local cloud is not running; start it with lightpress local up, or choose a deployment in AWS by --env."
        ) from None
    except (ValueError, TypeError) as error:
        raise NotDeployedError(
            "The local cloud is one of another version of Lightpress: lightpress local down, then lightpress local up."
        ) from error


def of_local_cloud(outputs: Outputs) -> Deployment:
    """The deployment that the outputs of a local cloud describe."""
    session = outputs.session()
    return Deployment(
        uploads_bucket=outputs.uploads_bucket,
        images_bucket=outputs.images_bucket,
        quarantine_bucket=outputs.quarantine_bucket,
        failures_table=outputs.tables.get("failures", ""),
        queue_url=outputs.queues["main"],
        cdn_base_url=outputs.cdn_base_url,
        s3=session.s3(),
        sqs=session.sqs,
        dynamodb=session.dynamodb,
        ca_bundle=outputs.ca_bundle,
        recipes_digest=outputs.recipes_digest,
        attached=attached_of(outputs.existing),
        in_place=in_place_of(outputs.existing),
        in_place_queue_url=outputs.queues.get("in_place"),
        url_queue_url=outputs.queues.get("url"),
        review_queue_url=outputs.queues.get("review"),
        webhooks=outputs.webhooks,
        asked=outputs.asked,
        deployed=outputs.deployed,
        backfill_machine=outputs.backfill_machine or None,
        runs_table=outputs.tables.get("runs", ""),
        states=partial(session.client, "stepfunctions"),
        metrics=partial(session.client, "cloudwatch"),
        purge_queue_url=outputs.queues.get("purge"),
        counters_table=outputs.tables.get("counters", ""),
        distribution_id=outputs.distribution_id,
        retention=retention_of(outputs.retention),
        copies_bucket=outputs.copies_bucket,
        copy_folders=folders_of(outputs.copy_folders),
    )
