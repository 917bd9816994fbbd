"""Existing buckets: somebody else's, referred to by name, never made, changed or deleted here.

They tell of changes through EventBridge, which leaves their other notifications as they are; their owner switches that
on (docs/existing-buckets.md).
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from lightpress.cdk.findings import acknowledge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from lightpress.cdk.functions import PythonFunction
    from lightpress.cdk.options.existing import Existing
    from lightpress.in_place.buckets import InPlace
    from lightpress.pipeline.buckets import Attached, Selection

CREATED, DELETED, RESTORED = "Object Created", "Object Deleted", "Object Restore Completed"

SEE_NAMES = (
    # Who may not list a bucket is told 403 of a key that is not there, and could not tell gone from forbidden.
    "s3:ListBucket",
    # Of what may not even be looked at, this tells which version it is.
    "s3:ListBucketVersions",
)
"""What telling apart takes, on the bucket of originals: gone, forbidden, and another one."""


def announce(scope: Construct, id_: str, *, pictures: Selection, changes: Sequence[str], queue: sqs.Queue) -> None:
    """Have changes of a bucket's pictures told to `queue`."""
    detail: dict[str, object] = {"bucket": {"name": [pictures.bucket]}}
    if keys := _patterns(pictures):
        detail["object"] = {"key": keys}
    events.Rule(
        scope,
        id_,
        description=f"Changes in {pictures.bucket}, for Lightpress to look at",
        event_pattern=events.EventPattern(source=["aws.s3"], detail_type=list(changes), detail=detail),
        targets=[targets.SqsQueue(queue)],
    )


def read_attached(function: PythonFunction, existing: Sequence[Existing[Attached]]) -> None:
    """Have `function` look at the pictures of attached buckets; it may not change them."""
    for one in existing:
        function.allow("s3:GetObject", on=objects_of(one.pictures))
        function.allow(*SEE_NAMES, on=arn_of(one.pictures))
        if one.kms_key:
            function.allow("kms:Decrypt", on=one.kms_key)
        accept_any_key(function, one.pictures)
    name_attached(function, existing)


def name_attached(function: PythonFunction, existing: Sequence[Existing[Attached]]) -> None:
    """Tell `function` which keys are those of attached buckets; this grants nothing."""
    if existing:
        function.add_environment("ATTACHED", as_json([one.pictures for one in existing]))


def accept_any_key(function: PythonFunction, pictures: Selection) -> None:
    """Answer cdk-nag for grants on the selected objects."""
    acknowledge(
        function.own_role,
        f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{pictures.bucket}/{pictures.prefix}*]",
        because="Which keys there will be is not known at deploy time; the actions are those on single objects.",
    )


def arn_of(pictures: Selection) -> str:
    """The ARN of the bucket."""
    return f"arn:{Aws.PARTITION}:s3:::{pictures.bucket}"


def objects_of(pictures: Selection) -> str:
    """The ARN of the objects under the prefix; IAM knows no capitals to ignore, so suffixes do not narrow it."""
    return f"{arn_of(pictures)}/{pictures.prefix}*"


def as_json(pictures: Sequence[Selection]) -> str:
    """For a function's environment."""
    return json.dumps([asdict(one) for one in pictures], separators=(",", ":"))


def existing_as_json(attached: Sequence[Existing[Attached]], in_place: Sequence[Existing[InPlace]]) -> str:
    """For the command line, which works on what is deployed and not on what a file says by now."""
    rows = {
        "attached": [asdict(one.pictures) for one in attached],
        "in_place": [asdict(one.pictures) for one in in_place],
    }
    return json.dumps(rows, separators=(",", ":"))


def _patterns(pictures: Selection) -> list[dict[str, str]]:
    """What EventBridge compares keys with, in small letters and in capitals; the function ignores capitals entirely."""
    if pictures.suffixes:
        endings = sorted({form for suffix in pictures.suffixes for form in (suffix.lower(), suffix.upper())})
        return [{"wildcard": f"{_literal(pictures.prefix)}*{_literal(ending)}"} for ending in endings]
    return [{"prefix": pictures.prefix}] if pictures.prefix else []


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*")
