"""The addresses and names of a deployed local cloud, for programs and tests."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lightpress.local.session import REGION, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

DEPLOYED = "Deployed"
"""Beside the outputs of the stack: what tells one deployment from the next."""

_FUNCTIONS = {"process_upload": "ProcessUploadFunctionName", "record_failure": "RecordFailureFunctionName"}


_QUEUES_OF_SOME = {
    "in_place": "InPlaceQueueUrl",
    "in_place_dead_letter": "InPlaceDeadLetterQueueUrl",
    "url": "UrlQueueUrl",
    "purge": "PurgeQueueUrl",
    "review": "ReviewQueueUrl",
    "fact": "FactQueueUrl",
}
_TABLES = {"failures": "FailuresTableName", "runs": "RunsTableName", "counters": "UploadCountersTableName"}


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs of the stack, with addresses of this machine.

    Attributes:
        endpoint_url: Of AWS.
        region: Of the stack.
        ca_bundle: PEM file of the certificate authority; None without TLS.
        uploads_bucket, images_bucket, quarantine_bucket: Names.
        queues: URLs by name: main, dead_letter, and those of optional parts.
        functions: Names by handler.
        cdn_base_url: Of the CDN's proxy.
        stack: Its name.
        upload_api_url: None without an upload API.
        tables: Names of DynamoDB tables by purpose.
        recipes_digest: Of the deployed recipes.
        existing: The output `ExistingBuckets`, which is JSON; "" without.
        backfill_machine: ARN of the state machine of backfills; "" without.
        distribution_id: Of the CDN.
        retention: The output `Retention`, which is JSON.
        webhooks: The output `WebhookReceivers`, which is JSON; "" without.
        copies_bucket: Where copies of variants are; "" without.
        copy_folders: The output `CopyFolders`; "" without.
        asked: The output `AskedQueues`, which is JSON; "" without.
        deployed: What tells one deployment from the next.
    """

    endpoint_url: str
    region: str
    ca_bundle: str | None
    uploads_bucket: str
    images_bucket: str
    queues: Mapping[str, str]
    functions: Mapping[str, str]
    cdn_base_url: str
    stack: str
    upload_api_url: str | None = None
    tables: Mapping[str, str] = field(default_factory=dict)
    quarantine_bucket: str = ""
    recipes_digest: str = ""
    existing: str = ""
    backfill_machine: str = ""
    distribution_id: str = ""
    retention: str = ""
    webhooks: str = ""
    copies_bucket: str = ""
    copy_folders: str = ""
    asked: str = ""
    deployed: str = ""

    @classmethod
    def of_stack(
        cls, stack: str, outputs: Mapping[str, str], *, endpoint_url: str, ca_bundle: Path | None, cdn_port: int
    ) -> Outputs:
        """Convert the outputs of a stack. Those that it lacks (of optional parts, or added later) are left out."""
        return cls(
            endpoint_url=endpoint_url,
            region=REGION,
            ca_bundle=str(ca_bundle) if ca_bundle else None,
            uploads_bucket=outputs["UploadsBucketName"],
            images_bucket=outputs["ImagesBucketName"],
            queues={
                "main": _at(endpoint_url, outputs["QueueUrl"]),
                "dead_letter": _at(endpoint_url, outputs["DeadLetterQueueUrl"]),
                **{
                    name: _at(endpoint_url, outputs[output])
                    for name, output in _QUEUES_OF_SOME.items()
                    if output in outputs
                },
            },
            functions={name: outputs[key] for name, key in _FUNCTIONS.items() if key in outputs},
            upload_api_url=_api(endpoint_url, outputs["UploadApiUrl"]) if "UploadApiUrl" in outputs else None,
            cdn_base_url=f"http://localhost:{cdn_port}",
            stack=stack,
            tables={name: outputs[output] for name, output in _TABLES.items() if output in outputs},
            quarantine_bucket=outputs.get("QuarantineBucketName", ""),
            recipes_digest=outputs.get("RecipesDigest", ""),
            existing=outputs.get("ExistingBuckets", ""),
            backfill_machine=outputs.get("BackfillMachineArn", ""),
            distribution_id=outputs.get("DistributionId", ""),
            retention=outputs.get("Retention", ""),
            webhooks=outputs.get("WebhookReceivers", ""),
            copies_bucket=outputs.get("CopiesBucketName", ""),
            copy_folders=outputs.get("CopyFolders", ""),
            asked=outputs.get("AskedQueues", ""),
            deployed=outputs.get(DEPLOYED, ""),
        )

    @classmethod
    def from_file(cls, path: Path) -> Outputs:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        """Replace the file atomically, so that a reader finds the old or the new one, never half of it."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        new.replace(path)

    def session(self) -> Session:
        """A session whose clients connect to this cloud."""
        return Session(self.endpoint_url, Path(self.ca_bundle) if self.ca_bundle else None)


def _api(endpoint_url: str, url: str) -> str:
    """The URL at which the emulator serves an HTTP API; names below amazonaws.com do not resolve to it."""
    api_id = (urlsplit(url).hostname or "").partition(".")[0]
    return f"{endpoint_url}/_aws/execute-api/{api_id}/$default/"


def _at(endpoint_url: str, url: str) -> str:
    """Replace the origin of a URL by the endpoint; the emulator writes http://localhost in all URLs."""
    return endpoint_url + urlsplit(url).path
