"""Reviewing: what reviewers say comes in by a queue, and scans for malware are asked for where a recipe wants them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3

from lightpress.cdk.account_limits import REVIEWS_AT_ONCE
from lightpress.cdk.component import Component
from lightpress.cdk.existing import accept_from, read_attached, send_events
from lightpress.cdk.functions import PythonFunction
from lightpress.cdk.malware import MalwareScan
from lightpress.cdk.naming import resource
from lightpress.cdk.processing import read_originals
from lightpress.cdk.queues import MOST_RECEIVES
from lightpress.pipeline.gate import HELD, MALWARE, RECORDED, REVIEWS
from lightpress.pipeline.review_messages import SCANNED
from lightpress.pipeline.reviewing import MEASURE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import Construct

    from lightpress.cdk.buckets import PrivateBucket
    from lightpress.cdk.core import Core
    from lightpress.cdk.options.existing import Existing
    from lightpress.pipeline.buckets import Attached

_MEMORY_MB = 256
_TIMEOUT_SECONDS = 60


class Reviewing(Component):
    """Takes reviews, keeps them, and has the pictures looked at again. Whoever may send to its queue is a reviewer.

    Attributes:
        queue: The review queue.
        function: The function `take_review`.
        rules: The EventBridge rule that brings the answers of scans, where a recipe asks for them.
    """

    def __init__(self, scope: Construct, id_: str, *, core: Core) -> None:
        super().__init__(scope, id_)
        images = core.images
        # What reviewers say, they say once: no outage may end it as a dead letter, which nobody takes for a review.
        self.queue = core.processing.queue_beside(
            self, "Queue", logical_id="ReviewQueue", timeout_seconds=_TIMEOUT_SECONDS, receives=MOST_RECEIVES
        )
        self.function = PythonFunction(
            self,
            "TakeReview",
            handler="take_review",
            description="Keeps what reviewers say of pictures, and has them looked at again",
            code=core.code,
            config=core.config,
            memory_mb=_MEMORY_MB,
            timeout_seconds=_TIMEOUT_SECONDS,
            environment={
                "UPLOADS_BUCKET": core.originals.bucket_name,
                "IMAGES_BUCKET": images.bucket_name,
                "QUEUE_URL": core.processing.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": core.processing.dead_letters.queue_url,
            },
        )
        # Whether a version is there that somebody has reviewed: nothing is kept of one that was erased.
        read_originals(self.function, core.originals)
        read_attached(self.function, core.config.existing.attach)
        self.function.consume(self.queue, batch_size=10, max_concurrency=REVIEWS_AT_ONCE)
        self.function.allow("s3:GetObject", "s3:PutObject", on=images.arn_for_objects(f"{REVIEWS}*"))
        self.function.allow("s3:ListBucket", on=images.bucket_arn)
        self.function.accept_any_key(images, f"{REVIEWS}*")
        self.function.allow("sqs:SendMessage", on=core.processing.queue.queue_arn)
        self.function.allow("sqs:SendMessage", on=core.processing.dead_letters.queue_arn)
        if core.code.recipes.has_time_limits:
            self.function.tell("GATE_TIME_LIMITS", "true")
        # How long pictures wait: the list, whose dead entries it removes, and the manifests of the oldest.
        self.function.allow("s3:DeleteObject", on=images.arn_for_objects(f"{HELD}*"))
        self.function.allow("s3:GetObject", on=images.arn_for_objects("m/*"))
        self.function.accept_any_key(images, f"{HELD}*", "m/*")
        self._measure_every_hour()
        self.rules: list[events.Rule] = []
        if MALWARE in core.code.recipes.reviewers:
            self._scan(core)
        self.functions = (self.function,)
        self.work_queues = (self.queue,)
        self.outputs = {"ReviewQueueUrl": self.queue.queue_url}

    def _measure_every_hour(self) -> None:
        """Have what waits counted. A message that is lost is followed by the next one, so none is kept."""
        rule = events.Rule(
            self,
            "Measure",
            description="Has the pictures counted that wait for a reviewer",
            schedule=events.Schedule.rate(Duration.hours(1)),
        )
        resource(rule, events.CfnRule).targets = [
            events.CfnRule.TargetProperty(id="Target0", arn=self.queue.queue_arn, input=MEASURE)
        ]
        accept_from(rule, self.queue)

    def _scan(self, core: Core) -> None:
        """Have GuardDuty scan every upload and what is new in attached buckets, and its answers come to the queue."""
        MalwareScan(self, "MalwareScan", bucket=core.originals)
        asking = [one for one in core.config.existing.attach if core.code.recipes.may_ask(MALWARE, one.pictures.under)]
        _scan_attached(self, [one for one in asking if one.malware_plan])
        rule = events.Rule(
            self,
            "Scanned",
            description="Scans for malware, for Lightpress to publish what is clean",
            event_pattern=events.EventPattern(
                source=["aws.guardduty"],
                detail_type=[SCANNED],
                detail={"s3ObjectDetails": {"bucketName": [core.originals.bucket_name, *_names(asking)]}},
            ),
        )
        send_events(self, rule, "Scanned", queue=self.queue, config=core.config)
        self.rules.append(rule)


def _names(attached: Sequence[Existing[Attached]]) -> list[str]:
    """The buckets, each once, in their order: a bucket may be attached by several prefixes."""
    return list(dict.fromkeys(one.pictures.bucket for one in attached))


def _scan_attached(scope: Construct, attached: Sequence[Existing[Attached]]) -> None:
    """Make a plan for each bucket, of which GuardDuty allows one: for all of its prefixes."""
    for name in _names(attached):
        rows = [one for one in attached if one.pictures.bucket == name]
        prefixes = sorted({one.pictures.prefix for one in rows})
        keys = sorted({one.kms_key for one in rows if one.kms_key})
        suffix = _hash_of(scope, name)
        bucket = s3.Bucket.from_bucket_name(scope, f"AttachedBucket{suffix}", name)
        scanned = () if "" in prefixes else prefixes
        MalwareScan(scope, f"MalwareScan{suffix}", bucket=bucket, prefixes=scanned, keys=keys, is_ours=False)


def _hash_of(scope: Construct, bucket: str) -> str:
    """What the logical IDs of a bucket's plan end with: another one for another bucket, wherever its table is.

    GuardDuty changes the prefixes of a plan, and never its bucket: a plan that came to stand for the next table would
    go on scanning the bucket that was removed.
    https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateS3BucketResource.html
    """
    name = json.dumps(Stack.of(scope).resolve(bucket), sort_keys=True)  # one of this app is a reference
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def ask_reviewers(*functions: PythonFunction, images: PrivateBucket) -> None:
    """Have functions read what reviewers say."""
    for function in functions:
        function.allow("s3:GetObject", on=images.arn_for_objects(f"{REVIEWS}*"))
        function.accept_any_key(images, f"{REVIEWS}*")


def note_rejections(function: PythonFunction, images: PrivateBucket) -> None:
    """Have a function note that it records a rejection: whoever publishes the same later has it forgotten."""
    notes = f"{REVIEWS}*{RECORDED}"  # and nothing that a reviewer could have said
    function.allow("s3:PutObject", on=images.arn_for_objects(notes))
    function.accept_any_key(images, notes)


def list_held(*functions: PythonFunction, images: PrivateBucket) -> None:
    """Have functions keep the list of what waits for its reviewers."""
    for function in functions:
        function.allow("s3:PutObject", "s3:DeleteObject", on=images.arn_for_objects(f"{HELD}*"))
        function.accept_any_key(images, f"{HELD}*")
