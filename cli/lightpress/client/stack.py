"""What a deployed stack consists of, and clients for its account: of AWS, or of the local cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from lightpress.client.waiting import WAITING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from types_boto3_cloudformation import CloudFormationClient

BUCKET, QUEUE, EVENT_SOURCE = "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping"
_KEPT = "Retain"


class NoStackError(Exception):
    """There is no such stack; the message names it."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of a stack.

    Attributes:
        name: Its name.
        logical_id: Its name in the template, such as UploadsBucket.
        kept: Whether it stays when the stack is deleted (`removal = "retain"`).
    """

    name: str
    logical_id: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts of a stack that hold data or process it.

    Attributes:
        name: Of the stack.
        protected: Whether CloudFormation refuses to delete it.
        buckets: Its own buckets, in the order of the template. Attached buckets are no part of a stack.
        queue_urls: Of all its queues.
        event_sources: The ids of what invokes its functions from queues.
        copies_bucket: Where copies of variants are; "" where there are none. It may be the owner's (`copies_bucket`).
        copy_folders: The folders that they are in, each with "/" at its end.
    """

    name: str
    protected: bool
    buckets: tuple[Bucket, ...]
    queue_urls: tuple[str, ...]
    event_sources: tuple[str, ...]
    copies_bucket: str = ""
    copy_folders: tuple[str, ...] = ()


def clients_of_account(service: str) -> Any:  # noqa: ANN401  one of boto3's, by name
    """A client of a service, with the credentials and the region of the environment."""
    make: Callable[..., Any] = boto3.client
    return make(service, config=WAITING)


def stack_of(environment: str, cloudformation: CloudFormationClient) -> Stack:
    """The stack of an environment as it is deployed; raises NoStackError."""
    name = f"Lightpress-{environment}"
    try:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            raise NoStackError(f"There is no stack {name} in this account and region.") from error
        raise
    template: Any = cloudformation.get_template(StackName=name)["TemplateBody"]
    declared = template["Resources"] if isinstance(template, dict) else _resources_in(template)
    found: dict[str, list[tuple[str, str]]] = {BUCKET: [], QUEUE: [], EVENT_SOURCE: []}
    for one in resources_of(name, cloudformation):
        if one["ResourceType"] in found:
            found[one["ResourceType"]].append((one["LogicalResourceId"], one["PhysicalResourceId"]))
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    return Stack(
        name,
        protected=described.get("EnableTerminationProtection", False),
        buckets=tuple(
            Bucket(bucket, logical_id, declared.get(logical_id, {}).get("DeletionPolicy", "").startswith(_KEPT))
            for logical_id, bucket in found[BUCKET]
        ),
        queue_urls=tuple(url for _, url in found[QUEUE]),
        event_sources=tuple(id_ for _, id_ in found[EVENT_SOURCE]),
        copies_bucket=outputs.get("CopiesBucketName", ""),
        copy_folders=tuple(filter(None, outputs.get("CopyFolders", "").split(","))),
    )


def resources_of(name: str, cloudformation: CloudFormationClient) -> Iterator[Mapping[str, Any]]:
    """The summaries, as CloudFormation has them, of what a stack has made: before, there is no physical id."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    summaries = (one for page in pages for one in page["StackResourceSummaries"])
    return (one for one in summaries if "PhysicalResourceId" in one)


def _resources_in(template: str) -> dict[str, Any]:
    resources: dict[str, Any] = json.loads(template)["Resources"]
    return resources
